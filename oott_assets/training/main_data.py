"""The photos that people labelled, checked before a detector is trained on them."""

from pathlib import Path

import dagster as dg

from oott_assets.failure_rules import failures_of
from oott_assets.reports.tables import markdown_table
from oott_assets.setting_fields import from_setting
from oott_assets.training.label_tables import data_set_metadata
from oott_assets.training.labels.drawn_data_set import draw_photos
from oott_assets.training.labels.findings import problem_summary
from oott_assets.training.labels.labelled_data_set import ReadLabels, read_labelled
from oott_assets.training.labels.labelled_photos import version_of
from oott_assets.training.settings import TrainingSettings
from oott_assets.training.training_failures import TRAINING_FAILURES
from oott_assets.training.training_store import TrainingStore


class LabelledData(dg.ConfigurableResource[None]):
    """The data set that people labelled, and how many drawn photos are added to it."""

    folder: str | None = from_setting(TrainingSettings, "main_data")
    drawn_photos: int = from_setting(TrainingSettings, "drawn_photos")


@dg.asset(group_name="training", kinds={"parquet"})
def main_data(
    context: dg.AssetExecutionContext, labelled_data: LabelledData, training_store: TrainingStore
) -> dg.MaterializeResult[None]:
    """Photos whose garments people boxed: a YOLO data set or a Label Studio export.

    A data set with problems stops here, with a list of them. A training photo is left out if it
    shows the same picture as a validation photo. A drawn photo (OOTT_DRAWN_PHOTOS) is left out if
    the data set already has it.
    """
    with failures_of(context, TRAINING_FAILURES):
        found = _read_without_problems(labelled_data.folder)
    for remark in found.remarks:
        context.log.warning("%s", remark)
    drawn = draw_photos(training_store.folder("drawn"), labelled_data.drawn_photos, "train")
    labelled = {photo.sha256 for photo in found.photos}
    added = [photo for photo in drawn if photo.sha256 not in labelled]
    photos = [*found.photos, *added]
    with failures_of(context, TRAINING_FAILURES):
        metadata = data_set_metadata(photos)
        training_store.write_photos("main_data", photos)
    return dg.MaterializeResult(
        metadata={
            "remarks": markdown_table(("remark",), [(remark,) for remark in found.remarks]),
            "left_out_of_training": markdown_table(("photo", "shows the same as"), found.leaked),
            "drawn_photos_already_there": len(drawn) - len(added),
            **metadata,
        },
        data_version=dg.DataVersion(version_of(photos)),
    )


def _read_without_problems(folder: str | None) -> ReadLabels:
    if folder is None:
        raise dg.Failure(
            "OOTT_MAIN_DATA is not set; name the folder of a YOLO data set or of a Label Studio "
            "YOLO export, or draw one: python -m oott_assets.training.labels.drawn_data_set FOLDER",
            allow_retries=False,
        )
    found = read_labelled(Path(folder))
    if found.problems:
        raise dg.Failure(problem_summary(found.problems), allow_retries=False)
    return found
