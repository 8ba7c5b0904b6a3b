"""Draws bottoms, with the details that distinguish them."""

from oott_assets.photos.sources.drawn.figures import Point, along, mixed, oval, shade, tube
from oott_assets.photos.sources.drawn.tailor import METAL, WAIST_Y, Drawing, Tailor


def _jeans(tailor: Tailor) -> None:
    thread, fade = (214, 150, 70), mixed(tailor.colour, (255, 255, 255), 0.14)
    tailor.legs(0.97, (4.9, 3.5, 2.9))
    for leg in tailor.figure.legs:
        thigh = [Point(leg.root.x, 56), Point((leg.root.x + leg.bend.x) / 2, 63), leg.bend]
        tailor.canvas.fill(tube(thigh, (1.2, 1.7, 1.0)), fade, tailor.layer)
        outer = tube(along(leg, 0.95), (4.4, 3.0, 2.4))
        tailor.seam(outer[3:] if leg.side > 0 else outer[:3], thread, 0.4)
        tailor.seam(
            oval((leg.side * 8.6, 46), 4.2, 4.6, 90, 180 if leg.side > 0 else 0), thread, 0.45
        )
        cuff = along(leg, 0.985)[-1]
        tailor.panel(tube([Point(cuff.x, cuff.y - 3), cuff], (3.2, 3.2)), fade)
    tailor.waistband(WAIST_Y, 2, tailor.dark)
    tailor.seam([(0.2, 46.5), (1.4, 47), (1.4, 52), (0, 54)], thread, 0.4)
    tailor.buttons(0, (45.5,), (206, 160, 90), 0.5)


def _slacks(tailor: Tailor) -> None:
    tailor.legs(0.995, (4.9, 4.2, 3.7))
    for leg in tailor.figure.legs:
        tailor.seam([Point(leg.root.x, 50), leg.bend, Point(leg.end.x, leg.end.y - 0.6)], width=0.5)
    tailor.seams([(6.0, 46.8), (7.8, 51.5)], width=0.4)
    tailor.waistband(WAIST_Y, 1.9, (38, 28, 24) if sum(tailor.colour) > 210 else (120, 84, 54))
    tailor.buttons(0, (45.5,), METAL, 0.8)


def _sweat_pants(tailor: Tailor) -> None:
    tailor.legs(0.93, (5.5, 5.1, 4.0))
    for leg in tailor.figure.legs:
        start, end = along(leg, 0.91)[-1], along(leg, 0.985)[-1]
        tailor.panel(tube([start, end], (2.5, 2.4)), tailor.dark)
        outer = tube(along(leg, 0.9), (4.7, 4.3, 3.2))
        tailor.seam(outer[3:] if leg.side > 0 else outer[:3], tailor.bright, 0.8)
    tailor.waistband(WAIST_Y - 0.4, 2.8, tailor.dark)
    tailor.seams([(0.5, 46), (1.2, 53)], tailor.bright, 0.55)


def _skirt(tailor: Tailor) -> None:
    hem = tailor.rng.uniform(62, 78)
    width = tailor.figure.hip + tailor.rng.uniform(2.5, 6)
    top = tailor.figure.half_width(WAIST_Y - 3) + 0.3
    tailor.panel([(-top, 41.5), (top, 41.5), (width, hem), (-width, hem)])
    for turn in (-0.8, -0.55, -0.3, 0, 0.3, 0.55, 0.8):
        tailor.seam(
            [(turn * top, 43.5), (turn * width, hem - 0.5)], shade(tailor.colour, 0.76), 0.45
        )
    tailor.waistband(41.5, 2.2, tailor.dark)


def _shorts(tailor: Tailor) -> None:
    tailor.legs(tailor.rng.uniform(0.3, 0.4), (5.0, 5.0, 5.4))
    tailor.seams([(5.8, 46.6), (8.4, 51)], width=0.6)
    tailor.waistband(WAIST_Y, 2, tailor.dark)
    tailor.seam([(0.2, 46.5), (1.4, 47), (1.4, 51.5), (0, 53)])


BOTTOMS: dict[str, Drawing] = {
    "jeans": _jeans,
    "slacks": _slacks,
    "sweat pants": _sweat_pants,
    "skirt": _skirt,
    "shorts pants": _shorts,
}
