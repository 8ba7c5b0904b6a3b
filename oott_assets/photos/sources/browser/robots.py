"""What a robots.txt allows one crawler.

The standard library's reader takes the first rule that fits and knows no wildcards, so that a
site which allows all but its photos would have them taken.

Source: RFC 9309, section 2.2.
"""

import re
from collections.abc import Iterable
from typing import NamedTuple
from urllib.parse import quote, unquote, urlsplit

# RFC 9309 asks for at least this many bytes to be read.
MAX_BYTES = 500 * 1024

# As a rule of the file is quoted: what is already quoted stays so.
_KEPT = "/%*$?&=;:@!+,~'()#[]-._"


class Rule(NamedTuple):
    """A pattern of paths, and whether they may be asked for."""

    pattern: str
    allows: bool

    def fits(self, path: str) -> bool:
        """Tell whether ``path``, quoted, starts as the pattern says."""
        ends = self.pattern.endswith("$")
        first, *later = self.pattern.removesuffix("$").split("*")
        if not path.startswith(first):
            return False
        if not later:
            return not ends or path == first
        last = later.pop() if ends else ""
        at = len(first)
        # The leftmost place of each piece leaves most to those after it: no step is ever undone.
        for piece in later:
            found = path.find(piece, at)
            if found < 0:
                return False
            at = found + len(piece)
        return len(path) - len(last) >= at and path.endswith(last)


class Robots(NamedTuple):
    """The rules for one crawler, and how many seconds it shall leave between requests."""

    rules: tuple[Rule, ...]
    delay_seconds: float = 0.0

    def allows(self, url: str) -> bool:
        """Tell whether the longest rule that fits allows ``url``; what no rule fits is allowed."""
        parts = urlsplit(url)
        path = _quoted(parts.path or "/") + (f"?{parts.query}" if parts.query else "")
        fitting = [rule for rule in self.rules if rule.fits(path)]
        return max(fitting, key=lambda it: (len(it.pattern), it.allows), default=_ALLOWED).allows


_ALLOWED = Rule("", True)

ALL_ALLOWED = Robots(())
NONE_ALLOWED = Robots((Rule("/", False),))


def robots_for(crawler: str, text: str) -> Robots:
    """Read the rules of ``text`` for ``crawler``, or else those for everyone."""
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
    return max((float(it) for it in delays if re.fullmatch(r"\d{1,6}(\.\d{1,6})?", it)), default=0)


def _quoted(path: str) -> str:
    """Spell letters of any script the one way they are compared in."""
    return quote(unquote(path.replace("%2F", "%252F").replace("%2f", "%252F")), safe=_KEPT)
