"""The HTML pages of the site, with the features that a crawler recognises."""

import json
from collections.abc import Callable, Sequence
from functools import cache
from html import escape
from pathlib import Path

from tests.instagram.posts import Post, PostPhoto

SMALL_WIDTHS = (150, 240)

# The URL of a photo, or of its crop with this width in pixels.
AddressOf = Callable[[PostPhoto, int | None], str]

_SCRIPTS = Path(__file__).parent / "scripts"
_STYLE = """
body { margin: 0; font: 14px sans-serif; } main { width: 600px; margin: 0 auto; }
.row { display: flex; } .row a { width: 200px; } .row img { display: block; width: 100%; }
.cover { position: fixed; inset: 0; background: #000b; }
[role=dialog] { width: 400px; margin: 20vh auto; padding: 20px; background: #fff; }
article header img { width: 32px; height: 32px; } article ul { list-style: none; padding: 0; }
"""
# It covers each page until it is answered. The browser source does not answer it.
_COOKIES = """
<div class="cover"><div role="dialog" aria-label="Cookies">
<h2>Allow the use of cookies from Instagram on this browser?</h2>
<button>Allow all cookies</button>
<button onclick="this.closest('.cover').remove()">Decline optional cookies</button></div></div>
"""
_KOREAN = {
    "Allow all cookies": "모든 쿠키 허용",
    "Decline optional cookies": "선택적 쿠키 거부",
    "Go back to Instagram.": "Instagram으로 돌아가기.",
    "Go back": "돌아가기",
    '"Next"': '"다음"',
    "Home": "홈",
    "Log in": "로그인",
    "More posts from": "님의 게시물 더 보기",
    "No posts yet": "아직 게시물이 없습니다",
    "Password": "비밀번호",
    "Page not found": "페이지를 찾을 수 없습니다",
    "Photo by": "님의 사진",
    "Sorry, this page isn't available.": "죄송합니다. 페이지를 사용할 수 없습니다.",
    "Sorry, your password was incorrect.": "잘못된 비밀번호입니다.",
    "The link you followed may be broken": "클릭하신 링크가 잘못되었을 수 있습니다",
    "profile picture": "님의 프로필 사진",
    " posts</span>": "</span>개의 게시물",
}
_ACTIONS = "<button>Like</button><button>Comment</button><button>Save</button>"
_COMMENTS = '<ul><li><a href="/fan/"><img alt="" src="/avatar.jpg?fan"></a></li><li>Wow</li></ul>'
_NAVIGATION = '<nav><a href="/">Home</a> <a href="/explore/">Explore</a></nav>'


def page(
    body: str, script: str | None = None, data: object = None, title: str = "Instagram"
) -> bytes:
    """Make a page with ``body`` and a ``script`` that reads ``data``."""
    # An HTML parser ends the script at the first </.
    held = json.dumps(data, ensure_ascii=False).replace("<", "\\u003c")
    scripts = f'<script type="application/json" id="page-data">{held}</script>'
    scripts += _script(script) if script else ""
    return (
        f'<!doctype html><html lang="en"><head><meta charset="utf-8"><title>{escape(title)}</title>'
        f'<link rel="icon" href="data:,"><style>{_STYLE}</style></head>'
        f"<body>{body}{_COOKIES}{scripts}</body></html>"
    ).encode()


def in_korean(content: bytes) -> bytes:
    """Translate the labels of a page."""
    text = content.decode()
    for english, korean in _KOREAN.items():
        text = text.replace(english, korean)
    return text.encode()


def plain(text: str) -> bytes:
    """Make a page with only ``text``."""
    return page(f"<div>{escape(text)}</div>")


def log_in(next_path: str) -> bytes:
    """Make the log-in form, which continues to ``next_path``."""
    return page(
        "<main><h1>Instagram</h1><form>"
        '<input name="username" aria-label="Phone number, username, or email">'
        '<input name="password" type="password" aria-label="Password">'
        f'<input name="next" type="hidden" value="{escape(next_path)}">'
        '<button type="submit">Log in</button></form><div id="message"></div></main>',
        "log_in",
    )


def home() -> bytes:
    """Make the home page."""
    return page(f"{_NAVIGATION}<main><h2>You're all caught up</h2></main>")


