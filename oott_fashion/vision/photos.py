"""Decodes the bytes of a photo into upright RGB pixels, within size limits."""

import io
import struct
import warnings
from collections.abc import Iterator
from contextlib import contextmanager

import numpy as np
from numpy.typing import NDArray
from PIL import ExifTags, Image, UnidentifiedImageError

Photo = NDArray[np.uint8]

# Pillow opens about forty formats; the parsers of the rare ones are little tested for attacks.
FORMATS = ("JPEG", "PNG", "WEBP", "BMP", "GIF", "TIFF")

# The best phones take photos of this size. Decoding one needs 150 MB of memory.
MAX_PIXELS = 50_000_000

# These TIFF compressions are for pages in black and white.
_FAX = ("tiff_ccitt", "group3", "group4")

_WHITE = (255, 255, 255)

# Ultralytics replaces Image.open by a function that installs a package if a file is not a photo.
# We save Pillow's own function before that.
open_image = Image.open

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

# Pillow's decoders raise different exceptions for damaged data; these are the known ones.
DAMAGE = (OSError, SyntaxError, ValueError, EOFError, IndexError, TypeError, struct.error)


class UnreadablePhoto(ValueError):
    """The bytes are not a photo that OOTT can read."""


class PhotoTooLarge(ValueError):
    """The photo has more pixels or bytes than are allowed."""


def read_photo(data: bytes, max_pixels: int = MAX_PIXELS) -> Photo:
    """Decode a photo: turn it upright, put transparent parts on white, reduce 16 bits to 8.

    Returns:
        RGB pixels, shape (height, width, 3), 0..255.

    Raises:
        PhotoTooLarge: the photo has more than ``max_pixels``; no pixels were decoded.
        UnreadablePhoto: the photo is empty, truncated, animated, or not one of ``FORMATS``.
    """
    with opened_photo(data, max_pixels) as image:
        # Loading a TIFF turns it upright and removes its orientation tag. So the photo is loaded
        # before the tag is read.
        image.load()
        return np.asarray(upright(rgb_of(image), image))


@contextmanager
def opened_photo(data: bytes, max_pixels: int = MAX_PIXELS) -> Iterator[Image.Image]:
    """Open a photo without decoding its pixels; errors of decoding it later are translated too.

    Raises:
        PhotoTooLarge, UnreadablePhoto: as for ``read_photo``.
    """
    if not data:
        raise UnreadablePhoto("the photo is empty (0 bytes); expected a JPEG, PNG or WebP file")
    try:
        # Pillow's decompression bomb limit is a global setting; OOTT uses its own limit below.
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", Image.DecompressionBombWarning)
            with open_image(io.BytesIO(data), formats=FORMATS) as image:
                _reject_oversized(image, max_pixels)
                _reject_animated(image)
                _reject_fax(image)
                yield image
    except Image.DecompressionBombError as error:
        raise PhotoTooLarge(
            f"the photo has more than the allowed {max_pixels:,} pixels; send a smaller one"
        ) from error
    except UnidentifiedImageError as error:
        raise UnreadablePhoto(
            f"{len(data):,} bytes starting with {data[:8]!r} are not a photo; "
            f"expected one of {', '.join(FORMATS)}"
        ) from error
    except DAMAGE as error:
        if isinstance(error, (UnreadablePhoto, PhotoTooLarge)):
            raise
        raise UnreadablePhoto(f"the photo is damaged or truncated: {error}") from error


def _reject_oversized(image: Image.Image, max_pixels: int) -> None:
    width, height = image.size
    if width * height > max_pixels:
        raise PhotoTooLarge(
            f"the photo has {width} x {height} = {width * height:,} pixels, but at most "
            f"{max_pixels:,} are allowed; send a smaller one"
        )


def _reject_animated(image: Image.Image) -> None:
    frames = getattr(image, "n_frames", 1)
    # Some phones add a depth map or a second lens's picture as a further frame of a JPEG (MPO).
    # Such a file still counts as one photo.
    if frames > 1 and image.format != "MPO":
        raise UnreadablePhoto(
            f"the {image.format} has {frames} frames; expected a still photo with one frame"
        )


def _reject_fax(image: Image.Image) -> None:
    # libtiff writes a line to the error output for each damaged line of a page. So a file of
    # 400 kB can write megabytes to the log.
    compression = image.info.get("compression")
    if compression in _FAX:
        raise UnreadablePhoto(
            f"the TIFF is a page in black and white ({compression}); expected a photo"
        )


def upright(pixels: Image.Image, file: Image.Image) -> Image.Image:
    """Turn the pixels of a loaded file as its EXIF data say."""
    # exif_transpose also rewrites the EXIF, and raises struct.error for a damaged tag.
    turn = _TURNS_UPRIGHT.get(file.getexif().get(ExifTags.Base.Orientation, 1))
    return pixels if turn is None else pixels.transpose(turn)


def rgb_of(image: Image.Image) -> Image.Image:
    """Convert a loaded photo to 8-bit RGB, with transparent parts on white."""
    if image.mode.startswith("I"):
        return _eight_bit_of(image).convert("RGB")
    if image.mode == "F":
        raise UnreadablePhoto("the photo has floating-point pixels; expected 8 or 16 bits")
    if image.has_transparency_data:
        coloured = image.convert("RGBA")
        opaque = Image.new("RGB", coloured.size, _WHITE)
        opaque.paste(coloured, mask=coloured.getchannel("A"))
        return opaque
    return image.convert("RGB")


def _eight_bit_of(image: Image.Image) -> Image.Image:
    # convert("L") clips: every value above 255 in a 16-bit photo would become white.
    samples = np.asarray(image).astype(np.int64)
    return Image.fromarray((np.clip(samples, 0, 65_535) >> 8).astype(np.uint8))
