"""Batches take turns: an index of what is ready by lane and batch, in place of the one by lane alone.

Workers of the version before go on working, but while one of them leads it sorts a lane for each feeding.

Revision: 0003
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None

READY = sa.text("state = 'queued' AND fed_at IS NULL AND run_at IS NULL")
DELAYED = sa.text("run_at IS NOT NULL AND finished_at IS NULL")
QUEUED = sa.text("state = 'queued'")


def upgrade() -> None:
    op.create_index(
        "ix_jobs_ready_in_lane",
        "jobs",
        ["lane", "batch_id", "rank"],
        unique=False,
        sqlite_where=READY,
        postgresql_where=READY,
    )
    op.create_index(
        "ix_jobs_by_run_at", "jobs", ["run_at"], unique=False, sqlite_where=DELAYED, postgresql_where=DELAYED
    )
    op.drop_index("ix_jobs_next_in_lane", table_name="jobs")


def downgrade() -> None:
    op.create_index(
        "ix_jobs_next_in_lane", "jobs", ["lane", "rank"], unique=False, sqlite_where=QUEUED, postgresql_where=QUEUED
    )
    op.drop_index("ix_jobs_by_run_at", table_name="jobs")
    op.drop_index("ix_jobs_ready_in_lane", table_name="jobs")
