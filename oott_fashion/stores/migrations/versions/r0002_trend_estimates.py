"""Count the photos of each look, and add the tables of estimates, forecasts and app photos."""

from typing import Any

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"

_OPTIONS: dict[str, Any] = {
    "mysql_engine": "InnoDB",
    "mysql_charset": "utf8mb4",
    "mysql_collate": "utf8mb4_bin",
    "mysql_row_format": "DYNAMIC",
    # After a killed migration, MySQL keeps the tables that it already created.
    "if_not_exists": True,
}


def upgrade() -> None:
    """Add the column ``photos`` to both trend tables, and create four tables."""
    for table in ("garment_trends", "outfit_trends"):
        _add_photos(table)
    op.create_table(
        "app_photos",
        sa.Column("month", sa.Date, primary_key=True),
        sa.Column("destination", sa.String(64), primary_key=True),
        sa.Column("digest", sa.String(64), primary_key=True),
        **_OPTIONS,
    )
    op.create_table("trend_estimates", *_key("month"), *_estimate(), **_OPTIONS)
    op.create_table("trend_forecasts", *_key("made_after", "month"), *_forecast(), **_OPTIONS)
    op.create_table("trend_events", *_key("week"), *_event(), **_OPTIONS)


def _add_photos(table: str) -> None:
    # After a killed migration, MySQL keeps the column that it already added.
    columns = sa.inspect(op.get_bind()).get_columns(table)
    if "photos" not in {column["name"] for column in columns}:
        op.add_column(table, sa.Column("photos", sa.Integer, nullable=True))


def _key(*dates: str) -> list[sa.Column[Any]]:
    return [
        *(sa.Column(name, sa.Date, primary_key=True) for name in dates),
        sa.Column("place_kind", sa.String(16), primary_key=True),
        sa.Column("place", sa.String(64), primary_key=True),
        sa.Column("subject", sa.String(16), primary_key=True),
        sa.Column("garment", sa.String(160), primary_key=True),
        sa.Column("colour", sa.String(32), primary_key=True),
        sa.Column("category", sa.String(16), nullable=False),
    ]


def _shares(*names: str, nullable: bool = True) -> list[sa.Column[Any]]:
    return [sa.Column(name, sa.Double, nullable=nullable) for name in names]


def _counts(*names: str) -> list[sa.Column[Any]]:
    return [sa.Column(name, sa.Integer, nullable=False) for name in names]


def _estimate() -> list[sa.Column[Any]]:
    return [
        *_counts("photos", "posts", "seen"),
        *_shares("share", "share_low", "share_high", nullable=False),
        *_change("month"),
        *_change("year"),
        sa.Column("photos_needed", sa.Integer),
        *_shares("detector_precision", "detector_recall"),
        sa.Column("detector_version", sa.String(255), nullable=False),
        sa.Column("estimated_at", sa.DateTime, nullable=False),
    ]


def _change(since: str) -> list[sa.Column[Any]]:
    return [
        *_shares(f"{since}_change", f"{since}_change_low", f"{since}_change_high"),
        sa.Column(f"{since}_trend", sa.String(32), nullable=False),
    ]


def _forecast() -> list[sa.Column[Any]]:
    return [
        *_shares("share", "share_low", "share_high"),
        sa.Column("method", sa.String(64)),
        *_shares("error", "naive_error"),
        sa.Column("months_needed", sa.Integer),
        sa.Column("reason", sa.String(255)),
        sa.Column("estimated_at", sa.DateTime, nullable=False),
    ]


def _event() -> list[sa.Column[Any]]:
    return [
        *_shares("share", "expected", "expected_low", "expected_high", nullable=False),
        *_counts("photos", "posts"),
        *_shares("p_value", nullable=False),
        sa.Column("example_photos", sa.Text, nullable=False),
        sa.Column("estimated_at", sa.DateTime, nullable=False),
    ]
