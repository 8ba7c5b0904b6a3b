"""Photos that nobody has boxed, pseudo-labelled by labellers."""

import hashlib
import json
from collections import Counter
from collections.abc import Mapping, Sequence
from contextlib import suppress
from logging import Logger
from pathlib import Path
from typing import NamedTuple

import dagster as dg

from oott_assets.failure_rules import failures_of
from oott_assets.parquet import damage_reported
from oott_assets.photos.sources.photo_files import (
    FoundFile,
    files_in,
    name_below,
    reasons_of,
)
from oott_assets.photos.sources.photo_source import SkippedFile
from oott_assets.reports.progress import with_progress
from oott_assets.reports.tables import counted, markdown_table
from oott_assets.setting_fields import from_setting
from oott_assets.training.label_tables import data_set_metadata
from oott_assets.training.labellers.chosen_labeller import ChosenLabeller
from oott_assets.training.labellers.opened_labeller import OpenedLabeller
from oott_assets.training.labels.catalogue_folders import CATALOGUE, NotInCatalogue
from oott_assets.training.labels.labelled_photos import (
    Label,
    LabelledPhoto,
    Split,
    version_of,
)
from oott_assets.training.labels.photo_tags import NotTagged
from oott_assets.training.labels.validation_split import splits_by_content
from oott_assets.training.settings import TrainingSettings
from oott_assets.training.training_failures import TRAINING_FAILURES
from oott_assets.training.training_store import TrainingStore
from oott_fashion.stores.blobs import DamagedBlob, LocalBlobs
from oott_fashion.vision.detections import Box
from oott_fashion.vision.near_duplicates import (
    PerceptualHash,
    groups_of,
    perceptual_hash_of,
)
from oott_fashion.vision.photos import PhotoTooLarge, UnreadablePhoto, read_photo

# Only catalogue photos are held out, because their folders name the right answer.
_HELD_OUT_BY = CATALOGUE


class SubPhotos(dg.ConfigurableResource[None]):
    """The folders of unlabelled photos, and the share held out from training, 0..1."""

    folders: list[str] = from_setting(TrainingSettings, "sub_photos", required=True)
    held_out_share: float = from_setting(TrainingSettings, "held_out_share")


class _LabelledFile(NamedTuple):
    """A photo, and its labels of any confidence by the first labeller that could label it."""

    file: Path
    sha256: str
    width: int
    height: int
    perceptual_hash: PerceptualHash
    labeller: OpenedLabeller
    labels: list[Label]


