"""Tests the GroundingDINO labeller with small random weights, so without real predictions."""

from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from oott_assets.training.labellers.availability import LabellerUnavailable
from oott_assets.training.labellers.grounding_dino import (
    GroundingDinoLabeller,
    best_boxes,
    token_weights,
)
from oott_fashion.garments import GARMENT_NAMES, GARMENTS
from tests.oott_assets.training.labellers.small_weights import (
    copy_without,
    list_sums,
    no_network,
    write_photo,
)

WEIGHTS = "model.safetensors"
EVERYTHING = 0.0


@pytest.fixture(scope="module")
def root(tmp_path_factory: pytest.TempPathFactory) -> Path:
    from tests.oott_assets.training.labellers.small_models import write_grounding_dino

    root = tmp_path_factory.mktemp("weights")
    (root / "grounding_dino").mkdir()
    write_grounding_dino(root / "grounding_dino")
    return root


@pytest.fixture(scope="module")
def labeller(root: Path) -> GroundingDinoLabeller:
    with no_network():
        return GroundingDinoLabeller(root, "cpu", on_cpu=True, min_confidence=EVERYTHING)


@pytest.fixture(scope="module")
def weights(root: Path) -> NDArray[np.float32]:
    from transformers import AutoTokenizer

    tokenizer = AutoTokenizer.from_pretrained(root / "grounding_dino", local_files_only=True)
    return token_weights(tokenizer, [garment.prompt for garment in GARMENTS], 256)


@pytest.mark.parametrize(("width", "height"), [(300, 200), (60, 3), (1, 1)])
def test_boxes_are_inside_the_photo_and_have_garments(
    labeller: GroundingDinoLabeller, tmp_path: Path, width: int, height: int
) -> None:
    with no_network():
        found = labeller.predict(write_photo(tmp_path / "photo.png", width, height))

    assert len(found) > 0
    assert (found.xyxy >= 0).all()
    assert (found.xyxy <= [width, height, width, height]).all()
    assert found.class_id is not None
    assert found.confidence is not None
    assert set(found.class_id) <= set(range(len(GARMENTS)))
    assert ((found.confidence >= 0) & (found.confidence <= 1)).all()


def test_the_same_photo_gives_the_same_boxes(
    labeller: GroundingDinoLabeller, tmp_path: Path
) -> None:
    photo = write_photo(tmp_path / "photo.png", 90, 120)

    assert labeller.predict(photo) == labeller.predict(photo)


def test_a_garment_uses_only_the_tokens_of_its_own_prompt(weights: NDArray[np.float32]) -> None:
    assert weights.sum(axis=1) == pytest.approx(1)
    # "blazer" is one word, "denim jacket" two. No two prompts share a token.
    assert np.count_nonzero(weights[0]) == 1
    assert np.count_nonzero(weights[1]) == 2
    assert (np.count_nonzero(weights, axis=0) <= 1).all()


def test_two_jackets_are_distinguished_by_their_first_word(weights: NDArray[np.float32]) -> None:
    leather, windbreaker = (
        GARMENT_NAMES.index(name) for name in ("leather jacket", "windbreaker jacket")
    )
    tokens = np.zeros(256, dtype=np.float32)
    for jacket in (leather, windbreaker):
        tokens[np.flatnonzero(weights[jacket])[-1]] = 0.9
    tokens[np.flatnonzero(weights[leather])[0]] = 0.7

    assert (weights @ tokens).argmax() == leather
    assert (weights @ tokens)[leather] == pytest.approx(0.8)


def test_a_vocabulary_that_gives_too_many_tokens_is_rejected(root: Path) -> None:
    from transformers import AutoTokenizer

    tokenizer = AutoTokenizer.from_pretrained(root / "grounding_dino", local_files_only=True)

    with pytest.raises(LabellerUnavailable, match="into 76 tokens, but the model reads only 75"):
        token_weights(tokenizer, [garment.prompt for garment in GARMENTS], 75)


