"""Small photos in every supported file format, with and without metadata."""

import io
import struct
import zlib
from functools import cache
from typing import Any

import numpy as np
from PIL import Image, ImageCms, PngImagePlugin

# Stored in every metadata field of the test files.
SECRET = b"SECRET 37.5512N 126.9882E"

ORIENTATION, MAKE, GPS_IFD, GPS_LATITUDE_REF = 0x0112, 0x010F, 0x8825, 0x0001

_XMP_HEAD = b"http://ns.adobe.com/xap/1.0/\0"


def pixels(height: int = 48, width: int = 64) -> Image.Image:
    """Make an asymmetric picture that is smooth in one half and noisy in the other."""
    rows, columns = np.mgrid[:height, :width]
    rough = np.random.default_rng(5).integers(0, 60, (height, width, 3))
    smooth = np.stack([rows * 3, columns * 2, rows + columns], axis=2) % 196
    return Image.fromarray((smooth + rough * (columns > width // 2)[..., None]).astype(np.uint8))


def encoded(image: Image.Image, kind: str, **options: Any) -> bytes:
    file = io.BytesIO()
    image.save(file, kind, **options)
    return file.getvalue()


@cache
def profile() -> bytes:
    """Make an sRGB colour profile without private data.

    It is cached, because a profile contains its creation time.
    """
    return ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()


def private_profile() -> bytes:
    """Make a colour profile with a private tag, such as the serial number of a screen."""
    plain = profile()
    (tags,) = struct.unpack_from(">I", plain, 128)
    entry = struct.pack(">4sII", b"mmod", len(plain) + 12, len(SECRET))
    table_end = 132 + 12 * tags
    tagged = plain[:table_end] + entry + plain[table_end:] + SECRET
    size, count = struct.pack(">I", len(tagged)), struct.pack(">I", tags + 1)
    return size + tagged[4:128] + count + tagged[132:]


def exif(orientation: int = 1) -> bytes:
    """Make an EXIF block with a location."""
    written = Image.Exif()
    written[ORIENTATION] = orientation
    written[MAKE] = SECRET.decode()
    written.get_ifd(GPS_IFD)[GPS_LATITUDE_REF] = SECRET.decode()
    return written.tobytes()


def plain_files() -> dict[str, bytes]:
    """Make a photo in each file format, without metadata."""
    photo = pixels()
    clear = photo.convert("RGBA")
    clear.putalpha(pixels().convert("L"))
    grey16 = Image.fromarray(np.asarray(photo.convert("L")).astype(np.uint16) * 257)
    palette = photo.quantize(40)
    jpegs: dict[str, dict[str, Any]] = {
        "": {},
        " progressive": {"progressive": True},
        " of full colour": {"subsampling": 0, "quality": 97},
        " with restarts": {"restart_marker_blocks": 3},
        " with a profile": {"icc_profile": profile()},
    }
    return {
        **{f"JPEG{name}": encoded(photo, "JPEG", **options) for name, options in jpegs.items()},
        "JPEG in CMYK": encoded(photo.convert("CMYK"), "JPEG"),
        "JPEG in grey": encoded(photo.convert("L"), "JPEG"),
        "PNG": encoded(photo, "PNG"),
        "PNG with a profile": encoded(photo, "PNG", icc_profile=profile()),
        "PNG of 16 bits": encoded(grey16, "PNG"),
        "PNG with a palette": encoded(palette, "PNG", transparency=3),
        "PNG with alpha": encoded(clear, "PNG"),
        "PNG in black and white": encoded(photo.convert("1"), "PNG"),
        "WebP": encoded(photo, "WEBP"),
        "WebP, lossless": encoded(photo, "WEBP", lossless=True),
        "WebP with alpha": encoded(clear, "WEBP"),
        "WebP with a profile": encoded(photo, "WEBP", icc_profile=profile()),
    }


def pixel_files() -> dict[str, bytes]:
    """Make a photo in each file format whose metadata cannot be removed without encoding."""
    kinds = {"BMP": {}, "TIFF": {"compression": "tiff_lzw"}, "GIF": {}}
    return {kind: encoded(pixels(), kind, **options) for kind, options in kinds.items()}


def files_with_metadata() -> dict[str, bytes]:
    """Make photos that have metadata in every possible place of their format."""
    metadata = {"exif": exif(), "icc_profile": private_profile()}
    after = b"\0\0\0\x18ftypmp42" + SECRET
    jpeg = encoded(pixels(), "JPEG", comment=SECRET, **metadata)
    webp = encoded(pixels(), "WEBP", xmp=SECRET, **metadata)
    second = encoded(pixels(), "MPO", save_all=True, append_images=[pixels(30, 40)], **metadata)
    text = PngImagePlugin.PngInfo()
    text.add_text("Comment", SECRET.decode())
    text.add_text("Zipped", SECRET.decode(), zip=True)
    text.add_itxt("XML:com.adobe.xmp", SECRET.decode())
    text.add(b"tIME", b"\x07\xea\x09\x01\x0c\0\0")
    text.add(b"pHYs", b"\0\0\x0b\x13\0\0\x0b\x13\1")
    text.add(b"prVt", SECRET)
    png = encoded(pixels(), "PNG", pnginfo=text, **metadata)
    return {
        "JPEG": jpeg_with_metadata(jpeg) + after,
        "JPEG with a second picture": second + after,
        "PNG": png + after,
        "PNG with a name on its profile": _named_profile(),
        "WebP": _webp_with_unknown_chunk(webp) + after,
    }


def jpeg_with_metadata(jpeg: bytes) -> bytes:
    """Add the metadata segments that Pillow cannot write to a JPEG."""
    # The JFIF segment with a thumbnail of one pixel.
    jfif = _segment(0xE0, b"JFIF\0\1\1\0\0\1\0\1\1\1" + SECRET[:3])
    others = [
        _segment(0xE0, b"JFXX\0\x10" + SECRET),
        _segment(0xE1, _XMP_HEAD + SECRET),
        # Instagram writes a tracking number into the Photoshop segment.
        _segment(0xED, b"Photoshop 3.0\x008BIM\4\4\0\0\0\0\0\x1dFBMD" + SECRET),
        _segment(0xE2, b"MPF\0" + SECRET),
        _segment(0xEE, b"Adobe\0\x64\0\0\0\0\1" + SECRET),
        _segment(0xEF, SECRET),
        _segment(0xFE, SECRET),
    ]
    assert jpeg[2:4] == b"\xff\xe0"
    return jpeg[:2] + jfif + b"".join(others) + jpeg[20:]


def _segment(code: int, payload: bytes) -> bytes:
    return bytes((0xFF, code)) + struct.pack(">H", len(payload) + 2) + payload


def _webp_with_unknown_chunk(webp: bytes) -> bytes:
    """Add a chunk of an unknown kind, which the format allows."""
    grown = webp + b"WHAT" + struct.pack("<I", len(SECRET)) + SECRET + b"\0" * (len(SECRET) % 2)
    return grown[:4] + struct.pack("<I", len(grown) - 8) + grown[8:]


def _named_profile() -> bytes:
    plain = encoded(pixels(), "PNG")
    payload = b"iCCP" + SECRET + b"\0\0" + zlib.compress(profile())
    chunk = struct.pack(">I", len(payload) - 4) + payload + struct.pack(">I", zlib.crc32(payload))
    return plain[:33] + chunk + plain[33:]
