"""A loaded labeller: how it labels a photo file, and which of its labels are trained on."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from oott_assets.training.labels.catalogue_folders import garment_of_folder
from oott_assets.training.labels.labelled_photos import Label
from oott_assets.training.labels.photo_tags import PhotoTags
from oott_assets.training.labels.pseudo_labels import (
    LabelThresholds,
    complete_labels,
    confident_labels,
)
from oott_fashion.garments import garment_named
from oott_fashion.vision.detections import Box

if TYPE_CHECKING:
    from autodistill.detection import DetectionBaseModel


@dataclass(frozen=True)
class OpenedLabeller:
    """A labeller that finds garments by itself; its version changes if its boxes could change."""

    name: str
    version: str
    model: "DetectionBaseModel"
    thresholds: LabelThresholds

    def hint_for(self, photo: Path) -> str:
        """Write what people say about the photo, because its labels depend on that.

        For most labellers, it is the name of the photo's folder.

        Raises:
            NotTagged: the labeller needs tags, and the photo has none.
        """
        return photo.parent.name

    def all_labels(self, photo: Path) -> list[Label]:
        """Label the garments in a photo file, at any confidence.

        Raises:
            NotInCatalogue: the labeller needs the garment's name, and the folder has another name.
            NotTagged: the labeller needs tags, and the photo has none.
            UnreadablePhoto: the file is damaged, or is not a photo.
        """
        found = self.model.predict(str(photo))
        if not len(found):
            return []
        return [
            Label(garment_named(int(class_id)), Box(*map(float, box)), float(confidence), self.name)
            for box, confidence, class_id in zip(
                found.xyxy, found.confidence, found.class_id, strict=True
            )
        ]

    def labels_to_train_on(
        self,
        photo: Path,  # noqa: ARG002 - other labellers decide by the folder or the tags
        labels: Sequence[Label],
    ) -> tuple[Label, ...] | None:
        """Keep the confident labels of ``photo``.

        Returns:
            The labels; none if the photo shows no clothes; None if nobody should train on it.
        """
        return confident_labels(labels, self.thresholds) or None


@dataclass(frozen=True)
class OpenedCatalogue(OpenedLabeller):
    """The catalogue labeller, which knows from the folder whether a photo shows clothes."""

    def labels_to_train_on(self, photo: Path, labels: Sequence[Label]) -> tuple[Label, ...] | None:
        if garment_of_folder(photo) is None:
            return ()
        return super().labels_to_train_on(photo, labels)


@dataclass(frozen=True)
class OpenedTags(OpenedLabeller):
    """The labeller of tagged photos. It leaves out photos of which a garment has no label."""

    tags: PhotoTags

    def hint_for(self, photo: Path) -> str:
        return str(self.tags.of(photo))

    def labels_to_train_on(self, photo: Path, labels: Sequence[Label]) -> tuple[Label, ...] | None:
        tags = self.tags.of(photo)
        if not tags.are_complete:
            return None
        return complete_labels(labels, tags.garments, self.thresholds)