@dg.asset(group_name="training", kinds={"parquet"})
def sub_data(
    context: dg.AssetExecutionContext,
    sub_photos: SubPhotos,
    labeller: ChosenLabeller,
    training_store: TrainingStore,
) -> dg.MaterializeResult[None]:
    """Photos that nobody has boxed, pseudo-labelled by the labellers of OOTT_LABELLER.

    The first labeller that can label a photo labels it. The labels of each photo are stored. A run
    that was stopped continues with the next photo. A change of thresholds labels no photo again.
    Labels below the threshold of their garment are left out. A training photo is left out if none
    of its labels remains, or if a tagged garment has no label. A photo that shows no clothes, by
    its tags or in the folder no_garment, stays without labels. A share of catalogue photos is held
    out from training, to measure closet labels on them.
    """
    if not sub_photos.folders:
        context.log.info("OOTT_SUB_PHOTOS is not set, so merged_data will hold main_data alone")
        training_store.write_photos("sub_data", [])
        return _reported([], {})
    with failures_of(context, TRAINING_FAILURES):
        labellers = labeller.opened()
        labelled, skipped = _label_all(
            [Path(folder) for folder in sub_photos.folders],
            labellers,
            training_store.blobs,
            context.log,
        )
        for reason, count, names in reasons_of(skipped):
            context.log.warning("%s skipped (%s): %s", counted(count, "photo"), reason, names)
        photos = _photos_of(labelled, sub_photos.held_out_share)
        metadata = data_set_metadata(photos)
        training_store.write_photos("sub_data", photos)
    return _reported(
        photos,
        {
            "labellers": _labellers_table(labellers, labelled),
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


def _labellers_table(
    labellers: Sequence[OpenedLabeller], labelled: Sequence[_LabelledFile]
) -> dg.MarkdownMetadataValue:
    photos = Counter(photo.labeller.name for photo in labelled)
    rows = [(one.name, one.version, photos[one.name]) for one in labellers]
    return markdown_table(("labeller", "version", "photos"), rows)


def _label_all(
    folders: Sequence[Path], labellers: Sequence[OpenedLabeller], journal: LocalBlobs, log: Logger
) -> tuple[list[_LabelledFile], list[SkippedFile]]:
    """Label the photos in ``folders``; a photo that cannot be labelled is skipped with a reason.

    Raises:
        Failure: a folder has no photos, or all photos were skipped.
    """
    # A folder may lie in another one of the list.
    files = {
        found.file.absolute(): (name_below(folder, found.file), found.skipped_because)
        for folder in folders
        for found in _files_in(folder)
    }
    photos = {file: name for file, (name, reason) in files.items() if reason is None}
    skipped = [SkippedFile(name, reason) for name, reason in files.values() if reason is not None]
    labelled = []
    for file, name in with_progress(photos.items(), log, "photos labelled", len(photos)):
        outcome = _label(file, name, labellers, journal)
        if isinstance(outcome, _LabelledFile):
            labelled.append(outcome)
        else:
            skipped.append(outcome)
    if not labelled:
        raise dg.Failure(
            f"none of the {len(photos)} photos in {', '.join(map(str, folders))} could be "
            f"labelled, such as {skipped[-1].name}: {skipped[-1].reason}",
            allow_retries=False,
        )
    return labelled, skipped


def _files_in(folder: Path) -> list[FoundFile]:
    files = list(files_in(folder)) if folder.is_dir() else []
    if all(found.skipped_because is not None for found in files):
        raise dg.Failure(
            f"{folder} has no photos; OOTT_SUB_PHOTOS names folders of photos without boxes; "
            "catalogue photos are in subfolders named after garments, or no_garment",
            allow_retries=False,
        )
    return files


def _label(
    file: Path, name: str, labellers: Sequence[OpenedLabeller], journal: LocalBlobs
) -> _LabelledFile | SkippedFile:
    try:
        # Parquet, YAML and reports store the path as UTF-8.
        str(file).encode()
        content = file.read_bytes()
        pixels = read_photo(content)
    except UnicodeEncodeError:
        return SkippedFile(name, "its name is not UTF-8; rename it")
    except OSError as error:
        return SkippedFile(name, f"cannot be read: {error.strerror}")
    except (UnreadablePhoto, PhotoTooLarge) as error:
        return SkippedFile(name, str(error))
    sha256 = hashlib.sha256(content).hexdigest()
    height, width = pixels.shape[:2]
    reasons = []
    for labeller in labellers:
        try:
            labels = _stored_or_new_labels(file, sha256, labeller, journal)
        except (NotInCatalogue, NotTagged) as error:
            reasons.append(str(error))
        else:
            seen = perceptual_hash_of(pixels)
            return _LabelledFile(file, sha256, width, height, seen, labeller, labels)
    return SkippedFile(name, "; ".join(reasons))


def _stored_or_new_labels(
    file: Path, sha256: str, labeller: OpenedLabeller, journal: LocalBlobs
) -> list[Label]:
    """Read the labels of ``file`` that an earlier run stored, or label it and store them."""
    # The label of a catalogue photo is the name of its folder, and that of another photo may depend
    # on its tags. So the key contains them.
    key = hashlib.sha256(f"{labeller.hint_for(file)}\n{sha256}".encode()).hexdigest()
    blob = f"seen-by/{labeller.name}/{labeller.version}/{key[:2]}/{key}.json"
    with suppress(DamagedBlob), damage_reported(journal.where(blob), "the photo is labelled again"):
        rows = json.loads(journal.read(blob))
        return [
            Label(garment, Box(*box), confidence, origin)
            for garment, box, confidence, origin in rows
        ]
    labels = labeller.all_labels(file)
    journal.write(blob, json.dumps(labels).encode())
    return labels


def _photos_of(labelled: Sequence[_LabelledFile], held_out: float) -> list[LabelledPhoto]:
    # Photos that show the same picture go into the same split.
    groups = groups_of([photo.perceptual_hash for photo in labelled])
    splits = splits_by_content([photo.sha256 for photo in labelled], groups, round(100 * held_out))
    held_out_groups = {
        group
        for photo, group, split in zip(labelled, groups, splits, strict=True)
        if photo.labeller.name == _HELD_OUT_BY and split == "valid"
    }
    kept = [
        _with_split(photo, "valid" if group in held_out_groups else "train")
        for photo, group in zip(labelled, groups, strict=True)
    ]
    return [photo for photo in kept if photo is not None]


def _with_split(photo: _LabelledFile, split: Split) -> LabelledPhoto | None:
    """Give the photo with its confident labels, or None if it is left out."""
    labels = photo.labeller.labels_to_train_on(photo.file, photo.labels)
    if split == "valid":
        # Detectors are measured on this picture, so a copy with another labeller is left out.
        if photo.labeller.name != _HELD_OUT_BY:
            return None
        # The label of a held-out photo is the name of its folder, so it needs no boxes.
        labels = labels or ()
    if labels is None:
        return None
    return LabelledPhoto(photo.file, photo.sha256, photo.width, photo.height, split, labels)
