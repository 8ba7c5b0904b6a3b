"""The settings of collecting, storing and deleting photos."""

from datetime import date, datetime
from pathlib import Path
from typing import Annotated, Literal, Self

from pydantic import BeforeValidator, Field, SecretStr, model_validator

from oott_fashion.settings import SharedSettings, StoreAddress, UserPath


def _first_of_month(month: object) -> object:
    try:
        return datetime.strptime(month, "%Y-%m").date() if isinstance(month, str) else month
    except ValueError:
        raise ValueError("expected a month, such as 2026-09") from None


class PhotoSettings(SharedSettings):
    """The shared settings, and the settings of the photo sources and of the photo store."""

    photo_store: StoreAddress | None = Field(
        None,
        description="Folder, or gs://BUCKET/PREFIX, of the photos, manifests and detections. "
        "Default: photos in OOTT_HOME.",
    )
    hide_faces: bool = Field(
        True, description="Whether faces are pixelated before a photo is stored."
    )
    photo_retention_days: int = Field(
        365,
        ge=0,
        le=36_500,
        description="Number of days after which photos are deleted. Detections and counts stay. "
        "0 keeps photos without a time limit.",
    )
    label_tasks_folder: UserPath | None = Field(
        None,
        description="Local folder of the photos that label_tasks chooses for labelling. A photo "
        "is deleted from it when it is deleted from the photo store. Default: label-tasks in "
        "OOTT_HOME.",
    )
    photo_source: Literal["folder", "lookbook", "graph_api", "browser"] | None = Field(
        None,
        description="Where photos come from: folder, graph_api, browser, or lookbook (photos that "
        "OOTT draws). If OOTT_DATABASE_URL is not set, the default is lookbook; otherwise there "
        "is no default.",
    )
    photos_folder: UserPath | None = Field(
        None,
        description="folder only: the folder with the photos. It has folders DESTINATION/ or "
        "DESTINATION/YYYY-MM/, or photos directly in it.",
    )
    folder_destination: str | None = Field(
        None,
        description="folder only: destination of the photos that are directly in "
        "OOTT_PHOTOS_FOLDER, not in a folder of a destination.",
    )
    folder_month: Annotated[date, BeforeValidator(_first_of_month)] | None = Field(
        None,
        description="folder only: month, YYYY-MM, of the photos that have no date and are in no "
        "folder of a month. If it is not set, these photos are skipped.",
    )
    lookbook_photos: int = Field(
        36,
        ge=0,
        le=10_000,
        description="lookbook only: number of photos to draw per month and destination.",
    )
    max_posts: int = Field(
        500,
        ge=1,
        le=10_000,
        description="graph_api and browser only: maximum number of posts per month and "
        "destination.",
    )
    request_interval_seconds: float = Field(
        6.0,
        ge=0,
        le=3600,
        description="graph_api and browser only: seconds between two page requests. For browser, "
        "the minimum is 2 seconds if the site is on another machine.",
    )
    graph_user: str | None = Field(
        None,
        description="graph_api only: id of the Instagram professional account that sends the "
        "requests.",
    )
    graph_token: SecretStr | None = Field(
        None, description="graph_api only: access token with Instagram Public Content Access."
    )
    graph_url: str = Field(
        "https://graph.facebook.com/v23.0",
        description="graph_api only: address of the API, with its version.",
    )
    instagram_url: str = Field(
        "https://www.instagram.com", description="browser only: address of the site."
    )
    instagram_user: str | None = Field(
        None, description="browser only: name of the account to log in with."
    )
    instagram_password: SecretStr | None = Field(
        None,
        description="browser only: password of that account. If it fails once, it is "
        "not sent again.",
    )
    permitted_hosts: str = Field(
        "",
        description="browser only: host names whose owners permit collecting, separated by commas. "
        "Include the hosts of scripts and photos. Subdomains are included automatically. If it is "
        "empty, requests go only to this machine.",
    )
    crawler_name: str = Field(
        "OOTT",
        pattern=r"^[A-Za-z][A-Za-z_-]{0,31}$",
        description="graph_api and browser only: name that OOTT sends as User-Agent, and looks for "
        "in robots.txt.",
    )
    chromium: UserPath = Field(
        Path("/usr/bin/chromium"), description="browser only: path of the Chromium program."
    )
    chromedriver: UserPath = Field(
        Path("/usr/bin/chromedriver"), description="browser only: path of the ChromeDriver program."
    )
    browser_folder: UserPath | None = Field(
        None,
        description="browser only: private folder of the browser's profile. The log-in stays in "
        "it. Default: instagram-session in OOTT_HOME.",
    )
    max_photo_bytes: int = Field(
        30 * 2**20,
        ge=1,
        description="Maximum size of a photo file from a source, in bytes. Larger files are "
        "rejected.",
    )

    @model_validator(mode="after")
    def _has_what_the_source_needs(self) -> Self:
        if self.photo_source == "folder" and self.photos_folder is None:
            raise ValueError("OOTT_PHOTO_SOURCE=folder needs OOTT_PHOTOS_FOLDER, a folder")
        if self.photo_source == "graph_api" and not (self.graph_user and self.graph_token):
            raise ValueError(
                "OOTT_PHOTO_SOURCE=graph_api needs OOTT_GRAPH_USER and OOTT_GRAPH_TOKEN"
            )
        return self

    @property
    def photo_store_root(self) -> str:
        return self.photo_store or str(self.home / "photos")

    @property
    def label_tasks_root(self) -> Path:
        return self.label_tasks_folder or self.home / "label-tasks"

    @property
    def browser_root(self) -> Path:
        return self.browser_folder or self.home / "instagram-session"

    @property
    def permitted_host_names(self) -> tuple[str, ...]:
        """List the hosts whose owners permit collecting, in lower case."""
        names = (name.strip().lower() for name in self.permitted_hosts.split(","))
        return tuple(name for name in names if name)
