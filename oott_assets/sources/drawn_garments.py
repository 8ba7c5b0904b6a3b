"""How each of the 24 garments is drawn: its cut, and the details that tell it from the others.

A detail may be any colour, but the cloth keeps most of a garment's pixels: a garment is named by
the colour most of it has.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

from oott_assets.sources.drawn_figures import (
    NOT_WORN,
    Easel,
    Figure,
    Limb,
    Point,
    Rgb,
    along,
    mixed,
    oval,
    shade,
    tube,
)

Points = Sequence[tuple[float, float]]

_NECK_Y, _WAIST_Y, _CROTCH_Y = 15.6, 44.5, 52.5
_METAL: Rgb = (196, 196, 200)
_BRIGHT: Rgb = (238, 238, 236)


@dataclass(frozen=True)
class Tailor:
    """Cuts one garment of one colour for one figure."""

    easel: Easel
    figure: Figure
    colour: Rgb
    layer: int  # what the easel notes for the garment's pixels; shoes use this and the next
    rng: np.random.Generator
    covered: bool = False  # worn under an outer, which hides the sleeves
    open_front: bool = False  # an outer showing the top below

    @property
    def dark(self) -> Rgb:
        return shade(self.colour, 0.84)

    @property
    def line(self) -> Rgb:
        """A colour that shows on the cloth: darker, or lighter where the cloth is dark."""
        if sum(self.colour) > 210:
            return shade(self.colour, 0.58)
        return mixed(self.colour, (255, 255, 255), 0.32)

    @property
    def bright(self) -> Rgb:
        """White, or gray where the cloth itself is nearly white."""
        return (112, 112, 116) if min(self.colour) > 190 else _BRIGHT

    def panel(self, points: Points, colour: Rgb | None = None) -> None:
        """Lay a piece of cloth, hemmed."""
        self.easel.fill(points, colour or self.colour, self.layer)
        self.easel.stroke([*points, points[0]], shade(self.colour, 0.7), 0.22)

    def seam(self, points: Points, colour: Rgb | None = None, width: float = 0.35) -> None:
        self.easel.stroke(points, colour or self.line, width)

    def buttons(self, x: float, heights: Sequence[float], colour: Rgb, radius: float = 0.6) -> None:
        for y in heights:
            self.easel.dot((x, y), radius, colour)

    def edge(self, hem: float, ease: float, straight: float = 0.3, flare: float = 0) -> Points:
        """The right outline of a torso from the neck to ``hem``.

        ``ease`` widens it, ``straight`` 0..1 hides the waist, ``flare`` widens it towards the hem.
        """
        heights = [y for y in (18.5, 22, 27, 32, 37.5, 42, 47) if y < hem - 1] + [hem]
        outline = [(3.4, _NECK_Y)]
        for y in heights:
            body = self.figure.half_width(y)
            body += straight * max(0.0, self.figure.chest - body) * (y > 27)
            below_waist = max(0.0, y - 38) / max(1.0, hem - 38)
            outline.append((body + ease * (y > 19) + flare * below_waist, y))
        return outline

    def torso(self, hem: float, ease: float, neck: float, straight: float = 0.3) -> None:
        """Lay the body of a top with a round neckline ``neck`` units deep."""
        edge = self.edge(hem, 0.2 if self.covered else ease, straight)
        if self.covered:
            edge = [(x * 0.9, y) for x, y in edge]
        neckline = oval((0, _NECK_Y), 3.4, neck, 180, 0)
        self.panel([*edge, *_mirrored(edge[1:])[::-1], *neckline])

    def sleeves(self, reach: float, width: float, colour: Rgb | None = None) -> None:
        """Lay both sleeves, down to ``reach`` of the arm's length; widths in body units."""
        if self.covered:
            return
        for arm in self.figure.arms:
            points = along(arm, reach)
            widths = (width, width * 0.9, width * 0.72)[: len(points)]
            self.panel(tube(points, widths), colour or shade(self.colour, 0.94))
            self.easel.dot(arm.root, width * 0.8, shade(self.colour, 0.97))

    def cuffs(self, reach: float, width: float, colour: Rgb) -> None:
        """Finish the sleeves with a band that ends at ``reach`` of the arm's length."""
        if self.covered:
            return
        for arm in self.figure.arms:
            end = along(arm, reach)[-1]
            start = along(arm, reach - 0.09)[-1]
            self.panel(tube([start, end], (width, width * 0.9)), colour)

    def fronts(self, hem: float, ease: float, gap: float, flare: float = 0) -> None:
        """Lay the two fronts of an outer, ``gap`` units off the middle where it is open."""
        shown = gap if self.open_front else 0
        for side in (-1, 1):
            edge = self.edge(hem, ease, 0.55, flare)
            inner = [(shown, hem), (shown, 30.0), (max(shown * 0.8, 0), 20.0), (2.4, _NECK_Y)]
            if not self.open_front:
                inner = [(0.0, hem), (0.0, _NECK_Y + 1.0)]
            self.panel([(side * x, y) for x, y in [*edge, *inner]])

    def band(self, y: float, height: float, ease: float, colour: Rgb, gap: float = 0) -> None:
        """Lay a band around the body, open in the middle by ``gap`` on either side."""
        width = max(self.figure.half_width(y), self.figure.chest * 0.92) + ease
        for side in (-1, 1):
            corners = [(gap, y), (width, y), (width - 0.3, y + height), (gap, y + height)]
            self.panel([(side * x, height_) for x, height_ in corners], colour)

    def lapels(self, length: float, width: float, colour: Rgb) -> None:
        gap = 4.2 if self.open_front else 0.2
        for side in (-1, 1):
            lapel = [(2.4, 14.8), (4.6, 16.0), (width, 22.5), (width - 1.6, 23.4), (gap, length)]
            self.panel([(side * x, y) for x, y in [*lapel, (gap * 0.8, 20.0)]], colour)

    def collar(self, colour: Rgb, drop: float = 20.2) -> None:
        for side in (-1, 1):
            points = [(0.1, 16.8), (2.5, 14.2), (3.9, 15.4), (3.6, drop), (1.6, drop - 0.4)]
            self.panel([(side * x, y) for x, y in points], colour)

    def legs(
        self, reach: float, half_widths: tuple[float, float, float], waist: float = _WAIST_Y
    ) -> None:
        """Lay two trouser legs, half-widths at thigh, knee and hem."""
        hip = max(self.figure.hip + 0.5, half_widths[0] * 2 - 0.6)
        for leg in self.figure.legs:
            points = along(leg, reach)
            outline = tube(points, half_widths[-len(points) :] if len(points) == 2 else half_widths)
            self.panel(outline, self.colour if leg.side < 0 else shade(self.colour, 0.95))
        top = self.figure.half_width(waist) + 0.4
        seat = [(top, waist), (hip, 49.0), (hip - 0.1, 53.0), (0.5, _CROTCH_Y + 2.2)]
        self.easel.fill([*seat, *_mirrored(seat)[::-1]], self.colour, self.layer)
        self.seam([(0, waist), (0, _CROTCH_Y + 2)], shade(self.colour, 0.7))

    def waistband(self, waist: float, height: float, colour: Rgb) -> None:
        width = self.figure.half_width(waist) + 0.5
        self.panel(
            [(-width, waist), (width, waist), (width, waist + height), (-width, waist + height)],
            colour,
        )


