"""Tests of the waits that the usage headers cause."""

from pathlib import Path

import pytest

from oott_assets.photos.sources.photo_source import SourceBusyForHours
from tests.oott_assets.photos.sources.graph_api.loopback_api import (
    Sleeper,
    business_usage,
    graph_api,
    listed,
    shortcodes,
    usage,
)
from tests.oott_assets.photos.sources.graph_server import FakePost, GraphServer


@pytest.mark.parametrize(
    "headers",
    [
        {},
        usage(79),
        {"X-App-Usage": "soon"},
        {"X-App-Usage": "[" * 5000},
        {"X-App-Usage": '{"call_count": true}'},
    ],
    ids=["no header", "79 %", "no JSON", "too deep", "no number"],
)
def test_below_eighty_percent_there_is_no_wait(
    ids_file: Path, sleeper: Sleeper, headers: dict[str, str]
) -> None:
    with GraphServer({"홍대": [FakePost("A")]}, usage=headers) as server:
        assert shortcodes(graph_api(server, ids_file, sleeper)) == ["A"]

    assert sleeper.waits == []


def waits_at(headers: dict[str, str], ids_file: Path, sleeper: Sleeper) -> list[float]:
    with GraphServer({"홍대": [FakePost("A")]}, usage=headers) as server:
        assert shortcodes(graph_api(server, ids_file, sleeper)) == ["A"]
    return sleeper.waits


def test_from_eighty_percent_on_the_waits_grow(ids_file: Path, sleeper: Sleeper) -> None:
    first = waits_at(usage(80), ids_file, sleeper)[0]
    last = waits_at(usage(99), ids_file, Sleeper())[0]

    assert 0 < first < 10
    assert 600 < last <= 900


def test_a_wait_that_the_api_asks_for_is_made(ids_file: Path, sleeper: Sleeper) -> None:
    assert set(waits_at(business_usage(15), ids_file, sleeper)) == {900}


@pytest.mark.parametrize(
    ("headers", "message"),
    [
        (
            usage(100),
            "100 % of the rate limit of the Graph API is used; run this again in 60 minutes",
        ),
        (business_usage(16), "run this again in 16 minutes"),
    ],
)
def test_when_the_limit_is_used_up_the_run_ends_and_says_when_to_continue(
    ids_file: Path, sleeper: Sleeper, headers: dict[str, str], message: str
) -> None:
    with (
        GraphServer({"홍대": [FakePost("A")]}, usage=headers) as server,
        pytest.raises(SourceBusyForHours, match=message),
    ):
        listed(graph_api(server, ids_file, sleeper))

    assert sleeper.waits == []
