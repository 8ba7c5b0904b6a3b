"""What no retry can mend, told in Dagster by the sentence that says how to mend it."""

from collections.abc import Iterator
from contextlib import contextmanager

import dagster as dg

from oott_assets.labellers.errors import LabellerUnavailable
from oott_assets.labels.inspection import NotADataSet
from oott_assets.labels.labelled_photos import PhotoChanged
from oott_assets.photos.sources.photo_source import PhotosUnknown
from oott_assets.resources.trainer import TrainingUnavailable
from oott_assets.yolov8.exporting import WrongExport
from oott_assets.yolov8.starting_weights import NotRebuildable
from oott_assets.yolov8.training import OtherWeights
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


@contextmanager
def as_failures() -> Iterator[None]:
    """Fail, with no retry, in the words of whichever of ``REFUSALS`` is raised inside."""
    try:
        yield
    except REFUSALS as error:
        raise dg.Failure(str(error), allow_retries=False) from error
