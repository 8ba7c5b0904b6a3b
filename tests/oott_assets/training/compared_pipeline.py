"""The training pipeline after its two candidates were trained and compared."""

import hashlib
import tempfile
from functools import cache
from pathlib import Path

from pydantic import BaseModel

from oott_assets.training.champion import CHAMPION, Champion
from oott_assets.training.labels.drawn_data_set import draw_photos
from oott_assets.training.labels.labelled_photos import LabelledPhoto, version_of
from oott_assets.training.measurements import Measurement
from oott_assets.training.merged_data import MERGED_DATA_VERSIONS, MergedDataVersions
from oott_assets.training.validation_photos import read_validation_photos
from oott_assets.training.weights import TrainedWeights, weights_blob
from tests.oott_assets.training.labellers.catalogue_photos import write_catalogue
from tests.oott_assets.training.starter_weights import starter_weights
from tests.oott_assets.training.training_pipeline import TrainingPipeline


class ComparedPipeline(TrainingPipeline):
    """A pipeline with two trained and compared candidates, which share ``weights``.

    Nothing is trained: the weights are those of the starter detector.
    """

    def __init__(self, folder: Path, valid_photos: int = 2, image_side: int = 64) -> None:
        self.weights = folder / "weights.pt"
        self.weights.write_bytes(_starter_weights())
        self._image_side = image_side
        train = draw_photos(folder / "train", 2, "train")
        self.main_data = [*train, *draw_photos(folder / "valid", valid_photos, "valid")]
        [self.closet_photo] = closet_photos(folder / "closet")
        for name in ("main_data", "merged_data"):
            self.store.write_photos(name, self.main_data)
        self.store.write_closet([self.closet_photo])
        validation_photos = read_validation_photos(self.store)
        self.write_record(
            MERGED_DATA_VERSIONS, MergedDataVersions.of(self.main_data, validation_photos)
        )
        trained = self.trained(self.main_data)
        for candidate in ("main", "merged"):
            self.write_record(weights_blob(candidate), trained)
        won = Champion(
            weights=trained,
            measured=Measurement(name="main", metrics={"main_data": {"mAP50": 0.4}}),
            measured_by=validation_photos.version,
        )
        self.write_record(CHAMPION, won)

    def trained(self, photos: list[LabelledPhoto]) -> TrainedWeights:
        """Describe the weights as if they were trained on ``photos``."""
        return TrainedWeights(
            weights=self.weights,
            sha256=hashlib.sha256(self.weights.read_bytes()).hexdigest(),
            image_side=self._image_side,
            data_version=version_of(photos),
            trained_on="drawn photos",
        )

    def write_record(self, blob: str, record: BaseModel) -> None:
        self.store.blobs.write(blob, record.model_dump_json(by_alias=True).encode())


@cache
def _starter_weights() -> bytes:
    with tempfile.TemporaryDirectory() as folder:
        return starter_weights(Path(folder) / "weights.pt").read_bytes()


def closet_photos(folder: Path) -> list[LabelledPhoto]:
    write_catalogue(folder, ("dress",), each=1)
    file = folder / "dress/0.jpg"
    sha256 = hashlib.sha256(file.read_bytes()).hexdigest()
    return [LabelledPhoto(file, sha256, 260, 320, "valid", ())]
