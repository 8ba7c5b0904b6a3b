from datetime import date, timedelta
from itertools import pairwise

import pytest

from oott_fashion.destinations import read_destinations
from oott_fashion.packing.climate import normal_weather
from oott_fashion.packing.trips import DayWeather

PLACES = read_destinations()
FAR_FROM_STATIONS = {"bulguksa", "gyeongju", "gyeongju-world", "jeongdongjin", "yangyang"}


@pytest.mark.parametrize(
    ("place", "day", "weather"),
    [
        ("hongdae", date(2026, 1, 15), DayWeather(-5.9, 1.5)),
        ("gapyeong", date(2026, 8, 15), DayWeather(22.4, 29.6)),
        ("seongsan-ilchulbong", date(2027, 1, 15), DayWeather(3, 8)),
        ("haeundae", date(2028, 2, 15), DayWeather(0, 9)),
    ],
)
def test_a_place_has_the_weather_of_the_nearest_station(
    place: str, day: date, weather: DayWeather
) -> None:
    assert normal_weather(PLACES.destination(place), day) == weather


def test_the_weather_changes_little_from_day_to_day() -> None:
    days = [date(2028, 1, 1) + timedelta(days=number) for number in range(367)]
    known = [normal_weather(PLACES.destination("jeju"), day) for day in days]
    lows = [weather.low for weather in known if weather]

    assert len(lows) == 367
    assert max(abs(one - other) for one, other in pairwise(lows)) < 0.3


def test_places_far_from_stations_and_categories_have_no_usual_weather() -> None:
    day = date(2026, 5, 1)
    known = {slug: normal_weather(PLACES.destination(slug), day) for slug in PLACES.slugs}

    assert {slug for slug, weather in known.items() if not weather} == FAR_FROM_STATIONS
    assert normal_weather(PLACES.named("seaside"), day) is None
