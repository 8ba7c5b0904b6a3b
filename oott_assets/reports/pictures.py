"""Pictures for Dagster metadata: contact sheets of photos, and bar charts of looks."""

import base64
import io
import secrets
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple, TypeVar

import dagster as dg
import numpy as np
from dagster._core.storage.compute_log_manager import ComputeIOType
from PIL import Image, ImageDraw, ImageOps

from oott_fashion.colours import PALETTE
from oott_fashion.garments import Category
from oott_fashion.trends import Look
from oott_fashion.vision.detections import Box, Detection
from oott_fashion.vision.photos import Photo, open_image

Item = TypeVar("Item")

# A contact sheet with 18 photos of streets has 77 kB.
_SAMPLE_SIZE = 18
_COLUMNS = 6
_TILE = (160, 213)  # six columns fit the dialog of the Dagster UI in a window of 1280 px
_MAX_PICTURE = (1000, 800)

_BOX_COLOURS: dict[Category, str] = {
    "outer": "#e4572e",
    "top": "#1b9aaa",
    "bottom": "#7b2cbf",
    "shoes": "#2a9d3f",
}


def sample_of(items: Sequence[Item]) -> list[Item]:
    """Take at most 18 of ``items``, evenly spread."""
    step = max(1, -(-len(items) // _SAMPLE_SIZE))
    return list(items[::step])


def contact_sheet(photos: Sequence[Photo]) -> dg.MarkdownMetadataValue:
    """Show the first 18 of ``photos`` (RGB) side by side."""
    if not photos:
        return dg.MetadataValue.md("no photos")
    rows = -(-min(len(photos), _SAMPLE_SIZE) // _COLUMNS)
    sheet = Image.new("RGB", (_COLUMNS * _TILE[0], rows * _TILE[1]), "white")
    for index, photo in enumerate(photos[:_SAMPLE_SIZE]):
        tile = ImageOps.pad(Image.fromarray(photo), _TILE, color="white")
        sheet.paste(tile, (index % _COLUMNS * _TILE[0], index // _COLUMNS * _TILE[1]))
    return _shown(sheet, "contact sheet")


class Mark(NamedTuple):
    """A box in photo pixels, drawn in the colour of its category, with ``caption`` inside."""

    box: Box
    category: Category
    caption: str


def draw_detections(
    photo: Photo, detections: Sequence[Detection], tile: tuple[int, int] = _TILE
) -> Photo:
    """Fit a copy of ``photo`` into a tile, by default of a contact sheet, and draw on it."""
    marks = [
        Mark(
            garment.box,
            garment.category,
            f"{garment.colour} {garment.garment} {garment.confidence:.2f}",
        )
        for garment in detections
    ]
    return draw_marks(photo, marks, tile)


def draw_marks(photo: Photo, marks: Sequence[Mark], tile: tuple[int, int] = _TILE) -> Photo:
    """Fit a copy of ``photo`` into a tile, by default of a contact sheet, and draw on it."""
    image = Image.fromarray(photo)
    scale = min(tile[0] / image.width, tile[1] / image.height)
    image = image.resize((max(1, int(image.width * scale)), max(1, int(image.height * scale))))
    draw = ImageDraw.Draw(image)
    captions: list[tuple[float, float, float, float]] = []
    for mark in marks:
        colour = _BOX_COLOURS[mark.category]
        box = [scale * edge for edge in mark.box]
        draw.rectangle(box, outline=colour, width=2)
        left = max(0.0, image.width - draw.textlength(mark.caption))
        at = (min(box[0] + 2, left), box[1] + 1)
        # Boxes of a top and its outer begin at about the same height, so captions would overlap.
        while any(_overlap(draw.textbbox(at, mark.caption), other) for other in captions):
            at = (at[0], at[1] + 1)
        captions.append(draw.textbbox(at, mark.caption))
        draw.rectangle(captions[-1], fill="white")
        draw.text(at, mark.caption, fill=colour)
    return np.asarray(image)


def _overlap(
    one: tuple[float, float, float, float], other: tuple[float, float, float, float]
) -> bool:
    return one[0] < other[2] and other[0] < one[2] and one[1] < other[3] and other[1] < one[3]


def look_chart(counts: Sequence[tuple[Look, int]]) -> dg.MarkdownMetadataValue:
    """Draw one bar per look, in the given order, filled with the colour of the look."""
    if not counts:
        return dg.MetadataValue.md("no garments")
    line, left, width = 24, 230, 700
    chart = Image.new("RGB", (width, line * len(counts) + 8), "white")
    draw = ImageDraw.Draw(chart)
    max_worn = max(worn for _, worn in counts)
    for index, (look, worn) in enumerate(counts):
        top = 6 + line * index
        length = (width - left - 60) * worn / max_worn
        draw.text((8, top), f"{look.colour} {look.garment}", fill="black", font_size=14)
        bar = (left, top, left + length, top + line - 8)
        draw.rectangle(bar, fill=_SWATCHES[look.colour], outline="black")
        draw.text((left + length + 8, top), str(worn), fill="black", font_size=14)
    return _shown(chart, "most worn")


def picture_file(file: Path, name: str) -> dg.MarkdownMetadataValue:
    """Show a picture file, shrunk to at most 1000 x 800 pixels, or say that it is missing."""
    if not file.is_file():
        return dg.MetadataValue.md(f"no {name}")
    with open_image(file) as opened:
        picture = opened.convert("RGB")
    picture.thumbnail(_MAX_PICTURE)
    return _shown(picture, name)


_SWATCHES = {colour.name: colour.samples[0] for colour in PALETTE}


def _shown(picture: Image.Image, name: str) -> dg.MarkdownMetadataValue:
    """Keep ``picture`` beside the output of the present run, where the Dagster UI loads it from.

    Records in memory keep no output, and outside of a run there is none. Then the picture itself is
    in the metadata. In the event log, it would be read and sent with each list of events.
    """
    content = io.BytesIO()
    picture.save(content, "WEBP", quality=60)
    place = _kept(content.getvalue(), name)
    if place is None:
        data = base64.b64encode(content.getvalue()).decode()
        place = f"data:image/webp;base64,{data}"
    return dg.MetadataValue.md(f"![{name}]({place})")


def _kept(picture: bytes, name: str) -> str | None:
    """Write ``picture`` as if the run had printed it, and give its path in the Dagster UI."""
    try:
        context = dg.OpExecutionContext.get()
    except dg.DagsterInvariantViolationError:
        return None
    # Only the number tells the pictures of a retry, and of several partitions of a run, apart.
    key = [context.run_id, "pictures", f"{name.replace(' ', '_')}-{secrets.token_hex(8)}"]
    logs = context.instance.compute_log_manager
    with logs.open_log_stream(key, ComputeIOType.STDOUT) as stream:
        if stream is None:
            return None
        stream.buffer.write(picture)  # type: ignore[attr-defined] # it is a text file
    return f"/logs/{'/'.join(key)}/out"
