"""Encodes pixels in the format of the original file, without its metadata."""

import io
import warnings
from typing import Any

from PIL import Image, JpegImagePlugin

from oott_assets.photos.privacy.colour_profiles import (
    has_only_colour_tags,
    is_grey_profile,
    is_rgb_profile,
)
from oott_assets.photos.privacy.webp_chunks import is_lossless
from oott_fashion.vision.photos import FORMATS, Photo, open_image

# The longest side that libjpeg supports.
_LONGEST_JPEG_SIDE = 65_500

_JPEG_QUALITY, _WEBP_QUALITY = 95, 90
_NO_SUBSAMPLING = 0
_MAX_TABLES = 4


def encoded_like(content: bytes, photo: Photo, exactly: bool = False) -> bytes:
    """Encode ``photo`` in the format of ``content``, with the quantisation tables of a JPEG.

    With the same tables, JPEG blocks whose pixels did not change lose little quality. The result is
    a PNG if ``content`` is neither JPEG nor WebP, or if ``exactly`` is true. The result is opaque
    and has 8 bits per channel.
    """
    with _opened(content) as original:
        pixels = Image.fromarray(photo)
        options = {"format": "PNG"} if exactly else _options(original, content, max(pixels.size))
        # A grey JPEG has no quantisation tables for colour.
        if options["format"] == "JPEG" and original.mode == "L":
            pixels = pixels.convert("L")
        options |= _profile(original, pixels)
    encoded = io.BytesIO()
    pixels.save(encoded, **options)
    return encoded.getvalue()


def is_transparent(content: bytes) -> bool:
    """Tell whether a readable photo has transparent or partly transparent pixels."""
    with _opened(content) as image:
        # In a PNG, the data about transparency may come after the pixels.
        if image.format == "PNG":
            image.load()
        return image.has_transparency_data


def _opened(content: bytes) -> Image.Image:
    with warnings.catch_warnings():
        # The warning is not needed, because the caller has already checked the size.
        warnings.simplefilter("ignore", Image.DecompressionBombWarning)
        return open_image(io.BytesIO(content), formats=FORMATS)


def _options(original: Image.Image, content: bytes, longest_side: int) -> dict[str, Any]:
    if isinstance(original, JpegImagePlugin.JpegImageFile) and longest_side <= _LONGEST_JPEG_SIDE:
        return _jpeg_options(original)
    if original.format == "WEBP":
        return {"format": "WEBP", "lossless": is_lossless(content), "quality": _WEBP_QUALITY}
    return {"format": "PNG"}


def _jpeg_options(original: JpegImagePlugin.JpegImageFile) -> dict[str, Any]:
    options = {"format": "JPEG", "progressive": bool(original.info.get("progressive"))}
    sampling, tables = JpegImagePlugin.get_sampling(original), list(original.quantization.values())
    known = original.mode == "L" or (original.mode == "RGB" and sampling >= 0)
    # The tables of a CMYK photo are for inks, so they do not fit RGB.
    if known and 1 <= len(tables) <= _MAX_TABLES:
        return {**options, "qtables": tables, "subsampling": sampling}
    return {**options, "quality": _JPEG_QUALITY, "subsampling": _NO_SUBSAMPLING}


def _profile(original: Image.Image, pixels: Image.Image) -> dict[str, Any]:
    """Keep the colour profile if it fits the pixels of the new file and has no private data."""
    profile = original.info.get("icc_profile") or b""
    fits = is_grey_profile if pixels.mode == "L" else is_rgb_profile
    return {"icc_profile": profile} if has_only_colour_tags(profile) and fits(profile) else {}
