"""Photos without boxes, boxed by a labeller."""

import hashlib
import json
import os
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

import dagster as dg

from oott_assets.photos.sources.folder import photos_under
from oott_assets.reports.progress import reported
from oott_assets.reports.tables import listed
from oott_assets.training.label_tables import described
from oott_assets.training.labellers.chosen_labeller import ChosenLabeller, OpenedLabeller
from oott_assets.training.labels.catalogue_folders import NotInCatalogue
from oott_assets.training.labels.labelled_photos import (
    Label,
    LabelledPhoto,
    version_of,
)
from oott_assets.training.labels.validation_split import splits_by_content
from oott_assets.training.training_failures import as_failures
from oott_assets.training.training_store import TrainingStore
from oott_fashion.stores.blobs import BlobNotFound, LocalBlobs
from oott_fashion.vision.detections import Box
from oott_fashion.vision.near_duplicates import (
    PerceptualHash,
    groups_of,
    near_duplicates,
    perceptual_hash_of,
)
from oott_fashion.vision.photos import PhotoTooLarge, UnreadablePhoto, read_photo


class SubPhotos(dg.ConfigurableResource[None]):
    """The photos without boxes, and the share of them that is never trained on, 0..1."""

    folder: str | None
    held_out: float


class _Read(NamedTuple):
    """A photo that the labeller read, and all it saw there."""

    file: Path
    sha256: str
    width: int
    height: int
    perceptual_hash: PerceptualHash
    seen: list[Label]


class _Refused(NamedTuple):
    name: str
    reason: str


@dg.asset(group_name="training", kinds={"parquet"})
def sub_data(
    context: dg.AssetExecutionContext,
    sub_photos: SubPhotos,
    labeller: ChosenLabeller,
    training_store: TrainingStore,
) -> dg.MaterializeResult[None]:
    """Photos nobody has boxed, pseudo-labelled by the labeller of OOTT_LABELLER.

    What the labeller saw in a photo is kept, so that a run that was stopped goes on where it
    stopped, and other thresholds need no new labelling. Labels below their garment's threshold
    are left out; a photo that keeps none is not trained on. A share of catalogue photos is held
    out, to measure closet labels by.
    """
    if sub_photos.folder is None:
        context.log.info("OOTT_SUB_PHOTOS is not set: main_data stands alone")
        training_store.write_photos("sub_data", [])
        return dg.MaterializeResult(
            metadata={"photos": 0}, data_version=dg.DataVersion(version_of([]))
        )
    with as_failures():
        opened = labeller.opened()
        files = _photo_files(Path(sub_photos.folder))
        journal = training_store.blobs
        outcomes = [
            _labelled(file, Path(sub_photos.folder), opened, journal)
            for file in reported(files, context.log, "photos labelled", len(files))
        ]
    read = [outcome for outcome in outcomes if isinstance(outcome, _Read)]
    refused = [outcome for outcome in outcomes if isinstance(outcome, _Refused)]
    if not read:
        raise dg.Failure(
            f"none of the {len(files)} photos in {sub_photos.folder} could be labelled; "
            f"the first, {refused[0].name}: {refused[0].reason}",
            allow_retries=False,
        )
    held_out = sub_photos.held_out if opened.name == "catalogue" else 0.0
    photos = _photos_of(read, opened, held_out)
    with as_failures():
        metadata = described(photos)
    training_store.write_photos("sub_data", photos)
    return dg.MaterializeResult(
        metadata={
            "labeller": f"{opened.name} {opened.version}",
            "photos without a sure label": len(read) - len(photos),
            "unreadable": len(refused),
            "unreadable photos": listed(("photo", "reason"), refused),
            **metadata,
        },
        data_version=dg.DataVersion(version_of(photos)),
    )


def _photo_files(folder: Path) -> list[Path]:
    files = photos_under(folder) if folder.is_dir() else []
    if not files:
        raise dg.Failure(
            f"{folder} holds no photos; OOTT_SUB_PHOTOS names a folder of photos without boxes, "
            "a catalogue's in folders named after garments",
            allow_retries=False,
        )
    return files


def _labelled(
    file: Path, folder: Path, opened: OpenedLabeller, journal: LocalBlobs
) -> _Read | _Refused:
    name = os.fsencode(file.relative_to(folder)).decode(errors="replace")
    try:
        # Parquet, YAML and every report hold text.
        str(file).encode()
        content = file.read_bytes()
    except UnicodeEncodeError:
        return _Refused(name, "its name is not UTF-8; rename it")
    except OSError as error:
        return _Refused(name, f"cannot be read: {error.strerror}")
    sha256 = hashlib.sha256(content).hexdigest()
    try:
        pixels = read_photo(content)
        seen = _seen_in(file, sha256, opened, journal)
    except (UnreadablePhoto, PhotoTooLarge, NotInCatalogue) as error:
        return _Refused(name, str(error))
    return _Read(
        file.absolute(), sha256, pixels.shape[1], pixels.shape[0], perceptual_hash_of(pixels), seen
    )


def _seen_in(file: Path, sha256: str, opened: OpenedLabeller, journal: LocalBlobs) -> list[Label]:
    """Read what the labeller saw in ``file`` before, or have it look now."""
    # A catalogue's labels are in its folders' names, so a photo is known by that and its content.
    key = hashlib.sha256(f"{file.parent.name}\n{sha256}".encode()).hexdigest()
    blob = f"seen-by/{opened.name}/{opened.version}/{key[:2]}/{key}.json"
    try:
        return [Label(it[0], Box(*it[1]), it[2], it[3]) for it in json.loads(journal.read(blob))]
    except BlobNotFound:
        seen = opened.boxes_of(file)
        journal.write(blob, json.dumps(seen).encode())
        return seen


def _photos_of(
    read: Sequence[_Read], opened: OpenedLabeller, held_out: float
) -> list[LabelledPhoto]:
    # Those that show the same picture are held out together.
    groups = groups_of(len(read), near_duplicates([it.perceptual_hash for it in read]))
    splits = splits_by_content([it.sha256 for it in read], groups, round(100 * held_out))
    photos = [
        LabelledPhoto(
            it.file, it.sha256, it.width, it.height, split, opened.worth_training_on(it.seen)
        )
        for it, split in zip(read, splits, strict=True)
    ]
    # Held-out photos are measured by their folder's name, whether or not they could be boxed.
    return [photo for photo in photos if photo.labels or photo.split == "valid"]
