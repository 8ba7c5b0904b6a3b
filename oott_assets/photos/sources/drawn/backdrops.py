"""Draws the blurred backgrounds of drawn photos: walls, streets, parks and shop fronts."""

from collections.abc import Callable, Sequence

import cv2
import numpy as np
from numpy.typing import NDArray

from oott_assets.photos.sources.drawn.figures import Rgb, shade
from oott_fashion.colours import lab_of

# Colours of buildings, sky, leaves and painted doors.
_TOWN_COLOURS: tuple[Rgb, ...] = (
    (214, 212, 206), (168, 166, 160), (120, 122, 126), (86, 88, 92), (196, 178, 152),
    (150, 84, 66), (176, 118, 92), (120, 96, 78), (98, 120, 84), (140, 160, 116),
    (62, 84, 66), (168, 196, 222), (120, 150, 178), (92, 110, 140), (222, 196, 178),
    (206, 170, 170), (60, 58, 62), (236, 232, 222), (178, 168, 196), (226, 206, 140),
)  # fmt: skip

# Shading varies a garment's colour by about 12 CIELAB units. A background closer than this would
# hide the garment's outline.
_MIN_COLOUR_DISTANCE = 24.0

Paint = Callable[[NDArray[np.uint8], Sequence[Rgb], np.random.Generator], None]


def backdrop(
    width: int, height: int, horizon: int, garments: Sequence[Rgb], rng: np.random.Generator
) -> NDArray[np.uint8]:
    """Draw a background in other colours than ``garments``; RGB, (height, width, 3)."""
    photo = np.zeros((height, width, 3), dtype=np.uint8)
    colours = _contrasting_colours(garments, rng)
    _paint(photo[:horizon], colours, _WALLS, rng)
    _paint(photo[horizon:], colours[::-1], _GROUNDS, rng)
    blur = rng.uniform(0.4, 3.5)
    return np.asarray(cv2.GaussianBlur(photo, (0, 0), blur), dtype=np.uint8)


def _contrasting_colours(garments: Sequence[Rgb], rng: np.random.Generator) -> list[Rgb]:
    """Choose, in random order, the town colours that differ from all ``garments``."""
    town = np.array(_TOWN_COLOURS, dtype=np.uint8)
    jitter = rng.integers(-9, 10, town.shape)
    town = np.clip(town + jitter, 0, 255).astype(np.uint8)
    worn = lab_of(np.array(garments or [(0, 0, 0)], dtype=np.uint8))
    distances = np.linalg.norm(lab_of(town)[:, None] - worn[None], axis=2).min(axis=1)
    far = np.flatnonzero(distances >= _MIN_COLOUR_DISTANCE)
    if len(far) < 2:
        far = np.argsort(-distances)[:4]
    colours = [_rgb(town[index]) for index in rng.permutation(far)]
    return colours[:4] if len(colours) >= 4 else colours * 2


def _rgb(pixel: NDArray[np.uint8]) -> Rgb:
    red, green, blue = pixel.tolist()
    return red, green, blue


def _paint(
    area: NDArray[np.uint8],
    colours: Sequence[Rgb],
    choice: Sequence[Paint | None],
    rng: np.random.Generator,
) -> None:
    """Fill ``area`` with a gradient of the first colour, and paint one of ``choice`` on it."""
    paint = choice[int(rng.integers(len(choice)))]
    gains = np.linspace(rng.uniform(0.9, 1.08), rng.uniform(0.9, 1.08), area.shape[0])
    rows = np.clip(np.array(colours[0]) * gains[:, None], 0, 255)
    area[:] = rows[:, None].astype(np.uint8)
    if paint is not None:
        paint(area, colours, rng)


def _brick_wall(area: NDArray[np.uint8], colours: Sequence[Rgb], rng: np.random.Generator) -> None:
    height, width = area.shape[:2]
    mortar, brick = shade(colours[0], rng.uniform(0.78, 0.9)), int(rng.integers(12, 26))
    for row, y in enumerate(range(0, height, brick)):
        cv2.line(area, (0, y), (width, y), mortar, 2)
        for x in range(brick * (row % 2), width, brick * 2):
            cv2.line(area, (x, y), (x, y + brick), mortar, 2)


