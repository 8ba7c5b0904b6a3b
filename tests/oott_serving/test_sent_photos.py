"""What base64 texts are taken for."""

import base64

import pytest

from oott_serving.sent_photos import NotBase64, bytes_of


@pytest.mark.parametrize("count", range(5))
def test_bytes_come_back_with_and_without_padding(count: int) -> None:
    text = base64.b64encode(bytes(range(count))).decode()

    assert bytes_of(text) == bytes_of(text.rstrip("=")) == bytes(range(count))


@pytest.mark.parametrize(
    "text",
    ["data:;base64,AAEC", "data:image/png;base64, AAEC", "\n data:image/png;name=a;base64,AA EC\n"],
)
def test_a_data_url_is_what_comes_after_its_comma(text: str) -> None:
    assert bytes_of(text) == b"\0\1\2"


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
def test_what_is_no_base64_is_refused(text: str) -> None:
    with pytest.raises(NotBase64, match="no base64"):
        bytes_of(text)


def test_a_data_url_without_base64_is_refused() -> None:
    with pytest.raises(NotBase64):
        bytes_of("data:image/png,AAEC")


def test_a_long_text_is_not_searched_for_a_data_url() -> None:
    assert len(bytes_of("data" + "A" * 4_000_000)) == 3_000_003