def _mirrored(points: Points) -> list[tuple[float, float]]:
    return [(-x, y) for x, y in points]


def _blazer(tailor: Tailor) -> None:
    tailor.fronts(hem=56, ease=1.7, gap=4.4)
    tailor.sleeves(1, 2.9)
    tailor.lapels(37, 7.6, tailor.dark)
    tailor.seam([(5.4, 19.6), (7.4, 19.2)])
    tailor.seam([(-5.4, 19.6), (-7.4, 19.2)])
    for side in (-1, 1):
        tailor.seam([(side * 5.6, 47.5), (side * 9.4, 46.9)], width=0.8)
    tailor.buttons(5.3, (39.0, 43.5), tailor.line, 0.75)
    tailor.buttons(-5.3, (39.0, 43.5), tailor.line, 0.75)


def _denim_jacket(tailor: Tailor) -> None:
    thread = (214, 150, 70)
    tailor.fronts(hem=42, ease=1.5, gap=4.4)
    tailor.sleeves(1, 2.8)
    tailor.cuffs(1, 2.2, tailor.dark)
    tailor.band(40.5, 3.2, 1.7, tailor.dark, 4.4 if tailor.open_front else 0)
    tailor.collar(tailor.dark)
    for side in (-1, 1):
        pocket = [(5.0, 25.4), (9.2, 25.4), (9.2, 27.2), (7.1, 28.4), (5.0, 27.2), (5.0, 25.4)]
        yoke = [(4.6, 24.6), (9.6, 24.6)]
        seams = [(5.6, 29.0), (6.4, 40.4)], [(8.6, 29.0), (7.8, 40.4)], [(4.8, 20.0), (4.9, 40.0)]
        for seam in (pocket, yoke, *seams):
            tailor.seam([(side * x, y) for x, y in seam], thread, 0.42)
        tailor.seam([(side * 4.5, 42.2), (side * 9, 42.2)], thread, 0.35)
    tailor.buttons(4.9, (22.5, 27, 31.5, 36, 40.5), _METAL, 0.5)


