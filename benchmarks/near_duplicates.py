"""Times the search for near-duplicates in months of 10,000 and 100,000 photos.

``python -m benchmarks.near_duplicates``. The photos are random numbers. In a month, 10 % of them
can have one hash, as photos with a plain background do, or even show one picture. A search that
compares all pairs of hashes, as earlier versions did, is timed up to 10,000 photos.
"""

import time
from collections.abc import Sequence

import click
import numpy as np

from oott_fashion.vision.near_duplicates import PerceptualHash, groups_of

_MONTHS = ("10 % with near copies", "10 % with one hash", "10 % of one picture")
_MAX_FOR_ALL_PAIRS = 10_000


@click.command(help=__doc__)
@click.argument("sizes", type=click.IntRange(min=100), nargs=-1)
def main(sizes: tuple[int, ...]) -> None:
    """Print the CPU seconds of each month."""
    for photos in sizes or (10_000, 100_000):
        for month in _MONTHS:
            hashes = _hashes(photos, month)
            began = time.process_time()
            groups = len(set(groups_of(hashes)))
            took = time.process_time() - began
            click.echo(f"{photos:>7,} photos, {month:<22} {groups:>7,} pictures {took:6.2f} CPU s")
        if photos <= _MAX_FOR_ALL_PAIRS:
            began = time.process_time()
            pairs = _similar_pairs(hashes)
            took = time.process_time() - began
            click.echo(f"{photos:>7,} photos, all pairs: {pairs:,} are similar {took:6.2f} CPU s")


def _hashes(photos: int, month: str) -> list[PerceptualHash]:
    chance = np.random.default_rng(photos)
    bits = chance.integers(0, 2, (photos, 64), dtype=np.uint8)
    levels = chance.integers(0, 255, (photos, 16, 16, 3), dtype=np.uint8)
    tenth = photos // 10
    if month == "10 % with near copies":
        bits[:tenth], levels[:tenth] = bits[-tenth:], levels[-tenth:] + 1
        bits[:tenth, chance.integers(0, 64, 3)] ^= 1
    else:
        bits[:tenth] = bits[0]
        if month == "10 % of one picture":
            levels[:tenth] = levels[0] + chance.integers(0, 2, (tenth, 16, 16, 3), dtype=np.uint8)
    return [PerceptualHash(*photo) for photo in zip(bits, levels, strict=True)]


def _similar_pairs(hashes: Sequence[PerceptualHash]) -> int:
    """Count the pairs with at most three different bits, without a look at the thumbnails."""
    bits = np.array([photo.bits for photo in hashes], dtype=np.float32)
    blocks = (bits[start : start + 1000] for start in range(0, len(bits), 1000))
    return sum(int((block @ (1 - bits).T + (1 - block) @ bits.T <= 3).sum()) for block in blocks)


if __name__ == "__main__":
    main()
