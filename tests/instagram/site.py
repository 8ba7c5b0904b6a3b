"""A site on loopback that behaves like Instagram, for a real browser to crawl.

Kinds of requests, by which faults are planned and requests are found again: ``page`` (of these
``home``, ``login``, ``grid``, ``post``), ``notice`` (a challenge or a suspension), ``photo`` (a
whole one), ``small`` (a cut-out, an avatar), ``api`` and ``robots``.
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
from tests.instagram.responses import JSON, TEXT, Response, moved_to
from tests.instagram.serving import Request, Server
from tests.instagram.sessions import Sessions, cookie

# As many as the grid shows before its script asks for more, and then each time.
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


class Asked(NamedTuple):
    """A request as the site saw it; ``status`` is 0 where it was reset instead of answered."""

    method: str
    path: str  # with its query
    status: int
    headers: dict[str, str]  # named in small letters
    kinds: tuple[str, ...]
    at: float  # by time.monotonic()


class InstagramSite:
    """Serves ``posts`` under ``url`` from entering to leaving.

    A session ends after ``pages_per_session`` grids and posts, if that is set. ``cdn_apart`` puts
    the photos on another port. ``robots`` None has no such file.
    """

    def __init__(
        self,
        posts: Iterable[Post] = (),
        *,
        username: str = "a.crawler",
        password: str = "open sesame",
        robots: str | None = "User-agent: *\nAllow: /\n",
        consent: bool = True,
        onetap: bool = True,
        cdn_apart: bool = False,
        posts_need_session: bool = True,
        pages_per_session: int | None = None,
        api_delay_seconds: float = 0.05,
    ) -> None:
        self.posts = {post.shortcode: post for post in posts}
        self.username = username
        self.password = password
        self.robots = robots
        self.consent = consent
        self.onetap = onetap
        self.posts_need_session = posts_need_session
        self.api_delay_seconds = api_delay_seconds
        self.sessions = Sessions(pages_per_session)
        self.faults = Faults()
        self.requests: list[Asked] = []
        self.log_ins: list[bool] = []  # whether each was accepted
        self._lock = Lock()
        self._closing = Event()
        self._servers = [Server(self._answer, self._closing) for _ in range(1 + cdn_apart)]
        self.url = self._servers[0].url
        self.cdn_url = self._servers[-1].url
        origin = self.cdn_url if cdn_apart else ""
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

    @property
    def connections(self) -> int:
        """Tell how many connections are open now, on both ports."""
        return sum(server.connections for server in self._servers)

    @property
    def max_connections(self) -> int:
        """Tell how many connections were open at once, at most, on either port."""
        return max(server.max_connections for server in self._servers)

    def asked(self, target: str) -> list[Asked]:
        """Give the requests of a kind, or for paths that start with ``target``, in order."""
        with self._lock:
            return [
                it
                for it in self.requests
                if target in it.kinds or (target[0] == "/" and it.path.startswith(target))
            ]

    def gaps(self, target: str = "page") -> list[float]:
        """Tell the seconds from each such request to the next."""
        moments = sorted(it.at for it in self.asked(target))
        return [later - earlier for earlier, later in itertools.pairwise(moments)]

    def grid_path(self, hashtag: str) -> str:
        """Give the path of a hashtag's page."""
        return f"/explore/tags/{quote(hashtag, safe='')}/"

    def photo_urls(self, post: Post) -> list[str]:
        """Give the addresses of the whole photos of ``post``."""
        urls = (self._cdn.address_of(photo, None) for photo in post.photos)
        return [url if url.startswith("http") else self.url + url for url in urls]

    def _answer(self, request: Request) -> Response:
        """Answer ``request``, with its planned fault if there is one, and record it."""
        kinds = next(kinds for start, kinds in _KINDS if request.path.startswith(start))
        answer = self._page(request) if kinds[0] == "page" else self._thing(request, kinds[0])
        answer = self.faults.change(kinds, unquote(request.path), answer)
        seen = (request.method, request.target, answer.status, request.headers, kinds, request.at)
        with self._lock:
            self.requests.append(Asked(*seen))
        return answer

    def _page(self, request: Request) -> Response:
        answer = self._page_itself(request)
        if self.consent and "ig_consent" not in request.cookies and answer.status == 200:
            answer = replace(answer, body=pages.with_consent_asked(answer.body))
        if "csrftoken" in request.cookies:
            return answer
        return replace(answer, headers=(*answer.headers, _new_csrf_token()))

    def _page_itself(self, request: Request) -> Response:
        section, _, rest = request.path[1:].partition("/")
        if section == "accounts":
            following = request.query.get("next", "/")
            return Response((pages.onetap if rest == "onetap/" else pages.log_in)(following))
        logged_in = self._is_logged_in(request, wears=section != "")
        if section == "":
            return Response(pages.home() if logged_in else pages.log_in("/"))
        if not logged_in and (section != "p" or self.posts_need_session):
            return moved_to(f"/accounts/login/?next={quote(request.path)}")
        if request.path.startswith("/explore/tags/"):
            return self._grid(unquote(rest.removeprefix("tags/").rstrip("/")))
        if section == "p" and (post := self.posts.get(rest.rstrip("/"))):
            return Response(pages.post(post, self._others(post), self._cdn.address_of))
        return Response(pages.not_available(), 404)

    def _thing(self, request: Request, kind: str) -> Response:
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
        if not self._is_logged_in(request, wears=False):
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
        following = form.get("next", "/")
        if self.onetap:
            following = f"/accounts/onetap/?next={quote(following)}"
        said = json.dumps({"authenticated": True, "next": following}).encode()
        session = cookie("sessionid", self.sessions.new(), "HttpOnly")
        return Response(said, content_type=JSON, headers=(session, _new_csrf_token()))

    def _is_logged_in(self, request: Request, wears: bool) -> bool:
        return self.sessions.lasts(request.cookies.get("sessionid", ""), wears)


def _new_csrf_token() -> tuple[str, str]:
    return cookie("csrftoken", secrets.token_urlsafe(16))
