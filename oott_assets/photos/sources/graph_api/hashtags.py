"""Plans which hashtags and destinations the weekly search limit still allows.

Instagram lets an account search 30 different hashtags in any 7 days. Searching one of them
again does not count.
"""

import logging
import unicodedata
from collections.abc import Collection, Iterable, Mapping
from pathlib import Path
from typing import NamedTuple

from pydantic import TypeAdapter, ValidationError

from oott_fashion.destinations import Destination
from oott_fashion.stores.blobs import BlobNotFound, LocalBlobs

MAX_HASHTAGS = 30

_ids: TypeAdapter[dict[str, str]] = TypeAdapter(dict[str, str])

_log = logging.getLogger(__name__)


class HashtagIds:
    """A file with hashtag ids by name. An id is permanent and the same for every account."""

    def __init__(self, file: Path) -> None:
        self._blobs = LocalBlobs(file.parent)
        self._name = file.name

    def read(self) -> dict[str, str]:
        """Read all known ids; a missing or damaged file counts as empty."""
        try:
            return _ids.validate_json(self._blobs.read(self._name))
        except BlobNotFound:
            return {}
        except (ValidationError, OSError):
            _log.warning("%s cannot be read and is replaced", self._blobs.where(self._name))
            return {}

    def remember(self, hashtag: str, hashtag_id: str) -> None:
        """Add an id. Two runs that write at once may lose one; searching it again does not count.

        Raises:
            OSError: the file cannot be written.
        """
        self._blobs.write(self._name, _ids.dump_json(self.read() | {hashtag: hashtag_id}))


class Plan(NamedTuple):
    """All ``fitting`` destinations can be collected now, together; the ``waiting`` ones cannot."""

    used: int
    fitting: tuple[Destination, ...]
    waiting: tuple[Destination, ...]

    @property
    def free(self) -> int:
        """The number of hashtags that can still be searched."""
        return max(0, MAX_HASHTAGS - self.used)


def hashtags_of(destination: Destination) -> tuple[str, ...]:
    """List the hashtags of ``destination`` for the search: NFC, without #, without duplicates."""
    spelt = (unicodedata.normalize("NFC", tag).strip().lstrip("#") for tag in destination.hashtags)
    return tuple(dict.fromkeys(spelt))


def new_hashtags(
    destination: Destination, recent: Collection[str], ids: Mapping[str, str]
) -> tuple[str, ...]:
    """List the hashtags of ``destination`` whose ids are not among the ``recent`` ones."""
    return tuple(tag for tag in hashtags_of(destination) if ids.get(tag) not in recent)


def plan_of(
    destinations: Iterable[Destination], recent: Collection[str], ids: Mapping[str, str]
) -> Plan:
    """Choose, in order, the destinations that the limit still allows; ``recent`` are ids."""
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
