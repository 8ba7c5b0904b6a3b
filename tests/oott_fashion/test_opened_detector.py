from pathlib import Path

import pytest

from oott_fashion.opened_detector import DetectorOptions, open_detector
from oott_fashion.settings import SharedSettings
from oott_fashion.stores.model_store import ModelStore
from tests.oott_serving.detectors import RED_SPOT, publish

pytestmark = pytest.mark.usefixtures("nothing_is_set")


@pytest.mark.parametrize(("min_confidence", "garments"), [(0.25, ["coat"]), (0.95, [])])
def test_a_detector_is_opened_with_the_settings(
    min_confidence: float, garments: list[str], tmp_path: Path
) -> None:
    published = publish(ModelStore(tmp_path / "models"), tmp_path, "coat")
    settings = SharedSettings(engine="onnxruntime", min_confidence=min_confidence)

    opened = open_detector(published, DetectorOptions.of(settings))

    assert opened.version == published.version
    assert opened.detector.engine.name == "onnxruntime"
    assert [seen.garment for seen in opened.detector.garments(RED_SPOT)] == garments
