"""Splits photos into train and valid by content.

New or renamed photos do not change the split of other pictures.
"""

from collections.abc import Sequence

from oott_assets.training.labels.labelled_photos import Split


def splits_by_content(
    sha256s: Sequence[str], groups: Sequence[int], valid_percent: int
) -> list[Split]:
    """Assign ``valid_percent`` of the pictures to valid by their hashes, and the rest to train.

    ``groups`` has the group of each photo; photos of one group get the same split.
    """
    first: dict[int, str] = {}
    for sha256, group in zip(sha256s, groups, strict=True):
        first[group] = min(sha256, first.get(group, sha256))
    return [
        "valid" if int(first[group][:8], 16) % 100 < valid_percent else "train" for group in groups
    ]
