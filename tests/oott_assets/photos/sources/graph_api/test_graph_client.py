"""Tests of API errors, invalid responses and the token, over real HTTP."""

import logging
from pathlib import Path
from urllib.parse import parse_qs

import pytest
from pydantic import SecretStr

from oott_assets.photos.sources.graph_api.graph_client import GRAPH_URL, GraphAccount
from oott_assets.photos.sources.photo_source import PhotosUnknown, SourceBusy, SourceBusyForHours
from tests.oott_assets.photos.sources.graph_api.loopback_api import (
    Sleeper,
    api_with,
    business_usage,
    fetched,
    graph_api,
    listed,
    many_posts,
    shortcodes,
)
from tests.oott_assets.photos.sources.graph_server import (
    TOKEN,
    USER,
    FakePost,
    GraphServer,
    graph_error,
)
from tests.oott_assets.photos.sources.photo_server import Reply

HTML = Reply(body=b"<html>", headers={"Content-Type": "text/html"})
UNKNOWN = Reply(404, b"<html>", {"Content-Type": "text/html"})


@pytest.mark.parametrize(
    ("status", "code", "subcode", "message"),
    [
        (200, 190, 463, "renew OOTT_GRAPH_TOKEN"),
        (429, 190, 463, "renew OOTT_GRAPH_TOKEN"),
        (403, 10, None, "instagram_basic and Instagram Public Content Access"),
        (400, 299, None, "Instagram Public Content Access"),
        (403, 18, None, "searched the 30 hashtags"),
        (400, 100, 33, r"refuses the request \(the message code 100\)"),
        (200, 99999, None, r"refuses the request \(the message code 99999\)"),
    ],
)
def test_a_permanent_error_ends_the_run_without_a_retry(
    ids_file: Path, sleeper: Sleeper, status: int, code: int, subcode: int | None, message: str
) -> None:
    with api_with(ids_file, sleeper, FakePost("A")) as (server, source):
        server.fail("top_media", *[graph_error(code, subcode, "the message", status)] * 2)

        with pytest.raises(PhotosUnknown, match=message) as failure:
            listed(source)

    assert not isinstance(failure.value, SourceBusy)
    assert sleeper.waits == []


@pytest.mark.parametrize(
    ("path", "code", "subcode"),
    [
        ("ig_hashtag_search", 24, None),
        ("ig_hashtag_search", 24, 2207001),
        ("ig_hashtag_search", 100, 2207024),
        ("recent_media", 24, 2207024),
        ("top_media", 24, None),
        ("recently_searched_hashtags", 24, 2207024),
    ],
)
def test_only_a_search_can_report_an_unknown_hashtag(
    ids_file: Path, sleeper: Sleeper, path: str, code: int, subcode: int | None
) -> None:
    with api_with(ids_file, sleeper, FakePost("A")) as (server, source):
        server.fail(path, *[graph_error(code, subcode, "the message")] * 2)

        with pytest.raises(PhotosUnknown, match=rf"the message code {code}"):
            listed(source)


@pytest.mark.parametrize("code", [4, 80002])
def test_after_too_many_calls_each_retry_waits_one_minute(
    ids_file: Path, sleeper: Sleeper, code: int
) -> None:
    with api_with(ids_file, sleeper, FakePost("A")) as (server, source):
        server.fail("top_media", *[graph_error(code)] * 3)

        assert shortcodes(source) == ["A"]

    assert sleeper.waits == [60, 60, 60]


def test_too_many_calls_with_a_long_wait_end_the_run(ids_file: Path, sleeper: Sleeper) -> None:
    with api_with(ids_file, sleeper, FakePost("A")) as (server, source):
        server.fail("top_media", graph_error(4, headers=business_usage(20)))

        with pytest.raises(
            SourceBusyForHours, match=r"too many calls .* it asks to wait 20 minutes"
        ):
            listed(source)


@pytest.mark.parametrize(
    "failure",
    [
        graph_error(4),
        graph_error(2),
        Reply(502, b"<html>"),
        Reply(429),
        Reply(how="reset"),
    ],
    ids=["too many calls", "service", "no JSON", "429", "reset"],
)
def test_a_failure_at_every_try_ends_the_run(
    ids_file: Path, sleeper: Sleeper, failure: Reply
) -> None:
    with api_with(ids_file, sleeper, FakePost("A")) as (server, source):
        server.fail("top_media", *[failure] * 4)

        with pytest.raises(SourceBusy, match="at every try; run this again later"):
            listed(source)

    assert len(sleeper.waits) == 3


@pytest.mark.parametrize(
    "failure",
    [graph_error(1), graph_error(2, status=200), Reply(503, b"<html>"), Reply(how="reset")],
    ids=["unknown", "service", "503", "reset"],
)
def test_a_temporary_failure_loses_no_post(
    ids_file: Path, sleeper: Sleeper, failure: Reply
) -> None:
    with api_with(ids_file, sleeper, *many_posts(120)) as (server, source):
        server.fail("top_media", failure)

        assert len(shortcodes(source)) == 120


