"""Counts the garments that detectors miss and invent on drawn photos, by place.

``python -m benchmarks.drawn_counts models/starter-detector OTHER`` runs detectors on the same drawn
photos, from all destinations and three months. A detector is a ``.pt`` file, or a folder with
``detector.onnx``. The last lines compare the first detector with each other one: the difference in
errors, with a 95 % interval by a bootstrap over destinations.
"""

import argparse
from collections import Counter
from collections.abc import Sequence
from datetime import date
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from benchmarks.label_quality import opened
from oott_assets.photos.sources.drawn.lookbook import Lookbook
from oott_fashion.destinations import Destination, read_destinations
from oott_fashion.vision.detector import Detector

# Other months than in tests/test_docs.py. January has outfits of the winter, and
# July has outfits of the summer. All three have the lasting outfits of the destination.
_MONTHS = (date(2026, 1, 1), date(2026, 4, 1), date(2026, 7, 1))
_RESAMPLES = 10_000

Counts = NDArray[np.int64]


def counts_at(place: Destination, photos: int, detectors: Sequence[Detector]) -> Counts:
    """Count drawn, missed and invented garments, shape (detectors, 3).

    A garment with a wrong name or a wrong colour is both missed and invented.
    """
    total = np.zeros((len(detectors), 3), dtype=np.int64)
    for month in _MONTHS:
        drawn: Counter[tuple[str, str]] = Counter()
        found: list[Counter[tuple[str, str]]] = [Counter() for _ in detectors]
        for photo in Lookbook(photos).drawn(place, month):
            drawn.update((worn.garment, worn.colour) for worn in photo.garments if worn.boxes)
            for detector, counter in zip(detectors, found, strict=True):
                seen = detector.garments(photo.pixels)
                counter.update((garment.garment, garment.colour) for garment in seen)
        total += [
            (drawn.total(), (drawn - counter).total(), (counter - drawn).total())
            for counter in found
        ]
    return total


def interval(differences: Counts) -> tuple[int, int]:
    """Give the 95 % interval of the sum of ``differences``, one for each place."""
    rng = np.random.default_rng(20)
    chosen = rng.integers(len(differences), size=(_RESAMPLES, len(differences)))
    low, high = np.quantile(differences[chosen].sum(axis=1), (0.025, 0.975))
    return round(low), round(high)


def main() -> None:
    """Read the command line, and count."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("detectors", type=Path, nargs="+", help=".pt files or folders")
    parser.add_argument("--photos", type=int, default=12, help="photos for each place and month")
    parser.add_argument("--image-side", type=int, default=448, help="side of a .pt file, in pixels")
    arguments = parser.parse_args()
    detectors = [opened(file, arguments.image_side) for file in arguments.detectors]
    destinations = read_destinations()
    places = [destinations.destination(slug) for slug in destinations.slugs]
    counts = np.stack([counts_at(place, arguments.photos, detectors) for place in places])
    for file, (drawn, missed, invented) in zip(arguments.detectors, counts.sum(0), strict=True):
        _report(f"{file}: {drawn} drawn garments, {missed} missed, {invented} invented")
    errors = counts[:, :, 1:].sum(axis=2)
    for index, other in enumerate(arguments.detectors[1:], start=1):
        fewer = errors[:, 0] - errors[:, index]
        low, high = interval(fewer)
        _report(f"errors of the first one minus {other}: {fewer.sum()} ({low} to {high})")


def _report(line: str) -> None:
    print(line)  # noqa: T201 - the output of the benchmark


if __name__ == "__main__":
    main()
