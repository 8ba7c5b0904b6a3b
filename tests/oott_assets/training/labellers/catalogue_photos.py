"""Draws catalogue photos: one shirt on a plain background."""

from pathlib import Path

import numpy as np
from PIL import Image, ImageDraw

from oott_fashion.vision.detections import Box

BACKGROUND = (206, 190, 160)
SHIRT = Box(60, 50, 200, 250)


def shirt_photo(colour: tuple[int, int, int], at: Box = SHIRT, seed: int = 0) -> Image.Image:
    """Draw a shirt with sleeves that exactly fills the box ``at``, and add camera noise."""
    image = Image.new("RGB", (260, 320), BACKGROUND)
    draw = ImageDraw.Draw(image)
    width, height = at.width, at.height
    body = (at.x_min + 0.22 * width, at.y_min, at.x_max - 0.22 * width, at.y_max)
    draw.rectangle(body, fill=colour)
    left = [(body[0], at.y_min), (at.x_min, at.y_min + 0.35 * height)]
    draw.polygon([*left, (body[0], at.y_min + 0.4 * height)], fill=colour)
    right = [(body[2], at.y_min), (at.x_max, at.y_min + 0.35 * height)]
    draw.polygon([*right, (body[2], at.y_min + 0.4 * height)], fill=colour)
    noise = np.random.default_rng(seed).normal(0, 4, (320, 260, 3))
    return Image.fromarray(np.clip(np.asarray(image) + noise, 0, 255).astype(np.uint8))


def write_catalogue(folder: Path, garments: tuple[str, ...], each: int) -> Path:
    """Write ``each`` photos of every garment into folders named after the garments."""
    rng = np.random.default_rng(7)
    for garment in garments:
        (folder / garment).mkdir(parents=True)
        for number in range(each):
            red, green, blue = (int(channel) for channel in rng.integers(0, 120, 3))
            left, top = (float(edge) for edge in rng.integers(20, 60, 2))
            at = Box(left, top, left + 150, top + 200)
            photo = shirt_photo((red, green, blue), at, seed=number)
            photo.save(folder / garment / f"{number}.jpg", quality=92)
    return folder
