"""Draws pairs of shoes, each shoe in its own layer."""

from collections.abc import Callable
from dataclasses import dataclass

from oott_assets.photos.sources.drawn.figures import NOT_WORN, Limb, Rgb, mixed, shade
from oott_assets.photos.sources.drawn.tailor import BRIGHT, Points, Tailor


def pair(draw_shoe: "Callable[[Tailor, _FootFrame], None]") -> Callable[[Tailor], None]:
    """Turn a function that draws one shoe into one that draws a pair."""

    def draw_pair(tailor: Tailor) -> None:
        for index, (leg, turned) in enumerate(
            zip(tailor.figure.legs, tailor.figure.feet_turned, strict=True)
        ):
            draw_shoe(tailor, _FootFrame(leg, turned, tailor.layer + index))

    return draw_pair


@dataclass(frozen=True)
class _FootFrame:
    """The coordinates of one shoe: x from the ankle to the toes, y up from the ground."""

    leg: Limb
    turned: float
    layer: int

    def placed(self, points: Points) -> list[tuple[float, float]]:
        ankle = self.leg.end.x - self.leg.side * 0.8
        return [(ankle + self.leg.side * self.turned * x, 99.6 - y) for x, y in points]


def _draw_part(tailor: Tailor, frame: _FootFrame, points: Points, colour: Rgb, layer: int) -> None:
    outline = frame.placed(points)
    tailor.canvas.fill(outline, colour, layer)
    tailor.canvas.stroke([*outline, outline[0]], shade(colour, 0.7), 0.2)


def sneaker(tailor: Tailor, frame: _FootFrame) -> None:
    """Draw a sneaker."""
    upper = [(-3, 0.9), (-3.3, 6.2), (1.2, 6.6), (3.2, 5.0), (6.6, 3.9), (8.0, 2.4), (8.0, 0.9)]
    sole = [(-3.6, 1.2), (8.3, 1.2), (8.4, 0.4), (7.8, 0), (-3.3, 0)]
    _draw_part(tailor, frame, upper, tailor.colour, frame.layer)
    _draw_part(tailor, frame, sole, tailor.bright, frame.layer)
    for x, y in ((1.8, 5.6), (3.2, 4.7), (4.6, 4.2)):
        tailor.seam(frame.placed([(x - 0.9, y - 1.5), (x + 0.5, y)]), tailor.bright, 0.4)


def dress_shoe(tailor: Tailor, frame: _FootFrame) -> None:
    """Draw a dress shoe."""
    upper = [(-3, 0.9), (-3.2, 5.2), (-0.6, 4.2), (2.2, 4.9), (4.2, 3.4), (9.8, 1.2), (9.8, 0.6)]
    _draw_part(tailor, frame, upper, tailor.colour, frame.layer)
    _draw_part(
        tailor, frame, [(-3.1, 1), (-0.6, 1), (-0.9, -0.5), (-2.9, -0.5)], tailor.dark, frame.layer
    )
    tailor.seam(frame.placed([(0, 0.8), (9.4, 0.7)]), shade(tailor.colour, 0.6), 0.3)
    tailor.seam(frame.placed([(4.6, 2.4), (7.2, 1.7)]), mixed(tailor.colour, BRIGHT, 0.5), 0.4)


def sandal(tailor: Tailor, frame: _FootFrame) -> None:
    """Draw a sandal."""
    foot = [(-2.6, 0.9), (-2.2, 6.4), (1.3, 6.4), (3, 4.6), (7, 2.7), (7.8, 0.9)]
    sole = [(-3.2, 1.5), (8.4, 1.5), (8.4, 0), (-3.2, 0)]
    toes = [(4.2, 1.2), (6.2, 1.2), (5.8, 3.4), (4.0, 4.3)]
    instep = [(0.3, 1.2), (2.4, 1.2), (2.9, 4.9), (1.2, 6.2)]
    heel = [(-2.9, 1.2), (-1.4, 1.2), (-1.2, 5.0), (-2.6, 5.0)]
    ankle = [(-2.7, 4.4), (1.5, 4.4), (1.5, 6.0), (-2.7, 6.0)]
    _draw_part(tailor, frame, foot, tailor.figure.skin, NOT_WORN)
    for strap in (sole, toes, instep, heel, ankle):
        _draw_part(tailor, frame, strap, tailor.colour, frame.layer)
