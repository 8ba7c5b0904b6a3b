"""What no retry can mend, told in Dagster by the sentence that says how to mend it."""

from collections.abc import Iterator
from contextlib import contextmanager

import dagster as dg

from oott_assets.failure_rules import PERMANENT, FailureTable
from oott_assets.photos.sources.photo_source import PhotosUnknown
from oott_assets.training.labellers.availability import LabellerUnavailable
from oott_assets.training.labels.labelled_data_set import NotADataSet
from oott_assets.training.labels.labelled_photos import PhotoChanged
from oott_assets.training.trainer import TrainingUnavailable
from oott_assets.training.yolov8.onnx_export import WrongExport
from oott_assets.training.yolov8.starting_weights import NotRebuildable
from oott_assets.training.yolov8.train_run import OtherWeights
from oott_fashion.stores.model_store import BadDetector, NoDetector
from oott_fashion.vision.engines import EngineUnavailable

REFUSALS = (
    BadDetector,
    EngineUnavailable,
    LabellerUnavailable,
    NoDetector,
    NotADataSet,
    NotRebuildable,
    OtherWeights,
    PhotoChanged,
    PhotosUnknown,
    TrainingUnavailable,
    WrongExport,
)

TRAINING_FAILURES: FailureTable = dict.fromkeys(REFUSALS, PERMANENT)


@contextmanager
def as_failures() -> Iterator[None]:
    """Fail, with no retry, in the words of whichever of ``REFUSALS`` is raised inside."""
    try:
        yield
    except REFUSALS as error:
        raise dg.Failure(str(error), allow_retries=False) from error
