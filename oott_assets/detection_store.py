"""The detections of each destination and month: one parquet file per partition.

A file has one row per garment. A photo without garments has one row without a garment, so that
shares of photos can be counted from the file alone.
"""

import re
from collections.abc import Collection, Iterator, Sequence
from contextlib import AbstractContextManager, suppress
from datetime import date
from itertools import groupby
from typing import Any, NamedTuple

import dagster as dg
import pyarrow as pa

from oott_assets.opened_blobs import opened_blobs
from oott_assets.parquet import damage_reported, from_parquet, to_parquet
from oott_assets.photos.settings import PhotoSettings
from oott_assets.setting_fields import from_setting
from oott_fashion.stores.blobs import BlobNotFound, Blobs
from oott_fashion.vision.detections import Box, Detection


class PhotoDetections(NamedTuple):
    """The garments in one photo, most confident first, or the reason why it is unreadable.

    ``post`` is the shortcode of its post, and ``taken_on`` the day in ``OOTT_TIMEZONE``.
    """

    sha256: str
    garments: tuple[Detection, ...]
    unreadable: str | None = None
    post: str | None = None
    taken_on: date | None = None


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


DETECTIONS = pa.schema(
    [
        pa.field("destination", pa.string(), nullable=False),
        pa.field("month", pa.date32(), nullable=False),
        pa.field("photo", pa.string(), nullable=False),
        pa.field("post", pa.string(), nullable=False),
        pa.field("taken_on", pa.date32()),
        pa.field("garment", pa.string()),
        pa.field("category", pa.string()),
        pa.field("colour", pa.string()),
        pa.field("confidence", pa.float32()),
        *(pa.field(edge, pa.float32()) for edge in Box._fields),
        pa.field("detector_version", pa.string(), nullable=False),
        pa.field("unreadable", pa.string()),
    ]
)
# The version is also in the file's metadata, because a month without photos has no rows.
_VERSION = b"detector_version"
_FOLDER = "detections"


class DetectionStore(dg.ConfigurableResource[None]):
    """The detections of each partition, in a folder or bucket."""

    root: str = from_setting(PhotoSettings, "photo_store", required=True)

    def write(self, destination: str, month: date, detections: PartitionDetections) -> None:
        """Replace the detections of a partition."""
        table = _rows_table(destination, month, detections)
        self._blobs.write(_named(destination, month), to_parquet(table))
        self._blobs.delete(_named_before(destination, month))

    def read(self, destination: str, month: date) -> PartitionDetections:
        """Read the partition's detections.

        Raises:
            BlobNotFound: no detector has read the partition.
            DamagedBlob: the file is damaged, or another program or release wrote it.
        """
        table = self._table(destination, month)
        with self._damage_reported(_named(destination, month), destination, month):
            return _detections_in(table)

    def partitions(self) -> list[tuple[str, date]]:
        """List every destination and month that a detector has read."""
        names = [
            *self._blobs.names(_FOLDER),
            *(
                name
                for folder in self._blobs.folders(_FOLDER)
                for name in self._blobs.names(folder)
            ),
        ]
        return sorted({partition for name in names if (partition := _partition_in(name))})

    def table(
        self, months: Collection[date] | None = None, columns: Sequence[str] = DETECTIONS.names
    ) -> pa.Table:
        """Read ``columns`` of all partitions, or of those of ``months``: a row per garment.

        A photo without garments has one row whose garment is null. Text is dictionary-encoded, so
        that a million garments need little memory.
        """
        return self._joined(
            [
                partition
                for partition in self.partitions()
                if months is None or partition[1] in months
            ],
            columns,
        )

    def monthly_tables(
        self, months: Sequence[date], columns: Sequence[str] = DETECTIONS.names
    ) -> Iterator[pa.Table]:
        """Read ``columns`` of one month after the other; an unread month has no rows."""
        partitions = self.partitions()
        for month in months:
            yield self._joined([each for each in partitions if each[1] == month], columns)

    def _joined(self, partitions: Collection[tuple[str, date]], columns: Sequence[str]) -> pa.Table:
        parts = [self._table(destination, month, columns) for destination, month in partitions]
        schema = pa.schema([_encoded(DETECTIONS.field(name)) for name in columns])
        encoded = [part.replace_schema_metadata(None).cast(schema) for part in parts]
        return pa.concat_tables([schema.empty_table(), *encoded]).unify_dictionaries()

    def _table(
        self, destination: str, month: date, columns: Sequence[str] = DETECTIONS.names
    ) -> pa.Table:
        name = _named(destination, month)
        try:
            content = self._blobs.read(name)
        except BlobNotFound:
            name = _named_before(destination, month)
            content = self._blobs.read(name)
        with self._damage_reported(name, destination, month):
            if name == _named_before(destination, month):
                detections = _detections_in_nested(from_parquet(content))
                return _rows_table(destination, month, detections).select(columns)
            table = from_parquet(content, columns).select(columns)
            fields = [DETECTIONS.field(column) for column in columns]
            return table.cast(pa.schema(fields, table.schema.metadata))

    def _damage_reported(
        self, name: str, destination: str, month: date
    ) -> AbstractContextManager[None]:
        remedy = f"materialise garment_detections of {destination}|{month:%Y-%m} again"
        return damage_reported(self._blobs.where(name), remedy)

    @property
    def _blobs(self) -> Blobs:
        return opened_blobs(self.root)


