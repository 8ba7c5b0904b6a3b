"""The travel destinations and their categories, read from a YAML file.

Never change a slug: it is stored in partition keys and table rows.
"""

import re
import unicodedata
from collections import Counter
from collections.abc import Iterable
from functools import cached_property
from pathlib import Path
from typing import NamedTuple

import yaml

DEFAULT_FILE = Path(__file__).with_name("destinations.yaml")

# A comma breaks the partition picker of the Dagster UI, "|" separates the partition dimensions,
# and the table columns are 64 characters wide.
_SLUG = re.compile(r"[a-z0-9][a-z0-9-]{0,63}")


class DestinationCategory(NamedTuple):
    """A kind of trip, such as the seaside; ``name`` is Korean, as in the released backend."""

    slug: str
    name: str


class Coordinates(NamedTuple):
    """A place on Earth, in degrees."""

    latitude: float
    longitude: float


class Destination(NamedTuple):
    """A place people travel to; its Korean ``name`` is its hashtag if the file lists none."""

    slug: str
    name: str
    category: DestinationCategory
    hashtags: tuple[str, ...]
    coordinates: Coordinates | None = None


class UnknownPlace(ValueError):
    """No destination, or no destination category, has the given name."""


class Destinations:
    """All destinations, with lookup by slug or Korean name."""

    def __init__(self, destinations: Iterable[Destination]) -> None:
        self._all = tuple(destinations)
        self.categories = tuple(dict.fromkeys(place.category for place in self._all))
        self._places: list[Destination | DestinationCategory] = [*self._all, *self.categories]
        _reject_shared_names(self._places)

    @property
    def slugs(self) -> list[str]:
        """The slugs of all destinations, in the order of the file."""
        return [place.slug for place in self._all]

    def named(self, name: str) -> Destination | DestinationCategory:
        """Find a destination or a category by slug or Korean name; ignores case and spacing.

        Raises:
            UnknownPlace: no destination or category has that name.
        """
        place = self._by_name.get(_spelling(name))
        if place is None:
            raise UnknownPlace(
                f"{name[:80]!r} is neither a destination nor a destination category; expected one "
                f"of {', '.join(category.slug for category in self.categories)}, or a place such "
                f"as {self._all[0].slug} or {self._all[0].name}"
            )
        return place

    def destination(self, name: str) -> Destination:
        """Find a destination by slug or Korean name.

        Raises:
            UnknownPlace: no destination has that name; it may be the name of a category.
        """
        place = self._by_name.get(_spelling(name))
        if not isinstance(place, Destination):
            raise UnknownPlace(
                f"{name[:80]!r} is not a destination; expected one of {', '.join(self.slugs)}"
            )
        return place

    @cached_property
    def _by_name(self) -> dict[str, Destination | DestinationCategory]:
        return {
            _spelling(name): place for place in self._places for name in (place.slug, place.name)
        }


def english_name(slug: str) -> str:
    """Write a slug as a name: ``lotte-world`` as Lotte World, and ``yeonnam-dong`` as Yeonnam-dong.

    Korean endings of quarters and streets keep their hyphen.
    """
    return re.sub(r" (Dong|Gil)$", lambda end: f"-{end[1].lower()}", slug.replace("-", " ").title())


def read_destinations(file: Path = DEFAULT_FILE) -> Destinations:
    """Read the destinations from a YAML file with the structure of ``destinations.yaml``.

    Raises:
        ValueError: the file is missing or has another structure; the message shows the entry.
    """
    try:
        categories = yaml.load(file.read_text(encoding="utf-8"), yaml.CSafeLoader)
    except (OSError, UnicodeDecodeError, yaml.YAMLError) as error:
        raise ValueError(f"cannot read destinations from {file}: {error}") from error
    if not isinstance(categories, list) or not categories:
        raise ValueError(f"{file}: expected a list of destination categories")
    return Destinations(place for entry in categories for place in _category_in(entry, file))


def _category_in(entry: object, file: Path) -> list[Destination]:
    if not isinstance(entry, dict) or not _is_filled_list(entry.get("destinations")):
        raise ValueError(f"{file}: expected slug, name and destinations, found {entry!r:.120}")
    category = DestinationCategory(*_slug_and_name(entry, file))
    return [_destination_in(place, category, file) for place in entry["destinations"]]


def _destination_in(entry: object, category: DestinationCategory, file: Path) -> Destination:
    if not isinstance(entry, dict):
        raise ValueError(f"{file}: expected slug and name, found {entry!r:.120}")
    slug, name = _slug_and_name(entry, file)
    hashtags = entry.get("hashtags", [name])
    if not _is_filled_list(hashtags):
        raise ValueError(
            f"{file}: expected a list of hashtags for {slug}, found {hashtags!r:.80}; "
            "without hashtags, leave the key out"
        )
    composed = tuple(_composed(str(tag)) for tag in hashtags)
    return Destination(slug, name, category, composed, _coordinates_in(entry, slug, file))


def _coordinates_in(entry: dict[str, object], slug: str, file: Path) -> Coordinates | None:
    match entry.get("coordinates"):
        case None:
            return None
        case [int() | float() as latitude, int() | float() as longitude] if (
            abs(latitude) <= 90 and abs(longitude) <= 180
        ):
            return Coordinates(latitude, longitude)
        case other:
            raise ValueError(
                f"{file}: expected the coordinates of {slug} as [latitude, longitude] in degrees, "
                f"such as [33.5, 126.53], found {other!r:.80}"
            )


def _is_filled_list(entry: object) -> bool:
    return isinstance(entry, list) and bool(entry)


def _slug_and_name(entry: dict[str, object], file: Path) -> tuple[str, str]:
    slug, name = str(entry.get("slug") or ""), _composed(str(entry.get("name") or ""))
    if not _SLUG.fullmatch(slug):
        raise ValueError(
            f"{file}: {slug!r} is not a slug; use 1 to 64 lower-case letters, digits and hyphens"
        )
    if not name or len(name) > 64:
        raise ValueError(
            f"{file}: expected a name of 1 to 64 characters for {slug}, found {name!r:.80}"
        )
    return slug, name


def _reject_shared_names(places: Iterable[Destination | DestinationCategory]) -> None:
    spellings = [
        spelling for place in places for spelling in {_spelling(place.slug), _spelling(place.name)}
    ]
    shared = sorted(name for name, places in Counter(spellings).items() if places > 1)
    if shared:
        raise ValueError(
            f"several destinations have the name {', '.join(shared)}; give each its own name"
        )


def _composed(text: str) -> str:
    # Hangul from macOS is often decomposed (NFD), which would be a different hashtag and key.
    return unicodedata.normalize("NFC", text.strip())


def _spelling(name: str) -> str:
    return re.sub(r"[\s_]+", "-", _composed(name).casefold())
