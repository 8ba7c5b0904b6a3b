"""The photo source of the Graph API: lists and fetches the posts of a destination's hashtags."""

import logging
from collections.abc import Generator, Iterator
from datetime import date, datetime
from pathlib import Path
from zoneinfo import ZoneInfo

import httpx

from oott_assets.photos.settings import PhotoSettings
from oott_assets.photos.sources.downloads import Downloads
from oott_assets.photos.sources.graph_api.graph_client import GraphAccount, GraphClient
from oott_assets.photos.sources.graph_api.graph_errors import NoSuchHashtag, NoSuchId
from oott_assets.photos.sources.graph_api.graph_responses import (
    MEDIA_FIELDS,
    HashtagIdsPage,
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
from oott_assets.photos.sources.hosts import is_loopback, is_public
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

_MEDIA_PER_PAGE = "50"  # the maximum of the API

_IDS_FILE = "hashtag-ids.json"

# Meta counts calls per hour and says when to slow down, so longer intervals are not needed.
_MAX_INTERVAL_SECONDS = 1.0

# The error message lists at most this many destinations. The command prints all destinations.
_MAX_NAMED = 10

_log = logging.getLogger(__name__)


class GraphApi:
    """Posts by hashtag, for an account with Meta's permission to search them.

    The API lists posts of the last 24 hours and the most popular posts of any time. So an older
    month contains only popular posts.
    """

    name = "graph_api"
    shows_people = True
    uses_network = True

    def __init__(
        self,
        account: GraphAccount,
        destinations: Destinations,
        ids_file: Path,
        timezone: str,
        max_posts: int,
        max_photo_bytes: int,
        interval: RequestInterval,
        user_agent: str = "OOTT",
    ) -> None:
        """Request at most ``max_posts`` recent and ``max_posts`` popular posts of each hashtag.

        ``ids_file`` stores the ids of hashtags; months begin in ``timezone``.
        """
        self._account = account
        self._destinations = [destinations.destination(slug) for slug in destinations.slugs]
        self._ids = HashtagIds(ids_file)
        self._timezone = ZoneInfo(timezone)
        self._max_posts = max_posts
        self._max_photo_bytes = max_photo_bytes
        self._interval = interval
        self._user_agent = user_agent

    def posts(self, destination: Destination, month: date) -> Generator[ListedPost, None, None]:
        """List the posts of ``month`` and posts without a date. Fetch each before listing the next.

        Raises:
            PhotosUnknown: the weekly limit is too low for the hashtags, or the API refuses.
            SourceBusyForHours: the API asks for a long wait.
            SourceBusy: the API fails at every try.
        """
        with self._client() as client:
            graph = GraphClient(client, self._account, self._interval)
            downloads = Downloads(client, self._is_allowed, self._max_photo_bytes, self._interval)
            self._require_quota(destination, self._recent(graph))
            listed: set[str] = set()
            for hashtag in hashtags_of(destination):
                for item in self._media(graph, hashtag):
                    if item.shortcode not in listed and self._may_belong_to(month, item):
                        listed.add(item.shortcode)
                        yield self._listed(item, hashtag, downloads)

    def plan(self) -> Plan:
        """Plan which destinations the weekly limit still allows, all together.

        Raises:
            PhotosUnknown: the API does not list the recently searched hashtags.
        """
        with self._client() as client:
            recent = self._recent(GraphClient(client, self._account, self._interval))
        return plan_of(self._destinations, recent, self._ids.read())

    def _client(self) -> httpx.Client:
        # A proxy would resolve loopback to its own machine.
        direct = is_loopback(self._account.url)
        headers = {"User-Agent": self._user_agent}
        return httpx.Client(headers=headers, trust_env=not direct, verify=trusted_certificates())

    def _is_allowed(self, url: str) -> bool:
        """Allow public hosts, and loopback if the API itself is on loopback, as in tests."""
        return is_public(url) or (is_loopback(url) and is_loopback(self._account.url))

    def _recent(self, graph: GraphClient) -> set[str]:
        path = f"{self._account.user}/recently_searched_hashtags"
        page = graph.get(path, HashtagIdsPage, limit=str(MAX_HASHTAGS))
        return {hashtag.id for hashtag in page.data}

    def _require_quota(self, destination: Destination, recent: set[str]) -> None:
        """Raise before the first search if the limit is too low for ``destination``."""
        ids = self._ids.read()
        new = new_hashtags(destination, recent, ids)
        plan = plan_of(self._destinations, recent, ids)
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
            except NoSuchId as error:
                _log.warning(
                    "the id of #%s is out of date and is looked up again: %s", hashtag, error
                )
                self._ids.forget(hashtag)
            else:
                return
        try:
            hashtag_id = self._look_up(graph, hashtag)
        except NoSuchHashtag as error:
            _log.info("Instagram does not know #%s, so it has no posts: %s", hashtag, error)
            return
        yield from self._media_of(graph, hashtag_id, hashtag)

    def _media_of(self, graph: GraphClient, hashtag_id: str, hashtag: str) -> Iterator[MediaItem]:
        for edge in _EDGES:
            yield from self._media_at(graph, f"{hashtag_id}/{edge}", hashtag)

    def _look_up(self, graph: GraphClient, hashtag: str) -> str:
        """Look up the id of ``hashtag`` and store it."""
        found = graph.get(
            "ig_hashtag_search", HashtagIdsPage, user_id=self._account.user, q=hashtag
        ).data
        if not found:
            raise NoSuchHashtag("no id was found")
        self._ids.remember(hashtag, found[0].id)
        return found[0].id

    def _media_at(self, graph: GraphClient, path: str, hashtag: str) -> Iterator[MediaItem]:
        """List all pages. Cursors can repeat, so a page without new posts ends the listing."""
        query = {
            "user_id": self._account.user,
            "fields": MEDIA_FIELDS,
            "limit": _MEDIA_PER_PAGE,
        }
        seen: set[str] = set()
        while True:
            page = graph.get(path, MediaPage, **query)
            new = [item for item in page.data if item.id not in seen]
            yield from new[: self._max_posts - len(seen)]
            seen.update(item.id for item in new)
            if page.cursor is None or not new:
                return
            if len(seen) >= self._max_posts:
                _log.info("#%s has more posts than the limit of %d", hashtag, self._max_posts)
                return
            query["after"] = page.cursor

    def _may_belong_to(self, month: date, item: MediaItem) -> bool:
        taken_at = self._taken_at(item)
        return taken_at is None or taken_at.date().replace(day=1) == month

    def _taken_at(self, item: MediaItem) -> datetime | None:
        return item.timestamp and item.timestamp.astimezone(self._timezone)

    def _listed(self, item: MediaItem, hashtag: str, downloads: Downloads) -> ListedPost:
        taken_at = self._taken_at(item)
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


def _photos_of(item: MediaItem, downloads: Downloads) -> Iterator[FoundPhoto | UnavailablePhoto]:
    for place, media_file in item.photos:
        name = f"{item.shortcode}-{place}.jpg"
        if media_file.media_url is None:
            yield UnavailablePhoto(name, "the Graph API gives no URL for it, only its permalink")
        else:
            yield downloads.fetch_photo(media_file.media_url, name)
