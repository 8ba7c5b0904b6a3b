"""The detections of each destination and month: one parquet file per partition."""

from datetime import date
from typing import Any, NamedTuple

import dagster as dg
import pyarrow as pa

from oott_assets.parquet import from_parquet, to_parquet
from oott_assets.photos.settings import PhotoSettings
from oott_assets.photos.store.opened_blobs import opened_blobs
from oott_assets.setting_fields import from_setting
from oott_fashion.vision.detections import Box, Detection


class PhotoDetections(NamedTuple):
    """The garments in one photo, most confident first, or the reason why it is unreadable."""

    sha256: str
    garments: tuple[Detection, ...]
    unreadable: str | None = None


class PartitionDetections(NamedTuple):
    """The detections that one detector made in the photos of a partition."""

    detector_version: str
    photos: tuple[PhotoDetections, ...]

    @property
    def readable(self) -> list[PhotoDetections]:
        return [photo for photo in self.photos if photo.unreadable is None]

    @property
    def garments(self) -> int:
        """The number of garments in all photos."""
        return sum(len(photo.garments) for photo in self.photos)

    @property
    def photos_with_garments(self) -> int:
        return sum(bool(photo.garments) for photo in self.photos)


_GARMENT = pa.struct(
    [
        ("garment", pa.string()),
        ("category", pa.string()),
        ("colour", pa.string()),
        ("score", pa.float32()),
        *((edge, pa.float32()) for edge in Box._fields),
    ]
)
_DETECTIONS = pa.schema(
    [
        pa.field("sha256", pa.string(), nullable=False),
        pa.field("garments", pa.list_(_GARMENT), nullable=False),
        pa.field("unreadable", pa.string()),
    ]
)
# The version is in the file's metadata, because a month without photos has no rows.
_VERSION = b"detector_version"


class DetectionStore(dg.ConfigurableResource[None]):
    """The detections of each partition, in a folder or bucket."""

    root: str = from_setting(PhotoSettings, "photo_store", required=True)

    def write(self, destination: str, month: date, detections: PartitionDetections) -> None:
        """Replace the detections of a partition."""
        rows = [
            {
                "sha256": photo.sha256,
                "garments": [_row_of(detection) for detection in photo.garments],
                "unreadable": photo.unreadable,
            }
            for photo in detections.photos
        ]
        schema = _DETECTIONS.with_metadata({_VERSION: detections.detector_version.encode()})
        table = pa.Table.from_pylist(rows, schema=schema)
        opened_blobs(self.root).write(_named(destination, month), to_parquet(table))

    def read(self, destination: str, month: date) -> PartitionDetections:
        """Read the partition's detections.

        Raises:
            BlobNotFound: no detector has read the partition.
        """
        content = opened_blobs(self.root).read(_named(destination, month))
        table = from_parquet(content)
        version = table.schema.metadata[_VERSION].decode()
        return PartitionDetections(version, tuple(_photo_of(row) for row in table.to_pylist()))


def _row_of(detection: Detection) -> dict[str, object]:
    return {
        "garment": detection.garment,
        "category": detection.category,
        "colour": detection.colour,
        "score": detection.confidence,
        **detection.box._asdict(),
    }


def _photo_of(row: dict[str, Any]) -> PhotoDetections:
    garments = tuple(_detection_of(garment) for garment in row["garments"])
    return PhotoDetections(row["sha256"], garments, row["unreadable"])


def _detection_of(row: dict[str, Any]) -> Detection:
    box = Box(*(row[edge] for edge in Box._fields))
    return Detection(row["garment"], row["score"], box, row["colour"])


def _named(destination: str, month: date) -> str:
    return f"detections/{destination}/{month:%Y-%m}.parquet"
