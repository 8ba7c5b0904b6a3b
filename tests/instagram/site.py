"""A site on loopback that behaves like Instagram, for a real browser to crawl.

Kinds of requests, for planning faults and finding requests: ``page`` (``home``, ``login``, ``grid``
or ``post``), ``notice`` (a challenge or a suspension), ``photo`` (full size), ``small`` (a crop or
an avatar), ``api`` and ``robots``.
"""

import itertools
import json
import secrets
from collections.abc import Iterable, Sequence
from dataclasses import replace
from threading import Event, Lock
from types import TracebackType
from typing import NamedTuple, Self
from urllib.parse import parse_qs, quote, unquote

from tests.instagram import pages
from tests.instagram.cdn import AVATAR, Cdn
from tests.instagram.faults import Faults
from tests.instagram.posts import Post
from tests.instagram.responses import HTML, JSON, TEXT, Response, moved_to
from tests.instagram.serving import Request, Server
from tests.instagram.sessions import Sessions, cookie

# The number of posts in the grid at first, and in each further response.
_BATCH = 12
_MORE_POSTS = 6

_KINDS = (
    ("/robots.txt", ("robots",)),
    ("/cdn/small/", ("small",)),
    ("/cdn/", ("photo",)),
    (AVATAR, ("small",)),
    ("/api/", ("api",)),
    ("/challenge/", ("notice",)),
    ("/accounts/suspended/", ("notice",)),
    ("/accounts/", ("page", "login")),
    ("/explore/tags/", ("page", "grid")),
    ("/p/", ("page", "post")),
    ("/", ("page", "home")),
)


class RecordedRequest(NamedTuple):
    """A recorded request; ``status`` is 0 if the connection was reset."""

    method: str
    path: str  # with its query
    status: int
    headers: dict[str, str]  # names in lower case
    kinds: tuple[str, ...]
    at: float  # by time.monotonic()


