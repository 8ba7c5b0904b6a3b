"""What garment_onnx publishes and keeps, with the weights of the starter detector."""

import json
import shutil
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import NamedTuple

import dagster as dg
import pytest

from oott_assets.training.decisions import Decision, read_decision
from oott_fashion.settings import SharedSettings, read_settings
from oott_fashion.stores.model_store import ModelStore
from oott_fashion.stores.publications import Publication
from tests.oott_assets.training.compared_pipeline import ComparedPipeline
from tests.oott_assets.trends_pipeline import failures, metadata_of

# At this side, the starter finds half of the drawn garments.
SIDE = 160
WINTER = " it knows winter "


class Step(NamedTuple):
    """A run of garment_onnx: what the UI shows, the publications after it, and its decision."""

    shown: dict[str, object]
    history: list[Publication]
    decision: Decision
    data_version: str


class Steps(NamedTuple):
    """Runs of garment_onnx on the same champion, one after the other."""

    first: Step
    again: Step
    dry_run_after_going_back: Step
    with_a_reason: Step


def store() -> ModelStore:
    return ModelStore(read_settings(SharedSettings).model_store_root)


def step(pipeline: ComparedPipeline, **config: object) -> Step:
    run: dg.ExecuteInProcessResult = pipeline.run(
        "garment_onnx", config={"garment_onnx": {"config": config}}
    )
    assert failures(run) == []
    shown = metadata_of(run, "garment_onnx")
    decision = read_decision(Path(str(shown["folder"])))
    assert decision is not None
    [event] = run.get_asset_materialization_events()
    data_version = (event.materialization.tags or {})["dagster/data_version"]
    return Step(shown, store().history(), decision, data_version)


def publish_another(folder: Path) -> None:
    """Publish a detector with the same answers and another version, as a person."""
    latest = store().latest()
    shutil.copy(latest.onnx, folder / "detector.onnx")
    card = latest.card.model_copy(
        update={"created": latest.card.created - timedelta(days=1), "weights_sha256": None}
    )
    store().publish(folder / "detector.onnx", card, by="user ada")


@pytest.fixture(scope="module")
def steps(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Steps]:
    folder = tmp_path_factory.mktemp("compared")
    with pytest.MonkeyPatch.context() as monkeypatch:
        for name, value in {
            "YOLO_CONFIG_DIR": folder / "ultralytics",
            "OOTT_HOME": folder / "home",
            "OOTT_STARTER_DETECTOR": folder / "no-starter",
            "OOTT_ENGINE": "onnxruntime",
        }.items():
            monkeypatch.setenv(name, str(value))
        pipeline = ComparedPipeline(folder, valid_photos=100, image_side=SIDE)
        first, again = step(pipeline), step(pipeline)
        publish_another(folder)
        dry_run = step(pipeline, publish_anyway=WINTER, dry_run=True)
        yield Steps(first, again, dry_run, step(pipeline, publish_anyway=WINTER))


def test_the_first_detector_is_published_if_it_is_good_on_enough_photos(steps: Steps) -> None:
    assert steps.first.shown["published"] is True
    assert str(steps.first.shown["decision"]).startswith(
        "published: it is the first detector, with a mAP50 of garments with 10 boxes of"
    )
    [publication] = steps.first.history
    assert publication.version == steps.first.shown["version"]
    assert publication.by == steps.first.decision.by
    assert publication.reason is None


def test_the_same_champion_is_published_once(steps: Steps) -> None:
    assert steps.again.shown["decision"] == "published already"
    assert steps.again.history == steps.first.history


def test_after_a_person_went_back_the_rules_are_against_the_same_champion(steps: Steps) -> None:
    dry_run = steps.dry_run_after_going_back

    assert dry_run.decision.verdict.against[0].startswith("it was published before, and then")
    assert dry_run.decision.compared_with == dry_run.history[-1].version


def test_a_dry_run_publishes_nothing_and_says_what_would_be_published(steps: Steps) -> None:
    dry_run = steps.dry_run_after_going_back

    assert dry_run.shown["published"] is False
    assert dry_run.history[-1].by == "user ada"
    assert str(dry_run.shown["decision"]).startswith(
        "dry run, would be published: against the rules (it was published before"
    )


def test_its_data_version_is_the_version_in_use_and_not_that_of_a_kept_candidate(
    steps: Steps,
) -> None:
    kept = steps.dry_run_after_going_back

    assert steps.first.data_version == steps.first.shown["version"]
    assert steps.again.data_version == steps.first.shown["version"]
    assert kept.data_version == kept.history[-1].version != kept.shown["version"]
    assert steps.with_a_reason.data_version == steps.with_a_reason.shown["version"]


def test_a_detector_with_the_same_answers_is_not_clearly_better(steps: Steps) -> None:
    [_, reason] = steps.dry_run_after_going_back.decision.verdict.against

    assert reason == (
        "its mAP50 of garments with 10 boxes is not clearly higher: +0.000 (interval +0.000 to "
        "+0.000)"
    )


def test_a_stated_reason_overrides_the_rules_and_is_recorded(steps: Steps) -> None:
    assert steps.with_a_reason.shown["published"] is True
    assert steps.with_a_reason.history[-1].reason == "it knows winter"
    assert steps.with_a_reason.decision.outcome.startswith("published: against the rules (it was")


def test_the_decision_is_kept_next_to_the_candidate(steps: Steps) -> None:
    file = Path(str(steps.first.shown["folder"])) / "decision.json"

    stored = json.loads(file.read_text())
    assert stored["candidate"] == steps.with_a_reason.shown["version"]
    assert stored["outcome"] == steps.with_a_reason.shown["decision"]


def test_the_ui_shows_the_metrics_of_the_served_file(steps: Steps) -> None:
    assert "| main_data: photos | 100 |" in str(steps.first.shown["comparison"])
    both = str(steps.with_a_reason.shown["comparison"])
    assert both.startswith("| measured | candidate | published |")
    assert "| main_data: photos | 100 | 100 |" in both
    assert "| jeans | " in str(steps.first.shown["garments"])
    assert " missed | " in str(steps.first.shown["errors"])
