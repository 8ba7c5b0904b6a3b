"""Every OOTT_* setting, once: its name, type, default and meaning.

Read from the environment, then from ``.env`` in the working directory.
"""

import os
import re
from datetime import date
from pathlib import Path
from typing import Literal, Self
from zoneinfo import ZoneInfo

import sqlalchemy as sa
from pydantic import Field, SecretStr, ValidationError, field_validator, model_validator
from pydantic_settings import BaseSettings, SettingsConfigDict, SettingsError

from oott_fashion.colours import PALETTES, PaletteColour
from oott_fashion.destinations import DEFAULT_FILE
from oott_fashion.garments import category_of
from oott_fashion.vision.engines import EngineChoice
from oott_fashion.vision.photos import MAX_PIXELS

Labeller = Literal["catalogue", "teacher", "grounding_dino", "grounded_sam"]


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
        None,
        description="Folder, or gs://BUCKET/PREFIX, of photos, manifests and detections. Default: "
        "photos at home.",
    )
    hide_faces: bool = Field(
        True, description="Make faces unrecognisable before a photo is stored."
    )
    photo_retention_days: int = Field(
        365,
        ge=0,
        le=36_500,
        description="Days after which stored photos are deleted; detections and counts stay. 0 "
        "keeps them for ever.",
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
    photo_source: Literal["folder", "lookbook", "graph_api", "browser"] | None = Field(
        None,
        description="Where photos come from: folder, graph_api, browser, or lookbook (drawn "
        "photos; the default while OOTT_DATABASE_URL is not set).",
    )
    photos_folder: Path | None = Field(
        None, description="Of the folder source: photos lie in DESTINATION/YYYY-MM/, or in a heap."
    )
    folder_destination: str | None = Field(
        None, description="Destination of the photos that lie in OOTT_PHOTOS_FOLDER itself."
    )
    lookbook_photos: int = Field(
        24, ge=0, le=10_000, description="Photos the lookbook draws per month and destination."
    )
    max_posts: int = Field(
        500, ge=1, le=10_000, description="Posts asked of a site per month and destination."
    )
    request_interval_seconds: float = Field(
        6.0,
        ge=0,
        le=3600,
        description="Seconds between two pages asked of a site; at least 2 of one not on this "
        "machine.",
    )
    graph_user: str | None = Field(
        None, description="Of graph_api: id of the Instagram professional account that asks."
    )
    graph_token: SecretStr | None = Field(
        None, description="Of graph_api: access token with Instagram Public Content Access."
    )
    graph_url: str = Field(
        "https://graph.facebook.com/v23.0", description="Of graph_api: the API and its version."
    )
    instagram_url: str = Field("https://www.instagram.com", description="Of browser: the site.")
    instagram_user: str | None = Field(None, description="Of browser: name of the account.")
    instagram_password: SecretStr | None = Field(
        None, description="Of browser: password of the account; tried once."
    )
    permitted_hosts: str = Field(
        "",
        description="Of browser: hosts, with commas between, whose owner has permitted to collect "
        "from them and from those below them, the hosts of scripts and photos among them; without "
        "it, only this machine is asked.",
    )
    crawler_name: str = Field(
        "OOTT",
        pattern=r"^[A-Za-z][A-Za-z_-]{0,31}$",
        description="Of browser: the name it goes by in robots.txt and as User-Agent.",
    )
    chromium: Path = Field(Path("/usr/bin/chromium"), description="Of browser: the browser.")
    chromedriver: Path = Field(
        Path("/usr/bin/chromedriver"), description="Of browser: what steers it."
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
    min_confidence: float = Field(
        0.25, ge=0, le=1, description="Least certainty of a garment, 0..1."
    )
    iou_threshold: float = Field(
        0.7, ge=0, le=1, description="Overlap above which two boxes are one garment, 0..1."
    )
    max_pixels: int = Field(
        MAX_PIXELS,
        ge=1,
        le=178_000_000,  # Pillow itself refuses larger ones
        description="Largest photo, in pixels.",
    )
    max_photo_bytes: int = Field(
        30 * 2**20, ge=1, description="Largest photo file that a source may bring, in bytes."
    )
    max_body_bytes: int = Field(
        50 * 2**20,
        ge=1,
        description="Largest request body, in bytes; larger is answered 413. A worker holds eight "
        "times as much at once; more is answered 503.",
    )
    max_batch_photos: int = Field(
        250, ge=1, description="Most photos in one /predict/batch; more is answered 413."
    )
    max_waiting_requests: int = Field(
        64, ge=1, description="Predictions a worker holds at once; more is answered 503."
    )
    workers: int = Field(1, ge=1, le=64, description="Processes of the service, a core each.")
    detector_poll_seconds: float = Field(
        5.0, gt=0, description="How often the service looks for a newer detector."
    )
    main_data: Path | None = Field(
        None,
        description="Photos that people labelled: a YOLO data set, or a Label Studio YOLO export.",
    )
    sub_photos: Path | None = Field(
        None, description="Photos without boxes, to pseudo-label. Unset, main_data stands alone."
    )
    labeller: Labeller = Field(
        "catalogue",
        description="Who boxes them: catalogue (one garment a photo, named by its folder), teacher "
        "(the published detector), grounding_dino or grounded_sam.",
    )
    label_thresholds: dict[str, float] = Field(
        {},
        description="Least score of a pseudo-label, 0..1, by garment, as JSON; other garments "
        "keep the labeller's own.",
    )
    labeller_weights: Path | None = Field(
        None, description="Folder of the big labellers' weights. Default: labellers at home."
    )
    label_on_cpu: bool = Field(
        False, description="Let grounding_dino and grounded_sam run without a GPU, slowly."
    )
    held_out: float = Field(
        0.15,
        ge=0,
        lt=1,
        description="Share of catalogue photos never trained on, to measure closet labels by, "
        "0..1.",
    )
    drawn_photos: int = Field(
        0, ge=0, le=100_000, description="Drawn photos to train on beside main_data."
    )
    training_folder: Path | None = Field(
        None, description="Folder of data sets, weights and candidates. Default: training at home."
    )
    model_size: Literal["n", "s", "m", "l", "x"] = Field("n", description="Size of YOLOv8.")
    image_side: int = Field(
        320, ge=32, le=1280, multiple_of=32, description="Square the detector sees, in pixels."
    )
    epochs: int = Field(100, ge=1, le=10_000, description="Times training sees every photo.")
    batch: int = Field(16, ge=1, le=1024, description="Photos of a training step.")
    train_device: str = Field(
        "cpu", description="What training runs on: cpu, cuda, or cuda:1 for the second GPU."
    )
    starting_weights: str = Field(
        "published",
        description="What training starts from: published (the newest detector), scratch, "
        "pretrained (Ultralytics' own, downloaded), or a .pt file.",
    )

    @field_validator(
        "home",
        "photo_store",
        "model_store",
        "starter_detector",
        "destinations_file",
        "photos_folder",
        "chromium",
        "chromedriver",
        "main_data",
        "sub_photos",
        "labeller_weights",
        "training_folder",
        "starting_weights",
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

    @field_validator("photo_store")
    @classmethod
    def _is_a_folder_or_bucket(cls, place: str | None) -> str | None:
        if place is not None and "://" in place and not re.match(r"gs://[a-z0-9]", place):
            # Not the whole of it, which may hold a password.
            raise ValueError(f"{place.split('://')[0]}://… is none; give a folder or gs://BUCKET")
        return place

    @field_validator("label_thresholds")
    @classmethod
    def _are_scores_of_garments(cls, thresholds: dict[str, float]) -> dict[str, float]:
        for garment, score in thresholds.items():
            category_of(garment)
            if not 0 <= score <= 1:
                raise ValueError(f"{garment} has {score}; expected a score of 0..1")
        return thresholds

    @field_validator("train_device")
    @classmethod
    def _is_a_device(cls, device: str) -> str:
        if not re.fullmatch(r"cpu|cuda(:\d+)?", device):
            raise ValueError(f"{device!r} is no device; expected cpu, cuda, or cuda:1")
        return device

    @model_validator(mode="after")
    def _source_is_told_what_it_needs(self) -> Self:
        if self.photo_source == "folder" and self.photos_folder is None:
            raise ValueError("OOTT_PHOTO_SOURCE=folder needs OOTT_PHOTOS_FOLDER, a folder")
        if self.photo_source == "graph_api" and not (self.graph_user and self.graph_token):
            raise ValueError(
                "OOTT_PHOTO_SOURCE=graph_api needs OOTT_GRAPH_USER and OOTT_GRAPH_TOKEN"
            )
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
    def permitted_host_names(self) -> tuple[str, ...]:
        """Hosts whose owner has permitted to collect from them, in lower case."""
        names = (name.strip().lower() for name in self.permitted_hosts.split(","))
        return tuple(name for name in names if name)

    @property
    def model_store_root(self) -> str:
        return self.model_store or str(self.home / "models")

    @property
    def training_root(self) -> Path:
        return self.training_folder or self.home / "training"

    @property
    def labeller_weights_root(self) -> Path:
        return self.labeller_weights or self.home / "labellers"

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
    except SettingsError as error:
        # Its text names the field in quotes; pydantic-settings keeps it nowhere else.
        field = str(error).split('"')[1].upper()
        raise BadSetting(f"OOTT_{field}: is not JSON; the README has an example") from None
    except ValidationError as error:
        # pydantic's own text repeats the input, which may be a database password.
        problems = "; ".join(
            f"{_setting_named(problem['loc'])}{problem['msg'].removeprefix('Value error, ')}"
            for problem in error.errors(include_input=False, include_url=False)
        )
        raise BadSetting(problems) from None


def _setting_named(location: tuple[int | str, ...]) -> str:
    return f"OOTT_{str(location[0]).upper()}: " if location else ""
