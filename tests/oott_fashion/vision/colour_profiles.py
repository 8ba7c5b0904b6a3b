"""Small ICC profiles, as bytes, for tests."""

import struct
from functools import cache

from PIL import ImageCms


@cache
def rgb_profile(swapped: bool = False) -> bytes:
    """Make an sRGB profile; a swapped one takes the first channel for green, the second for red.

    It is cached, because a profile contains its creation time.
    """
    profile = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
    if not swapped:
        return profile
    return profile.replace(b"rXYZ", b"swap").replace(b"gXYZ", b"rXYZ").replace(b"swap", b"gXYZ")


def linear_grey_profile() -> bytes:
    """Make a profile of grey light: the middle number is half the light."""
    return _profile(b"GRAY", b"XYZ ", {b"kTRC": b"curv" + struct.pack(">II", 0, 0)})


def ink_profile() -> bytes:
    """Make a CMYK profile of a press whose black ink is invisible; other inks make grey darker.

    Source: ICC.1:2022, 10.11, lut8Type: a table with 2 steps for each ink, in CIELAB.
    """
    matrix = struct.pack(
        ">9i", *(65536 * (row == column) for row in range(3) for column in range(3))
    )
    straight = bytes(range(256))
    inks = [(c, m, y) for c in (0, 1) for m in (0, 1) for y in (0, 1) for _ in (0, 1)]
    table = b"".join(bytes((255 - 85 * sum(ink), 128, 128)) for ink in inks)
    lut = b"mft1" + bytes((0, 0, 0, 0, 4, 3, 2, 0)) + matrix + straight * 4 + table + straight * 3
    return _profile(b"CMYK", b"Lab ", {b"A2B0": lut})


def _profile(space: bytes, connection: bytes, tags: dict[bytes, bytes]) -> bytes:
    white = b"XYZ " + struct.pack(">Iiii", 0, 63190, 65536, 54061)
    payloads = {b"wtpt": white, **tags}
    at, entries, content = 132 + 12 * len(payloads), b"", b""
    for name, payload in payloads.items():
        entries += struct.pack(">4sII", name, at + len(content), len(payload))
        content += payload + bytes(-len(payload) % 4)
    kind = b"prtr" if space == b"CMYK" else b"mntr"
    head = struct.pack(
        ">I4sI4s4s4s", at + len(content), b"lcms", 0x02400000, kind, space, connection
    )
    head += bytes(12) + b"acsp" + bytes(28) + struct.pack(">iii", 63190, 65536, 54061)
    return head.ljust(128, b"\0") + struct.pack(">I", len(payloads)) + entries + content