def _named(destination: str, month: date) -> str:
    return f"{_FOLDER}/{month:%Y-%m}.{destination}.parquet"


def _named_before(destination: str, month: date) -> str:
    """Name the file in which release 0.1 stored the detections of a partition."""
    return f"{_FOLDER}/{destination}/{month:%Y-%m}.parquet"


def _partition_in(name: str) -> tuple[str, date] | None:
    """Read the destination and month from the name of a file; None if it is another file."""
    flat = re.fullmatch(rf"{_FOLDER}/(\d{{4}}-\d\d)\.(.+)\.parquet", name)
    nested = re.fullmatch(rf"{_FOLDER}/(.+)/(\d{{4}}-\d\d)\.parquet", name)
    with suppress(ValueError):  # no calendar has such a month
        if flat:
            return flat[2], date.fromisoformat(f"{flat[1]}-01")
        if nested:
            return nested[1], date.fromisoformat(f"{nested[2]}-01")
    return None


def _encoded(field: pa.Field) -> pa.Field:
    text = pa.types.is_string(field.type)
    return field.with_type(pa.dictionary(pa.int32(), pa.string())) if text else field


def _rows_table(destination: str, month: date, detections: PartitionDetections) -> pa.Table:
    rows = [
        {
            "destination": destination,
            "month": month,
            "photo": photo.sha256,
            # A photo whose post is unknown counts as a post of its own.
            "post": photo.post or photo.sha256,
            "taken_on": photo.taken_on,
            **_garment_columns(garment),
            "detector_version": detections.detector_version,
            "unreadable": photo.unreadable,
        }
        for photo in detections.photos
        for garment in photo.garments or (None,)
    ]
    schema = DETECTIONS.with_metadata({_VERSION: detections.detector_version.encode()})
    return pa.Table.from_pylist(rows, schema=schema)


def _garment_columns(detection: Detection | None) -> dict[str, object]:
    if detection is None:
        return {}
    return {
        "garment": detection.garment,
        "category": detection.category,
        "colour": detection.colour,
        "confidence": detection.confidence,
        **detection.box._asdict(),
    }


def _detections_in(table: pa.Table) -> PartitionDetections:
    photos = [
        _photo_of(list(rows))
        for _, rows in groupby(table.to_pylist(), key=lambda row: row["photo"])
    ]
    return PartitionDetections(table.schema.metadata[_VERSION].decode(), tuple(photos))


def _photo_of(rows: Sequence[dict[str, Any]]) -> PhotoDetections:
    first = rows[0]
    garments = tuple(_detection_of(row) for row in rows if row["garment"] is not None)
    return PhotoDetections(
        first["photo"], garments, first["unreadable"], first["post"], first["taken_on"]
    )


def _detection_of(row: dict[str, Any]) -> Detection:
    box = Box(*(row[edge] for edge in Box._fields))
    return Detection(row["garment"], row["confidence"], box, row["colour"])


def _detections_in_nested(table: pa.Table) -> PartitionDetections:
    """Read a file of release 0.1: one row per photo, with a list of garments."""
    photos = [
        PhotoDetections(
            row["sha256"],
            tuple(
                _detection_of({**garment, "confidence": garment["score"]})
                for garment in row["garments"]
            ),
            row["unreadable"],
            row["sha256"],
        )
        for row in table.to_pylist()
    ]
    return PartitionDetections(table.schema.metadata[_VERSION].decode(), tuple(photos))
