"""Rounds of labelling and training."""

from pathlib import Path

import dagster as dg
import pytest
from click.testing import CliRunner

from oott_assets.garment_detector import GarmentDetector
from oott_assets.training.champion import Champion
from oott_assets.training.labels.drawn_data_set import draw_photos
from oott_assets.training.measurements import Measurement
from oott_assets.training.weights import TrainedWeights
from oott_assets.training_rounds import is_better_champion, main, materialise, train_in_rounds
from oott_fashion.settings import SharedSettings, read_settings
from tests.oott_assets.training.starter_weights import starter_weights, untrained_weights
from tests.oott_assets.training.training_pipeline import TrainingPipeline, training_pipeline

__all__ = ["training_pipeline"]


def champion_with(weights: Path, map50: float = 0.0) -> Champion:
    trained = TrainedWeights(
        weights=weights, sha256="0", image_side=192, data_version="1", trained_on="photos"
    )
    measured = Measurement(name="merged", metrics={"main_data": {"mAP50": map50}})
    return Champion(weights=trained, measured=measured, measured_by="1")


def teachers_of(*map50s: float, max_rounds: int) -> list[str]:
    """Train in rounds whose champions have these mAP50s, and list the teachers of the rounds."""
    teachers = []

    def champion_of(teacher: str) -> Champion:
        teachers.append(teacher)
        number = 0 if teacher == "published" else int(teacher.removesuffix(".pt")) + 1
        return champion_with(Path(f"{number}.pt"), map50s[number])

    train_in_rounds(
        "published",
        max_rounds,
        champion_of,
        lambda won, best: won.measured.map50 > best.measured.map50,
    )
    return teachers


def test_each_round_labels_with_the_champion_of_the_round_before() -> None:
    assert teachers_of(0.3, 0.4, 0.5, 0.6, max_rounds=3) == ["published", "0.pt", "1.pt"]


def test_after_a_round_without_a_better_champion_the_best_round_is_the_last_one() -> None:
    assert teachers_of(0.3, 0.4, 0.4, 0.9, max_rounds=9) == ["published", "0.pt", "1.pt", "0.pt"]
    assert teachers_of(0.3, 0.2, max_rounds=2) == ["published", "0.pt", "published"]


def test_one_round_is_a_usual_training() -> None:
    assert teachers_of(0.3, max_rounds=1) == ["published"]


@pytest.mark.usefixtures("training_pipeline")
def test_a_round_opens_its_teacher_instead_of_that_of_the_settings(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("OOTT_SUB_PHOTOS", "closet")
    monkeypatch.setenv("OOTT_LABELLER", "teacher")

    with dg.DagsterInstance.ephemeral() as records, pytest.raises(dg.Failure) as failed:
        materialise(["sub_data"], "/no/champion.pt", records)

    assert str(failed.value.description).startswith("OOTT_TEACHER is /no/champion.pt, which")


def test_the_champion_that_finds_more_on_the_validation_photos_is_better(
    training_pipeline: TrainingPipeline, tmp_path: Path
) -> None:
    store = training_pipeline.store
    store.write_photos("main_data", draw_photos(tmp_path / "photos", 10, "valid"))
    store.write_closet([])
    detector = GarmentDetector.of(read_settings(SharedSettings))
    good = champion_with(starter_weights(tmp_path / "good.pt"))
    blind = champion_with(untrained_weights(tmp_path / "blind.pt"))

    assert is_better_champion(good, blind, store, detector)
    assert not is_better_champion(blind, good, store, detector)


@pytest.mark.usefixtures("training_pipeline")
def test_rounds_that_would_all_be_the_same_are_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DAGSTER_HOME", str(tmp_path))

    refused = CliRunner().invoke(main, [])

    assert refused.exit_code == 1
    assert "no photo would be labelled with a teacher" in refused.output
