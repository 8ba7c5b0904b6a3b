"""What every source of photos offers: the photos of one destination in one month, one by one."""

from collections.abc import Iterator
from datetime import date, datetime
from typing import NamedTuple, Protocol

from oott_fashion.destinations import Destination


class FoundPhoto(NamedTuple):
    """A photo as its source has it; ``name`` tells it from the source's other photos."""

    name: str
    content: bytes
    taken_at: datetime | None


class RefusedPhoto(NamedTuple):
    """A photo that the source has and cannot bring, and why."""

    name: str
    reason: str


class PhotosUnknown(Exception):
    """The source cannot tell which photos there are, which is not the same as none."""


class PhotoSource(Protocol):
    """Brings photos; a photo without a date belongs to the month it is asked for."""

    name: str

    def photos(self, destination: Destination, month: date) -> Iterator[FoundPhoto | RefusedPhoto]:
        """Bring the photos of ``destination`` in the month that starts on ``month``.

        Raises:
            PhotosUnknown: which photos there are cannot be told.
        """
