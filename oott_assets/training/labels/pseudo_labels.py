"""What a labeller sees in a photo, made into labels worth training on."""

from collections.abc import Mapping, Sequence
from typing import NamedTuple

from oott_assets.training.labels.labelled_photos import Label
from oott_fashion.garments import category_of

# Two boxes of one category that share more than this are one garment under two names: nobody
# wears a shirt where they wear a sweater. Shoes stand apart, and one lies in a hand.
_ONE_GARMENT = 0.7


class LabelThresholds(NamedTuple):
    """Least scores of labels, 0..1: a labeller's own, and those of some garments."""

    usual: float
    by_garment: Mapping[str, float]

    def of(self, garment: str) -> float:
        return self.by_garment.get(garment, self.usual)


def worth_training_on(labels: Sequence[Label], thresholds: LabelThresholds) -> tuple[Label, ...]:
    """Keep the sure labels, surest first, and of those of one garment the surest.

    A label exactly at its garment's threshold is kept.
    """
    sure = [label for label in labels if label.confidence >= thresholds.of(label.garment)]
    kept: list[Label] = []
    for label in sorted(sure, key=lambda label: -label.confidence):
        if not any(_same_garment(label, other) for other in kept):
            kept.append(label)
    return tuple(kept)


def _same_garment(one: Label, other: Label) -> bool:
    return (
        category_of(one.garment) == category_of(other.garment)
        and one.box.iou(other.box) > _ONE_GARMENT
    )
