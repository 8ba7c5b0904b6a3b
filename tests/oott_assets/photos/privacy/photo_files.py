"""Photos in every supported file format, with metadata in every place of the file."""

import io
import struct
from typing import Any

import numpy as np
from PIL import Image, PngImagePlugin

from tests.oott_fashion.vision.colour_profiles import display_profile, rgb_profile, seen_on

# Stored in every metadata field of the test files.
SECRET = b"SECRET 37.5512N 126.9882E"

ORIENTATION, MAKE, GPS_IFD, GPS_LATITUDE_REF = 0x0112, 0x010F, 0x8825, 0x0001

_XMP_HEAD = b"http://ns.adobe.com/xap/1.0/\0"


def encoded(image: Image.Image, kind: str, **options: Any) -> bytes:
    file = io.BytesIO()
    image.save(file, kind, **options)
    return file.getvalue()


def exif(orientation: int = 1) -> bytes:
    """Make an EXIF block with a location."""
    written = Image.Exif()
    written[ORIENTATION] = orientation
    written[MAKE] = SECRET.decode()
    written.get_ifd(GPS_IFD)[GPS_LATITUDE_REF] = SECRET.decode()
    return written.tobytes()


def files_of(picture: Image.Image) -> dict[str, bytes]:
    """Encode ``picture``, in sRGB, in each format with all metadata that the format can have.

    The pixels of most files lie on their side, and have other numbers than the sRGB pixels.
    Phones write HEIC in Display P3, and cameras write Adobe RGB.
    """
    profile = rgb_profile(swapped=True) + SECRET
    # The profile takes the first channel for green and the second for red.
    red, green, blue = picture.split()
    on_its_side = Image.merge("RGB", (green, red, blue)).transpose(Image.Transpose.ROTATE_90)
    grown = picture.convert("RGBA")
    options = {"exif": exif(6), "icc_profile": profile}
    after = b"\0\0\0\x18ftypmp42" + SECRET
    second = picture.resize((64, 48))
    jpeg = encoded(on_its_side, "JPEG", quality=95, comment=SECRET, **options)
    webp = encoded(on_its_side, "WEBP", lossless=True, xmp=SECRET, **options)
    tiff = {270: SECRET.decode(), ORIENTATION: 6}
    return {
        "JPEG": _jpeg_with_metadata(jpeg) + after,
        "JPEG in CMYK": encoded(picture.convert("CMYK"), "JPEG", quality=95, comment=SECRET),
        "JPEG with a second picture": encoded(
            on_its_side, "MPO", save_all=True, append_images=[second], quality=95, **options
        ),
        "HEIC": _on_display("Display P3", picture, "HEIF", quality=90, xmp=SECRET),
        "JPEG in Adobe RGB": _on_display("Adobe RGB", picture, "JPEG", quality=95),
        "PNG": encoded(on_its_side, "PNG", pnginfo=_png_texts(), **options) + after,
        "PNG with alpha": encoded(grown, "PNG", pnginfo=_png_texts()),
        "WebP": _webp_with_unknown_chunk(webp) + after,
        "TIFF": encoded(on_its_side, "TIFF", tiffinfo=tiff, icc_profile=profile),
        "GIF": encoded(picture.quantize(256), "GIF", comment=SECRET),
        "BMP": encoded(picture, "BMP") + SECRET,
    }


def _on_display(display: str, picture: Image.Image, kind: str, **options: Any) -> bytes:
    on_its_side = seen_on(display, picture).transpose(Image.Transpose.ROTATE_90)
    profile = display_profile(display) + SECRET
    return encoded(on_its_side, kind, exif=exif(6), icc_profile=profile, **options)


def _png_texts() -> PngImagePlugin.PngInfo:
    text = PngImagePlugin.PngInfo()
    text.add_text("Comment", SECRET.decode())
    text.add_text("Zipped", SECRET.decode() * 50_000, zip=True)
    text.add_itxt("XML:com.adobe.xmp", SECRET.decode())
    text.add(b"prVt", SECRET)
    return text


def _jpeg_with_metadata(jpeg: bytes) -> bytes:
    """Add the metadata segments that Pillow cannot write to a JPEG."""
    segments = (
        _segment(0xE0, b"JFXX\0\x10" + SECRET),
        _segment(0xE1, _XMP_HEAD + SECRET),
        # Instagram writes a tracking number into the Photoshop segment.
        _segment(0xED, b"Photoshop 3.0\x008BIM\4\4\0\0\0\0\0\x1dFBMD" + SECRET),
        _segment(0xEF, SECRET),
    )
    return jpeg[:20] + b"".join(segments) + jpeg[20:]


def _segment(code: int, payload: bytes) -> bytes:
    return bytes((0xFF, code)) + struct.pack(">H", len(payload) + 2) + payload


def _webp_with_unknown_chunk(webp: bytes) -> bytes:
    """Add a chunk of an unknown kind, which the format allows."""
    grown = webp + b"WHAT" + struct.pack("<I", len(SECRET)) + SECRET + b"\0" * (len(SECRET) % 2)
    return grown[:4] + struct.pack("<I", len(grown) - 8) + grown[8:]


def noise(height: int, width: int) -> Image.Image:
    """Make a picture that is different everywhere."""
    pixels = np.random.default_rng(5).integers(0, 256, (height, width, 3))
    return Image.fromarray(pixels.astype(np.uint8))
