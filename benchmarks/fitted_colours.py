"""Fits the votes of ``oott_fashion/colour_votes.csv`` to colours that were named by eye.

``python -m benchmarks.fitted_colours PHOTOS_FOLDER MAIN_DATA`` needs the photos of
``benchmarks.colours``, and prints how often the right colour gets most votes. Each photo is judged
by votes that are fitted without it (10-fold cross-validation). Then it fits the votes to all of
them, and writes the file. The part "check" of the photos is not read.

The typical colours are the middles of k-means clusters of the garments' colours. The votes are the
weights of a logistic regression on the share of each typical colour.
"""

import csv
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import NamedTuple

import click
import numpy as np
from numpy.typing import NDArray
from sklearn.cluster import KMeans
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import KFold

from benchmarks.colours import NamedBoxes, closet_boxes, starter, street_boxes
from oott_assets.photos.sources.drawn.drawn_photos import draw_photo, random_outfit
from oott_fashion.colours import PALETTE, PALETTE_NAMES, RELEASED_NAMES, lab_of
from oott_fashion.garment_colours import (
    HUE_COUNTS,
    VOTES_FILE,
    cell_middles,
    cell_shares,
    rgb_of,
    typical_colours_of_cells,
)
from oott_fashion.vision.box_colours import garment_pixels

Floats = NDArray[np.float64]

_TYPICAL_COLOURS = 60
_FOLDS = 10

# How much of an example belongs to the first of several names.
_FIRST_NAME = 0.75

# Plain colours of the palette, mixtures of two of them, and drawn garments also count as examples:
# rare colours are in few photos. These weights leave the named photos the largest part.
_PLAIN, _MIXED, _DRAWN = 0.25, 0.2, 0.3
_MIXTURES = 300
_DRAWN_PHOTOS = 60
_INVERSE_PENALTY = 100.0


class Example(NamedTuple):
    """The share of a garment in each RGB cell, its names, and how much the example counts."""

    shares: Floats
    names: tuple[str, ...]
    weight: float = 1.0


@click.command()
@click.argument("folder", type=click.Path(exists=True, path_type=Path))
@click.argument("main_data", type=click.Path(exists=True, path_type=Path))
def main(folder: Path, main_data: Path) -> None:
    """Fit the votes to the named photos in FOLDER and MAIN_DATA, and write them."""
    closet = [one for one in closet_boxes(folder, starter()) if one.part == "tuning" and one.boxes]
    named = [_example(one) for one in (*closet, *street_boxes(main_data))]
    rng = np.random.default_rng(13)
    made = [*_plain_colours(rng), *_mixtures(rng), *_drawn_garments(rng)]
    right = np.array(list(_cross_validated(named, made)))
    for part, of_part in (("closet", right[: len(closet)]), ("street", right[len(closet) :])):
        all_names, first, released, first_released = of_part.mean(axis=0)
        click.echo(
            f"{part}: all names {all_names:.3f}, first name {first:.3f}, "
            f"released five {released:.3f}, first {first_released:.3f}"
        )
    typical = _typical_colours(named)
    _write(typical, _votes(typical, [*named, *made]))


def _example(one: NamedBoxes) -> Example:
    return Example(cell_shares(*garment_pixels(one.photo, one.boxes)[0]), one.names)


def _cloth(code: str, rng: np.random.Generator) -> Floats:
    """Compute the cell shares of a cloth with folds, in the colour ``code``."""
    folds = rgb_of([code]) * rng.normal(1, 0.09, (200, 1)) + rng.normal(0, 4, (200, 3))
    pixels = np.clip(folds, 0, 255).astype(np.uint8)
    return cell_shares(pixels, np.empty((0, 3), dtype=np.uint8), np.ones(len(pixels)))


_SAMPLES = [(code, colour.name) for colour in PALETTE for code in colour.samples]

# Source: the named colours of CSS Color Level 4, except navy, which is a purer blue there.
_NAMED_BY_CSS = (
    ("#ffffff", "white"), ("#000000", "black"), ("#808080", "gray"), ("#ff0000", "red"),
    ("#008000", "green"), ("#0000ff", "blue"), ("#141e50", "navy"), ("#800080", "purple"),
    ("#ffff00", "yellow"), ("#ff8c00", "orange"), ("#ff69b4", "pink"), ("#f5deb3", "beige"),
    ("#8b4513", "brown"),
)  # fmt: skip


