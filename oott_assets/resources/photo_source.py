"""Chooses where photos come from, by setting."""

from pathlib import Path

import dagster as dg

from oott_assets.partitions import destinations
from oott_assets.sources.folder import PhotoFolder
from oott_assets.sources.lookbook import Lookbook
from oott_assets.sources.photo_source import PhotoSource, PhotosUnknown


class ChosenSource(dg.ConfigurableResource[None]):
    """The source that ``OOTT_PHOTO_SOURCE`` names; none is chosen for a database of the user's."""

    source: str | None
    folder: str | None
    heap_destination: str | None
    most_photo_bytes: int
    timezone: str
    lookbook_photos: int

    def opened(self) -> PhotoSource:
        """Open the source; nothing is read yet.

        Raises:
            PhotosUnknown: no source is chosen.
        """
        if self.source == "folder":
            return PhotoFolder(
                Path(self.folder or ""),
                destinations,
                self.heap_destination,
                self.most_photo_bytes,
                self.timezone,
            )
        if self.source == "lookbook":
            return Lookbook(self.lookbook_photos)
        raise PhotosUnknown(
            "OOTT_DATABASE_URL is set and OOTT_PHOTO_SOURCE is not; set it to folder, or to "
            "lookbook if drawn people shall be counted in that database"
        )
