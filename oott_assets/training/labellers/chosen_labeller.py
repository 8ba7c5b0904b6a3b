"""Chooses who boxes garments in photos nobody has labelled, by setting."""

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

import dagster as dg
from pydantic import Field

from oott_assets.garment_detector import GarmentDetector
from oott_assets.setting_fields import from_setting
from oott_assets.training.labellers.availability import label_extra
from oott_assets.training.labellers.weight_downloads import version_of_weights
from oott_assets.training.labels.labelled_photos import Label
from oott_assets.training.labels.pseudo_labels import LabelThresholds, confident_labels
from oott_assets.training.settings import TrainingSettings
from oott_fashion.garments import garment_named
from oott_fashion.vision.detections import Box

if TYPE_CHECKING:
    from autodistill.detection import DetectionBaseModel

# Of the catalogue's, the agreement of two outlines: of 2,837 photos 93 % reach it. The others'
# are scores: the teacher's at which most of its boxes are right, and GroundingDINO's usual.
_USUAL_THRESHOLDS = {"catalogue": 0.7, "teacher": 0.5, "grounding_dino": 0.35, "grounded_sam": 0.35}


class OpenedLabeller(NamedTuple):
    """A labeller ready to box, and a version that changes when its boxes might."""

    name: str
    version: str
    model: "DetectionBaseModel"
    thresholds: LabelThresholds

    def boxes_of(self, photo: Path) -> list[Label]:
        """Box the garments of a photo file, sure or not."""
        found = self.model.predict(str(photo))
        if not len(found):
            return []
        return [
            Label(garment_named(int(class_id)), Box(*map(float, box)), float(score), self.name)
            for box, score, class_id in zip(
                found.xyxy, found.confidence, found.class_id, strict=True
            )
        ]

    def confident_labels(self, labels: Sequence[Label]) -> tuple[Label, ...]:
        """Keep those that are sure enough, and one of each garment."""
        return confident_labels(labels, self.thresholds)


class ChosenLabeller(dg.ConfigurableResource[None]):
    """The labeller that ``OOTT_LABELLER`` names."""

    labeller: str = from_setting(TrainingSettings, "labeller")
    weights: str = from_setting(TrainingSettings, "labeller_weights", required=True)
    on_cpu: bool = from_setting(TrainingSettings, "label_on_cpu")
    device: str = from_setting(TrainingSettings, "train_device")
    thresholds: dict[str, float] = from_setting(TrainingSettings, "label_thresholds")
    detector: dg.ResourceDependency[GarmentDetector] = Field(
        description="The resource garment_detector."
    )

    def opened(self) -> OpenedLabeller:
        """Load the labeller.

        Raises:
            LabellerUnavailable: it lacks its packages, its weights or a GPU.
            NoDetector: it is the teacher, and no detector is published.
            BadDetector: that one is damaged.
            EngineUnavailable: no engine runs that one here.
        """
        with label_extra():
            version, model = self._opened()
        thresholds = LabelThresholds(_USUAL_THRESHOLDS[self.labeller], self.thresholds)
        return OpenedLabeller(self.labeller, version, model, thresholds)

    def _opened(self) -> tuple[str, "DetectionBaseModel"]:
        if self.labeller == "catalogue":
            from oott_assets.training.labellers.catalogue import (
                CATALOGUE_VERSION,
                CatalogueLabeller,
            )

            return CATALOGUE_VERSION, CatalogueLabeller()
        if self.labeller == "teacher":
            from oott_assets.training.labellers.teacher import TeacherLabeller

            published = self.detector.latest()
            # It keeps no box that its own thresholds leave out.
            score, iou = self.detector.thresholds
            version = f"{published.version}-score-{score:g}-iou-{iou:g}"
            return version, TeacherLabeller(published.detector)
        return self._opened_with_weights()

    def _opened_with_weights(self) -> tuple[str, "DetectionBaseModel"]:
        folder = Path(self.weights)
        if self.labeller == "grounding_dino":
            from oott_assets.training.labellers.grounding_dino import GroundingDinoLabeller

            dino = GroundingDinoLabeller(folder, self.device, self.on_cpu)
            return version_of_weights(self.labeller, folder), dino
        from oott_assets.training.labellers.grounded_sam import GroundedSamLabeller

        sam = GroundedSamLabeller(folder, self.device, self.on_cpu)
        return version_of_weights(self.labeller, folder), sam
