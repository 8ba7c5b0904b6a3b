import threading
import time

import numpy as np
import pytest
from PIL import Image

from oott_fashion.vision.detections import Box
from oott_fashion.vision.photos import FORMATS, PhotoTooLarge, UnreadablePhoto, read_photo
from oott_fashion.vision.reduced_photos import DecodingMemory, ReducedPhoto, read_reduced_photo
from tests.oott_fashion.vision.test_photos import AS_STORED, ORIENTATION, encoded

MEMORY = DecodingMemory(max_pixels=50_000_000)

# Red at the left and blue at the right; wider than high.
WIDE = np.zeros((600, 1300, 3), dtype=np.uint8)
WIDE[:, :650], WIDE[:, 650:] = (250, 0, 0), (0, 0, 250)


@pytest.mark.parametrize("kind", FORMATS)
def test_a_large_photo_is_reduced_to_the_smallest_size_that_is_large_enough(kind: str) -> None:
    photo = read_reduced_photo(encoded(WIDE, kind, quality=95), 300, MEMORY)

    assert photo.pixels.shape == (150, 325, 3)
    assert (photo.width, photo.height) == (1300, 600)
    assert np.abs(photo.pixels[75, 20].astype(int) - (250, 0, 0)).max() < 20
    assert np.abs(photo.pixels[75, 300].astype(int) - (0, 0, 250)).max() < 20


@pytest.mark.parametrize(
    ("kind", "mode"),
    [*((kind, "RGB") for kind in FORMATS), *(("PNG", mode) for mode in ("L", "RGBA", "P", "I;16"))],
)
def test_a_small_photo_is_read_as_it_is(kind: str, mode: str) -> None:
    photo = encoded(Image.new(mode, (40, 30)), kind)

    assert np.array_equal(read_reduced_photo(photo, 40, MEMORY).pixels, read_photo(photo))


@pytest.mark.parametrize("orientation", AS_STORED)
@pytest.mark.parametrize("kind", ["JPEG", "PNG", "TIFF"])
def test_a_large_photo_taken_sideways_is_turned_upright(orientation: int, kind: str) -> None:
    upright = AS_STORED[1].repeat(20, axis=0).repeat(20, axis=1)
    stored = np.ascontiguousarray(AS_STORED[orientation]).repeat(20, axis=0).repeat(20, axis=1)
    exif = Image.Exif()
    exif[ORIENTATION] = orientation

    photo = read_reduced_photo(encoded(stored, kind, exif=exif, quality=95), 160, MEMORY)

    assert (photo.height, photo.width) == upright.shape[:2]
    assert photo.pixels.shape == (80, 160, 3)
    assert np.abs(photo.pixels.astype(int) - upright[::4, ::4]).mean() < 8


def test_the_transparent_parts_of_a_large_photo_are_white() -> None:
    half = Image.new("RGBA", (400, 400), (0, 0, 0, 0))
    half.paste((10, 20, 30, 255), (200, 0, 400, 400))

    pixels = read_reduced_photo(encoded(half), 100, MEMORY).pixels

    assert pixels[50, 20].tolist() == [255, 255, 255]
    assert pixels[50, 80].tolist() == [10, 20, 30]


def test_a_very_long_photo_is_reduced() -> None:
    photo = read_reduced_photo(encoded(Image.new("RGB", (4000, 2)), "JPEG"), 500, MEMORY)

    assert photo.pixels.shape == (1, 500, 3)


def test_a_box_is_given_in_pixels_of_the_whole_photo() -> None:
    photo = ReducedPhoto(np.zeros((50, 100, 3), dtype=np.uint8), width=401, height=200)

    assert photo.in_whole_photo(Box(0, 10, 100, 50)) == Box(0, 40, 401, 200)


def test_a_photo_larger_than_the_memory_and_a_damaged_one_are_rejected() -> None:
    jpeg = encoded(WIDE, "JPEG")

    with pytest.raises(PhotoTooLarge, match="at most 779,999"):
        read_reduced_photo(jpeg, 300, DecodingMemory(779_999))
    with pytest.raises(UnreadablePhoto, match="truncated"):
        read_reduced_photo(jpeg[:-2000], 300, MEMORY)


def test_photos_wait_for_memory_in_their_order_even_behind_a_large_one() -> None:
    memory = DecodingMemory(max_pixels=10)
    order: list[int] = []

    def decode(pixels: int) -> None:
        with memory.taken(pixels):
            order.append(pixels)
            time.sleep(0.01)

    with memory.taken(6):
        waiting = [threading.Thread(target=decode, args=[pixels]) for pixels in (10, 1, 2)]
        for thread in waiting:
            thread.start()
            time.sleep(0.02)
        assert order == []
    for thread in waiting:
        thread.join(timeout=5)

    assert order[0] == 10
    assert sorted(order) == [1, 2, 10]


def test_a_photo_that_cannot_be_read_frees_its_memory() -> None:
    memory = DecodingMemory(max_pixels=780_000)
    for _ in range(2):
        with pytest.raises(UnreadablePhoto):
            read_reduced_photo(encoded(WIDE, "JPEG")[:-2000], 300, memory)

    assert read_reduced_photo(encoded(WIDE, "JPEG"), 300, memory).width == 1300
