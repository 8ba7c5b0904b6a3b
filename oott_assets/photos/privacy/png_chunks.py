"""A PNG without its metadata: chunks of the picture and of its colours copied, others left out.

Source: Portable Network Graphics, third edition, clauses 5 and 11.
"""

import struct
import zlib
from collections.abc import Iterator

from oott_assets.photos.privacy.colour_profiles import MAX_PROFILE_BYTES, has_only_colour_tags
from oott_fashion.vision.photos import UnreadablePhoto

SIGNATURE = b"\x89PNG\r\n\x1a\n"

_PICTURE = frozenset((b"IHDR", b"PLTE", b"IDAT", b"IEND"))

# What else a pixel's colour depends on, and how many bytes that takes at most.
_COLOURS = {b"tRNS": 256, b"gAMA": 4, b"cHRM": 32, b"sRGB": 1, b"sBIT": 4}

# A profile's name is free text; this is the one that Pillow writes.
_PROFILE_NAME = b"ICC Profile"

# Encoders write a chunk for some 8 KB; each takes memory, however short it is.
_MAX_CHUNKS = 100_000

_HEAD, _CHECKSUM = struct.Struct(">I4s"), struct.Struct(">I")


def without_png_metadata(content: bytes) -> bytes:
    """Keep of a PNG its picture and how to read its colours, and nothing after its end.

    Raises:
        UnreadablePhoto: its chunks cannot be told apart, or it has no end.
    """
    kept = (_kept(kind, payload, chunk) for kind, payload, chunk in _chunks(content))
    return SIGNATURE + b"".join(kept)


def _chunks(content: bytes) -> Iterator[tuple[bytes, bytes, bytes]]:
    """Yield the kind, the payload and the whole of each chunk to the last."""
    at = len(SIGNATURE)
    for _ in range(_MAX_CHUNKS):
        if at + _HEAD.size > len(content):
            raise UnreadablePhoto("the PNG has no end")
        length, kind = _HEAD.unpack_from(content, at)
        start, end = at + _HEAD.size, at + _HEAD.size + length
        if end + _CHECKSUM.size > len(content):
            raise UnreadablePhoto(f"the PNG's chunk {kind!r} is longer than the file")
        yield kind, content[start:end], content[at : end + _CHECKSUM.size]
        if kind == b"IEND":
            return
        at = end + _CHECKSUM.size
    raise UnreadablePhoto(f"the PNG has more than {_MAX_CHUNKS:,} chunks")


def _kept(kind: bytes, payload: bytes, chunk: bytes) -> bytes:
    """Give what may be kept of a chunk: all, the part that is known, or nothing."""
    if kind == b"IEND":
        return _chunk(kind, b"")
    if kind in _PICTURE or len(payload) <= _COLOURS.get(kind, -1):
        return chunk
    return _kept_profile(payload) if kind == b"iCCP" else b""


def _kept_profile(payload: bytes) -> bytes:
    """Keep a colour profile that says no more than colours, under a name that says nothing."""
    _, _, compressed = payload.partition(b"\0")
    unpacking = zlib.decompressobj()
    try:
        profile = unpacking.decompress(compressed[1:], MAX_PROFILE_BYTES)
    except zlib.error:
        return b""
    if not unpacking.eof or unpacking.unused_data or not has_only_colour_tags(profile):
        return b""
    return _chunk(b"iCCP", _PROFILE_NAME + b"\0" + compressed)


def _chunk(kind: bytes, payload: bytes) -> bytes:
    checksum = _CHECKSUM.pack(zlib.crc32(kind + payload))
    return _HEAD.pack(len(payload), kind) + payload + checksum
