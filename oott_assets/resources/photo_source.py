"""Chooses where photos come from, by setting."""

from pathlib import Path

import dagster as dg

from oott_assets.sources.folder import PhotoFolder
from oott_assets.sources.lookbook import Lookbook
from oott_assets.sources.photo_source import PhotoSource


class ChosenSource(dg.ConfigurableResource[None]):
    """The source that ``OOTT_PHOTO_SOURCE`` names."""

    source: str
    folder: str | None
    heap_destination: str | None
    most_photo_bytes: int
    timezone: str
    lookbook_photos: int

    def opened(self) -> PhotoSource:
        """Open the source; nothing is read yet."""
        if self.source == "folder":
            return PhotoFolder(
                Path(self.folder or ""), self.heap_destination, self.most_photo_bytes, self.timezone
            )
        return Lookbook(self.lookbook_photos)
