import tracemalloc
from types import ModuleType

import numpy as np
import pytest
from numpy.typing import NDArray

from oott_fashion.vision.yolov8_output import (
    MAX_BOXES,
    MAX_CANDIDATES,
    RawDetections,
    decode,
    non_max_suppression,
)

Head = NDArray[np.float32]


def head_of(*anchors: list[float]) -> Head:
    """Make a raw output from anchors: centre x, centre y, width, height, class confidences."""
    return np.array(anchors, dtype=np.float32).T[None]


def detections(*rows: tuple[float, float, float, float, float, int]) -> RawDetections:
    """Make detections from rows: x_min, y_min, x_max, y_max, confidence, class id."""
    table = np.array(rows, dtype=np.float32).reshape(-1, 6)
    return RawDetections(table[:, :4], table[:, 4], table[:, 5].astype(np.intp))


def kept_confidences(found: RawDetections, iou_threshold: float = 0.7) -> list[float]:
    return [
        round(float(confidence), 4)
        for confidence in non_max_suppression(found, iou_threshold).confidences
    ]


def test_a_box_is_decoded_once_for_each_confident_class() -> None:
    found = decode(head_of([50, 40, 20, 10, 0.1, 0.8, 0.3]), classes=3, min_confidence=0.25)

    assert found.boxes.tolist() == [[40, 35, 60, 45], [40, 35, 60, 45]]
    assert found.confidences.tolist() == pytest.approx([0.8, 0.3])
    assert found.class_ids.tolist() == [1, 2]


def test_a_box_exactly_at_the_confidence_threshold_is_dropped() -> None:
    # 0.25 and 0.5 are exact in binary.
    head = head_of([1, 1, 2, 2, 0.25], [3, 3, 2, 2, 0.5], [5, 5, 2, 2, 0.125])

    found = decode(head, classes=1, min_confidence=0.25)

    assert found.confidences.tolist() == [0.5]


def test_a_head_without_confident_boxes_has_no_detections() -> None:
    for head in (np.zeros((1, 5, 0), dtype=np.float32), head_of([1, 1, 2, 2, 0.1])):
        found = non_max_suppression(decode(head, classes=1, min_confidence=0.25), 0.7)

        assert found.boxes.shape == (0, 4)
        assert len(found.confidences) == len(found.class_ids) == 0


@pytest.mark.parametrize("shape", [(1, 84, 2100), (2, 28, 2100), (28, 2100), (1, 2100, 28)])
def test_the_error_for_another_head_names_its_shape(shape: tuple[int, ...]) -> None:
    with pytest.raises(ValueError, match=r"head of shape \(1, 28, anchors\), found") as error:
        decode(np.zeros(shape, dtype=np.float32), classes=24, min_confidence=0.25)

    assert f"found {shape}; the detector was not trained on these 24" in str(error.value)


def test_no_boxes_are_suppressed_to_no_boxes() -> None:
    assert kept_confidences(detections()) == []


def test_a_single_box_is_kept() -> None:
    assert kept_confidences(detections((0, 0, 10, 10, 0.5, 0))) == [0.5]


def test_the_most_confident_of_overlapping_boxes_is_kept() -> None:
    found = detections((0, 0, 10, 10, 0.6, 0), (0, 0, 10, 9, 0.9, 0), (0, 1, 10, 10, 0.3, 0))

    assert kept_confidences(found) == [0.9]


def test_the_most_confident_box_comes_first() -> None:
    found = detections((0, 0, 5, 5, 0.3, 0), (20, 0, 25, 5, 0.9, 1), (40, 0, 45, 5, 0.6, 2))

    kept = non_max_suppression(found, 0.7)

    assert kept.confidences.tolist() == pytest.approx([0.9, 0.6, 0.3])
    assert kept.class_ids.tolist() == [1, 2, 0]
    assert kept.boxes[:, 0].tolist() == [20, 40, 0]


def test_boxes_of_two_classes_in_one_place_are_both_kept() -> None:
    assert kept_confidences(detections((0, 0, 10, 10, 0.9, 0), (0, 0, 10, 10, 0.8, 1))) == [
        0.9,
        0.8,
    ]


# A box of 10 x 10 and its lower half share 50 of 100 square pixels: an IoU of exactly 0.5.
@pytest.mark.parametrize(("threshold", "kept"), [(0.5, 2), (0.499, 1)])
def test_boxes_exactly_at_the_iou_threshold_are_both_kept(threshold: float, kept: int) -> None:
    found = detections((0, 0, 10, 10, 0.9, 0), (0, 5, 10, 10, 0.8, 0))

    assert len(kept_confidences(found, threshold)) == kept


