"""The manifest of a destination and month has one row per photo or post without a photo."""

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Literal, NamedTuple

import pyarrow as pa

from oott_assets.parquet import from_parquet, to_parquet

# The outcome of a photo, or of a post without a photo. Only photos in state "kept" are stored and
# counted. A "deleted" photo was stored and then deleted because of OOTT_PHOTO_RETENTION_DAYS. A
# "double" has the same stored content as an earlier photo. A "forgotten" photo shows the picture of
# a post that was removed on request.
State = Literal[
    "kept",
    "deleted",
    "forgotten",
    "double",
    "near-duplicate",
    "unreadable",
    "refused",
    "gone",
    "no photo",
    "other month",
]


_SAME_PICTURE = "same picture as "


class ManifestRow(NamedTuple):
    """A photo of a partition, or a listed post without a photo; ``reason`` says why it is not kept.

    ``shortcode`` identifies the post and ``name`` the photo. A row without ``taken_at`` has no
    date, and counts for the month that was requested.
    """

    shortcode: str
    name: str
    state: State
    reason: str | None
    sha256: str | None
    width: int | None
    height: int | None
    faces_hidden: int
    taken_at: datetime | None
    permalink: str | None
    hashtag: str | None
    source: str
    fetched_at: datetime

    @property
    def kept(self) -> bool:
        return self.state == "kept"

    @property
    def picture(self) -> str:
        """The name of the photo that was kept for the picture that this photo shows."""
        reason = self.reason or ""
        return reason.removeprefix(_SAME_PICTURE) if reason.startswith(_SAME_PICTURE) else self.name

    def duplicate_of(self, kept: "ManifestRow") -> "ManifestRow":
        state: State = "double" if kept.sha256 == self.sha256 else "near-duplicate"
        return self._replace(state=state, sha256=None, reason=f"{_SAME_PICTURE}{kept.name}")

    def forgotten(self) -> "ManifestRow":
        why = "shows the picture of a post that was removed on request"
        return self._replace(state="forgotten", sha256=None, reason=why)


_MOMENT = pa.timestamp("us", tz="UTC")
_MANIFEST = pa.schema(
    [
        pa.field("shortcode", pa.string(), nullable=False),
        pa.field("name", pa.string(), nullable=False),
        pa.field("state", pa.string(), nullable=False),
        pa.field("reason", pa.string()),
        pa.field("sha256", pa.string()),
        pa.field("width", pa.int32()),
        pa.field("height", pa.int32()),
        pa.field("faces_hidden", pa.int32(), nullable=False),
        pa.field("taken_at", _MOMENT),
        pa.field("permalink", pa.string()),
        pa.field("hashtag", pa.string()),
        pa.field("source", pa.string(), nullable=False),
        pa.field("fetched_at", _MOMENT, nullable=False),
    ]
)


def kept_in(rows: Iterable[ManifestRow]) -> list[str]:
    """List the hashes of the photos in state "kept", in the order of ``rows``."""
    return [row.sha256 for row in rows if row.kept and row.sha256 is not None]


def manifest_file(rows: Sequence[ManifestRow]) -> bytes:
    """Write ``rows`` as a parquet file."""
    return to_parquet(pa.Table.from_pylist([row._asdict() for row in rows], schema=_MANIFEST))


def rows_in(manifest: bytes) -> list[ManifestRow]:
    """Read the rows of a parquet file that ``manifest_file`` wrote; others raise any error."""
    table = from_parquet(manifest).select(_MANIFEST.names).cast(_MANIFEST)
    return [ManifestRow(**row) for row in table.to_pylist()]
