"""Measures the trend statistics on drawn look-books, whose true shares are known.

``python -m benchmarks.trend_statistics`` (about ten minutes on a core). It measures how often
intervals contain the true share, how often a report without any change has a flag, which planted
changes are found, and which flags are false.
"""

from collections import Counter
from collections.abc import Callable, Collection, Iterable, Iterator
from typing import NamedTuple, get_args

import click
import numpy as np
from numpy.typing import NDArray

from benchmarks.drawn_look_books import ALBUMS, MONTHS, Wardrobe, drawn_month, drawn_photos
from oott_assets.trends.statistics.item_codes import Floats, Integers
from oott_assets.trends.statistics.photo_counts import (
    MonthCounts,
    SeenGarments,
    month_counts,
    repeated_outfits,
)
from oott_assets.trends.statistics.place_shares import (
    Places,
    Shares,
    destination_shares,
    place_shares,
)
from oott_assets.trends.statistics.subject_estimates import (
    ComparedMonths,
    SubjectEstimates,
    estimated_subject,
)
from oott_assets.trends.statistics.trend_flags import FALLING, RISING, Words, trend_words
from oott_assets.trends.statistics.yearly_growth import MONTHS as YEAR
from oott_assets.trends.statistics.yearly_growth import Growth, yearly_growth
from oott_fashion.destinations import read_destinations
from oott_fashion.stores.estimate_tables import ALL_PLACES, Subject

_SLUGS = (
    *("hongdae", "gangnam", "seongsu-dong", "itaewon"),
    *("insa-dong", "gyeongbokgung", "gyeongju"),
    *("everland", "lotte-world"),
    *("haeundae", "jeju", "yangyang"),
)
DESTINATIONS = [read_destinations().destination(slug) for slug in _SLUGS]
PLACES = Places.of(DESTINATIONS)
_NONE: Integers = np.zeros(0, dtype=np.int64)
NO_GARMENTS = SeenGarments(_NONE, _NONE, _NONE, _NONE, _NONE, np.zeros(0))
FESTIVAL_AT, FESTIVAL_IN = _SLUGS.index("haeundae"), 18  # the July of the second year

_SUBJECTS = get_args(Subject)


class LookBook(NamedTuple):
    """What people wear in each month, and the photos of each month."""

    wardrobes: list[Wardrobe]
    months: list[SeenGarments]

    @classmethod
    def drawn(
        cls,
        rng: np.random.Generator,
        months: int = MONTHS,
        worn_in: Callable[[Wardrobe, int], Wardrobe] = lambda wardrobe, _: wardrobe,
        albums: float = ALBUMS,
    ) -> "LookBook":
        """Draw a look-book; ``worn_in`` changes the wardrobe of a month."""
        wardrobe = Wardrobe.drawn(rng, len(DESTINATIONS))
        worn = [worn_in(wardrobe, month) for month in range(months)]
        sizes = [drawn_photos(rng, len(DESTINATIONS)) for _ in worn]
        photos = [
            drawn_month(rng, of, photos, albums) for of, photos in zip(worn, sizes, strict=True)
        ]
        return cls(worn, photos)

    def reports(self) -> Iterator["Report"]:
        """Report each month that has a month before."""
        for month in range(1, len(self.months)):
            before, year = month - 1, month - 12
            seen = [self.months[index] for index in (month, before, year) if index >= 0]
            outfits = repeated_outfits(seen)
            counts = [self._counts(index, outfits) for index in (month, before, year)]
            compared = ComparedMonths(*counts)
            estimates = [
                estimated_subject(compared, subject, PLACES, [{}] * len(PLACES.names))
                for subject in _SUBJECTS
            ]
            yield Report(month, outfits, compared, estimates, trend_words(estimates))

    def growths(self) -> Iterator[tuple[int, Growth]]:
        """Compare the twelve months until each month with the twelve before them."""
        counts = [self._counts(month, _NONE) for month in range(len(self.months))]
        for end in range(2 * YEAR, len(counts) + 1):
            middle = end - YEAR
            yield (
                end - 1,
                yearly_growth(counts[middle - YEAR : middle], counts[middle:end], PLACES, {}),
            )

    def _counts(self, month: int, outfits: NDArray[np.int64]) -> MonthCounts:
        seen = self.months[month] if month >= 0 else NO_GARMENTS
        return month_counts(seen, ("v1",) * len(DESTINATIONS), outfits)


