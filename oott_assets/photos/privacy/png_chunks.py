"""Removes metadata from a PNG: copies the chunks of the picture and its colours, drops all others.

Source: Portable Network Graphics, third edition, clauses 5 and 11.
"""

import struct
import zlib
from collections.abc import Iterator

from oott_assets.photos.privacy.colour_profiles import MAX_PROFILE_BYTES, has_only_colour_tags
from oott_fashion.vision.photos import UnreadablePhoto

SIGNATURE = b"\x89PNG\r\n\x1a\n"

_PICTURE = frozenset((b"IHDR", b"PLTE", b"IDAT", b"IEND"))

# The colours of the pixels also depend on these chunks. The numbers are maximum sizes in bytes.
_COLOURS = {b"tRNS": 256, b"gAMA": 4, b"cHRM": 32, b"sRGB": 1, b"sBIT": 4}

# The name of a profile is free text, so it is replaced by the name that Pillow writes.
_PROFILE_NAME = b"ICC Profile"

# Encoders write about one chunk per 8 KB. The limit is needed, because even a short chunk takes
# memory.
_MAX_CHUNKS = 100_000

_HEAD, _CHECKSUM = struct.Struct(">I4s"), struct.Struct(">I")


def without_png_metadata(content: bytes) -> bytes:
    """Keep only the picture and the colour information of a PNG, and drop bytes after its end.

    Raises:
        UnreadablePhoto: the chunks cannot be parsed, or the file has no end chunk.
    """
    kept = (_kept(kind, payload, chunk) for kind, payload, chunk in _chunks(content))
    return SIGNATURE + b"".join(kept)


def _chunks(content: bytes) -> Iterator[tuple[bytes, bytes, bytes]]:
    """Yield the kind, the payload and the bytes of each chunk up to the end chunk."""
    at = len(SIGNATURE)
    for _ in range(_MAX_CHUNKS):
        if at + _HEAD.size > len(content):
            raise UnreadablePhoto("the PNG has no end chunk")
        length, kind = _HEAD.unpack_from(content, at)
        start, end = at + _HEAD.size, at + _HEAD.size + length
        if end + _CHECKSUM.size > len(content):
            raise UnreadablePhoto(f"the PNG chunk {kind!r} is longer than the file")
        yield kind, content[start:end], content[at : end + _CHECKSUM.size]
        if kind == b"IEND":
            return
        at = end + _CHECKSUM.size
    raise UnreadablePhoto(f"the PNG has more than {_MAX_CHUNKS:,} chunks")


def _kept(kind: bytes, payload: bytes, chunk: bytes) -> bytes:
    """Give the part of a chunk that may be kept: all, the known fields, or nothing."""
    if kind == b"IEND":
        return _chunk(kind, b"")
    if kind in _PICTURE or len(payload) <= _COLOURS.get(kind, -1):
        return chunk
    return _kept_profile(payload) if kind == b"iCCP" else b""


def _kept_profile(payload: bytes) -> bytes:
    """Keep a colour profile without private data, under a neutral name."""
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
