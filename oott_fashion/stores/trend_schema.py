"""The schema of the trend tables, and the two views that the released backend reads.

A change here needs a revision in ``migrations/versions``, even if only a view changes: the views
are created again only when a revision is applied.
"""

from typing import Any

import sqlalchemy as sa
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.schema import CreateView
from sqlalchemy.sql.compiler import DDLCompiler

from oott_fashion.colours import RELEASED_NAMES
from oott_fashion.destinations import Destinations
from oott_fashion.outfits import NOTHING_SEEN

metadata = sa.MetaData()

_ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")  # SQLite auto-increments only INTEGER

# In MySQL's default collations "é" equals "e" and "Coat" equals "coat"; in SQLite they differ.
_EXACT_NAMES: Any = {
    "mysql_engine": "InnoDB",
    "mysql_charset": "utf8mb4",
    "mysql_collate": "utf8mb4_bin",
    "mysql_row_format": "DYNAMIC",
}

GARMENT_COLUMNS = ("outer", "top", "bottom", "shoes")
COLOUR_COLUMNS = ("outer_colour", "top_colour", "bottom_colour", "shoes_colour")


def _slice_columns() -> list[sa.Column[Any]]:
    return [
        sa.Column("month", sa.Date, nullable=False),
        sa.Column("destination", sa.String(64), nullable=False),
        sa.Column("destination_category", sa.String(64), nullable=False),
        sa.Column("source", sa.String(16), nullable=False),
    ]


def _photos_that_show_it() -> sa.Column[Any]:
    # It is NULL where it is unknown: in rows of earlier releases and of the prototype.
    return sa.Column("photos", sa.Integer)


garment_trends = sa.Table(
    "garment_trends",
    metadata,
    sa.Column("id", _ID, primary_key=True, autoincrement=True),
    *_slice_columns(),
    sa.Column("category", sa.String(16), nullable=False),
    sa.Column("garment", sa.String(64), nullable=False),
    sa.Column("colour", sa.String(32), nullable=False),
    sa.Column("worn", sa.Integer, nullable=False),
    _photos_that_show_it(),
    sa.UniqueConstraint(
        "month", "destination", "source", "garment", "colour", name="garment_trends_look"
    ),
    sa.CheckConstraint("worn > 0", name="garment_trends_worn"),
    # The released recommender sums the counts of each look of a destination category. All columns
    # that it reads are in the index. Without ``garment``, the index made its query slower.
    sa.Index(
        "garment_trends_by_category",
        *("destination_category", "category", "colour", "garment", "worn"),
    ),
    **_EXACT_NAMES,
)

outfit_trends = sa.Table(
    "outfit_trends",
    metadata,
    sa.Column("id", _ID, primary_key=True, autoincrement=True),
    *_slice_columns(),
    *(sa.Column(name, sa.String(64), nullable=False) for name in GARMENT_COLUMNS),
    *(sa.Column(name, sa.String(32), nullable=False) for name in COLOUR_COLUMNS),
    sa.Column("worn", sa.Integer, nullable=False),
    _photos_that_show_it(),
    sa.UniqueConstraint(
        *("month", "destination", "source", *GARMENT_COLUMNS, *COLOUR_COLUMNS),
        name="outfit_trends_outfit",
    ),
    sa.CheckConstraint("worn > 0", name="outfit_trends_worn"),
    **_EXACT_NAMES,
)

trend_coverage = sa.Table(
    "trend_coverage",
    metadata,
    sa.Column("month", sa.Date, primary_key=True),
    sa.Column("destination", sa.String(64), primary_key=True),
    sa.Column("source", sa.String(16), primary_key=True),
    sa.Column("photos", sa.Integer, nullable=False),
    sa.Column("photos_with_garments", sa.Integer, nullable=False),
    sa.Column("detector_version", sa.String(128), nullable=False),
    sa.Column("counted_at", sa.DateTime, nullable=False),
    **_EXACT_NAMES,
)

