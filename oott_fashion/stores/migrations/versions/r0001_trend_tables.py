"""Create the trend tables of release 0.1."""

from typing import Any

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None

_ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
_OPTIONS: dict[str, Any] = {
    "mysql_engine": "InnoDB",
    "mysql_charset": "utf8mb4",
    "mysql_collate": "utf8mb4_bin",
    "mysql_row_format": "DYNAMIC",
    # After a killed migration, MySQL keeps the tables that it already created.
    "if_not_exists": True,
}


def upgrade() -> None:
    """Create all six tables."""
    _make_trends("garment_trends", "look", _words(16, "category"), _GARMENT)
    _make_trends("outfit_trends", "outfit", [], [*_OUTER_TO_SHOES, *_THEIR_COLOURS])
    _make_coverage()
    _make_requests()
    _make_translation("destination_categories", _words(64, "slug", "name"))
    _make_translation("released_colours", _words(32, "colour", "released_name"))


def _words(length: int, *names: str) -> list[sa.Column[Any]]:
    return [sa.Column(name, sa.String(length), nullable=False) for name in names]


_GARMENT = [*_words(64, "garment"), *_words(32, "colour")]
_OUTER_TO_SHOES = _words(64, "outer", "top", "bottom", "shoes")
_THEIR_COLOURS = _words(32, "outer_colour", "top_colour", "bottom_colour", "shoes_colour")


def _make_trends(
    table: str, worn: str, before: list[sa.Column[Any]], key: list[sa.Column[Any]]
) -> None:
    names = [column.name for column in key]
    op.create_table(
        table,
        sa.Column("id", _ID, primary_key=True, autoincrement=True),
        sa.Column("month", sa.Date, nullable=False),
        *_words(64, "destination", "destination_category"),
        *_words(16, "source"),
        *before,
        *key,
        sa.Column("worn", sa.Integer, nullable=False),
        sa.UniqueConstraint("month", "destination", "source", *names, name=f"{table}_{worn}"),
        sa.CheckConstraint("worn > 0", name=f"{table}_worn"),
        **_OPTIONS,
    )


def _make_coverage() -> None:
    op.create_table(
        "trend_coverage",
        sa.Column("month", sa.Date, primary_key=True),
        sa.Column("destination", sa.String(64), primary_key=True),
        sa.Column("source", sa.String(16), primary_key=True),
        sa.Column("photos", sa.Integer, nullable=False),
        sa.Column("photos_with_garments", sa.Integer, nullable=False),
        sa.Column("detector_version", sa.String(128), nullable=False),
        sa.Column("counted_at", sa.DateTime, nullable=False),
        **_OPTIONS,
    )


def _make_requests() -> None:
    op.create_table(
        "batch_requests",
        sa.Column("idempotency_key", sa.String(255), primary_key=True),
        *_words(128, "request_digest"),
        sa.Column("received_at", sa.DateTime, nullable=False),
        sa.UniqueConstraint("received_at", "idempotency_key", name="batch_requests_by_age"),
        **_OPTIONS,
    )


def _make_translation(table: str, words: list[sa.Column[Any]]) -> None:
    primary_key = sa.PrimaryKeyConstraint(words[0].name)
    op.create_table(table, *words, primary_key, **_OPTIONS)
