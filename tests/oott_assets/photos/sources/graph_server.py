"""A Graph API on loopback: hashtag search with its quota, paging, usage headers and errors."""

import hashlib
import json
from collections import Counter, deque
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Literal
from urllib.parse import parse_qs

from tests.oott_assets.photos.sources.photo_server import LoopbackServer, Reply, Request

USER, TOKEN = "17841400000000001", "EAAtesttoken0123456789abcdefghij"

JsonObject = dict[str, object]

_NEXT: JsonObject = {
    "cursors": {"after": "QVFIU"},
    "next": f"https://graph.facebook.com/x?access_token={TOKEN}&after=QVFIU",
}


@dataclass(frozen=True)
class FakePost:
    """A post with a hashtag and its ``photos``: one for an image, several for an album.

    In ``photos``, None stands for a video in an album. Without ``with_urls``, the API gives no
    media_url for the post. With ``popular``, the post is also among the top media. An album in
    state ``no children`` has only its cover; in state ``null child``, its first child is null.
    """

    shortcode: str
    taken_at: datetime | None = datetime(2026, 9, 15, 3, tzinfo=UTC)
    photos: Sequence[bytes | Reply | None] = (b"a photo",)
    media_type: Literal["IMAGE", "VIDEO", "CAROUSEL_ALBUM"] = "IMAGE"
    with_urls: bool = True
    popular: bool = True
    path: str = "p"
    album: Literal["whole", "no children", "null child"] = "whole"


def graph_error(
    code: int,
    subcode: int | None = None,
    message: str = "no",
    status: int = 400,
    headers: Mapping[str, str] | None = None,
) -> Reply:
    """Build an error response like the API's."""
    error: JsonObject = {
        "message": message,
        "type": "OAuthException",
        "code": code,
        "fbtrace_id": "A",
    }
    if subcode is not None:
        error["error_subcode"] = subcode
    return _json({"error": error}, status, headers)


@dataclass
class PlannedFailure:
    """Replies that replace the normal ones for requests whose path ends in ``path``."""

    path: str
    replies: deque[Reply]


