"""The measured errors of detectors, and which garments a detector does not tell apart.

Shares are not corrected by these errors, because errors on other photos are not those at the place
(decision 23).
"""

from collections.abc import Mapping, Sequence
from typing import NamedTuple

import numpy as np

from oott_assets.trends.statistics.item_codes import Booleans, Items
from oott_fashion.garments import GARMENT_NAMES
from oott_fashion.stores.detector_card import DetectorCard
from oott_fashion.stores.trend_schema import ANY

# If fewer than 3 of 10 found garments are right, or 3 of 10 worn ones are found, most of what is
# counted under the name is something else, and a change is more likely a change of that.
MIN_PRECISION = MIN_RECALL = 0.3

# With fewer validation boxes, precision and recall are not known. Ten boxes of a garment with a
# recall of 0.5 give a recall below 0.3 in 5 % of cases, and five give one in 19 %.
MIN_BOXES = 10


class GarmentErrors(NamedTuple):
    """The precision and recall of a garment as served, 0..1; None if they are not known."""

    precision: float | None
    recall: float | None


NOT_MEASURED = GarmentErrors(None, None)

DetectorErrors = Mapping[str, GarmentErrors]
"""The errors of a detector by garment. A garment that was not measured is missing."""


def errors_on_card(card: DetectorCard) -> dict[str, GarmentErrors]:
    """Read the errors on validation photos of the street from the card of a detector."""
    boxes, recall, precision = (
        card.metrics.get(f"{metric} by garment", {}) for metric in ("boxes", "recall", "precision")
    )
    return {
        # A garment that was never found has no precision.
        garment: GarmentErrors(precision.get(garment), recall.get(garment))
        for garment, count in boxes.items()
        if count >= MIN_BOXES
    }


def errors_of_newest(
    versions: Sequence[Sequence[str]], errors: Mapping[str, DetectorErrors]
) -> list[DetectorErrors]:
    """Give for each place the errors of the newest of its detectors."""
    # Versions begin with their time, so the newest one is last.
    return [errors.get(names[-1], {}) if names else {} for names in versions]


def cannot_tell(errors: GarmentErrors) -> bool:
    """Tell whether the measured precision or recall is under the bound."""
    precision, recall = errors
    return (precision is not None and precision < MIN_PRECISION) or (
        recall is not None and recall < MIN_RECALL
    )


def not_told_apart(items: Items, errors: DetectorErrors) -> Booleans:
    """Tell which items have a garment that the detector cannot tell; shape (items,)."""
    unknown = {name for name in GARMENT_NAMES if cannot_tell(errors.get(name, NOT_MEASURED))}
    names = (set(item.garment.split(",")) for item in items.names)
    return np.array([not unknown.isdisjoint(worn) for worn in names], dtype=bool)


def errors_of(items: Items, errors: DetectorErrors) -> list[GarmentErrors]:
    """Give the errors of each item's garment; colours and outfits have none."""
    garments = ("" if item.garment == ANY else item.garment for item in items.names)
    return [errors.get(garment, NOT_MEASURED) for garment in garments]
