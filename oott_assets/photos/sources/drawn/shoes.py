"""Draws pairs of shoes, each shoe in its own layer."""

from collections.abc import Callable
from dataclasses import dataclass

from oott_assets.photos.sources.drawn.figures import NOT_WORN, Limb, Rgb, mixed, shade
from oott_assets.photos.sources.drawn.tailor import BRIGHT, Drawing, Points, Tailor


@dataclass(frozen=True)
class _Shoe:
    """One shoe of a pair, in its own layer: x from the ankle to the toes, y up from the ground."""

    tailor: Tailor
    leg: Limb
    turned: float
    layer: int

    def part(self, points: Points, colour: Rgb, layer: int | None = None) -> None:
        outline = self._placed(points)
        self.tailor.canvas.fill(outline, colour, self.layer if layer is None else layer)
        self.tailor.canvas.stroke([*outline, outline[0]], shade(colour, 0.7), 0.2)

    def seam(self, points: Points, colour: Rgb, width: float) -> None:
        self.tailor.seam(self._placed(points), colour, width)

    def _placed(self, points: Points) -> Points:
        ankle = self.leg.end.x - self.leg.side * 0.8
        return [(ankle + self.leg.side * self.turned * x, 99.6 - y) for x, y in points]


def _sneaker(shoe: _Shoe) -> None:
    upper = [(-3, 0.9), (-3.3, 6.2), (1.2, 6.6), (3.2, 5.0), (6.6, 3.9), (8.0, 2.4), (8.0, 0.9)]
    sole = [(-3.6, 1.2), (8.3, 1.2), (8.4, 0.4), (7.8, 0), (-3.3, 0)]
    shoe.part(upper, shoe.tailor.colour)
    shoe.part(sole, shoe.tailor.bright)
    for x, y in ((1.8, 5.6), (3.2, 4.7), (4.6, 4.2)):
        shoe.seam([(x - 0.9, y - 1.5), (x + 0.5, y)], shoe.tailor.bright, 0.4)


def _dress_shoe(shoe: _Shoe) -> None:
    upper = [(-3, 0.9), (-3.2, 5.2), (-0.6, 4.2), (2.2, 4.9), (4.2, 3.4), (9.8, 1.2), (9.8, 0.6)]
    shoe.part(upper, shoe.tailor.colour)
    shoe.part([(-3.1, 1), (-0.6, 1), (-0.9, -0.5), (-2.9, -0.5)], shoe.tailor.dark)
    shoe.seam([(0, 0.8), (9.4, 0.7)], shade(shoe.tailor.colour, 0.6), 0.3)
    shoe.seam([(4.6, 2.4), (7.2, 1.7)], mixed(shoe.tailor.colour, BRIGHT, 0.5), 0.4)


def _sandal(shoe: _Shoe) -> None:
    foot = [(-2.6, 0.9), (-2.2, 6.4), (1.3, 6.4), (3, 4.6), (7, 2.7), (7.8, 0.9)]
    sole = [(-3.2, 1.5), (8.4, 1.5), (8.4, 0), (-3.2, 0)]
    toes = [(4.2, 1.2), (6.2, 1.2), (5.8, 3.4), (4.0, 4.3)]
    instep = [(0.3, 1.2), (2.4, 1.2), (2.9, 4.9), (1.2, 6.2)]
    heel = [(-2.9, 1.2), (-1.4, 1.2), (-1.2, 5.0), (-2.6, 5.0)]
    ankle = [(-2.7, 4.4), (1.5, 4.4), (1.5, 6.0), (-2.7, 6.0)]
    shoe.part(foot, shoe.tailor.figure.skin, NOT_WORN)
    for strap in (sole, toes, instep, heel, ankle):
        shoe.part(strap, shoe.tailor.colour)


def _pair(draw: Callable[[_Shoe], None]) -> Drawing:
    def draw_pair(tailor: Tailor) -> None:
        feet = zip(tailor.figure.legs, tailor.figure.feet_turned, strict=True)
        for index, (leg, turned) in enumerate(feet):
            draw(_Shoe(tailor, leg, turned, tailor.layer + index))

    return draw_pair


SHOES: dict[str, Drawing] = {
    "sneakers": _pair(_sneaker),
    "dress shoes": _pair(_dress_shoe),
    "sandals": _pair(_sandal),
}
