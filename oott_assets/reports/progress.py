"""Says in the log how far long work has come."""

import time
from collections.abc import Iterable, Iterator
from logging import Logger
from typing import TypeVar

Item = TypeVar("Item")

# Often enough to see that work goes on, seldom enough to read.
_PAUSE_SECONDS = 10.0


def reported(
    items: Iterable[Item], log: Logger, what: str, total: int | None = None
) -> Iterator[Item]:
    """Pass ``items`` on, and log every ten seconds and at the end how many there were."""
    of_total = "" if total is None else f" of {total}"
    began = said = time.monotonic()
    count = 0
    for count, item in enumerate(items, start=1):
        yield item
        if time.monotonic() - said >= _PAUSE_SECONDS:
            said = time.monotonic()
            log.info("%d%s %s in %.0f s", count, of_total, what, said - began)
    log.info("%d%s %s in %.1f s", count, of_total, what, time.monotonic() - began)