def test_code_1_halves_the_limit_down_to_one_and_is_then_a_failure(
    ids_file: Path, sleeper: Sleeper
) -> None:
    with GraphServer({"홍대": [FakePost("A")]}, max_limit=0) as server:
        with pytest.raises(SourceBusy, match=r"reduce the amount of data .* at every try"):
            listed(graph_api(server, ids_file, sleeper))

        limits = [parse_qs(request.query)["limit"][0] for request in server.requests[2:]]
    assert limits == ["50", "25", "12", "6", "3", "1", "1", "1", "1"]
    assert len(sleeper.waits) == 3


def test_a_retry_after_of_one_hour_ends_the_run(ids_file: Path, sleeper: Sleeper) -> None:
    with api_with(ids_file, sleeper, FakePost("A")) as (server, source):
        server.fail("top_media", Reply(429, headers={"Retry-After": "3600"}))

        with pytest.raises(SourceBusyForHours, match="it asks to wait 60 minutes"):
            listed(source)


@pytest.mark.parametrize(
    ("response", "message"),
    [
        (HTML, "answered 200 with 6 bytes of text/html, which is not a response of the Graph API"),
        (UNKNOWN, "answered 404 with 6 bytes of text/html"),
        (Reply(302, headers={"Location": "http://neighbour/"}), "answered 302"),
        (Reply(body=b"[]"), "which is not a response"),
        (Reply(body=b"[" * 100_000), "which is not a response"),
        (Reply(404, b'{"data": []}'), "answered 404"),
        (Reply(body=b"{}"), "with an unknown structure: data: Field required"),
        (
            Reply(body=b'{"data": [], "paging": {"next": "https://x/?access_token=secret"}}'),
            r"paging\.next: Value error, expected a URL with the parameter after",
        ),
    ],
    ids=["HTML", "404", "moved", "list", "deep", "no error", "empty", "cursor"],
)
def test_an_invalid_response_raises_photos_unknown(
    ids_file: Path, sleeper: Sleeper, response: Reply, message: str
) -> None:
    with api_with(ids_file, sleeper, FakePost("A")) as (server, source):
        server.fail("top_media", response)

        with pytest.raises(PhotosUnknown, match=message) as failure:
            listed(source)

    assert "secret" not in str(failure.value)


def test_an_endless_response_is_read_only_up_to_the_limit(ids_file: Path, sleeper: Sleeper) -> None:
    with api_with(ids_file, sleeper, FakePost("A")) as (server, source):
        server.fail("top_media", Reply(body=b" " * 2**20, how="endless"))

        with pytest.raises(PhotosUnknown, match="with more than 8,388,608 bytes"):
            listed(source)


def test_tokens_and_signatures_are_not_logged(
    ids_file: Path, sleeper: Sleeper, caplog: pytest.LogCaptureFixture
) -> None:
    with (
        caplog.at_level(logging.DEBUG),
        api_with(ids_file, sleeper, *many_posts(60)) as (_, source),
    ):
        fetched(source)

    assert TOKEN not in caplog.text
    assert "sig=" not in caplog.text


@pytest.mark.parametrize(
    "message", [f"Malformed access token {TOKEN}", f"access_token={TOKEN}&x", "EAA" + "x1" * 40]
)
def test_the_token_is_removed_from_error_messages(
    ids_file: Path, sleeper: Sleeper, message: str
) -> None:
    with api_with(ids_file, sleeper) as (server, source):
        server.fail("ig_hashtag_search", graph_error(190, message=message))

        with pytest.raises(PhotosUnknown) as failure:
            listed(source)

    assert TOKEN not in str(failure.value)
    assert "x1x1" not in str(failure.value)


def test_a_wrong_token_asks_the_user_to_renew_it(ids_file: Path, sleeper: Sleeper) -> None:
    with (
        GraphServer({"홍대": []}) as server,
        pytest.raises(PhotosUnknown, match=r"renew OOTT_GRAPH_TOKEN \(Malformed") as failure,
    ):
        listed(graph_api(server, ids_file, sleeper, token="EAAother"))

    assert "EAAother" not in str(failure.value)


def test_an_account_does_not_show_its_token() -> None:
    account = GraphAccount(USER, SecretStr(TOKEN))

    assert TOKEN not in f"{account} {account!r} {vars(account)}"


@pytest.mark.parametrize(
    ("user", "token", "url", "message"),
    [
        ("@me", TOKEN, GRAPH_URL, "OOTT_GRAPH_USER is '@me'; expected the numeric id"),
        ("", TOKEN, GRAPH_URL, "OOTT_GRAPH_USER"),
        (USER, "", GRAPH_URL, "OOTT_GRAPH_TOKEN is empty"),
        (USER, f"{TOKEN}\n", GRAPH_URL, "OOTT_GRAPH_TOKEN is empty or contains spaces"),
        (USER, "토큰", GRAPH_URL, "invalid characters"),
        (USER, TOKEN, "http://graph.example.org", "has the host graph.example.org and no https"),
        (USER, TOKEN, "graph.facebook.com", r"has the host \(none\)"),
    ],
)
def test_an_invalid_account_is_rejected_before_anything_is_sent(
    user: str, token: str, url: str, message: str
) -> None:
    with pytest.raises(PhotosUnknown, match=message) as failure:
        GraphAccount(user, SecretStr(token), url)

    assert TOKEN not in str(failure.value)
