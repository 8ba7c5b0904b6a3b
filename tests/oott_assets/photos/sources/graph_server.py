"""A Graph API on loopback: hashtag search with its quota, paging, usage headers and errors."""

import hashlib
import json
from collections import deque
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Literal
from urllib.parse import parse_qs

from tests.oott_assets.photos.sources.photo_server import LoopbackServer, Reply, Request

USER, TOKEN = "17841400000000001", "EAAtesttoken0123456789abcdefghij"

JsonObject = dict[str, object]


@dataclass(frozen=True)
class FakePost:
    """A post under a hashtag; the server sends its ``photos``, one of an image, more of an album.

    A None among them is a video of an album. ``with_urls`` is false for a post whose media_url
    the API keeps back; ``popular`` for one that is among the top media, too.
    """

    shortcode: str
    taken_at: datetime | None = datetime(2026, 9, 15, 3, tzinfo=UTC)
    photos: Sequence[bytes | Reply | None] = (b"a photo",)
    media_type: Literal["IMAGE", "VIDEO", "CAROUSEL_ALBUM"] = "IMAGE"
    with_urls: bool = True
    popular: bool = True
    path: str = "p"


def graph_error(
    code: int,
    subcode: int | None = None,
    message: str = "no",
    status: int = 400,
    headers: Mapping[str, str] | None = None,
) -> Reply:
    """Shape an error as the API does."""
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
class Trouble:
    """What goes wrong with questions whose path ends in ``path``, for as long as replies last."""

    path: str
    replies: deque[Reply]


@dataclass
class GraphServer(LoopbackServer):
    """Knows ``posts`` by hashtag, and lets its user search ``max_hashtags`` of them.

    ``recent_media`` shows the posts of the 24 hours before ``now``, by default the newest post's.
    """

    posts: Mapping[str, Sequence[FakePost]] = field(default_factory=dict)
    now: datetime | None = None
    max_hashtags: int = 30
    page_size: int = 50
    usage: Mapping[str, str] = field(default_factory=dict)
    circles: bool = False
    searched: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        super().__init__()
        self.troubles: list[Trouble] = []
        self._position: dict[str, int] = {}

    def id_of(self, hashtag: str) -> str:
        """The id of a hashtag that has posts."""
        return str(17840000000000000 + list(self.posts).index(hashtag))

    def fail(self, path: str, *replies: Reply) -> None:
        """Send ``replies`` to the next requests for ``path``, such as top_media."""
        self.troubles.append(Trouble(path, deque(replies)))

    def reply(self, request: Request) -> Reply:
        for trouble in self.troubles:
            if request.path.endswith(trouble.path) and trouble.replies:
                return trouble.replies.popleft()
        if request.path.startswith("/photos/"):
            return self._photo(request.path)
        question = {name: values[0] for name, values in parse_qs(request.query).items()}
        scheme, _, token = request.headers.get("Authorization", "").partition(" ")
        if (scheme, token) != ("Bearer", TOKEN):
            return graph_error(190, message=f"Malformed access token {token}", status=401)
        return self._answer(request.path.strip("/"), question)

    def _answer(self, path: str, question: dict[str, str]) -> Reply:
        if path == f"{USER}/recently_searched_hashtags":
            return self._told({"data": [{"id": it} for it in self.searched[-30:]]})
        if question.get("user_id") != USER:
            return graph_error(100, message="The parameter user_id is required.")
        if path == "ig_hashtag_search":
            return self._search(question.get("q", ""))
        hashtag_id, _, edge = path.partition("/")
        known = {self.id_of(hashtag): hashtag for hashtag in self.posts}
        if hashtag_id not in known or edge not in ("recent_media", "top_media"):
            return graph_error(100, 33, "Unsupported get request.")
        return self._quota(hashtag_id) or self._page(known[hashtag_id], edge, question)

    def _search(self, hashtag: str) -> Reply:
        if hashtag not in self.posts:
            return graph_error(24, 2207024, "The requested resource does not exist")
        hashtag_id = self.id_of(hashtag)
        return self._quota(hashtag_id) or self._told({"data": [{"id": hashtag_id}]})

    def _quota(self, hashtag_id: str) -> Reply | None:
        if hashtag_id not in self.searched:
            if len(self.searched) >= self.max_hashtags:
                return graph_error(18, 2207034, "Max number of hashtags queried", 403)
            self.searched.append(hashtag_id)
        return None

    def _page(self, hashtag: str, edge: str, question: dict[str, str]) -> Reply:
        """Page as the API does: the cursor is always the same, and goes on nevertheless."""
        place = f"{hashtag}/{edge}"
        start = self._position.get(place, 0) if "after" in question else 0
        end = start + min(self.page_size, int(question.get("limit", "25")))
        posts = self._posts_at(hashtag, edge)
        answer: JsonObject = {"data": [self._medium(post) for post in posts[start:end]]}
        self._position[place] = end
        if self.circles or end < len(posts):
            self._position[place] = end if end < len(posts) else 0
            answer["paging"] = {
                "cursors": {"after": "QVFIU"},
                "next": f"https://graph.facebook.com/x?access_token={TOKEN}&after=QVFIU",
            }
        elif posts:
            answer["paging"] = {"cursors": {"after": "QVFIU"}}
        return self._told(answer)

    def _posts_at(self, hashtag: str, edge: str) -> list[FakePost]:
        posts = self.posts[hashtag]
        if edge == "top_media":
            return [post for post in posts if post.popular]
        dates = [post.taken_at for post in posts if post.taken_at is not None]
        now = self.now or max(dates, default=datetime.now(UTC))
        day = timedelta(days=1)
        return [it for it in posts if it.taken_at is not None and now - day < it.taken_at <= now]

    def _medium(self, post: FakePost) -> JsonObject:
        medium: JsonObject = {
            "id": str(18000000000000000 + _number_of(post.shortcode)),
            "permalink": f"https://www.instagram.com/{post.path}/{post.shortcode}/",
            "media_type": post.media_type,
        }
        if post.taken_at is not None:
            medium["timestamp"] = f"{post.taken_at.astimezone(UTC):%Y-%m-%dT%H:%M:%S}+0000"
        if post.media_type == "CAROUSEL_ALBUM":
            medium["children"] = {
                "data": [self._picture(post, index) for index in range(len(post.photos))]
            }
        else:
            medium |= self._picture(post, 0) | {"media_type": post.media_type}
        return medium

    def _picture(self, post: FakePost, index: int) -> JsonObject:
        kind = "VIDEO" if post.photos[index] is None else "IMAGE"
        picture: JsonObject = {"media_type": kind}
        if post.with_urls:
            picture["media_url"] = f"{self.url}/photos/{post.shortcode}/{index}.jpg?sig=secret"
        return picture

    def _photo(self, path: str) -> Reply:
        _, _, shortcode, file = path.split("/")
        photos = {post.shortcode: post.photos for posts in self.posts.values() for post in posts}
        photo = photos[shortcode][int(file.removesuffix(".jpg"))]
        return photo if isinstance(photo, Reply) else Reply(body=photo or b"")

    def _told(self, answer: JsonObject) -> Reply:
        return _json(answer, 200, self.usage)


def _number_of(shortcode: str) -> int:
    return int.from_bytes(hashlib.sha256(shortcode.encode()).digest()[:6])


def _json(answer: JsonObject, status: int, headers: Mapping[str, str] | None = None) -> Reply:
    kind = {"Content-Type": "application/json; charset=UTF-8"}
    return Reply(status, json.dumps(answer).encode(), {**kind, **(headers or {})})
