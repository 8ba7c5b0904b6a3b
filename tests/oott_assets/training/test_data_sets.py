"""main_data, sub_data and merged_data as a person materialises them."""

import errno
import json
import os
import shutil
import sys
from pathlib import Path

import pytest
from PIL import Image

from oott_assets.training.labels.drawn_data_set import draw_photos, write_data_set
from oott_assets.training.labels.labelled_photos import LabelledPhoto, in_split, version_of
from oott_assets.training.merged_data import MERGED_DATA_VERSIONS
from oott_assets.training.validation_photos import ValidationPhotos
from oott_fashion.garments import GARMENT_NAMES
from tests.oott_assets.training.labellers.catalogue_photos import write_catalogue
from tests.oott_assets.training.labels.data_sets import picture
from tests.oott_assets.training.training_pipeline import TrainingPipeline
from tests.oott_assets.trends_pipeline import attempts, failures, metadata_of
from tests.starters import SMALL_STARTER


@pytest.fixture
def main_data(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    write_data_set(tmp_path / "main-data", train=3, valid=2)
    monkeypatch.setenv("OOTT_MAIN_DATA", str(tmp_path / "main-data"))
    return tmp_path / "main-data"


@pytest.fixture
def closet(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A catalogue, with no photos held out."""
    monkeypatch.setenv("OOTT_SUB_PHOTOS", str(tmp_path / "closet"))
    monkeypatch.setenv("OOTT_HELD_OUT_SHARE", "0")
    return write_catalogue(tmp_path / "closet", ("tee_shirt", "dress"), each=3)


def test_without_a_folder_the_error_names_the_setting(training_pipeline: TrainingPipeline) -> None:
    [message] = failures(training_pipeline.run("main_data"))

    assert message.startswith("OOTT_MAIN_DATA is not set")


def test_the_error_names_a_damaged_photo(
    training_pipeline: TrainingPipeline, main_data: Path
) -> None:
    photo = main_data / "train/images/00001.jpg"
    photo.write_bytes(photo.read_bytes()[:3000])

    [message] = failures(training_pipeline.run("main_data"))

    assert "00001.jpg" in message
    assert "damaged or truncated" in message


@pytest.mark.parametrize("change", ["one class less", "two classes swapped"])
def test_a_data_set_with_other_classes_is_rejected(
    training_pipeline: TrainingPipeline, main_data: Path, change: str
) -> None:
    import yaml

    page = yaml.safe_load((main_data / "data.yaml").read_text())
    names = page["names"]
    page["names"] = names[:-1] if change == "one class less" else [names[1], names[0], *names[2:]]
    (main_data / "data.yaml").write_text(yaml.safe_dump(page))

    [message] = failures(training_pipeline.run("main_data"))

    assert "data.yaml" in message
    assert ("23" if change == "one class less" else "denim jacket") in message
    assert "Traceback" not in message


def test_a_folder_without_a_data_set_fails_the_step_at_the_first_attempt(
    training_pipeline: TrainingPipeline, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("OOTT_MAIN_DATA", str(tmp_path / "nothing"))

    run = training_pipeline.run("main_data")

    assert attempts(run, "main_data") == 1
    [message] = failures(run)
    assert str(tmp_path / "nothing") in message


@pytest.mark.usefixtures("main_data")
def test_a_full_disk_fails_the_step_with_a_sentence_at_the_first_attempt(
    training_pipeline: TrainingPipeline, monkeypatch: pytest.MonkeyPatch
) -> None:
    def no_space(_descriptor: int) -> None:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr(os, "fsync", no_space)
    run = training_pipeline.run("main_data")

    assert attempts(run, "main_data") == 1
    [message] = failures(run)
    assert message.startswith("the disk of the store is full")


def test_drawn_photos_are_only_used_for_training(
    training_pipeline: TrainingPipeline, main_data: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("OOTT_DRAWN_PHOTOS", "5")

    run = training_pipeline.run("main_data")

    assert failures(run) == []
    drawn = [
        photo
        for photo in training_pipeline.photos("main_data")
        if main_data not in photo.file.parents
    ]
    # The first three are already in the drawn data set.
    assert [photo.file.name for photo in drawn] == ["00003.jpg", "00004.jpg"]
    assert {photo.split for photo in drawn} == {"train"}
    assert metadata_of(run, "main_data")["drawn_photos_already_there"] == 3


def test_a_new_version_says_what_changed_and_the_earlier_version_is_kept(
    training_pipeline: TrainingPipeline,
    main_data: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    first = metadata_of(training_pipeline.run("main_data"), "main_data")
    before = training_pipeline.photos("main_data")
    again = tmp_path / "labelled-again"
    for kind in ("images", "labels"):
        (again / kind).mkdir(parents=True)
    shutil.copy(main_data / "valid/images/00001.jpg", again / "images")
    (again / "labels/00001.txt").write_text("0 0.5 0.5 0.5 0.5\n")
    (again / "classes.txt").write_text("cardigan\n")
    (main_data / "train/images/00002.jpg").unlink()
    (main_data / "train/labels/00002.txt").unlink()
    monkeypatch.setenv("OOTT_MAIN_DATA", f"{main_data}{os.pathsep}{again}")

    second = metadata_of(training_pipeline.run("main_data"), "main_data")

    assert first["earlier_version"] == "none"
    assert first["photos_added"] == 5
    assert second["earlier_version"] == first["version"]
    counts = ("photos_added", "photos_removed", "photos_relabelled", "photos_labelled_again")
    assert [second[count] for count in counts] == [0, 1, 1, 1]
    assert "| cardigan |" in str(second["boxes_changed"])
    [labelled] = [
        photo for photo in training_pipeline.photos("main_data") if again in photo.file.parents
    ]
    assert [label.garment for label in labelled.labels] == ["cardigan"]
    assert labelled.split == "valid"
    assert training_pipeline.photos(f"main_data/{first['version']}") == before


def test_a_drawn_photo_that_shows_a_validation_picture_is_not_trained_on(
    training_pipeline: TrainingPipeline, main_data: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("OOTT_DRAWN_PHOTOS", "5")
    with Image.open(draw_photos(main_data.parent / "drawn", 5, "train")[4].file) as photo:
        photo.save(main_data / "valid/images/again.png")
    (main_data / "valid/labels/again.txt").touch()

    assert failures(training_pipeline.run("main_data")) == []

    trained = {
        photo.file.name for photo in in_split(training_pipeline.photos("main_data"), "train")
    }
    assert "00003.jpg" in trained
    assert "00004.jpg" not in trained


def test_every_photo_of_a_catalogue_gets_one_box(
    training_pipeline: TrainingPipeline, closet: Path
) -> None:
    run = training_pipeline.run("sub_data")

    assert failures(run) == []
    photos = training_pipeline.photos("sub_data")
    assert len(photos) == 6
    assert all(len(photo.labels) == 1 for photo in photos)
    assert {photo.labels[0].garment for photo in photos} == {"tee shirt", "dress"}
    assert {photo.labels[0].origin for photo in photos} == {"catalogue"}
    assert closet


@pytest.mark.parametrize("held_out", ["0", "0.99"])
def test_photos_without_clothes_train_as_background_or_are_held_out(
    training_pipeline: TrainingPipeline,
    main_data: Path,
    closet: Path,
    monkeypatch: pytest.MonkeyPatch,
    held_out: str,
) -> None:
    monkeypatch.setenv("OOTT_HELD_OUT_SHARE", held_out)
    (closet / "no_garment").mkdir()
    picture(1).save(closet / "no_garment/chart.png")

    run = training_pipeline.run("main_data", "sub_data", "merged_data")

    assert failures(run) == []
    merged, held = training_pipeline.photos("merged_data"), training_pipeline.store.closet()
    [chart] = [photo for photo in [*merged, *held] if photo.file.name == "chart.png"]
    assert chart.labels == ()
    assert chart.split == ("train" if held_out == "0" else "valid")
    assert (chart in merged) is (held_out == "0")
    counted = metadata_of(run, "merged_data")["photos_to_train_on_without_garments"]
    assert counted == (1 if held_out == "0" else 0)
    assert main_data


def test_no_photo_is_labelled_twice(
    training_pipeline: TrainingPipeline, closet: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert training_pipeline.run("sub_data").success
    before = training_pipeline.photos("sub_data")

    def must_not_label_again(*_: object) -> None:
        pytest.fail("a photo was labelled twice")

    monkeypatch.setattr(
        "oott_assets.training.labellers.catalogue.CatalogueLabeller.predict", must_not_label_again
    )
    assert training_pipeline.run("sub_data").success

    assert training_pipeline.photos("sub_data") == before
    assert closet


def test_skipped_photos_are_listed_with_the_reason(
    training_pipeline: TrainingPipeline, closet: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    (closet / "dress/broken.jpg").write_bytes(b"not a photo")
    shutil.copytree(closet / "dress", closet / "umbrella")
    (closet / "dress/2024").mkdir()
    shutil.copy(closet / "dress/0.jpg", closet / "dress/2024")
    (closet / "dress/lost.jpg").symlink_to(closet / "nowhere.jpg")
    shutil.copy(closet / "dress/0.jpg", closet / os.fsdecode(b"dress/caf\xe9.jpg"))

    run = training_pipeline.run("sub_data")

    assert failures(run) == []
    listed = str(metadata_of(run, "sub_data")["skipped_photos"])
    assert "dress/broken.jpg | not a photo" in listed
    assert "umbrella/ is not named after a garment" in listed
    console = capfd.readouterr().err
    assert "1 photo skipped (the folder 2024/ is not named after a garment; " in console
    assert ": dress/2024/0.jpg" in console
    assert "dress/lost.jpg | cannot be read: No such file or directory" in listed
    assert "dress/caf\\xe9.jpg | its name is not UTF-8; rename it" in listed
    assert len(training_pipeline.photos("sub_data")) == 6


def test_photos_are_labelled_again_when_their_folder_is_renamed(
    training_pipeline: TrainingPipeline, closet: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("OOTT_SUB_PHOTOS", str(closet / "dress"))
    assert failures(training_pipeline.run("sub_data")) == []
    (closet / "dress").rename(closet / "coat")
    monkeypatch.setenv("OOTT_SUB_PHOTOS", str(closet / "coat"))
    assert failures(training_pipeline.run("sub_data")) == []

    labels = [label for photo in training_pipeline.photos("sub_data") for label in photo.labels]
    assert {label.garment for label in labels} == {"coat"}


def test_a_teacher_with_another_confidence_threshold_labels_again(
    training_pipeline: TrainingPipeline, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    draw_photos(tmp_path / "looks", 1, "train")
    monkeypatch.setenv("OOTT_SUB_PHOTOS", str(tmp_path / "looks"))
    monkeypatch.setenv("OOTT_LABELLER", "teacher")
    monkeypatch.setenv("OOTT_STARTER_DETECTOR", str(SMALL_STARTER))
    monkeypatch.setenv("OOTT_MIN_CONFIDENCE", "0.999")
    assert failures(training_pipeline.run("sub_data")) == []
    assert training_pipeline.photos("sub_data") == []

    monkeypatch.setenv("OOTT_MIN_CONFIDENCE", "0.25")
    assert failures(training_pipeline.run("sub_data")) == []

    [photo] = training_pipeline.photos("sub_data")
    assert photo.labels


def test_the_error_names_the_missing_engine_of_a_teacher(
    training_pipeline: TrainingPipeline, closet: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("OOTT_LABELLER", "teacher")
    monkeypatch.setenv("OOTT_STARTER_DETECTOR", str(SMALL_STARTER))
    monkeypatch.setenv("OOTT_ENGINE", "deepsparse")
    monkeypatch.setitem(sys.modules, "deepsparse", None)

    [message] = failures(training_pipeline.run("sub_data"))

    assert "DeepSparse is not installed here" in message
    assert closet


@pytest.fixture
def street(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> list[LabelledPhoto]:
    """Drawn street photos beside a closet, the tags of which a test writes to ``tags.tsv``."""
    monkeypatch.setenv("OOTT_SUB_PHOTOS", f"{tmp_path}/closet:{tmp_path}/street")
    monkeypatch.setenv("OOTT_PHOTO_TAGS", str(tmp_path / "tags.tsv"))
    monkeypatch.setenv("OOTT_STARTER_DETECTOR", str(SMALL_STARTER))
    monkeypatch.setenv("OOTT_HELD_OUT_SHARE", "0")
    write_catalogue(tmp_path / "closet", ("tee_shirt",), each=1)
    return draw_photos(tmp_path / "street", 3, "train")


def write_tags(folder: Path, *rows: str) -> None:
    (folder / "tags.tsv").write_text("".join(f"{row}\n" for row in rows))


def worn_in(photo: LabelledPhoto) -> set[str]:
    return {label.garment for label in photo.labels}


def test_each_photo_is_labelled_by_the_first_labeller_that_can_label_it(
    training_pipeline: TrainingPipeline, street: list[LabelledPhoto], tmp_path: Path
) -> None:
    worn = worn_in(street[0])
    write_tags(tmp_path, f"00000.jpg\t{','.join(worn)}", "0.jpg\tcoat")

    run = training_pipeline.run("sub_data")

    assert failures(run) == []
    tee, look = training_pipeline.photos("sub_data")
    assert [(label.garment, label.origin) for label in tee.labels] == [("tee shirt", "catalogue")]
    assert worn_in(look) == worn
    assert {label.origin for label in look.labels} == {"tags"}
    skipped = str(metadata_of(run, "sub_data")["skipped_photos"])
    assert "00001.jpg" in skipped
    assert "is not named after a garment" in skipped
    assert "has no tags in OOTT_PHOTO_TAGS" in skipped


def test_a_tagged_photo_needs_a_label_of_each_garment_that_it_shows(
    training_pipeline: TrainingPipeline, street: list[LabelledPhoto], tmp_path: Path
) -> None:
    unseen = next(garment for garment in GARMENT_NAMES if garment not in worn_in(street[1]))
    first, second = (",".join(worn_in(photo)) for photo in street[:2])
    write_tags(
        tmp_path,
        f"00000.jpg\t{first}\tjacket",
        f"00001.jpg\t{second},{unseen}",
        "00002.jpg\tno_garment",
    )

    assert failures(training_pipeline.run("sub_data")) == []

    kept = {photo.file.name: photo.labels for photo in training_pipeline.photos("sub_data")}
    assert kept.keys() == {"0.jpg", "00002.jpg"}
    assert kept["00002.jpg"] == ()


def test_a_photo_with_new_tags_is_labelled_again(
    training_pipeline: TrainingPipeline,
    street: list[LabelledPhoto],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("OOTT_LABELLER", "tags")
    worn = sorted(worn_in(street[0]))
    for tags in (worn[:1], worn):
        write_tags(tmp_path, f"00000.jpg\t{','.join(tags)}")
        assert failures(training_pipeline.run("sub_data")) == []

        [photo] = training_pipeline.photos("sub_data")
        assert worn_in(photo) == set(tags)


def test_a_copy_of_a_held_out_photo_is_not_trained_on(
    training_pipeline: TrainingPipeline,
    street: list[LabelledPhoto],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("OOTT_HELD_OUT_SHARE", "0.99")
    shutil.copy(tmp_path / "closet/tee_shirt/0.jpg", tmp_path / "street/copy.jpg")
    write_tags(tmp_path, "copy.jpg\ttee shirt", f"00000.jpg\t{','.join(worn_in(street[0]))}")

    assert failures(training_pipeline.run("sub_data")) == []

    found = {photo.file.name: photo.split for photo in training_pipeline.photos("sub_data")}
    assert found == {"0.jpg": "valid", "00000.jpg": "train"}


def test_tags_without_a_file_of_tags_are_an_error(
    training_pipeline: TrainingPipeline, closet: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("OOTT_LABELLER", "tags")

    [message] = failures(training_pipeline.run("sub_data"))

    assert message.startswith("OOTT_LABELLER is tags, but OOTT_PHOTO_TAGS is not set")
    assert closet


@pytest.mark.parametrize(
    ("teacher", "complaint"),
    [("/no/such.pt", "which cannot be read (No such file"), ("README.md", "which is not a comp")],
)
def test_a_teacher_that_is_not_a_weight_file_names_the_setting(
    training_pipeline: TrainingPipeline,
    closet: Path,
    monkeypatch: pytest.MonkeyPatch,
    teacher: str,
    complaint: str,
) -> None:
    monkeypatch.setenv("OOTT_LABELLER", "teacher")
    monkeypatch.setenv("OOTT_TEACHER", teacher)

    [message] = failures(training_pipeline.run("sub_data"))

    assert message.startswith(f"OOTT_TEACHER is {teacher}, {complaint}")
    assert closet


def test_a_folder_without_photos_is_an_error(
    training_pipeline: TrainingPipeline, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "empty").mkdir()
    monkeypatch.setenv("OOTT_SUB_PHOTOS", str(tmp_path / "empty"))

    [message] = failures(training_pipeline.run("sub_data"))

    assert "has no photos; OOTT_SUB_PHOTOS names" in message


def test_a_labeller_without_weights_says_how_to_download_them(
    training_pipeline: TrainingPipeline, closet: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("OOTT_LABELLER", "grounding_dino")
    monkeypatch.setenv("OOTT_LABEL_ON_CPU", "true")

    [message] = failures(training_pipeline.run("sub_data"))

    assert "python -m oott_assets.training.labellers.weight_downloads grounding_dino" in message
    assert closet


def test_without_sub_photos_merged_data_is_main_data(
    training_pipeline: TrainingPipeline, main_data: Path
) -> None:
    run = training_pipeline.run("main_data", "sub_data", "merged_data")

    assert failures(run) == []
    assert training_pipeline.photos("merged_data") == training_pipeline.photos("main_data")
    assert main_data


def test_a_pseudo_labelled_copy_of_a_validation_photo_is_not_trained_on(
    training_pipeline: TrainingPipeline, main_data: Path, closet: Path
) -> None:
    shutil.copy(main_data / "valid/images/00000.jpg", closet / "dress/leak.jpg")

    run = training_pipeline.run(
        "main_data", "sub_data", "merged_data", "merged_data_no_validation_photo_is_trained_on"
    )

    assert failures(run) == []
    assert "leak.jpg" not in {photo.file.name for photo in training_pipeline.photos("merged_data")}


def test_a_closet_photo_that_main_data_trains_on_is_not_measured_on(
    training_pipeline: TrainingPipeline,
    main_data: Path,
    closet: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("OOTT_HELD_OUT_SHARE", "0.99")
    shutil.copy(main_data / "train/images/00000.jpg", closet / "dress/trained-on.jpg")

    run = training_pipeline.run(
        "main_data", "sub_data", "merged_data", "merged_data_no_validation_photo_is_trained_on"
    )

    assert failures(run) == []
    assert metadata_of(run, "merged_data")["closet_photos_also_in_main_data"] == 1
    held_out = {photo.file.name for photo in training_pipeline.photos("sub_data")}
    closet_photos = {photo.file.name for photo in training_pipeline.store.closet()}
    assert held_out - closet_photos == {"trained-on.jpg"}
    [check] = run.get_asset_check_evaluations()
    assert check.passed


def test_a_photo_missing_when_merged_data_is_made_is_named(
    training_pipeline: TrainingPipeline, main_data: Path, closet: Path
) -> None:
    assert failures(training_pipeline.run("main_data", "sub_data")) == []
    (closet / "dress/0.jpg").unlink()

    [message] = failures(training_pipeline.run("merged_data"))

    assert message.startswith(f"{closet}/dress/0.jpg cannot be read (No such file or directory)")
    assert main_data


@pytest.mark.parametrize(
    ("asset", "missing"),
    [
        ("merged_data", "main_data"),
        ("main_weights", "main_data"),
        ("champion", "main_data"),
        ("garment_onnx", "champion"),
    ],
)
def test_an_asset_run_too_early_names_the_asset_to_materialise_first(
    training_pipeline: TrainingPipeline, asset: str, missing: str
) -> None:
    [message] = failures(training_pipeline.run(asset))

    assert message.startswith(f"{missing} was never materialised")


def test_the_versions_of_merged_data_are_stored_under_their_released_keys(
    training_pipeline: TrainingPipeline, main_data: Path
) -> None:
    assert failures(training_pipeline.run("main_data", "sub_data", "merged_data")) == []

    stored = json.loads(training_pipeline.store.blobs.read(MERGED_DATA_VERSIONS))
    photos = training_pipeline.photos("main_data")
    assert stored == {
        "merged_data": version_of(photos),
        "yardstick": ValidationPhotos(photos, []).version,
    }
    assert main_data
