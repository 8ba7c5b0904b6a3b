"""The list of versions, and how a person names one."""

import shutil
from datetime import timedelta
from pathlib import Path

import pytest

from oott_assets.training.decisions import Decision, Verdict, outcome_of, write_decision
from oott_fashion.stores.blobs import LocalBlobs
from oott_fashion.stores.detector_card import PublishedDetector
from oott_fashion.stores.model_store import ModelStore
from tests.oott_assets.training.training_pipeline import TrainingPipeline
from tests.oott_assets.training.versions.command_line import failing_versions, versions
from tests.oott_serving.detectors import FIRST, card_of, onnx_that_sees


@pytest.fixture
def candidate(training_pipeline: TrainingPipeline, tmp_path: Path) -> PublishedDetector:
    """A measured candidate, made after all published versions."""
    folder = training_pipeline.store.folder("candidates/kept")
    shutil.copy(onnx_that_sees(tmp_path, "dress"), folder / "detector.onnx")
    card = card_of(folder / "detector.onnx", FIRST + timedelta(hours=1))
    metrics = {"main_data": {"mAP50": 0.4651}, "closet": {"label right": 0.8}}
    measured = card.model_copy(update={"metrics": metrics, "trained_on": "592 photos"})
    (folder / "card.json").write_text(measured.model_dump_json())
    return PublishedDetector.in_folder(folder)


def line_of(version: str, listed: str) -> str:
    [line] = [line for line in listed.splitlines() if line.lstrip("* ").startswith(version)]
    return " ".join(line.split())


def test_a_store_without_versions_says_what_will_be_published(store: ModelStore) -> None:
    assert store.versions() == []
    assert versions() == (
        "no version is published yet; the first run publishes the starter detector\n"
    )


def test_the_list_has_every_version_latest_first_with_its_metrics(
    coat: PublishedDetector, jeans: PublishedDetector, candidate: PublishedDetector
) -> None:
    listed = versions("list")

    assert line_of(candidate.version, listed) == f"{candidate.version} candidate 0.465 0.800 -"
    assert line_of(jeans.version, listed) == f"* {jeans.version} current - - -"
    assert line_of(coat.version, listed) == f"{coat.version} published - - -"
    places = [listed.index(each.version) for each in (candidate, jeans, coat)]
    assert places == sorted(places)
    assert versions() == listed


def test_the_list_says_who_published_when_and_why_and_what_a_version_was_trained_on(
    store: ModelStore, coat: PublishedDetector, jeans: PublishedDetector
) -> None:
    assert jeans
    store.make_latest(coat.version, by="user ada", reason="it missed coats")

    listed = versions()

    at = store.history()[-1].at
    assert f"published {at:%Y-%m-%d %H:%M} UTC by user ada: it missed coats\n" in listed
    assert f"* {coat.version} current" in line_of(coat.version, listed)
    assert listed.count("trained on nothing") == 2


def test_the_list_says_why_a_candidate_was_kept(candidate: PublishedDetector) -> None:
    verdict = Verdict(gain="its mAP50 is higher by 0.01", against=("12 photos are too few",))
    outcome = outcome_of(verdict, dry_run=False, publish_anyway="")
    decision = Decision.of(candidate, None, verdict, outcome, by="garment_onnx in run 1a2b3c4d")
    write_decision(candidate.onnx.parent, decision)
    assert "kept as a candidate: 12 photos are too few\n" in versions()

    (candidate.onnx.parent / "decision.json").write_text("half")

    assert "decision.json is not a decision" in " ".join(versions().split())


def test_a_version_of_an_older_oott_is_listed_without_a_date(
    store: ModelStore, coat: PublishedDetector
) -> None:
    LocalBlobs(store.root).delete("garment-detector/publications.json")

    assert line_of(coat.version, versions()) == f"* {coat.version} current - - -"
    assert "published by an older OOTT" in versions()


def test_a_damaged_version_does_not_hide_the_others(
    coat: PublishedDetector, jeans: PublishedDetector, candidate: PublishedDetector
) -> None:
    coat.onnx.write_bytes(b"half")
    candidate.onnx.with_name("card.json").write_text("{")

    listed = versions()

    assert line_of(jeans.version, listed) == f"* {jeans.version} current - - -"
    assert line_of(coat.version, listed) == f"{coat.version} damaged - - -"
    assert "detector.onnx is damaged: its sha256 is" in " ".join(listed.split())
    assert line_of("kept", listed) == "kept damaged - - -"


@pytest.mark.parametrize("name", ["publications.json", "latest.json"])
def test_a_damaged_history_or_pointer_does_not_hide_the_versions(
    name: str, store: ModelStore, coat: PublishedDetector, caplog: pytest.LogCaptureFixture
) -> None:
    LocalBlobs(store.root).write(f"garment-detector/{name}", b"half")

    assert coat.version in versions()
    assert name in caplog.text


def test_the_files_of_a_killed_publication_are_listed_as_damaged(
    store: ModelStore, jeans: PublishedDetector
) -> None:
    LocalBlobs(store.root).write("garment-detector/20261120T120000Z-0/detector.onnx", b"net")

    listed = versions()

    assert line_of("20261120T120000Z-0", listed) == "20261120T120000Z-0 damaged - - -"
    assert line_of(jeans.version, listed).startswith("* ")


def test_an_unknown_or_ambiguous_name_is_an_error(
    coat: PublishedDetector, jeans: PublishedDetector
) -> None:
    assert "there is no version 2019; expected one that python -m" in failing_versions(
        "use", "2019"
    )
    message = failing_versions("use", "20261101")
    assert f"20261101 fits several versions: {jeans.version}, {coat.version}; write" in message
