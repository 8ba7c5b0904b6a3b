"""Exports a trend table to a CSV or parquet file.

Run it: ``python -m oott_assets.trends.trend_export garment_trends FILE``.
"""

from pathlib import Path

import click
import pandas as pd
import sqlalchemy as sa

from oott_assets.trends.trend_database import TrendDatabase
from oott_fashion.settings import BadSetting
from oott_fashion.stores.trend_schema import garment_trends, outfit_trends, trend_coverage
from oott_fashion.stores.trend_tables import TrendDatabaseError, TrendTables

_TABLES = {table.name: table for table in (garment_trends, outfit_trends, trend_coverage)}


def trend_frame(tables: TrendTables, table: str, source: str | None = None) -> pd.DataFrame:
    """Read ``table`` into a DataFrame: a row per look, outfit or partition, ordered by its key.

    Args:
        source: keep only the rows of this source, such as ``crawl``.
    """
    columns = _TABLES[table].columns
    rows = sa.select(*columns).order_by(*_TABLES[table].primary_key)
    if source is not None:
        rows = rows.where(columns["source"] == source)
    with tables.reading() as connection:
        return pd.read_sql_query(rows, connection)


@click.command(help=__doc__)
@click.argument("table", type=click.Choice(list(_TABLES)))
@click.argument("file", type=click.Path(dir_okay=False, path_type=Path))
@click.option("--source", help="only rows of this source: crawl, app or prototype")
def main(table: str, file: Path, source: str | None) -> None:
    """Read the table and write the file."""
    if file.suffix not in (".csv", ".parquet"):
        raise click.BadParameter(f"{file.name} must end in .csv or .parquet", param_hint="FILE")
    try:
        with TrendDatabase().tables() as tables:
            frame = trend_frame(tables, table, source)
        if file.suffix == ".csv":
            frame.to_csv(file, index=False)
        else:
            frame.to_parquet(file, index=False)
    except (BadSetting, TrendDatabaseError, OSError) as error:
        raise click.ClickException(str(error)) from None
    click.echo(f"wrote {len(frame)} rows of {table} to {file}")


if __name__ == "__main__":
    main()
