"""Finding the jobs that ended lately, without looking at all that ever did.

Revision: 0006
"""

from __future__ import annotations

import sqlalchemy as sa

from migrations.concurrently import create_index, drop_index

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None

ENDED = sa.text("finished_at IS NOT NULL")


def upgrade() -> None:
    create_index("ix_jobs_lately_ended", "jobs", ["finished_at"], ENDED)


def downgrade() -> None:
    drop_index("ix_jobs_lately_ended", "jobs")
