"""A broken detector is recognised, and an honest one is not suspected."""

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from oott_assets.photos.sources.drawn.drawn_photos import draw_photo, random_outfit
from oott_assets.training.validation.sanity import signs_of_damage
from oott_assets.training.validation.validated import validate
from oott_fashion.garments import GARMENT_NAMES
from oott_fashion.vision.detector import Detector
from oott_fashion.vision.engines import Engine, open_engine
from oott_fashion.vision.photos import Photo
from tests.oott_assets.training.starter_weights import STARTER, STARTER_SIDE
from tests.oott_assets.training.validation.answers import boxes
from tests.oott_assets.training.validation.test_validated import photo_of

Head = NDArray[np.float32]


class FixedEngine:
    """An engine with the same output for every photo: 100 boxes, none confident, then changed."""

    name = "fixed"

    def __init__(self, change: Callable[[Head], Head] = lambda head: head) -> None:
        head = np.full((1, 4 + len(GARMENT_NAMES), 100), 0.1, dtype=np.float32)
        self._head = change(head)

    def head_of(self, model_input: Head) -> Head:
        return np.asarray(self._head, dtype=model_input.dtype)


@pytest.fixture(scope="module")
def people() -> list[Photo]:
    rng = np.random.default_rng(0)
    return [draw_photo(random_outfit(rng), rng).pixels]


def signs(
    engine: Engine, people: list[Photo], tmp_path: Path, found: bool = True, side: int = 320
) -> list[str]:
    street = [photo_of(tmp_path / "coat.png", "coat")]
    coat = boxes(("coat", 0, 0.9)) if found else boxes()
    validated = validate(street, [], lambda _: coat, 0.3)
    return list(signs_of_damage(Detector(engine, side), people, validated))


def test_the_starter_detector_shows_no_sign_of_damage(people: list[Photo], tmp_path: Path) -> None:
    starter = open_engine(STARTER / "detector.onnx", "onnxruntime")

    assert signs(starter, people, tmp_path, side=STARTER_SIDE) == []


def test_a_detector_that_finds_nothing_in_all_photos_is_broken(
    people: list[Photo], tmp_path: Path
) -> None:
    [sign] = signs(FixedEngine(), people, tmp_path, found=False)

    assert sign == "it finds no garment in any of the 1 validation photos"


def with_one_nan(head: Head) -> Head:
    head[0, 5, 7] = np.nan
    return head


def as_logits(head: Head) -> Head:
    head[0, 4:] *= 20
    return head


def confident_of_everything(head: Head) -> Head:
    head[0, 4] = 0.99
    return head


def one_coat_everywhere(head: Head) -> Head:
    head[0, 4 + 3, :3] = 0.9
    return head


@pytest.mark.parametrize(
    ("change", "sign"),
    [
        (with_one_nan, "its output has values that are not finite"),
        (as_logits, "its output has confidences outside 0..1"),
        (confident_of_everything, "it is confident of 100% of all boxes of a photo"),
        (one_coat_everywhere, "it finds a garment in 6 of 6 plain pictures and pictures of noise"),
    ],
)
def test_a_broken_output_is_recognised(
    people: list[Photo],
    tmp_path: Path,
    change: Callable[[Head], Head],
    sign: str,
) -> None:
    found = signs(FixedEngine(change), people, tmp_path)

    assert any(each.startswith(sign) for each in found)
    assert signs(FixedEngine(), people, tmp_path) == []
