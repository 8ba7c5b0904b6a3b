"""The service's modules can be imported with settings that cannot be used."""

import subprocess
import sys
from pathlib import Path

import pytest

from oott_serving.start_up import StartUp
from tests.oott_serving.servers import REPOSITORY, environment


@pytest.mark.usefixtures("nothing_is_set")
def test_the_default_settings_stand_in_for_unusable_ones_until_the_start(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("OOTT_WORKERS", "many")

    start_up = StartUp.read()

    assert start_up.settings.workers is None
    with pytest.raises(SystemExit, match=r"^the service cannot start: OOTT_WORKERS: "):
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
