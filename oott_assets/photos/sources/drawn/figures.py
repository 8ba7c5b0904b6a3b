"""The canvas of a drawn photo, and the person who wears the drawn garments.

Points are in body units: x from the middle of the body to the right of the photo, y down from
the top of the head. The soles are at 100, so a unit is 1 % of the person's height.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

import cv2
import numpy as np
from numpy.typing import NDArray

Rgb = tuple[int, int, int]

NOT_WORN = 0


class Point(NamedTuple):
    """A point on the body, in body units."""

    x: float
    y: float


@dataclass(frozen=True)
class Canvas:
    """An unfinished photo: its pixels, and the garment layer that each pixel shows."""

    pixels: NDArray[np.uint8]
    worn: NDArray[np.uint8]
    crown: Point  # the top of the head, in pixels of the photo
    scale: float  # pixels per body unit
    lean: float  # horizontal shift of the body, x per y

    def fill(self, points: Sequence[tuple[float, float]], colour: Rgb, layer: int) -> None:
        """Fill the polygon ``points``, and record ``layer`` for its pixels."""
        outline = [self._subpixels(points)]
        cv2.fillPoly(self.pixels, outline, colour, cv2.LINE_AA, _SUBPIXEL_BITS)
        cv2.fillPoly(self.worn, outline, (layer,), cv2.LINE_8, _SUBPIXEL_BITS)

    def stroke(self, points: Sequence[tuple[float, float]], colour: Rgb, width: float) -> None:
        """Draw a line of ``width`` units through ``points``, without changing the layer."""
        cv2.polylines(
            self.pixels,
            [self._subpixels(points)],
            False,
            colour,
            max(1, round(width * self.scale)),
            cv2.LINE_AA,
            _SUBPIXEL_BITS,
        )

    def dot(self, centre: tuple[float, float], radius: float, colour: Rgb) -> None:
        """Draw a filled circle of ``radius`` units, without changing the layer."""
        (x, y) = self._subpixels([centre])[0].tolist()
        size = round(radius * self.scale * (1 << _SUBPIXEL_BITS))
        cv2.circle(self.pixels, (x, y), size, colour, -1, cv2.LINE_AA, _SUBPIXEL_BITS)

    def _subpixels(self, points: Sequence[tuple[float, float]]) -> NDArray[np.int32]:
        body: NDArray[np.float64] = np.array(points, dtype=np.float64)
        x = self.crown.x + (body[:, 0] + self.lean * (100 - body[:, 1])) * self.scale
        y = self.crown.y + body[:, 1] * self.scale
        placed: NDArray[np.float64] = np.stack([x, y], axis=1) * (1 << _SUBPIXEL_BITS)
        return np.rint(placed).astype(np.int32)


_SUBPIXEL_BITS = 3


class Limb(NamedTuple):
    """An arm (shoulder, elbow, wrist) or a leg (hip, knee, ankle); ``side`` is -1 or 1."""

    side: int
    root: Point
    bend: Point
    end: Point


@dataclass(frozen=True)
class Figure:
    """The build and pose of one person. The widths are half-widths in body units."""

    shoulder: float
    chest: float
    waist: float
    hip: float
    arms: tuple[Limb, Limb]
    legs: tuple[Limb, Limb]
    feet_turned: tuple[float, float]  # 1 from the side, less if pointing to the camera
    skin: Rgb
    hair: Rgb
    long_hair: bool

    def half_width(self, y: float) -> float:
        """Return half of the body's width at height ``y``."""
        widths = (self.shoulder, self.chest, self.waist, self.hip)
        return float(np.interp(y, (18.5, 27, 37.5, 47), widths))


def random_figure(rng: np.random.Generator, skin: Rgb, hair: Rgb) -> Figure:
    """Create a person with a random build and pose."""
    shoulder = rng.uniform(9.6, 11.4)
    hip = rng.uniform(8.4, 9.8)
    return Figure(
        shoulder=shoulder,
        chest=shoulder - rng.uniform(1.2, 1.9),
        waist=rng.uniform(7.2, 8.6),
        hip=hip,
        arms=(_arm(-1, shoulder, hip, rng), _arm(1, shoulder, hip, rng)),
        legs=(_leg(-1, rng), _leg(1, rng)),
        feet_turned=(rng.uniform(0.72, 1), rng.uniform(0.72, 1)),
        skin=skin,
        hair=hair,
        long_hair=bool(rng.random() < 0.5),
    )


def _arm(side: int, shoulder: float, hip: float, rng: np.random.Generator) -> Limb:
    root = Point(side * (shoulder - 1.4), 20.5)
    if rng.random() < 0.2:  # hand on the hip
        return Limb(side, root, Point(side * (shoulder + 8), 34.5), Point(side * (hip + 2.4), 44.5))
    out = shoulder + rng.uniform(1.6, 4.6)
    hand = max(hip + 4.2, out + rng.uniform(-0.5, 4))
    return Limb(side, root, Point(side * out, 35), Point(side * hand, rng.uniform(47.5, 50.5)))


