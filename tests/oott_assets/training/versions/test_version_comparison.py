"""Two versions side by side: metrics, and photos where they differ."""

import re
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image

from oott_assets.training.labels.drawn_data_set import draw_photos
from oott_assets.training.validation.comparison import Comparison
from oott_assets.training.validation.resamples import Estimate
from oott_assets.training.versions.compared_photos import NamedPhoto, known_photos_of
from oott_assets.training.versions.differences import differences
from oott_assets.training.versions.version_metrics import metric_rows
from oott_fashion.garments import GARMENT_NAMES
from oott_fashion.stores.detector_card import PublishedDetector
from oott_fashion.vision.detector import Detector
from oott_fashion.vision.photos import Photo
from tests.oott_assets.training.training_pipeline import TrainingPipeline
from tests.oott_assets.training.versions.command_line import failing_versions, versions


@pytest.fixture
def pair(coat: PublishedDetector, jeans: PublishedDetector) -> tuple[str, str]:
    """Two published versions, one that sees coats and one that sees jeans."""
    return coat.version, jeans.version


def test_the_page_shows_the_boxes_of_both_versions_and_needs_no_other_file(
    pair: tuple[str, str], tmp_path: Path
) -> None:
    page = tmp_path / "page.html"

    printed = versions("compare", *pair, "--count", 2, "--to", page)

    assert f"2 drawn photos; the versions differ in 2 of them; see {page}" in printed
    assert "not measured, because main_data was never materialised" in printed
    html = page.read_text()
    assert all(version in html for version in pair)
    assert html.count("only left: coat 0.90; only right: jeans 0.90") == 2
    assert html.count('src="data:image/jpeg;base64,') == 4
    assert re.findall(r'(?:src|href)="(?!data:)', html) == []


def test_photos_of_a_folder_are_compared_and_unreadable_ones_left_out(
    pair: tuple[str, str], tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    folder = tmp_path / "photos"
    folder.mkdir()
    Image.new("RGB", (40, 60)).save(folder / "<b>.png")
    (folder / "half.jpg").write_bytes(b"half")

    printed = versions("compare", *pair, "--photos", folder, "--to", tmp_path / "page.html")

    assert f"1 photos in {folder}" in printed
    assert "half.jpg is left out" in caplog.text
    assert "&lt;b&gt;.png" in (tmp_path / "page.html").read_text()


def test_a_folder_without_photos_is_an_error(pair: tuple[str, str], tmp_path: Path) -> None:
    for folder in (tmp_path / "nowhere", tmp_path / "empty"):
        (tmp_path / "empty").mkdir(exist_ok=True)
        message = failing_versions("compare", *pair, "--photos", folder)
        assert "does not exist" in message or "has no photos that can be read" in message


def test_both_versions_are_measured_on_the_validation_photos(
    pair: tuple[str, str], training_pipeline: TrainingPipeline, tmp_path: Path
) -> None:
    photos = draw_photos(tmp_path / "drawn", 3, "valid")
    training_pipeline.store.write_photos("main_data", photos)

    printed = versions("compare", *pair, "--to", tmp_path / "page.html")

    assert re.search(r"^main_data: photos +3 +3 +\+0\.000$", printed, re.MULTILINE)
    assert "main_data: mAP50 " in printed
    assert "(interval " in printed
    assert "3 validation photos of main_data; the versions differ in 3 of them" in printed
    assert "main_data: mAP50" in (tmp_path / "page.html").read_text()


def test_photos_are_validation_photos_else_drawn_ones(
    training_pipeline: TrainingPipeline, tmp_path: Path
) -> None:
    training = training_pipeline.store
    assert known_photos_of(training, 3).description == "drawn photos"

    training.write_photos("main_data", draw_photos(tmp_path / "drawn", 2, "valid"))
    validation = known_photos_of(training, 3)
    assert validation.description == "validation photos of main_data"
    assert [photo.name for photo in validation.photos] == ["00000.jpg", "00001.jpg"]


def test_labelled_copies_of_stored_photos_are_not_shown(
    training_pipeline: TrainingPipeline, tmp_path: Path
) -> None:
    training = training_pipeline.store
    own, stored = draw_photos(tmp_path / "drawn", 2, "valid")
    copy = tmp_path / f"label-tasks/2026-11-27/photos/hongdae/2026-09/{stored.sha256}.jpg"
    copy.parent.mkdir(parents=True)
    stored.file.rename(copy)
    labelled = stored._replace(file=copy)

    training.write_photos("main_data", [own, labelled])
    assert [photo.name for photo in known_photos_of(training, 3).photos] == ["00000.jpg"]

    training.write_photos("main_data", [labelled])
    assert known_photos_of(training, 3).description == "drawn photos"


class GivenEngine:
    """An engine that finds one garment, in a photo of the given grey only."""

    name = "given"

    def __init__(self, garment: str, grey: int) -> None:
        self._garment, self._grey = garment, grey

    def head_of(self, model_input: NDArray[np.float32]) -> NDArray[np.float32]:
        side = model_input.shape[2]
        head = np.zeros((1, 4 + len(GARMENT_NAMES), 1), dtype=np.float32)
        head[0, :4, 0] = side / 2
        if round(255 * float(model_input[0, 0, side // 2, side // 2])) == self._grey:
            head[0, 4 + GARMENT_NAMES.index(self._garment), 0] = 0.9
        return head


def test_the_photo_with_the_largest_difference_comes_first() -> None:
    dark, bright = (NamedPhoto(str(grey), flat_photo(grey)) for grey in (20, 200))
    sees_dark, sees_bright = (Detector(GivenEngine("coat", grey), 64) for grey in (20, 200))

    both = differences([bright, dark], sees_dark, Detector(GivenEngine("jeans", 20), 64))
    assert [found.photo.name for found in both] == ["20", "200"]
    assert [found.size for found in both] == [pytest.approx(1.8), 0]

    one = differences([dark], sees_dark, sees_bright)[0]
    assert ([found.garment for found in one.only_first], one.only_second) == (["coat"], [])
    assert differences([dark], sees_dark, sees_dark)[0].size == 0


def flat_photo(grey: int) -> Photo:
    return np.full((64, 64, 3), grey, dtype=np.uint8)


def test_metrics_are_shown_with_their_intervals_and_their_change() -> None:
    first = {"main_data": {"photos": 156.0, "mAP50": 0.34, "coat": 0.5}, "closet": {"coat": 0.9}}
    second = {
        "main_data": {"mAP50": 0.465, "mAP50 low": 0.41, "mAP50 high": 0.52, "jeans": 0.25},
        "confusion": {"coat as jeans": 0.1},
    }

    assert metric_rows(first, second, None) == [
        ("main_data: photos", "156", "-", ""),
        ("main_data: mAP50", "0.340", "0.465 (0.410 to 0.520)", "+0.125"),
        ("main_data: coat", "0.500", "-", ""),
        ("main_data: jeans", "-", "0.250", ""),
        ("closet: coat", "0.900", "-", ""),
    ]
    gain = Estimate(0.125, 0.05, 0.2)
    comparison = Comparison(gain, gain, None, None, {"coat": Estimate(-0.1, -0.2, 0.0)})
    changes = {name: change for name, *_, change in metric_rows(first, second, comparison)}
    assert changes["main_data: coat"] == "-0.100 (interval -0.200 to +0.000)"
    assert changes["main_data: mAP50"] == "+0.125"
