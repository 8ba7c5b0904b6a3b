"""Tests the published detector as a labeller."""

from pathlib import Path

import numpy as np

from oott_assets.photos.sources.drawn.drawn_photos import draw_photo, jpeg_of, random_outfit
from oott_assets.training.labellers.teacher import TeacherLabeller
from oott_fashion.garments import GARMENT_NAMES
from oott_fashion.stores.model_store import read_card
from oott_fashion.vision.detector import Detector
from oott_fashion.vision.engines import open_engine

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


def test_a_photo_without_garments_gets_no_boxes(tmp_path: Path) -> None:
    from PIL import Image

    Image.new("RGB", (200, 300), (120, 130, 140)).save(tmp_path / "wall.png")
    side = read_card(STARTER / "card.json").image_side
    teacher = TeacherLabeller(Detector(open_engine(STARTER / "detector.onnx", "onnxruntime"), side))

    assert len(teacher.predict(str(tmp_path / "wall.png"))) == 0
