"""Asks a real server on loopback, which answers as Open-Meteo does, or wrongly."""

import json
import logging
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import date, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
from pydantic import SecretStr

from oott_fashion.destinations import Coordinates
from oott_fashion.packing.trips import DayWeather
from oott_serving.recommendations import forecasts
from oott_serving.recommendations.forecasts import OpenMeteo

JEJU = Coordinates(33.4996, 126.5312)
FIRST = date(2027, 1, 9)


def daily(**changes: list[Any]) -> dict[str, Any]:
    """Give an answer for three days, in the form of the API; the last day is not computed yet."""
    return {
        "latitude": 33.5,
        "longitude": 126.5,
        "utc_offset_seconds": 32400,
        "daily_units": {"time": "iso8601", "temperature_2m_min": "°C", "wind_speed_10m_max": "m/s"},
        "daily": {
            "time": [f"{FIRST + timedelta(days=number)}" for number in range(3)],
            "temperature_2m_min": [3.1, 5, None],
            "temperature_2m_max": [8.4, 9, None],
            "precipitation_sum": [0.0, 12.5, None],
            "wind_speed_10m_max": [7.2, None, None],
            **changes,
        },
    }


class Api(ThreadingHTTPServer):
    """A server that sends ``answer``, and keeps the parameters of each request."""

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.asked: list[dict[str, str]] = []
        self.status = 200
        self.answer: bytes = json.dumps(daily()).encode()
        self.before: Callable[[], None] = lambda: None

    def handle_error(self, *_: object) -> None:
        """Print nothing: clients leave slow and huge answers."""

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_address[1]}"


class _Handler(BaseHTTPRequestHandler):
    server: Api

    def do_GET(self) -> None:
        parts = urlsplit(self.path)
        assert parts.path == "/v1/forecast"
        self.server.asked.append({name: each for name, [each] in parse_qs(parts.query).items()})
        self.server.before()
        self.send_response(self.server.status)
        self.send_header("Location", "/elsewhere")
        self.send_header("Content-Length", str(len(self.server.answer)))
        self.end_headers()
        self.wfile.write(self.server.answer)

    def log_message(self, *_: object) -> None:
        """Print nothing."""


@pytest.fixture
def api() -> Iterator[Api]:
    with serving_api() as api:
        yield api


@contextmanager
def serving_api() -> Iterator[Api]:
    with Api() as api:
        thread = threading.Thread(target=api.serve_forever, args=(0.01,))
        thread.start()
        yield api
        api.shutdown()
        thread.join()


def weather_of(api: Api, key: str | None = None) -> OpenMeteo:
    return OpenMeteo(api.url, None if key is None else SecretStr(key), "Asia/Seoul")


def test_the_forecast_has_the_days_that_are_computed(api: Api) -> None:
    assert weather_of(api).of(JEJU) == {
        FIRST: DayWeather(3.1, 8.4, 0.0, 7.2),
        date(2027, 1, 10): DayWeather(5, 9, 12.5, 0.0),
    }
    assert api.asked == [
        {
            "latitude": "33.5",
            "longitude": "126.53",
            "daily": "temperature_2m_min,temperature_2m_max,precipitation_sum,wind_speed_10m_max",
            "wind_speed_unit": "ms",
            "timezone": "Asia/Seoul",
            "forecast_days": "16",
        }
    ]


def test_a_place_is_asked_once_an_hour(api: Api) -> None:
    clock = [0.0]
    weather = OpenMeteo(api.url, None, "Asia/Seoul", now=lambda: clock[0])

    for clock[0] in (0.0, 10.0, 3599.0, 3601.0):
        assert len(weather.of(JEJU)) == 2

    assert len(api.asked) == 2


def test_a_server_that_failed_is_left_alone_for_a_minute(api: Api) -> None:
    clock = [0.0]
    weather = OpenMeteo(api.url, None, "Asia/Seoul", now=lambda: clock[0])
    api.status = 503

    assert weather.of(JEJU) == {}
    api.status, clock[0] = 200, 59.0
    assert weather.of(JEJU) == {}
    clock[0] = 61.0
    assert len(weather.of(JEJU)) == 2


@pytest.mark.parametrize(
    ("status", "answer", "reason"),
    [
        (429, b'{"error": true, "reason": "Minutely limit exceeded"}', "answers 429"),
        (302, b"", "answers 302"),
        (200, b"<html>", "the answer has another form: : Invalid JSON"),
        (200, b'{"error": true, "reason": "x"}', "the answer has another form: daily: Field"),
        (200, json.dumps(daily(time=["2027-01-09"])).encode(), "lists of different lengths"),
        (200, json.dumps(daily(temperature_2m_min=["cold"] * 3)).encode(), "another form: daily."),
        (200, b"[" * 200_000, "sends more than 100,000 bytes"),
    ],
)
def test_an_unusable_answer_is_no_forecast_and_the_log_says_why(
    api: Api, caplog: pytest.LogCaptureFixture, status: int, answer: bytes, reason: str
) -> None:
    api.status, api.answer = status, answer

    with caplog.at_level(logging.WARNING):
        assert weather_of(api, key="s3cret").of(JEJU) == {}

    assert reason in caplog.text
    assert "s3cret" not in caplog.text
    assert api.asked[0]["apikey"] == "s3cret"


def test_a_slow_or_missing_server_costs_little_time(
    api: Api, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(forecasts, "_MAX_SECONDS", 0.1)
    api.before = lambda: time.sleep(0.5)
    began = time.monotonic()

    assert weather_of(api).of(JEJU) == {}

    assert time.monotonic() - began < 0.5
    assert "ReadTimeout" in caplog.text
    assert OpenMeteo("http://127.0.0.1:9", None, "Asia/Seoul").of(JEJU) == {}
    assert "ConnectError" in caplog.text
