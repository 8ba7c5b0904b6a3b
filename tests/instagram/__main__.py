"""Serve the site in a process of its own, to look at it or to measure a crawler by itself."""

import json
import sys
from collections import Counter
from datetime import datetime

import click

from tests.instagram.posts import some_posts
from tests.instagram.site import InstagramSite


@click.command()
@click.option("--posts", "count", default=200, show_default=True, help="How many posts there are.")
@click.option("--photos-each", default=1, show_default=True, help="How many photos each has.")
@click.option("--hashtag", default="홍대", show_default=True, help="The hashtag they carry.")
@click.option("--month", type=click.DateTime(["%Y-%m"]), default="2026-09", show_default=True)
@click.option("--plain", is_flag=True, help="Coloured blocks instead of people: much cheaper.")
def serve(count: int, photos_each: int, hashtag: str, month: datetime, plain: bool) -> None:
    """Serve posts of a hashtag until the input ends.

    One line of JSON says where and for whom, another, at the end, how much of what was asked.
    """
    posts = some_posts(count, hashtag, month.date(), (photos_each,), plain)
    with InstagramSite(posts) as site:
        page = site.url + site.grid_path(hashtag)
        who = {"username": site.username, "password": site.password}
        click.echo(json.dumps({"url": site.url, "page": page, **who}))
        sys.stdin.read()
    asked = Counter(asked.kinds[-1] for asked in site.requests)
    click.echo(json.dumps({"asked": asked, "max_connections": site.max_connections}))


if __name__ == "__main__":
    serve()
