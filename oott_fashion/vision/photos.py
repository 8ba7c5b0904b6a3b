"""The bytes of a photo made into upright RGB pixels, within bounds.

Every kind of file that people send is either turned into RGB here or refused by its name.
"""

import io
import struct
import warnings

import numpy as np
from numpy.typing import NDArray
from PIL import ExifTags, Image, UnidentifiedImageError

Photo = NDArray[np.uint8]

# Pillow opens some forty formats, several of them through parsers nobody attacks for a living.
FORMATS = ("JPEG", "PNG", "WEBP", "BMP", "GIF", "TIFF")

# A flagship phone's full-resolution photo; its pixels take 150 MB while they are decoded.
MAX_PIXELS = 50_000_000

_WHITE = (255, 255, 255)

# Taken before Ultralytics replaces it, whose own installs a package over a file that is no photo.
open_image = Image.open

# Source: the orientations of EXIF 2.3, table 4, as ``PIL.ImageOps.exif_transpose`` undoes them.
_TURNS_UPRIGHT = {
    2: Image.Transpose.FLIP_LEFT_RIGHT,
    3: Image.Transpose.ROTATE_180,
    4: Image.Transpose.FLIP_TOP_BOTTOM,
    5: Image.Transpose.TRANSPOSE,
    6: Image.Transpose.ROTATE_270,
    7: Image.Transpose.TRANSVERSE,
    8: Image.Transpose.ROTATE_90,
}

# Each of Pillow's decoders raises what it likes on damaged data; these are the ones seen.
DAMAGE = (OSError, SyntaxError, ValueError, EOFError, IndexError, TypeError, struct.error)


class UnreadablePhoto(ValueError):
    """Bytes that are no photo OOTT can read."""


class PhotoTooLarge(ValueError):
    """A photo of more pixels or bytes than are allowed."""


def read_photo(data: bytes, max_pixels: int = MAX_PIXELS) -> Photo:
    """Decode a photo: turned upright, alpha laid on white, one of 16 bits brought to 8.

    Returns:
        RGB pixels, shape (height, width, 3), 0..255.

    Raises:
        PhotoTooLarge: it has more than ``max_pixels``; nothing was decoded.
        UnreadablePhoto: it is empty, truncated, animated, or not one of ``FORMATS``.
    """
    if not data:
        raise UnreadablePhoto("the photo is empty (0 bytes); expected a JPEG, PNG or WebP file")
    try:
        # Pillow's own bomb limit warns or raises by a global; the check below is ours alone.
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", Image.DecompressionBombWarning)
            with open_image(io.BytesIO(data), formats=FORMATS) as image:
                _refuse_oversized(image, max_pixels)
                _refuse_animated(image)
                return np.asarray(_rgb_of(_upright(image)))
    except Image.DecompressionBombError as error:
        raise PhotoTooLarge(
            f"the photo has more than the {max_pixels:,} pixels allowed; send a smaller one"
        ) from error
    except UnidentifiedImageError as error:
        raise UnreadablePhoto(
            f"{len(data):,} bytes starting with {data[:8]!r} are no photo; "
            f"expected one of {', '.join(FORMATS)}"
        ) from error
    except DAMAGE as error:
        if isinstance(error, (UnreadablePhoto, PhotoTooLarge)):
            raise
        raise UnreadablePhoto(f"the photo is damaged or cut short: {error}") from error


def _refuse_oversized(image: Image.Image, max_pixels: int) -> None:
    width, height = image.size
    if width * height > max_pixels:
        raise PhotoTooLarge(
            f"the photo is {width} x {height} = {width * height:,} pixels; "
            f"at most {max_pixels:,} are allowed; send a smaller one"
        )


def _refuse_animated(image: Image.Image) -> None:
    frames = getattr(image, "n_frames", 1)
    # Phones hide depth maps and second lenses as further frames of a JPEG (MPO): still one photo.
    if frames > 1 and image.format != "MPO":
        raise UnreadablePhoto(
            f"the {image.format} has {frames} frames; expected a still photo of one frame"
        )


def _upright(image: Image.Image) -> Image.Image:
    # Loading turns a TIFF by itself, and then forgets its orientation.
    image.load()
    # exif_transpose also writes the EXIF anew, and raises struct.error over a damaged tag.
    turn = _TURNS_UPRIGHT.get(image.getexif().get(ExifTags.Base.Orientation, 1))
    return image if turn is None else image.transpose(turn)


def _rgb_of(image: Image.Image) -> Image.Image:
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
    # convert("L") would clip: every pixel of a 16-bit photo above 255 turned white.
    samples = np.asarray(image).astype(np.int64)
    return Image.fromarray((np.clip(samples, 0, 65_535) >> 8).astype(np.uint8))
