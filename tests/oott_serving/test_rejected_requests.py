"""Tests the requests that the closet service rejects: the status and the error message."""

import json
import socket
import time
from collections.abc import Iterator

import httpx
import pytest

from tests.oott_serving.photos import animation, base64_of, png_bomb, street_jpeg
from tests.oott_serving.servers import Server
from tests.oott_serving.service_client import app_slice, batch, camera, coverage_of, error_in, post

MAX_BODY_BYTES = 50 * 2**20

JPEG = street_jpeg()
PHOTO = base64_of(JPEG)
JSON_PATHS = ("/predict/camera", "/predict/batch")
PATHS = (*JSON_PATHS, "/predict/garments")


@pytest.mark.parametrize(
    ("photo", "words"),
    [
        (base64_of(b"a text file, and no photo at all"), "are not a photo"),
        (base64_of(JPEG[: len(JPEG) // 2]), "truncated"),
        (base64_of(animation()), "2 frames"),
        ("", "empty"),
        ("data:image/jpeg;base64,", "empty"),
        ("https://example.com/photo.jpg", "not base64"),
        ("data:image/jpeg,%FF%D8", "not base64"),
        (PHOTO.replace("/", "_").replace("+", "-"), "not base64"),
        (PHOTO[:400] + "=" + PHOTO[400:], "not base64"),
        (PHOTO + "Ω", "not base64: it contains 'Ω'"),
        ("A", "not base64"),
    ],
    ids=[
        "text file",
        "truncated",
        "animated",
        "empty",
        "empty data URL",
        "address",
        "data URL without base64",
        "URL-safe alphabet",
        "padding inside",
        "Greek letter",
        "one letter",
    ],
)
def test_an_unreadable_photo_is_rejected_with_400(
    client: httpx.Client, photo: str, words: str
) -> None:
    response = camera(client, photo)

    assert response.status_code == 400
    assert words in error_in(response)


JUNK = [
    (b"", 400),
    (b"\xef\xbb\xbf{}", 400),
    (b"\xff\xfe", 400),
    (b'{"base64_image":"\xff"}', 400),
    (b'{"base64_image":"\\ud800"}', 400),
    (b'{"base64_image":"\x00"}', 400),
    (b'{"base64_image":', 400),
    (b"base64_image=AAAA", 400),
    (b"[" * 1_000_000, 400),
    (b'{"a":' * 100_000, 400),
    (b'{"base64_image":' + b"1" * 100_000 + b"}", 400),
    (b"null", 422),
    (b"true", 422),
    (b"NaN", 422),
    (b'"base64_image"', 422),
    (b"[]", 422),
    (b"{}", 422),
    (b'{"base64_image":null,"base64_images":null,"recommend_type":null}', 422),
    (b'{"base64_image":NaN,"base64_images":NaN,"recommend_type":-Infinity}', 422),
    (b'{"base64_image":["AAAA"],"base64_images":"AAAA","recommend_type":["jeju"]}', 422),
    (b'{"base64_image":{"a":1},"base64_images":{"a":1},"recommend_type":"jeju"}', 422),
    (b'{"base64_image":1,"base64_images":[1,null,{}],"recommend_type":"jeju"}', 422),
    (
        b'{"base64_image":"AAAA","base64_images":[],"recommend_type":"jeju","x":['
        + b"{}," * 20_000,
        422,
    ),
]


@pytest.mark.parametrize("path", PATHS)
@pytest.mark.parametrize(("body", "status"), JUNK, ids=lambda value: repr(value)[:40])
def test_an_invalid_body_is_rejected(
    client: httpx.Client, path: str, body: bytes, status: int
) -> None:
    response = post(client, path, body)

    assert response.status_code == status
    assert error_in(response)


def test_the_error_names_a_missing_field_and_shows_an_example(client: httpx.Client) -> None:
    response = client.post("/predict/camera", json={"image": PHOTO})

    assert response.status_code == 422
    assert error_in(response) == ('base64_image: Field required; expected {"base64_image": "..."}')


def test_an_empty_list_of_photos_is_rejected(client: httpx.Client) -> None:
    response = batch(client, [], "jeju")

    assert response.status_code == 422
    assert "base64_images" in error_in(response)


@pytest.mark.parametrize(
    "place", ["", "atlantis", "jeju|2026-01", "서울 어딘가", "\u0000", "x" * 99_999]
)
def test_an_unknown_recommend_type_is_rejected_and_the_error_lists_the_known_ones(
    client: httpx.Client, place: str
) -> None:
    response = batch(client, [PHOTO], place)

    assert response.status_code == 422
    assert "seaside" in error_in(response)
    assert len(response.content) < 1000


def test_a_body_with_a_content_length_over_the_limit_is_rejected_with_413(
    client: httpx.Client,
) -> None:
    response = post(client, "/predict/camera", b" " * (MAX_BODY_BYTES + 1))

    assert response.status_code == 413
    assert "at most 52,428,800 are allowed" in error_in(response)


def test_a_chunked_body_over_the_limit_is_rejected_with_413(
    client: httpx.Client,
) -> None:
    def chunks() -> Iterator[bytes]:
        for _ in range(51):
            yield b" " * 2**20

    response = client.post(
        "/predict/camera", content=chunks(), headers={"Content-Type": "application/json"}
    )

    assert response.status_code == 413
    assert "at most 52,428,800 are allowed" in error_in(response)


def test_a_body_over_the_limit_is_rejected_before_it_is_sent(server: Server) -> None:
    head = (
        "POST /predict/camera HTTP/1.1\r\nHost: closet\r\nContent-Type: application/json\r\n"
        f"Content-Length: {2**40}\r\nExpect: 100-continue\r\n\r\n"
    )

    with socket.create_connection(("127.0.0.1", server.port), timeout=10) as phone:
        phone.sendall(head.encode())
        answer = phone.recv(100)

    assert answer.startswith(b"HTTP/1.1 413 ")


def test_a_photo_of_half_a_gigapixel_is_rejected_without_being_decoded(
    client: httpx.Client,
) -> None:
    bomb = png_bomb(25_000, 20_000)

    started = time.monotonic()
    response = camera(client, base64_of(bomb))

    assert len(bomb) < 100_000
    assert response.status_code == 413
    assert "50,000,000" in error_in(response)
    assert time.monotonic() - started < 2


def test_the_error_gives_the_position_of_a_too_large_photo_in_a_batch(client: httpx.Client) -> None:
    response = batch(client, [PHOTO, base64_of(png_bomb(10_000, 10_000))], "jeju")

    assert response.status_code == 413
    assert error_in(response).startswith("photo 2 of 2: ")


def test_a_batch_with_too_many_photos_is_rejected_with_413(
    server: Server, client: httpx.Client
) -> None:
    response = batch(client, ["AAAA"] * 251, "seongsu-dong")

    assert response.status_code == 413
    assert "251 photos; at most 250" in error_in(response)
    assert coverage_of(server.database_url, app_slice("seongsu-dong", "hot-place")) is None


@pytest.mark.parametrize("path", JSON_PATHS)
@pytest.mark.parametrize(
    "headers",
    [
        {"Content-Type": "text/plain"},
        {"Content-Type": "application/x-www-form-urlencoded"},
        {"Content-Type": "multipart/form-data; boundary=x"},
        {"Content-Type": "application/vnd.bentoml+pickle"},
        {"Content-Type": "application/json", "Content-Encoding": "gzip"},
        {},
    ],
    ids=lambda headers: " ".join(headers.values()) or "none",
)
def test_a_body_that_is_not_plain_json_is_rejected_with_415(
    client: httpx.Client, path: str, headers: dict[str, str]
) -> None:
    response = client.post(path, content=json.dumps({"base64_image": PHOTO}), headers=headers)

    assert response.status_code == 415
    assert error_in(response)


def test_a_json_content_type_with_a_charset_is_accepted(client: httpx.Client) -> None:
    response = client.post(
        "/predict/camera",
        content=json.dumps({"base64_image": PHOTO}),
        headers={"Content-Type": "Application/JSON; charset=utf-8"},
    )

    assert response.status_code == 200


def test_a_content_type_that_is_not_utf_8_gets_a_complete_response(client: httpx.Client) -> None:
    response = client.post("/predict/camera", headers=[(b"Content-Type", b"application/json\xff")])

    assert response.status_code == 415
    assert error_in(response)


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [("GET", "/predict/camera", 405), ("DELETE", "/ping", 405), ("POST", "/predict", 404)],
)
def test_unknown_paths_and_methods_are_rejected_in_json_too(
    client: httpx.Client, method: str, path: str, status: int
) -> None:
    response = client.request(method, path)

    assert response.status_code == status
    assert path in error_in(response)


def test_invalid_requests_are_not_logged_as_crashes(server: Server, client: httpx.Client) -> None:
    for body, _ in JUNK:
        post(client, "/predict/batch", body)

    assert "Traceback" not in server.log
    assert "status=422" in server.log
    assert "status=500" not in server.log
