"""Draws street photos whose garments, colours and boxes are known without labelling.

The demo uses these photos instead of a crawl. Some garments are in no usable real photo, and the
starter detector learns them from drawn photos. Tests measure the detector with drawn photos.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from io import BytesIO
from typing import NamedTuple

import cv2
import numpy as np
from numpy.typing import NDArray
from PIL import Image

from oott_assets.photos.sources.drawn.backdrops import backdrop
from oott_assets.photos.sources.drawn.bottoms import BOTTOMS
from oott_assets.photos.sources.drawn.figures import (
    NOT_WORN,
    Canvas,
    Figure,
    Point,
    Rgb,
    draw_body,
    draw_hands,
    draw_head,
    random_figure,
    shade,
)
from oott_assets.photos.sources.drawn.outers import OUTERS
from oott_assets.photos.sources.drawn.shoes import SHOES
from oott_assets.photos.sources.drawn.tailor import Tailor
from oott_assets.photos.sources.drawn.tops import TOPS, WITH_HOOD, hood
from oott_fashion.colours import PALETTE, PALETTE_NAMES, lab_of
from oott_fashion.garment_colours import garment_colour
from oott_fashion.garments import GARMENTS, Category, category_of
from oott_fashion.vision.detections import Box

_DRAWINGS = OUTERS | TOPS | BOTTOMS | SHOES


class WornGarment(NamedTuple):
    """A garment of an outfit, and its colour's name in the palette."""

    garment: str
    colour: str


@dataclass(frozen=True)
class DrawnGarment:
    """A garment in a photo, with a box around its visible pixels; shoes have one box per foot."""

    garment: str
    colour: str
    boxes: tuple[Box, ...]


@dataclass(frozen=True)
class DrawnPhoto:
    """An RGB photo, shape (height, width, 3), 0..255, and its garments."""

    pixels: NDArray[np.uint8]
    garments: tuple[DrawnGarment, ...]
    worn: NDArray[np.uint8]  # for each pixel 0, or the index in ``garments`` + 1


_DENIM = ("blue", "navy", "black", "white", "gray")
_GARMENT_COLOURS = {"jeans": _DENIM, "denim jacket": _DENIM}

# Tops that can be recognised under an open outer. A tank top cannot, because an outer hides the
# bare arms that distinguish it.
_SHOWN_UNDER_AN_OUTER = ("tee shirt", "shirt", "hoodie sweat shirt", "knit sweater", "dress")
_BOTTOMS_BELOW_A_COAT = ("jeans", "slacks", "sweat pants")
_CLOSED_TO_THE_NECK = ("denim jacket", "leather jacket", "coat", "windbreaker jacket", "puffer")

# A distance in CIELAB. Two garments with closer colours might be taken for one, or get the same
# colour name.
_MIN_COLOUR_DISTANCE = 28.0


def random_outfit(rng: np.random.Generator) -> tuple[WornGarment, ...]:
    """Choose a random outfit: a top and a bottom or a dress, shoes, and often an outer."""
    garments = [_one_of(_garments_of("shoes"), rng)]
    # Tops that are never under an outer are listed three times. Otherwise they would be rare.
    tops: tuple[str, ...] = (*_garments_of("top"), *_tops_without_outer(), *_tops_without_outer())
    if rng.random() < 0.55:
        garments.append(_one_of(_garments_of("outer"), rng))
        closed = garments[1] in _CLOSED_TO_THE_NECK and rng.random() < 0.4
        tops = () if closed else _SHOWN_UNDER_AN_OUTER
    if tops:
        garments.append(_one_of(tops, rng))
    if "dress" not in garments:
        bottoms = _BOTTOMS_BELOW_A_COAT if "coat" in garments else _garments_of("bottom")
        garments.append(_one_of(bottoms, rng))
    return in_colours(garments[1:] + garments[:1], rng)


def _garments_of(category: Category) -> tuple[str, ...]:
    return tuple(garment.name for garment in GARMENTS if garment.category == category)


def _tops_without_outer() -> tuple[str, ...]:
    """List the tops that are never worn under an outer."""
    return tuple(name for name in _garments_of("top") if name not in _SHOWN_UNDER_AN_OUTER)