def test_on_a_tie_the_first_of_overlapping_boxes_is_kept() -> None:
    found = detections((0, 0, 10, 10, 0.9, 0), (0, 0, 10, 9, 0.9, 0))

    assert non_max_suppression(found, 0.7).boxes.tolist() == [[0, 0, 10, 10]]


def test_equally_confident_boxes_keep_the_order_of_the_head() -> None:
    apart = [(20.0 * i, 0.0, 20.0 * i + 10, 10.0, 0.5 + (i % 2) / 4, 0) for i in range(200)]

    lefts = non_max_suppression(detections(*apart), 0.7).boxes[:, 0].tolist()

    assert lefts == [20.0 * i for i in (*range(1, 200, 2), *range(0, 200, 2))]


def test_a_suppressed_box_does_not_suppress_others() -> None:
    # Neighbouring boxes have an IoU of 0.6, the first and the last one of 0.33.
    found = detections((0, 0, 8, 1, 0.9, 0), (2, 0, 10, 1, 0.8, 0), (4, 0, 12, 1, 0.7, 0))

    assert kept_confidences(found, 0.5) == [0.9, 0.7]


def test_boxes_without_area_do_not_suppress_each_other() -> None:
    assert kept_confidences(detections((5, 5, 5, 5, 0.9, 0), (5, 5, 5, 5, 0.8, 0))) == [0.9, 0.8]


@pytest.mark.parametrize(("boxes", "kept"), [(299, 299), (300, 300), (301, 300)])
def test_only_the_300_most_confident_boxes_are_kept(boxes: int, kept: int) -> None:
    apart = [(20.0 * i, 0.0, 20.0 * i + 10, 10.0, 0.3 + i / 1000, 0) for i in range(boxes)]

    confidences = kept_confidences(detections(*apart))

    assert len(confidences) == kept
    assert confidences[0] == pytest.approx(0.3 + (boxes - 1) / 1000, abs=1e-4)
    # Source: max_det of ultralytics.utils.nms.non_max_suppression.
    assert MAX_BOXES == 300


def test_suppressed_boxes_do_not_count_towards_the_300() -> None:
    twice = [(20.0 * (i // 2), 0.0, 20.0 * (i // 2) + 10, 10.0, 0.9, 0) for i in range(600)]

    assert len(kept_confidences(detections(*twice))) == 300


def test_non_max_suppression_agrees_with_ultralytics(ultralytics: ModuleType) -> None:
    import torch
    from ultralytics.utils import nms

    assert ultralytics
    rng = np.random.default_rng(9)
    for min_confidence, iou_threshold in ((0.25, 0.7), (0.25, 0.45), (0.6, 0.7), (0.01, 0.2)):
        for anchors in (1, 40, 500):
            head = _crowded_head(rng, anchors)

            found = non_max_suppression(decode(head, 24, min_confidence), iou_threshold)

            (expected,) = nms.non_max_suppression(
                torch.from_numpy(head.copy()),
                min_confidence,
                iou_threshold,
                multi_label=True,
                max_det=MAX_BOXES,
                max_nms=MAX_CANDIDATES,
            )
            rows = np.column_stack([found.boxes, found.confidences, found.class_ids])
            assert rows == pytest.approx(expected.numpy(), abs=1e-3)


def test_thousands_of_confident_boxes_need_little_memory() -> None:
    # As many boxes as a 640-pixel detector has, with a confidence threshold near 0. That makes
    # 190,000 boxes of one class each.
    head = _crowded_head(np.random.default_rng(3), 8_400)
    tracemalloc.start()

    found = decode(head, 24, 0.01)
    kept = non_max_suppression(found, 0.9)

    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert len(found.confidences) == MAX_CANDIDATES
    assert found.confidences.min() > 0.6
    assert len(kept.confidences) == MAX_BOXES
    assert peak < 10 * 2**20


def _crowded_head(rng: np.random.Generator, anchors: int) -> Head:
    """Make many overlapping boxes of 24 classes; the boxes are confident of three classes."""
    spots = rng.uniform(60, 260, (6, 4))
    boxes = spots[rng.integers(0, 6, anchors)] + rng.normal(0, 6, (anchors, 4))
    boxes[:, 2:] = np.abs(boxes[:, 2:]) / 2 + 1
    confidences = rng.uniform(0, 0.2, (anchors, 24))
    confidences[np.arange(anchors), rng.integers(0, 3, anchors)] = rng.uniform(0, 1, anchors)
    return np.array(np.concatenate([boxes, confidences], axis=1).T[None], dtype=np.float32)
