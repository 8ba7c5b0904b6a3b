"""A fixture with Ultralytics, to compare OOTT's letterbox, boxes and engines with."""

import importlib
from collections.abc import Iterator
from types import ModuleType

import pytest


@pytest.fixture(scope="session")
def ultralytics(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ModuleType]:
    """Import Ultralytics without automatic package installs and without the user's settings."""
    with pytest.MonkeyPatch.context() as environment:
        environment.setenv("YOLO_AUTOINSTALL", "false")
        environment.setenv("YOLO_OFFLINE", "true")
        environment.setenv("YOLO_CONFIG_DIR", str(tmp_path_factory.mktemp("ultralytics")))
        yield importlib.import_module("ultralytics")
