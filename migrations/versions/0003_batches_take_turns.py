"""Batches take turns: an index of what is ready by lane and batch, in place of the one by lane alone.

Workers of the version before go on working, but while one of them leads it sorts a lane for each feeding.

Revision: 0003
"""

from __future__ import annotations

import sqlalchemy as sa

from migrations.concurrently import create_index, drop_index

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None

READY = sa.text("state = 'queued' AND fed_at IS NULL AND run_at IS NULL")
DELAYED = sa.text("run_at IS NOT NULL AND finished_at IS NULL")
QUEUED = sa.text("state = 'queued'")


def upgrade() -> None:
    create_index("ix_jobs_ready_in_lane", "jobs", ["lane", "batch_id", "rank"], READY)
    create_index("ix_jobs_by_run_at", "jobs", ["run_at"], DELAYED)
    drop_index("ix_jobs_next_in_lane", "jobs")


def downgrade() -> None:
    create_index("ix_jobs_next_in_lane", "jobs", ["lane", "rank"], QUEUED)
    drop_index("ix_jobs_by_run_at", "jobs")
    drop_index("ix_jobs_ready_in_lane", "jobs")
