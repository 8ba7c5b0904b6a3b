"""The photos that people labelled, checked before a detector is trained on them."""

from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path

import dagster as dg

from oott_assets.failure_rules import failures_of
from oott_assets.reports.tables import markdown_table
from oott_assets.setting_fields import from_setting
from oott_assets.training.label_tables import data_set_metadata
from oott_assets.training.labels.data_set_changes import changes_between
from oott_assets.training.labels.drawn_data_set import draw_photos
from oott_assets.training.labels.findings import problem_summary
from oott_assets.training.labels.labelled_data_set import ReadLabels, read_labelled
from oott_assets.training.labels.labelled_photos import LabelledPhoto, in_split, version_of
from oott_assets.training.labels.same_pictures import same_pictures
from oott_assets.training.settings import TrainingSettings
from oott_assets.training.training_failures import TRAINING_FAILURES
from oott_assets.training.training_store import TrainingStore
from oott_fashion.stores.blobs import DamagedBlob

Metadata = dict[str, dg.MetadataValue | int | str]


class LabelledData(dg.ConfigurableResource[None]):
    """The data sets that people labelled, and how many drawn photos are added to them."""

    folders: list[str] = from_setting(TrainingSettings, "main_data", required=True)
    drawn_photos: int = from_setting(TrainingSettings, "drawn_photos")


@dg.asset(group_name="training", kinds={"parquet"})
def main_data(
    context: dg.AssetExecutionContext, labelled_data: LabelledData, training_store: TrainingStore
) -> dg.MaterializeResult[None]:
    """Photos whose garments people boxed: YOLO data sets and Label Studio exports.

    A data set with problems stops here, with a list of them. If two folders have the same picture,
    the labels of the later folder count, and the picture keeps its split. A training photo is left
    out if it shows the same picture as a validation photo. A drawn photo (OOTT_DRAWN_PHOTOS) is
    left out if the data sets already have it, or if a validation photo shows the same picture.
    Every version is kept in data-sets/main_data of OOTT_TRAINING_FOLDER.
    """
    with failures_of(context, TRAINING_FAILURES):
        found = _read_without_problems(labelled_data.folders)
    for remark in found.remarks:
        context.log.warning("%s", remark)
    drawn = draw_photos(training_store.folder("drawn"), labelled_data.drawn_photos, "train")
    with failures_of(context, TRAINING_FAILURES):
        added = _not_yet_in(found.photos, drawn)
        photos = [*found.photos, *added]
        metadata = data_set_metadata(photos)
        earlier = None
        with suppress(DamagedBlob):  # this run replaces it
            earlier = training_store.photos_or_none("main_data")
        training_store.write_version("main_data", photos)
    return dg.MaterializeResult(
        metadata={
            **_changes(earlier, photos),
            "data_sets": markdown_table(("folder", "kind"), found.data_sets),
            "remarks": markdown_table(("remark",), [(remark,) for remark in found.remarks]),
            "photos_labelled_again": len(found.labelled_again),
            "labelled_again": markdown_table(("photo", "replaced by"), found.labelled_again),
            "left_out_of_training": markdown_table(("photo", "shows the same as"), found.leaked),
            "drawn_photos_already_there": len(drawn) - len(added),
            **metadata,
        },
        data_version=dg.DataVersion(version_of(photos)),
    )


def _changes(earlier: Sequence[LabelledPhoto] | None, photos: Sequence[LabelledPhoto]) -> Metadata:
    """Say what changed since the last materialisation."""
    changes = changes_between(earlier or (), photos)
    return {
        "version": version_of(photos),
        "earlier_version": "none" if earlier is None else version_of(earlier),
        "photos_added": changes.added,
        "photos_removed": changes.removed,
        "photos_relabelled": changes.relabelled,
        "photos_moved_to_the_other_split": changes.moved,
        "boxes_changed": markdown_table(("garment", "boxes before", "boxes now"), changes.boxes),
    }


def _not_yet_in(
    photos: Sequence[LabelledPhoto], drawn: Sequence[LabelledPhoto]
) -> list[LabelledPhoto]:
    """Select the drawn photos that are not in ``photos``, and show no validation picture."""
    labelled = {photo.sha256 for photo in photos}
    validated = {photo for photo, _ in same_pictures(drawn, in_split(photos, "valid"))}
    return [photo for photo in drawn if photo.sha256 not in labelled and photo not in validated]


def _read_without_problems(folders: Sequence[str]) -> ReadLabels:
    if not folders:
        raise dg.Failure(
            "OOTT_MAIN_DATA is not set; name the folder of a YOLO data set or of a Label Studio "
            "export, or draw one: python -m oott_assets.training.labels.drawn_data_set FOLDER",
            allow_retries=False,
        )
    found = read_labelled(*map(Path, folders))
    if found.problems:
        raise dg.Failure(problem_summary(found.problems), allow_retries=False)
    return found
