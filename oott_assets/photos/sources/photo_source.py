"""What every source of photos offers: the posts of a destination in a month, brought one by one.

A source lists posts first and brings each when it is asked to, so that a run that was stopped
asks only for those it does not have.
"""

from collections.abc import Callable, Generator, Iterable
from dataclasses import dataclass
from datetime import date, datetime
from typing import NamedTuple, Protocol

from oott_fashion.destinations import Destination


class FoundPhoto(NamedTuple):
    """A photo as its source has it; ``name`` tells it from the source's other photos."""

    name: str
    content: bytes


class UnavailablePhoto(NamedTuple):
    """A photo that the source has and cannot bring, and why."""

    name: str
    reason: str


class FetchedPost(NamedTuple):
    """When a post was made, and its photos; those are fetched only as they are asked for."""

    taken_at: datetime | None
    photos: Iterable[FoundPhoto | UnavailablePhoto]


@dataclass(frozen=True)
class ListedPost:
    """A post as a listing shows it: enough to know it again, and how to bring it.

    ``shortcode`` tells it from the source's other posts; a source of files takes their names.
    ``bring`` raises PostGone or PhotosUnknown.
    """

    shortcode: str
    fetch: Callable[[], FetchedPost]
    permalink: str | None = None
    hashtag: str | None = None
    taken_at: datetime | None = None


class PostGone(Exception):
    """A listed post is no longer there; its text says how that showed."""


class PhotosUnknown(Exception):
    """The source cannot tell which photos there are, which is not the same as none."""


class SourceBusy(PhotosUnknown):
    """The source asks to wait longer than a run should; a later run goes on where this stopped."""


class PhotoSource(Protocol):
    """Lists posts; one without a date belongs to the month it is asked for.

    ``shows_people`` is false where the source knows that no real face can be seen; ``uses_network``
    is true where asking twice costs others something, so that what is brought is journalled.
    """

    name: str
    shows_people: bool
    uses_network: bool

    def posts(self, destination: Destination, month: date) -> Generator[ListedPost, None, None]:
        """List what may be posts of ``destination`` in the month that starts on ``month``.

        A source may list posts of other months, if it cannot tell before it brings them. Closing
        the generator frees what the source holds.

        Raises:
            PhotosUnknown: which posts there are cannot be told.
        """