def _building(area: NDArray[np.uint8], colours: Sequence[Rgb], rng: np.random.Generator) -> None:
    height, width = area.shape[:2]
    pane, frame = int(rng.integers(40, 90)), shade(colours[0], 0.82)
    start = int(rng.integers(-pane, 0))
    for y in range(int(rng.integers(0, pane)), height - pane, round(pane * 1.9)):
        for x in range(start, width, round(pane * 1.5)):
            corner, opposite = (x, y), (x + pane, y + round(pane * 1.4))
            cv2.rectangle(area, corner, opposite, colours[1], -1)
            cv2.rectangle(area, corner, opposite, frame, 3)


def _shop_front(area: NDArray[np.uint8], colours: Sequence[Rgb], rng: np.random.Generator) -> None:
    height, width = area.shape[:2]
    awning = round(height * rng.uniform(0.12, 0.3))
    cv2.rectangle(area, (0, 0), (width, awning), colours[1], -1)
    for x in range(0, width, 48):
        cv2.rectangle(area, (x, awning - 14), (x + 24, awning), colours[2], -1)
    left = int(rng.integers(-width // 3, width // 2))
    window = (left, awning + 30), (left + round(width * 0.7), height - 30)
    cv2.rectangle(area, *window, colours[3], -1)
    cv2.rectangle(area, *window, shade(colours[0], 0.7), 5)


def _street(area: NDArray[np.uint8], colours: Sequence[Rgb], rng: np.random.Generator) -> None:
    """Draw two rows of houses that meet at a vanishing point."""
    height, width = area.shape[:2]
    end = (round(width * rng.uniform(0.3, 0.7)), round(height * rng.uniform(0.55, 0.8)))
    for corner, colour in ((0, colours[1]), (width, colours[2])):
        near = (end[0] + corner) // 2
        house = [(corner, 0), (near, round(height * 0.3)), end, (end[0], height), (corner, height)]
        cv2.fillPoly(area, [np.array(house, dtype=np.int32)], colour)
        for share in np.linspace(0.1, 0.9, 6):
            x = round(corner + share * (end[0] - corner))
            cv2.line(area, (x, 0), (x, height), shade(colour, 0.86), 4)


def _park(area: NDArray[np.uint8], colours: Sequence[Rgb], rng: np.random.Generator) -> None:
    height, width = area.shape[:2]
    for _ in range(40):
        centre = (int(rng.integers(0, width)), int(rng.integers(0, height)))
        colour = shade(colours[int(rng.integers(1, 4))], rng.uniform(0.9, 1.1))
        cv2.circle(area, centre, int(rng.integers(14, 60)), colour, -1)


def _pavement(area: NDArray[np.uint8], colours: Sequence[Rgb], _rng: np.random.Generator) -> None:
    height, width = area.shape[:2]
    joint = shade(colours[0], 0.86)
    for share in np.linspace(-1.5, 2.5, 12):
        cv2.line(area, (width // 2, -height), (round(width * share), height), joint, 2)
    for y in (height // 6, height // 3, height * 3 // 5):
        cv2.line(area, (0, y), (width, y), joint, 2)


def _asphalt(area: NDArray[np.uint8], colours: Sequence[Rgb], rng: np.random.Generator) -> None:
    height, width = area.shape[:2]
    y = int(rng.integers(0, max(1, height // 3)))
    cv2.line(area, (0, y), (width, y + int(rng.integers(-12, 12))), colours[1], 8)


# None leaves the gradient as it is.
_WALLS: tuple[Paint | None, ...] = (None, _brick_wall, _building, _shop_front, _street, _park)
_GROUNDS: tuple[Paint | None, ...] = (None, _pavement, _asphalt)