@dataclass
class GraphServer(LoopbackServer):
    """A server with ``posts`` by hashtag, and a limit of ``max_hashtags`` searched hashtags.

    ``recent_media`` lists the posts of the 24 hours before ``now``, by default the latest post.
    ``extra_pages`` of top_media are sent by page number, before the page that would come. If asked
    for more than ``max_limit`` posts, the server asks for less data.
    """

    posts: Mapping[str, Sequence[FakePost]] = field(default_factory=dict)
    now: datetime | None = None
    max_hashtags: int = 30
    page_size: int = 50
    usage: Mapping[str, str] = field(default_factory=dict)
    max_limit: int = 50
    extra_pages: Mapping[int, Sequence[object]] = field(default_factory=dict)
    repeats_pages: bool = False
    searched: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        super().__init__()
        self.failures: list[PlannedFailure] = []
        self._position: dict[str, int] = {}
        self._pages: Counter[str] = Counter()

    def id_of(self, hashtag: str) -> str:
        """Return the id of a hashtag that has posts."""
        return str(17840000000000000 + list(self.posts).index(hashtag))

    def fail(self, path: str, *replies: Reply) -> None:
        """Send ``replies`` to the next requests for ``path``, such as top_media."""
        self.failures.append(PlannedFailure(path, deque(replies)))

    def reply(self, request: Request) -> Reply:
        for failure in self.failures:
            if request.path.endswith(failure.path) and failure.replies:
                return failure.replies.popleft()
        if request.path.startswith("/photos/"):
            return self._photo(request.path)
        query = {name: values[0] for name, values in parse_qs(request.query).items()}
        scheme, _, token = request.headers.get("Authorization", "").partition(" ")
        if (scheme, token) != ("Bearer", TOKEN):
            return graph_error(190, message=f"Malformed access token {token}", status=401)
        return self._response_to(request.path.strip("/"), query)

    def _response_to(self, path: str, query: dict[str, str]) -> Reply:
        if path == f"{USER}/recently_searched_hashtags":
            return self._success({"data": [{"id": hashtag} for hashtag in self.searched[-30:]]})
        if query.get("user_id") != USER:
            return graph_error(100, message="The parameter user_id is required.")
        if path == "ig_hashtag_search":
            return self._search(query.get("q", ""))
        hashtag_id, _, edge = path.partition("/")
        known = {self.id_of(hashtag): hashtag for hashtag in self.posts}
        if hashtag_id not in known or edge not in ("recent_media", "top_media"):
            return graph_error(100, 33, "Unsupported get request.")
        return self._quota(hashtag_id) or self._page(known[hashtag_id], edge, query)

    def _search(self, hashtag: str) -> Reply:
        if hashtag not in self.posts:
            return graph_error(24, 2207024, "The requested resource does not exist")
        hashtag_id = self.id_of(hashtag)
        return self._quota(hashtag_id) or self._success({"data": [{"id": hashtag_id}]})

    def _quota(self, hashtag_id: str) -> Reply | None:
        if hashtag_id not in self.searched:
            if len(self.searched) >= self.max_hashtags:
                return graph_error(18, 2207034, "Max number of hashtags queried", 403)
            self.searched.append(hashtag_id)
        return None

    def _page(self, hashtag: str, edge: str, query: dict[str, str]) -> Reply:
        """Return the next page; as in the API, every page has the same cursor."""
        place = f"{hashtag}/{edge}"
        if int(query.get("limit", "25")) > self.max_limit:
            return graph_error(1, message="Please reduce the amount of data you're asking for")
        self._pages[place] += 1
        if edge == "top_media" and self._pages[place] in self.extra_pages:
            extra = self.extra_pages[self._pages[place]]
            return self._success({"data": extra, "paging": _NEXT})
        start = self._position.get(place, 0) if "after" in query else 0
        end = start + min(self.page_size, int(query.get("limit", "25")))
        posts = self._posts_at(hashtag, edge)
        response: JsonObject = {"data": [self.entry_of(post) for post in posts[start:end]]}
        self._position[place] = end
        if self.repeats_pages or end < len(posts):
            self._position[place] = end if end < len(posts) else 0
            response["paging"] = _NEXT
        elif posts:
            response["paging"] = {"cursors": {"after": "QVFIU"}}
        return self._success(response)

    def _posts_at(self, hashtag: str, edge: str) -> list[FakePost]:
        posts = self.posts[hashtag]
        if edge == "top_media":
            return [post for post in posts if post.popular]
        dates = [post.taken_at for post in posts if post.taken_at is not None]
        now = self.now or max(dates, default=datetime.now(UTC))
        day = timedelta(days=1)
        return [
            post for post in posts if post.taken_at is not None and now - day < post.taken_at <= now
        ]

    def entry_of(self, post: FakePost) -> JsonObject:
        """Build the entry of ``post`` in a listing."""
        item: JsonObject = {
            "id": str(18000000000000000 + _number_of(post.shortcode)),
            "permalink": f"https://www.instagram.com/{post.path}/{post.shortcode}/",
            "media_type": post.media_type,
        }
        if post.taken_at is not None:
            item["timestamp"] = f"{post.taken_at.astimezone(UTC):%Y-%m-%dT%H:%M:%S}+0000"
        if post.media_type == "CAROUSEL_ALBUM" and post.album != "no children":
            files = [self._media_file(post, index) for index in range(len(post.photos))]
            lost = 1 if post.album == "null child" else 0
            item["children"] = {"data": [None] * lost + files[lost:]}
        else:
            item |= self._media_file(post, 0) | {"media_type": post.media_type}
        return item

    def _media_file(self, post: FakePost, index: int) -> JsonObject:
        kind = "VIDEO" if post.photos[index] is None else "IMAGE"
        media_file: JsonObject = {"media_type": kind}
        if post.with_urls:
            media_file["media_url"] = f"{self.url}/photos/{post.shortcode}/{index}.jpg?sig=secret"
        return media_file

    def _photo(self, path: str) -> Reply:
        _, _, shortcode, file = path.split("/")
        photos = {post.shortcode: post.photos for posts in self.posts.values() for post in posts}
        photo = photos[shortcode][int(file.removesuffix(".jpg"))]
        return photo if isinstance(photo, Reply) else Reply(body=photo or b"")

    def _success(self, response: JsonObject) -> Reply:
        return _json(response, 200, self.usage)


def _number_of(shortcode: str) -> int:
    return int.from_bytes(hashlib.sha256(shortcode.encode()).digest()[:6])


def _json(response: JsonObject, status: int, headers: Mapping[str, str] | None = None) -> Reply:
    kind = {"Content-Type": "application/json; charset=UTF-8"}
    return Reply(status, json.dumps(response).encode(), {**kind, **(headers or {})})
