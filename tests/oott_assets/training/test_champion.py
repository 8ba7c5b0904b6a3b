"""Which candidate wins, and what is told of closet photos."""

import hashlib
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image

from oott_assets.training.champion import Champion, Measurement, better_of
from oott_assets.training.closet_accuracy import closet_labels
from oott_assets.training.labels.labelled_photos import LabelledPhoto
from oott_assets.training.weights import TrainedWeights
from oott_fashion.garments import GARMENT_NAMES
from oott_fashion.vision.detector import Detector


def measured(name: str, map50: float, closet: float = 0.0) -> Measurement:
    metrics = {"main_data": {"mAP50": map50}, "closet": {"label right": closet}}
    return Measurement(name=name, metrics=metrics)


@pytest.mark.parametrize(
    ("main", "merged", "winner"),
    [
        ((0.40, 0.0), (0.45, 0.0), "merged"),
        ((0.45, 0.0), (0.40, 0.9), "main"),
        ((0.404, 0.1), (0.40, 0.8), "merged"),
        ((0.40, 0.5), (0.404, 0.5), "main"),
        ((0.40, 0.0), (0.40, 0.0), "main"),
        ((0.36, 0.1), (0.35, 0.8), "merged"),
        ((0.361, 0.1), (0.35, 0.8), "main"),
    ],
)
def test_map50_decides_then_closet_labels_then_fewer_labels(
    main: tuple[float, float], merged: tuple[float, float], winner: str
) -> None:
    assert better_of(measured("main", *main), measured("merged", *merged)).name == winner


def test_a_detector_as_good_as_the_published_one_does_not_beat_it() -> None:
    won = Champion(
        weights=TrainedWeights(
            weights=Path("w.pt"), sha256="0", image_side=320, data_version="1", trained_on="photos"
        ),
        measured=measured("main", 0.4),
        published=measured("published", 0.4),
        published_version="1",
        measured_by="1",
    )

    assert not won.beats_published(0.4)
    assert won.beats_published(0.41)


class OneAnswer:
    """An engine that finds one garment in the middle of every photo, or none."""

    name = "one answer"

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
    """Give two tee shirts and a dress."""
    photos = []
    for name in ("tee_shirt/a.png", "tee_shirt/b.png", "dress/a.png"):
        file = tmp_path / name
        file.parent.mkdir(exist_ok=True)
        Image.new("RGB", (40, 60)).save(file)
        sha256 = hashlib.sha256(file.read_bytes()).hexdigest()
        photos.append(LabelledPhoto(file, sha256, 40, 60, "valid", ()))
    return photos


def test_the_surest_garment_is_compared_with_the_folders_name(closet: list[LabelledPhoto]) -> None:
    found = closet_labels(Detector(OneAnswer("tee shirt"), 64), closet)

    assert found is not None
    assert found.right == pytest.approx(2 / 3)
    assert found.nothing_found == 0
    assert found.right_by_garment == {"tee shirt": 1.0, "dress": 0.0}


def test_a_photo_in_which_nothing_is_found_is_not_right(closet: list[LabelledPhoto]) -> None:
    found = closet_labels(Detector(OneAnswer(None), 64), closet)

    assert found is not None
    assert (found.right, found.nothing_found) == (0, 1)


def test_without_photos_nothing_is_known_of_closets() -> None:
    assert closet_labels(Detector(OneAnswer(None), 64), []) is None
