"""A running closet service, shared by the test modules.

It has the starter detector with a small input, which takes a sixth of the time for a photo, and
estimates of trends.
"""

from collections.abc import Iterator

import httpx
import pytest

from oott_fashion.stores.detector_card import read_card
from oott_fashion.vision.detector import Detector
from oott_fashion.vision.engines import open_engine
from tests.oott_serving.estimates import write_estimates
from tests.oott_serving.servers import Server, serving
from tests.starters import SMALL_STARTER


@pytest.fixture(scope="session")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    folder = tmp_path_factory.mktemp("service")
    # Before the start, because the service caches its answers for a minute.
    write_estimates(f"sqlite:///{folder / 'home' / 'trends.sqlite'}")
    # The photo source is a setting of the pipeline, and unusable; the service does not read it.
    with serving(folder, starter_detector=SMALL_STARTER, photo_source="graph_api") as server:
        yield server


@pytest.fixture(scope="session")
def client(server: Server) -> Iterator[httpx.Client]:
    with server.client() as client:
        yield client


@pytest.fixture(scope="session")
def detector() -> Detector:
    """Open the service's detector in this process, to compare the answers."""
    side = read_card(SMALL_STARTER / "card.json").image_side
    return Detector(open_engine(SMALL_STARTER / "detector.onnx", "onnxruntime"), side)