class Report(NamedTuple):
    """The estimates of a month of a look-book, and what they say in words."""

    month: int
    outfits: NDArray[np.int64]
    counts: ComparedMonths
    estimates: list[SubjectEstimates]
    words: list[tuple[Words, Words]]


class Flag(NamedTuple):
    """A flag of a report; ``since`` is how many months ago the compared month was."""

    month: int
    since: int
    place: str
    subject: Subject
    garment: str
    colour: str
    trend: str
    is_true: bool


def planted(wardrobe: Wardrobe, month: int) -> Wardrobe:
    """Let puffers rise every winter, jeans by a point a month, and sandals in a festival week."""
    puffers = {10: 0.15, 11: 0.30, 0: 0.30, 1: 0.30, 2: 0.15}.get(month % 12, 0.01)
    sandals = np.full(len(DESTINATIONS), 0.05)
    if month == FESTIVAL_IN:
        sandals[FESTIVAL_AT] = (
            0.40  # half of the photos are of the week, and 75 % of them show some
        )
    return (
        wardrobe.with_garment("puffer", puffers)
        .with_garment("jeans", 0.10 + 0.01 * month)
        .with_garment("sandals", sandals)
    )


def true_shares(wardrobe: Wardrobe, report: Report, subject: Subject) -> Floats:
    """Give the true share of each item, shape (destinations, items)."""
    if subject == "garment":
        return wardrobe.garments
    if subject == "colour":
        return wardrobe.shares_of_colours()
    return wardrobe.looks() if subject == "look" else wardrobe.outfits(report.outfits)


def flags_of(book: LookBook, report: Report) -> Iterator[Flag]:
    """List the flags of a report, and whether the share of the item really changed so."""
    for estimates, words in zip(report.estimates, report.words, strict=True):
        subject = estimates.items.subject
        for since, trends in zip((1, 12), words, strict=True):
            before, now = (
                true_shares(book.wardrobes[month], report, subject)
                for month in (max(report.month - since, 0), report.month)
            )
            direction = PLACES.members @ np.round(now - before, 12)
            flagged = estimates.listed & np.isin(trends, (RISING, FALLING))
            for place, item in zip(*np.nonzero(flagged), strict=True):
                trend = str(trends[place, item])
                is_true = direction[place, item] * (1 if trend == RISING else -1) > 0
                name = estimates.items.names[item]
                where = PLACES.names[place]
                yield Flag(
                    report.month, since, where, subject, name.garment, name.colour, trend, is_true
                )


def covered(book: LookBook, report: Report) -> Iterator[tuple[str, str, NDArray[np.bool_]]]:
    """Tell, for each kind of place and subject, which listed intervals contain the true share."""
    month = report.counts.now
    for estimates in report.estimates:
        subject = estimates.items.subject
        truth = true_shares(book.wardrobes[report.month], report, subject)
        photos = destination_shares(month, month.seen[subject]).photos
        truth = place_shares(Shares(truth, photos), PLACES.members).share
        contained = (estimates.shares.low <= truth) & (truth <= estimates.shares.high)
        for kind in ("destination", "category", "all"):
            at_kind = np.array([of_place == kind for of_place in PLACES.kinds])
            yield kind, subject, contained[estimates.listed & at_kind[:, None]]


def grown(growth: Growth) -> set[tuple[str, str, str]]:
    """List what grows or shrinks clearly: the place, the garment and the colour."""
    return {
        (PLACES.names[place], of.items.names[item].garment, of.items.names[item].colour)
        for of in growth.subjects
        for place, item in zip(*np.nonzero(np.isin(of.words, (RISING, FALLING))), strict=True)
    }


def growths_of(book: LookBook, found: Counter[str]) -> None:
    """Count in ``found`` the comparisons of two years, and which ones say what."""
    for _, growth in book.growths():
        clear = grown(growth)
        found["compared"] += 1
        found["any"] += bool(clear)
        found["jeans"] += (ALL_PLACES, "jeans", "any") in clear
        found["jeans at a destination"] += sum((slug, "jeans", "any") in clear for slug in _SLUGS)


class Found(NamedTuple):
    """How often a planted change was flagged, of how many times that it could have been."""

    change: str
    found: int
    possible: int


