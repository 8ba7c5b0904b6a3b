"""Opens the labeller that the settings name."""

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

# For catalogue, the threshold is an IoU of two outlines, and 93 % of 2,837 photos reach it. Most
# boxes of the teacher with at least its threshold are correct. The other two labellers use the
# default of GroundingDINO.
_DEFAULT_THRESHOLDS = {
    "catalogue": 0.7,
    "teacher": 0.5,
    "grounding_dino": 0.35,
    "grounded_sam": 0.35,
}


class OpenedLabeller(NamedTuple):
    """A loaded labeller; its version changes whenever its boxes could change."""

    name: str
    version: str
    model: "DetectionBaseModel"
    thresholds: LabelThresholds

    def all_labels(self, photo: Path) -> list[Label]:
        """Label the garments in a photo file, at any confidence."""
        found = self.model.predict(str(photo))
        if not len(found):
            return []
        return [
            Label(garment_named(int(class_id)), Box(*map(float, box)), float(confidence), self.name)
            for box, confidence, class_id in zip(
                found.xyxy, found.confidence, found.class_id, strict=True
            )
        ]

    def confident_labels(self, labels: Sequence[Label]) -> tuple[Label, ...]:
        """Keep the labels that reach this labeller's thresholds, one per garment."""
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
            LabellerUnavailable: its packages, its weights or a GPU are missing.
            NoDetector: the labeller is the teacher, and no detector is published.
            BadDetector: the published detector is damaged.
            EngineUnavailable: no engine can run the published detector here.
        """
        with label_extra():
            version, model = self._opened()
        thresholds = LabelThresholds(_DEFAULT_THRESHOLDS[self.labeller], self.thresholds)
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
            # The thresholds of the detector change its boxes, so they are part of the version.
            confidence, iou = self.detector.thresholds
            version = f"{published.version}-score-{confidence:g}-iou-{iou:g}"
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
