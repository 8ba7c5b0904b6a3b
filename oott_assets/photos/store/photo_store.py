"""Where photos are kept: for each destination and month, in a folder or in an object store."""

import os
from datetime import UTC, date, datetime
from functools import cache

import dagster as dg

from oott_assets.photos.privacy.faces import FaceHider
from oott_assets.photos.settings import PhotoSettings
from oott_assets.photos.store.crawl_journal import hash_of
from oott_assets.photos.store.opened_blobs import opened_blobs
from oott_assets.photos.store.stored_month import StoredMonth
from oott_assets.setting_fields import from_setting
from oott_fashion.stores.blobs import Blobs

_FORGOTTEN = "forgotten"

# A photo is small: more cores would mostly wait for each other.
_MAX_CORES = 4


class PhotoStore(dg.ConfigurableResource[None]):
    """Photos and manifests under one folder or gs:// address."""

    root: str = from_setting(PhotoSettings, "photo_store", required=True)
    max_pixels: int = from_setting(PhotoSettings, "max_pixels")
    hide_faces: bool = from_setting(PhotoSettings, "hide_faces")

    def month(self, destination: str, month: date) -> StoredMonth:
        """Give the photos of ``destination``, a slug, in the month that starts on ``month``."""
        return StoredMonth(self._blobs, destination, month, self.max_pixels)

    def months(self) -> list[tuple[str, date]]:
        """List every destination and month of which anything is stored."""
        blobs = self._blobs
        collected = (
            (_last_of(folder), _last_of(name).removesuffix(".parquet"))
            for folder in blobs.folders("manifests")
            for name in blobs.names(folder)
        )
        begun = (
            (_last_of(folder), _last_of(month))
            for kind in ("photos", "journals")
            for folder in blobs.folders(kind)
            for month in blobs.folders(folder)
        )
        return sorted(
            (slug, first)
            for slug, month in {*collected, *begun}
            # A file manager leaves files of its own wherever it was.
            if (first := _first_of(month)) is not None
        )

    def face_hider(self) -> FaceHider | None:
        """Open what hides faces, tested on a face it must find; none where they are to be seen.

        Raises:
            FacesNotHidden: it does not work here, so that no photo may be stored.
        """
        return tested_face_hider() if self.hide_faces else None

    def forget(self, shortcode: str) -> None:
        """Write down that a post shall never be collected again; its name is kept as a hash."""
        self._blobs.write(_forgotten_named(shortcode), f"{datetime.now(UTC):%Y-%m-%d}".encode())

    def is_forgotten(self, shortcode: str) -> bool:
        """Tell whether a post shall not be collected."""
        return self._blobs.exists(_forgotten_named(shortcode))

    @property
    def _blobs(self) -> Blobs:
        return opened_blobs(self.root)


@cache
def tested_face_hider() -> FaceHider:
    """Open what hides faces, once in a process.

    Raises:
        FacesNotHidden: it does not work here.
    """
    return FaceHider(cores=min(_MAX_CORES, os.cpu_count() or 1))


def _forgotten_named(shortcode: str) -> str:
    return f"{_FORGOTTEN}/{hash_of(shortcode)}"


def _last_of(name: str) -> str:
    return name.rpartition("/")[2]


def _first_of(month: str) -> date | None:
    try:
        return datetime.strptime(month, "%Y-%m").date()
    except ValueError:
        return None