def _leg(side: int, rng: np.random.Generator) -> Limb:
    stance = rng.uniform(0.2, 3)
    knee, ankle = Point(side * (4.9 + stance / 2), 72), Point(side * (4.9 + stance), 95)
    return Limb(side, Point(side * 4.6, 48), knee, ankle)


def along(limb: Limb, reach: float) -> list[Point]:
    """Return the part of ``limb`` up to ``reach`` (0..1) of its length."""
    upper = np.hypot(limb.bend.x - limb.root.x, limb.bend.y - limb.root.y)
    lower = np.hypot(limb.end.x - limb.bend.x, limb.end.y - limb.bend.y)
    rest = reach * (upper + lower)
    if rest <= upper:
        return [limb.root, _between(limb.root, limb.bend, rest / upper)]
    return [limb.root, limb.bend, _between(limb.bend, limb.end, (rest - upper) / lower)]


def _between(start: Point, stop: Point, share: float) -> Point:
    return Point(start.x + share * (stop.x - start.x), start.y + share * (stop.y - start.y))


def tube(points: Sequence[Point], half_widths: Sequence[float]) -> list[tuple[float, float]]:
    """Outline a limb or a sleeve, with a half-width for each of ``points``."""
    middle = np.array(points)
    direction = np.gradient(middle, axis=0)
    direction /= np.linalg.norm(direction, axis=1, keepdims=True)
    across = direction[:, ::-1] * (-1, 1) * np.array(half_widths)[:, None]
    return [(float(x), float(y)) for x, y in [*(middle + across), *(middle - across)[::-1]]]


def oval(
    centre: tuple[float, float], width: float, height: float, start: float = 0, stop: float = 360
) -> list[tuple[float, float]]:
    """Outline an ellipse of half ``width`` and half ``height``, or the part between two angles.

    Angles are in degrees, clockwise from the right: 90 points down.
    """
    turns = np.radians(np.linspace(start, stop, 24))
    x, y = centre[0] + width * np.cos(turns), centre[1] + height * np.sin(turns)
    return list(zip(x.tolist(), y.tolist(), strict=True))


def draw_body(canvas: Canvas, figure: Figure) -> None:
    """Draw what garments cover: arms, legs, neck, and the hair behind the neck."""
    if figure.long_hair:
        canvas.fill(oval((0, 10.5), 6.6, 9.8), figure.hair, NOT_WORN)
    for limb in figure.legs:
        canvas.fill(tube([*along(limb, 1)], (4.4, 3.1, 2.0)), figure.skin, NOT_WORN)
    for limb in figure.arms:
        canvas.fill(tube([*along(limb, 1)], (2.3, 1.9, 1.4)), figure.skin, NOT_WORN)
    edge = [(figure.half_width(y), float(y)) for y in (18.5, 27, 37.5, 47, 51)]
    outline = [(2.4, 12.0), (2.4, 15.6), *edge]
    canvas.fill([*outline, *((-x, y) for x, y in outline[::-1])], figure.skin, NOT_WORN)


def draw_hands(canvas: Canvas, figure: Figure) -> None:
    """Draw the hands, in front of the sleeves."""
    for arm in figure.arms:
        down = 1.7 if arm.end.y > 46 else 0.4
        canvas.fill(oval((arm.end.x, arm.end.y + down), 1.7, 2.5), figure.skin, NOT_WORN)


def draw_head(canvas: Canvas, figure: Figure) -> None:
    """Draw the head last, in front of hoods and collars."""
    canvas.fill(oval((0, 7.2), 4.3, 6.0), figure.skin, NOT_WORN)
    canvas.fill(oval((0, 5.6), 4.8, 5.6, 178, 362), figure.hair, NOT_WORN)
    if figure.long_hair:
        for side in (-1, 1):
            canvas.fill(oval((side * 4.6, 9.2), 1.3, 5.2), figure.hair, NOT_WORN)
    shadow = shade(figure.skin, 0.6)
    for side in (-1, 1):
        canvas.dot((side * 1.7, 7.4), 0.45, (40, 30, 30))
        canvas.stroke([(side * 1.1, 6.2), (side * 2.4, 6.1)], figure.hair, 0.35)
    canvas.stroke([(0, 7.8), (0.3, 9.1), (-0.2, 9.2)], shadow, 0.2)
    canvas.stroke(oval((0, 10.2), 1.2, 0.7, 20, 160), (160, 70, 70), 0.4)


def shade(colour: Rgb, gain: float) -> Rgb:
    """Darken (``gain`` below 1) or lighten ``colour``."""
    red, green, blue = (min(255, max(0, round(channel * gain))) for channel in colour)
    return red, green, blue


def mixed(colour: Rgb, other: Rgb, share: float) -> Rgb:
    """Mix ``share``, 0..1, of ``other`` into ``colour``."""
    red, green, blue = (
        round(one + share * (two - one)) for one, two in zip(colour, other, strict=True)
    )
    return red, green, blue
