"""Merges the two shoes of one person into one garment: detectors find each shoe separately."""

from collections.abc import Sequence

from oott_fashion.vision.detections import Detection

# Two shoes belong to one person if they are at most this many lengths of the longer shoe apart.
_MAX_STRIDE = 3.0

# Two boxes with a higher IoU are one shoe for which the detector found two classes, for instance
# sneakers and dress shoes.
_SAME_SHOE_IOU = 0.5


def merge_shoe_pairs(detections: Sequence[Detection]) -> list[Detection]:
    """Keep only the more confident shoe of each person, and all other garments, in order.

    Detectors are trained with one box per shoe, and may find two classes for the shoes of one
    person. A person wears one kind of shoe.
    """
    by_confidence = sorted(_shoes(detections), key=lambda shoe: -shoe.confidence)
    shoes: list[Detection] = []
    for shoe in by_confidence:
        if not any(shoe.box.iou(other.box) > _SAME_SHOE_IOU for other in shoes):
            shoes.append(shoe)
    pairs = _one_of_each_pair(shoes)
    return [
        detection
        for detection in detections
        if detection.category != "shoes" or _is_in(detection, pairs)
    ]


def _shoes(detections: Sequence[Detection]) -> list[Detection]:
    return [detection for detection in detections if detection.category == "shoes"]


def _one_of_each_pair(shoes: list[Detection]) -> list[Detection]:
    """Keep the most confident shoe, drop the nearest one within a stride, and repeat."""
    pairs: list[Detection] = []
    while shoes:
        shoe, *shoes = shoes
        pairs.append(shoe)
        near = [other for other in shoes if _within_a_stride(shoe, other)]
        if near:
            shoes.remove(min(near, key=lambda other: _distance(shoe, other)))
    return pairs


def _is_in(detection: Detection, group: Sequence[Detection]) -> bool:
    # Compared by identity, because two equal detections are still two shoes.
    return any(detection is member for member in group)


def _within_a_stride(one: Detection, other: Detection) -> bool:
    longest = max(one.box.width, one.box.height, other.box.width, other.box.height)
    return _distance(one, other) <= _MAX_STRIDE * longest


def _distance(one: Detection, other: Detection) -> float:
    across = (one.box.x_min + one.box.x_max - other.box.x_min - other.box.x_max) / 2
    down = (one.box.y_min + one.box.y_max - other.box.y_min - other.box.y_max) / 2
    return float((across**2 + down**2) ** 0.5)
