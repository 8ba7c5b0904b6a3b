"""Exports a trend table, or all detections, to a CSV or parquet file.

Run it: ``python -m oott_assets.trends.trend_export garment_trends FILE``.
"""

from pathlib import Path

import click
import pandas as pd
import sqlalchemy as sa

from oott_assets.detection_store import DetectionStore
from oott_assets.photos.settings import PhotoSettings
from oott_assets.trends.trend_database import TrendDatabase
from oott_fashion.settings import BadSetting, read_settings
from oott_fashion.stores.trend_schema import (
    garment_trends,
    outfit_trends,
    trend_coverage,
    trend_estimates,
    trend_events,
    trend_forecasts,
    trend_growth,
)
from oott_fashion.stores.trend_tables import TrendDatabaseError, TrendTables

_TABLES = {
    table.name: table
    for table in (
        garment_trends,
        outfit_trends,
        trend_coverage,
        trend_estimates,
        trend_forecasts,
        trend_events,
        trend_growth,
    )
}
_DETECTIONS = "detections"


def trend_frame(tables: TrendTables, table: str, source: str | None = None) -> pd.DataFrame:
    """Read ``table`` into a DataFrame, ordered by its key.

    Args:
        source: keep only the rows of this source, such as ``crawl``.
    """
    columns = _TABLES[table].columns
    rows = sa.select(*columns).order_by(*_TABLES[table].primary_key)
    if source is not None:
        rows = rows.where(columns["source"] == source)
    with tables.reading() as connection:
        return pd.read_sql_query(rows, connection, dtype=_types_of(_TABLES[table]))


def _types_of(table: sa.Table) -> dict[str, str]:
    # A column without any value has no type otherwise, and integers with a NULL become floats.
    return {
        column.name: "float64" if isinstance(column.type, sa.Double) else "Int64"
        for column in table.columns
        if isinstance(column.type, sa.Double) or (column.nullable and _is_integer(column))
    }


def _is_integer(column: "sa.Column[object]") -> bool:
    return isinstance(column.type, sa.Integer)


@click.command(help=__doc__)
@click.argument("table", type=click.Choice([*_TABLES, _DETECTIONS]))
@click.argument("file", type=click.Path(dir_okay=False, path_type=Path))
@click.option("--source", help="only rows of this source: crawl, app or prototype")
def main(table: str, file: Path, source: str | None) -> None:
    """Read the table and write the file."""
    if source is not None and (table == _DETECTIONS or "source" not in _TABLES[table].columns):
        raise click.BadParameter(f"{table} has no source; leave it out", param_hint="--source")
    if file.suffix not in (".csv", ".parquet"):
        raise click.BadParameter(f"{file.name} must end in .csv or .parquet", param_hint="FILE")
    try:
        frame = _detections() if table == _DETECTIONS else _stored(table, source)
        if file.suffix == ".csv":
            frame.to_csv(file, index=False)
        else:
            frame.to_parquet(file, index=False)
    except (BadSetting, TrendDatabaseError, OSError) as error:
        raise click.ClickException(str(error)) from None
    click.echo(f"wrote {len(frame)} rows of {table} to {file}")


def _stored(table: str, source: str | None) -> pd.DataFrame:
    with TrendDatabase().tables() as tables:
        return trend_frame(tables, table, source)


def _detections() -> pd.DataFrame:
    store = DetectionStore(root=read_settings(PhotoSettings).photo_store_root)
    frame: pd.DataFrame = store.table().to_pandas()
    return frame


if __name__ == "__main__":
    main()
