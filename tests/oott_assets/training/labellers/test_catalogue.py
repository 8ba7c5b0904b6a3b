"""Tests the catalogue labeller on drawn photos with known boxes."""

from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image, ImageDraw

from oott_assets.training.labels.catalogue_folders import NotInCatalogue
from oott_fashion.garments import GARMENT_NAMES
from oott_fashion.vision.detections import Box
from oott_fashion.vision.photos import UnreadablePhoto
from tests.oott_assets.training.labellers.catalogue_photos import SHIRT, shirt_photo

if TYPE_CHECKING:
    from oott_assets.training.labellers.catalogue import CatalogueLabeller


def catalogue_labeller() -> "CatalogueLabeller":
    # autodistill takes two seconds to import, in every process that collects the tests.
    from oott_assets.training.labellers.catalogue import CatalogueLabeller

    return CatalogueLabeller()


def outline_of(photo: NDArray[np.uint8]) -> tuple[list[Box], float]:
    from oott_assets.training.labellers.catalogue import garment_outline

    return garment_outline(photo)


def saved(folder: Path, photo: Image.Image) -> str:
    folder.mkdir()
    photo.save(folder / "mine.png")
    return str(folder / "mine.png")


def test_the_garment_of_the_folder_gets_the_box_of_its_outline(tmp_path: Path) -> None:
    found = catalogue_labeller().predict(saved(tmp_path / "tee_shirt", shirt_photo((150, 30, 40))))

    assert found.class_id is not None
    assert found.confidence is not None
    assert [GARMENT_NAMES[class_id] for class_id in found.class_id] == ["tee shirt"]
    assert Box(*found.xyxy[0]).iou(SHIRT) > 0.93
    assert found.confidence[0] > 0.9


def test_shoes_that_are_apart_get_a_box_each(tmp_path: Path) -> None:
    left, right = Box(50, 120, 110, 220), Box(150, 120, 210, 220)
    shoes = Image.new("RGB", (260, 320), (206, 190, 160))
    for shoe in (left, right):
        ImageDraw.Draw(shoes).rectangle(shoe, fill=(60, 30, 20))

    found = catalogue_labeller().predict(saved(tmp_path / "dress_shoes", shoes))

    assert found.class_id is not None
    assert [GARMENT_NAMES[class_id] for class_id in found.class_id] == ["dress shoes"] * 2
    assert Box(*found.xyxy[0]).iou(left) > 0.9
    assert Box(*found.xyxy[1]).iou(right) > 0.9


def test_a_photo_in_the_folder_no_garment_gets_no_box(tmp_path: Path) -> None:
    photo = saved(tmp_path / "no_garment", shirt_photo((150, 30, 40)))

    assert len(catalogue_labeller().predict(photo)) == 0


@pytest.mark.parametrize("at", [Box(12, 14, 120, 190), Box(130, 110, 250, 306)])
def test_a_garment_away_from_the_middle_is_found(at: Box) -> None:
    [box], _ = outline_of(np.asarray(shirt_photo((40, 60, 130), at)))

    assert box.iou(at) > 0.88


def test_a_garment_in_the_colour_of_the_background_has_a_low_confidence() -> None:
    plain = np.asarray(shirt_photo((206, 190, 160)))

    _, confidence = outline_of(plain)

    assert confidence < 0.7


def test_a_photo_in_one_colour_has_no_outline() -> None:
    assert outline_of(np.full((300, 200, 3), 90, dtype=np.uint8)) == ([], 0.0)


def test_the_same_photo_always_gets_the_same_box() -> None:
    photo = np.asarray(shirt_photo((30, 90, 60)))

    assert outline_of(photo) == outline_of(photo)


@pytest.mark.parametrize("shape", [(1, 1, 3), (3, 900, 3), (400, 2, 3)])
def test_a_tiny_or_thin_photo_raises_no_error(shape: tuple[int, ...]) -> None:
    photo = np.random.default_rng(0).integers(0, 256, shape).astype(np.uint8)

    boxes, confidence = outline_of(photo)

    assert len(boxes) <= 1
    assert 0 <= confidence <= 1


def test_a_folder_that_is_not_a_garment_is_rejected_and_the_error_lists_the_garments(
    tmp_path: Path,
) -> None:
    photo = saved(tmp_path / "umbrella", shirt_photo((150, 30, 40)))

    with pytest.raises(NotInCatalogue, match=r"umbrella/ is not named after a garment.*tee_shirt"):
        catalogue_labeller().predict(photo)


def test_a_damaged_photo_is_rejected(tmp_path: Path) -> None:
    photo = saved(tmp_path / "dress", shirt_photo((150, 30, 40)))
    Path(photo).write_bytes(Path(photo).read_bytes()[:2000])

    with pytest.raises(UnreadablePhoto):
        catalogue_labeller().predict(photo)
