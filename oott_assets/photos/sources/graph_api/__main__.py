"""Prints which destinations the weekly hashtag limit still allows.

Run it: ``python -m oott_assets.photos.sources.graph_api``. It asks Instagram for the recently
searched hashtags. This does not use up any part of the limit.
"""

from collections.abc import Sequence

import click

from oott_assets.photos.settings import PhotoSettings
from oott_assets.photos.sources.graph_api.graph_source import graph_api_of
from oott_assets.photos.sources.graph_api.hashtags import MAX_HASHTAGS
from oott_assets.photos.sources.photo_source import PhotosUnknown
from oott_fashion.destinations import Destination, read_destinations
from oott_fashion.settings import read_settings


@click.command(help="Print which destinations the weekly hashtag limit still allows.")
def main() -> None:
    """Request the recently searched hashtags and print the plan."""
    try:
        settings = read_settings(PhotoSettings)
        plan = graph_api_of(settings, read_destinations(settings.destinations_file)).plan()
    except (PhotosUnknown, ValueError) as error:
        raise click.ClickException(str(error)) from None
    click.echo(f"{plan.used} of {MAX_HASHTAGS} hashtags are used this week, {plan.free} are free")
    click.echo(f"can be collected now, all together: {_named(plan.fitting)}")
    click.echo(f"must wait: {_named(plan.waiting)}")


def _named(destinations: Sequence[Destination]) -> str:
    return ", ".join(f"{place.slug} ({place.name})" for place in destinations) or "none"


if __name__ == "__main__":
    main()