def _one_of(names: Sequence[str], rng: np.random.Generator) -> str:
    return names[int(rng.integers(len(names)))]


def in_colours(garments: Sequence[str], rng: np.random.Generator) -> tuple[WornGarment, ...]:
    """Give each garment a colour that is clearly different from the others."""
    outfit: list[WornGarment] = []
    for garment in garments:
        choice = _GARMENT_COLOURS.get(garment, PALETTE_NAMES)
        order = [choice[index] for index in rng.permutation(len(choice))]
        distinct = [name for name in order if all(_differ(name, worn.colour) for worn in outfit)]
        outfit.append(WornGarment(garment, (distinct or order)[0]))
    return tuple(outfit)


def _differ(one: str, other: str) -> bool:
    first, second = lab_of(np.array([_samples(one)[0], _samples(other)[0]], dtype=np.uint8))
    return one != other and float(np.linalg.norm(first - second)) > _MIN_COLOUR_DISTANCE


def draw_photo(outfit: Sequence[WornGarment], rng: np.random.Generator) -> DrawnPhoto:
    """Draw a person in ``outfit`` in front of a background."""
    width, height = int(rng.integers(440, 521)), int(rng.integers(610, 671))
    cloths = [_cloth_of(worn.colour, rng) for worn in outfit]
    figure = random_figure(
        rng, _contrasting_skin(cloths, rng), _HAIR[int(rng.integers(len(_HAIR)))]
    )
    canvas = _canvas(width, height, cloths, rng)
    _cast_shadow(canvas)
    _dress(canvas, figure, outfit, cloths, rng)
    pixels = _with_light(canvas, rng)
    worn = ((canvas.worn.astype(np.int64) + 1) // 2).astype(np.uint8)
    garments = tuple(
        DrawnGarment(name, colour, _boxes(canvas.worn, index))
        for index, (name, colour) in enumerate(outfit)
    )
    return DrawnPhoto(pixels, garments, worn)


def jpeg_of(photo: DrawnPhoto) -> bytes:
    """Encode ``photo`` as JPEG."""
    jpeg = BytesIO()
    Image.fromarray(photo.pixels).save(jpeg, "JPEG", quality=88)
    return jpeg.getvalue()


_SKIN: tuple[Rgb, ...] = (
    (240, 208, 184), (226, 184, 154), (204, 156, 122), (150, 102, 74), (98, 66, 50),
)  # fmt: skip
_HAIR: tuple[Rgb, ...] = (
    (28, 24, 24), (58, 38, 28), (104, 68, 42), (176, 136, 84), (140, 134, 130),
)  # fmt: skip


def _samples(colour: str) -> list[Rgb]:
    codes = PALETTE[PALETTE_NAMES.index(colour)].samples
    return [(int(code[1:3], 16), int(code[3:5], 16), int(code[5:7], 16)) for code in codes]


_NO_BACKGROUND = np.empty((0, 3), dtype=np.uint8)


def _cloth_of(colour: str, rng: np.random.Generator) -> Rgb:
    """Choose a shade of ``colour`` that people name so in light and in shadow."""
    samples = _samples(colour)
    for _ in range(30):
        sample = samples[int(rng.integers(len(samples)))]
        red, green, blue = (int(channel + rng.integers(-8, 9)) for channel in sample)
        cloth = shade((red, green, blue), 1)
        lights = np.array([shade(cloth, gain) for gain in (0.84, 1, 1.15, 1.3)], dtype=np.uint8)
        if all(garment_colour(light[None], _NO_BACKGROUND) == colour for light in lights):
            return cloth
    return samples[0]


def _contrasting_skin(cloths: Sequence[Rgb], rng: np.random.Generator) -> Rgb:
    """Choose a skin colour that differs from the garments."""
    skins = lab_of(np.array(_SKIN, dtype=np.uint8))
    worn = lab_of(np.array(cloths or [(0, 0, 0)], dtype=np.uint8))
    nearest = np.linalg.norm(skins[:, None] - worn[None], axis=2).min(axis=1)
    shown = np.flatnonzero(nearest > 18)
    return _SKIN[int(rng.choice(shown) if len(shown) else nearest.argmax())]


def _canvas(width: int, height: int, cloths: Sequence[Rgb], rng: np.random.Generator) -> Canvas:
    scale = height * rng.uniform(0.0074, 0.0091)
    top = rng.uniform(0.02, 0.75) * (height - 102 * scale)
    middle = width / 2 + rng.uniform(-1, 1) * max(0.0, width / 2 - 27 * scale)
    crown = Point(middle, max(6.0, top))
    horizon = round(crown.y + scale * rng.uniform(70, 94))
    pixels = backdrop(width, height, horizon, cloths, rng)
    worn = np.zeros((height, width), dtype=np.uint8)
    return Canvas(pixels, worn, crown, scale, lean=rng.uniform(-0.03, 0.03))


def _cast_shadow(canvas: Canvas) -> None:
    shadow = canvas.pixels.copy()
    centre = (round(canvas.crown.x), round(canvas.crown.y + 99.4 * canvas.scale))
    size = (round(17 * canvas.scale), round(2.2 * canvas.scale))
    cv2.ellipse(shadow, centre, size, 0, 0, 360, (40, 40, 44), -1)
    cv2.addWeighted(shadow, 0.4, canvas.pixels, 0.6, 0, dst=canvas.pixels)


def _dress(
    canvas: Canvas,
    figure: Figure,
    outfit: Sequence[WornGarment],
    cloths: Sequence[Rgb],
    rng: np.random.Generator,
) -> None:
    """Draw the body, the garments over it, then hands, hood and head."""
    worn = {category_of(garment): garment for garment, _ in outfit}
    tailors = {
        garment: Tailor(
            canvas,
            figure,
            cloth,
            layer=2 * index + 1,
            rng=rng,
            covered="outer" in worn and category_of(garment) == "top",
            open_front="top" in worn,
        )
        for index, ((garment, _), cloth) in enumerate(zip(outfit, cloths, strict=True))
    }
    draw_body(canvas, figure)
    tucked_in = rng.random() < 0.4
    trunk: tuple[Category, ...] = ("top", "bottom") if tucked_in else ("bottom", "top")
    for category in ("shoes", *trunk, "outer"):
        if category in worn:
            _DRAWINGS[worn[category]](tailors[worn[category]])
    draw_hands(canvas, figure)
    for garment in worn.values():
        if garment in WITH_HOOD:
            hood(tailors[garment])
    draw_head(canvas, figure)


def _with_light(canvas: Canvas, rng: np.random.Generator) -> NDArray[np.uint8]:
    """Add folds in the clothes, light from one side, and sensor noise."""
    height, width = canvas.worn.shape
    coarse = rng.normal(0, 1, (26, 18)).astype(np.float32)
    folds = cv2.resize(coarse, (width, height), interpolation=cv2.INTER_CUBIC)
    side = np.linspace(-1, 1, width, dtype=np.float32) * np.float32(rng.uniform(-0.06, 0.06))
    gain = 1 + side + np.where(canvas.worn != NOT_WORN, folds * np.float32(0.035), 0)
    noise = rng.standard_normal((height, width), dtype=np.float32) * np.float32(rng.uniform(1, 4))
    lit = np.empty_like(canvas.pixels)
    for channel in range(3):  # numpy takes four times as long for all three at once
        lit[..., channel] = np.clip(canvas.pixels[..., channel] * gain + noise, 0, 255)
    return lit


def _boxes(layers: NDArray[np.uint8], index: int) -> tuple[Box, ...]:
    """Find the boxes of a garment's visible layers: one, or one per shoe."""
    shown = (layers == 2 * index + foot for foot in (1, 2))
    # One or two single pixels between other garments are not a visible part.
    seen = [cv2.erode(part.astype(np.uint8), _STRAY) for part in shown]
    boxes = [cv2.boundingRect(part) for part in seen if part.any()]
    return tuple(Box(x - 1, y - 1, x + width + 1, y + height + 1) for x, y, width, height in boxes)


_STRAY = np.ones((3, 3), dtype=np.uint8)
