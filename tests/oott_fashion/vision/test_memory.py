"""Measures in a process of its own how much memory a large photo takes."""

import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from tests.oott_fashion.vision.test_photos import ORIENTATION, encoded

# The script prints by how many bytes a pixel the process grows for a photo.
_SCRIPT = """
import re, sys
from pathlib import Path
from oott_fashion.vision.photos import read_photo
def peak():
    status = Path("/proc/self/status").read_text()
    return int(re.search(r"VmHWM:\\s+(\\d+) kB", status)[1]) * 1024
small, large = (Path(name).read_bytes() for name in sys.argv[1:])
read_photo(small)
before = peak()
height, width, _ = read_photo(large).shape
print((peak() - before) / (height * width))
"""


def grey_of_16_bits(width: int) -> bytes:
    return encoded(np.zeros((1000, width), dtype=np.uint16))


def sideways_jpeg(width: int) -> bytes:
    exif = Image.Exif()
    exif[ORIENTATION] = 6
    image = Image.new("RGB", (width, 1000))
    return encoded(image, "JPEG", exif=exif, progressive=True, subsampling=0)


def transparent(width: int) -> bytes:
    return encoded(Image.new("RGBA", (width, 1000)))


@pytest.mark.parametrize("photo", [grey_of_16_bits, sideways_jpeg, transparent])
def test_a_photo_takes_at_most_ten_bytes_a_pixel(
    photo: Callable[[int], bytes], tmp_path: Path
) -> None:
    files = [tmp_path / "small", tmp_path / "large"]
    for file, width in zip(files, (500, 8000), strict=True):
        file.write_bytes(photo(width))

    run = subprocess.run(
        [sys.executable, "-c", _SCRIPT, *files], capture_output=True, text=True, check=True
    )

    # A strip and the file itself come on top.
    assert float(run.stdout) < 11
