"""The errors that fail the steps that label and train. Only errors of a bucket are retried.

A person must correct the cause of each other error. A step waits while another process uses its
training folder, so a lock never makes it fail. A run that is started again keeps finished epochs
and labels.
"""

from oott_assets.failure_rules import PERMANENT, STORE_FAILURES, FailureTable
from oott_assets.photos.sources.photo_source import PhotosUnknown
from oott_assets.training.labellers.availability import LabellerUnavailable
from oott_assets.training.labels.labelled_photos import PhotoChanged
from oott_assets.training.labels.opened_data_set import NotADataSet
from oott_assets.training.labels.photo_tags import BadTags
from oott_assets.training.trainer import TrainingUnavailable
from oott_assets.training.yolov8.train_run import WrongStartingWeights
from oott_fashion.stores.detector_card import BadDetector
from oott_fashion.stores.model_store import NoDetector
from oott_fashion.vision.engines import EngineUnavailable
from oott_fashion.vision.known_answers import ImplausibleAnswers
from oott_fashion.vision.onnx_file import WrongExport

TRAINING_FAILURES: FailureTable = {
    # Training keeps local files. Its model store and its photo store can be in a bucket.
    **STORE_FAILURES,
    BadDetector: PERMANENT,
    BadTags: PERMANENT,
    EngineUnavailable: PERMANENT,
    ImplausibleAnswers: PERMANENT,
    LabellerUnavailable: PERMANENT,
    NoDetector: PERMANENT,
    NotADataSet: PERMANENT,
    WrongStartingWeights: PERMANENT,
    PhotoChanged: PERMANENT,
    PhotosUnknown: PERMANENT,
    # This includes a failed download of pretrained weights, which Ultralytics has already retried.
    TrainingUnavailable: PERMANENT,
    WrongExport: PERMANENT,
}
