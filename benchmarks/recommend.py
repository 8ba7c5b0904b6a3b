"""Compares ways to guess the missing garment of an outfit: ``python -m benchmarks.recommend``.

All pieces of an outfit but one are given, and each way lists the garments of the missing category.
It is right if the worn one is among the first three. The outfits are drawn: groups of people have
habits, which garments and colours they wear together, and places and months differ in their groups.
The last months of all places, and all months of some places, are held out. With a folder of photos,
the outfits that the starter detector finds in them are used too, each fifth of them once.
"""

from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from datetime import date
from pathlib import Path
from typing import NamedTuple

import click
import numpy as np
from numpy.typing import NDArray

from benchmarks.released_rules import rank
from oott_fashion.colours import PALETTE_NAMES
from oott_fashion.garments import CATEGORIES, GARMENTS, Category
from oott_fashion.outfits import NOTHING_SEEN, names_of, outfit_of
from oott_fashion.packing.outfit_model import CountedOutfit, CountedOutfits, OutfitModel
from oott_fashion.packing.trips import Piece
from oott_fashion.stores.detector_card import read_card
from oott_fashion.vision.detector import Detector
from oott_fashion.vision.engines import open_engine
from oott_fashion.vision.photos import read_photo

_STARTER = Path("models/starter-detector")
_FIRST = 3
_MONTHS, _HELD_OUT_MONTHS = 24, 4
_CATEGORIES, _PLACES_PER_CATEGORY = 5, 8
_GROUPS = 6
_MIN_PHOTOS, _MAX_PHOTOS = 10, 60
# How often a photo shows each category.
_SHOWN = (0.5, 0.95, 0.8, 0.6)


class Question(NamedTuple):
    """An outfit of which one piece is hidden; ``model`` and ``place`` are learnt from others."""

    outfit: CountedOutfit
    hidden: Category
    model: OutfitModel
    place: Counter[str]

    @property
    def others(self) -> list[Piece]:
        worn = zip(CATEGORIES, self.outfit.garments, self.outfit.colours, strict=True)
        return [
            Piece(*piece)
            for category, *piece in worn
            if self.hidden != category and piece[0] != NOTHING_SEEN
        ]

    @property
    def answer(self) -> str:
        return self.outfit.garments[CATEGORIES.index(self.hidden)]


def by_model(question: Question) -> list[str]:
    """List the garments as the recommender does."""
    return question.model.best_garments(question.hidden, question.others)


def by_model_without_pairs(question: Question) -> list[str]:
    """List the garments by the model, as if the other pieces were unknown."""
    return question.model.best_garments(question.hidden, [])


def by_popularity(question: Question) -> list[str]:
    """List the garments by how often they were worn at the place in these months of the year."""
    names = [garment.name for garment in GARMENTS if garment.category == question.hidden]
    return sorted(names, key=lambda name: -question.place[name])


def by_released_rules(question: Question) -> list[str]:
    """List the garments as the released recommender did."""
    return rank(question.hidden, question.others, question.outfit.month.month)


WAYS: dict[str, Callable[[Question], list[str]]] = {
    "outfit model": by_model,
    "outfit model, other pieces unknown": by_model_without_pairs,
    "most worn at the place in the season": by_popularity,
    "released rules": by_released_rules,
}


@click.command(help=__doc__)
@click.option("--photos", type=click.Path(exists=True, file_okay=False, path_type=Path))
@click.option("--seed", default=16, show_default=True)
def main(photos: Path | None, seed: int) -> None:
    """Print the share of right answers of each way."""
    rng = np.random.default_rng(seed)
    drawn = drawn_outfits(rng)
    click.echo(f"| held out | among the first | hidden pieces |{'|'.join(WAYS)}|")
    click.echo("|---|---|---|" + "---|" * len(WAYS))
    _print_line("drawn, the last four months", _held_out_in_time(drawn))
    _print_line("drawn, eight places", _held_out_by_place(drawn))
    if photos is not None:
        _print_line("street photos", _folds(outfits_in(photos), rng))


def _print_line(title: str, questions: Iterator[Question]) -> None:
    right: Counter[tuple[str, int]] = Counter()
    asked: Counter[int] = Counter()
    for question in questions:
        for first in (1, _FIRST):
            # There are only three kinds of shoes.
            if first == 1 or question.hidden != "shoes":
                asked[first] += question.outfit.worn
                for name, way in WAYS.items():
                    is_right = question.answer in way(question)[:first]
                    right[name, first] += question.outfit.worn * is_right
    for first, number in asked.items():
        shares = "|".join(f" {right[name, first] / number:.3f} " for name in WAYS)
        click.echo(f"| {title} | {first} | {number:,} |{shares}|")


