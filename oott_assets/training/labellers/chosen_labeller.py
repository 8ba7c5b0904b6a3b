"""Opens the labellers that the settings name."""

from collections.abc import Callable
from pathlib import Path

import dagster as dg
from pydantic import Field

from oott_assets.garment_detector import GarmentDetector
from oott_assets.setting_fields import from_setting
from oott_assets.training.labellers.availability import LabellerUnavailable, label_extra
from oott_assets.training.labellers.opened_labeller import (
    OpenedCatalogue,
    OpenedLabeller,
    OpenedTags,
)
from oott_assets.training.labellers.weight_downloads import version_of_weights
from oott_assets.training.labels.catalogue_folders import CATALOGUE
from oott_assets.training.labels.photo_tags import read_photo_tags
from oott_assets.training.labels.pseudo_labels import LabelThresholds
from oott_assets.training.settings import PUBLISHED, TrainingSettings
from oott_fashion.vision.detector import Detector

# For catalogue, the threshold is an IoU of two outlines, and 93 % of 2,837 photos reach it. Most
# boxes of the teacher with at least its threshold are correct. A tagged garment is there, so tags
# need little confidence: with 0.02, four fifths of 156 tagged photos are kept, and 86 % of their
# boxes are correct, and with 0.2 a third and 88 %. The other two labellers use the default of
# GroundingDINO.
_DEFAULT_THRESHOLDS = {
    "catalogue": 0.7,
    "tags": 0.02,
    "teacher": 0.5,
    "grounding_dino": 0.35,
    "grounded_sam": 0.35,
}


class ChosenLabeller(dg.ConfigurableResource[None]):
    """The labellers that ``OOTT_LABELLER`` names."""

    labellers: list[str] = from_setting(TrainingSettings, "labeller", required=True)
    photo_tags: str | None = from_setting(TrainingSettings, "photo_tags")
    teacher: str = from_setting(TrainingSettings, "teacher")
    image_side: int = from_setting(TrainingSettings, "image_side")
    weights: str = from_setting(TrainingSettings, "labeller_weights", required=True)
    on_cpu: bool = from_setting(TrainingSettings, "label_on_cpu")
    device: str = from_setting(TrainingSettings, "train_device")
    thresholds: dict[str, float] = from_setting(TrainingSettings, "label_thresholds")
    detector: dg.ResourceDependency[GarmentDetector] = Field(
        description="The resource garment_detector."
    )

    def opened(self) -> list[OpenedLabeller]:
        """Load the labellers. Without OOTT_PHOTO_TAGS, tags is left out if there are others.

        Raises:
            LabellerUnavailable: packages, weights, tags or a GPU are missing.
            BadTags: the file of tags cannot be used.
            NoDetector: a labeller needs the published detector, and there is none.
            BadDetector: the published detector is damaged.
            EngineUnavailable: no engine can run the published detector here.
        """
        names = [name for name in self.labellers if name != "tags" or self.photo_tags]
        if not names:
            raise LabellerUnavailable(
                "OOTT_LABELLER is tags, but OOTT_PHOTO_TAGS is not set; name the file of tags"
            )
        with label_extra():
            return [self._opened(name) for name in names]

    def _opened(self, name: str) -> OpenedLabeller:
        default = self.thresholds.get(name, _DEFAULT_THRESHOLDS[name])
        return _OPENERS[name](self, LabelThresholds(default, self.thresholds))

    def _catalogue(self, thresholds: LabelThresholds) -> OpenedLabeller:
        from oott_assets.training.labellers.catalogue import CATALOGUE_VERSION, CatalogueLabeller

        return OpenedCatalogue(CATALOGUE, CATALOGUE_VERSION, CatalogueLabeller(), thresholds)

    def _tags(self, thresholds: LabelThresholds) -> OpenedLabeller:
        from oott_assets.training.labellers.tags import TAGS_VERSION, TagsLabeller

        tags = read_photo_tags(Path(str(self.photo_tags)))
        teacher, detector = self._teacher_detector()
        version = f"{TAGS_VERSION}-{teacher}"
        return OpenedTags("tags", version, TagsLabeller(detector, tags), thresholds, tags)

    def _teacher(self, thresholds: LabelThresholds) -> OpenedLabeller:
        from oott_assets.training.labellers.teacher import TEACHER_VERSION, TeacherLabeller

        teacher, detector = self._teacher_detector()
        # The thresholds of the detector change its boxes, so they are part of the version.
        confidence, iou = self.detector.thresholds
        version = f"{TEACHER_VERSION}-{teacher}-score-{confidence:g}-iou-{iou:g}"
        return OpenedLabeller("teacher", version, TeacherLabeller(detector), thresholds)

    def _teacher_detector(self) -> tuple[str, Detector]:
        """Open the detector of OOTT_TEACHER, and give its version."""
        if self.teacher == PUBLISHED:
            published = self.detector.latest()
            return published.version, published.detector
        from oott_assets.training.labellers.teacher import detector_of_weights

        return detector_of_weights(Path(self.teacher), self.image_side, self.detector.thresholds)

    def _grounding_dino(self, thresholds: LabelThresholds) -> OpenedLabeller:
        from oott_assets.training.labellers.grounding_dino import GroundingDinoLabeller

        folder = Path(self.weights)
        dino = GroundingDinoLabeller(folder, self.device, self.on_cpu)
        version = version_of_weights("grounding_dino", folder)
        return OpenedLabeller("grounding_dino", version, dino, thresholds)

    def _grounded_sam(self, thresholds: LabelThresholds) -> OpenedLabeller:
        from oott_assets.training.labellers.grounded_sam import GroundedSamLabeller

        folder = Path(self.weights)
        sam = GroundedSamLabeller(folder, self.device, self.on_cpu)
        version = version_of_weights("grounded_sam", folder)
        return OpenedLabeller("grounded_sam", version, sam, thresholds)


_OPENERS: dict[str, Callable[[ChosenLabeller, LabelThresholds], OpenedLabeller]] = {
    "catalogue": ChosenLabeller._catalogue,
    "tags": ChosenLabeller._tags,
    "teacher": ChosenLabeller._teacher,
    "grounding_dino": ChosenLabeller._grounding_dino,
    "grounded_sam": ChosenLabeller._grounded_sam,
}
