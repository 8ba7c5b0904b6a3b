"""The checks of the training pipeline, passing and failing."""

from pathlib import Path

import dagster as dg
import pytest

from oott_assets.training.champion import CHAMPION, Champion
from oott_assets.training.labels.drawn_data_set import draw_photos
from oott_assets.training.labels.labelled_photos import LabelledPhoto
from oott_assets.training.measurements import Measurement
from oott_assets.training.training_checks import (
    every_garment_can_be_learnt,
    most_held_out_photos_have_a_label,
    no_validation_photo_is_trained_on,
    the_batch_is_full,
    the_detector_finds_garments,
)
from oott_assets.training.weights import TrainedWeights
from oott_fashion.garments import GARMENT_NAMES
from tests.oott_assets.training.training_pipeline import TrainingPipeline


def passes(check: dg.AssetChecksDefinition, *arguments: object) -> bool:
    result = check(*arguments)
    assert isinstance(result, dg.AssetCheckResult)
    return result.passed


@pytest.fixture
def photo(tmp_path: Path) -> LabelledPhoto:
    [photo] = draw_photos(tmp_path / "train", 1, "train")
    return photo


@pytest.fixture
def valid(tmp_path: Path) -> LabelledPhoto:
    [photo] = draw_photos(tmp_path / "valid", 1, "valid")
    return photo


@pytest.mark.parametrize(("boxes", "passed"), [(10, True), (9, False)])
def test_ten_boxes_of_every_garment_are_enough(
    training_pipeline: TrainingPipeline, photo: LabelledPhoto, boxes: int, passed: bool
) -> None:
    one = photo.labels[0]
    labels = tuple(one._replace(garment=name) for name in GARMENT_NAMES for _ in range(10))
    rarer = labels[10 - boxes :]
    training_pipeline.store.write_photos("main_data", [photo._replace(labels=rarer)])

    assert passes(every_garment_can_be_learnt, training_pipeline.store) is passed


@pytest.mark.parametrize(("labelled", "passed"), [(2, True), (1, True), (0, False)])
def test_half_of_the_held_out_photos_need_a_label(
    training_pipeline: TrainingPipeline, valid: LabelledPhoto, labelled: int, passed: bool
) -> None:
    shirt = valid._replace(file=Path("shirt/a.jpg"))
    photos = [shirt._replace(labels=shirt.labels[: index < labelled]) for index in range(2)]
    bare = valid._replace(file=Path("no_garment/chart.png"), labels=())
    training_pipeline.store.write_photos("sub_data", [*photos, bare, bare, bare])

    assert passes(most_held_out_photos_have_a_label, training_pipeline.store) is passed


@pytest.mark.parametrize("held_out_of", ["merged_data", "closet"])
def test_a_validation_photo_that_is_trained_on_fails_the_check(
    training_pipeline: TrainingPipeline,
    photo: LabelledPhoto,
    valid: LabelledPhoto,
    held_out_of: str,
) -> None:
    store, context = training_pipeline.store, dg.build_asset_check_context()
    store.write_closet([])
    store.write_photos("merged_data", [photo, valid])
    assert passes(no_validation_photo_is_trained_on, context, store)

    leaked = valid._replace(split="train")
    rest = [valid] if held_out_of == "merged_data" else []
    store.write_closet([] if rest else [valid])
    store.write_photos("merged_data", [photo, leaked, *rest])

    assert not passes(no_validation_photo_is_trained_on, context, store)


@pytest.mark.parametrize(("map50", "passed"), [(0.2, True), (0.19, False)])
def test_a_low_map50_is_a_warning(
    training_pipeline: TrainingPipeline, map50: float, passed: bool
) -> None:
    won = Champion(
        weights=TrainedWeights(
            weights=Path("w.pt"), sha256="0", image_side=320, data_version="1", trained_on="photos"
        ),
        measured=Measurement(name="main", metrics={"main_data": {"mAP50": map50}}),
        measured_by="1",
    )
    training_pipeline.store.blobs.write(CHAMPION, won.model_dump_json().encode())

    assert passes(the_detector_finds_garments, training_pipeline.store) is passed


def test_a_batch_whose_run_was_deleted_has_no_numbers_to_check() -> None:
    with dg.DagsterInstance.ephemeral() as records:
        context = dg.build_asset_check_context(instance=records)
        with pytest.raises(dg.Failure, match="label_tasks was never materialised"):
            the_batch_is_full(context)

        left = {"contact_sheet": "photos on it were deleted"}
        records.report_runless_asset_event(dg.AssetMaterialization("label_tasks", metadata=left))
        with pytest.raises(dg.Failure, match="materialise label_tasks again"):
            the_batch_is_full(context)
