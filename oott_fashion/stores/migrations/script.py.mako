"""${message}."""

import sqlalchemy as sa
from alembic import op

revision = ${repr(up_revision)}
down_revision = ${repr(down_revision)}


def upgrade() -> None:
    """Apply this revision; MySQL may be killed after any statement, so allow a second run."""
    ${upgrades if upgrades else "pass"}
