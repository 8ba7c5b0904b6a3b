"""Measures how much memory this process takes for a large photo, by what Linux counts."""

import re
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from oott_fashion.vision.photos import read_photo
from tests.oott_fashion.vision.test_photos import ORIENTATION, encoded


def memory(counter: str) -> int:
    """Read a counter of this process in bytes: VmRSS is its memory now, and VmHWM its maximum."""
    [kilobytes] = re.findall(rf"{counter}:\s+(\d+) kB", Path("/proc/self/status").read_text())
    return int(kilobytes) * 1024


def bytes_a_pixel(photo: bytes) -> float:
    """Decode a photo and give the most memory that this took for a pixel."""
    Path("/proc/self/clear_refs").write_text("5")  # the maximum begins anew
    before = memory("VmRSS")
    height, width, _ = read_photo(photo).shape
    return (memory("VmHWM") - before) / (height * width)


def grey_of_16_bits() -> bytes:
    return encoded(np.zeros((1000, 8000), dtype=np.uint16), compress_level=1)


def sideways_jpeg() -> bytes:
    exif = Image.Exif()
    exif[ORIENTATION] = 6
    image = Image.new("RGB", (8000, 1000))
    return encoded(image, "JPEG", exif=exif, progressive=True, subsampling=0)


@pytest.mark.parametrize("photo", [grey_of_16_bits, sideways_jpeg])
def test_a_photo_takes_at_most_ten_bytes_a_pixel(photo: Callable[[], bytes]) -> None:
    # A strip and the file itself come on top.
    assert bytes_a_pixel(photo()) < 11
