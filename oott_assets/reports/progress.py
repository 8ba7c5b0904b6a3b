"""Logs the progress of long work."""

import time
from collections.abc import Iterable, Iterator
from logging import Logger
from typing import TypeVar

Item = TypeVar("Item")

# This is short enough to show that the work continues, and long enough to keep the log short.
_INTERVAL_SECONDS = 10.0


def with_progress(
    items: Iterable[Item], log: Logger, what: str, total: int | None = None
) -> Iterator[Item]:
    """Yield ``items``, and log their count every ten seconds and at the end."""
    of_total = "" if total is None else f" of {total}"
    started = logged = time.monotonic()
    count = 0
    for count, item in enumerate(items, start=1):
        yield item
        if time.monotonic() - logged >= _INTERVAL_SECONDS:
            logged = time.monotonic()
            log.info("%d%s %s in %.0f s", count, of_total, what, logged - started)
    log.info("%d%s %s in %.1f s", count, of_total, what, time.monotonic() - started)