batch_requests = sa.Table(
    "batch_requests",
    metadata,
    sa.Column("idempotency_key", sa.String(255), primary_key=True),
    sa.Column("request_digest", sa.String(128), nullable=False),
    sa.Column("received_at", sa.DateTime, nullable=False),
    # This constraint serves as an index to find old keys. It is created in the same statement as
    # the table. A separate index would be missing if MySQL were killed after creating the table.
    sa.UniqueConstraint("received_at", "idempotency_key", name="batch_requests_by_age"),
    **_EXACT_NAMES,
)

# The photos that /predict/batch has counted. A photo that is sent again is not counted again.
app_photos = sa.Table(
    "app_photos",
    metadata,
    sa.Column("month", sa.Date, primary_key=True),
    sa.Column("destination", sa.String(64), primary_key=True),
    sa.Column("digest", sa.String(64), primary_key=True),
    **_EXACT_NAMES,
)

ANY = "any"
"""What the columns ``garment``, ``colour`` and ``category`` have where the subject has none."""


def _subject_columns(*dates: str) -> list[sa.Column[Any]]:
    """Give the columns of a garment, colour, look or outfit at a place.

    A garment has the colour "any", a colour has the garment "any", and an outfit is four garments,
    joined by commas.
    """
    return [
        *(sa.Column(name, sa.Date, primary_key=True) for name in dates),
        sa.Column("place_kind", sa.String(16), primary_key=True),
        sa.Column("place", sa.String(64), primary_key=True),
        sa.Column("subject", sa.String(16), primary_key=True),
        sa.Column("garment", sa.String(160), primary_key=True),
        sa.Column("colour", sa.String(32), primary_key=True),
        sa.Column("category", sa.String(16), nullable=False),
    ]


def _share_columns(*names: str, nullable: bool = True) -> list[sa.Column[Any]]:
    return [sa.Column(name, sa.Double, nullable=nullable) for name in names]


def _change_columns(since: str) -> list[sa.Column[Any]]:
    return [
        *_share_columns(f"{since}_change", f"{since}_change_low", f"{since}_change_high"),
        sa.Column(f"{since}_trend", sa.String(32), nullable=False),
    ]


trend_estimates = sa.Table(
    "trend_estimates",
    metadata,
    *_subject_columns("month"),
    sa.Column("photos", sa.Integer, nullable=False),
    sa.Column("posts", sa.Integer, nullable=False),
    sa.Column("seen", sa.Integer, nullable=False),
    *_share_columns("share", "share_low", "share_high", nullable=False),
    *_change_columns("month"),
    *_change_columns("year"),
    sa.Column("photos_needed", sa.Integer),
    *_share_columns("detector_precision", "detector_recall"),
    sa.Column("detector_version", sa.String(255), nullable=False),
    sa.Column("estimated_at", sa.DateTime, nullable=False),
    **_EXACT_NAMES,
)

trend_forecasts = sa.Table(
    "trend_forecasts",
    metadata,
    *_subject_columns("made_after", "month"),
    *_share_columns("share", "share_low", "share_high"),
    sa.Column("method", sa.String(64)),
    *_share_columns("error", "naive_error"),
    sa.Column("months_needed", sa.Integer),
    sa.Column("reason", sa.String(255)),
    sa.Column("estimated_at", sa.DateTime, nullable=False),
    **_EXACT_NAMES,
)

trend_events = sa.Table(
    "trend_events",
    metadata,
    *_subject_columns("week"),
    *_share_columns("share", "expected", "expected_low", "expected_high", nullable=False),
    sa.Column("photos", sa.Integer, nullable=False),
    sa.Column("posts", sa.Integer, nullable=False),
    *_share_columns("p_value", nullable=False),
    sa.Column("example_photos", sa.Text, nullable=False),  # a JSON list of hashes
    sa.Column("estimated_at", sa.DateTime, nullable=False),
    **_EXACT_NAMES,
)

