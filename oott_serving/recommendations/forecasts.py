"""Asks a server with the forecast API of Open-Meteo for the weather of the coming days.

Source of the API: https://open-meteo.com/en/docs.
"""

import logging
import threading
import time
from collections.abc import Callable, Mapping
from datetime import date
from typing import NamedTuple

import httpx
from pydantic import BaseModel, ConfigDict, SecretStr, ValidationError

from oott_fashion.destinations import Coordinates
from oott_fashion.packing.trips import DayWeather

_log = logging.getLogger(__name__)

_DAYS = 16

# A traveller waits for the answer.
_MAX_SECONDS = 3.0

# 16 days have 1 kB.
_MAX_BYTES = 100_000

# Forecasts are computed every few hours. A server that failed is left alone for a while, so that
# not each request waits for it.
_KEPT_SECONDS = 3600.0
_KEPT_SECONDS_AFTER_AN_ERROR = 60.0

_MAX_PLACES = 1000

Forecast = Mapping[date, DayWeather]


class _Daily(BaseModel):
    """The daily values of an answer, a value for each date; the model may lack some."""

    model_config = ConfigDict(allow_inf_nan=False)

    time: list[date]
    temperature_2m_min: list[float | None]
    temperature_2m_max: list[float | None]
    precipitation_sum: list[float | None]
    wind_speed_10m_max: list[float | None]


class _Answer(BaseModel):
    daily: _Daily


class _NoForecast(Exception):
    """The server gave no forecast; the message says why, without the key."""


class _Kept(NamedTuple):
    forecast: Forecast
    until: float


class OpenMeteo:
    """Keeps the forecast of each place for an hour."""

    def __init__(
        self,
        url: str,
        key: SecretStr | None,
        timezone: str,
        now: Callable[[], float] = time.monotonic,
    ) -> None:
        self._url = f"{url}/v1/forecast"
        self._key = key
        self._timezone = timezone
        self._now = now
        self._lock = threading.Lock()
        self._kept: dict[Coordinates, _Kept] = {}

    def of(self, place: Coordinates) -> Forecast:
        """Give the forecast by date; it is empty if the server gives none within 3 seconds."""
        place = Coordinates(round(place.latitude, 2), round(place.longitude, 2))
        with self._lock:
            kept = self._kept.get(place)
            if kept is None or kept.until < self._now():
                if len(self._kept) >= _MAX_PLACES:
                    self._kept.clear()
                kept = self._kept[place] = self._asked(place)
        return kept.forecast

    def _asked(self, place: Coordinates) -> _Kept:
        try:
            forecast = _forecast_in(self._downloaded(place))
        except _NoForecast as error:
            _log.warning("there is no forecast for the next minute: %s", error)
            return _Kept({}, self._now() + _KEPT_SECONDS_AFTER_AN_ERROR)
        return _Kept(forecast, self._now() + _KEPT_SECONDS)

    def _downloaded(self, place: Coordinates) -> bytes:
        parameters: dict[str, str | float] = {
            **place._asdict(),
            "daily": ",".join(name for name in _Daily.model_fields if name != "time"),
            "wind_speed_unit": "ms",
            "timezone": self._timezone,
            "forecast_days": _DAYS,
        }
        if self._key is not None:
            parameters["apikey"] = self._key.get_secret_value()
        try:
            return self._body_of(parameters)
        except httpx.HTTPError as error:
            # Its message may contain the address, and so the key.
            raise _NoForecast(f"{self._url} fails with {type(error).__name__}") from None

    def _body_of(self, parameters: Mapping[str, str | float]) -> bytes:
        deadline = time.monotonic() + _MAX_SECONDS
        body = b""
        with httpx.stream("GET", self._url, params=parameters, timeout=_MAX_SECONDS) as response:
            if response.status_code != 200:
                raise _NoForecast(f"{self._url} answers {response.status_code}")
            for part in response.iter_bytes():
                body += part
                if len(body) > _MAX_BYTES:
                    raise _NoForecast(f"{self._url} sends more than {_MAX_BYTES:,} bytes")
                if time.monotonic() > deadline:
                    raise _NoForecast(f"{self._url} needs more than {_MAX_SECONDS:g} seconds")
        return body


def _forecast_in(body: bytes) -> Forecast:
    """Read the days of an answer that have both temperatures."""
    try:
        daily = _Answer.model_validate_json(body).daily
        days = list(zip(*(values for _, values in daily), strict=True))
    except ValidationError as error:
        problem = error.errors(include_url=False, include_input=False, include_context=False)[0]
        place = ".".join(map(str, problem["loc"]))
        raise _NoForecast(f"the answer has another form: {place}: {problem['msg']}") from None
    except ValueError:
        raise _NoForecast("the answer has lists of different lengths") from None
    return {
        day: DayWeather(low, max(low, high), rain or 0.0, wind or 0.0)
        for day, low, high, rain, wind in days
        if low is not None and high is not None
    }
