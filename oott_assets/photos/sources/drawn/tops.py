"""Draws tops and dresses, with the details that distinguish them."""

import numpy as np

from oott_assets.photos.sources.drawn.figures import oval, shade
from oott_assets.photos.sources.drawn.tailor import NECK_Y, Drawing, Tailor, mirrored


def _tee_shirt(tailor: Tailor) -> None:
    tailor.torso(hem=50.5, ease=0.9, neck=2.4)
    tailor.sleeves(0.36, 3.5)
    tailor.seam(oval((0, NECK_Y), 3.5, 2.9, 180, 0), tailor.line, 0.7)
    if tailor.rng.random() < 0.6:
        tailor.seam([(-2.2, 27), (2.2, 27)], tailor.line, 1.3)
        tailor.seam([(-1.4, 29.4), (1.4, 29.4)], tailor.line, 0.8)


def _long_sleeve_shirt(tailor: Tailor) -> None:
    tailor.torso(hem=49.5, ease=0.3, neck=2.6, straight=0.1)
    tailor.sleeves(1, 2.3)
    for y in np.arange(22.5, 48, 3.4):
        width = tailor.figure.half_width(y) - (1.6 if y < 27 else 0.3)
        tailor.seam([(-width, y), (width, y)], tailor.line, 0.65)
    for reach in (0.3, 0.42, 0.54, 0.66, 0.78, 0.9):
        tailor.stripes(reach, 1.8, tailor.line, 0.6)
    tailor.seam(oval((0, NECK_Y), 3.4, 2.9, 180, 0), tailor.dark, 0.5)


def _tank_top(tailor: Tailor) -> None:
    edge = [(x, y) for x, y in tailor.edge(50, 0.3, 0.2) if y > 26]
    straps = [(tailor.figure.chest - 1.4, 23.5), (5.6, 17.0), (3.6, 16.4), (3.3, 21.5), (0, 24.2)]
    half = [*edge[::-1], *straps]
    tailor.panel([*half, *mirrored(half[:-1])[::-1]])
    trim = straps[1:]
    tailor.seam([*trim[1:], *mirrored(trim[1:-1])[::-1]], tailor.line, 0.5)


def _shirt(tailor: Tailor) -> None:
    tailor.torso(hem=52, ease=0.9, neck=1.5)
    tailor.sleeves(0.98, 2.8)
    tailor.cuffs(1, 2.3, shade(tailor.colour, 1.06))
    tailor.seams([(1.0, 18), (1.0, 51)], width=0.25)
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
    tailor.stripes(0.35, 2.7, tailor.bright, 0.8)
    tailor.panel([(-1.2, 16.8), (1.2, 16.8), (1.2, 27.5), (-1.2, 27.5)], tailor.dark)
    tailor.buttons(0, (21.4, 25.0), tailor.bright, 0.55)
    tailor.collar(tailor.dark, 20.6)
    tailor.seams([(1.7, 20.3), (3.6, 20.7), (4.0, 15.8)], tailor.bright, 0.5)


def _sweat_shirt(tailor: Tailor) -> None:
    tailor.torso(hem=47.5, ease=2.3, neck=2.2, straight=1)
    tailor.sleeves(0.97, 3.5)
    if not tailor.covered:
        tailor.band(47, 3.4, 1.2, tailor.dark)
    tailor.cuffs(1, 2.0, tailor.dark)
    tailor.seam(oval((0, NECK_Y), 3.7, 3.0, 180, 0), tailor.line, 1.0)
    tailor.seam([(-2.0, 18.6), (0, 22.6), (2.0, 18.6)], tailor.line, 0.6)
    if not tailor.covered:
        tailor.seams([(4.4, 16.6), (9.8, 26.5)], width=0.5)


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
    tailor.seams([(1.5, 18.5), (1.8, 26.5)], tailor.bright, 0.55)


def hood(tailor: Tailor) -> None:
    """Draw a hood around the neck, over the other garments."""
    tailor.panel(oval((0, 14.6), 7.4, 4.6))
    tailor.canvas.fill(oval((0, 13.6), 4.6, 3.4), shade(tailor.colour, 0.6), tailor.layer)
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
    tailor.panel([*half, *mirrored(half[1:])[::-1], *neckline])
    if tailor.rng.random() < 0.6:
        tailor.sleeves(0.28, 3.0)
    for turn in (-0.75, -0.45, -0.15, 0.15, 0.45, 0.75):
        tailor.seam([(turn * 7.5, 41.5), (turn * skirt_width, hem - 0.5)], tailor.dark, 0.5)
    waist = tailor.figure.waist + 0.4
    tailor.seam([(-waist, 40), (waist, 40)], tailor.line, 1.3)


TOPS: dict[str, Drawing] = {
    "tee shirt": _tee_shirt,
    "long sleeve shirt": _long_sleeve_shirt,
    "tank top": _tank_top,
    "shirt": _shirt,
    "polo shirt": _polo_shirt,
    "sweat shirt": _sweat_shirt,
    "hoodie sweat shirt": _hoodie,
    "knit sweater": _knit_sweater,
    "dress": _dress,
}

# A hood is drawn last, because it lies over an outer as well.
WITH_HOOD = ("windbreaker jacket", "hoodie sweat shirt")
