"""Pictures for people who look at metadata: contact sheets, and bars in the colours they count."""

import base64
import io
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple, TypeVar

import dagster as dg
import numpy as np
from PIL import Image, ImageDraw, ImageOps

from oott_fashion.colours import PALETTE
from oott_fashion.garments import Category
from oott_fashion.trends import Look
from oott_fashion.vision.detections import Box, Detection
from oott_fashion.vision.photos import Photo, open_image

Item = TypeVar("Item")

# A sheet is kept in Dagster's event log, once per run: some 200 kB.
_SAMPLE = 18
_ACROSS = 6
_TILE = (220, 290)
_PAGE = (1000, 800)

_BOX_COLOURS: dict[Category, str] = {
    "outer": "#e4572e",
    "top": "#1b9aaa",
    "bottom": "#7b2cbf",
    "shoes": "#2a9d3f",
}


def sample_of(items: Sequence[Item]) -> list[Item]:
    """Take up to 18 of ``items``, evenly spread."""
    step = max(1, -(-len(items) // _SAMPLE))
    return list(items[::step])


def contact_sheet(photos: Sequence[Photo]) -> dg.MarkdownMetadataValue:
    """Show ``photos``, RGB, side by side; the first 18 at most."""
    if not photos:
        return dg.MetadataValue.md("no photos")
    rows = -(-min(len(photos), _SAMPLE) // _ACROSS)
    sheet = Image.new("RGB", (_ACROSS * _TILE[0], rows * _TILE[1]), "white")
    for index, photo in enumerate(photos[:_SAMPLE]):
        tile = ImageOps.pad(Image.fromarray(photo), _TILE, color="white")
        sheet.paste(tile, (index % _ACROSS * _TILE[0], index // _ACROSS * _TILE[1]))
    return _shown(sheet, "contact sheet")


class Mark(NamedTuple):
    """A box in photo pixels, in the colour of its category, and words to stand in it."""

    box: Box
    category: Category
    words: str


def annotated(photo: Photo, detections: Sequence[Detection]) -> Photo:
    """Draw the boxes of ``detections`` on a copy of ``photo`` as a tile of the contact sheet."""
    marks = [
        Mark(it.box, it.category, f"{it.colour} {it.garment} {it.confidence:.2f}")
        for it in detections
    ]
    return marked(photo, marks)


def marked(photo: Photo, marks: Sequence[Mark]) -> Photo:
    """Draw ``marks`` on a copy of ``photo`` as a tile of the contact sheet."""
    image = Image.fromarray(photo)
    scale = min(_TILE[0] / image.width, _TILE[1] / image.height)
    image = image.resize((max(1, int(image.width * scale)), max(1, int(image.height * scale))))
    draw = ImageDraw.Draw(image)
    for mark in marks:
        colour = _BOX_COLOURS[mark.category]
        box = [scale * edge for edge in mark.box]
        draw.rectangle(box, outline=colour, width=2)
        left = max(0.0, image.width - draw.textlength(mark.words))
        at = (min(box[0] + 2, left), box[1] + 1)
        draw.rectangle(draw.textbbox(at, mark.words), fill="white")
        draw.text(at, mark.words, fill=colour)
    return np.asarray(image)


def look_chart(counts: Sequence[tuple[Look, int]]) -> dg.MarkdownMetadataValue:
    """Draw a bar per look, most worn first as given, in the colour it counts."""
    if not counts:
        return dg.MetadataValue.md("no garments")
    line, left, width = 24, 230, 700
    chart = Image.new("RGB", (width, line * len(counts) + 8), "white")
    draw = ImageDraw.Draw(chart)
    most = max(worn for _, worn in counts)
    for index, (look, worn) in enumerate(counts):
        top = 6 + line * index
        length = (width - left - 60) * worn / most
        draw.text((8, top), f"{look.colour} {look.garment}", fill="black", font_size=14)
        bar = (left, top, left + length, top + line - 8)
        draw.rectangle(bar, fill=_SWATCHES[look.colour], outline="black")
        draw.text((left + length + 8, top), str(worn), fill="black", font_size=14)
    return _shown(chart, "most worn")


def picture_in(file: Path, name: str) -> dg.MarkdownMetadataValue:
    """Show a picture file, shrunk to what a page has room for; say so where there is none."""
    if not file.is_file():
        return dg.MetadataValue.md(f"no {name}")
    with open_image(file) as opened:
        picture = opened.convert("RGB")
    picture.thumbnail(_PAGE)
    return _shown(picture, name)


_SWATCHES = {colour.name: colour.samples[0] for colour in PALETTE}


def _shown(image: Image.Image, name: str) -> dg.MarkdownMetadataValue:
    jpeg = io.BytesIO()
    image.save(jpeg, "JPEG", quality=80)
    data = base64.b64encode(jpeg.getvalue()).decode()
    return dg.MetadataValue.md(f"![{name}](data:image/jpeg;base64,{data})")