def _plain_colours(rng: np.random.Generator) -> Iterator[Example]:
    for code, name in (*_SAMPLES, *_NAMED_BY_CSS) * 2:
        yield Example(_cloth(code, rng), (name,), _PLAIN)


def _mixtures(rng: np.random.Generator) -> Iterator[Example]:
    """Mix two colours; the one with the larger part gives the name."""
    for one, other in rng.integers(len(_SAMPLES), size=(_MIXTURES, 2)):
        (main_code, name), (other_code, _) = _SAMPLES[one], _SAMPLES[other]
        part = rng.uniform(0.6, 0.8)
        mixed = part * _cloth(main_code, rng) + (1 - part) * _cloth(other_code, rng)
        yield Example(mixed, (name,), _MIXED)


def _drawn_garments(rng: np.random.Generator) -> Iterator[Example]:
    for _ in range(_DRAWN_PHOTOS):
        photo = draw_photo(random_outfit(rng), rng)
        seen = [(box, garment.colour) for garment in photo.garments for box in garment.boxes]
        garments = garment_pixels(photo.pixels, [box for box, _ in seen])
        for pixels, (_, colour) in zip(garments, seen, strict=True):
            yield Example(cell_shares(*pixels), (colour,), _DRAWN)


def _cross_validated(named: Sequence[Example], made: Sequence[Example]) -> Iterator[Floats]:
    """Give, for each example, the four answers of ``_is_right``."""
    right = np.zeros((len(named), 4))
    for fitted, judged in KFold(_FOLDS, shuffle=True, random_state=0).split(np.arange(len(named))):
        examples = [named[index] for index in fitted]
        typical = _typical_colours(examples)
        totals = _features(typical, [named[index] for index in judged]) @ _votes(
            typical, [*examples, *made]
        )
        for index, best in zip(judged, totals.argmax(axis=1), strict=True):
            right[index] = _is_right(PALETTE_NAMES[best], named[index].names)
    yield from right


def _is_right(colour: str, names: Sequence[str]) -> list[bool]:
    """Say whether any name and the first name are right, and both among the released five."""
    released = [RELEASED_NAMES[name] for name in names]
    answer = RELEASED_NAMES[colour]
    return [colour in names, colour == names[0], answer in released, answer == released[0]]


def _typical_colours(examples: Sequence[Example]) -> tuple[str, ...]:
    """Find the typical colours, darkest first; a garment's rare colours count more by the root."""
    weights = np.sum([np.sqrt(example.shares) for example in examples], axis=0)
    lab = lab_of(cell_middles()) * HUE_COUNTS
    used = np.flatnonzero(weights)
    clusters = KMeans(_TYPICAL_COLOURS, n_init=1, random_state=0).fit(
        lab[used], sample_weight=weights[used]
    )
    nearest = [
        int(((lab - middle) ** 2).sum(axis=1).argmin()) for middle in clusters.cluster_centers_
    ]
    darkest_first = sorted(set(nearest), key=lambda cell: lab[cell, 0])
    return tuple("#" + cell_middles()[cell].tobytes().hex() for cell in darkest_first)


def _features(typical: tuple[str, ...], examples: Sequence[Example]) -> Floats:
    of_cells = typical_colours_of_cells(typical)
    used = [np.flatnonzero(example.shares) for example in examples]
    return np.array(
        [one.shares[cells] @ of_cells[cells] for one, cells in zip(examples, used, strict=True)]
    )


def _votes(typical: tuple[str, ...], examples: Sequence[Example]) -> Floats:
    features = _features(typical, examples)
    rows = [
        (index, PALETTE_NAMES.index(name), example.weight * part)
        for index, example in enumerate(examples)
        for name, part in zip(example.names, _parts(len(example.names)), strict=True)
    ]
    indices, names, weights = zip(*rows, strict=True)
    model = LogisticRegression(C=_INVERSE_PENALTY, max_iter=400)
    model.fit(features[list(indices)], names, sample_weight=weights)
    votes = model.coef_.T + model.intercept_  # the shares of a garment have the sum 1
    return np.asarray((votes - votes.mean(axis=1, keepdims=True)).round(1))


def _parts(names: int) -> list[float]:
    if names == 1:
        return [1.0]
    return [_FIRST_NAME] + [(1 - _FIRST_NAME) / (names - 1)] * (names - 1)


def _write(typical: Sequence[str], votes: Floats) -> None:
    with VOTES_FILE.open("w", newline="") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(("typical", *PALETTE_NAMES))
        writer.writerows((code, *row) for code, row in zip(typical, votes, strict=True))


if __name__ == "__main__":
    main()
