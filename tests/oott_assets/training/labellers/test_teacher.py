"""Tests the published detector as a labeller."""

from pathlib import Path

import numpy as np
import pytest

from oott_assets.photos.sources.drawn.drawn_photos import draw_photo, jpeg_of, random_outfit
from oott_assets.training.labellers.availability import LabellerUnavailable
from oott_assets.training.labellers.teacher import TeacherLabeller, detector_of_weights
from oott_fashion.garments import GARMENT_NAMES
from oott_fashion.stores.detector_card import read_card
from oott_fashion.vision.detector import Detector, Thresholds
from oott_fashion.vision.engines import open_engine
from tests.oott_assets.training.starter_weights import starter_weights

STARTER = Path("models/starter-detector")


def test_the_teacher_labels_garments_with_its_confidence(tmp_path: Path) -> None:
    rng = np.random.default_rng(4)
    drawn = draw_photo(random_outfit(rng), rng)
    (tmp_path / "look.jpg").write_bytes(jpeg_of(drawn))
    side = read_card(STARTER / "card.json").image_side
    teacher = TeacherLabeller(Detector(open_engine(STARTER / "detector.onnx", "onnxruntime"), side))

    found = teacher.predict(str(tmp_path / "look.jpg"))

    assert found.class_id is not None
    assert found.confidence is not None
    names = {GARMENT_NAMES[class_id] for class_id in found.class_id}
    assert names == {garment.garment for garment in drawn.garments}
    assert (found.confidence[:-1] >= found.confidence[1:]).all()


def test_trained_weights_are_a_teacher_too(tmp_path: Path) -> None:
    drawn = draw_photo(random_outfit(np.random.default_rng(4)), np.random.default_rng(5))
    (tmp_path / "look.jpg").write_bytes(jpeg_of(drawn))
    weights = starter_weights(tmp_path / "weights.pt")

    version, detector = detector_of_weights(weights, 320, Thresholds())

    found = TeacherLabeller(detector).predict(str(tmp_path / "look.jpg"))
    assert len(found) >= len(drawn.garments)
    assert version == detector_of_weights(weights, 320, Thresholds())[0]
    assert version != detector_of_weights(weights, 352, Thresholds())[0]


def test_weights_of_other_classes_are_no_teacher(tmp_path: Path) -> None:
    import torch

    weights = starter_weights(tmp_path / "weights.pt")
    other = torch.load(weights, weights_only=False)
    other["model"].model[-1].nc = 23
    other["model"].model[-1].no = 23 + 64
    for branch in other["model"].model[-1].cv3:
        branch[-1] = torch.nn.Conv2d(branch[-1].in_channels, 23, 1)
    torch.save(other, weights)

    with pytest.raises(LabellerUnavailable, match="is not a detector of OOTT's garments"):
        detector_of_weights(weights, 320, Thresholds())


def test_a_photo_without_garments_gets_no_boxes(tmp_path: Path) -> None:
    from PIL import Image

    Image.new("RGB", (200, 300), (120, 130, 140)).save(tmp_path / "wall.png")
    side = read_card(STARTER / "card.json").image_side
    teacher = TeacherLabeller(Detector(open_engine(STARTER / "detector.onnx", "onnxruntime"), side))

    assert len(teacher.predict(str(tmp_path / "wall.png"))) == 0
