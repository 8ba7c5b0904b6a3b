"""The list of setting names agrees with the settings classes."""

from docs.settings_page import own_fields
from oott_assets.alarms.settings import AlarmSettings
from oott_assets.photos.settings import PhotoSettings
from oott_assets.settings import RecordsSettings, TrendSettings
from oott_assets.training.settings import TrainingSettings
from oott_fashion.setting_names import ALL_NAMES, NAMES, RENAMED, meant_by
from oott_fashion.settings import SharedSettings
from oott_serving.settings import ServiceSettings

CLASSES: dict[str, type[SharedSettings]] = {
    "shared": SharedSettings,
    "photos": PhotoSettings,
    "trends": TrendSettings,
    "alarms": AlarmSettings,
    "records": RecordsSettings,
    "training": TrainingSettings,
    "service": ServiceSettings,
}


def test_the_names_agree_with_the_classes() -> None:
    assert {
        owner: tuple(name.upper() for name in own_fields(kind)) for owner, kind in CLASSES.items()
    } == NAMES


def test_the_new_name_of_a_renamed_setting_exists() -> None:
    assert set(RENAMED.values()) <= ALL_NAMES
    assert ALL_NAMES.isdisjoint(RENAMED)


def test_misspelt_names_are_recognised() -> None:
    assert meant_by("PHOTOFOLDER") == "PHOTOS_FOLDER"
    assert meant_by("PHOTO_STROE") == "PHOTO_STORE"
    assert meant_by("MOST_POST") == "MAX_POSTS"
