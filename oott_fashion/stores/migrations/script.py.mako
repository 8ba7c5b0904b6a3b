"""${message}."""

import sqlalchemy as sa
from alembic import op

revision = ${repr(up_revision)}
down_revision = ${repr(down_revision)}


def upgrade() -> None:
    """Apply this revision; it must be repeatable, because MySQL may stop after any statement."""
    ${upgrades if upgrades else "pass"}