def found_changes(flags: Collection[Flag]) -> list[Found]:
    """Count which planted changes the flags of one look-book contain."""
    rising = {
        (flag.garment, flag.month, flag.since, flag.place)
        for flag in flags
        if flag.subject == "garment" and flag.trend == RISING
    }
    winters = [{12 * year + month for month in (10, 11)} for year in range(3)]
    puffers = [
        [any(("puffer", month, 1, place) in rising for month in winter) for winter in winters]
        for place in (ALL_PLACES, *_SLUGS)
    ]
    since_a_year = [("jeans", month, 12, ALL_PLACES) in rising for month in range(12, MONTHS)]
    festival = any(("sandals", FESTIVAL_IN, since, "haeundae") in rising for since in (1, 12))
    at_destinations = [found for winters_ in puffers[1:] for found in winters_]
    return [
        Found("puffers in a winter, all places", sum(puffers[0]), len(winters)),
        Found("puffers in a winter, a destination", sum(at_destinations), len(at_destinations)),
        Found("jeans since a year, all places", sum(since_a_year), len(since_a_year)),
        Found("sandals in the month of the festival", int(festival), 1),
    ]


@click.command(help=__doc__)
@click.option("--look-books", default=200, help="look-books without a change")
@click.option("--with-changes", default=20, help="look-books with the planted changes")
@click.option("--albums", default=ALBUMS, help="share of posts with several photos")
@click.option("--seed", default=12)
def main(look_books: int, with_changes: int, albums: float, seed: int) -> None:
    """Measure and print."""
    rng = np.random.default_rng(seed)
    _unchanged(LookBook.drawn(rng, albums=albums) for _ in range(look_books))
    _changed(LookBook.drawn(rng, albums=albums, worn_in=planted) for _ in range(with_changes))


def _unchanged(books: Iterable[LookBook]) -> None:
    reports: list[bool] = []
    flagged_books: list[bool] = []
    growth: Counter[str] = Counter()
    inside: Counter[str] = Counter()
    intervals: Counter[str] = Counter()
    for book in books:
        before = len(reports)
        for report in book.reports():
            reports.append(any(True for _ in flags_of(book, report)))
            for kind, subject, contained in covered(book, report):
                for group in (f"{kind}, {subject}", "all"):
                    inside[group] += int(contained.sum())
                    intervals[group] += contained.size
        flagged_books.append(any(reports[before:]))
        growths_of(book, growth)
    click.echo(f"{len(flagged_books)} look-books of {MONTHS} months without a change")
    click.echo(f"  reports with any flag: {_part(sum(reports), len(reports))}")
    click.echo(f"  look-books with any flag: {_part(sum(flagged_books), len(flagged_books))}")
    click.echo(f"  two years, with any flag: {_part(growth['any'], growth['compared'])}")
    click.echo("intervals that contain the true share")
    for group, size in intervals.items():
        click.echo(f"  {group}: {_part(inside[group], size)}")


def _changed(books: Iterable[LookBook]) -> None:
    flags: list[Flag] = []
    found: dict[str, list[Found]] = {}
    growth: Counter[str] = Counter()
    for book in books:
        of_book = [flag for report in book.reports() for flag in flags_of(book, report)]
        flags += of_book
        growths_of(book, growth)
        for change in found_changes(of_book):
            found.setdefault(change.change, []).append(change)
    false = [flag for flag in flags if not flag.is_true]
    click.echo("look-books with planted changes")
    click.echo(f"  false flags: {_part(len(false), len(flags))}")
    for name, changes in found.items():
        times = _part(sum(each.found for each in changes), sum(each.possible for each in changes))
        click.echo(f"  found: {name}: {times}")
    times = _part(growth["jeans"], growth["compared"])
    click.echo(f"  found: jeans over two years, all places: {times}")
    times = _part(growth["jeans at a destination"], growth["compared"] * len(_SLUGS))
    click.echo(f"  found: jeans over two years, a destination: {times}")
    garments = Counter(flag.garment for flag in flags if flag.subject == "garment")
    click.echo(f"  flags of garments: {dict(garments.most_common())}")


def _part(count: int, total: int) -> str:
    return f"{count} of {total} ({count / max(total, 1):.1%})"


if __name__ == "__main__":
    main()