# The latest twelve months against the twelve before them.
trend_growth = sa.Table(
    "trend_growth",
    metadata,
    *_subject_columns("month"),
    sa.Column("months", sa.Integer, nullable=False),
    sa.Column("photos", sa.Integer, nullable=False),
    sa.Column("photos_before", sa.Integer, nullable=False),
    *_share_columns("share", "growth", "growth_low", "growth_high"),
    sa.Column("trend", sa.String(32), nullable=False),
    sa.Column("photos_needed", sa.Integer),
    sa.Column("estimated_at", sa.DateTime, nullable=False),
    **_EXACT_NAMES,
)

# The views use this table for translation. Rows are never deleted, because trends remain when a
# category is removed from the YAML file.
destination_categories = sa.Table(
    "destination_categories",
    metadata,
    sa.Column("slug", sa.String(64), primary_key=True),
    sa.Column("name", sa.String(64), nullable=False),
    **_EXACT_NAMES,
)

released_colours = sa.Table(
    "released_colours",
    metadata,
    sa.Column("colour", sa.String(32), primary_key=True),
    sa.Column("released_name", sa.String(32), nullable=False),
    **_EXACT_NAMES,
)


def reference_rows(destinations: Destinations) -> dict[sa.Table, dict[str, str]]:
    """Give the rows that each reference table needs, as key and translation."""
    return {
        destination_categories: {place.slug: place.name for place in destinations.categories},
        # An outfit has the colour "None" where it has no garment.
        released_colours: {NOTHING_SEEN: NOTHING_SEEN, **RELEASED_NAMES},
    }


def _crawl_data() -> sa.Select[Any]:
    trends, place, colour = garment_trends.c, destination_categories.c, released_colours.c
    return (
        sa.select(
            trends.id.label("crawlSeq"),
            place.name.label("crawlCategory"),
            trends.category.label("crawlClothesCategory"),
            trends.garment.label("crawlClothes"),
            colour.released_name.label("crawlColor"),
            trends.worn.label("crawlCount"),
            trends.month.label("crawlDate"),
        )
        .join_from(
            garment_trends, destination_categories, place.slug == trends.destination_category
        )
        .join(released_colours, colour.colour == trends.colour)
    )


def _crawl_coordi() -> sa.Select[Any]:
    trends, place = outfit_trends.c, destination_categories.c
    colours = {name: released_colours.alias(f"released_{name}") for name in COLOUR_COLUMNS}
    coordi = sa.select(
        trends.id.label("coordiSeq"),
        place.name.label("coordiCategory"),
        _joined_by_commas([trends[name] for name in GARMENT_COLUMNS]).label("coordiClothes"),
        _joined_by_commas([colour.c.released_name for colour in colours.values()]).label(
            "coordiColor"
        ),
        trends.worn.label("coordiCount"),
        trends.month.label("coordiDate"),
    ).join_from(outfit_trends, destination_categories, place.slug == trends.destination_category)
    for name, colour in colours.items():
        coordi = coordi.join(colour, colour.c.colour == trends[name])
    return coordi


def _joined_by_commas(names: list[sa.Column[str]]) -> sa.ColumnElement[str]:
    joined: sa.ColumnElement[str] = names[0]
    for name in names[1:]:
        joined = joined + "," + name
    return joined


class ReaderView(CreateView):
    """A view that is read with the rights of the user who reads it, as in SQLite.

    By default, MySQL reads a view with the rights of the user who created it. The view fails when
    that user is removed, and shows the tables to users who may not read them.
    """


@compiles(ReaderView)
def _create_reader_view(view: ReaderView, compiler: DDLCompiler, **options: Any) -> str:
    statement = compiler.visit_create_view(view, **options)
    if compiler.dialect.name == "sqlite":
        return statement
    return statement.replace("CREATE VIEW", "CREATE SQL SECURITY INVOKER VIEW", 1)


# MySQL on Linux distinguishes CRAWL_DATA from crawl_data; the released backend uses upper case.
# The views are not in `metadata`, which would create them before their tables are complete.
VIEWS = {
    "CRAWL_DATA": ReaderView(_crawl_data(), "CRAWL_DATA"),
    "CRAWL_COORDI": ReaderView(_crawl_coordi(), "CRAWL_COORDI"),
}
