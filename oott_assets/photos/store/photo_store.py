"""The photo store: photos and manifests by destination and month, in a folder or a bucket."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, date, datetime
from functools import cache
from typing import Self

import dagster as dg

from oott_assets.opened_blobs import opened_blobs
from oott_assets.photos.privacy.faces import FaceHider
from oott_assets.photos.settings import PhotoSettings
from oott_assets.photos.store.crawl_journal import Forgotten, hash_of
from oott_assets.photos.store.stored_month import StoredMonth
from oott_assets.setting_fields import from_setting
from oott_fashion.stores.blobs import Blobs

_FORGOTTEN = "forgotten"

# Photos are small, so more cores do not make face detection faster.
_MAX_CORES = 4


class PhotoStore(dg.ConfigurableResource[None]):
    """Photos and manifests under one folder or gs:// address."""

    root: str = from_setting(PhotoSettings, "photo_store", required=True)
    max_pixels: int = from_setting(PhotoSettings, "max_pixels")
    hide_faces: bool = from_setting(PhotoSettings, "hide_faces")

    @classmethod
    def of(cls, settings: PhotoSettings) -> Self:
        return cls(
            root=settings.photo_store_root,
            max_pixels=settings.max_pixels,
            hide_faces=settings.hide_faces,
        )

    def month(self, destination: str, month: date) -> StoredMonth:
        """Give the photos of ``destination``, a slug, in the month that starts on ``month``."""
        return StoredMonth(self._blobs, destination, month, self.max_pixels)

    def months(self) -> list[tuple[str, date]]:
        """List every destination and month with stored photos, a manifest or a journal."""
        blobs = self._blobs
        collected = (
            (_last_of(folder), _last_of(name).removesuffix(".parquet"))
            for folder in blobs.folders("manifests")
            for name in blobs.names(folder)
        )
        unfinished = (
            (_last_of(folder), _last_of(month))
            for kind in ("photos", "journals")
            for folder in blobs.folders(kind)
            for month in blobs.folders(folder)
        )
        return sorted(
            (slug, first)
            for slug, month in {*collected, *unfinished}
            # A folder may also contain files of a file manager. Their names are not months.
            if (first := _first_of(month)) is not None
        )

    @contextmanager
    def undated_photos(self, destination: str) -> Iterator["UndatedPhotos"]:
        """Let one month at a time decide which photos of a destination without a date it counts."""
        blobs, folder = self._blobs, f"undated/{destination}"
        with blobs.exclusive_lock(folder):
            yield UndatedPhotos(blobs, f"{folder}/mark")

    def face_hider(self) -> FaceHider | None:
        """Open and test the face hider; return None if the setting ``hide_faces`` is off.

        Raises:
            FacesNotHidden: the face detector does not work, so no photo may be stored.
        """
        return tested_face_hider() if self.hide_faces else None

    def forget(self, name: str) -> None:
        """Record that a post or photo must never be collected; only a hash of its name is stored.

        A post has its shortcode as name.
        """
        today = f"{datetime.now(UTC):%Y-%m-%d}"
        self._blobs.write(f"{_FORGOTTEN}/{hash_of(name)}", today.encode())

    def forgotten(self) -> Forgotten:
        """List the posts and photos that must not be collected."""
        return Forgotten(frozenset(map(_last_of, self._blobs.names(_FORGOTTEN))))

    @property
    def _blobs(self) -> Blobs:
        return opened_blobs(self.root)


class UndatedPhotos:
    """Tells whether another month has decided meanwhile, since a bucket has no locks.

    Each month writes the mark, reads the manifests of the other months, and writes its own. If
    another month has written the mark since then, each may have missed the manifest of the other.
    """

    def __init__(self, blobs: Blobs, mark: str) -> None:
        self._blobs = blobs
        self._mark = mark

    def begin(self) -> str:
        """Write the mark, and give its version."""
        return self._blobs.write(self._mark, b"")

    def is_latest(self, version: str) -> bool:
        """Tell whether no other month has begun since the mark got ``version``."""
        return self._blobs.version(self._mark) == version


@cache
def tested_face_hider() -> FaceHider:
    """Open and test the face hider, once per process.

    Raises:
        FacesNotHidden: the face detector does not work.
    """
    return FaceHider(cores=min(_MAX_CORES, os.cpu_count() or 1))


def _last_of(name: str) -> str:
    return name.rpartition("/")[2]


def _first_of(month: str) -> date | None:
    try:
        return datetime.strptime(month, "%Y-%m").date()
    except ValueError:
        return None