def grid(hashtag: str, count: int, data: dict[str, object]) -> bytes:
    """Make the page of a hashtag with ``count`` posts; ``data`` contains the first ones."""
    return page(
        f"{_NAVIGATION}<main><header><h1>#{escape(hashtag)}</h1>"
        f"<span>{count:,} posts</span></header>"
        '<div id="above"></div><div id="rows"></div><div id="below"></div>'
        '<div id="more"><div role="progressbar" aria-label="Loading..."></div></div></main>',
        "grid",
        data,
        title=f"#{hashtag} • Instagram photos and videos",
    )


def no_posts(hashtag: str) -> bytes:
    """Make the page of an unused hashtag."""
    return page(
        f"{_NAVIGATION}<main><header><h1>#{escape(hashtag)}</h1><span>0 posts</span></header>"
        "<h2>No posts yet</h2></main>"
    )


def post(post: Post, others: Sequence[Post], address_of: AddressOf) -> bytes:
    """Make the page of a post, with ``others`` below it."""
    slides = [_slide(photo, address_of) for photo in post.photos]
    if not slides:
        media = '<video preload="none" src="/cdn/video.mp4" controls></video>'
    else:
        media = slides[0] if len(slides) == 1 else "<ul></ul>"
    return page(
        f"{_NAVIGATION}<main><article><header>"
        '<img alt="someone\'s profile picture" src="/avatar.jpg"><a href="/someone/">someone</a>'
        f"</header><div>{media}</div><section>{_ACTIONS}</section>"
        f"<div>{_caption(post)}{_time(post)}</div>{_COMMENTS}</article>"
        f"<section><h2>More posts from someone</h2>{_more(others, address_of)}</section></main>",
        "carousel" if len(slides) > 1 else None,
        {"slides": slides},
        title="someone on Instagram",
    )


def not_available() -> bytes:
    """Make the page of a removed post."""
    return page(
        f"{_NAVIGATION}<main><h2>Sorry, this page isn't available.</h2>"
        "<p>The link you followed may be broken, or the page may have been removed. "
        '<a href="/">Go back to Instagram.</a></p></main>',
        title="Page not found • Instagram",
    )


def error() -> bytes:
    """Make a general error page."""
    return page(
        "<main><h2>Something went wrong</h2><p>There's an issue and the page could not be loaded."
        "</p><button>Reload page</button></main>"
    )


def challenge() -> bytes:
    """Make the page of a challenge."""
    return page(
        "<main><h2>Help us confirm it's you</h2>"
        "<p>We noticed unusual activity. Enter the code that we sent you.</p>"
        '<form><input name="security_code"><button type="submit">Continue</button></form></main>'
    )


def suspended() -> bytes:
    """Make the page of a suspended account."""
    return page(
        "<main><h2>We suspended your account</h2><p>You have 180 days left to disagree.</p></main>"
    )


def _slide(photo: PostPhoto, address_of: AddressOf) -> str:
    widths = [(address_of(photo, width), width) for width in SMALL_WIDTHS]
    widths.append((address_of(photo, None), photo.width()))
    candidates = ", ".join(f"{escape(address)} {width}w" for address, width in widths)
    small = escape(address_of(photo, SMALL_WIDTHS[-1]))
    return f'<img alt="Photo by someone" src="{small}" srcset="{candidates}" sizes="470px">'


def _caption(post: Post) -> str:
    return "<h1>" + " ".join(f"#{escape(hashtag)}" for hashtag in post.hashtags) + "</h1>"


def _time(post: Post) -> str:
    if post.taken_at is None:
        return ""
    return f'<time datetime="{post.taken_at:%Y-%m-%dT%H:%M:%S.000Z}">{post.taken_at:%B %d}</time>'


def _more(others: Sequence[Post], address_of: AddressOf) -> str:
    return "".join(
        f'<a href="{other.path}"><img alt="" src="{address_of(other.photos[0], 150)}"></a>'
        for other in others
        if other.photos
    )


@cache
def _script(name: str) -> str:
    return f'<script type="module">{(_SCRIPTS / f"{name}.js").read_text(encoding="utf-8")}</script>'
