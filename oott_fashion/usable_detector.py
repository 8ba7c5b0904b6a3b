"""Finds the latest published detector that can be used, and says why later ones cannot."""

from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from typing import TypeVar

from oott_fashion.stores.detector_card import BadDetector, PublishedDetector
from oott_fashion.stores.model_store import ModelStore

Opened = TypeVar("Opened")


def first_usable(
    store: ModelStore, starter: Path, opened: Callable[[PublishedDetector], Opened]
) -> tuple[Opened, str]:
    """Open the latest detector, or the last one before it that ``opened`` accepts.

    An empty store gets the detector in ``starter``, which is also the last one that is tried.

    Returns:
        What ``opened`` returned, and why the latest detector cannot be used; empty if it can.

    Raises:
        NoDetector: no detector has been published, and there is no starter.
        BadDetector: no detector can be used.
    """
    problems: list[str] = []
    for find in _finders(store, starter):
        try:
            return opened(find()), next(iter(problems), "")
        except BadDetector as error:
            # The error messages of the engines have several lines.
            problems.append(" ".join(str(error).split()))
    raise BadDetector(problems[0])


def _finders(store: ModelStore, starter: Path) -> Iterator[Callable[[], PublishedDetector]]:
    yield partial(store.latest_or_starter, starter)
    for version in store.earlier_versions():
        yield partial(store.detector, version)
    if (starter / "card.json").is_file():
        yield partial(PublishedDetector.in_folder, starter)
