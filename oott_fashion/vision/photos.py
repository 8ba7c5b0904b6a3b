"""Decodes the bytes of a photo into upright RGB pixels, within size limits."""

import io
import warnings
from collections.abc import Iterator
from contextlib import contextmanager

import pillow_heif
from PIL import Image, UnidentifiedImageError

from oott_fashion.vision.seen_pixels import DAMAGE as DAMAGE
from oott_fashion.vision.seen_pixels import Photo as Photo
from oott_fashion.vision.seen_pixels import pixels_of
from oott_fashion.vision.whole_files import PNG, lacks_end, whole_png, with_end

# Pillow opens about forty formats; the parsers of the rare ones are little tested for attacks.
FORMATS = ("JPEG", "PNG", "WEBP", "BMP", "GIF", "TIFF", "HEIF")

# The best phones take photos of this size. Decoding one needs up to 500 MB of memory, 10 bytes a
# pixel: Pillow takes 4 and the result 3, and a progressive JPEG another 3 to 6 before the result.
MAX_PIXELS = 50_000_000

# These TIFF compressions are for pages in black and white.
_FAX = ("tiff_ccitt", "group3", "group4")

# The type of a HEIC file: heic, heix, heim or heis.
_HEIC = b"ftyphei"

# Ultralytics replaces Image.open by a function that installs a package if a file is not a photo.
# We save Pillow's own function before that.
open_image = Image.open

# Each worker of the service has one core. An embedded thumbnail may show another picture.
pillow_heif.register_heif_opener(decode_threads=1, thumbnails=False, depth_images=False)


class UnreadablePhoto(ValueError):
    """The bytes are not a photo that OOTT can read."""


class PhotoTooLarge(ValueError):
    """The photo has more pixels or bytes than are allowed."""


def read_photo(data: bytes, max_pixels: int = MAX_PIXELS) -> Photo:
    """Decode a photo: turn it upright, convert it to sRGB, put transparent parts on white.

    16 bits are reduced to 8. Damage outside the pixels is ignored.

    Returns:
        RGB pixels, shape (height, width, 3), 0..255.

    Raises:
        PhotoTooLarge: the photo has more than ``max_pixels``; no pixels were decoded.
        UnreadablePhoto: the photo is empty, truncated, animated, or not one of ``FORMATS``.
    """
    with opened_photo(data, max_pixels) as image:
        return pixels_of(image)


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
            with _opened(whole_png(data) if data.startswith(PNG) else data, max_pixels) as image:
                yield image
    except Image.DecompressionBombError as error:
        raise PhotoTooLarge(
            f"the photo has more than the allowed {max_pixels:,} pixels; send a smaller one"
        ) from error
    except UnidentifiedImageError as error:
        raise UnreadablePhoto(_why_unknown(data)) from error
    except DAMAGE as error:
        if isinstance(error, (UnreadablePhoto, PhotoTooLarge)):
            raise
        raise UnreadablePhoto(f"the photo is damaged or truncated: {error}") from error


def _opened(data: bytes, max_pixels: int) -> Image.Image:
    image = open_image(io.BytesIO(data), formats=FORMATS)
    _reject_oversized(image, max_pixels)
    _reject_animated(image)
    _reject_fax(image)
    if image.mode == "F":
        raise UnreadablePhoto("the photo has floating-point pixels; expected 8 or 16 bits")
    if image.format == "JPEG" and lacks_end(data):
        return open_image(io.BytesIO(with_end(data)), formats=FORMATS)
    return image


def _why_unknown(data: bytes) -> str:
    if data[4:11] == _HEIC:
        return "the HEIC photo is damaged or truncated: its list of pictures is not whole"
    return (
        f"{len(data):,} bytes starting with {data[:8]!r} are not a photo; "
        f"expected one of {', '.join(FORMATS)}"
    )


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
    # Such a file still counts as one photo. So does a HEIC with several pictures; one is primary.
    if frames > 1 and image.format not in ("MPO", "HEIF"):
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
