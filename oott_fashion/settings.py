"""The settings that the pipeline and the service share, and how settings are read.

A setting is an OOTT_* variable of the environment, a line of ``.env`` in the working directory, or
a file in the folder OOTT_SECRETS_FOLDER. Each process reads only its own class, so a setting of
another process cannot stop it.
"""

import logging
import os
import re
from collections.abc import Iterable, Iterator
from functools import cache
from pathlib import Path
from typing import Annotated, Literal, TypeVar
from zoneinfo import ZoneInfo

import sqlalchemy as sa
from pydantic import (
    AfterValidator,
    BeforeValidator,
    Field,
    SecretStr,
    ValidationError,
    field_validator,
)
from pydantic_settings import (
    BaseSettings,
    DotEnvSettingsSource,
    EnvSettingsSource,
    NoDecode,
    PydanticBaseSettingsSource,
    SecretsSettingsSource,
    SettingsConfigDict,
    SettingsError,
)

from oott_fashion.colours import PALETTES, PaletteColour
from oott_fashion.destinations import DEFAULT_FILE
from oott_fashion.setting_names import ALL_NAMES, RENAMED, is_read_beside, meant_by
from oott_fashion.vision.engines import EngineChoice
from oott_fashion.vision.photos import MAX_PIXELS

_PREFIX = "OOTT_"
_ENV_FILE = Path(".env")

_log = logging.getLogger(__name__)


class BadSetting(ValueError):
    """A setting whose value cannot be used."""


def _user_expanded(place: object) -> object:
    # Only a shell expands ~, and neither .env nor systemd is a shell.
    return os.path.expanduser(place) if isinstance(place, str | Path) else place


UserPath = Annotated[Path, BeforeValidator(_user_expanded)]
"""A file or folder; ~ at its start is the user's home folder."""


def _split_at_colons(places: object) -> object:
    if not isinstance(places, str):
        return places
    return tuple(_user_expanded(place) for place in places.split(os.pathsep) if place)


UserPaths = Annotated[tuple[Path, ...], NoDecode, BeforeValidator(_split_at_colons)]
"""Files or folders, separated by colons as in PATH; ~ at their start is the user's home folder."""

UserAddress = Annotated[str, BeforeValidator(_user_expanded)]
"""A folder or URL; ~ at its start is the user's home folder."""


def _folder_or_bucket(place: str) -> str:
    if "://" in place and not re.match(r"gs://[a-z0-9]", place):
        # The message shows only the scheme, because the rest may contain a password.
        scheme = place.split("://")[0]
        raise ValueError(f"{scheme}://… is not supported; give a folder or gs://BUCKET")
    return place


StoreAddress = Annotated[UserAddress, AfterValidator(_folder_or_bucket)]
"""A folder or gs://BUCKET/PREFIX; ~ at its start is the user's home folder."""


class SharedSettings(BaseSettings):
    """The settings that every process reads; the defaults use ``./.oott``, SQLite and files."""

    model_config = SettingsConfigDict(
        env_prefix=_PREFIX,
        env_file=_ENV_FILE,
        env_file_encoding="utf-8-sig",  # editors on Windows write a byte-order mark
        env_ignore_empty=True,  # a line such as OOTT_DATABASE_URL= sets nothing
        extra="ignore",
        frozen=True,
    )

    home: UserPath = Field(
        Path(".oott"), description="Folder of all files for which no other setting names a place."
    )
    database_url: SecretStr | None = Field(
        None,
        description="URL of the trend database: sqlite:///FILE or mysql://USER:PASSWORD@HOST/NAME. "
        "Default: the SQLite file trends.sqlite in OOTT_HOME.",
    )
    secrets_folder: UserPath | None = Field(
        None,
        description="Folder of secrets, such as /run/secrets. A file in it that has the name of a "
        "setting, such as oott_database_url, contains the value of that setting. The environment "
        "and .env come first.",
    )
    model_store: StoreAddress | None = Field(
        None,
        description="Folder, or gs://BUCKET/PREFIX, of the published detectors. Default: models in "
        "OOTT_HOME.",
    )
    starter_detector: UserPath = Field(
        Path("models/starter-detector"),
        description="Folder of the detector that OOTT publishes if the model store is empty.",
    )
    destinations_file: UserPath = Field(
        DEFAULT_FILE, description="YAML file with the destinations and their categories."
    )
    timezone: str = Field(
        "Asia/Seoul",
        description="Time zone of the schedules and of app photos. Months begin at midnight in "
        "this time zone.",
    )
    palette: Literal["default", "prototype"] = Field(
        "default",
        description="Set of colour names: default (13 names), or prototype (the 5 names that the "
        "released app knows).",
    )
    engine: EngineChoice = Field(
        "auto",
        description="Program that runs the detector: deepsparse, openvino, onnxruntime, or auto "
        "(the first of these that runs on this machine).",
    )
    engine_cores: int = Field(1, ge=1, le=64, description="Number of CPU cores of one engine.")
    min_confidence: float = Field(
        0.3,
        ge=0,
        le=1,
        description="Minimum confidence, 0..1. Boxes with a lower confidence are ignored.",
    )
    iou_threshold: float = Field(
        0.6,
        ge=0,
        le=1,
        description="IoU, 0..1, for non-max suppression. Two boxes of the same "
        "garment with a higher IoU count once.",
    )
    max_pixels: int = Field(
        MAX_PIXELS,
        ge=1,
        le=178_000_000,  # Pillow itself rejects larger ones
        description="Maximum number of pixels of a photo. Larger photos are rejected.",
    )

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,
        file_secret_settings: PydanticBaseSettingsSource,  # noqa: ARG003 # its folder is fixed
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        """Read the files of the secrets folder, too; its place is itself a setting."""
        secrets = SecretsSettingsSource(settings_cls, _secrets_folder(settings_cls) or ())
        return init_settings, env_settings, dotenv_settings, secrets

    @field_validator("secrets_folder")
    @classmethod
    def _is_a_folder(cls, folder: Path | None) -> Path | None:
        if folder is not None and not folder.is_dir():
            raise ValueError(f"{folder} is not a folder")
        return folder

    @field_validator("timezone")
    @classmethod
    def _is_a_timezone(cls, name: str) -> str:
        try:
            ZoneInfo(name)
        except (KeyError, ValueError, OSError) as error:
            raise ValueError(
                f"{name!r} is not a time zone; expected one such as Asia/Seoul"
            ) from error
        return name

    @property
    def trend_database_url(self) -> str:
        """Where the trend tables are; it may hold a password, so never log it."""
        if self.database_url is not None:
            return self.database_url.get_secret_value()
        # Folders may have names such as "50%", which mean something else in a URL.
        file = sa.URL.create("sqlite", database=str(self.home / "trends.sqlite"))
        return file.render_as_string(hide_password=False)

    @property
    def model_store_root(self) -> str:
        return self.model_store or str(self.home / "models")

    @property
    def colours(self) -> tuple[PaletteColour, ...]:
        """The colours of the palette."""
        return PALETTES[self.palette]


