"""The posts of a destination's hashtags, as the Graph API's hashtag search lists them."""

import logging
from collections.abc import Generator, Iterator
from datetime import date, datetime
from pathlib import Path
from zoneinfo import ZoneInfo

import httpx

from oott_assets.photos.settings import PhotoSettings
from oott_assets.photos.sources.downloads import Downloads
from oott_assets.photos.sources.graph_api.graph_client import Graph, GraphAccount
from oott_assets.photos.sources.graph_api.graph_errors import NoSuchHashtag, NoSuchId
from oott_assets.photos.sources.graph_api.graph_responses import (
    MEDIA_FIELDS,
    HashtagIdsPage,
    MediaPage,
    Medium,
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

# Of the last 24 hours, and the most popular of any time: the API offers no other.
_EDGES = ("recent_media", "top_media")

_MEDIA_PER_PAGE = "50"  # the most that the API gives

_IDS_FILE = "hashtag-ids.json"

# Meta counts calls by the hour and says when to slow down: no page needs to be read in between.
_MAX_INTERVAL_SECONDS = 1.0

# A sentence has room for these; the command prints all.
_MAX_NAMED = 10

_log = logging.getLogger(__name__)


class GraphApi:
    """Posts by hashtag, for an account that Meta has allowed to search them.

    The API shows the last 24 hours and the most popular posts of any time, so that of an older
    month only popular posts come.
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
        """Ask for at most ``max_posts`` of a hashtag's posts, of each of the two kinds.

        ``ids_file`` keeps the ids of hashtags; months begin in ``timezone``.
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
        """List the posts of ``month``, and undated ones; bring each before asking for the next.

        Raises:
            PhotosUnknown: the hashtags do not fit into this week's, or the API refuses.
            SourceBusyForHours: the API asks for a long wait.
            SourceBusy: the API fails at every try.
        """
        with self._client() as client:
            graph = Graph(client, self._account, self._interval)
            downloads = Downloads(client, self._may_fetch, self._max_photo_bytes, self._interval)
            self._refuse_what_does_not_fit(destination, self._recent(graph))
            listed: set[str] = set()
            for hashtag in hashtags_of(destination):
                for medium in self._media(graph, hashtag):
                    if medium.shortcode not in listed and self._may_be_of(month, medium):
                        listed.add(medium.shortcode)
                        yield self._listed(medium, hashtag, downloads)

    def plan(self) -> Plan:
        """Tell which of all destinations can be collected now, all of them together.

        Raises:
            PhotosUnknown: the API refuses to tell which hashtags were searched.
        """
        with self._client() as client:
            recent = self._recent(Graph(client, self._account, self._interval))
        return plan_of(self._destinations, recent, self._ids.read())

    def _client(self) -> httpx.Client:
        # A proxy would look for loopback on its own machine.
        direct = is_loopback(self._account.url)
        headers = {"User-Agent": self._user_agent}
        return httpx.Client(headers=headers, trust_env=not direct, verify=trusted_certificates())

    def _may_fetch(self, url: str) -> bool:
        """Allow what Meta's servers may link to; a rehearsal's server may link to itself."""
        return is_public(url) or (is_loopback(url) and is_loopback(self._account.url))

    def _recent(self, graph: Graph) -> set[str]:
        path = f"{self._account.user}/recently_searched_hashtags"
        return {it.id for it in graph.ask(path, HashtagIdsPage, limit=str(MAX_HASHTAGS)).data}

    def _refuse_what_does_not_fit(self, destination: Destination, recent: set[str]) -> None:
        """Raise before anything is searched, for half a destination is no trend."""
        ids = self._ids.read()
        new = new_hashtags(destination, recent, ids)
        plan = plan_of(self._destinations, recent, ids)
        if len(new) > plan.free:
            fitting = ", ".join(it.slug for it in plan.fitting[:_MAX_NAMED]) or "no destination"
            raise PhotosUnknown(
                f"Instagram lets an account search {MAX_HASHTAGS} hashtags in 7 days; {plan.used} "
                f"are used, so that of {destination.slug} there is no room for "
                f"{', '.join(new[plan.free :])}; there is room for {fitting}. All that fit are "
                "told by: python -m oott_assets.photos.sources.graph_api"
            )

    def _media(self, graph: Graph, hashtag: str) -> Iterator[Medium]:
        remembered = self._ids.read().get(hashtag)
        if remembered is not None:
            try:
                yield from self._media_of(graph, remembered, hashtag)
            except NoSuchId as error:
                _log.warning("the id of #%s is looked up anew: %s", hashtag, error)
                self._ids.forget(hashtag)
            else:
                return
        try:
            hashtag_id = self._searched(graph, hashtag)
        except NoSuchHashtag as error:
            _log.info("#%s is unknown to Instagram, so it has no posts: %s", hashtag, error)
            return
        yield from self._media_of(graph, hashtag_id, hashtag)

    def _media_of(self, graph: Graph, hashtag_id: str, hashtag: str) -> Iterator[Medium]:
        for edge in _EDGES:
            yield from self._media_at(graph, f"{hashtag_id}/{edge}", hashtag)

    def _searched(self, graph: Graph, hashtag: str) -> str:
        """Look up the id of ``hashtag``, and remember it."""
        found = graph.ask(
            "ig_hashtag_search", HashtagIdsPage, user_id=self._account.user, q=hashtag
        ).data
        if not found:
            raise NoSuchHashtag("no id was found")
        self._ids.remember(hashtag, found[0].id)
        return found[0].id

    def _media_at(self, graph: Graph, path: str, hashtag: str) -> Iterator[Medium]:
        """List page after page; cursors repeat, so only a page of nothing new ends a circle."""
        question = {
            "user_id": self._account.user,
            "fields": MEDIA_FIELDS,
            "limit": _MEDIA_PER_PAGE,
        }
        seen: set[str] = set()
        while True:
            page = graph.ask(path, MediaPage, **question)
            new = [medium for medium in page.data if medium.id not in seen]
            yield from new[: self._max_posts - len(seen)]
            seen.update(medium.id for medium in new)
            if page.cursor is None or not new:
                return
            if len(seen) >= self._max_posts:
                _log.info("#%s has more posts than the %d asked for", hashtag, self._max_posts)
                return
            question["after"] = page.cursor

    def _may_be_of(self, month: date, medium: Medium) -> bool:
        taken_at = self._taken_at(medium)
        return taken_at is None or taken_at.date().replace(day=1) == month

    def _taken_at(self, medium: Medium) -> datetime | None:
        return medium.timestamp and medium.timestamp.astimezone(self._timezone)

    def _listed(self, medium: Medium, hashtag: str, downloads: Downloads) -> ListedPost:
        taken_at = self._taken_at(medium)
        return ListedPost(
            medium.shortcode,
            lambda: FetchedPost(taken_at, _photos_of(medium, downloads)),
            medium.permalink,
            hashtag,
            taken_at,
        )


def graph_api_of(settings: PhotoSettings, destinations: Destinations) -> GraphApi:
    """Open the API for the account that the settings name; nothing is asked yet.

    Raises:
        PhotosUnknown: the account or its token is not set, or unusable.
    """
    if settings.graph_user is None or settings.graph_token is None:
        raise PhotosUnknown("OOTT_GRAPH_USER and OOTT_GRAPH_TOKEN are needed; one is not set")
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


def _photos_of(medium: Medium, downloads: Downloads) -> Iterator[FoundPhoto | UnavailablePhoto]:
    for place, picture in medium.pictures:
        name = f"{medium.shortcode}-{place}.jpg"
        if picture.media_url is None:
            yield UnavailablePhoto(name, "the Graph API gives no URL for it, only its permalink")
        else:
            yield downloads.fetch_photo(picture.media_url, name)
