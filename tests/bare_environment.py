"""An environment without settings, for the tests that read them."""

import os
from pathlib import Path

import pytest


@pytest.fixture
def nothing_is_set(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Work in an empty folder, without the settings of the person who runs the tests."""
    monkeypatch.chdir(tmp_path)
    for name in [name for name in os.environ if name.upper().startswith("OOTT_")]:
        monkeypatch.delenv(name)
