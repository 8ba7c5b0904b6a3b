"""Parses robots.txt for one crawler.

The standard library's parser uses the first matching rule and has no wildcards. A site may allow
everything except its photos. With that parser, the crawler would download these photos.

Source: RFC 9309, section 2.2.
"""

import re
from collections.abc import Iterable
from typing import NamedTuple
from urllib.parse import quote, unquote, urlsplit

# RFC 9309 requires reading at least this many bytes.
MAX_BYTES = 500 * 1024

# Characters that stay unquoted when paths and rules are compared.
_UNQUOTED = "/%*$?&=;:@!+,~'()#[]-._"


class Rule(NamedTuple):
    """A path pattern, and whether it allows or disallows."""

    pattern: str
    allows: bool

    def matches(self, path: str) -> bool:
        """Tell whether the quoted ``path`` matches the pattern."""
        ends = self.pattern.endswith("$")
        first, *later = self.pattern.removesuffix("$").split("*")
        if not path.startswith(first):
            return False
        if not later:
            return not ends or path == first
        last = later.pop() if ends else ""
        at = len(first)
        # Taking the leftmost match of each piece is always best, so no backtracking is needed.
        for piece in later:
            found = path.find(piece, at)
            if found < 0:
                return False
            at = found + len(piece)
        return len(path) - len(last) >= at and path.endswith(last)


class Robots(NamedTuple):
    """The rules for one crawler, and the required seconds between requests."""

    rules: tuple[Rule, ...]
    delay_seconds: float = 0.0

    def allows(self, url: str) -> bool:
        """Tell whether the longest matching rule allows ``url``; without a match it is allowed."""
        parts = urlsplit(url)
        path = _quoted(parts.path or "/") + (f"?{parts.query}" if parts.query else "")
        matching = [rule for rule in self.rules if rule.matches(path)]
        return max(
            matching, key=lambda rule: (len(rule.pattern), rule.allows), default=_ALLOWED
        ).allows


_DELAY = re.compile(r"\d{1,6}(\.\d{1,6})?")

_ALLOWED = Rule("", True)

ALL_ALLOWED = Robots(())
NONE_ALLOWED = Robots((Rule("/", False),))


def robots_for(crawler: str, text: str) -> Robots:
    """Read the rules for ``crawler`` in ``text``, or the rules for all crawlers."""
    own: list[tuple[str, str]] = []
    common: list[tuple[str, str]] = []
    named, group, has_own = set[str](), False, False
    for key, value in _lines_of(text):
        if key == "user-agent":
            named = named if group else set()
            group = True
            named.add(value.lower())
            has_own = has_own or crawler.lower() in named
            continue
        group = False
        if crawler.lower() in named:
            own.append((key, value))
        elif "*" in named:
            common.append((key, value))
    lines = own if has_own else common
    return Robots(tuple(_rules_of(lines)), _delay_of(lines))


def _lines_of(text: str) -> Iterable[tuple[str, str]]:
    for line in text.lstrip("\ufeff").splitlines():
        key, colon, value = line.partition("#")[0].partition(":")
        if colon and key.strip().lower() in ("user-agent", "allow", "disallow", "crawl-delay"):
            yield key.strip().lower(), value.strip()


def _rules_of(lines: Iterable[tuple[str, str]]) -> Iterable[Rule]:
    for key, value in lines:
        if key in ("allow", "disallow") and value:
            yield Rule(_quoted(value), key == "allow")


def _delay_of(lines: Iterable[tuple[str, str]]) -> float:
    delays = [value for key, value in lines if key == "crawl-delay"]
    return max((float(delay) for delay in delays if _DELAY.fullmatch(delay)), default=0)


def _quoted(path: str) -> str:
    """Normalise percent-encoding, so that paths can be compared."""
    return quote(unquote(path.replace("%2F", "%252F").replace("%2f", "%252F")), safe=_UNQUOTED)
