"""The metrics of a detector on validation photos, with intervals."""

import hashlib
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from oott_assets.training.labels.labelled_photos import Label, LabelledPhoto
from oott_assets.training.validation.answers import FindBoxes
from oott_assets.training.validation.metrics import COMMON_MAP50, Metrics, metrics_of
from oott_assets.training.validation.validated import validate
from oott_fashion.vision.detections import Box
from oott_fashion.vision.photos import Photo
from oott_fashion.vision.yolov8_output import RawDetections
from tests.oott_assets.training.validation.answers import boxes


def photo_of(file: Path, *garments: str) -> LabelledPhoto:
    """Write a black photo in which each garment has a box of 10 x 10 pixels."""
    file.parent.mkdir(parents=True, exist_ok=True)
    Image.new("RGB", (40, 60)).save(file)
    labels = tuple(
        Label(garment, Box(20 * place, 0, 20 * place + 10, 10), 1.0, "people")
        for place, garment in enumerate(garments)
    )
    sha256 = hashlib.sha256(file.read_bytes()).hexdigest()
    return LabelledPhoto(file, sha256, 40, 60, "valid", labels)


def always(*found: tuple[str, float, float]) -> FindBoxes:
    """Find the same boxes in every photo."""

    def find(_: Photo) -> RawDetections:
        return boxes(*found)

    return find


@pytest.fixture
def street(tmp_path: Path) -> list[LabelledPhoto]:
    """Ten photos of a coat, the last one with jeans, and one that is not for validation."""
    photos = [photo_of(tmp_path / f"{number}.png", "coat") for number in range(9)]
    both = photo_of(tmp_path / "9.png", "coat", "jeans")
    return [*photos, both, both._replace(split="train")]


@pytest.fixture
def closet(tmp_path: Path) -> list[LabelledPhoto]:
    """Two tee shirts, a dress, and a picture without clothes."""
    names = ("tee_shirt/a.png", "tee_shirt/b.png", "dress/a.png", "no_garment/a.png")
    return [photo_of(tmp_path / name) for name in names]


def measured(
    find: FindBoxes, street: list[LabelledPhoto], closet: list[LabelledPhoto] | None = None
) -> Metrics:
    return metrics_of(validate(street, closet or [], find, 0.3))


def test_street_photos_give_precisions_overall_and_by_garment(street: list[LabelledPhoto]) -> None:
    metrics = measured(always(("coat", 0, 0.9), ("slacks", 20, 0.5)), street)

    street_metrics = metrics["main_data"]
    assert (street_metrics["photos"], street_metrics["boxes"]) == (10, 11)
    assert street_metrics["coat"] == street_metrics[COMMON_MAP50] == pytest.approx(0.995)
    assert [street_metrics[name] for name in ("mAP50", "mAP50-95")] == pytest.approx([0.4975] * 2)
    assert street_metrics["precision"] == 0.5
    assert street_metrics["recall"] == pytest.approx(10 / 11)
    assert metrics["precision by garment"] == {"coat": 1, "slacks": 0}
    assert metrics["recall by garment"] == {"coat": 1, "jeans": 0}
    assert metrics["boxes by garment"] == {"coat": 10, "jeans": 1}
    assert metrics["confusion"] == {"jeans as slacks": 1, "slacks where nothing is": 0.9}


def test_every_interval_has_the_value_between_its_ends(street: list[LabelledPhoto]) -> None:
    metrics = measured(always(("coat", 0, 0.9), ("slacks", 20, 0.5)), street)["main_data"]

    names = [name.removesuffix(" low") for name in metrics if name.endswith(" low")]
    assert names == ["mAP50", "mAP50-95", COMMON_MAP50, "precision", "recall", "F1", "share error"]
    assert all(metrics[f"{n} low"] <= metrics[n] <= metrics[f"{n} high"] for n in names)
    assert metrics["recall low"] < metrics["recall"]


def test_the_most_confident_garment_is_compared_with_the_folder_name(
    street: list[LabelledPhoto], closet: list[LabelledPhoto]
) -> None:
    found = always(("dress", 0, 0.4), ("tee shirt", 0, 0.9))

    metrics = measured(found, street, closet)["closet"]

    assert metrics["photos"] == 3
    assert metrics["label right"] == pytest.approx(2 / 3)
    assert metrics["label right low"] == pytest.approx(1 / 3)
    assert metrics["label right high"] == 1
    assert metrics["nothing found"] == 0
    assert (metrics["tee shirt"], metrics["dress"]) == (1, 0)


def test_a_photo_without_a_confident_garment_has_no_label(
    street: list[LabelledPhoto], closet: list[LabelledPhoto]
) -> None:
    metrics = measured(always(("tee shirt", 0, 0.3)), street, closet)

    assert (metrics["closet"]["label right"], metrics["closet"]["nothing found"]) == (0, 1)


def test_pictures_without_clothes_come_from_both_data_sets(
    tmp_path: Path, street: list[LabelledPhoto], closet: list[LabelledPhoto]
) -> None:
    empty = photo_of(tmp_path / "empty.png")

    blind = measured(always(), [*street, empty], closet)["without clothes"]
    sees = measured(always(("coat", 0, 0.9)), [*street, empty], closet)["without clothes"]

    assert (blind["photos"], blind["nothing found"]) == (2, 1)
    assert sees["nothing found"] == 0


def test_data_sets_without_photos_have_no_metrics(street: list[LabelledPhoto]) -> None:
    metrics = measured(always(), street)

    assert "closet" not in metrics
    assert "without clothes" not in metrics
    assert "precision by garment" not in metrics
    assert metrics["main_data"]["mAP50"] == 0
    assert np.isfinite(list(metrics["main_data"].values())).all()
