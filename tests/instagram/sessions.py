"""Who is logged in, and how long that lasts."""

import secrets
from threading import Lock

_A_YEAR_SECONDS = 365 * 86400


class Sessions:
    """Sessions, each of which ends after ``pages`` pages, if that is set."""

    def __init__(self, pages: int | None) -> None:
        self.pages = pages
        self._seen: dict[str, int] = {}
        self._lock = Lock()

    def new(self) -> str:
        """Give the ``sessionid`` of someone who just logged in."""
        session = secrets.token_urlsafe(16)
        with self._lock:
            self._seen[session] = 0
        return session

    def end(self) -> None:
        """Log everyone out."""
        with self._lock:
            self._seen.clear()

    def lasts(self, session: str, wears: bool) -> bool:
        """Tell whether ``session`` lasts; a page that ``wears`` it down brings its end nearer."""
        with self._lock:
            if session not in self._seen:
                return False
            self._seen[session] += wears
            if self.pages is not None and self._seen[session] > self.pages:
                del self._seen[session]
            return session in self._seen


def cookie(name: str, value: str, *more: str) -> tuple[str, str]:
    """Write the header that has a browser keep a cookie for a year."""
    parts = (f"{name}={value}", "Path=/", f"Max-Age={_A_YEAR_SECONDS}", "SameSite=Lax", *more)
    return "Set-Cookie", "; ".join(parts)
