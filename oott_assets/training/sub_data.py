"""Photos that nobody has labelled, pseudo-labelled by a labeller."""

import hashlib
import json
import os
from collections.abc import Mapping, Sequence
from logging import Logger
from pathlib import Path
from typing import NamedTuple

import dagster as dg

from oott_assets.failure_rules import failures_of
from oott_assets.photos.sources.folder import photos_under
from oott_assets.reports.progress import with_progress
from oott_assets.reports.tables import markdown_table
from oott_assets.setting_fields import from_setting
from oott_assets.training.label_tables import data_set_metadata
from oott_assets.training.labellers.chosen_labeller import ChosenLabeller, OpenedLabeller
from oott_assets.training.labels.catalogue_folders import NotInCatalogue, garment_of_folder
from oott_assets.training.labels.labelled_photos import (
    Label,
    LabelledPhoto,
    version_of,
)
from oott_assets.training.labels.validation_split import splits_by_content
from oott_assets.training.settings import TrainingSettings
from oott_assets.training.training_failures import TRAINING_FAILURES
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
    """The folder of unlabelled photos, and the share held out from training, 0..1."""

    folder: str | None = from_setting(TrainingSettings, "sub_photos")
    held_out_share: float = from_setting(TrainingSettings, "held_out_share")


class _LabelledFile(NamedTuple):
    """A photo with its labels of any confidence."""

    file: Path
    sha256: str
    width: int
    height: int
    perceptual_hash: PerceptualHash
    labels: list[Label]


class _SkippedFile(NamedTuple):
    name: str
    reason: str


@dg.asset(group_name="training", kinds={"parquet"})
def sub_data(
    context: dg.AssetExecutionContext,
    sub_photos: SubPhotos,
    labeller: ChosenLabeller,
    training_store: TrainingStore,
) -> dg.MaterializeResult[None]:
    """Photos that nobody has labelled, pseudo-labelled by the labeller of OOTT_LABELLER.

    The labels of each photo are stored. A run that was stopped continues with the next photo. A
    change of thresholds labels no photo again. Labels below the threshold of their garment are left
    out. A training photo is left out if none of its labels remains, except a catalogue photo in the
    folder no_garment, which shows no clothes. A share of catalogue photos is held out from
    training, to measure closet labels on them.
    """
    if sub_photos.folder is None:
        context.log.info("OOTT_SUB_PHOTOS is not set, so merged_data will hold main_data alone")
        training_store.write_photos("sub_data", [])
        return _reported([], {})
    with failures_of(context, TRAINING_FAILURES):
        opened = labeller.opened()
        labelled, skipped = _label_all(
            Path(sub_photos.folder), opened, training_store.blobs, context.log
        )
        held_out = sub_photos.held_out_share if opened.name == "catalogue" else 0.0
        photos = _photos_of(labelled, opened, held_out)
        metadata = data_set_metadata(photos)
        training_store.write_photos("sub_data", photos)
    return _reported(
        photos,
        {
            "labeller": f"{opened.name} {opened.version}",
            "photos_without_confident_label": len(labelled) - len(photos),
            "photos_skipped": len(skipped),
            "skipped_photos": markdown_table(("photo", "reason"), skipped),
            **metadata,
        },
    )


def _reported(
    photos: Sequence[LabelledPhoto], metadata: Mapping[str, dg.MetadataValue | int | str]
) -> dg.MaterializeResult[None]:
    return dg.MaterializeResult(
        metadata={"photos": len(photos), **metadata},
        data_version=dg.DataVersion(version_of(photos)),
    )


def _label_all(
    folder: Path, opened: OpenedLabeller, journal: LocalBlobs, log: Logger
) -> tuple[list[_LabelledFile], list[_SkippedFile]]:
    """Label the photos in ``folder``; a photo that cannot be labelled is skipped with a reason.

    Raises:
        Failure: the folder has no photos, or all of them were skipped.
    """
    files = _photo_files(folder)
    labelled, skipped = [], []
    for file in with_progress(files, log, "photos labelled", len(files)):
        outcome = _label(file, folder, opened, journal)
        if isinstance(outcome, _LabelledFile):
            labelled.append(outcome)
        else:
            skipped.append(outcome)
    if not labelled:
        raise dg.Failure(
            f"none of the {len(files)} photos in {folder} could be labelled; "
            f"the first, {skipped[0].name}: {skipped[0].reason}",
            allow_retries=False,
        )
    return labelled, skipped


def _photo_files(folder: Path) -> list[Path]:
    files = photos_under(folder) if folder.is_dir() else []
    if not files:
        raise dg.Failure(
            f"{folder} has no photos; OOTT_SUB_PHOTOS names a folder of photos without boxes; "
            "catalogue photos are in subfolders named after garments, or no_garment",
            allow_retries=False,
        )
    return files


def _label(
    file: Path, folder: Path, opened: OpenedLabeller, journal: LocalBlobs
) -> _LabelledFile | _SkippedFile:
    name = os.fsencode(file.relative_to(folder)).decode(errors="replace")
    try:
        # Parquet, YAML and reports store the path as UTF-8.
        str(file).encode()
        content = file.read_bytes()
    except UnicodeEncodeError:
        return _SkippedFile(name, "its name is not UTF-8; rename it")
    except OSError as error:
        return _SkippedFile(name, f"cannot be read: {error.strerror}")
    sha256 = hashlib.sha256(content).hexdigest()
    try:
        pixels = read_photo(content)
        labels = _stored_or_new_labels(file, sha256, opened, journal)
    except (UnreadablePhoto, PhotoTooLarge, NotInCatalogue) as error:
        return _SkippedFile(name, str(error))
    return _LabelledFile(
        file.absolute(),
        sha256,
        pixels.shape[1],
        pixels.shape[0],
        perceptual_hash_of(pixels),
        labels,
    )


def _stored_or_new_labels(
    file: Path, sha256: str, opened: OpenedLabeller, journal: LocalBlobs
) -> list[Label]:
    """Read the labels of ``file`` that an earlier run stored, or label it and store them."""
    # The label of a catalogue photo is the name of its folder, so the key contains that name.
    key = hashlib.sha256(f"{file.parent.name}\n{sha256}".encode()).hexdigest()
    blob = f"seen-by/{opened.name}/{opened.version}/{key[:2]}/{key}.json"
    try:
        rows = json.loads(journal.read(blob))
    except BlobNotFound:
        labels = opened.all_labels(file)
        journal.write(blob, json.dumps(labels).encode())
        return labels
    return [
        Label(garment, Box(*box), confidence, origin) for garment, box, confidence, origin in rows
    ]


def _photos_of(
    labelled: Sequence[_LabelledFile], opened: OpenedLabeller, held_out: float
) -> list[LabelledPhoto]:
    # Photos that show the same picture go into the same split.
    pairs = near_duplicates([photo.perceptual_hash for photo in labelled])
    groups = groups_of(len(labelled), pairs)
    splits = splits_by_content([photo.sha256 for photo in labelled], groups, round(100 * held_out))
    photos = [
        LabelledPhoto(
            photo.file,
            photo.sha256,
            photo.width,
            photo.height,
            split,
            opened.confident_labels(photo.labels),
        )
        for photo, split in zip(labelled, splits, strict=True)
    ]
    # The label of a held-out photo is the name of its folder, so it needs no boxes.
    return [
        photo
        for photo in photos
        if photo.labels or photo.split == "valid" or _shows_no_clothes(photo.file, opened)
    ]


def _shows_no_clothes(file: Path, opened: OpenedLabeller) -> bool:
    return opened.name == "catalogue" and garment_of_folder(file) is None
