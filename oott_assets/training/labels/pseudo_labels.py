"""Filters the labels of a labeller: confident ones, one label per garment, complete ones."""

from collections.abc import Collection, Mapping, Sequence
from typing import NamedTuple

from oott_assets.training.labels.labelled_photos import Label
from oott_fashion.garments import category_of

# If two boxes of one category have a higher IoU than this, they show one garment under two names.
# Nobody wears a shirt and a sweater in exactly the same place. The boxes of a pair of shoes have a
# lower IoU.
_SAME_GARMENT_IOU = 0.7


class LabelThresholds(NamedTuple):
    """The minimum confidence of labels, 0..1: a default, and exceptions for some garments."""

    default: float
    by_garment: Mapping[str, float]

    def of(self, garment: str) -> float:
        return self.by_garment.get(garment, self.default)


def confident_labels(labels: Sequence[Label], thresholds: LabelThresholds) -> tuple[Label, ...]:
    """Keep the labels at or above their threshold, most confident first, one per garment.

    If several labels mean one garment, the most confident of them is kept.
    """
    confident = [label for label in labels if label.confidence >= thresholds.of(label.garment)]
    kept: list[Label] = []
    for label in sorted(confident, key=lambda label: -label.confidence):
        if not any(_same_garment(label, other) for other in kept):
            kept.append(label)
    return tuple(kept)


def complete_labels(
    labels: Sequence[Label], garments: Collection[str], thresholds: LabelThresholds
) -> tuple[Label, ...] | None:
    """Keep ``labels`` if each of ``garments`` has one at or above its threshold.

    Returns:
        The labels, most confident first; None if a garment has no such label. A detector that is
        trained on a photo learns that it shows no other garments than its labels.
    """
    seen = {label.garment for label in labels if label.confidence >= thresholds.of(label.garment)}
    if not seen.issuperset(garments):
        return None
    return tuple(sorted(labels, key=lambda label: -label.confidence))


def _same_garment(one: Label, other: Label) -> bool:
    return (
        category_of(one.garment) == category_of(other.garment)
        and one.box.iou(other.box) > _SAME_GARMENT_IOU
    )
