"""Drawn people in known places, with which OOTT tests whether a detector's answers are plausible.

``docs/known_people.py`` draws them.
"""

from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import numpy as np

from oott_fashion.vision.detections import Box
from oott_fashion.vision.photos import Photo, read_photo

FILE = Path(__file__).with_name("known_people.jpg")

# Each picture is a square with this side, in pixels.
SIDE = 320

_CLOTHES = (
    Box(30, 54, 120, 274),
    Box(30, 75, 121, 278),
    Box(30, 58, 117, 264),
    Box(30, 37, 128, 255),
)


class KnownPerson(NamedTuple):
    """A picture of one person, and the box around all their clothes."""

    picture: Photo
    clothes: Box


def known_people() -> Iterator[KnownPerson]:
    """Give four people at the left of their pictures, each with the mirror image."""
    sheet = read_photo(FILE.read_bytes())
    for index, box in enumerate(_CLOTHES):
        picture = sheet[:, index * SIDE : (index + 1) * SIDE]
        yield KnownPerson(picture, box)
        mirrored = box._replace(x_min=SIDE - box.x_max, x_max=SIDE - box.x_min)
        yield KnownPerson(np.ascontiguousarray(picture[:, ::-1]), mirrored)
