"""Finds colour profiles without private data, such as the serial number of a screen."""

import struct

# The profile of a printer has about 2 MB. The profile of a camera has about 500 bytes.
MAX_PROFILE_BYTES = 4_000_000

_HEADER_BYTES, _TAG_BYTES, _MAX_TAGS = 128, 12, 100

# Source: ICC.1:2022, clauses 8 and 9. Tags that were withdrawn later are from ICC.1:2001-04. All
# other tags are private. For instance, Apple's "mmod" contains the serial number of a screen.
_COLOUR_TAGS = frozenset(
    b"A2B0 A2B1 A2B2 B2A0 B2A1 B2A2 D2B0 D2B1 D2B2 D2B3 B2D0 B2D1 B2D2 B2D3 bTRC gTRC rTRC kTRC "
    b"bXYZ gXYZ rXYZ bkpt wtpt chad chrm cicp clro clrt cprt desc dmdd dmnd gamt lumi meas pre0 "
    b"pre1 pre2 rig0 rig2 tech view vued".split()
)


def has_only_colour_tags(profile: bytes) -> bool:
    """Tell whether ``profile`` is a complete ICC profile without private tags or extra bytes."""
    if not _HEADER_BYTES + 4 <= len(profile) <= MAX_PROFILE_BYTES:
        return False
    (size,) = struct.unpack_from(">I", profile)
    (tags,) = struct.unpack_from(">I", profile, _HEADER_BYTES)
    if profile[36:40] != b"acsp" or size != len(profile) or tags > _MAX_TAGS:
        return False
    table = profile[_HEADER_BYTES + 4 :][: tags * _TAG_BYTES]
    return {table[at : at + 4] for at in range(0, len(table), _TAG_BYTES)} <= _COLOUR_TAGS


def is_grey_profile(profile: bytes) -> bool:
    """Tell whether ``profile`` is for grey images."""
    return profile[16:20] == b"GRAY"


def is_rgb_profile(profile: bytes) -> bool:
    """Tell whether ``profile`` is for RGB images."""
    return profile[16:20] == b"RGB "
