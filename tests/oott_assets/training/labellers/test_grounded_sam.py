"""Tests the GroundedSAM labeller with small random weights, so without real predictions."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image

from oott_assets.training.labellers.availability import LabellerUnavailable
from oott_assets.training.labellers.grounded_sam import GroundedSamLabeller
from oott_assets.training.labellers.weight_files import DINO_SWINT_FILE, SAM_FILE
from oott_fashion.garments import GARMENTS
from tests.oott_assets.training.labellers.small_weights import (
    copy_without,
    list_sums,
    no_network,
    write_photo,
)

if TYPE_CHECKING:
    import supervision as sv

EVERYTHING, NOTHING = 0.0, 1.0


@pytest.fixture(scope="module")
def root(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    from tests.oott_assets.training.labellers.small_models import (
        small_grounded_sam,
        write_grounded_sam,
    )

    root = tmp_path_factory.mktemp("weights")
    with small_grounded_sam(root):
        write_grounded_sam(root / "grounded_sam")
        yield root


@pytest.fixture(scope="module")
def labeller(root: Path) -> GroundedSamLabeller:
    with no_network():
        return GroundedSamLabeller(root, "cpu", on_cpu=True, min_confidence=EVERYTHING)


def test_boxes_are_inside_the_photo_and_have_garments(
    labeller: GroundedSamLabeller, tmp_path: Path
) -> None:
    with no_network():
        found = labeller.predict(write_photo(tmp_path / "photo.png", 300, 200))

    assert (found.xyxy >= 0).all()
    assert (found.xyxy <= [300, 200, 300, 200]).all()
    assert (found.xyxy[:, 2:] > found.xyxy[:, :2]).all()
    assert found.class_id is not None
    assert found.confidence is not None
    assert set(found.class_id) == set(range(len(GARMENTS)))
    assert ((found.confidence >= 0) & (found.confidence <= 1)).all()
    assert (np.diff(found.confidence) <= 0).all()


def test_a_photo_without_garments_has_no_boxes(root: Path, tmp_path: Path) -> None:
    labeller = GroundedSamLabeller(root, "cpu", on_cpu=True, min_confidence=NOTHING)

    found = labeller.predict(write_photo(tmp_path / "photo.png", 90, 60))

    assert len(found) == 0
    assert found.xyxy.shape == (0, 4)


@dataclass
class CoatSeen:
    """A GroundedSAM that finds an open coat with a speck, and a hoodie with an empty mask."""

    image: NDArray[np.uint8] | None = None

    def predict(self, image: NDArray[np.uint8]) -> "sv.Detections":
        import supervision as sv

        self.image = image
        height, width = image.shape[:2]
        masks = np.zeros((2, height, width), dtype=np.bool_)
        masks[0, 10:20, 100:200] = masks[0, 10:20, 300:400] = masks[0, 2:4, 2:4] = True
        loose = np.array([[0, 0, width, height]] * 2, dtype=np.float32)
        return sv.Detections(
            xyxy=loose,
            mask=masks,
            confidence=np.array([0.4, 0.9], dtype=np.float32),
            class_id=np.array([3, 13]),
        )


def test_a_box_fits_its_mask_and_keeps_its_confidence(
    root: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    labeller = GroundedSamLabeller(root, "cpu", on_cpu=True)
    monkeypatch.setattr(labeller, "model", CoatSeen())

    found = labeller.predict(write_photo(tmp_path / "photo.png", 500, 40))

    assert found.xyxy.tolist() == [[100, 10, 400, 20]]
    assert found.class_id is not None
    assert found.class_id.tolist() == [3]
    assert found.confidence == pytest.approx([0.4])


def test_boxes_of_a_large_photo_are_in_pixels_of_the_original(
    root: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    labeller, seen = GroundedSamLabeller(root, "cpu", on_cpu=True), CoatSeen()
    monkeypatch.setattr(labeller, "model", seen)

    found = labeller.predict(write_photo(tmp_path / "photo.png", 2666, 61))

    assert seen.image is not None
    assert seen.image.shape == (30, 1333, 3)
    assert found.xyxy[0] == pytest.approx([200, 10 * 61 / 30, 800, 20 * 61 / 30])


def test_the_models_get_bgr_pixels(
    root: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    labeller, seen = GroundedSamLabeller(root, "cpu", on_cpu=True), CoatSeen()
    monkeypatch.setattr(labeller, "model", seen)
    Image.new("RGB", (500, 40), "red").save(tmp_path / "photo.png")

    labeller.predict(str(tmp_path / "photo.png"))

    assert seen.image is not None
    assert seen.image[0, 0].tolist() == [0, 0, 255]


def test_sam_reads_bgr_pixels_as_the_original_colours(labeller: GroundedSamLabeller) -> None:
    import torch
    from segment_anything import SamPredictor

    from oott_assets.training.labellers.local_grounded_sam import BgrSamPredictor

    photo = np.zeros((60, 90, 3), dtype=np.uint8)
    photo[:, :, 0] = 255
    right = SamPredictor(labeller.model.sam_predictor.model)
    right.set_image(photo, "RGB")
    ours = BgrSamPredictor(labeller.model.sam_predictor.model)

    ours.set_image(np.ascontiguousarray(photo[:, :, ::-1]))

    assert torch.equal(ours.get_image_embedding(), right.get_image_embedding())


def test_the_cpu_is_not_used_unless_it_is_allowed(root: Path) -> None:
    with pytest.raises(LabellerUnavailable, match=r"about 11 minutes.*OOTT_LABEL_ON_CPU"):
        GroundedSamLabeller(root, "cpu")


def test_missing_weights_are_not_downloaded(root: Path, tmp_path: Path) -> None:
    copy_without(SAM_FILE, root / "grounded_sam", tmp_path / "grounded_sam")

    with no_network(), pytest.raises(LabellerUnavailable, match=f"{SAM_FILE} is missing"):
        GroundedSamLabeller(tmp_path, "cpu", on_cpu=True)


def test_a_damaged_checkpoint_is_rejected(root: Path, tmp_path: Path) -> None:
    content = bytearray((root / "grounded_sam" / SAM_FILE).read_bytes())
    content[len(content) // 2] ^= 1
    copy_without(SAM_FILE, root / "grounded_sam", tmp_path / "grounded_sam").write_bytes(content)

    with pytest.raises(LabellerUnavailable, match=f"{SAM_FILE} is damaged"):
        GroundedSamLabeller(tmp_path, "cpu", on_cpu=True)


def error_with(root: Path, tmp_path: Path, name: str, checkpoint: object) -> str:
    """Replace the file ``name`` by ``checkpoint``, and give the error that it causes."""
    import torch

    torch.save(checkpoint, copy_without(name, root / "grounded_sam", tmp_path / "grounded_sam"))
    list_sums(tmp_path / "grounded_sam")
    with no_network(), pytest.raises(LabellerUnavailable) as raised:
        GroundedSamLabeller(tmp_path, "cpu", on_cpu=True)
    return str(raised.value)


def test_a_groundingdino_checkpoint_without_weights_is_rejected(root: Path, tmp_path: Path) -> None:
    assert "lacks" in error_with(root, tmp_path, DINO_SWINT_FILE, {"model": {}})


def test_a_groundingdino_checkpoint_that_lacks_one_weight_is_rejected(
    root: Path, tmp_path: Path
) -> None:
    import torch

    checkpoint = torch.load(root / "grounded_sam" / DINO_SWINT_FILE, weights_only=True)
    del checkpoint["model"]["module.feat_map.weight"]

    message = error_with(root, tmp_path, DINO_SWINT_FILE, checkpoint)

    assert "lacks 1 of the model's weights" in message
    assert "feat_map.weight" in message


def test_a_groundingdino_checkpoint_of_another_size_is_rejected(root: Path, tmp_path: Path) -> None:
    import torch

    checkpoint = torch.load(root / "grounded_sam" / DINO_SWINT_FILE, weights_only=True)
    checkpoint["model"]["module.feat_map.weight"] = torch.zeros(256, 768)

    message = error_with(root, tmp_path, DINO_SWINT_FILE, checkpoint)

    assert "is not a checkpoint of its model (RuntimeError" in message


@pytest.mark.parametrize("checkpoint", [{}, [1, 2], {"model": 3}])
def test_a_file_that_is_not_a_groundingdino_checkpoint_is_rejected(
    root: Path, tmp_path: Path, checkpoint: object
) -> None:
    assert "is not a checkpoint" in error_with(root, tmp_path, DINO_SWINT_FILE, checkpoint)


def test_a_sam_checkpoint_without_weights_is_rejected(root: Path, tmp_path: Path) -> None:
    assert f"{SAM_FILE} is not a checkpoint" in error_with(root, tmp_path, SAM_FILE, {})
