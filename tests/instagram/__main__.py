"""Serves the fake site in its own process, to look at it or to measure a crawler."""

import json
import sys
from collections import Counter
from datetime import datetime

import click

from tests.instagram.posts import make_posts
from tests.instagram.site import InstagramSite


@click.command()
@click.option("--posts", "count", default=200, show_default=True, help="Number of posts.")
@click.option("--photos-each", default=1, show_default=True, help="Number of photos per post.")
@click.option("--hashtag", default="홍대", show_default=True, help="The hashtag of the posts.")
@click.option("--month", type=click.DateTime(["%Y-%m"]), default="2026-09", show_default=True)
@click.option(
    "--plain", is_flag=True, help="Coloured blocks instead of people, which is much faster."
)
def serve(count: int, photos_each: int, hashtag: str, month: datetime, plain: bool) -> None:
    """Serve posts of a hashtag until the standard input closes.

    Prints a line of JSON with the URL and the account, and at the end one with the request counts.
    """
    posts = make_posts(count, hashtag, month.date(), (photos_each,), plain)
    with InstagramSite(posts) as site:
        page = site.url + site.grid_path(hashtag)
        who = {"username": site.username, "password": site.password}
        click.echo(json.dumps({"url": site.url, "page": page, **who}))
        sys.stdin.read()
    requests = Counter(request.kinds[-1] for request in site.requests)
    click.echo(json.dumps({"requests": requests}))


if __name__ == "__main__":
    serve()
