"""Turns an opened photo into the pixels that people see: upright, in sRGB, on white."""

import struct

import numpy as np
from numpy.typing import NDArray
from PIL import ExifTags, Image

from oott_fashion.vision.srgb import in_srgb

Photo = NDArray[np.uint8]

# Pixels are converted in strips of about this size, because a conversion needs several copies.
_STRIP_PIXELS = 500_000

_WHITE = (255, 255, 255)

# Source: the orientations of EXIF 2.3, table 4; the same as in ``PIL.ImageOps.exif_transpose``.
_TURNS_UPRIGHT = {
    2: Image.Transpose.FLIP_LEFT_RIGHT,
    3: Image.Transpose.ROTATE_180,
    4: Image.Transpose.FLIP_TOP_BOTTOM,
    5: Image.Transpose.TRANSPOSE,
    6: Image.Transpose.ROTATE_270,
    7: Image.Transpose.TRANSVERSE,
    8: Image.Transpose.ROTATE_90,
}
# With these orientations, the first stored line is the last line or column of the upright photo.
_FROM_THE_END = frozenset((3, 4, 6, 7))
_SIDEWAYS = frozenset((5, 6, 7, 8))

# Pillow's decoders raise different exceptions for damaged data; these are the known ones.
DAMAGE = (
    *(OSError, SyntaxError, ValueError, EOFError, IndexError, TypeError, struct.error),
    RuntimeError,  # libheif
)


def pixels_of(file: Image.Image, factor: int = 1) -> Photo:
    """Decode an opened photo like ``read_photo``, and reduce it to 1/``factor`` of its size.

    Raises:
        One of ``DAMAGE``: the pixels are damaged or truncated; ``opened_photo`` translates it.
    """
    # Loading a TIFF turns it upright and removes its orientation tag. So the photo is loaded
    # before the tag is read.
    file.load()
    orientation = _orientation_of(file)
    width, height = (-(-side // factor) for side in file.size)
    is_sideways = orientation in _SIDEWAYS
    lines = max(1, _STRIP_PIXELS // (file.width * factor))
    if lines >= height:
        return _upright(_strip_of(file, 0, height, factor), orientation)
    photo = np.empty((width, height, 3) if is_sideways else (height, width, 3), dtype=np.uint8)
    for top in range(0, height, lines):
        strip = _upright(_strip_of(file, top, top + lines, factor), orientation)
        count = strip.shape[1 if is_sideways else 0]
        first = height - top - count if orientation in _FROM_THE_END else top
        place = slice(first, first + count)
        photo[(slice(None), place) if is_sideways else place] = strip
    return photo


def _orientation_of(file: Image.Image) -> int:
    # exif_transpose also rewrites the EXIF, and raises struct.error for a damaged tag.
    try:
        return int(file.getexif().get(ExifTags.Base.Orientation, 1))
    except DAMAGE:
        return 1


def _upright(strip: Image.Image, orientation: int) -> Photo:
    turn = _TURNS_UPRIGHT.get(orientation)
    return np.asarray(strip if turn is None else strip.transpose(turn))


def _strip_of(file: Image.Image, first: int, end: int, factor: int) -> Image.Image:
    """Convert the reduced lines from ``first`` to ``end`` to sRGB."""
    box = (0, first * factor, file.width, min(end * factor, file.height))
    strip = _opaque(file if box == (0, 0, *file.size) else file.crop(box))
    return in_srgb(strip.reduce(factor) if factor > 1 else strip, file.info.get("icc_profile"))


def _opaque(image: Image.Image) -> Image.Image:
    """Convert an image to mode L, RGB or CMYK with 8 bits, with transparent parts on white."""
    if image.mode.startswith("I"):
        return _eight_bit_of(image)
    if image.has_transparency_data:
        coloured = image.convert("RGBA")
        opaque = Image.new("RGB", coloured.size, _WHITE)
        opaque.paste(coloured, mask=coloured.getchannel("A"))
        return opaque
    if image.mode in ("L", "RGB", "CMYK"):
        return image
    return image.convert("L" if image.mode == "1" else "RGB")


def _eight_bit_of(image: Image.Image) -> Image.Image:
    # convert("L") clips: every value above 255 in a 16-bit photo would become white.
    samples = np.asarray(image).astype(np.int64)
    return Image.fromarray((np.clip(samples, 0, 65_535) >> 8).astype(np.uint8))
