"""Joins the photos of several data sets, so that each picture has one split and its latest labels.

Photos that show the same picture are in one group. Positions of data sets count from the oldest.
"""

from collections.abc import Sequence
from typing import NamedTuple

from oott_assets.training.labels.labelled_photos import LabelledPhoto, Split
from oott_assets.training.labels.validation_split import splits_by_content

# The percentage of pictures for validation, in data sets without a split of their own.
_VALID_PERCENT = 20


class ReadPhoto(NamedTuple):
    """A photo, the position of its data set, and the group of photos that show its picture.

    ``has_split`` is false in a data set that leaves the split to OOTT.
    """

    photo: LabelledPhoto
    data_set: int
    group: int
    has_split: bool = True


class PhotoPair(NamedTuple):
    """A photo that is left out, and a photo that shows the same picture."""

    left_out: ReadPhoto
    kept: ReadPhoto


def with_splits(photos: Sequence[ReadPhoto]) -> list[ReadPhoto]:
    """Give each picture the split that it has in the oldest data set.

    A detector may have been trained on a picture in train. So a picture never changes its split
    when people label it again. Without a split of its own, one fifth of a data set becomes valid.
    """
    split_of: dict[int, Split] = {}
    result = []
    for position in sorted({photo.data_set for photo in photos}):
        own = _with_own_splits([photo for photo in photos if photo.data_set == position])
        known = dict(split_of)
        for read in own:
            split = known.get(read.group, read.photo.split)
            result.append(read._replace(photo=read.photo._replace(split=split)))
            # If a data set has a picture in both splits, its photo in train is left out.
            if split_of.get(read.group) != "valid":
                split_of[read.group] = split
    return result


def _with_own_splits(photos: Sequence[ReadPhoto]) -> list[ReadPhoto]:
    """Split the photos of one data set by content, unless it has splits."""
    if all(read.has_split for read in photos):
        return list(photos)
    splits = splits_by_content(
        [read.photo.sha256 for read in photos], [read.group for read in photos], _VALID_PERCENT
    )
    return [
        read._replace(photo=read.photo._replace(split=split))
        for read, split in zip(photos, splits, strict=True)
    ]


def labelled_again(photos: Sequence[ReadPhoto]) -> list[PhotoPair]:
    """Pair each photo with the one of a later data set that shows the same picture, if any."""
    latest: dict[int, ReadPhoto] = {}
    for read in photos:
        if read.group not in latest or read.data_set > latest[read.group].data_set:
            latest[read.group] = read
    return [
        PhotoPair(read, latest[read.group])
        for read in photos
        if read.data_set < latest[read.group].data_set
    ]


def leaked(photos: Sequence[ReadPhoto]) -> list[PhotoPair]:
    """Pair each train photo with a valid photo that shows the same picture, if any."""
    valid = {read.group: read for read in photos if read.photo.split == "valid"}
    return [
        PhotoPair(read, valid[read.group])
        for read in photos
        if read.photo.split == "train" and read.group in valid
    ]
