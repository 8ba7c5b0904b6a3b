"""Draws the people with which OOTT tests a detector: ``.venv/bin/python -m docs.known_people``.

Run it again when a drawing changes. It prints the boxes for ``oott_fashion.vision.known_people``.
"""

import sys

import cv2
import numpy as np
from numpy.typing import NDArray
from PIL import Image

from oott_assets.photos.sources.drawn.drawn_photos import draw_photo, random_outfit
from oott_fashion.vision.detections import Box
from oott_fashion.vision.known_people import FILE, SIDE
from oott_fashion.vision.letterbox import PADDING_GREY

_HEIGHT = 300
# Between the edge of the picture and the clothes, in pixels. A person's arms fit into it.
_MARGIN = 30
# Outfits in bright colours, by their seed.
_SEEDS = (3, 5, 8, 10)


def main() -> None:
    """Write the pictures side by side into one file, and print the box of each person's clothes."""
    pictures, boxes = zip(*map(picture_of, _SEEDS), strict=True)
    Image.fromarray(np.concatenate(pictures, axis=1)).save(FILE, quality=88)
    for box in boxes:
        sys.stdout.write(f"Box({', '.join(map(str, box))}),\n")


def picture_of(seed: int) -> tuple[NDArray[np.uint8], Box]:
    """Draw a person at the left edge of a grey picture."""
    rng = np.random.default_rng(seed)
    drawn = draw_photo(random_outfit(rng), rng)
    scale = _HEIGHT / drawn.pixels.shape[0]
    size = (round(drawn.pixels.shape[1] * scale), _HEIGHT)
    photo = cv2.resize(drawn.pixels, size, interpolation=cv2.INTER_AREA)
    down, across = np.nonzero(drawn.worn)
    edges = (across.min(), down.min(), across.max(), down.max())
    x_min, y_min, x_max, y_max = (round(float(edge) * scale) for edge in edges)
    left = x_min - _MARGIN
    person = photo[:, left : x_max + _MARGIN]
    picture = np.full((SIDE, SIDE, 3), PADDING_GREY, dtype=np.uint8)
    picture[:_HEIGHT, : person.shape[1]] = person
    return picture, Box(x_min - left, y_min, x_max - left, y_max)


if __name__ == "__main__":
    main()