def _leather_jacket(tailor: Tailor) -> None:
    shine = mixed(tailor.colour, (255, 255, 255), 0.42)
    tailor.fronts(hem=44, ease=1.4, gap=4.2)
    tailor.sleeves(1, 2.7)
    tailor.lapels(31, 9.4, tailor.dark)
    tailor.band(42, 2.4, 1.5, tailor.dark, 4.2 if tailor.open_front else 0)
    tailor.seam([(4.6, 42), (6.2, 34), (9.0, 24.0)], _METAL, 0.8)
    tailor.seam([(-5.2, 39), (-8.6, 36.6)], _METAL, 0.7)
    tailor.seam([(5.6, 40.2), (8.8, 38.4)], _METAL, 0.6)
    for side in (-1, 1):
        tailor.seam([(side * 8.8, 27), (side * 8.0, 33)], shine, 0.7)
        tailor.buttons(side * 7.6, (22.0,), _METAL, 0.45)
    for arm in tailor.figure.arms:
        tailor.seam(along(arm, 0.72), shine, 0.6)
        tailor.seam(_across(arm, 0.9, 2.1), _METAL, 0.5)
    tailor.buttons(-5.6, (43.2,), _METAL, 0.9)


def _across(limb: Limb, reach: float, width: float) -> Points:
    """A line across ``limb`` at ``reach`` of its length."""
    start, end = along(limb, reach - 0.02)[-1], along(limb, reach)[-1]
    outline = tube([start, end], (width, width))
    return [outline[1], outline[2]]


def _coat(tailor: Tailor) -> None:
    hem = tailor.rng.uniform(68, 75)
    tailor.fronts(hem, ease=2.2, gap=4.2, flare=3.2)
    tailor.sleeves(1, 3.1)
    tailor.lapels(33, 8.6, tailor.dark)
    for side in (-1, 1):
        tailor.buttons(side * 6.2, (35, 41, 47), tailor.line, 0.85)
        tailor.seam([(side * 7.2, 51), (side * 9.8, 54.5)], width=0.8)
        tailor.seam([(side * 8.4, 57), (side * 9.8, hem - 1)], shade(tailor.colour, 0.78), 0.3)
    for arm in tailor.figure.arms:
        tailor.seam(_across(arm, 0.9, 2.4), width=0.6)


