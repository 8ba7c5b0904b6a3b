"""Chooses photos by reasons in turn, spread over destinations and months."""

from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Iterator
from datetime import date
from itertools import cycle, islice, zip_longest
from typing import NamedTuple, get_args

from oott_assets.training.labelling.label_reasons import (
    Reason,
    ReasonName,
    SeenPhoto,
    StoredPhotoName,
)

Place = tuple[str, date]


class ReasonedPhoto(NamedTuple):
    """A stored photo, and a reason to label it."""

    photo: StoredPhotoName
    reason: Reason


def choose(
    candidates: Iterable[ReasonedPhoto], count: int, is_new: Callable[[StoredPhotoName], bool]
) -> list[ReasonedPhoto]:
    """Choose at most ``count`` photos, each once.

    The reasons take turns. Each turn takes a photo of the destination with the fewest chosen
    photos, then of the month with the fewest, and there the one with the highest score.

    Args:
        is_new: asked once for a photo that is about to be chosen. If it is not new, the next one
            is taken.
    """
    queues = _queues(candidates)
    chosen: dict[StoredPhotoName, ReasonedPhoto] = {}
    rejected: set[StoredPhotoName] = set()
    for name in cycle(get_args(ReasonName)):
        if len(chosen) == count or not any(queues.values()):
            return list(chosen.values())
        for candidate in _by_turn(queues[name], chosen):
            photo = candidate.photo
            if photo in chosen or photo in rejected:
                continue
            if is_new(photo):
                chosen[photo] = candidate
                break
            rejected.add(photo)
    return list(chosen.values())


def _queues(
    candidates: Iterable[ReasonedPhoto],
) -> dict[ReasonName, dict[Place, list[ReasonedPhoto]]]:
    """Sort the photos of each reason, destination and month, so that the best one is last."""
    queues: dict[ReasonName, dict[Place, list[ReasonedPhoto]]] = {
        name: defaultdict(list) for name in get_args(ReasonName)
    }
    for candidate in candidates:
        place = (candidate.photo.destination, candidate.photo.month)
        queues[candidate.reason.name][place].append(candidate)
    for places in queues.values():
        for queue in places.values():
            queue.sort(key=lambda one: (one.reason.score, one.photo.sha256))
    return queues


def _by_turn(
    queues: dict[Place, list[ReasonedPhoto]], chosen: Iterable[StoredPhotoName]
) -> Iterator[ReasonedPhoto]:
    """Take the photos out of ``queues``, those of the least chosen place first."""
    of_destination = Counter(photo.destination for photo in chosen)
    of_month = Counter(photo.month for photo in chosen)
    while queues:
        place = min(
            queues,
            key=lambda place: (
                of_destination[place[0]],
                of_month[place[1]],
                -queues[place][-1].reason.score,
                place,
            ),
        )
        best = queues[place].pop()
        if not queues[place]:
            del queues[place]
        yield best


def spread_sample(seen: Iterable[SeenPhoto], count: int) -> list[SeenPhoto]:
    """Take ``count`` photos evenly from all destinations and months, always the same ones."""
    places: dict[Place, list[SeenPhoto]] = defaultdict(list)
    for photo in sorted(seen, key=lambda one: one.photo.sha256):
        places[photo.photo.destination, photo.photo.month].append(photo)
    turns = zip_longest(*places.values())
    return list(islice((photo for turn in turns for photo in turn if photo is not None), count))
