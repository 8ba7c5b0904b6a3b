"""Compares the colours that the closet service answers with colours that were named by eye.

``python -m benchmarks.colours PHOTOS_FOLDER`` needs the photos of the Clothing Dataset
(A. Grigorev, 2020, CC0), in any subfolders. ``closet_colours.csv`` has names for 472 of them, given
before the answers were seen. The first name is the best one. The others are names between which
people hesitate, such as navy and black. The votes of ``oott_fashion/colour_votes.csv`` are fitted
to the part "tuning". The part "check" is only measured.

With ``--street MAIN_DATA`` it also names the colours of the drawn boxes in
``street_colours.csv``, which has a photo of a data set in YOLO format and the row of its label.
"""

import csv
from collections import Counter
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import NamedTuple

import click
import numpy as np

from oott_assets.photos.sources.photo_files import photos_under
from oott_assets.trends.statistics.share_intervals import share_intervals
from oott_fashion.colours import RELEASED_NAMES
from oott_fashion.stores.detector_card import read_card
from oott_fashion.vision.box_colours import colours_of
from oott_fashion.vision.detections import Box
from oott_fashion.vision.detector import Detector
from oott_fashion.vision.engines import open_engine
from oott_fashion.vision.photos import Photo, read_photo

CLOSET = Path(__file__).with_name("closet_colours.csv")
STREET = Path(__file__).with_name("street_colours.csv")
_STARTER = Path("models/starter-detector")
_PARTS = ("tuning", "check", "street")


class NamedBoxes(NamedTuple):
    """A photo, the boxes of its garments, and the names for the colour in the first box.

    Without a garment there are no boxes.
    """

    part: str
    photo: Photo
    boxes: tuple[Box, ...]
    names: tuple[str, ...]


class Answer(NamedTuple):
    """The names given by eye, and the colour that OOTT answers; "None" without a garment."""

    part: str
    names: tuple[str, ...]
    colour: str


def closet_boxes(folder: Path, detector: Detector) -> Iterator[NamedBoxes]:
    """Find the garments of the named photos in ``folder``, most confident first."""
    with CLOSET.open() as file:
        named = {row["photo"]: row for row in csv.DictReader(file)}
    for path in photos_under(folder):
        if path.stem in named:
            photo, row = read_photo(path.read_bytes()), named[path.stem]
            boxes = tuple(Box(*map(float, box)) for box in detector.boxes(photo).boxes)
            yield NamedBoxes(row["part"], photo, boxes, tuple(row["names"].split()))


def street_boxes(main_data: Path) -> Iterator[NamedBoxes]:
    """Read the drawn boxes of the named street photos; the named box comes first."""
    with STREET.open() as file:
        named = {row["photo"]: row for row in csv.DictReader(file)}
    for path in photos_under(main_data):
        if path.stem in named:
            photo, row = read_photo(path.read_bytes()), named[path.stem]
            boxes = _drawn_boxes(path, photo)
            first = boxes.pop(int(row["box"]))
            yield NamedBoxes("street", photo, (first, *boxes), tuple(row["names"].split()))


def _drawn_boxes(path: Path, photo: Photo) -> list[Box]:
    height, width = photo.shape[:2]
    lines = (path.parent.parent / "labels" / f"{path.stem}.txt").read_text().splitlines()
    centres = [[float(number) for number in line.split()[1:]] for line in lines if line.strip()]
    return [
        Box((x - w / 2) * width, (y - h / 2) * height, (x + w / 2) * width, (y + h / 2) * height)
        for x, y, w, h in centres
    ]


def starter() -> Detector:
    """Open the starter detector, as the service does."""
    side = read_card(_STARTER / "card.json").image_side
    return Detector(open_engine(_STARTER / "detector.onnx", cores=1), side)


@click.command()
@click.argument("folder", type=click.Path(exists=True, path_type=Path))
@click.option("--street", type=click.Path(exists=True, path_type=Path), help="A main_data folder.")
def main(folder: Path, street: Path | None) -> None:
    """Print the share of photos in FOLDER with the right colour, and the most common errors."""
    named = list(closet_boxes(folder, starter()))
    named += [] if street is None else street_boxes(street)
    answers = [Answer(one.part, one.names, _colour_of(one)) for one in named]
    click.echo(
        f"{'':24}{'any name':>22}{'first name':>22}{'of five, any':>22}{'of five, first':>22}"
    )
    for part in _PARTS:
        chosen = [answer for answer in answers if answer.part == part]
        if chosen:
            click.echo(_row(part, chosen))
            click.echo(f"  {_errors(chosen)}")


def _colour_of(one: NamedBoxes) -> str:
    return colours_of(one.photo, one.boxes)[0] if one.boxes else "None"


def _row(part: str, answers: Sequence[Answer]) -> str:
    released = [
        Answer(part, tuple(RELEASED_NAMES[name] for name in names), RELEASED_NAMES.get(colour, ""))
        for _, names, colour in answers
    ]
    shares = [
        _share([one.colour in one.names[:count] for one in some])
        for some in (answers, released)
        for count in (None, 1)
    ]
    return f"{f'{len(answers)} photos, {part}':24}" + "".join(f"{share:>22}" for share in shares)


def _share(right: Sequence[bool]) -> str:
    share = np.array([np.mean(right)])
    interval = share_intervals(share, np.array([len(right)]))
    return f"{share[0]:.3f} ({interval.low[0]:.2f} to {interval.high[0]:.2f})"


def _errors(answers: Sequence[Answer]) -> str:
    wrong = Counter(
        f"{one.names[0]} as {one.colour}" for one in answers if one.colour not in one.names
    )
    return ", ".join(f"{error} {times}" for error, times in wrong.most_common(12))


if __name__ == "__main__":
    main()
