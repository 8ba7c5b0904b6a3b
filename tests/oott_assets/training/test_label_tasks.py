"""label_tasks as a person materialises it: which photos it offers, and what Label Studio gets."""

import hashlib
import json
import os
import shutil
from collections import Counter
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
from PIL import Image

from oott_assets.photos.label_batches import LabelBatches
from oott_assets.training.labels.drawn_data_set import write_data_set
from oott_fashion.garments import GARMENT_NAMES
from oott_fashion.stores.detector_card import read_card
from oott_fashion.vision.detections import Box, Detection
from oott_fashion.vision.photos import read_photo
from tests.oott_assets.label_pipeline import (
    batches,
    choose_photos,
    collect,
    copies,
    label_tasks_root,
    tasks_in,
)
from tests.oott_assets.training.training_pipeline import TrainingPipeline
from tests.oott_assets.trends_pipeline import (
    OCTOBER,
    SEPTEMBER,
    TrendsPipeline,
    failures,
    metadata_of,
)
from tests.starters import SMALL_STARTER, STARTER
from tests.stored_months import write_manifest


def hashes(batch: Path) -> set[str]:
    return {task["data"]["sha256"] for task in tasks_in(batch)}


def test_a_batch_has_the_photos_with_boxes_for_label_studio(
    trends_pipeline: TrendsPipeline, monkeypatch: pytest.MonkeyPatch
) -> None:
    # The starter with a small input does not find every shoe.
    monkeypatch.setenv("OOTT_STARTER_DETECTOR", str(STARTER))
    latest = read_card(STARTER / "card.json").version
    stored = collect(trends_pipeline, "hongdae", SEPTEMBER, version=latest)
    collect(trends_pipeline, "jeju", OCTOBER, version=latest)

    run = choose_photos(photos=4)

    assert failures(run) == []
    [batch] = batches()
    tasks = tasks_in(batch)
    assert Counter(task["data"]["destination"] for task in tasks) == {"hongdae": 2, "jeju": 2}
    for task in tasks:
        place = task["data"]["image"].removeprefix("/data/local-files/?d=")
        photo = label_tasks_root().parent / place
        content = photo.read_bytes()
        assert hashlib.sha256(content).hexdigest() == task["data"]["sha256"]
        height, width = read_photo(content).shape[:2]
        results = task["predictions"][0]["result"]
        assert {(box["original_width"], box["original_height"]) for box in results} == {
            (width, height)
        }
        labels = Counter(box["value"]["rectanglelabels"][0] for box in results)
        assert labels.keys() <= set(GARMENT_NAMES)
        # The stored detections have one box for a pair of shoes; people label each shoe.
        assert sum(labels[shoe] for shoe in ("sneakers", "dress shoes", "sandals")) == 2
    assert (label_tasks_root() / "labelling-interface.xml").is_file()
    assert hashes(batch) & set(stored)
    metadata = metadata_of(run, "label_tasks")
    assert metadata["photos"] == 4
    assert "| uncertain | 4 |" in str(metadata["photos_by_reason"])
    assert "| jeju | 2026-10 | 2 |" in str(metadata["photos_by_destination_and_month"])
    assert "data:image/webp" in str(metadata["contact_sheet"])
    [check] = run.get_asset_check_evaluations()
    assert check.passed


def test_no_photo_is_offered_twice_and_a_batch_that_is_not_full_warns(
    trends_pipeline: TrendsPipeline,
) -> None:
    collect(trends_pipeline, "hongdae", SEPTEMBER)
    choose_photos(photos=3)

    run = choose_photos(photos=3)
    again = choose_photos(photos=3)

    first, second = batches()
    assert len(hashes(first)) == 3
    assert len(hashes(second)) == 1
    assert not hashes(first) & hashes(second)
    [check] = run.get_asset_check_evaluations()
    assert not check.passed
    assert metadata_of(again, "label_tasks")["batch"] == "none"


