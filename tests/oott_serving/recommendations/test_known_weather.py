from datetime import date

from oott_fashion.destinations import read_destinations
from oott_fashion.packing.trips import DayWeather
from oott_serving.recommendations.forecasts import OpenMeteo
from oott_serving.recommendations.known_weather import KnownWeather, weather_of
from oott_serving.recommendations.recommend_models import SentWeather
from tests.oott_serving.recommendations.test_forecasts import serving_api

PLACES = read_destinations()
JEJU, SEASIDE, YANGYANG = (PLACES.named(name) for name in ("jeju", "seaside", "yangyang"))
DATES = [date(2027, 1, day) for day in (11, 8, 9, 10)]
SENT = [SentWeather(date=date(2027, 1, 9), low=-1, high=2)]


def test_sent_weather_comes_before_the_forecast_and_that_before_what_is_usual() -> None:
    with serving_api() as api:
        known = weather_of(DATES, JEJU, SENT, OpenMeteo(api.url, None, "Asia/Seoul"))

    assert list(known) == sorted(DATES)
    assert [weather and weather.source for weather in known.values()] == [
        "climate normals", "request", "forecast", "climate normals"
    ]  # fmt: skip
    assert known[date(2027, 1, 9)] == KnownWeather(DayWeather(-1, 2, 0, 0), "request")
    assert known[date(2027, 1, 10)] == KnownWeather(DayWeather(5, 9, 12.5, 0), "forecast")


def test_a_provider_is_not_asked_if_all_days_were_sent_or_the_place_has_no_coordinates() -> None:
    with serving_api() as api:
        provider = OpenMeteo(api.url, None, "Asia/Seoul")
        weather_of([date(2027, 1, 9)], JEJU, SENT, provider)
        unknown = weather_of(DATES, SEASIDE, [], provider)

    assert api.asked == []
    assert set(unknown.values()) == {None}


def test_without_a_provider_a_place_far_from_stations_has_unknown_weather() -> None:
    assert set(weather_of(DATES, YANGYANG, [], None).values()) == {None}
