"""The command that measures a detector on a data set."""

import json
from pathlib import Path

import pytest

from oott_assets.training import measure
from oott_assets.training.labels.drawn_data_set import write_data_set
from tests.oott_assets.training.labellers.catalogue_photos import write_catalogue
from tests.oott_assets.training.starter_weights import STARTER, starter_weights

pytestmark = pytest.mark.usefixtures("training_pipeline")


@pytest.fixture
def main_data(tmp_path: Path) -> Path:
    write_data_set(tmp_path / "main-data", train=1, valid=3)
    return tmp_path / "main-data"


def run(monkeypatch: pytest.MonkeyPatch, *words: object) -> None:
    monkeypatch.setattr("sys.argv", ["measure", *map(str, words)])
    measure.main()


def test_a_detector_is_measured_on_a_data_set_and_a_catalogue(
    main_data: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    write_catalogue(tmp_path / "closet", ("tee_shirt",), each=1)
    words = (STARTER / "detector.onnx", "--main-data", main_data, "--closet", tmp_path / "closet")

    run(monkeypatch, *words)

    metrics = json.loads(capsys.readouterr().out)
    assert metrics["main_data"]["photos"] == 3
    assert metrics["main_data"]["mAP50"] > 0.5
    assert metrics["closet"]["photos"] == 1


def test_weights_are_measured_at_the_given_side_and_confidence(
    main_data: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    weights = starter_weights(tmp_path / "starter.pt")

    run(monkeypatch, weights, "--main-data", main_data, "--image-side", 320, "--confidence", 0.999)

    metrics = json.loads(capsys.readouterr().out)["main_data"]
    assert metrics["mAP50"] > 0.5
    assert metrics["recall"] == 0


def test_a_missing_detector_and_a_folder_without_photos_are_named(
    main_data: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with pytest.raises(SystemExit, match=r"^measure: .*no\.pt does not exist; expected a \.pt"):
        run(monkeypatch, tmp_path / "no.pt", "--main-data", main_data)
    with pytest.raises(SystemExit, match=r"^measure: .*nothing has no photos; expected folders"):
        run(
            monkeypatch, STARTER / "detector.onnx", "--main-data", main_data,
            "--closet", tmp_path / "nothing",
        )  # fmt: skip
