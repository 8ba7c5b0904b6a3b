"""Metrics on closet photos."""

import hashlib
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image

from oott_assets.training.labels.labelled_photos import LabelledPhoto
from oott_assets.training.measurements import closet_metrics
from oott_fashion.garments import GARMENT_NAMES
from oott_fashion.vision.detector import Detector


class OneGarmentEngine:
    """An engine that finds the same garment in the middle of every photo, or nothing."""

    name = "one garment"

    def __init__(self, garment: str | None) -> None:
        self._garment = garment

    def head_of(self, model_input: NDArray[np.float32]) -> NDArray[np.float32]:
        head = np.zeros((1, 4 + len(GARMENT_NAMES), 1), dtype=np.float32)
        head[0, :4, 0] = model_input.shape[2] / 2
        if self._garment is not None:
            head[0, 4 + GARMENT_NAMES.index(self._garment), 0] = 0.9
        return head


@pytest.fixture
def closet(tmp_path: Path) -> list[LabelledPhoto]:
    """Write two tee shirts and a dress."""
    photos = []
    for name in ("tee_shirt/a.png", "tee_shirt/b.png", "dress/a.png"):
        file = tmp_path / name
        file.parent.mkdir(exist_ok=True)
        Image.new("RGB", (40, 60)).save(file)
        sha256 = hashlib.sha256(file.read_bytes()).hexdigest()
        photos.append(LabelledPhoto(file, sha256, 40, 60, "valid", ()))
    return photos


def test_the_most_confident_garment_is_compared_with_the_folder_name(
    closet: list[LabelledPhoto],
) -> None:
    found = closet_metrics(Detector(OneGarmentEngine("tee shirt"), 64), closet)

    assert found == {
        "closet": {
            "photos": 3,
            "label right": pytest.approx(2 / 3),
            "nothing found": 0,
            "tee shirt": 1.0,
            "dress": 0.0,
        }
    }


def test_a_photo_without_a_detection_counts_as_wrong(closet: list[LabelledPhoto]) -> None:
    found = closet_metrics(Detector(OneGarmentEngine(None), 64), closet)["closet"]

    assert (found["label right"], found["nothing found"]) == (0, 1)


def test_photos_without_clothes_are_not_among_the_closet_photos(
    closet: list[LabelledPhoto],
) -> None:
    bare = closet[2]._replace(file=closet[2].file.parent.parent / "no_garment/a.png")
    detector = Detector(OneGarmentEngine("tee shirt"), 64)

    assert closet_metrics(detector, [*closet[:2], bare])["closet"]["label right"] == 1
    assert closet_metrics(detector, [bare]) == {}


def test_without_closet_photos_there_are_no_closet_metrics() -> None:
    assert closet_metrics(Detector(OneGarmentEngine(None), 64), []) == {}
