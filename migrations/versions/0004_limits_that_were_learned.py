"""Limits that refusals taught.

Revision: 0004
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "learned_limits",
        sa.Column("account", sa.Text(), nullable=False),
        sa.Column("model", sa.Text(), nullable=False),
        sa.Column("dimension", sa.String(length=16), nullable=False),
        sa.Column("value", sa.Float(), nullable=False),
        sa.Column("top", sa.Float(), nullable=False),
        sa.Column("hold_s", sa.Float(), nullable=False),
        sa.Column("second", sa.Float(), nullable=False),
        sa.Column("minute", sa.Float(), nullable=False),
        sa.Column("window_s", sa.Float(), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint("value > 0", name=op.f("ck_learned_limits_value_above_nought")),
        sa.CheckConstraint(
            "dimension IN ('requests', 'tokens', 'concurrency', 'slope')",
            name=op.f("ck_learned_limits_dimension_known"),
        ),
        sa.PrimaryKeyConstraint("account", "model", "dimension", name=op.f("pk_learned_limits")),
    )


def downgrade() -> None:
    op.drop_table("learned_limits")
