"""Small ICC profiles, as bytes, for tests."""

import io
import struct
from functools import cache

from PIL import Image, ImageCms


@cache
def rgb_profile(swapped: bool = False) -> bytes:
    """Make an sRGB profile; a swapped one takes the first channel for green, the second for red.

    It is cached, because a profile contains its creation time.
    """
    profile = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
    if not swapped:
        return profile
    return profile.replace(b"rXYZ", b"swap").replace(b"gXYZ", b"rXYZ").replace(b"swap", b"gXYZ")


# The XYZ of red, green and blue light for the white D50, and the curve of the numbers.
_DISPLAYS = {
    # Source: Display P3 as Apple writes it into each photo of an iPhone.
    "Display P3": (
        ((0.51512, 0.24120, -0.00105), (0.29198, 0.69225, 0.04189), (0.15710, 0.06657, 0.78407)),
        b"para" + struct.pack(">4xH2x5i", 3, 157286, 62119, 3417, 5072, 2651),
    ),
    # Source: Adobe RGB (1998) Color Image Encoding, section 4.3.
    "Adobe RGB": (
        ((0.60974, 0.31111, 0.01947), (0.20528, 0.62567, 0.06087), (0.14919, 0.06322, 0.74457)),
        b"curv" + struct.pack(">4xIH", 1, 563),
    ),
}


@cache
def display_profile(name: str) -> bytes:
    """Make a profile of Display P3 or Adobe RGB."""
    colorants, curve = _DISPLAYS[name]
    tags = {}
    for light, xyz in zip(b"rgb", colorants, strict=True):
        numbers = (round(65536 * number) for number in xyz)
        tags[bytes((light,)) + b"XYZ"] = b"XYZ " + struct.pack(">4x3i", *numbers)
        tags[bytes((light,)) + b"TRC"] = curve
    return _profile(b"RGB ", b"XYZ ", tags)


def seen_on(display: str, image: Image.Image) -> Image.Image:
    """Convert an sRGB image to the numbers that show the same colours on ``display``."""
    profiles = [io.BytesIO(profile) for profile in (rgb_profile(), display_profile(display))]
    converted = ImageCms.profileToProfile(image, profiles[0], profiles[1])
    assert converted is not None
    converted.info.clear()  # it holds the profile, which Pillow would write unasked
    return converted


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
