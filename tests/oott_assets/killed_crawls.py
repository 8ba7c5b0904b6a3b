"""Crawls a site once per write, kills the crawl before that write, and then crawls again.

``python -m tests.oott_assets.killed_crawls URL FOLDER`` writes to ``FOLDER/MOMENT`` for each kill.
It is a separate program because it forks, like ``killed_runs``.
"""

import os
import sys
from functools import partial
from pathlib import Path

from oott_assets.photos.sources.browser.browser_start import Programs
from tests.oott_assets.crawled_store import CrawledStore, own_browser_folders
from tests.oott_assets.killed_runs import Moments, in_a_fork
from tests.oott_assets.photos.sources.browser.crawls import (
    browser_at,
    comes_true_soon,
    processes_in,
)


def main(url: str, folder: Path) -> None:
    """Crawl once without a kill and count the moments; then crawl twice for each moment."""
    programs = own_browser_folders()
    in_a_fork(partial(crawl, url, folder / "whole", programs, record=folder / "moments"))
    for moment in (folder / "moments").read_text().split():
        in_a_fork(partial(crawl, url, folder / moment, programs, killed_at=moment))
        comes_true_soon(lambda: not processes_in(programs.browser_folders))
        left = [
            *processes_in(programs.browser_folders).values(),
            *programs.browser_folders.glob("*"),
        ]
        (folder / moment / "left running").write_text(str(left))
        in_a_fork(partial(crawl, url, folder / moment, programs))


def crawl(
    url: str,
    home: Path,
    programs: Programs,
    killed_at: str | None = None,
    record: Path | None = None,
) -> None:
    """Crawl September into ``home``."""
    home.mkdir(exist_ok=True)
    moments = Moments(killed_at)
    os.replace = moments.before("write", os.replace)
    CrawledStore(str(home / "photos")).crawl(browser_at(url, home, programs=programs))
    if record is not None:
        record.write_text(" ".join(moments.seen))


if __name__ == "__main__":
    main(sys.argv[1], Path(sys.argv[2]))