def test_pictures_of_main_data_are_not_offered(
    trends_pipeline: TrendsPipeline,
    training_pipeline: TrainingPipeline,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("OOTT_STARTER_DETECTOR", str(SMALL_STARTER))
    stored = collect(trends_pipeline, "hongdae", SEPTEMBER)
    write_data_set(tmp_path / "labelled", train=1, valid=1)
    photos = trends_pipeline.stored()
    for number, sha256 in enumerate(stored[:3]):
        name = f"copy-{number}"
        copy = tmp_path / f"labelled/train/images/{name}.jpg"
        Image.fromarray(photos.pixels(sha256)).save(copy, quality=60)
        (tmp_path / f"labelled/train/labels/{name}.txt").write_text("3 0.5 0.5 0.2 0.2\n")
    monkeypatch.setenv("OOTT_MAIN_DATA", str(tmp_path / "labelled"))
    assert failures(training_pipeline.run("main_data")) == []

    assert failures(choose_photos(photos=4)) == []

    [batch] = batches()
    assert hashes(batch) == {stored[3]}


def test_photos_on_which_an_older_detector_saw_other_garments_are_offered(
    trends_pipeline: TrendsPipeline,
) -> None:
    umbrella = (Detection("dress", 0.97, Box(0, 0, 20, 20), "black"),)
    collect(trends_pipeline, "hongdae", SEPTEMBER, lambda _: umbrella, version="older")

    run = choose_photos(photos=2, compared_photos=3)

    assert failures(run) == []
    [batch] = batches()
    assert {task["data"]["reason"] for task in tasks_in(batch)} == {"detectors disagree"}
    assert "Only detector older finds dress 0.97." in tasks_in(batch)[0]["data"]["why"]


def test_a_damaged_candidate_is_not_compared(
    trends_pipeline: TrendsPipeline, tmp_path: Path
) -> None:
    collect(trends_pipeline, "hongdae", SEPTEMBER)
    candidate = tmp_path / "home/training/candidates/half"
    shutil.copytree(SMALL_STARTER, candidate)
    card = json.loads((candidate / "card.json").read_text())
    (candidate / "card.json").write_text(json.dumps(card | {"created": "2030-01-01T00:00:00Z"}))
    whole = choose_photos(photos=1)
    (candidate / "detector.onnx").write_bytes(b"half")

    damaged = choose_photos(photos=1)

    assert str(metadata_of(whole, "label_tasks")["second_detector"]).startswith("20300101T000000Z")
    assert metadata_of(damaged, "label_tasks")["second_detector"] == "none"


def test_what_a_killed_run_left_is_deleted_and_offered_again(
    trends_pipeline: TrendsPipeline,
) -> None:
    collect(trends_pipeline, "hongdae", SEPTEMBER)
    choose_photos(photos=4)
    [killed] = batches()
    (killed / "tasks.json").unlink()

    choose_photos(photos=4)

    assert {batch.name for batch in batches()} == {copy.parents[3].name for copy in copies()}
    assert len(copies()) == 4


def test_submitted_tasks_come_back_through_main_data_until_their_photo_is_deleted(
    trends_pipeline: TrendsPipeline,
    training_pipeline: TrainingPipeline,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("OOTT_STARTER_DETECTOR", str(SMALL_STARTER))
    write_data_set(tmp_path / "labelled", train=1, valid=1)
    folders = f"{tmp_path / 'labelled'}{os.pathsep}{label_tasks_root()}"
    monkeypatch.setenv("OOTT_MAIN_DATA", folders)
    collect(trends_pipeline, "hongdae", SEPTEMBER)
    choose_photos(photos=4)
    [batch] = batches()
    (label_tasks_root() / "project-1.json").write_text(json.dumps(submitted(tasks_in(batch))))

    run = training_pipeline.run("main_data")

    assert failures(run) == []
    copied = {photo.sha256: photo for photo in training_pipeline.photos("main_data")}
    assert hashes(batch) <= copied.keys()
    for task in tasks_in(batch):
        labels = copied[task["data"]["sha256"]].labels
        boxes = task["predictions"][0]["result"]
        assert [label.garment for label in labels] == [
            box["value"]["rectanglelabels"][0] for box in boxes
        ]
    assert metadata_of(run, "main_data")["photos_never_shown_here"] == 4

    write_manifest(trends_pipeline.stored(), [])
    batches_of = LabelBatches(root=str(label_tasks_root()))
    assert batches_of.delete_unstored(trends_pipeline.photo_store, None) == 4
    assert failures(choose_photos(photos=1)) == []
    later = training_pipeline.run("main_data")

    assert failures(later) == []
    assert metadata_of(later, "main_data")["photos_removed"] == 4
    assert "whose photo was deleted: 4" in str(metadata_of(later, "main_data")["remarks"])


def submitted(tasks: list[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """Turn tasks into an export, as if a person had submitted each without a correction."""
    at = "2026-11-27T04:08:12.774423Z"
    return [
        {
            "id": number,
            "data": task["data"],
            "annotations": [{"result": task["predictions"][0]["result"], "updated_at": at}],
        }
        for number, task in enumerate(tasks, start=1)
    ]


@pytest.mark.usefixtures("trends_pipeline")
def test_without_detections_the_error_names_the_asset_to_materialise() -> None:
    [message] = failures(choose_photos())

    assert message.startswith("there are no stored detections")
    assert "materialise garment_detections first" in message
