from pathlib import Path

import pytest

from oott_assets.training.settings import TrainingSettings
from oott_fashion.settings import BadSetting, read_settings

pytestmark = pytest.mark.usefixtures("nothing_is_set")


def test_by_default_training_is_in_the_home_folder() -> None:
    settings = read_settings(TrainingSettings)

    assert settings.training_root == Path(".oott/training")
    assert settings.labeller_weights_root == Path(".oott/labellers")


@pytest.mark.parametrize("name", ["photo_tags", "starting_weights"])
def test_a_path_can_start_with_a_tilde(
    name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HOME", "/home/ann")
    (tmp_path / ".env").write_text(f"OOTT_{name.upper()}=~/labelled\n")

    assert str(getattr(read_settings(TrainingSettings), name)) == "/home/ann/labelled"


@pytest.mark.parametrize("name", ["main_data", "sub_photos"])
def test_several_folders_are_separated_by_colons(
    name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HOME", "/home/ann")
    (tmp_path / ".env").write_text(f"OOTT_{name.upper()}=~/labelled:/mnt/옷장 2026::exports\n")

    folders = getattr(read_settings(TrainingSettings), name)

    assert folders == (Path("/home/ann/labelled"), Path("/mnt/옷장 2026"), Path("exports"))


@pytest.mark.parametrize(
    ("value", "labellers"),
    [
        ("", ("catalogue", "tags")),
        ("teacher", ("teacher",)),
        ("tags, catalogue,", ("tags", "catalogue")),
    ],
)
def test_several_labellers_are_separated_by_commas(
    value: str, labellers: tuple[str, ...], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("OOTT_LABELLER", value)

    assert read_settings(TrainingSettings).labeller == labellers


@pytest.mark.parametrize(
    ("photos", "labellers", "tags", "used"),
    [
        ("street", "catalogue,tags", "tags.tsv", True),
        ("street", "catalogue,tags", "", False),
        ("street", "catalogue,teacher", "", True),
        ("", "catalogue,teacher", "", False),
        ("street", "catalogue", "tags.tsv", False),
    ],
)
def test_a_teacher_is_used_if_there_are_photos_that_it_can_label(
    photos: str, labellers: str, tags: str, used: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("OOTT_SUB_PHOTOS", photos)
    monkeypatch.setenv("OOTT_LABELLER", labellers)
    monkeypatch.setenv("OOTT_PHOTO_TAGS", tags)

    assert read_settings(TrainingSettings).uses_a_teacher is used


@pytest.mark.parametrize(
    ("name", "value", "complaint"),
    [
        ("LABEL_THRESHOLDS", "tank top", "is not JSON; docs/settings.md has an example"),
        ("LABEL_THRESHOLDS", '{"dress": 2}', "dress has 2.0; expected a confidence of 0..1"),
        ("LABEL_THRESHOLDS", '{"tags": -1}', "tags has -1.0; expected a confidence of 0..1"),
        (
            "LABELLER",
            "catalogue,tag",
            "Input should be 'catalogue', 'tags', 'teacher', 'grounding_dino' or 'grounded_sam'",
        ),
        ("TRAIN_DEVICE", "gpu", "'gpu' is not a device; expected cpu, cuda, or cuda:1"),
        ("HELD_OUT_SHARE", "1", "Input should be less than 1"),
    ],
)
def test_an_unusable_setting_is_named_with_what_is_wrong(
    name: str, value: str, complaint: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(f"OOTT_{name}", value)

    with pytest.raises(BadSetting) as rejected:
        read_settings(TrainingSettings)

    assert str(rejected.value) == f"OOTT_{name}: {complaint}"