class InstagramSite:
    """Serves ``posts`` at ``url`` within its context.

    A session ends after ``pages_per_session`` grids and posts, if that is set.
    With ``language`` "ko" the pages are in Korean. With ``separate_cdn`` photos are on another
    port. With ``robots`` None there is no robots.txt.
    """

    def __init__(
        self,
        posts: Iterable[Post] = (),
        *,
        username: str = "a.crawler",
        password: str = "open sesame",
        robots: str | None = "User-agent: *\nAllow: /\n",
        language: str = "en",
        separate_cdn: bool = False,
        posts_need_session: bool = True,
        pages_per_session: int | None = None,
        api_delay_seconds: float = 0.05,
    ) -> None:
        self.posts = {post.shortcode: post for post in posts}
        self.username = username
        self.password = password
        self.robots = robots
        self.language = language
        self.posts_need_session = posts_need_session
        self.api_delay_seconds = api_delay_seconds
        self.sessions = Sessions(pages_per_session)
        self.faults = Faults()
        self.requests: list[RecordedRequest] = []
        self.log_ins: list[bool] = []  # whether each was accepted
        self._lock = Lock()
        self._closing = Event()
        self._servers = [Server(self._answer, self._closing) for _ in range(1 + separate_cdn)]
        self.url = self._servers[0].url
        self.cdn_url = self._servers[-1].url
        origin = self.cdn_url if separate_cdn else ""
        self._cdn = Cdn(self.posts, origin, self._servers[-1].port)

    def __enter__(self) -> Self:
        for server in self._servers:
            server.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        _error: BaseException | None,
        _traceback: TracebackType | None,
    ) -> None:
        self._closing.set()
        for server in self._servers:
            server.stop()
        errors = [error for server in self._servers for error in server.errors]
        if errors and kind is None:
            raise errors[0]

    def requests_for(self, target: str) -> list[RecordedRequest]:
        """Return the requests of a kind, or with paths that start with ``target``, in order."""
        with self._lock:
            return [
                request
                for request in self.requests
                if target in request.kinds or (target[0] == "/" and request.path.startswith(target))
            ]

    def grid_path(self, hashtag: str) -> str:
        """Return the path of a hashtag's page."""
        return f"/explore/tags/{quote(hashtag, safe='')}/"

    def photo_urls(self, post: Post) -> list[str]:
        """Return the URLs of the full-size photos of ``post``."""
        urls = (self._cdn.address_of(photo, None) for photo in post.photos)
        return [url if url.startswith("http") else self.url + url for url in urls]

    def _answer(self, request: Request) -> Response:
        """Answer ``request``, with its planned fault if there is one, and record it."""
        kinds = next(kinds for start, kinds in _KINDS if request.path.startswith(start))
        response = (
            self._page(request) if kinds[0] == "page" else self._other_response(request, kinds[0])
        )
        response = self.faults.change(kinds, unquote(request.path), response)
        if self.language == "ko" and response.content_type == HTML:
            response = replace(response, body=pages.in_korean(response.body))
        seen = (request.method, request.target, response.status, request.headers, kinds, request.at)
        with self._lock:
            self.requests.append(RecordedRequest(*seen))
        return response

    def _page(self, request: Request) -> Response:
        response = self._page_without_token(request)
        if "csrftoken" in request.cookies:
            return response
        return replace(response, headers=(*response.headers, _new_csrf_token()))

    def _page_without_token(self, request: Request) -> Response:
        section, _, rest = request.path[1:].partition("/")
        if section == "accounts":
            next_path = request.query.get("next", "/")
            return Response(pages.log_in(next_path))
        logged_in = self._is_logged_in(request, counts_page=section != "")
        if section == "":
            return Response(pages.home() if logged_in else pages.log_in("/"))
        if not logged_in and (section != "p" or self.posts_need_session):
            return moved_to(f"/accounts/login/?next={quote(request.path)}")
        if request.path.startswith("/explore/tags/"):
            return self._grid(unquote(rest.removeprefix("tags/").rstrip("/")))
        if section == "p" and (post := self.posts.get(rest.rstrip("/"))):
            return Response(pages.post(post, self._others(post), self._cdn.address_of))
        return Response(pages.not_available(), 404)

    def _other_response(self, request: Request, kind: str) -> Response:
        if kind == "robots":
            found = self.robots is not None
            return Response((self.robots or "").encode(), 200 if found else 404, TEXT)
        if kind == "notice":
            is_challenge = request.path.startswith("/challenge/")
            return Response(pages.challenge() if is_challenge else pages.suspended())
        if request.path == "/api/login":
            return self._log_in(request)
        return self._more_posts(request) if kind == "api" else self._cdn.answer(request)

    def _grid(self, hashtag: str) -> Response:
        posts = self._posts_of(hashtag)
        if not posts:
            return Response(pages.no_posts(hashtag))
        data = {
            **self._batch(posts, 0),
            "api": f"/api/tags/{quote(hashtag, safe='')}/",
            "login": f"/accounts/login/?next={quote(self.grid_path(hashtag))}",
        }
        return Response(pages.grid(hashtag, len(posts), data))

    def _more_posts(self, request: Request) -> Response:
        if not self._is_logged_in(request, counts_page=False):
            return Response(b'{"message": "login_required"}', 401, JSON)
        self._closing.wait(self.api_delay_seconds)
        hashtag = unquote(request.path.removeprefix("/api/tags/").rstrip("/"))
        batch = self._batch(self._posts_of(hashtag), int(request.query.get("cursor", "0")))
        return Response(json.dumps(batch).encode(), content_type=JSON)

    def _batch(self, posts: Sequence[Post], start: int) -> dict[str, object]:
        end = start + _BATCH
        shown = [{"path": post.path, "small": self._cover_of(post)} for post in posts[start:end]]
        return {"posts": shown, "cursor": end if end < len(posts) else None}

    def _cover_of(self, post: Post) -> str:
        return self._cdn.address_of(post.photos[0], 240) if post.photos else AVATAR

    def _posts_of(self, hashtag: str) -> list[Post]:
        return [post for post in list(self.posts.values()) if hashtag in post.hashtags]

    def _others(self, post: Post) -> list[Post]:
        posts = itertools.islice(list(self.posts.values()), _MORE_POSTS + 1)
        return [other for other in posts if other is not post]

    def _log_in(self, request: Request) -> Response:
        token = request.headers.get("x-csrftoken")
        if token is None or token != request.cookies.get("csrftoken"):
            return Response(b'{"message": "CSRF token missing or incorrect"}', 403, JSON)
        form = {name: values[-1] for name, values in parse_qs(request.body.decode()).items()}
        accepted = (form.get("username"), form.get("password")) == (self.username, self.password)
        self.log_ins.append(accepted)
        if not accepted:
            return Response(b'{"authenticated": false}', content_type=JSON)
        next_path = form.get("next", "/")
        message = json.dumps({"authenticated": True, "next": next_path}).encode()
        session = cookie("sessionid", self.sessions.new(), "HttpOnly")
        return Response(message, content_type=JSON, headers=(session, _new_csrf_token()))

    def _is_logged_in(self, request: Request, counts_page: bool) -> bool:
        return self.sessions.is_valid(request.cookies.get("sessionid", ""), counts_page)


def _new_csrf_token() -> tuple[str, str]:
    return cookie("csrftoken", secrets.token_urlsafe(16))