def _windbreaker(tailor: Tailor) -> None:
    gap = 4.2 if tailor.open_front else 0
    tailor.fronts(hem=47, ease=2.7, gap=4.2)
    tailor.sleeves(0.97, 3.4)
    tailor.band(29.5, 2.5, 2.5, tailor.bright, gap)
    for arm in tailor.figure.arms:
        tailor.seam(_across(arm, 0.36, 2.7), tailor.bright, 1.8)
    tailor.band(46, 2.6, 1.0, tailor.dark, gap)
    tailor.cuffs(1, 2.1, tailor.dark)
    for side in (-1, 1):
        tailor.seam([(side * 3.2, 16.5), (side * 9.6, 25.5)], width=0.4)
        tailor.seam([(side * 6.0, 37), (side * 8.4, 42)], tailor.bright, 0.5)
    tailor.seam([(gap, 19), (gap, 47)], tailor.bright, 0.7)
    tailor.seam([(-gap, 19), (-gap, 47)], tailor.bright, 0.7)


def _cardigan(tailor: Tailor) -> None:
    tailor.fronts(hem=53, ease=1.6, gap=4.6)
    tailor.sleeves(1, 2.9)
    for y in np.arange(21, 52, 1.5):
        for side in (-1, 1):
            tailor.seam([(side * 6.4, y), (side * 9.0, y)], shade(tailor.colour, 0.9), 0.3)
    for side in (-1, 1):
        opening = [(2.2, 15.4), (3.9, 15.8), (6.2, 33.0), (6.2, 53.4), (4.4, 53.4), (4.4, 32.0)]
        tailor.panel([(side * x, y) for x, y in opening], tailor.dark)
        tailor.seam([(side * 8, 45), (side * 8, 45.1)], width=0.3)
    tailor.band(51.5, 2.6, 1.6, tailor.dark, 4.6)
    tailor.cuffs(1, 2.2, tailor.dark)
    tailor.buttons(5.3, (33.5, 38, 42.5, 47), tailor.bright, 0.95)


def _puffer(tailor: Tailor) -> None:
    gap = 4.2 if tailor.open_front else 0.1
    glow = shade(tailor.colour, 1.08)
    for arm in tailor.figure.arms:
        for reach in (0.12, 0.32, 0.52, 0.72, 0.9):
            middle = along(arm, reach)[-1]
            tailor.panel(oval(middle, 4.1, 3.2), tailor.colour)
    for y in (45.5, 40.2, 34.9, 29.6, 24.3, 20.4):
        width = max(tailor.figure.half_width(y), tailor.figure.chest) + 3.2 - 1.8 * (y < 22)
        for side in (-1, 1):
            quilt = oval((0, y), width, 3.5, -90, 90)
            tailor.panel([(side * max(x, gap), height) for x, height in quilt], tailor.colour)
            tailor.seam([(side * (gap + 1), y - 1.2), (side * width * 0.8, y - 1.4)], glow, 0.9)
            tailor.seam([(side * gap, y - 2.9), (side * width * 0.9, y - 2.2)], tailor.line, 0.5)
    for side in (-1, 1):
        neck = [(gap * 0.6, 13.4), (4.0, 13.2), (5.4, 18.0), (gap, 19.0)]
        tailor.panel([(side * x, y) for x, y in neck], tailor.dark)
    tailor.seam([(gap, 19), (gap, 48)], tailor.line, 0.5)


def _tee_shirt(tailor: Tailor) -> None:
    tailor.torso(hem=50.5, ease=0.9, neck=2.4)
    tailor.sleeves(0.36, 3.5)
    tailor.seam(oval((0, _NECK_Y), 3.5, 2.9, 180, 0), tailor.line, 0.7)
    if tailor.rng.random() < 0.6:
        tailor.seam([(-2.2, 27), (2.2, 27)], tailor.line, 1.3)
        tailor.seam([(-1.4, 29.4), (1.4, 29.4)], tailor.line, 0.8)


