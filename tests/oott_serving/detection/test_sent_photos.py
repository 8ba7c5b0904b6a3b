"""Tests which base64 texts are decoded and which are rejected."""

import base64

import pytest

from oott_serving.detection.sent_photos import NotBase64, decode_base64


@pytest.mark.parametrize("count", range(5))
def test_base64_is_decoded_with_and_without_padding(count: int) -> None:
    text = base64.b64encode(bytes(range(count))).decode()

    assert decode_base64(text) == decode_base64(text.rstrip("=")) == bytes(range(count))


@pytest.mark.parametrize(
    "text",
    ["data:;base64,AAEC", "data:image/png;base64, AAEC", "\n data:image/png;name=a;base64,AA EC\n"],
)
def test_the_prefix_of_a_data_url_is_ignored(text: str) -> None:
    assert decode_base64(text) == b"\0\1\2"


@pytest.mark.parametrize(
    "text",
    [
        "A",
        "AAAAA",
        "A=",
        "=",
        "====",
        "AA=A",
        "AAEC=",
        "AAEC====",
        "AA=",
        "AA==AA==",
        "AA-_",
        "AA.A",
        "\0",
        "é",
        "AA\u00a0EC",
    ],
)
def test_invalid_base64_is_rejected(text: str) -> None:
    with pytest.raises(NotBase64, match="not base64"):
        decode_base64(text)


def test_a_data_url_without_base64_is_rejected() -> None:
    with pytest.raises(NotBase64):
        decode_base64("data:image/png,AAEC")


def test_a_long_text_is_not_searched_for_a_data_url() -> None:
    assert len(decode_base64("data" + "A" * 4_000_000)) == 3_000_003