def drawn_outfits(rng: np.random.Generator) -> list[CountedOutfit]:
    """Draw outfits of 40 places, of five categories, in 24 months."""
    habits = _Habits.drawn(rng)
    worn: Counter[CountedOutfit] = Counter()
    for kind in range(_CATEGORIES):
        usual = rng.dirichlet(np.full(_GROUPS, 0.7))
        for place in range(_PLACES_PER_CATEGORY):
            groups = rng.dirichlet(8 * usual + 0.05)
            for number in range(_MONTHS):
                month = date(2024 + number // 12, number % 12 + 1, 1)
                photos = int(np.exp(rng.uniform(np.log(_MIN_PHOTOS), np.log(_MAX_PHOTOS))))
                for _ in range(photos):
                    outfit = habits.outfit(rng, rng.choice(_GROUPS, p=groups), month)
                    worn[CountedOutfit(month, f"{kind}-{place}", f"{kind}", *outfit, worn=1)] += 1
    return [outfit._replace(worn=times) for outfit, times in worn.items()]


class _Habits(NamedTuple):
    """What each group wears: shares of garments by category and season, and of colours."""

    garments: list[list[dict[Category, NDArray[np.float64]]]]
    colours: NDArray[np.float64]

    @classmethod
    def drawn(cls, rng: np.random.Generator) -> "_Habits":
        members = {c: [g.name for g in GARMENTS if g.category == c] for c in CATEGORIES}
        season = [
            {c: rng.dirichlet(np.full(len(members[c]), 1.0)) for c in CATEGORIES} for _ in range(4)
        ]
        garments = [
            [
                {c: rng.dirichlet(6 * season[quarter][c] + 0.05) for c in CATEGORIES}
                for quarter in range(4)
            ]
            for _ in range(_GROUPS)
        ]
        return cls(garments, rng.dirichlet(np.full(len(PALETTE_NAMES), 0.4), _GROUPS))

    def outfit(
        self, rng: np.random.Generator, group: int, month: date
    ) -> tuple[tuple[str, ...], tuple[str, ...]]:
        names, colours = [], []
        for category, shown in zip(CATEGORIES, _SHOWN, strict=True):
            members = [garment.name for garment in GARMENTS if garment.category == category]
            shares = self.garments[group][month.month % 12 // 3][category]
            if rng.random() < shown:
                names.append(members[rng.choice(len(members), p=shares)])
                colours.append(PALETTE_NAMES[rng.choice(len(PALETTE_NAMES), p=self.colours[group])])
            else:
                names.append(NOTHING_SEEN)
                colours.append(NOTHING_SEEN)
        return tuple(names), tuple(colours)


def _held_out_in_time(outfits: Sequence[CountedOutfit]) -> Iterator[Question]:
    months = sorted({outfit.month for outfit in outfits})
    first = months[-_HELD_OUT_MONTHS]
    known = [outfit for outfit in outfits if outfit.month < first]
    return _questions(known, [outfit for outfit in outfits if outfit.month >= first])


def _held_out_by_place(outfits: Sequence[CountedOutfit]) -> Iterator[Question]:
    places = sorted({outfit.destination for outfit in outfits})
    held_out = set(places[::_PLACES_PER_CATEGORY] + places[1 :: 2 * _PLACES_PER_CATEGORY])
    known = [outfit for outfit in outfits if outfit.destination not in held_out]
    return _questions(known, [outfit for outfit in outfits if outfit.destination in held_out])


def _folds(outfits: Sequence[CountedOutfit], rng: np.random.Generator) -> Iterator[Question]:
    fold = rng.permutation(len(outfits)) % 5
    for number in range(5):
        known = [outfit for outfit, of in zip(outfits, fold, strict=True) if of != number]
        held_out = [outfit for outfit, of in zip(outfits, fold, strict=True) if of == number]
        yield from _questions(known, held_out)


def _questions(
    known: Sequence[CountedOutfit], held_out: Sequence[CountedOutfit]
) -> Iterator[Question]:
    counted = CountedOutfits(known)
    learnt: dict[tuple[date, str], tuple[OutfitModel, Counter[str]]] = {}
    for outfit in held_out:
        key = (outfit.month, outfit.destination)
        if key not in learnt:
            model = counted.model_of(outfit.month, *outfit[1:3])
            learnt[key] = (model, _most_worn(known, outfit))
        worn = [c for c, name in zip(CATEGORIES, outfit.garments, strict=True) if name != "None"]
        for hidden in worn if len(worn) > 1 else []:
            yield Question(outfit, hidden, *learnt[key])


def _most_worn(known: Sequence[CountedOutfit], at: CountedOutfit) -> Counter[str]:
    """Count the garments at a place in a season; where nothing is known, at all places."""

    def counted(outfits: Sequence[CountedOutfit]) -> Counter[str]:
        counts: Counter[str] = Counter()
        for outfit in outfits:
            for name in outfit.garments:
                counts[name] += outfit.worn
        return counts

    def is_near(outfit: CountedOutfit) -> bool:
        return (outfit.month.month - at.month.month + 1) % 12 <= 2

    in_season = [outfit for outfit in known if is_near(outfit)]
    here = [outfit for outfit in in_season if outfit.destination == at.destination]
    return counted(here or in_season)


def outfits_in(folder: Path) -> list[CountedOutfit]:
    """Find the outfits in the photos of a folder with the starter detector."""
    side = read_card(_STARTER / "card.json").image_side
    detector = Detector(open_engine(_STARTER / "detector.onnx", "auto", cores=1), side)
    outfits = []
    for file in sorted(folder.glob("*.jpg")):
        names = names_of(outfit_of(detector.garments(read_photo(file.read_bytes()))))
        outfits.append(CountedOutfit(date(2026, 10, 1), "street", "street", *names, worn=1))
    return outfits


if __name__ == "__main__":
    main()
