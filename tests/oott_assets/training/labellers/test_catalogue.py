"""The catalogue labeller on drawn photos whose garment's box is known."""

from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from oott_assets.training.labellers.catalogue import CatalogueLabeller, outline_of
from oott_assets.training.labels.catalogue_folders import NotInCatalogue
from oott_fashion.garments import GARMENT_NAMES
from oott_fashion.vision.detections import Box
from oott_fashion.vision.photos import UnreadablePhoto
from tests.oott_assets.training.labellers.catalogue_photos import SHIRT, shirt_photo


def saved(folder: Path, photo: Image.Image) -> str:
    folder.mkdir()
    photo.save(folder / "mine.png")
    return str(folder / "mine.png")


def test_the_garment_of_the_folder_is_boxed_by_its_outline(tmp_path: Path) -> None:
    found = CatalogueLabeller().predict(saved(tmp_path / "tee_shirt", shirt_photo((150, 30, 40))))

    assert found.class_id is not None
    assert found.confidence is not None
    assert [GARMENT_NAMES[class_id] for class_id in found.class_id] == ["tee shirt"]
    assert Box(*found.xyxy[0]).iou(SHIRT) > 0.93
    assert found.confidence[0] > 0.9


@pytest.mark.parametrize("at", [Box(12, 14, 120, 190), Box(130, 110, 250, 306)])
def test_a_garment_off_the_middle_is_boxed_where_it_lies(at: Box) -> None:
    found = outline_of(np.asarray(shirt_photo((40, 60, 130), at)))

    assert found is not None
    assert found[0].iou(at) > 0.88


def test_a_garment_of_the_ground_s_colour_is_not_boxed_for_sure() -> None:
    plain = np.asarray(shirt_photo((206, 190, 160)))

    found = outline_of(plain)

    assert found is None or found[1] < 0.7


def test_a_photo_of_one_colour_has_no_outline() -> None:
    assert outline_of(np.full((300, 200, 3), 90, dtype=np.uint8)) is None


def test_the_same_photo_is_always_boxed_alike() -> None:
    photo = np.asarray(shirt_photo((30, 90, 60)))

    assert outline_of(photo) == outline_of(photo)


@pytest.mark.parametrize("shape", [(1, 1, 3), (3, 900, 3), (400, 2, 3)])
def test_a_photo_too_small_or_thin_for_an_outline_is_no_error(shape: tuple[int, ...]) -> None:
    photo = np.random.default_rng(0).integers(0, 256, shape).astype(np.uint8)

    found = outline_of(photo)

    assert found is None or 0 <= found[1] <= 1


def test_a_folder_that_names_no_garment_is_refused_with_the_names_it_might_have(
    tmp_path: Path,
) -> None:
    photo = saved(tmp_path / "umbrella", shirt_photo((150, 30, 40)))

    with pytest.raises(NotInCatalogue, match=r"umbrella/ is not named after a garment.*tee_shirt"):
        CatalogueLabeller().predict(photo)


def test_a_damaged_photo_is_unreadable(tmp_path: Path) -> None:
    photo = saved(tmp_path / "dress", shirt_photo((150, 30, 40)))
    Path(photo).write_bytes(Path(photo).read_bytes()[:2000])

    with pytest.raises(UnreadablePhoto):
        CatalogueLabeller().predict(photo)
