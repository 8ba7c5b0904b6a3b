"""Draws the parts of garments: panels, sleeves, legs and seams.

Details may have any colour, but most pixels must keep the garment's colour, because the label
names the most common one.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

from oott_assets.photos.sources.drawn.figures import (
    Canvas,
    Figure,
    Rgb,
    along,
    mixed,
    oval,
    shade,
    tube,
)

Points = Sequence[tuple[float, float]]

NECK_Y, WAIST_Y, CROTCH_Y = 15.6, 44.5, 52.5
METAL: Rgb = (196, 196, 200)
BRIGHT: Rgb = (238, 238, 236)


@dataclass(frozen=True)
class Tailor:
    """Draws one garment in one colour on one figure."""

    canvas: Canvas
    figure: Figure
    colour: Rgb
    layer: int  # the value of the garment's pixels in ``canvas.worn``; shoes use this and the next
    rng: np.random.Generator
    covered: bool = False  # worn under an outer that hides the sleeves
    open_front: bool = False  # an outer that shows the top below it

    @property
    def dark(self) -> Rgb:
        return shade(self.colour, 0.84)

    @property
    def line(self) -> Rgb:
        """A colour that is visible on the garment: darker, or lighter if the garment is dark."""
        if sum(self.colour) > 210:
            return shade(self.colour, 0.58)
        return mixed(self.colour, (255, 255, 255), 0.32)

    @property
    def bright(self) -> Rgb:
        """White, or gray if the garment is nearly white."""
        return (112, 112, 116) if min(self.colour) > 190 else BRIGHT

    def panel(self, points: Points, colour: Rgb | None = None) -> None:
        """Draw a piece of cloth with a darker edge."""
        self.canvas.fill(points, colour or self.colour, self.layer)
        self.canvas.stroke([*points, points[0]], shade(self.colour, 0.7), 0.22)

    def seam(self, points: Points, colour: Rgb | None = None, width: float = 0.35) -> None:
        self.canvas.stroke(points, colour or self.line, width)

    def panels(self, points: Points, colour: Rgb | None = None) -> None:
        """Draw a piece of cloth on the right of the photo, and its mirror image on the left."""
        for half in (mirrored(points), points):
            self.panel(half, colour)

    def seams(self, points: Points, colour: Rgb | None = None, width: float = 0.35) -> None:
        """Draw a seam on the right of the photo, and its mirror image on the left."""
        for half in (mirrored(points), points):
            self.seam(half, colour, width)

    def stripes(
        self, reach: float, length: float, colour: Rgb | None = None, width: float = 0.35
    ) -> None:
        """Draw a line across both arms at ``reach`` (0..1) of their length."""
        for arm in self.figure.arms:
            start, end = along(arm, reach - 0.02)[-1], along(arm, reach)[-1]
            self.seam(tube([start, end], (length, length))[1:3], colour, width)

    def buttons(self, x: float, heights: Sequence[float], colour: Rgb, radius: float = 0.6) -> None:
        for y in heights:
            self.canvas.dot((x, y), radius, colour)

    def edge(self, hem: float, ease: float, straight: float = 0.3, flare: float = 0) -> Points:
        """Return the right outline of a torso from the neck to ``hem``.

        ``ease`` widens the outline, and ``flare`` widens it towards the hem. ``straight`` (0..1)
        hides the waist.
        """
        heights = [y for y in (18.5, 22, 27, 32, 37.5, 42, 47) if y < hem - 1] + [hem]
        outline = [(3.4, NECK_Y)]
        for y in heights:
            body = self.figure.half_width(y)
            body += straight * max(0.0, self.figure.chest - body) * (y > 27)
            below_waist = max(0.0, y - 38) / max(1.0, hem - 38)
            outline.append((body + ease * (y > 19) + flare * below_waist, y))
        return outline

    def torso(self, hem: float, ease: float, neck: float, straight: float = 0.3) -> None:
        """Draw the body of a top with a round neckline ``neck`` units deep."""
        edge = self.edge(hem, 0.2 if self.covered else ease, straight)
        if self.covered:
            edge = [(x * 0.9, y) for x, y in edge]
        neckline = oval((0, NECK_Y), 3.4, neck, 180, 0)
        self.panel([*edge, *mirrored(edge[1:])[::-1], *neckline])

    def sleeves(self, reach: float, width: float) -> None:
        """Draw both sleeves, down to ``reach`` (0..1) of the arm; ``width`` in body units."""
        if self.covered:
            return
        for arm in self.figure.arms:
            points = along(arm, reach)
            widths = (width, width * 0.9, width * 0.72)[: len(points)]
            self.panel(tube(points, widths), shade(self.colour, 0.94))
            self.canvas.dot(arm.root, width * 0.8, shade(self.colour, 0.97))

    def cuffs(self, reach: float, width: float, colour: Rgb) -> None:
        """Draw a band on each sleeve that ends at ``reach`` (0..1) of the arm."""
        if self.covered:
            return
        for arm in self.figure.arms:
            end = along(arm, reach)[-1]
            start = along(arm, reach - 0.09)[-1]
            self.panel(tube([start, end], (width, width * 0.9)), colour)

    def fronts(self, hem: float, ease: float, gap: float, flare: float = 0) -> None:
        """Draw the two fronts of an outer, ``gap`` units from the middle if it is open."""
        inner = [(0.0, hem), (0.0, NECK_Y + 1.0)]
        if self.open_front:
            inner = [(gap, hem), (gap, 30.0), (gap * 0.8, 20.0), (2.4, NECK_Y)]
        self.panels([*self.edge(hem, ease, 0.55, flare), *inner])

    def band(self, y: float, height: float, ease: float, colour: Rgb, gap: float = 0) -> None:
        """Draw a band around the body, with an opening of ``gap`` on each side of the middle."""
        width = max(self.figure.half_width(y), self.figure.chest * 0.92) + ease
        bottom = y + height
        self.panels([(gap, y), (width, y), (width - 0.3, bottom), (gap, bottom)], colour)

    def lapels(self, length: float, width: float, colour: Rgb) -> None:
        gap = 4.2 if self.open_front else 0.2
        lapel = [(2.4, 14.8), (4.6, 16.0), (width, 22.5), (width - 1.6, 23.4), (gap, length)]
        self.panels([*lapel, (gap * 0.8, 20.0)], colour)

    def collar(self, colour: Rgb, drop: float = 20.2) -> None:
        points = [(0.1, 16.8), (2.5, 14.2), (3.9, 15.4), (3.6, drop), (1.6, drop - 0.4)]
        self.panels(points, colour)

    def legs(self, reach: float, half_widths: tuple[float, float, float]) -> None:
        """Draw two trouser legs, with half-widths at thigh, knee and hem."""
        hip = max(self.figure.hip + 0.5, half_widths[0] * 2 - 0.6)
        for leg in self.figure.legs:
            points = along(leg, reach)
            outline = tube(points, half_widths[-len(points) :] if len(points) == 2 else half_widths)
            self.panel(outline, self.colour if leg.side < 0 else shade(self.colour, 0.95))
        top = self.figure.half_width(WAIST_Y) + 0.4
        seat = [(top, WAIST_Y), (hip, 49.0), (hip - 0.1, 53.0), (0.5, CROTCH_Y + 2.2)]
        self.canvas.fill([*seat, *mirrored(seat)[::-1]], self.colour, self.layer)
        self.seam([(0, WAIST_Y), (0, CROTCH_Y + 2)], shade(self.colour, 0.7))

    def waistband(self, waist: float, height: float, colour: Rgb) -> None:
        width = self.figure.half_width(waist) + 0.5
        right = [(width, waist), (width, waist + height)]
        self.panel([(-width, waist), *right, (-width, waist + height)], colour)


def mirrored(points: Points) -> list[tuple[float, float]]:
    """Mirror ``points`` at the middle of the body."""
    return [(-x, y) for x, y in points]


Drawing = Callable[[Tailor], None]
"""Draws a garment."""
