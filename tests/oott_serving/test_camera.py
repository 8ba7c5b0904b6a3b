"""Tests the answers of /predict/camera to every kind of photo, over HTTP."""

import json
import textwrap
from concurrent.futures import ThreadPoolExecutor

import httpx
import numpy as np
import pytest
from PIL import Image

from oott_fashion.colours import RELEASED_COLOURS, RELEASED_NAMES
from oott_fashion.vision.detector import Detector
from oott_fashion.vision.photos import read_photo
from tests.oott_serving.photos import (
    base64_of,
    drawn,
    file_of,
    image_of,
    sideways,
    street_image,
    street_jpeg,
)
from tests.oott_serving.service_client import batch, camera, error_in, expected_answer, post

MAX_BODY_BYTES = 50 * 2**20

JPEG = street_jpeg()
PHOTO = base64_of(JPEG)
GREY_WALL = file_of(Image.new("RGB", (320, 320), (128, 128, 128)), "JPEG")

# Not a multiple of three bytes, so that its base64 ends in padding.
PADDED = JPEG + b"\0" * (1 - len(JPEG) % 3)


def test_the_most_confident_garment_of_a_photo_is_named_with_its_colour(
    client: httpx.Client, detector: Detector
) -> None:
    response = camera(client, PHOTO)

    answer = expected_answer(detector, JPEG)
    assert response.status_code == 200
    assert response.headers["content-type"] == "application/json"
    assert response.text == f'{{"label":"{answer["label"]}","color":"{answer["color"]}"}}'


def test_most_drawn_people_are_answered_with_a_garment_they_wear(client: httpx.Client) -> None:
    photos = [drawn(seed) for seed in range(12)]

    answers = [camera(client, base64_of(street_jpeg(seed))).json() for seed in range(12)]

    right = [
        (answer["label"], answer["color"])
        in {(garment.garment, RELEASED_NAMES[garment.colour]) for garment in photo.garments}
        for photo, answer in zip(photos, answers, strict=True)
    ]
    assert sum(right) > 6


def test_the_answer_has_a_released_colour_unless_the_request_asks_for_all(
    client: httpx.Client, detector: Detector
) -> None:
    jpeg = next(
        jpeg
        for jpeg in map(street_jpeg, range(50))
        if detector.garments(read_photo(jpeg))[0].colour not in RELEASED_COLOURS
    )
    worn, photo = detector.garments(read_photo(jpeg))[0].colour, base64_of(jpeg)

    answers = [camera(client, photo, colours) for colours in (None, "released", "full", "FULL")]

    released = RELEASED_NAMES[worn]
    assert [answer.json()["color"] for answer in answers] == [released, released, worn, worn]


def test_colours_that_do_not_exist_are_rejected(client: httpx.Client) -> None:
    response = camera(client, PHOTO, "pastel")

    assert response.status_code == 422
    assert error_in(response) == "the header OOTT-Colours is 'pastel'; expected released or full"


def test_the_request_of_the_released_backend_is_answered(
    client: httpx.Client, detector: Detector
) -> None:
    headers = {
        "Accept": "application/json, text/plain, */*",
        "Content-Type": "application/json",
        "User-Agent": "axios/1.6.7",
    }

    response = client.post(
        "/predict/camera", content=f'{{"base64_image":"{PHOTO}"}}', headers=headers
    )

    assert response.json() == expected_answer(detector, JPEG)


def test_a_photo_without_garments_gets_the_answer_of_the_in_process_detector(
    client: httpx.Client, detector: Detector
) -> None:
    assert camera(client, base64_of(GREY_WALL)).json() == expected_answer(detector, GREY_WALL)


