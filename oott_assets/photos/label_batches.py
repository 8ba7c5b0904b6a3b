"""Copies of stored photos for people to label, in batches that Label Studio reads.

The copy of a photo is ``BATCH/photos/DESTINATION/YYYY-MM/SHA256.jpg``. ``BATCH/tasks.json`` is
written last, so a batch without it is incomplete. A copy lives only as long as its stored photo.
"""

import json
import re
from collections import defaultdict
from collections.abc import Collection
from contextlib import AbstractContextManager, suppress
from datetime import date, datetime
from itertools import chain, count, groupby
from pathlib import Path
from typing import NamedTuple

import dagster as dg

from oott_assets.photos.recorded_pictures import delete_label_runs, reject_unfinished_label_runs
from oott_assets.photos.settings import PhotoSettings
from oott_assets.photos.store.manifest import kept_in
from oott_assets.photos.store.photo_store import PhotoStore
from oott_assets.setting_fields import from_setting
from oott_fashion.stores.blobs import LocalBlobs

INTERFACE = "labelling-interface.xml"
TASKS = "tasks.json"

# The store keeps photos in these formats. Label Studio needs a suffix to serve a file as a photo.
_SUFFIXES = {b"\xff\xd8": "jpg", b"\x89P": "png", b"RI": "webp"}

_COPY = re.compile(
    r"(?P<batch>[^/]+)/photos/(?P<destination>[^/]+)/(?P<month>\d{4}-(0[1-9]|1[0-2]))/"
    r"(?P<sha256>[0-9a-f]{64})\.(jpg|png|webp)"
)


class OfferedPhoto(NamedTuple):
    """A copy of a stored photo in a batch; ``blob`` is its path below the root."""

    batch: str
    destination: str
    month: date
    sha256: str
    blob: str


class LabelBatches(dg.ConfigurableResource[None]):
    """The batches in one local folder."""

    root: str = from_setting(PhotoSettings, "label_tasks_folder", required=True)

    def locked(self) -> AbstractContextManager[None]:
        """Lock all batches, after waiting for any other lock."""
        return self.blobs.exclusive_lock("")

    def offered(self) -> list[OfferedPhoto]:
        """List the copies of all batches, also of incomplete ones."""
        files = sorted(self.blobs.root.glob("*/photos/*/*/*"))
        names = (file.relative_to(self.blobs.root).as_posix() for file in files)
        return [
            OfferedPhoto(
                match["batch"],
                match["destination"],
                datetime.strptime(match["month"], "%Y-%m").date(),
                match["sha256"],
                name,
            )
            for name in names
            if (match := _COPY.fullmatch(name)) is not None
        ]

    def new_batch(self, today: date) -> str:
        """Name a new batch after its date; a second one of the day gets a number."""
        taken = set(self.blobs.folders(""))
        numbered = (f"{today}-{number}" for number in count(2))
        return next(name for name in chain([f"{today}"], numbered) if name not in taken)

    def add(self, batch: str, destination: str, month: date, sha256: str, content: bytes) -> str:
        """Copy the content of a stored photo into a batch, and return its path below the root."""
        name = f"{sha256}.{_SUFFIXES[content[:2]]}"
        blob = f"{batch}/photos/{destination}/{month:%Y-%m}/{name}"
        self.blobs.write(blob, content)
        return blob

    def finish(self, batch: str, tasks: bytes, interface: bytes) -> None:
        """Write the tasks of a batch, and the labelling interface of all batches."""
        self.blobs.write(INTERFACE, interface)
        self.blobs.write(f"{batch}/{TASKS}", tasks)

    def delete_incomplete(self) -> None:
        """Delete what killed runs left."""
        for photo in self.offered():
            if not self.blobs.exists(f"{photo.batch}/{TASKS}"):
                self.blobs.delete(photo.blob)

    def delete_unstored(self, store: PhotoStore, records: dg.DagsterInstance | None) -> int:
        """Delete the copies whose photos have left the store, and the runs that show them.

        Raises:
            AlreadyLocked: a run that may show such a photo is unfinished.
        """
        if not self.blobs.root.is_dir():
            return 0
        with self.locked():
            unstored = _unstored(self.offered(), store)
            if unstored and records is not None:
                # The runs are deleted first. After an interruption, the next call still finds the
                # copies, and then deletes the runs.
                reject_unfinished_label_runs(records)
                batches = {photo.batch for photo in unstored}
                delete_label_runs(records, batches, "photos on it were deleted")
            unstored.sort()
            for batch, photos in groupby(unstored, key=lambda photo: photo.batch):
                self._delete(batch, list(photos))
        return len(unstored)

    def _delete(self, batch: str, photos: Collection[OfferedPhoto]) -> None:
        for photo in photos:
            self.blobs.delete(photo.blob)
        tasks = f"{batch}/{TASKS}"
        if self.blobs.exists(tasks):
            gone = {photo.sha256 for photo in photos}
            left = [
                task
                for task in json.loads(self.blobs.read(tasks))
                if task["data"]["sha256"] not in gone
            ]
            self.blobs.write(tasks, json.dumps(left, indent=1, ensure_ascii=False).encode())

    @property
    def blobs(self) -> LocalBlobs:
        # Only this user or group can read the files, because they show people.
        return LocalBlobs(self.root, readers="group")


def is_copy(file: Path) -> bool:
    """Tell whether ``file`` is a copy of a stored photo in a batch, by its path."""
    return _COPY.fullmatch("/".join(file.parts[-5:])) is not None


def _unstored(offered: Collection[OfferedPhoto], store: PhotoStore) -> list[OfferedPhoto]:
    """List the copies whose photos are no longer in the store.

    If a manifest cannot be read, it is unknown which photos are stored, so its copies stay.
    """
    unstored = []
    copies = defaultdict(list)
    for photo in offered:
        copies[photo.destination, photo.month].append(photo)
    for place, photos in copies.items():
        with suppress(ValueError):
            kept = set(kept_in(store.month(*place).rows()))
            unstored += [photo for photo in photos if photo.sha256 not in kept]
    return unstored
