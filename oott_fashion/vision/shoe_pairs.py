"""Two shoes of one person made one garment: a detector sees feet, a person wears pairs."""

from collections.abc import Sequence

from oott_fashion.vision.detections import Detection

# A person's two shoes stand within a stride: farther apart, in lengths of the longer shoe,
# they are two people's.
_STRIDE = 3.0

# Two boxes that share half of what they cover are one foot, of which the detector cannot say
# whether it wears a sneaker or a dress shoe.
_ONE_FOOT = 0.5


def merge_shoe_pairs(detections: Sequence[Detection]) -> list[Detection]:
    """Count two shoes of one person as one garment, keeping the surer; the order stays.

    Detectors are trained on a box per foot, and disagree at times on what each foot wears; a
    person wears one kind of shoe.
    """
    surest_first = sorted(_shoes(detections), key=lambda shoe: -shoe.confidence)
    feet: list[Detection] = []
    for shoe in surest_first:
        if not any(shoe.box.iou(foot.box) > _ONE_FOOT for foot in feet):
            feet.append(shoe)
    pairs = _one_of_each_pair(feet)
    return [it for it in detections if it.category != "shoes" or _is_in(it, pairs)]


def _shoes(detections: Sequence[Detection]) -> list[Detection]:
    return [detection for detection in detections if detection.category == "shoes"]


def _one_of_each_pair(feet: list[Detection]) -> list[Detection]:
    """Take the surest foot, without the one nearest to it in a stride, and so on."""
    pairs: list[Detection] = []
    while feet:
        foot, *feet = feet
        pairs.append(foot)
        near = [other for other in feet if _within_a_stride(foot, other)]
        if near:
            feet.remove(min(near, key=lambda other: _distance(foot, other)))
    return pairs


def _is_in(detection: Detection, group: Sequence[Detection]) -> bool:
    # By identity: two equal detections are still two feet.
    return any(detection is member for member in group)


def _within_a_stride(one: Detection, other: Detection) -> bool:
    longest = max(one.box.width, one.box.height, other.box.width, other.box.height)
    return _distance(one, other) <= _STRIDE * longest


def _distance(one: Detection, other: Detection) -> float:
    across = (one.box.x_min + one.box.x_max - other.box.x_min - other.box.x_max) / 2
    down = (one.box.y_min + one.box.y_max - other.box.y_min - other.box.y_max) / 2
    return float((across**2 + down**2) ** 0.5)
