"""The log-in sessions of the site, and when they end."""

import secrets
from threading import Lock

_A_YEAR_SECONDS = 365 * 86400


class Sessions:
    """Sessions that end after ``pages`` pages, if that is set."""

    def __init__(self, pages: int | None) -> None:
        self.pages = pages
        self._seen: dict[str, int] = {}
        self._lock = Lock()

    def new(self) -> str:
        """Create a session and return its ``sessionid``."""
        session = secrets.token_urlsafe(16)
        with self._lock:
            self._seen[session] = 0
        return session

    def end(self) -> None:
        """Log everyone out."""
        with self._lock:
            self._seen.clear()

    def is_valid(self, session: str, counts_page: bool) -> bool:
        """Tell whether ``session`` is valid; with ``counts_page`` the request counts as a page."""
        with self._lock:
            if session not in self._seen:
                return False
            self._seen[session] += counts_page
            if self.pages is not None and self._seen[session] > self.pages:
                del self._seen[session]
            return session in self._seen


def cookie(name: str, value: str, *more: str) -> tuple[str, str]:
    """Build the header that sets a cookie for one year."""
    parts = (f"{name}={value}", "Path=/", f"Max-Age={_A_YEAR_SECONDS}", "SameSite=Lax", *more)
    return "Set-Cookie", "; ".join(parts)
