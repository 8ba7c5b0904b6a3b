"""Crawls a site, kills the crawl before a write, and then crawls again; once for each write.

``python -m tests.oott_assets.killed_crawls URL FOLDER`` writes to ``FOLDER/SOURCE/MOMENT`` for each
kill. It is a separate program because it forks, like ``killed_runs``.
"""

import os
import sys
from collections.abc import Callable
from functools import partial
from pathlib import Path

from oott_assets.photos.sources.photo_source import PhotoSource
from tests.instagram.posts import make_posts
from tests.oott_assets.crawled_store import HASHTAG, CrawledStore
from tests.oott_assets.killed_runs import WHOLE, Moments, in_a_fork
from tests.oott_assets.photos.sources.browser.crawls import (
    SEPTEMBER,
    browser_at,
    comes_true_soon,
    processes_in,
)
from tests.oott_assets.trends.posts import FakeSource, Post

POSTS = make_posts(1, HASHTAG, SEPTEMBER, photos_each=(2,), plain=True)

SourceIn = Callable[[Path], PhotoSource]


def main(url: str, folder: Path) -> None:
    """Kill the crawls of a browser and of a fake source.

    The writes of a browser's crawl are two for the tried password, two photos, the journal of their
    post, and the manifest. The browser's crawl is killed after the log-in, before the try is
    removed. The crawl of a fake source, which takes a tenth of the time, is killed before every
    write.
    """
    browser = folder / "browser"
    source = partial(browser_at, url)
    for moment in whole_crawl(browser, source)[1:2]:
        in_a_fork(partial(crawl, browser / moment, source, killed_at=moment))
        comes_true_soon(lambda: not processes_in(folder))
        left = list(processes_in(folder).values())
        (browser / moment / "left running").write_text(str(left))
        in_a_fork(partial(crawl, browser / moment, source))
    fake = folder / "fake"
    for moment in whole_crawl(fake, fake_source):
        in_a_fork(partial(crawl, fake / moment, fake_source, killed_at=moment))
        in_a_fork(partial(crawl, fake / moment, fake_source))


def fake_source(_home: Path) -> FakeSource:
    return FakeSource(
        [
            Post(post.shortcode, [photo.jpeg() for photo in post.photos], post.taken_at)
            for post in POSTS
        ]
    )


def whole_crawl(folder: Path, source: SourceIn) -> list[str]:
    """Crawl once without a kill, and list the moments of its writes."""
    folder.mkdir()
    in_a_fork(partial(crawl, folder / WHOLE, source, record=folder / "moments"))
    return (folder / "moments").read_text().split()


def crawl(
    home: Path, source: SourceIn, killed_at: str | None = None, record: Path | None = None
) -> None:
    """Crawl September into ``home``."""
    home.mkdir(exist_ok=True)
    moments = Moments(killed_at)
    os.replace = moments.before_replacing(os.replace)
    CrawledStore(str(home / "photos")).crawl(source(home))
    if record is not None:
        record.write_text(" ".join(moments.seen))


if __name__ == "__main__":
    main(sys.argv[1], Path(sys.argv[2]))
