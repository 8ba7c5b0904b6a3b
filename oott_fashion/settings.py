"""Every OOTT_* setting, once: its name, type, default and meaning.

Read from the environment, then from ``.env`` in the working directory.
"""

import os
from datetime import date
from pathlib import Path
from typing import Literal, Self
from zoneinfo import ZoneInfo

import sqlalchemy as sa
from pydantic import Field, SecretStr, ValidationError, field_validator, model_validator
from pydantic_settings import BaseSettings, SettingsConfigDict

from oott_fashion.colours import PALETTES, PaletteColour
from oott_fashion.destinations import DEFAULT_FILE
from oott_fashion.vision.engines import EngineChoice
from oott_fashion.vision.photos import MOST_PIXELS


class BadSetting(ValueError):
    """A setting whose value cannot be used."""


class Settings(BaseSettings):
    """With none set, everything lives under ``./.oott`` on SQLite and local files."""

    model_config = SettingsConfigDict(
        env_prefix="OOTT_",
        env_file=".env",
        env_file_encoding="utf-8",
        env_ignore_empty=True,  # a line such as OOTT_DATABASE_URL= sets nothing
        extra="ignore",
        frozen=True,
    )

    home: Path = Field(Path(".oott"), description="Folder of everything that has no place set.")
    database_url: SecretStr | None = Field(
        None,
        description="Trend database: sqlite:///FILE or mysql://USER:PASSWORD@HOST/NAME. "
        "Default: an SQLite file in the home folder.",
    )
    photo_store: str | None = Field(
        None, description="Folder of photos, manifests and detections. Default: photos at home."
    )
    model_store: str | None = Field(
        None, description="Folder of published detectors. Default: models at home."
    )
    starter_detector: Path = Field(
        Path("models/starter-detector"),
        description="Detector published when the model store has none yet.",
    )
    destinations_file: Path = Field(
        DEFAULT_FILE, description="YAML file of destinations and their categories."
    )
    first_month: str = Field(
        "2024-01", pattern=r"^\d{4}-(0[1-9]|1[0-2])$", description="First month partition, YYYY-MM."
    )
    timezone: str = Field(
        "Asia/Seoul", description="Where months begin: for the schedule and for app photos."
    )
    photo_source: Literal["folder", "lookbook"] | None = Field(
        None,
        description="Where photos come from: folder, or lookbook (drawn photos; the default while "
        "OOTT_DATABASE_URL is not set).",
    )
    photos_folder: Path | None = Field(
        None, description="Of the folder source: photos lie in DESTINATION/YYYY-MM/, or in a heap."
    )
    heap_destination: str | None = Field(
        None, description="Destination of the photos that lie in OOTT_PHOTOS_FOLDER itself."
    )
    lookbook_photos: int = Field(
        24, ge=0, le=10_000, description="Photos the lookbook draws per month and destination."
    )
    palette: Literal["default", "prototype"] = Field(
        "default", description="Colour names: the 13 of everyday speech, or the prototype's 5."
    )
    engine: EngineChoice = Field(
        "auto",
        description="What runs the detector: deepsparse, onnxruntime, or auto for the "
        "first that runs here.",
    )
    engine_cores: int = Field(1, ge=1, le=64, description="Cores of one engine.")
    score_threshold: float = Field(
        0.25, ge=0, le=1, description="Least certainty of a garment, 0..1."
    )
    iou_threshold: float = Field(
        0.7, ge=0, le=1, description="Overlap above which two boxes are one garment, 0..1."
    )
    most_pixels: int = Field(
        MOST_PIXELS,
        ge=1,
        le=178_000_000,  # Pillow itself refuses larger ones
        description="Largest photo, in pixels.",
    )
    most_photo_bytes: int = Field(
        30 * 2**20, ge=1, description="Largest photo file that a source may bring, in bytes."
    )
    most_body_bytes: int = Field(
        50 * 2**20,
        ge=1,
        description="Largest request body, in bytes; larger is answered 413. A worker holds eight "
        "times as much at once; more is answered 503.",
    )
    most_batch_photos: int = Field(
        250, ge=1, description="Most photos in one /predict/batch; more is answered 413."
    )
    waiting_requests: int = Field(
        64, ge=1, description="Predictions a worker holds at once; more is answered 503."
    )
    workers: int = Field(1, ge=1, le=64, description="Processes of the service, a core each.")
    detector_poll_seconds: float = Field(
        5.0, gt=0, description="How often the service looks for a newer detector."
    )

    @field_validator(
        "home",
        "photo_store",
        "model_store",
        "starter_detector",
        "destinations_file",
        "photos_folder",
        mode="before",
    )
    @classmethod
    def _starts_at_home(cls, place: object) -> object:
        # Only a shell knows ~, and neither .env nor systemd is one.
        return os.path.expanduser(place) if isinstance(place, str | Path) else place

    @field_validator("timezone")
    @classmethod
    def _is_a_timezone(cls, name: str) -> str:
        try:
            ZoneInfo(name)
        except (KeyError, ValueError, OSError) as error:
            raise ValueError(
                f"{name!r} is no time zone; expected one such as Asia/Seoul"
            ) from error
        return name

    @model_validator(mode="after")
    def _folder_is_named(self) -> Self:
        if self.photo_source == "folder" and self.photos_folder is None:
            raise ValueError("OOTT_PHOTO_SOURCE=folder needs OOTT_PHOTOS_FOLDER, a folder")
        return self

    @property
    def trend_database_url(self) -> str:
        """Where the trend tables are; holds a password, so never log it."""
        if self.database_url is not None:
            return self.database_url.get_secret_value()
        # Folders may have names such as "50%", which mean something else in a URL.
        file = sa.URL.create("sqlite", database=str(self.home / "trends.sqlite"))
        return file.render_as_string(hide_password=False)

    @property
    def photo_store_root(self) -> str:
        return self.photo_store or str(self.home / "photos")

    @property
    def model_store_root(self) -> str:
        return self.model_store or str(self.home / "models")

    @property
    def colours(self) -> tuple[PaletteColour, ...]:
        """The palette that garments are named by."""
        return PALETTES[self.palette]

    @property
    def first_month_day(self) -> date:
        """The 1st of the first month."""
        return date.fromisoformat(f"{self.first_month}-01")


def read_settings() -> Settings:
    """Read the settings of this process.

    Raises:
        BadSetting: one or more are unusable; the message names each, never its value.
    """
    try:
        return Settings()
    except ValidationError as error:
        # pydantic's own text repeats the input, which may be a database password.
        problems = "; ".join(
            f"{_setting_named(problem['loc'])}{problem['msg'].removeprefix('Value error, ')}"
            for problem in error.errors(include_input=False, include_url=False)
        )
        raise BadSetting(problems) from None


def _setting_named(location: tuple[int | str, ...]) -> str:
    return f"OOTT_{str(location[0]).upper()}: " if location else ""
