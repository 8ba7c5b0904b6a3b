"""Writes the trend page of the latest month, and opens it in a browser.

Run it: ``python -m oott_assets.trends.latest_report``.
"""

import os
import webbrowser
from pathlib import Path

import click

from oott_assets.photos.settings import PhotoSettings
from oott_assets.photos.store.photo_store import PhotoStore
from oott_assets.trends.page.page_rows import NothingEstimated
from oott_assets.trends.report_folder import ReportFolder
from oott_assets.trends.trend_database import TrendDatabase
from oott_assets.trends.written_report import written_report
from oott_fashion.settings import BadSetting, read_settings
from oott_fashion.stores.trend_tables import TrendDatabaseError


@click.command(help=__doc__)
@click.option("--no-browser", is_flag=True, help="Only write the page.")
def main(no_browser: bool) -> None:
    """Write the page, print its path, and open it if there is a browser."""
    try:
        file = latest_report()
    except (BadSetting, NothingEstimated, OSError, TrendDatabaseError) as error:
        raise click.ClickException(str(error)) from None
    click.echo(f"Trends: {file}")
    # Without a display, Python would open a text browser, which cannot show the page.
    if not no_browser and (os.environ.get("DISPLAY") or os.environ.get("WAYLAND_DISPLAY")):
        webbrowser.open(file.as_uri())


def latest_report() -> Path:
    """Write the page of the latest month with estimates, and give its path.

    Raises:
        NothingEstimated: no month has estimates.
    """
    settings = read_settings(PhotoSettings)
    with TrendDatabase().tables() as tables:
        months = tables.estimated_months()
        if not months:
            raise NothingEstimated(
                "nothing was estimated yet; run `make demo`, or materialise trend_estimates in "
                "`make ui`"
            )
        folder, photo_store = ReportFolder.of(settings), PhotoStore.of(settings)
        return written_report(tables, photo_store, folder, months[-1]).file


if __name__ == "__main__":
    main()
