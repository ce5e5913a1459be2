"""${message}

Revision: ${up_revision}
Follows: ${down_revision | comma,n}

Before you land it:
- Locks: which table is locked, for how long, with a million jobs in it?
- Old code: do workers of the release before go on working on the new schema? Only adding is safe. What takes something
  away ships a release after the code stopped using it, and says `unused_since = "<that release>"` (docs/upgrading.md).
- SQLite and PostgreSQL: has it run on both, on a database that holds data?
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
${imports if imports else ""}
revision = ${repr(up_revision)}
down_revision = ${repr(down_revision)}
branch_labels = ${repr(branch_labels)}
depends_on = ${repr(depends_on)}


def upgrade() -> None:
    ${upgrades if upgrades else "pass"}


def downgrade() -> None:
    ${downgrades if downgrades else "pass"}
