"""What the closet service refuses, over HTTP: with which status, and in which words."""

import json
import socket
import time
from collections.abc import Iterator

import httpx
import pytest

from tests.oott_serving.asking import app_slice, batch, camera, coverage_of, post, sentence_in
from tests.oott_serving.photos import animation, base64_of, png_bomb, street_jpeg
from tests.oott_serving.servers import Server

MAX_BODY_BYTES = 50 * 2**20

JPEG = street_jpeg()
PHOTO = base64_of(JPEG)
PATHS = ("/predict/camera", "/predict/batch")


@pytest.mark.parametrize(
    ("photo", "words"),
    [
        (base64_of(b"a text file, and no photo at all"), "are no photo"),
        (base64_of(JPEG[: len(JPEG) // 2]), "cut short"),
        (base64_of(animation()), "2 frames"),
        ("", "empty"),
        ("data:image/jpeg;base64,", "empty"),
        ("https://example.com/photo.jpg", "no base64"),
        ("data:image/jpeg,%FF%D8", "no base64"),
        (PHOTO.replace("/", "_").replace("+", "-"), "no base64"),
        (PHOTO[:400] + "=" + PHOTO[400:], "no base64"),
        (PHOTO + "Ω", "'Ω' is none of its characters"),
        ("A", "no base64"),
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
def test_what_is_no_photo_is_refused_with_400(client: httpx.Client, photo: str, words: str) -> None:
    response = camera(client, photo)

    assert response.status_code == 400
    assert words in sentence_in(response)


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
def test_a_body_that_is_no_request_is_refused(
    client: httpx.Client, path: str, body: bytes, status: int
) -> None:
    response = post(client, path, body)

    assert response.status_code == status
    assert sentence_in(response)


def test_a_missing_field_is_named_with_what_was_expected(client: httpx.Client) -> None:
    response = client.post("/predict/camera", json={"image": PHOTO})

    assert response.status_code == 422
    assert sentence_in(response) == (
        'base64_image: Field required; expected {"base64_image": "..."}'
    )


def test_a_list_without_photos_is_refused(client: httpx.Client) -> None:
    response = batch(client, [], "jeju")

    assert response.status_code == 422
    assert "base64_images" in sentence_in(response)


@pytest.mark.parametrize(
    "place", ["", "atlantis", "jeju|2026-01", "서울 어딘가", "\u0000", "x" * 99_999]
)
def test_an_unknown_recommend_type_is_refused_with_those_that_are_known(
    client: httpx.Client, place: str
) -> None:
    response = batch(client, [PHOTO], place)

    assert response.status_code == 422
    assert "seaside" in sentence_in(response)
    assert len(response.content) < 1000


def test_an_announced_body_over_the_limit_is_refused_with_413(client: httpx.Client) -> None:
    response = post(client, "/predict/camera", b" " * (MAX_BODY_BYTES + 1))

    assert response.status_code == 413
    assert "at most 52,428,800 are allowed" in sentence_in(response)


def test_a_body_over_the_limit_that_is_not_announced_is_refused_with_413(
    client: httpx.Client,
) -> None:
    def chunks() -> Iterator[bytes]:
        for _ in range(51):
            yield b" " * 2**20

    response = client.post(
        "/predict/camera", content=chunks(), headers={"Content-Type": "application/json"}
    )

    assert response.status_code == 413
    assert "at most 52,428,800 are allowed" in sentence_in(response)


def test_a_body_over_the_limit_is_refused_before_it_is_sent(server: Server) -> None:
    head = (
        "POST /predict/camera HTTP/1.1\r\nHost: closet\r\nContent-Type: application/json\r\n"
        f"Content-Length: {2**40}\r\nExpect: 100-continue\r\n\r\n"
    )

    with socket.create_connection(("127.0.0.1", server.port), timeout=10) as phone:
        phone.sendall(head.encode())
        answer = phone.recv(100)

    assert answer.startswith(b"HTTP/1.1 413 ")


def test_a_bomb_of_half_a_gigapixel_is_refused_without_being_decoded(
    client: httpx.Client,
) -> None:
    bomb = png_bomb(25_000, 20_000)

    started = time.monotonic()
    response = camera(client, base64_of(bomb))

    assert len(bomb) < 100_000
    assert response.status_code == 413
    assert "50,000,000" in sentence_in(response)
    assert time.monotonic() - started < 2


def test_a_bomb_in_a_batch_is_named_by_its_position(client: httpx.Client) -> None:
    response = batch(client, [PHOTO, base64_of(png_bomb(10_000, 10_000))], "jeju")

    assert response.status_code == 413
    assert sentence_in(response).startswith("photo 2 of 2: ")


def test_more_photos_than_a_batch_may_have_are_refused_with_413(
    server: Server, client: httpx.Client
) -> None:
    response = batch(client, ["AAAA"] * 251, "seongsu-dong")

    assert response.status_code == 413
    assert "251 photos; at most 250" in sentence_in(response)
    assert coverage_of(server.database_url, app_slice("seongsu-dong", "hot-place")) is None


@pytest.mark.parametrize("path", PATHS)
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
def test_what_is_not_json_is_refused_with_415(
    client: httpx.Client, path: str, headers: dict[str, str]
) -> None:
    response = client.post(path, content=json.dumps({"base64_image": PHOTO}), headers=headers)

    assert response.status_code == 415
    assert sentence_in(response)


def test_json_with_a_charset_is_json(client: httpx.Client) -> None:
    response = client.post(
        "/predict/camera",
        content=json.dumps({"base64_image": PHOTO}),
        headers={"Content-Type": "Application/JSON; charset=utf-8"},
    )

    assert response.status_code == 200


def test_a_content_type_that_is_no_text_is_answered_whole(client: httpx.Client) -> None:
    response = client.post("/predict/camera", headers=[(b"Content-Type", b"application/json\xff")])

    assert response.status_code == 415
    assert sentence_in(response)


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [("GET", "/predict/camera", 405), ("DELETE", "/ping", 405), ("POST", "/predict", 404)],
)
def test_what_is_not_there_is_refused_in_json_too(
    client: httpx.Client, method: str, path: str, status: int
) -> None:
    response = client.request(method, path)

    assert response.status_code == status
    assert path in sentence_in(response)


def test_nothing_a_client_sends_is_logged_as_an_error_of_ours(
    server: Server, client: httpx.Client
) -> None:
    for body, _ in JUNK:
        post(client, "/predict/batch", body)

    assert "Traceback" not in server.log
    assert "status=500" not in server.log