def _long_sleeve_shirt(tailor: Tailor) -> None:
    tailor.torso(hem=49.5, ease=0.3, neck=2.6, straight=0.1)
    tailor.sleeves(1, 2.3)
    for y in np.arange(22.5, 48, 3.4):
        width = tailor.figure.half_width(y) - (1.6 if y < 27 else 0.3)
        tailor.seam([(-width, y), (width, y)], tailor.line, 0.65)
    for arm in tailor.figure.arms:
        for reach in (0.3, 0.42, 0.54, 0.66, 0.78, 0.9):
            tailor.seam(_across(arm, reach, 1.8), tailor.line, 0.6)
    tailor.seam(oval((0, _NECK_Y), 3.4, 2.9, 180, 0), tailor.dark, 0.5)


def _tank_top(tailor: Tailor) -> None:
    edge = [(x, y) for x, y in tailor.edge(50, 0.3, 0.2) if y > 26]
    straps = [(tailor.figure.chest - 1.4, 23.5), (5.6, 17.0), (3.6, 16.4), (3.3, 21.5), (0, 24.2)]
    half = [*edge[::-1], *straps]
    tailor.panel([*half, *_mirrored(half[:-1])[::-1]])
    trim = straps[1:]
    tailor.seam([*trim[1:], *_mirrored(trim[1:-1])[::-1]], tailor.line, 0.5)


def _shirt(tailor: Tailor) -> None:
    tailor.torso(hem=52, ease=0.9, neck=1.5)
    tailor.sleeves(0.98, 2.8)
    tailor.cuffs(1, 2.3, shade(tailor.colour, 1.06))
    tailor.seam([(-1.0, 18), (-1.0, 51)], width=0.25)
    tailor.seam([(1.0, 18), (1.0, 51)], width=0.25)
    tailor.collar(shade(tailor.colour, 1.08))
    tailor.seam([(0, 16.8), (1.8, 20), (3.6, 20.2)])
    tailor.seam([(0, 16.8), (-1.8, 20), (-3.6, 20.2)])
    tailor.buttons(0, np.arange(21, 50, 4.6).tolist(), tailor.line, 0.5)
    if not tailor.covered:
        pocket = [(4.2, 25.6), (7.4, 25.6), (7.4, 29), (5.8, 30), (4.2, 29), (4.2, 25.6)]
        tailor.seam(pocket, width=0.3)


def _polo_shirt(tailor: Tailor) -> None:
    tailor.torso(hem=50.5, ease=0.8, neck=1.5)
    tailor.sleeves(0.36, 3.3)
    for arm in tailor.figure.arms:
        tailor.seam(_across(arm, 0.35, 2.7), tailor.bright, 0.8)
    tailor.panel([(-1.2, 16.8), (1.2, 16.8), (1.2, 27.5), (-1.2, 27.5)], tailor.dark)
    tailor.buttons(0, (21.4, 25.0), tailor.bright, 0.55)
    tailor.collar(tailor.dark, 20.6)
    for side in (-1, 1):
        tailor.seam(
            [(side * 1.7, 20.3), (side * 3.6, 20.7), (side * 4.0, 15.8)], tailor.bright, 0.5
        )


def _sweat_shirt(tailor: Tailor) -> None:
    tailor.torso(hem=47.5, ease=2.3, neck=2.2, straight=1)
    tailor.sleeves(0.97, 3.5)
    if not tailor.covered:
        tailor.band(47, 3.4, 1.2, tailor.dark)
    tailor.cuffs(1, 2.0, tailor.dark)
    tailor.seam(oval((0, _NECK_Y), 3.7, 3.0, 180, 0), tailor.line, 1.0)
    tailor.seam([(-2.0, 18.6), (0, 22.6), (2.0, 18.6)], tailor.line, 0.6)
    for side in (-1, 1):
        if not tailor.covered:
            tailor.seam([(side * 4.4, 16.6), (side * 9.8, 26.5)], width=0.5)


