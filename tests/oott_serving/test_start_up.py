"""The service's modules can be imported with settings that cannot be used."""

import subprocess
import sys
from pathlib import Path

import pytest

from oott_serving.start_up import StartUp
from tests.oott_serving.servers import REPOSITORY, environment


@pytest.mark.usefixtures("nothing_is_set")
@pytest.mark.parametrize(
    ("name", "value", "message"),
    [
        ("OOTT_WORKERS", "many", "OOTT_WORKERS: "),
        ("OOTT_WORKRS", "2", ".*OOTT_WORKRS"),
        ("OOTT_DESTINATIONS_FILE", "nowhere.yaml", ".*nowhere.yaml"),
    ],
)
def test_an_unusable_setting_ends_the_start_and_not_the_import(
    monkeypatch: pytest.MonkeyPatch, name: str, value: str, message: str
) -> None:
    monkeypatch.setenv(name, value)

    start_up = StartUp.read()

    assert start_up.settings.workers is None
    with pytest.raises(SystemExit, match=f"^the service cannot start: {message}"):
        start_up.destinations()


def test_importing_the_service_does_not_end_the_process(tmp_path: Path) -> None:
    imported = subprocess.run(
        [sys.executable, "-c", "import oott_serving.service"],
        env=environment(tmp_path, workers="many") | {"PYTHONPATH": str(REPOSITORY)},
        cwd=tmp_path,
        check=False,
        timeout=60,
    )

    assert imported.returncode == 0
