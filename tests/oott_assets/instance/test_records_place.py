"""The address of the records, and what is said about a wrong one."""

import pytest

from oott_assets.instance.records_place import records_folder, records_url
from oott_fashion.settings import BadSetting


@pytest.mark.parametrize(
    "wrong",
    ["nonsense", "postgresql://u:secret@h/d", "mysql://u:secret@h", "mysql://u:sec@ret@h/d"],
)
def test_a_wrong_address_is_rejected_without_its_password(
    wrong: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("OOTT_RECORDS_URL", wrong)

    with pytest.raises(BadSetting, match=r"^OOTT_RECORDS_URL: ") as error:
        records_url()
    assert "sec" not in str(error.value)


def test_the_home_of_dagster_must_be_set(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("DAGSTER_HOME", raising=False)

    with pytest.raises(BadSetting, match="DAGSTER_HOME is not set"):
        records_folder()
