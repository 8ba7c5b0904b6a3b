"""Tests the answers of /predict/garments, over HTTP."""

from itertools import pairwise
from typing import Any

import httpx
import pytest
from PIL import Image

from oott_fashion.colours import RELEASED_NAMES
from oott_fashion.garments import category_of
from oott_fashion.stores.detector_card import read_card
from oott_fashion.vision.detector import Detector
from oott_fashion.vision.photos import read_photo
from tests.oott_serving.photos import (
    base64_of,
    file_of,
    image_of,
    sideways,
    street_image,
    street_jpeg,
)
from tests.oott_serving.service_client import batch, camera, error_in
from tests.starters import SMALL_STARTER

PATH = "/predict/garments"
JPEG = street_jpeg()
GREY_WALL = file_of(Image.new("RGB", (320, 200), (128, 128, 128)), "JPEG")
VERSION = read_card(SMALL_STARTER / "card.json").version


def garments(client: httpx.Client, photo: bytes) -> dict[str, Any]:
    response = client.post(PATH, content=photo, headers={"Content-Type": "image/jpeg"})
    assert response.status_code == 200, response.text
    return dict(response.json())


def without_timing(response: httpx.Response) -> dict[str, Any]:
    answer = response.json()
    del answer["milliseconds"]
    return dict(answer)


def test_all_garments_are_answered_with_boxes_confidences_and_both_colours(
    client: httpx.Client, detector: Detector
) -> None:
    answer = garments(client, JPEG)

    found = detector.garments(read_photo(JPEG))
    assert len(found) > 1
    for garment, expected in zip(answer["garments"], found, strict=True):
        assert garment["label"] == expected.garment
        assert garment["category"] == category_of(expected.garment)
        assert garment["confidence"] == pytest.approx(expected.confidence, abs=0.001)
        assert garment["full_color"] == expected.colour
        assert garment["color"] == RELEASED_NAMES[expected.colour]
        assert list(garment["box"].values()) == pytest.approx(expected.box, abs=0.1)
    assert list(answer["garments"][0]["box"]) == ["x_min", "y_min", "x_max", "y_max"]
    assert (answer["width"], answer["height"]) == image_of(JPEG).size
    assert answer["detector_version"] == VERSION


def test_the_most_confident_garment_comes_first_and_is_that_of_the_camera(
    client: httpx.Client,
) -> None:
    answer = garments(client, JPEG)

    confidences = [garment["confidence"] for garment in answer["garments"]]
    assert all(first >= second for first, second in pairwise(confidences))
    first = answer["garments"][0]
    label_and_colour = {"label": first["label"], "color": first["color"]}
    assert label_and_colour == camera(client, base64_of(JPEG)).json()


def test_the_answer_says_how_long_its_stages_took(client: httpx.Client) -> None:
    milliseconds = garments(client, JPEG)["milliseconds"]

    assert list(milliseconds) == ["waiting", "decoding", "detection", "colours"]
    assert all(milliseconds[stage] > 0 for stage in ("decoding", "detection", "colours"))


def test_json_a_raw_image_and_a_form_get_the_same_answer(client: httpx.Client) -> None:
    file = ("look.jpg", JPEG, "application/octet-stream")
    responses = [
        client.post(PATH, json={"base64_image": base64_of(JPEG)}),
        client.post(PATH, content=JPEG, headers={"Content-Type": "image/anything"}),
        client.post(PATH, files={"photo": file}, data={"note": "ignored", "photo": "ignored"}),
    ]

    answers = [without_timing(response) for response in responses]
    assert answers == [answers[0]] * 3
    assert answers[0]["garments"]


def test_a_photo_without_garments_has_an_empty_list(client: httpx.Client) -> None:
    answer = garments(client, GREY_WALL)

    assert (answer["garments"], answer["width"], answer["height"]) == ([], 320, 200)


def test_boxes_are_in_pixels_of_the_upright_photo_as_it_was_sent(client: httpx.Client) -> None:
    # So large that it is decoded at a part of its size.
    large = street_image().resize((2 * 640, 2 * 960))
    upright, lying = file_of(large, "JPEG", quality=95, subsampling=0), sideways(large)

    first, second = garments(client, upright), garments(client, lying)

    assert (first["width"], first["height"]) == (second["width"], second["height"]) == large.size
    expected = list(first["garments"][0]["box"].values())
    assert list(second["garments"][0]["box"].values()) == pytest.approx(expected, abs=20)
    assert expected[3] > 960 / 2


def test_every_answer_of_a_prediction_names_the_detector(client: httpx.Client) -> None:
    responses = [
        client.post(PATH, content=JPEG, headers={"Content-Type": "image/jpeg"}),
        client.post(PATH, content=b"no photo", headers={"Content-Type": "image/jpeg"}),
        client.post(PATH, content=b"no photo", headers={"Content-Type": "text/plain"}),
        camera(client, base64_of(JPEG)),
        batch(client, [], "jeju"),
    ]

    assert [response.status_code for response in responses] == [200, 400, 415, 200, 422]
    assert [response.headers["oott-detector-version"] for response in responses] == [VERSION] * 5


FORM = "multipart/form-data; boundary=x"
PART = b'--x\r\nContent-Disposition: form-data; name="%b"; filename="a.jpg"\r\n\r\n%b\r\n'
END = b"--x--\r\n"


@pytest.mark.parametrize(
    ("content_type", "body", "status", "words"),
    [
        ("image/jpeg", b"", 400, "the photo is empty"),
        ("image/jpeg", b"a text", 400, "are not a photo"),
        (FORM, END, 422, "0 files in the field photo, and 0 in other fields; expected one"),
        (FORM, PART % (b"image", JPEG) + END, 422, "0 files in the field photo, and 1 in other"),
        (FORM, PART % (b"photo", JPEG) * 2 + END, 422, "has 2 files in the field photo"),
        (FORM, PART % (b"photo", b"a text") + END, 400, "are not a photo"),
        (FORM, PART % (b"photo", JPEG), 400, "its last boundary is missing"),
        (FORM, PART % (b"photo", b"") * 200 + END, 422, "more than 100 fields"),
        (FORM, b"", 400, "its last boundary is missing"),
        (FORM, b"no form", 400, "the form cannot be read"),
        (FORM, b"--x\r\nA: b\r\n\r\n\r\n" + END, 400, "the form cannot be read"),
        ("multipart/form-data", b"", 400, "the boundary of the form has 0 characters"),
        (f"{FORM}{'x' * 70}", b"", 400, "the boundary of the form has 71 characters"),
        ("multipart/mixed; boundary=x", END, 415, "or an image/* type"),
        ("application/x-www-form-urlencoded", b"photo=x", 415, "send application/json"),
    ],
)
def test_a_file_or_form_that_is_no_photo_is_rejected(
    client: httpx.Client, content_type: str, body: bytes, status: int, words: str
) -> None:
    response = client.post(PATH, content=body, headers={"Content-Type": content_type})

    assert response.status_code == status, response.text
    assert words in error_in(response)