def _hoodie(tailor: Tailor) -> None:
    tailor.torso(hem=48.5, ease=2.2, neck=1.8, straight=1)
    tailor.sleeves(0.97, 3.4)
    if not tailor.covered:
        tailor.band(48, 2.8, 1.3, tailor.dark)
    tailor.cuffs(1, 2.0, tailor.dark)
    pocket = [(-4.2, 36.5), (4.2, 36.5), (7.0, 42), (7.0, 47), (-7.0, 47), (-7.0, 42)]
    if tailor.covered:
        pocket = [(-3.6, 36.5), (3.6, 36.5), (3.6, 47), (-3.6, 47)]
    tailor.panel(pocket, shade(tailor.colour, 0.9))
    tailor.seam([*pocket, pocket[0]], tailor.line, 0.45)
    for side in (-1, 1):
        tailor.seam([(side * 1.5, 18.5), (side * 1.8, 26.5)], tailor.bright, 0.55)


def _hood(tailor: Tailor) -> None:
    """Lay a hood around the neck, over whatever else is worn there."""
    tailor.panel(oval((0, 14.6), 7.4, 4.6))
    tailor.easel.fill(oval((0, 13.6), 4.6, 3.4), shade(tailor.colour, 0.6), tailor.layer)
    tailor.seam(oval((0, 13.6), 4.9, 3.7, 0, 180), tailor.line, 0.5)


def _knit_sweater(tailor: Tailor) -> None:
    tailor.torso(hem=49.5, ease=1.5, neck=1.0, straight=0.7)
    tailor.sleeves(1, 3.1)
    tailor.panel([(-3.5, 12.6), (3.5, 12.6), (4.0, 17.4), (-4.0, 17.4)], tailor.dark)
    for x in (-2.4, -0.8, 0.8, 2.4):
        tailor.seam([(x, 13), (x, 17)], width=0.25)
    heights = np.arange(19, 48.5, 0.8)
    for middle in (-2.4, 2.4) if tailor.covered else (-6.0, -2.0, 2.0, 6.0):
        for phase in (0.0, np.pi):
            cable = middle + 0.95 * np.sin(heights * 1.15 + phase)
            tailor.seam(list(zip(cable.tolist(), heights.tolist(), strict=True)), width=0.45)
    if not tailor.covered:
        tailor.band(48.5, 2.6, 0.9, tailor.dark)
        for x in np.arange(-7.5, 8, 1.5):
            tailor.seam([(x, 48.7), (x, 51)], width=0.25)


def _dress(tailor: Tailor) -> None:
    hem, flare = tailor.rng.uniform(68, 75), tailor.rng.uniform(6, 9)
    bodice = [(3.6, 15.8), *tailor.edge(40.5, 0.3, 0)[1:]]
    if tailor.covered:
        bodice = [(x * 0.9, y) for x, y in bodice]
    skirt_width = tailor.figure.hip + (2.2 if tailor.covered else flare)
    half = [*bodice, (tailor.figure.hip + 1.6, 48.0), (skirt_width, hem)]
    neckline = oval((0, 15.8), 3.6, 4.4, 180, 0)
    tailor.panel([*half, *_mirrored(half[1:])[::-1], *neckline])
    if tailor.rng.random() < 0.6:
        tailor.sleeves(0.28, 3.0)
    for turn in (-0.75, -0.45, -0.15, 0.15, 0.45, 0.75):
        tailor.seam([(turn * 7.5, 41.5), (turn * skirt_width, hem - 0.5)], tailor.dark, 0.5)
    waist = tailor.figure.waist + 0.4
    tailor.seam([(-waist, 40), (waist, 40)], tailor.line, 1.3)


def _jeans(tailor: Tailor) -> None:
    thread, fade = (214, 150, 70), mixed(tailor.colour, (255, 255, 255), 0.14)
    tailor.legs(0.97, (4.9, 3.5, 2.9))
    for leg in tailor.figure.legs:
        thigh = [Point(leg.root.x, 56), Point((leg.root.x + leg.bend.x) / 2, 63), leg.bend]
        tailor.easel.fill(tube(thigh, (1.2, 1.7, 1.0)), fade, tailor.layer)
        outer = tube(along(leg, 0.95), (4.4, 3.0, 2.4))
        tailor.seam(outer[3:] if leg.side > 0 else outer[:3], thread, 0.4)
        tailor.seam(
            oval((leg.side * 8.6, 46), 4.2, 4.6, 90, 180 if leg.side > 0 else 0), thread, 0.45
        )
        cuff = along(leg, 0.985)[-1]
        tailor.panel(tube([Point(cuff.x, cuff.y - 3), cuff], (3.2, 3.2)), fade)
    tailor.waistband(_WAIST_Y, 2, tailor.dark)
    tailor.seam([(0.2, 46.5), (1.4, 47), (1.4, 52), (0, 54)], thread, 0.4)
    tailor.buttons(0, (45.5,), (206, 160, 90), 0.5)