def test_each_box_gets_its_best_garment_and_the_most_confident_comes_first() -> None:
    confidences = np.array([[0.3, 0.4], [0.9, 0.1]], dtype=np.float32)
    boxes = np.array([[0.5, 0.5, 0.5, 0.5], [0.25, 0.5, 0.5, 1]], dtype=np.float32)

    found = best_boxes(confidences, boxes, 200, 100, 0.1)

    assert found.class_id is not None
    assert found.confidence is not None
    assert found.class_id.tolist() == [0, 1]
    assert found.xyxy.tolist() == [[0, 0, 100, 100], [50, 25, 150, 75]]
    assert found.confidence.tolist() == pytest.approx([0.9, 0.4])


def test_a_box_is_clipped_to_the_photo() -> None:
    confidences = np.array([[0.5]], dtype=np.float32)
    boxes = np.array([[0.9, 0.1, 0.4, 0.4]], dtype=np.float32)

    assert best_boxes(confidences, boxes, 100, 100, 0.1).xyxy[0] == pytest.approx([70, 0, 100, 30])


@pytest.mark.parametrize(("min_confidence", "count"), [(0.5, 1), (0.51, 0)])
def test_a_confidence_exactly_at_the_threshold_is_kept(min_confidence: float, count: int) -> None:
    confidences = np.array([[0.5]], dtype=np.float32)
    boxes = np.array([[0.5, 0.5, 0.5, 0.5]], dtype=np.float32)

    assert len(best_boxes(confidences, boxes, 100, 100, min_confidence)) == count


def test_a_box_without_area_is_dropped() -> None:
    confidences = np.array([[0.5]], dtype=np.float32)
    outside = np.array([[1.5, 0.5, 0.5, 0.5]], dtype=np.float32)

    assert len(best_boxes(confidences, outside, 100, 100, 0.1)) == 0


def test_the_cpu_is_not_used_unless_it_is_allowed(root: Path) -> None:
    with pytest.raises(LabellerUnavailable, match="OOTT_LABEL_ON_CPU"):
        GroundingDinoLabeller(root, "cpu")


def test_the_labeller_does_not_start_without_weights(tmp_path: Path) -> None:
    with no_network(), pytest.raises(LabellerUnavailable, match="is missing"):
        GroundingDinoLabeller(tmp_path, "cpu", on_cpu=True)


# Its blocks have an index buffer. If it is missing, transformers leaves it uninitialised.
SWIN_BLOCK = "model.backbone.conv_encoder.model.encoder.layers.0.blocks.0"


@pytest.mark.parametrize(
    "name", ["model.enc_output.weight", f"{SWIN_BLOCK}.attention.self.relative_position_index"]
)
def test_a_checkpoint_that_lacks_a_weight_or_a_buffer_is_rejected(
    root: Path, tmp_path: Path, name: str
) -> None:
    from safetensors.torch import load_file, save_file

    checkpoint = copy_without(WEIGHTS, root / "grounding_dino", tmp_path / "grounding_dino")
    tensors = load_file(root / "grounding_dino" / WEIGHTS)
    del tensors[name]
    save_file(tensors, checkpoint, metadata={"format": "pt"})
    list_sums(tmp_path / "grounding_dino")

    with no_network(), pytest.raises(LabellerUnavailable, match=f"lacks 1 .*{name}"):
        GroundingDinoLabeller(tmp_path, "cpu", on_cpu=True)


def test_an_empty_checkpoint_is_rejected(root: Path, tmp_path: Path) -> None:
    from safetensors.torch import save_file

    checkpoint = copy_without(WEIGHTS, root / "grounding_dino", tmp_path / "grounding_dino")
    save_file({}, checkpoint, metadata={"format": "pt"})
    list_sums(tmp_path / "grounding_dino")

    with no_network(), pytest.raises(LabellerUnavailable, match="lacks"):
        GroundingDinoLabeller(tmp_path, "cpu", on_cpu=True)


@pytest.mark.parametrize("name", [WEIGHTS, "config.json"])
def test_a_file_of_another_kind_is_rejected(root: Path, tmp_path: Path, name: str) -> None:
    copy_without(name, root / "grounding_dino", tmp_path / "grounding_dino").write_bytes(b"<html>")
    list_sums(tmp_path / "grounding_dino")

    with no_network(), pytest.raises(LabellerUnavailable, match="is not a GroundingDINO model"):
        GroundingDinoLabeller(tmp_path, "cpu", on_cpu=True)
