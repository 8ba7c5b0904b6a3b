"""Wrong settings of alarms are rejected when Dagster loads the definitions."""

import pytest

from oott_assets.alarms.settings import AlarmSettings
from oott_assets.definitions import SHOW_PEOPLE, defs
from oott_fashion.settings import BadSetting, read_settings

pytestmark = pytest.mark.usefixtures("nothing_is_set")


@pytest.mark.parametrize(
    ("settings", "problem"),
    [
        ({"ALARM_WEBHOOK": "ftp://host/secret"}, "ALARM_WEBHOOK: is not a URL that begins with"),
        ({"UI_URL": "localhost:3000"}, "OOTT_UI_URL: 'localhost:3000' is not a URL"),
        ({"ALARM_MAIL_TO": "a@example.org"}, "needs OOTT_ALARM_MAIL_FROM and OOTT_MAIL_SERVER"),
        ({"MAIL_PASSWORD": "secret"}, "OOTT_MAIL_PASSWORD needs OOTT_MAIL_USER"),
        (
            {"MAIL_PASSWORD": "secret", "MAIL_USER": "oott", "MAIL_ENCRYPTION": "none"},
            "OOTT_MAIL_ENCRYPTION=none would send OOTT_MAIL_PASSWORD readably",
        ),
        ({"ASSET_OWNER": "somebody"}, "OOTT_ASSET_OWNER: "),
    ],
)
def test_a_wrong_setting_is_explained_without_its_secret(
    settings: dict[str, str], problem: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, value in settings.items():
        monkeypatch.setenv(f"OOTT_{name}", value)

    with pytest.raises(BadSetting) as error:
        read_settings(AlarmSettings)

    assert problem in str(error.value)
    assert "secret" not in str(error.value)


def test_every_asset_has_an_owner_and_those_that_show_people_a_tag() -> None:
    specs = {spec.key: spec for spec in defs.resolve_all_asset_specs()}

    assert {tuple(spec.owners) for spec in specs.values()} == {("team:oott",)}
    assert {key for key, spec in specs.items() if "shows_people" in spec.tags} == SHOW_PEOPLE
