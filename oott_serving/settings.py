"""The settings of the closet service."""

import re

from pydantic import Field, SecretStr, field_validator

from oott_fashion.settings import SharedSettings
from oott_fashion.usable_cores import usable_cores
from oott_serving.api.answer_colours import CameraColours
from oott_serving.records.request_log import LogFormat

_MIN_KEY_LENGTH = 16
_OPEN_METEO = "https://api.open-meteo.com"
_SERVER = re.compile(r"https?://[^/\s?#@]+/?")
_ORIGIN = re.compile(r"\*|https?://[^/\s]+")


class ServiceSettings(SharedSettings):
    """The shared settings, and those that only the service reads."""

    workers: int | None = Field(
        None,
        ge=1,
        le=64,
        description="Number of worker processes of the service. Default: the number of CPU cores "
        "that the service may use, divided by OOTT_ENGINE_CORES.",
    )
    max_body_bytes: int = Field(
        50 * 2**20,
        ge=1,
        description="Maximum size of a request body, in bytes. If a body is larger, the status is "
        "413. A worker keeps at most nine times this size in memory; beyond that, the status is "
        "503.",
    )
    max_batch_photos: int = Field(
        250,
        ge=1,
        description="Maximum number of photos in /predict/batch. If a batch has more, the status "
        "is 413.",
    )
    camera_colours: CameraColours = Field(
        "released",
        description="Colours in the answers of /predict/camera: released (white, beige, blue, gray "
        "and black, which the released app knows), or full (all colours of OOTT_PALETTE). The "
        "header OOTT-Colours chooses them for one request.",
    )
    max_waiting_seconds: float = Field(
        60,
        gt=0,
        le=600,
        description="Maximum time in seconds that a photo waits for its turn. The service measures "
        "its speed. If a photo of /predict/camera would wait longer, the status is 503. A batch of "
        "/predict/batch may wait ten times as long.",
    )
    detector_poll_seconds: float = Field(
        5.0, gt=0, description="Seconds between two checks whether a newer detector was published."
    )
    drain_seconds: float = Field(
        5,
        ge=0,
        le=600,
        description="Seconds between SIGTERM and the closing of the port. In this time, /readyz "
        "answers 503, so that a load balancer sends no more requests, and requests are answered. "
        "Requests that have arrived are answered in any case.",
    )
    api_keys: SecretStr | None = Field(
        None,
        description="API keys of the clients, separated by commas, each with at least 16 "
        "characters. If it is set, a request needs one of them. Health checks, metrics and the "
        "API pages need none.",
    )
    log_format: LogFormat = Field(
        "text", description="Format of the log lines: text, or json (an object per line)."
    )
    cors_origins: str = Field(
        "",
        description="Origins of the web pages that may call the service in a browser, separated "
        "by commas, for instance https://closet.example.com. * allows all. If it is empty, only "
        "the pages of the service itself may.",
    )

    weather_url: str = Field(
        "",
        description="Server with the forecast API of Open-Meteo, for instance "
        "https://api.open-meteo.com, which is free for non-commercial use. POST /recommend asks it "
        "for the weather of the coming 16 days. If it is empty, nobody is asked.",
    )
    weather_key: SecretStr | None = Field(
        None, description="API key of OOTT_WEATHER_URL, which commercial use needs."
    )

    @field_validator("weather_url")
    @classmethod
    def _is_a_server(cls, url: str) -> str:
        if url and not _SERVER.fullmatch(url):
            raise ValueError(f"{url!r} is not a server; expected for example {_OPEN_METEO}")
        return url.rstrip("/")

    @field_validator("api_keys")
    @classmethod
    def _has_long_keys(cls, keys: SecretStr | None) -> SecretStr | None:
        if keys is None:
            return None
        for key in _split_at_commas(keys.get_secret_value()) or ("",):
            if len(key) < _MIN_KEY_LENGTH or not key.isascii() or " " in key:
                raise ValueError(
                    f"a key has {len(key)} characters; expected at least {_MIN_KEY_LENGTH} letters "
                    "and digits, as python3 -c 'import secrets; print(secrets.token_urlsafe())' "
                    "prints them"
                )
        return keys

    @field_validator("cors_origins")
    @classmethod
    def _are_origins(cls, origins: str) -> str:
        for origin in _split_at_commas(origins):
            if not _ORIGIN.fullmatch(origin):
                raise ValueError(
                    f"{origin!r} is not an origin; expected one such as https://closet.example.com"
                )
        return origins

    @property
    def known_api_keys(self) -> tuple[str, ...]:
        """List the API keys; never log them."""
        return _split_at_commas("" if self.api_keys is None else self.api_keys.get_secret_value())

    @property
    def allowed_origins(self) -> tuple[str, ...]:
        """List the origins of other web pages that may call the service."""
        return _split_at_commas(self.cors_origins)

    @property
    def worker_processes(self) -> int:
        """How many workers the service starts; each has an engine with ``engine_cores``."""
        return self.workers or max(1, usable_cores() // self.engine_cores)

    @property
    def photos_at_a_time(self) -> int:
        """How many photos a worker reads at a time; the others wait, first come, first served.

        If each core has an engine, a second photo would only push the first one out of the caches.
        """
        cores_with_an_engine = self.worker_processes * self.engine_cores
        return 1 if cores_with_an_engine >= usable_cores() else 2


def _split_at_commas(values: str) -> tuple[str, ...]:
    return tuple(value.strip() for value in values.split(",") if value.strip())