def _secrets_folder(kind: type[BaseSettings]) -> Path | None:
    """Find the secrets folder before the settings are read; None if it is no folder."""
    for source in (EnvSettingsSource(kind), DotEnvSettingsSource(kind)):
        if place := source.env_vars.get(f"{_PREFIX}secrets_folder".lower()):
            folder = Path(place).expanduser()
            return folder if folder.is_dir() else None
    return None


ProcessSettings = TypeVar("ProcessSettings", bound=SharedSettings)


def read_settings(kind: type[ProcessSettings]) -> ProcessSettings:
    """Read the settings of one process.

    Raises:
        BadSetting: one or more cannot be used; the message names each, but never its value.
    """
    check_env_file()
    problems = list(_misspelt(kind))
    try:
        settings = kind()
    except SettingsError as error:
        # pydantic-settings gives the field's name only in the message, in quotes.
        field = str(error).split('"')[1].upper()
        problems.append(f"{_PREFIX}{field}: is not JSON; docs/settings.md has an example")
    except OSError as error:
        problems.append(f"{error.filename} cannot be read: {error.strerror}")
    except ValidationError as error:
        # pydantic's own text repeats the input, which may be a database password.
        problems += [
            f"{_name_in(problem['loc'])}{problem['msg'].removeprefix('Value error, ')}"
            for problem in error.errors(include_input=False, include_url=False)
        ]
    else:
        if not problems:
            return settings
    raise BadSetting("; ".join(problems))


def _name_in(location: tuple[int | str, ...]) -> str:
    return f"{_PREFIX}{str(location[0]).upper()}: " if location else ""


def check_env_file() -> None:
    """Read the .env file as text.

    Raises:
        BadSetting: it cannot be read, or is not UTF-8.
    """
    if not _ENV_FILE.is_file():
        return
    try:
        content = _ENV_FILE.read_bytes().decode()
    except OSError as error:
        raise BadSetting(f"{_ENV_FILE.absolute()} cannot be read: {error.strerror}") from None
    except UnicodeDecodeError:
        content = "\0"
    # ASCII text in UTF-16 is valid UTF-8, with a NUL beside each letter.
    if "\0" in content:
        raise BadSetting(f"{_ENV_FILE.absolute()} is not UTF-8 text; save the file as UTF-8")


def _misspelt(kind: type[SharedSettings]) -> Iterator[str]:
    """Explain the OOTT_ names that mean a setting of ``kind``; log the other unknown ones."""
    names: dict[str, Iterable[str]] = {
        "the environment": EnvSettingsSource(kind).env_vars,
        str(_ENV_FILE.absolute()): DotEnvSettingsSource(kind).env_vars,
    }
    if folder := _secrets_folder(kind):
        names[str(folder)] = [file.name for file in folder.iterdir()]
    own = {name.upper() for name in kind.model_fields}
    for place, variables in names.items():
        for variable in variables:
            name = variable.upper().removeprefix(_PREFIX)
            if name == variable.upper() or name in ALL_NAMES:
                continue
            meant = meant_by(name)
            problem = f"{_PREFIX}{name} is not a setting{_advice(name, meant)} (set in {place})"
            if meant in own:
                yield problem
            elif meant is None or not is_read_beside(own, meant):
                _warn_once(problem)


def _advice(name: str, meant: str | None) -> str:
    if meant is None:
        return ""
    if name in RENAMED:
        return f"; it is now called {_PREFIX}{meant}"
    return f"; did you mean {_PREFIX}{meant}?"


@cache
def _warn_once(problem: str) -> None:
    # A run reads the settings many times, but each problem is logged only once.
    _log.warning("%s", problem)