def _slacks(tailor: Tailor) -> None:
    tailor.legs(0.995, (4.9, 4.2, 3.7))
    for leg in tailor.figure.legs:
        tailor.seam([Point(leg.root.x, 50), leg.bend, Point(leg.end.x, leg.end.y - 0.6)], width=0.5)
        tailor.seam([(leg.side * 6.0, 46.8), (leg.side * 7.8, 51.5)], width=0.4)
    tailor.waistband(_WAIST_Y, 1.9, (38, 28, 24) if sum(tailor.colour) > 210 else (120, 84, 54))
    tailor.buttons(0, (45.5,), _METAL, 0.8)


def _sweat_pants(tailor: Tailor) -> None:
    tailor.legs(0.93, (5.5, 5.1, 4.0))
    for leg in tailor.figure.legs:
        start, end = along(leg, 0.91)[-1], along(leg, 0.985)[-1]
        tailor.panel(tube([start, end], (2.5, 2.4)), tailor.dark)
        outer = tube(along(leg, 0.9), (4.7, 4.3, 3.2))
        tailor.seam(outer[3:] if leg.side > 0 else outer[:3], tailor.bright, 0.8)
    tailor.waistband(_WAIST_Y - 0.4, 2.8, tailor.dark)
    for side in (-1, 1):
        tailor.seam([(side * 0.5, 46), (side * 1.2, 53)], tailor.bright, 0.55)


def _skirt(tailor: Tailor) -> None:
    hem = tailor.rng.uniform(62, 78)
    width = tailor.figure.hip + tailor.rng.uniform(2.5, 6)
    top = tailor.figure.half_width(_WAIST_Y - 3) + 0.3
    tailor.panel([(-top, 41.5), (top, 41.5), (width, hem), (-width, hem)])
    for turn in (-0.8, -0.55, -0.3, 0, 0.3, 0.55, 0.8):
        tailor.seam(
            [(turn * top, 43.5), (turn * width, hem - 0.5)], shade(tailor.colour, 0.76), 0.45
        )
    tailor.waistband(41.5, 2.2, tailor.dark)


def _shorts(tailor: Tailor) -> None:
    tailor.legs(tailor.rng.uniform(0.3, 0.4), (5.0, 5.0, 5.4))
    for leg in tailor.figure.legs:
        tailor.seam([(leg.side * 5.8, 46.6), (leg.side * 8.4, 51)], width=0.6)
    tailor.waistband(_WAIST_Y, 2, tailor.dark)
    tailor.seam([(0.2, 46.5), (1.4, 47), (1.4, 51.5), (0, 53)])


def _pair(draw_shoe: "Callable[[Tailor, _Last], None]") -> Callable[[Tailor], None]:
    def draw_pair(tailor: Tailor) -> None:
        for foot, (leg, turned) in enumerate(
            zip(tailor.figure.legs, tailor.figure.feet_turned, strict=True)
        ):
            draw_shoe(tailor, _Last(leg, turned, tailor.layer + foot))

    return draw_pair


@dataclass(frozen=True)
class _Last:
    """One foot a shoe is made on: x from the ankle to the toes, y up from the ground."""

    leg: Limb
    turned: float
    layer: int

    def placed(self, points: Points) -> list[tuple[float, float]]:
        ankle = self.leg.end.x - self.leg.side * 0.8
        return [(ankle + self.leg.side * self.turned * x, 99.6 - y) for x, y in points]


