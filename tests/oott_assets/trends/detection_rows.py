"""Rows of stored detections for tests, as ``DetectionStore.table`` gives them."""

from collections.abc import Iterable
from typing import NamedTuple

import pyarrow as pa

from oott_assets.trends.statistics.photo_counts import COLUMNS


class Row(NamedTuple):
    """A garment in a photo, or with no garment a photo in which none was found."""

    photo: str
    garment: str | None = "coat"
    colour: str | None = "black"
    post: str | None = None
    confidence: float = 0.9
    destination: str = "hongdae"
    detector_version: str = "v1"


def table_of(rows: Iterable[Row]) -> pa.Table:
    """Make a table of rows; a photo without a post is the only photo of its post."""
    values = [{**row._asdict(), "post": row.post or row.photo} for row in rows]
    types = {"confidence": pa.float32()}
    schema = pa.schema([(name, types.get(name, pa.string())) for name in COLUMNS])
    return pa.Table.from_pylist(values, schema=schema)


def photos(
    count: int, garment: str = "coat", *, destination: str = "hongdae", version: str = "v1"
) -> list[Row]:
    """Make photos of different posts that show one garment each."""
    return [
        Row(f"{garment}-{number}", garment, destination=destination, detector_version=version)
        for number in range(count)
    ]