@pytest.mark.parametrize(
    "text",
    [
        f"data:image/jpeg;base64,{PHOTO}",
        f"  DATA:image/jpeg;charset=utf-8;BASE64,{PHOTO}",
        "\r\n".join(textwrap.wrap(PHOTO, 76)),
        f"\n\t {PHOTO} \n",
        base64_of(PADDED).rstrip("="),
    ],
    ids=["data URL", "odd data URL", "lines", "white space around", "no padding"],
)
def test_base64_is_read_with_any_prefix_line_breaks_or_padding(
    client: httpx.Client, detector: Detector, text: str
) -> None:
    assert camera(client, text).json() == expected_answer(detector, JPEG)


def test_unknown_fields_are_ignored(client: httpx.Client, detector: Detector) -> None:
    body = {"device": {"os": ["android", 15]}, "base64_image": PHOTO, "color": None}

    response = client.post("/predict/camera", json=body)

    assert response.json() == expected_answer(detector, JPEG)


def test_the_last_of_two_equal_fields_is_used(client: httpx.Client, detector: Detector) -> None:
    response = post(
        client, "/predict/camera", b'{"base64_image":"no","base64_image":"%b"}' % PHOTO.encode()
    )

    assert response.json() == expected_answer(detector, JPEG)


def test_a_body_of_fifty_megabytes_is_answered(client: httpx.Client, detector: Detector) -> None:
    body = json.dumps({"base64_image": PHOTO})
    filled = body[:-2] + " " * (MAX_BODY_BYTES - len(body)) + body[-2:]

    response = post(client, "/predict/camera", filled.encode())

    assert len(filled) == MAX_BODY_BYTES
    assert response.json() == expected_answer(detector, JPEG)


def _with_alpha() -> Image.Image:
    image = street_image().convert("RGBA")
    image.putalpha(Image.linear_gradient("L").resize(image.size))
    return image


def _with_16_bits() -> Image.Image:
    return Image.fromarray(np.asarray(street_image().convert("L")).astype(np.uint16) * 257)


@pytest.mark.parametrize(
    "photo",
    [
        file_of(_with_alpha(), "PNG"),
        file_of(street_image().convert("P"), "PNG"),
        file_of(street_image().convert("CMYK"), "JPEG"),
        file_of(street_image().convert("L"), "JPEG"),
        file_of(_with_16_bits(), "PNG"),
        file_of(street_image(), "WEBP"),
        file_of(street_image(), "GIF"),
        file_of(street_image().crop((0, 0, 3, 2)), "BMP"),
    ],
    ids=["alpha", "palette", "CMYK", "gray", "16 bits", "WebP", "still GIF", "six pixels"],
)
def test_every_kind_of_photo_is_answered(
    client: httpx.Client, detector: Detector, photo: bytes
) -> None:
    response = camera(client, base64_of(photo))

    assert response.status_code == 200
    assert response.json() == expected_answer(detector, photo)


@pytest.mark.parametrize("seed", range(3))
def test_a_photo_that_is_rotated_by_exif_gets_the_answer_of_the_upright_photo(
    client: httpx.Client, seed: int
) -> None:
    lying = sideways(street_image(seed))
    # The same decoded pixels, rotated here without EXIF.
    upright = file_of(image_of(lying).transpose(Image.Transpose.ROTATE_270), "PNG")

    answer = camera(client, base64_of(lying)).json()

    assert answer == camera(client, base64_of(upright)).json()


def test_eight_concurrent_uploads_are_all_answered(
    client: httpx.Client, detector: Detector
) -> None:
    with ThreadPoolExecutor(8) as phones:
        responses = list(phones.map(lambda _: camera(client, PHOTO), range(8)))

    assert [response.json() for response in responses] == [expected_answer(detector, JPEG)] * 8


def test_a_camera_photo_does_not_wait_until_a_batch_ends(client: httpx.Client) -> None:
    with ThreadPoolExecutor(1) as app:
        whole_batch = app.submit(batch, client, [PHOTO] * 60, "gyeongju")
        responses = [camera(client, PHOTO) for _ in range(3)]

        assert not whole_batch.done()
        assert [response.status_code for response in responses] == [200] * 3
        assert whole_batch.result().status_code == 200
