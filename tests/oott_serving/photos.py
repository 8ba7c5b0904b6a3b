"""Photos as clients send them: drawn photos, and unusual files."""

import base64
import io
import struct
import zlib
from typing import Any

import numpy as np
from PIL import Image

from oott_assets.photos.sources.drawn.drawn_photos import (
    DrawnPhoto,
    draw_photo,
    jpeg_of,
    random_outfit,
)


def drawn(seed: int) -> DrawnPhoto:
    """Draw a person in known garments."""
    rng = np.random.default_rng(seed)
    return draw_photo(random_outfit(rng), rng)


def street_jpeg(seed: int = 0) -> bytes:
    return jpeg_of(drawn(seed))


def street_image(seed: int = 0) -> Image.Image:
    return image_of(street_jpeg(seed))


def image_of(photo: bytes) -> Image.Image:
    return Image.open(io.BytesIO(photo))


def base64_of(photo: bytes) -> str:
    return base64.b64encode(photo).decode()


def file_of(image: Image.Image, kind: str, **options: Any) -> bytes:
    file = io.BytesIO()
    image.save(file, kind, **options)
    return file.getvalue()


def sideways(image: Image.Image) -> bytes:
    """Save a photo like an upright phone: pixels rotated, and the rotation in the EXIF data."""
    exif = Image.Exif()
    exif[0x0112] = 6
    lying = image.transpose(Image.Transpose.ROTATE_90)
    return file_of(lying, "JPEG", quality=95, subsampling=0, exif=exif)


def animation() -> bytes:
    frames = [Image.new("RGB", (32, 32), colour) for colour in ("red", "blue")]
    return file_of(frames[0], "GIF", save_all=True, append_images=frames[1:])


def png_bomb(width: int, height: int) -> bytes:
    """Make a small PNG of ``width`` x ``height`` black pixels."""
    line = bytes(1 + (width + 7) // 8)
    packer = zlib.compressobj(9)
    pixels = b"".join(packer.compress(line) for _ in range(height)) + packer.flush()
    header = struct.pack(">IIBBBBB", width, height, 1, 0, 0, 0, 0)
    chunks = [(b"IHDR", header), (b"IDAT", pixels), (b"IEND", b"")]
    return b"\x89PNG\r\n\x1a\n" + b"".join(
        struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))
        for kind, data in chunks
    )
