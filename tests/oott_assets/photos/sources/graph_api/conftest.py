from pathlib import Path

import pytest

from tests.oott_assets.photos.sources.graph_api.loopback_api import Sleeper


@pytest.fixture
def sleeper() -> Sleeper:
    return Sleeper()


@pytest.fixture
def ids_file(tmp_path: Path) -> Path:
    return tmp_path / "ids" / "hashtags.json"
