"""The photo source of the Graph API: lists and fetches the posts of a destination's hashtags."""

import logging
from collections.abc import Generator, Iterator
from dataclasses import dataclass
from datetime import date
from itertools import count
from pathlib import Path
from zoneinfo import ZoneInfo

import httpx

from oott_assets.photos.settings import PhotoSettings
from oott_assets.photos.sources.downloads import Downloads
from oott_assets.photos.sources.graph_api.graph_client import GraphAccount, GraphClient
from oott_assets.photos.sources.graph_api.graph_errors import NoSuchHashtag, NoSuchId
from oott_assets.photos.sources.graph_api.graph_responses import (
    MEDIA_FIELDS,
    HashtagsPage,
    MediaItem,
    MediaPage,
)
from oott_assets.photos.sources.graph_api.hashtags import (
    MAX_HASHTAGS,
    HashtagIds,
    Plan,
    hashtags_of,
    new_hashtags,
    plan_of,
)
from oott_assets.photos.sources.hosts import is_loopback, is_permitted
from oott_assets.photos.sources.http_requests import trusted_certificates
from oott_assets.photos.sources.photo_source import (
    FetchedPost,
    FoundPhoto,
    ListedPost,
    PhotosUnknown,
    UnavailablePhoto,
)
from oott_assets.photos.sources.request_interval import RequestInterval
from oott_fashion.destinations import Destination, Destinations

# Posts of the last 24 hours, and the most popular posts of any time. The API offers no others.
_EDGES = ("recent_media", "top_media")

_MEDIA_PER_PAGE = 50  # the maximum of the API

# A page in the middle of a listing can be empty, or repeat an earlier page. After this many of them
# in a row, the API is probably repeating itself.
_MAX_DRY_PAGES = 10

# A response of the API must not make this process send requests to the private network.
_PHOTO_HOSTS = ("cdninstagram.com", "fbcdn.net")

_IDS_FILE = "hashtag-ids.json"

# Meta counts calls per hour and says when to slow down, so longer intervals are not needed.
_MAX_INTERVAL_SECONDS = 1.0

# The error message lists at most this many destinations. The command prints all destinations.
_MAX_NAMED = 10

_NO_URL = "the Graph API gives no URL for it, only its permalink"

_log = logging.getLogger(__name__)