def _lay(tailor: Tailor, last: _Last, points: Points, colour: Rgb, layer: int) -> None:
    outline = last.placed(points)
    tailor.easel.fill(outline, colour, layer)
    tailor.easel.stroke([*outline, outline[0]], shade(colour, 0.7), 0.2)


def _sneaker(tailor: Tailor, last: _Last) -> None:
    upper = [(-3, 0.9), (-3.3, 6.2), (1.2, 6.6), (3.2, 5.0), (6.6, 3.9), (8.0, 2.4), (8.0, 0.9)]
    sole = [(-3.6, 1.2), (8.3, 1.2), (8.4, 0.4), (7.8, 0), (-3.3, 0)]
    _lay(tailor, last, upper, tailor.colour, last.layer)
    _lay(tailor, last, sole, tailor.bright, last.layer)
    for x, y in ((1.8, 5.6), (3.2, 4.7), (4.6, 4.2)):
        tailor.seam(last.placed([(x - 0.9, y - 1.5), (x + 0.5, y)]), tailor.bright, 0.4)


def _dress_shoe(tailor: Tailor, last: _Last) -> None:
    upper = [(-3, 0.9), (-3.2, 5.2), (-0.6, 4.2), (2.2, 4.9), (4.2, 3.4), (9.8, 1.2), (9.8, 0.6)]
    _lay(tailor, last, upper, tailor.colour, last.layer)
    _lay(tailor, last, [(-3.1, 1), (-0.6, 1), (-0.9, -0.5), (-2.9, -0.5)], tailor.dark, last.layer)
    tailor.seam(last.placed([(0, 0.8), (9.4, 0.7)]), shade(tailor.colour, 0.6), 0.3)
    tailor.seam(last.placed([(4.6, 2.4), (7.2, 1.7)]), mixed(tailor.colour, _BRIGHT, 0.5), 0.4)


def _sandal(tailor: Tailor, last: _Last) -> None:
    foot = [(-2.6, 0.9), (-2.2, 6.4), (1.3, 6.4), (3, 4.6), (7, 2.7), (7.8, 0.9)]
    sole = [(-3.2, 1.5), (8.4, 1.5), (8.4, 0), (-3.2, 0)]
    toes = [(4.2, 1.2), (6.2, 1.2), (5.8, 3.4), (4.0, 4.3)]
    instep = [(0.3, 1.2), (2.4, 1.2), (2.9, 4.9), (1.2, 6.2)]
    heel = [(-2.9, 1.2), (-1.4, 1.2), (-1.2, 5.0), (-2.6, 5.0)]
    ankle = [(-2.7, 4.4), (1.5, 4.4), (1.5, 6.0), (-2.7, 6.0)]
    _lay(tailor, last, foot, tailor.figure.skin, NOT_WORN)
    for strap in (sole, toes, instep, heel, ankle):
        _lay(tailor, last, strap, tailor.colour, last.layer)


DRAWINGS: dict[str, Callable[[Tailor], None]] = {
    "blazer": _blazer,
    "denim jacket": _denim_jacket,
    "leather jacket": _leather_jacket,
    "coat": _coat,
    "windbreaker jacket": _windbreaker,
    "cardigan": _cardigan,
    "puffer": _puffer,
    "tee shirt": _tee_shirt,
    "long sleeve shirt": _long_sleeve_shirt,
    "tank top": _tank_top,
    "shirt": _shirt,
    "polo shirt": _polo_shirt,
    "sweat shirt": _sweat_shirt,
    "hoodie sweat shirt": _hoodie,
    "knit sweater": _knit_sweater,
    "dress": _dress,
    "jeans": _jeans,
    "slacks": _slacks,
    "sweat pants": _sweat_pants,
    "skirt": _skirt,
    "shorts pants": _shorts,
    "sneakers": _pair(_sneaker),
    "dress shoes": _pair(_dress_shoe),
    "sandals": _pair(_sandal),
}

# A hood lies on the shoulders, over an outer too.
HOODS: dict[str, Callable[[Tailor], None]] = {
    "windbreaker jacket": _hood,
    "hoodie sweat shirt": _hood,
}
