"""Removes metadata from a JPEG: copies the segments of the picture and drops all others.

Source: ITU-T T.81, annex B; JFIF 1.02; Adobe Technical Note 5116 for the Adobe segment.
"""

import re
from collections.abc import Iterator, Sequence
from typing import NamedTuple

from oott_assets.photos.privacy.colour_profiles import has_only_colour_tags
from oott_fashion.vision.photos import UnreadablePhoto

SIGNATURE = b"\xff\xd8\xff"

_START_OF_SCAN, _END_OF_IMAGE = 0xDA, 0xD9
_APP0, _APP2, _APP14 = 0xE0, 0xE2, 0xEE

# The segments that a decoder needs: tables, frame headers, scans, restart intervals, line counts.
_PICTURE = frozenset(range(0xC0, 0xDE)) - {0xC8, 0xD8, _END_OF_IMAGE} - set(range(0xD0, 0xD8))

# Any number of 0xFF bytes may come before a marker.
_MARKER = re.compile(rb"\xff+([^\x00\xff])")

# Within a scan, 0xFF is followed by zero or a restart code; any other code ends the scan.
_MARKER_AFTER_SCAN = re.compile(rb"\xff+[^\x00\xd0-\xd7\xff]")

_JFIF, _ADOBE, _ICC = b"JFIF\0", b"Adobe", b"ICC_PROFILE\0"
# Phones write about a hundred segments. The limit is needed, because even a short segment takes
# memory.
_MAX_SEGMENTS = 10_000

_JFIF_BYTES, _ADOBE_BYTES = 12, 12
_NO_THUMBNAIL = b"\0\0"


class Segment(NamedTuple):
    """The code of a marker, its payload, and the scan data after a start of scan."""

    code: int
    payload: bytes
    scan: bytes = b""

    @property
    def content(self) -> bytes:
        length = (len(self.payload) + 2).to_bytes(2, "big")
        return bytes((0xFF, self.code)) + length + self.payload + self.scan


def without_jpeg_metadata(content: bytes) -> bytes:
    """Keep only the picture and the colour information of a JPEG, and drop bytes after its end.

    Thumbnails, second pictures and videos that phones append are dropped.

    Raises:
        UnreadablePhoto: the segments cannot be parsed, or the file has no end marker.
    """
    segments = list(_segments(content))
    profile = _profile(segments)
    kept = [_kept(segment, profile is not None) for segment in segments]
    return b"\xff\xd8" + b"".join(kept) + b"\xff\xd9"


def _segments(content: bytes) -> Iterator[Segment]:
    """Yield the segments of the first picture."""
    at = 2
    for _ in range(_MAX_SEGMENTS):
        code, at = _next_marker(content, at)
        if code == _END_OF_IMAGE:
            return
        length = int.from_bytes(content[at : at + 2], "big")
        end = at + length
        if length < 2 or end > len(content):
            raise UnreadablePhoto(f"the JPEG segment {code:02X} is longer than the file")
        payload, at = content[at + 2 : end], end
        if code == _START_OF_SCAN:
            after = _MARKER_AFTER_SCAN.search(content, at)
            if after is None:
                raise UnreadablePhoto("the JPEG has no end marker")
            yield Segment(code, payload, content[at : after.start()])
            at = after.start()
        else:
            yield Segment(code, payload)
    raise UnreadablePhoto(f"the JPEG has {_MAX_SEGMENTS:,} segments or more")


def _next_marker(content: bytes, at: int) -> tuple[int, int]:
    """Read the marker at ``at``: its code and its end."""
    marker = _MARKER.match(content, at)
    if marker is None:
        raise UnreadablePhoto(f"the JPEG has no marker at byte {at:,}, where one is expected")
    return marker[1][0], marker.end()


def _profile(segments: Sequence[Segment]) -> bytes | None:
    """Join the colour profile; return None if a part is missing or the profile has private data."""
    parts = [segment.payload[len(_ICC) :] for segment in segments if _has_profile(segment)]
    parts.sort(key=lambda part: part[:1])
    numbers = [part[:2] for part in parts]
    if numbers != [bytes((number + 1, len(parts))) for number in range(len(parts))]:
        return None
    profile = b"".join(part[2:] for part in parts)
    return profile if has_only_colour_tags(profile) else None


def _has_profile(segment: Segment) -> bool:
    return segment.code == _APP2 and segment.payload.startswith(_ICC)


def _kept(segment: Segment, keeps_profile: bool) -> bytes:
    """Give the part of ``segment`` that may be kept: all, the known fields, or nothing."""
    code, payload = segment.code, segment.payload
    if code in _PICTURE or (keeps_profile and _has_profile(segment)):
        return segment.content
    if code == _APP0 and payload.startswith(_JFIF) and len(payload) >= _JFIF_BYTES:
        return Segment(code, payload[:_JFIF_BYTES] + _NO_THUMBNAIL).content
    # Without the Adobe segment, the colours of a CMYK photo would be inverted.
    if code == _APP14 and payload.startswith(_ADOBE) and len(payload) >= _ADOBE_BYTES:
        return Segment(code, payload[:_ADOBE_BYTES]).content
    return b""
