"""Closet photos, four to a picture."""

import hashlib
from collections import Counter
from pathlib import Path

import numpy as np
from PIL import Image

from oott_assets.training.labels.collages import with_collages, write_collages
from oott_assets.training.labels.labelled_photos import Label, LabelledPhoto, pixels_of
from oott_fashion.vision.detections import Box

GARMENTS = ("jeans", "coat", "sneakers", "dress", "shirt")


def closet_photo(folder: Path, index: int) -> LabelledPhoto:
    """Draw a garment of its own shade of red on black, 100 px wide and ``80 + index`` high."""
    width, height = 100, 80 + index
    box = Box(20, 10, 70, 60)
    pixels = np.zeros((height, width, 3), dtype=np.uint8)
    pixels[10:60, 20:70] = (200 + 10 * (index % 5), 0, 0)
    file = folder / f"{index}.png"
    Image.fromarray(pixels).save(file)
    label = Label(GARMENTS[index % 5], box, 0.9, "catalogue")
    sha256 = hashlib.sha256(file.read_bytes()).hexdigest()
    return LabelledPhoto(file, sha256, width, height, "train", (label,))


def test_a_collage_shows_four_garments_in_their_boxes(tmp_path: Path) -> None:
    photos = [closet_photo(tmp_path, index) for index in range(5)]

    (collage,) = write_collages(photos, tmp_path / "collages")

    assert [label.garment for label in collage.labels] == list(GARMENTS[:4])
    pixels = pixels_of(collage)
    assert pixels.shape[:2] == (collage.height, collage.width)
    for index, label in enumerate(collage.labels):
        x_min, y_min, x_max, y_max = (round(edge) for edge in label.box)
        inside = pixels[y_min + 3 : y_max - 3, x_min + 3 : x_max - 3]
        assert abs(inside[..., 0].mean() - (200 + 10 * index)) < 4
        around = pixels[y_min - 6 : y_min - 3, x_min:x_max]
        assert around[..., 0].mean() < 10


def test_writing_the_same_collages_again_changes_nothing(tmp_path: Path) -> None:
    photos = [closet_photo(tmp_path, index) for index in range(4)]

    first = write_collages(photos, tmp_path / "collages")

    assert write_collages(photos, tmp_path / "collages") == first
    assert len(list((tmp_path / "collages").iterdir())) == 1


def test_every_catalogue_photo_is_in_a_collage_and_a_third_stays_too(tmp_path: Path) -> None:
    closet = [closet_photo(tmp_path, index) for index in range(40)]
    street = closet_photo(tmp_path, 40)
    street = street._replace(labels=(street.labels[0]._replace(origin="people"),))

    found = with_collages([street, *closet], tmp_path / "collages")

    assert found[0] == street
    whole = [photo for photo in found if photo in closet]
    collages = [photo for photo in found[1:] if photo not in closet]
    assert 5 <= len(whole) <= 25
    shown = Counter(label.garment for photo in collages for label in photo.labels)
    assert shown == dict.fromkeys(GARMENTS, 8)


def test_photos_that_are_too_few_for_a_collage_stay_as_they_are(tmp_path: Path) -> None:
    closet = [closet_photo(tmp_path, index) for index in range(3)]

    assert set(with_collages(closet, tmp_path / "collages")) == set(closet)
