"""What changed between two versions of a labelled data set."""

from collections.abc import Sequence
from typing import NamedTuple

from oott_assets.training.labels.labelled_photos import LabelledPhoto, count_boxes


class DataSetChanges(NamedTuple):
    """How many photos were added, removed, labelled otherwise, and moved to the other split.

    ``boxes`` has a garment and its number of boxes before and after, for garments that changed.
    """

    added: int
    removed: int
    relabelled: int
    moved: int
    boxes: tuple[tuple[str, int, int], ...]


def changes_between(
    before: Sequence[LabelledPhoto], after: Sequence[LabelledPhoto]
) -> DataSetChanges:
    """Compare two versions; a photo is recognised by its content, not by its path."""
    old = {photo.sha256: photo for photo in before}
    new = {photo.sha256: photo for photo in after}
    both = [(old[sha256], new[sha256]) for sha256 in old.keys() & new.keys()]
    boxes_before, boxes_after = count_boxes(before), count_boxes(after)
    return DataSetChanges(
        added=len(new.keys() - old.keys()),
        removed=len(old.keys() - new.keys()),
        relabelled=sum(set(one.labels) != set(other.labels) for one, other in both),
        moved=sum(one.split != other.split for one, other in both),
        boxes=tuple(
            (garment, count, boxes_after[garment])
            for garment, count in boxes_before.items()
            if count != boxes_after[garment]
        ),
    )
