"""The asset that shows the versions of the detector, and goes back to an earlier one."""

import dagster as dg

from oott_fashion.stores.detector_card import PublishedDetector
from oott_fashion.stores.model_store import ModelStore
from tests.oott_assets.training.training_pipeline import TrainingPipeline
from tests.oott_assets.trends_pipeline import failures, metadata_of


def choose(pipeline: TrainingPipeline, version: str, reason: str) -> dg.ExecuteInProcessResult:
    chosen = {"config": {"version": version, "reason": reason}}
    return pipeline.run("current_detector", config={"current_detector": chosen})


def test_the_ui_shows_the_version_in_use_and_all_others(
    training_pipeline: TrainingPipeline, coat: PublishedDetector, jeans: PublishedDetector
) -> None:
    run = training_pipeline.run("current_detector")

    shown = metadata_of(run, "current_detector")
    assert shown["version"] == jeans.version
    assert f"| {jeans.version} | current |" in str(shown["versions"])
    assert f"| {coat.version} | published |" in str(shown["versions"])
    assert shown["damaged_versions"] == 0


def test_a_person_goes_back_to_an_earlier_version_in_the_ui(
    training_pipeline: TrainingPipeline,
    store: ModelStore,
    coat: PublishedDetector,
    jeans: PublishedDetector,
) -> None:
    assert jeans

    run = choose(training_pipeline, coat.version, "it missed coats")

    assert metadata_of(run, "current_detector")["version"] == coat.version
    assert store.latest() == coat
    last = store.history()[-1]
    assert last.by == f"current_detector in run {run.run_id[:8]}"
    assert last.reason == "it missed coats"
    assert failures(choose(training_pipeline, coat.version, "")) == []
    assert store.history()[-1] == last


def test_an_unknown_or_damaged_version_does_not_replace_the_one_in_use(
    training_pipeline: TrainingPipeline,
    store: ModelStore,
    coat: PublishedDetector,
    jeans: PublishedDetector,
) -> None:
    coat.onnx.write_bytes(b"half")

    [unknown] = failures(choose(training_pipeline, "2019", ""))
    [damaged] = failures(choose(training_pipeline, coat.version, ""))

    assert unknown.startswith("there is no version 2019; expected one that python -m oott_assets")
    assert "detector.onnx is damaged: its sha256 is" in damaged
    assert store.latest() == jeans


def test_going_back_is_recorded_as_the_data_version_of_garment_onnx(
    training_pipeline: TrainingPipeline, coat: PublishedDetector, jeans: PublishedDetector
) -> None:
    assert jeans
    with dg.DagsterInstance.ephemeral() as records:
        chosen = {"current_detector": {"config": {"version": coat.version, "reason": "coats"}}}
        assert training_pipeline.run("current_detector", config=chosen, records=records).success

        event = records.get_latest_materialization_event(dg.AssetKey("garment_onnx"))

    assert event
    assert event.asset_materialization
    assert (event.asset_materialization.tags or {})["dagster/data_version"] == coat.version
    assert event.asset_materialization.metadata["reason"].value == "coats"
