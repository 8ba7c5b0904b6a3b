"""Measures where the CPU time of a request goes: each stage by itself, in one process."""

import time
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import contextmanager

from benchmarks.serving.rivals import STARTER, side
from oott_fashion.garments import GARMENTS
from oott_fashion.vision.detector import Detector
from oott_fashion.vision.engines import open_engine
from oott_fashion.vision.letterbox import letterbox, to_photo_pixels
from oott_fashion.vision.photos import MAX_PIXELS
from oott_fashion.vision.reduced_photos import (
    SIDES_OF_INPUT,
    DecodingMemory,
    read_reduced_photo,
)
from oott_fashion.vision.yolov8_output import decode, non_max_suppression
from oott_serving.api.api_models import CameraRequest
from oott_serving.detection.sent_photos import decode_base64

_WARM_UP = 20


def stage_milliseconds(bodies: Sequence[bytes]) -> dict[str, float]:
    """Give the mean CPU time of each stage of the service, for the ``bodies`` of requests."""
    engine = open_engine(STARTER / "detector.onnx", "deepsparse", cores=1)
    detector, memory = Detector(engine, side()), DecodingMemory(MAX_PIXELS)
    for body in bodies[:_WARM_UP]:
        _answer(body, detector, memory, Counter())
    spent: Counter[str] = Counter()
    for body in bodies:
        _answer(body, detector, memory, spent)
    return {stage: 1000 * seconds / len(bodies) for stage, seconds in spent.items()}


def _answer(body: bytes, detector: Detector, memory: DecodingMemory, spent: "Counter[str]") -> None:
    with _measured("JSON", spent):
        text = CameraRequest.of_json(body).base64_image
    with _measured("base64", spent):
        content = decode_base64(text)
    with _measured("JPEG", spent):
        pixels = read_reduced_photo(content, SIDES_OF_INPUT * detector.image_side, memory).pixels
    with _measured("letterbox", spent):
        model_input, placement = letterbox(pixels, detector.image_side)
    with _measured("engine", spent):
        head = detector.engine.head_of(model_input[None])
    with _measured("boxes of the output", spent):
        found = decode(head, len(GARMENTS), detector.thresholds.confidence)
        found = non_max_suppression(found, detector.thresholds.iou)
        found = found._replace(boxes=to_photo_pixels(found.boxes, placement))
    with _measured("colours and names", spent):
        detector.coloured(found, pixels)


@contextmanager
def _measured(stage: str, spent: "Counter[str]") -> Iterator[None]:
    began = time.process_time()
    yield
    spent[stage] += time.process_time() - began  # type: ignore[assignment] # it counts seconds
