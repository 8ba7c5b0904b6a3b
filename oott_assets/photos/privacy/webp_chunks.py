"""Removes metadata from a WebP: copies the chunks of the picture and its colours, drops others.

Source: RFC 9649, section 2.
"""

import struct
from collections.abc import Iterator

from oott_assets.photos.privacy.colour_profiles import has_only_colour_tags
from oott_fashion.vision.photos import UnreadablePhoto

RIFF, WEBP = b"RIFF", b"WEBP"

_PICTURE = frozenset((b"VP8 ", b"VP8L", b"ALPH"))

# A still photo has six chunks. The limit is needed, because even a short chunk takes memory.
_MAX_CHUNKS = 1000

_HEAD = struct.Struct("<4sI")
_FEATURES_BYTES = 10
_HAS_PROFILE, _HAS_EXIF, _HAS_XMP = 0x20, 0x08, 0x04


def without_webp_metadata(content: bytes) -> bytes:
    """Keep only the picture and the colour information of a WebP, and drop bytes after its end.

    Raises:
        UnreadablePhoto: the chunks cannot be parsed.
    """
    chunks = list(_chunks(content))
    keeps_profile = any(
        kind == b"ICCP" and has_only_colour_tags(payload) for kind, payload in chunks
    )
    kept = b"".join(_kept(kind, payload, keeps_profile) for kind, payload in chunks)
    return _HEAD.pack(RIFF, len(WEBP) + len(kept)) + WEBP + kept


def is_lossless(content: bytes) -> bool:
    """Tell whether a WebP is lossless; return True for a damaged WebP too."""
    try:
        return any(kind == b"VP8L" for kind, _ in _chunks(content))
    except UnreadablePhoto:
        return True


def _chunks(content: bytes) -> Iterator[tuple[bytes, bytes]]:
    """Yield the kind and the payload of each chunk, up to the size in the file header."""
    _, size = _HEAD.unpack_from(content)
    at, end = _HEAD.size + len(WEBP), _HEAD.size + size
    for _ in range(_MAX_CHUNKS):
        if at >= end:
            return
        if at + _HEAD.size > min(end, len(content)):
            raise UnreadablePhoto("the WebP ends in the middle of a chunk")
        kind, length = _HEAD.unpack_from(content, at)
        at += _HEAD.size
        if at + length > min(end, len(content)):
            raise UnreadablePhoto(f"the WebP chunk {kind!r} is longer than the file")
        yield kind, content[at : at + length]
        at += length + length % 2
    raise UnreadablePhoto(f"the WebP has {_MAX_CHUNKS:,} chunks or more")


def _kept(kind: bytes, payload: bytes, keeps_profile: bool) -> bytes:
    """Give the part of a chunk that may be kept: all, the known fields, or nothing."""
    if kind == b"VP8X":
        removed = _HAS_EXIF | _HAS_XMP | (0 if keeps_profile else _HAS_PROFILE)
        return _chunk(kind, bytes((payload[0] & ~removed,)) + payload[1:_FEATURES_BYTES])
    if kind in _PICTURE or (kind == b"ICCP" and keeps_profile and has_only_colour_tags(payload)):
        return _chunk(kind, payload)
    return b""


def _chunk(kind: bytes, payload: bytes) -> bytes:
    return _HEAD.pack(kind, len(payload)) + payload + b"\0" * (len(payload) % 2)
