"""Kills a collection and a whole run at random moments, and compares what the next run leaves.

``python -m tests.oott_assets.random_kills``. It is no test, because it takes a minute. The tests of
``killed_runs`` and ``killed_crawls`` kill before each kind of write. Work that has ended before its
moment does not count.
"""

import os
import random
import shutil
import signal
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory

import click

from tests.oott_assets.crawled_store import CrawledStore
from tests.oott_assets.killed_crawls import crawl
from tests.oott_assets.killed_runs import job, open_detector, records, run
from tests.oott_assets.test_killed_runs import files, rows
from tests.oott_assets.trends.posts import FakeSource, Post, jpeg
from tests.starters import SMALL_STARTER

_SETTINGS = {
    "OOTT_STARTER_DETECTOR": str(SMALL_STARTER),
    "OOTT_ENGINE": "onnxruntime",
    "OOTT_LOOKBOOK_PHOTOS": "12",
}


@click.command(help=__doc__)
@click.option("--kills", default=20, show_default=True)
@click.option("--seed", default=14, show_default=True)
def main(kills: int, seed: int) -> None:
    """Kill both kinds of work, and print how often the next run left the same."""
    os.environ |= _SETTINGS
    chance = random.Random(seed)
    with TemporaryDirectory() as folder:
        _compare("crawls", Path(folder, "crawls"), _crawl, _stored, kills, chance)
        job(), records()  # the children share what takes long to make
        open_detector()
        _compare("runs", Path(folder, "runs"), run, _tables, kills, chance)


def _crawl(home: Path) -> None:
    crawl(home, lambda _: FakeSource([Post(f"P{n}", [jpeg(n, 640)]) for n in range(40)]))


def _stored(home: Path) -> object:
    listed = CrawledStore(str(home / "photos")).rows()
    return sorted((row.name, row.state, row.sha256) for row in listed), sorted(files(home))


def _tables(home: Path) -> object:
    return rows(home), sorted(files(home))


def _compare(
    what: str,
    folder: Path,
    work: Callable[[Path], None],
    left: Callable[[Path], object],
    kills: int,
    chance: random.Random,
) -> None:
    folder.mkdir()
    _do(partial(work, folder / "first"))  # it imports modules, so it takes longer
    began = time.monotonic()
    _do(partial(work, folder / "whole"))
    took = time.monotonic() - began
    whole, same, killed = left(folder / "whole"), 0, 0
    while killed < kills:
        home = folder / f"{killed}"
        shutil.rmtree(home, ignore_errors=True)
        if _do(partial(work, home), chance.uniform(0, took)):
            killed += 1
            _do(partial(work, home))
            same += left(home) == whole
    click.echo(f"{killed} {what} of {took:.1f} s were killed; {same} left the same in the end")
    if same < kills:
        raise click.ClickException("a killed run has left something else")


def _do(work: Callable[[], None], killed_after: float | None = None) -> bool:
    """Do ``work`` in a fork, and tell whether it was killed before its end."""
    child = os.fork()
    if child == 0:
        work()
        os._exit(0)
    if killed_after is not None:
        time.sleep(killed_after)
        os.kill(child, signal.SIGKILL)
    return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == -signal.SIGKILL


if __name__ == "__main__":
    main()
