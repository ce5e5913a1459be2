"""Limits that people set while workers run.

Revision: 0002
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "set_limits",
        sa.Column("account", sa.Text(), nullable=False),
        sa.Column("model", sa.Text(), nullable=False),
        sa.Column("rpm", sa.Float(), nullable=True),
        sa.Column("tpm", sa.Float(), nullable=True),
        sa.Column("concurrency", sa.Integer(), nullable=True),
        sa.Column("set_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint(
            "(rpm IS NULL OR rpm > 0) AND (tpm IS NULL OR tpm > 0) AND (concurrency IS NULL OR concurrency > 0)",
            name=op.f("ck_set_limits_limits_above_nought"),
        ),
        sa.PrimaryKeyConstraint("account", "model", name=op.f("pk_set_limits")),
    )


def downgrade() -> None:
    op.drop_table("set_limits")
