"""Which pictures are measured by, drawn by their content: whatever photos are called or added."""

from collections.abc import Sequence

from oott_assets.training.labels.labelled_photos import Split


def splits_by_content(
    sha256s: Sequence[str], groups: Sequence[int], valid_percent: int
) -> list[Split]:
    """Draw ``valid_percent`` of the pictures into valid by their hashes.

    Photos of one of ``groups``, which has the group of each photo, stay together.
    """
    first: dict[int, str] = {}
    for sha256, group in zip(sha256s, groups, strict=True):
        first[group] = min(sha256, first.get(group, sha256))
    return [
        "valid" if int(first[group][:8], 16) % 100 < valid_percent else "train" for group in groups
    ]
