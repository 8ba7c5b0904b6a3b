"""The interface of a photo source: list the posts of a destination and month, then fetch each.

Listing and fetching are separate, so that a run that continues an interrupted one fetches only the
posts that are missing.
"""

from collections.abc import Callable, Generator, Iterable
from dataclasses import dataclass
from datetime import date, datetime
from typing import NamedTuple, Protocol

from oott_fashion.destinations import Destination


class FoundPhoto(NamedTuple):
    """A photo's file as the source delivers it; ``name`` is unique within the source."""

    name: str
    content: bytes


class UnavailablePhoto(NamedTuple):
    """A photo that the source lists but cannot deliver, and the reason.

    If the failure is ``permanent``, a later run cannot get the photo either, and the failure does
    not mean that the site is down or blocks the account.
    """

    name: str
    reason: str
    permanent: bool = False


class SkippedFile(NamedTuple):
    """A file that a source does not list as a photo, and the reason."""

    name: str
    reason: str


class FetchedPost(NamedTuple):
    """When a post was made, and its photos. Photos are downloaded during iteration."""

    taken_at: datetime | None
    photos: Iterable[FoundPhoto | UnavailablePhoto]


@dataclass(frozen=True)
class ListedPost:
    """A post in a listing: its identity, and the function that fetches it.

    ``shortcode`` is unique within the source; a folder uses file names. ``fetch`` raises PostGone
    or PhotosUnknown.
    """

    shortcode: str
    fetch: Callable[[], FetchedPost]
    permalink: str | None = None
    hashtag: str | None = None
    taken_at: datetime | None = None


class PostGone(Exception):
    """A listed post no longer exists; the message says how this was seen."""


class PhotosUnknown(Exception):
    """The source cannot say which photos exist. This is different from having no photos."""


class SourceBusy(PhotosUnknown):
    """The source fails now and may work in some minutes; a retry continues from here."""


class SourceBusyForHours(SourceBusy):
    """The source asks for a longer wait than a run makes, or it may have blocked the account.

    The step is not retried, since another request within minutes would make it worse. Another run
    tries again after hours.
    """


class PhotoSource(Protocol):
    """Lists posts. A post without a date counts for the month that is requested.

    ``shows_people`` is false if the source's photos cannot show real faces. ``uses_network`` is
    true if repeating a request costs other people something; then each fetched post is recorded
    in the crawl journal.
    """

    name: str
    shows_people: bool
    uses_network: bool

    def posts(
        self, destination: Destination, month: date
    ) -> Generator[ListedPost | SkippedFile, None, None]:
        """List possible posts of ``destination`` in the month that starts on ``month``.

        A source may also list posts of other months if it learns their dates only by fetching
        them. Closing the generator releases the resources of the source.

        Raises:
            PhotosUnknown: the posts cannot be listed.
        """
