"""The Dagster resource for the folder of the trend pages."""

from datetime import date
from pathlib import Path
from typing import Self

import dagster as dg
from pydantic import Field

from oott_fashion.settings import SharedSettings
from oott_fashion.stores.blobs import LocalBlobs


class ReportFolder(dg.ConfigurableResource[None]):
    """The trend pages, one HTML file per month, in a folder of this machine."""

    root: str = Field(description="Folder of the trend pages. It is reports in OOTT_HOME.")

    @classmethod
    def of(cls, settings: SharedSettings) -> Self:
        return cls(root=str(settings.home / "reports"))

    def file_of(self, month: date) -> Path:
        """Give the path of the page of ``month``."""
        return Path(self.root) / f"{month:%Y-%m}.html"

    def write(self, month: date, page: str) -> Path:
        """Write or replace the page of ``month``; a reader sees the old or the new page."""
        file = self.file_of(month)
        LocalBlobs(self.root).write(file.name, page.encode())
        return file.absolute()
