"""Which hashtags an account may still search this week, and which destinations fit in.

Instagram lets an account search 30 hashtags in any 7 days; one searched before is free again.
"""

import logging
import unicodedata
from collections.abc import Collection, Iterable, Mapping
from pathlib import Path
from typing import NamedTuple

from pydantic import TypeAdapter, ValidationError

from oott_assets.photos.sources.photo_source import PhotosUnknown
from oott_fashion.destinations import Destination
from oott_fashion.stores.blobs import BlobNotFound, LocalBlobs

MAX_HASHTAGS = 30

_ids: TypeAdapter[dict[str, str]] = TypeAdapter(dict[str, str])

_log = logging.getLogger(__name__)


class HashtagIds:
    """Ids of hashtags by name, in a file: an id is the same for every account, and lasts."""

    def __init__(self, file: Path) -> None:
        self._blobs = LocalBlobs(file.parent)
        self._name = file.name

    def read(self) -> dict[str, str]:
        """Read all that are known; none from a file that is missing or damaged."""
        try:
            return _ids.validate_json(self._blobs.read(self._name))
        except BlobNotFound:
            return {}
        except (ValidationError, OSError):
            _log.warning("%s is unreadable and is begun anew", self._blobs.where(self._name))
            return {}

    def remember(self, hashtag: str, hashtag_id: str) -> None:
        """Add one. What two runs add at once may be lost, and is then searched again for free.

        Raises:
            PhotosUnknown: the file cannot be written.
        """
        self._write(self.read() | {hashtag: hashtag_id})

    def forget(self, hashtag: str) -> None:
        """Drop one that is out of date.

        Raises:
            PhotosUnknown: the file cannot be written.
        """
        self._write({name: known for name, known in self.read().items() if name != hashtag})

    def _write(self, known: Mapping[str, str]) -> None:
        try:
            self._blobs.write(self._name, _ids.dump_json(dict(known)))
        except OSError as error:
            raise PhotosUnknown(f"ids of hashtags cannot be written: {error}") from error


class Plan(NamedTuple):
    """Which destinations can be collected now, all of ``fitting`` together."""

    used: int
    fitting: tuple[Destination, ...]
    waiting: tuple[Destination, ...]

    @property
    def free(self) -> int:
        """How many hashtags may still be searched."""
        return max(0, MAX_HASHTAGS - self.used)


def hashtags_of(destination: Destination) -> tuple[str, ...]:
    """List the hashtags of ``destination`` as they are searched: composed, without #, once each."""
    spelt = (unicodedata.normalize("NFC", tag).strip().lstrip("#") for tag in destination.hashtags)
    return tuple(dict.fromkeys(spelt))


def new_hashtags(
    destination: Destination, recent: Collection[str], ids: Mapping[str, str]
) -> tuple[str, ...]:
    """List those of ``destination`` that are not known to be among the ``recent`` ids."""
    return tuple(tag for tag in hashtags_of(destination) if ids.get(tag) not in recent)


def plan_of(
    destinations: Iterable[Destination], recent: Collection[str], ids: Mapping[str, str]
) -> Plan:
    """Choose the destinations that fit into what is left, in their order; ``recent`` are ids."""
    fitting, waiting = [], []
    searched: set[str] = set()
    for destination in destinations:
        more = searched.union(new_hashtags(destination, recent, ids))
        if len(recent) + len(more) <= MAX_HASHTAGS:
            fitting.append(destination)
            searched = more
        else:
            waiting.append(destination)
    return Plan(len(recent), tuple(fitting), tuple(waiting))
