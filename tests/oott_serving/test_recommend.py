"""Tests POST /recommend and /recommend/released over HTTP."""

from typing import Any

import httpx
import pytest

from tests.oott_serving.service_client import error_in

COLD = [{"date": f"2027-01-{day:02}", "low": -2, "high": 6} for day in (9, 10)]


def recommend(client: httpx.Client, **wishes: Any) -> Any:
    trip = {"destination": "haeundae", "dates": ["2027-01-09", "2027-01-10"], **wishes}
    response = client.post("/recommend", json=trip)
    assert response.status_code == 200, response.text
    return response.json()


def test_a_trip_has_outfits_for_each_day_with_reasons_from_the_estimates(
    client: httpx.Client,
) -> None:
    closet = [{"id": "7", "label": "coat", "color": "black"}]

    answer = recommend(client, weather=COLD, closet=closet, gender="F", outfits=2)

    assert (answer["place"]["place"], answer["place"]["photos"]) == ("haeundae", 100)
    assert [day["date"] for day in answer["days"]] == ["2027-01-09", "2027-01-10"]
    assert [len(day["outfits"]) for day in answer["days"]] == [2, 2]
    assert answer["days"][0]["weather"] == {
        "low": -2, "high": 6, "rain": 0, "wind": 0, "source": "request"
    }  # fmt: skip
    coat = answer["days"][0]["outfits"][0]["pieces"][0]
    assert (coat["label"], coat["color"], coat["closet_id"]) == ("coat", "black", "7")
    assert coat["reasons"][0]["text"] == (
        "25 of 100 photos of haeundae in October 2026 show: coat (25%, 95 % interval 20% to 30%)"
    )


@pytest.mark.parametrize(
    ("wishes", "said"),
    [
        ({"dates": []}, "dates: List should have at least 1 item"),
        ({"dates": ["2027-02-30"]}, "dates.0: Input should be a valid date"),
        ({"dates": ["2027-01-09"] * 2}, "dates have 2027-01-09 2 times; send each once"),
        ({"outfits": 4}, "outfits: Input should be less than or equal to 3"),
        ({"closet": [{"id": "1", "label": "coat"}]}, "closet.0.color: Field required"),
        ({"weather": [{"date": "2027-01-09", "low": 9, "high": 3}]}, "low is 9 and high is 3"),
        ({"weather": [{"date": "2027-01-09", "low": 9, "high": 300}]}, "less than or equal to 60"),
        ({"companions": [{"look": "twin"}]}, "companions.0.look: Input should be 'none'"),
    ],
)
def test_an_unusable_trip_is_422_and_says_why(
    client: httpx.Client, wishes: dict[str, Any], said: str
) -> None:
    trip = {"destination": "haeundae", "dates": ["2027-01-09"], **wishes}

    response = client.post("/recommend", json=trip)

    assert response.status_code == 422
    assert said in error_in(response)


def test_the_released_app_gets_three_looks_a_day_in_its_form(client: httpx.Client) -> None:
    trip = {
        "userId": "minji",
        "place": "어딘가",
        "category": "바닷가",
        "date": ["2027/1/9", "2027-07-09"],
        "gender": "F",
        "reason": "호캉스'; DROP TABLE trend_estimates; --",
        "friend": [],
    }

    days = client.post("/recommend/released", json=trip).json()

    assert [day["date"] for day in days] == trip["date"]
    for day in days:
        assert len(day["clothes"]) == 3
        for look in day["clothes"]:
            assert list(look) == ["outter", "top", "bottom", "shoes"]
            for piece in look.values():
                assert len(piece["detail"]["commercial"]) == len(piece["detail"]["closet"]) == 3


def test_the_released_app_gets_pictures_of_its_closet_by_label_and_colour(
    client: httpx.Client,
) -> None:
    own = [
        {
            "clothesImg": f"https://pictures.example/{number}",
            "clothesTag": tag,
            "clothesColor": "gray",
        }
        for number, tag in enumerate(
            ["coat", "knit sweater", "slacks", "sneakers", "slacks", "hat"]
        )
    ]
    example = {"exampleImage": "e.png", "exampleClothes": "coat", "exampleColor": "gray"}
    trip = {
        "place": "해운대", "category": "바닷가", "date": ["2027/01/09"], "closet": own,
        "examples": [example],
    }  # fmt: skip

    [day] = client.post("/recommend/released", json=trip).json()

    look = day["clothes"][0]
    assert (look["outter"]["label"], look["outter"]["color"]) == ("coat", "gray")
    assert look["outter"]["img"] == "e.png"
    assert [each["img"] for each in look["bottom"]["detail"]["closet"]] == [
        "https://pictures.example/2", "https://pictures.example/4", "None"
    ]  # fmt: skip
    assert look["top"]["img"] == "None"


def test_the_released_app_gets_a_year_of_looks(client: httpx.Client) -> None:
    dates = [f"2027/{month:02}/{day:02}" for month in range(1, 13) for day in (1, 9, 17, 25)]

    response = client.post("/recommend/released", json={"category": "산", "date": dates})

    assert [day["date"] for day in response.json()] == dates
