"""Prepares files whose pixels are whole, although other parts of the file are damaged.

Pillow refuses such files. Its switch for damaged files would also accept half a photo, and it is
valid for all threads.
"""

import io
import struct
import zlib

from PIL import Image

PNG = b"\x89PNG\r\n\x1a\n"

# A chunk with pixels is kept as it is, so that Pillow finds its damage. acTL marks an animation.
_PIXELS = frozenset((b"IHDR", b"PLTE", b"IDAT", b"fdAT"))
_ABOUT_PIXELS = frozenset((b"tRNS", b"iCCP", b"eXIf", b"acTL", b"fcTL"))
_END_CHUNK = struct.pack(">I4sI", 0, b"IEND", zlib.crc32(b"IEND"))

# Pillow refuses a PNG whose unpacked profile is larger.
_MAX_PROFILE_BYTES = 1 << 20

# All pixels of a large photo at once would take much memory.
_LINES = 64

_START_OF_SCAN, _END_OF_IMAGE = b"\xff\xda", b"\xff\xd9"

# If a scan is not whole, a decoder takes some of these bytes for pixels. The restart markers do it
# for a scan that ends where a decoder expects such a marker.
_NOISE = b"\x5a\xc3\x17\x9b" * 16
_MANY_NOISES = _NOISE + b"".join(bytes((0xFF, 0xD0 + number)) + _NOISE for number in range(8))


def whole_png(content: bytes) -> bytes:
    """Copy what the pixels need: no texts, nothing with a wrong checksum, and an end chunk."""
    kept, at = [PNG], len(PNG)
    while at + 12 <= len(content):
        length, kind = struct.unpack_from(">I4s", content, at)
        if kind == b"IEND":
            break
        chunk = content[at : at + 12 + length]
        if kind in _PIXELS or (kind in _ABOUT_PIXELS and _is_sound(kind, chunk)):
            kept.append(chunk)
        at += len(chunk)
    return b"".join(kept) + _END_CHUNK


def _is_sound(kind: bytes, chunk: bytes) -> bool:
    if zlib.crc32(chunk[4:-4]) != int.from_bytes(chunk[-4:], "big"):
        return False
    if kind != b"iCCP":
        return True
    packed = chunk[8:-4].partition(b"\0")[2][1:]
    try:
        profile = zlib.decompressobj().decompress(packed, _MAX_PROFILE_BYTES)
    except zlib.error:
        return False
    return len(profile) < _MAX_PROFILE_BYTES


def lacks_end(jpeg: bytes) -> bool:
    """Tell whether a JPEG has no end marker after its last scan."""
    return jpeg.find(_END_OF_IMAGE, jpeg.rfind(_START_OF_SCAN)) < 0


def with_end(jpeg: bytes) -> bytes:
    """Append the end marker to a JPEG without one.

    Missing pixels show in the noise: a decoder takes it for pixels if it expects more of them. A
    progressive JPEG that ends between two scans has all its pixels, though less sharp.

    Raises:
        OSError: pixels are missing too.
    """
    # A download that was cut off may have zeros in place of the rest. Half a marker is dropped.
    cut = jpeg.rstrip(b"\0\xff")
    if _checksums(cut + _END_OF_IMAGE) != _checksums(cut + _MANY_NOISES + _END_OF_IMAGE):
        raise OSError("the last pixels of the JPEG are missing")
    return cut + _END_OF_IMAGE


def _checksums(jpeg: bytes) -> list[int]:
    with Image.open(io.BytesIO(jpeg), formats=["JPEG"]) as image:
        strips = ((0, top, image.width, top + _LINES) for top in range(0, image.height, _LINES))
        return [zlib.crc32(image.crop(strip).tobytes()) for strip in strips]