@dataclass
class GraphApi:
    """Posts by hashtag, for an account with Meta's permission to search them.

    The API lists posts of the last 24 hours and the most popular posts of any time. So an older
    month contains only popular posts. At most ``max_posts`` of each are listed for a hashtag.
    ``ids_file`` stores the ids of hashtags; months begin in ``timezone``.
    """

    account: GraphAccount
    destinations: Destinations
    ids_file: Path
    timezone: str
    max_posts: int
    max_photo_bytes: int
    interval: RequestInterval
    user_agent: str = "OOTT"

    name = "graph_api"
    shows_people = True
    uses_network = True

    def posts(self, destination: Destination, month: date) -> Generator[ListedPost, None, None]:
        """List the posts of ``month`` and posts without a date. Fetch each before listing the next.

        Raises:
            PhotosUnknown: the weekly limit is too low for the hashtags, or the API refuses.
            SourceBusyForHours: the API asks for a long wait.
            SourceBusy: the API fails at every try.
        """
        with self._client() as client:
            graph = GraphClient(client, self.account, self.interval)
            downloads = Downloads(client, self._is_allowed, self.max_photo_bytes, self.interval)
            self._require_quota(destination, graph)
            listed: set[str] = set()
            for hashtag in hashtags_of(destination):
                for item in self._media(graph, hashtag):
                    post = self._listed(item, hashtag, downloads)
                    if post.shortcode not in listed and _may_belong_to(month, post):
                        listed.add(post.shortcode)
                        yield post

    def plan(self) -> Plan:
        """Plan which destinations the weekly limit still allows, all together.

        Raises:
            PhotosUnknown: the API does not list the recently searched hashtags.
        """
        with self._client() as client:
            return self._plan(self._recent(GraphClient(client, self.account, self.interval)))

    def _plan(self, recent: set[str]) -> Plan:
        places = [self.destinations.destination(slug) for slug in self.destinations.slugs]
        return plan_of(places, recent, self._ids.read())

    @property
    def _ids(self) -> HashtagIds:
        return HashtagIds(self.ids_file)

    def _client(self) -> httpx.Client:
        # A proxy would resolve loopback to its own machine.
        direct = is_loopback(self.account.url)
        headers = {"User-Agent": self.user_agent}
        return httpx.Client(headers=headers, trust_env=not direct, verify=trusted_certificates())

    def _is_allowed(self, url: str) -> bool:
        """Allow Meta's hosts, and loopback if the API itself is on loopback, as in tests."""
        loopback = is_loopback(url)
        return is_loopback(self.account.url) if loopback else is_permitted(url, _PHOTO_HOSTS)

    def _recent(self, graph: GraphClient) -> set[str]:
        path = f"{self.account.user}/recently_searched_hashtags"
        return set(graph.get(path, HashtagsPage, {"limit": str(MAX_HASHTAGS)}).ids)

    def _require_quota(self, destination: Destination, graph: GraphClient) -> None:
        """Raise before the first search if the limit is too low for ``destination``."""
        recent = self._recent(graph)
        new = new_hashtags(destination, recent, self._ids.read())
        plan = self._plan(recent)
        if len(new) > plan.free:
            fitting = ", ".join(place.slug for place in plan.fitting[:_MAX_NAMED]) or "none"
            raise PhotosUnknown(
                f"Instagram lets an account search {MAX_HASHTAGS} hashtags in 7 days; {plan.used} "
                f"are used, too many to search {', '.join(new[plan.free :])} for "
                f"{destination.slug}; still possible: {fitting}. To see all, run: "
                "python -m oott_assets.photos.sources.graph_api"
            )

    def _media(self, graph: GraphClient, hashtag: str) -> Iterator[MediaItem]:
        remembered = self._ids.read().get(hashtag)
        if remembered is not None:
            try:
                yield from self._media_of(graph, remembered, hashtag)
                return
            except NoSuchId as error:
                _log.warning("the id of #%s is out of date: %s", hashtag, error)
        try:
            hashtag_id = self._look_up(graph, hashtag)
        except NoSuchHashtag as error:
            _log.info("Instagram does not know #%s, so it has no posts: %s", hashtag, error)
            return
        yield from self._media_of(graph, hashtag_id, hashtag)

    def _look_up(self, graph: GraphClient, hashtag: str) -> str:
        """Look up the id of ``hashtag`` and store it."""
        query = {"user_id": self.account.user, "q": hashtag}
        found = graph.get("ig_hashtag_search", HashtagsPage, query)
        if not found.ids:
            # An entry without an id does not mean that there is no such hashtag.
            unknown = "the search for the hashtag found no id"
            raise PhotosUnknown(unknown) if found.data else NoSuchHashtag(unknown)
        self._ids.remember(hashtag, found.ids[0])
        return found.ids[0]

    def _media_of(self, graph: GraphClient, hashtag_id: str, hashtag: str) -> Iterator[MediaItem]:
        for edge in _EDGES:
            yield from self._media_at(graph, f"{hashtag_id}/{edge}", hashtag)

    def _media_at(self, graph: GraphClient, path: str, hashtag: str) -> Iterator[MediaItem]:
        """List all pages. Cursors and pages can repeat; only a page without a next one is last."""
        limit = str(_MEDIA_PER_PAGE)
        query = {"user_id": self.account.user, "fields": MEDIA_FIELDS, "limit": limit}
        seen: set[str] = set()
        dry_pages = 0
        for number in count(1):
            page = graph.get(path, MediaPage, query)
            new = [item for item in page.items(f"{path} page {number}") if item.id not in seen]
            yield from new[: self.max_posts - len(seen)]
            seen.update(item.id for item in new)
            dry_pages = 0 if any(item.problem is None for item in new) else dry_pages + 1
            if page.cursor is None:
                return
            if len(seen) >= self.max_posts:
                _log.info("#%s has more posts than the limit of %d", hashtag, self.max_posts)
                return
            if dry_pages == _MAX_DRY_PAGES:
                _log.warning("#%s: the last %d pages have no new posts", hashtag, dry_pages)
                return
            query["after"] = page.cursor

    def _listed(self, item: MediaItem, hashtag: str, downloads: Downloads) -> ListedPost:
        taken_at = item.timestamp and item.timestamp.astimezone(ZoneInfo(self.timezone))
        return ListedPost(
            item.shortcode,
            lambda: FetchedPost(taken_at, _photos_of(item, downloads)),
            item.permalink,
            hashtag,
            taken_at,
        )


def graph_api_of(settings: PhotoSettings, destinations: Destinations) -> GraphApi:
    """Create the source for the account in the settings, without sending a request.

    Raises:
        PhotosUnknown: the account or its token is missing or invalid.
    """
    if settings.graph_user is None or settings.graph_token is None:
        raise PhotosUnknown("OOTT_GRAPH_USER or OOTT_GRAPH_TOKEN is missing; set both")
    return GraphApi(
        GraphAccount(settings.graph_user, settings.graph_token, settings.graph_url),
        destinations,
        settings.home / _IDS_FILE,
        settings.timezone,
        settings.max_posts,
        settings.max_photo_bytes,
        RequestInterval(min(settings.request_interval_seconds, _MAX_INTERVAL_SECONDS)),
        settings.crawler_name,
    )


def _may_belong_to(month: date, post: ListedPost) -> bool:
    return post.taken_at is None or post.taken_at.date().replace(day=1) == month


def _photos_of(item: MediaItem, downloads: Downloads) -> Iterator[FoundPhoto | UnavailablePhoto]:
    for place, file in item.photos:
        name = f"{item.shortcode}-{place}.jpg"
        if file.media_url is None:
            yield UnavailablePhoto(name, file.problem or _NO_URL, permanent=True)
        else:
            yield downloads.fetch_photo(file.media_url, name)
