import os
import subprocess
import sys
from pathlib import Path

import pytest

from oott_assets.photos.settings import PhotoSettings
from oott_assets.settings import TrendSettings
from oott_fashion.settings import BadSetting, read_settings

ROOT = Path(__file__).parents[2]

pytestmark = pytest.mark.usefixtures("nothing_is_set")


@pytest.mark.parametrize("month", ["2024-13", "2024-1"])
def test_a_first_month_that_is_not_a_month_is_rejected(
    month: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("OOTT_FIRST_MONTH", month)

    with pytest.raises(BadSetting, match=r"^OOTT_FIRST_MONTH: String should match pattern"):
        read_settings(TrendSettings)


def test_a_first_month_left_empty_is_not_set(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OOTT_FIRST_MONTH", "")

    assert read_settings(TrendSettings).first_month == "2024-01"


def test_a_misspelt_setting_of_the_pipeline_is_reported_once(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setenv("OOTT_MOST_PHOTO_BYTES", "1")

    read_settings(TrendSettings)
    with pytest.raises(BadSetting, match="it is now called OOTT_MAX_PHOTO_BYTES"):
        read_settings(PhotoSettings)

    assert caplog.messages == []


def test_a_command_ends_with_one_sentence_about_a_misspelt_setting() -> None:
    command = [sys.executable, "-c", "import oott_assets.partitions"]
    environment = os.environ | {"OOTT_PALETE": "default"}

    ended = subprocess.run(
        command, cwd=ROOT, env=environment, check=False, capture_output=True, text=True
    )

    assert ended.returncode == 1
    assert ended.stderr.splitlines() == [
        "Error: OOTT_PALETE is not a setting; did you mean OOTT_PALETTE? (set in the environment)"
    ]
