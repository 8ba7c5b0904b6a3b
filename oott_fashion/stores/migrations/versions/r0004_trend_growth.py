"""Add the table of changes over two years."""

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"


def upgrade() -> None:
    """Create the table ``trend_growth``."""
    op.create_table(
        "trend_growth",
        sa.Column("month", sa.Date, primary_key=True),
        sa.Column("place_kind", sa.String(16), primary_key=True),
        sa.Column("place", sa.String(64), primary_key=True),
        sa.Column("subject", sa.String(16), primary_key=True),
        sa.Column("garment", sa.String(160), primary_key=True),
        sa.Column("colour", sa.String(32), primary_key=True),
        sa.Column("category", sa.String(16), nullable=False),
        sa.Column("months", sa.Integer, nullable=False),
        sa.Column("photos", sa.Integer, nullable=False),
        sa.Column("photos_before", sa.Integer, nullable=False),
        sa.Column("share", sa.Double, nullable=True),
        sa.Column("growth", sa.Double, nullable=True),
        sa.Column("growth_low", sa.Double, nullable=True),
        sa.Column("growth_high", sa.Double, nullable=True),
        sa.Column("trend", sa.String(32), nullable=False),
        sa.Column("photos_needed", sa.Integer, nullable=True),
        sa.Column("estimated_at", sa.DateTime, nullable=False),
        mysql_engine="InnoDB",
        mysql_charset="utf8mb4",
        mysql_collate="utf8mb4_bin",
        mysql_row_format="DYNAMIC",
        # After a killed migration, MySQL keeps the table that it already created.
        if_not_exists=True,
    )
