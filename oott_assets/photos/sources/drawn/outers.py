"""Draws outers, with the details that distinguish them."""

import numpy as np

from oott_assets.photos.sources.drawn.figures import along, mixed, oval, shade
from oott_assets.photos.sources.drawn.tailor import METAL, Drawing, Tailor


def _blazer(tailor: Tailor) -> None:
    tailor.fronts(hem=56, ease=1.7, gap=4.4)
    tailor.sleeves(1, 2.9)
    tailor.lapels(37, 7.6, tailor.dark)
    tailor.seams([(5.4, 19.6), (7.4, 19.2)])
    tailor.seams([(5.6, 47.5), (9.4, 46.9)], width=0.8)
    tailor.buttons(5.3, (39.0, 43.5), tailor.line, 0.75)
    tailor.buttons(-5.3, (39.0, 43.5), tailor.line, 0.75)


def _denim_jacket(tailor: Tailor) -> None:
    thread = (214, 150, 70)
    tailor.fronts(hem=42, ease=1.5, gap=4.4)
    tailor.sleeves(1, 2.8)
    tailor.cuffs(1, 2.2, tailor.dark)
    tailor.band(40.5, 3.2, 1.7, tailor.dark, 4.4 if tailor.open_front else 0)
    tailor.collar(tailor.dark)
    pocket = [(5.0, 25.4), (9.2, 25.4), (9.2, 27.2), (7.1, 28.4), (5.0, 27.2), (5.0, 25.4)]
    yoke = [(4.6, 24.6), (9.6, 24.6)]
    seams = [(5.6, 29.0), (6.4, 40.4)], [(8.6, 29.0), (7.8, 40.4)], [(4.8, 20.0), (4.9, 40.0)]
    for seam in (pocket, yoke, *seams):
        tailor.seams(seam, thread, 0.42)
    tailor.seams([(4.5, 42.2), (9, 42.2)], thread)
    tailor.buttons(4.9, (22.5, 27, 31.5, 36, 40.5), METAL, 0.5)


def _leather_jacket(tailor: Tailor) -> None:
    shine = mixed(tailor.colour, (255, 255, 255), 0.42)
    tailor.fronts(hem=44, ease=1.4, gap=4.2)
    tailor.sleeves(1, 2.7)
    tailor.lapels(31, 9.4, tailor.dark)
    tailor.band(42, 2.4, 1.5, tailor.dark, 4.2 if tailor.open_front else 0)
    tailor.seam([(4.6, 42), (6.2, 34), (9.0, 24.0)], METAL, 0.8)
    tailor.seam([(-5.2, 39), (-8.6, 36.6)], METAL, 0.7)
    tailor.seam([(5.6, 40.2), (8.8, 38.4)], METAL, 0.6)
    tailor.seams([(8.8, 27), (8.0, 33)], shine, 0.7)
    for side in (-1, 1):
        tailor.buttons(side * 7.6, (22.0,), METAL, 0.45)
    for arm in tailor.figure.arms:
        tailor.seam(along(arm, 0.72), shine, 0.6)
    tailor.stripes(0.9, 2.1, METAL, 0.5)
    tailor.buttons(-5.6, (43.2,), METAL, 0.9)


def _coat(tailor: Tailor) -> None:
    hem = tailor.rng.uniform(68, 75)
    tailor.fronts(hem, ease=2.2, gap=4.2, flare=3.2)
    tailor.sleeves(1, 3.1)
    tailor.lapels(33, 8.6, tailor.dark)
    for side in (-1, 1):
        tailor.buttons(side * 6.2, (35, 41, 47), tailor.line, 0.85)
    tailor.seams([(7.2, 51), (9.8, 54.5)], width=0.8)
    tailor.seams([(8.4, 57), (9.8, hem - 1)], shade(tailor.colour, 0.78), 0.3)
    tailor.stripes(0.9, 2.4, width=0.6)


def _windbreaker(tailor: Tailor) -> None:
    gap = 4.2 if tailor.open_front else 0
    tailor.fronts(hem=47, ease=2.7, gap=4.2)
    tailor.sleeves(0.97, 3.4)
    tailor.band(29.5, 2.5, 2.5, tailor.bright, gap)
    tailor.stripes(0.36, 2.7, tailor.bright, 1.8)
    tailor.band(46, 2.6, 1.0, tailor.dark, gap)
    tailor.cuffs(1, 2.1, tailor.dark)
    tailor.seams([(3.2, 16.5), (9.6, 25.5)], width=0.4)
    tailor.seams([(6.0, 37), (8.4, 42)], tailor.bright, 0.5)
    tailor.seams([(gap, 19), (gap, 47)], tailor.bright, 0.7)


def _cardigan(tailor: Tailor) -> None:
    tailor.fronts(hem=53, ease=1.6, gap=4.6)
    tailor.sleeves(1, 2.9)
    for y in np.arange(21, 52, 1.5):
        tailor.seams([(6.4, y), (9.0, y)], shade(tailor.colour, 0.9), 0.3)
    opening = [(2.2, 15.4), (3.9, 15.8), (6.2, 33.0), (6.2, 53.4), (4.4, 53.4), (4.4, 32.0)]
    tailor.panels(opening, tailor.dark)
    tailor.seams([(8, 45), (8, 45.1)], width=0.3)
    tailor.band(51.5, 2.6, 1.6, tailor.dark, 4.6)
    tailor.cuffs(1, 2.2, tailor.dark)
    tailor.buttons(5.3, (33.5, 38, 42.5, 47), tailor.bright, 0.95)


def _puffer(tailor: Tailor) -> None:
    gap = 4.2 if tailor.open_front else 0.1
    glow = shade(tailor.colour, 1.08)
    for arm in tailor.figure.arms:
        for reach in (0.12, 0.32, 0.52, 0.72, 0.9):
            middle = along(arm, reach)[-1]
            tailor.panel(oval(middle, 4.1, 3.2))
    for y in (45.5, 40.2, 34.9, 29.6, 24.3, 20.4):
        width = max(tailor.figure.half_width(y), tailor.figure.chest) + 3.2 - 1.8 * (y < 22)
        for side in (-1, 1):
            quilt = oval((0, y), width, 3.5, -90, 90)
            tailor.panel([(side * max(x, gap), height) for x, height in quilt])
            tailor.seam([(side * (gap + 1), y - 1.2), (side * width * 0.8, y - 1.4)], glow, 0.9)
            tailor.seam([(side * gap, y - 2.9), (side * width * 0.9, y - 2.2)], tailor.line, 0.5)
    tailor.panels([(gap * 0.6, 13.4), (4.0, 13.2), (5.4, 18.0), (gap, 19.0)], tailor.dark)
    tailor.seam([(gap, 19), (gap, 48)], tailor.line, 0.5)


OUTERS: dict[str, Drawing] = {
    "blazer": _blazer,
    "denim jacket": _denim_jacket,
    "leather jacket": _leather_jacket,
    "coat": _coat,
    "windbreaker jacket": _windbreaker,
    "cardigan": _cardigan,
    "puffer": _puffer,
}
