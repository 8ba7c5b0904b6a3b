"""The API's errors, its answers of other kinds, and the token, over real HTTP."""

import logging
from pathlib import Path

import pytest
from pydantic import SecretStr

from oott_assets.photos.sources.graph_api.graph_client import GRAPH_URL, GraphAccount
from oott_assets.photos.sources.photo_source import PhotosUnknown, SourceBusy
from tests.oott_assets.photos.sources.graph_api.rehearsal import (
    Sleeper,
    asking,
    brought,
    business_usage,
    graph_api,
    listed,
    many,
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


@pytest.mark.parametrize("status", [200, 400, 403, 429])
@pytest.mark.parametrize(
    ("code", "subcode", "told"),
    [
        (190, 463, "renew OOTT_GRAPH_TOKEN"),
        (10, None, "instagram_basic and the feature Instagram Public Content Access"),
        (3, None, "Instagram Public Content Access"),
        (200, None, "Instagram Public Content Access"),
        (299, None, "Instagram Public Content Access"),
        (18, None, "searched the 30 hashtags"),
        (100, 33, r"refuses the question \(the message code 100\)"),
        (99999, None, r"refuses the question \(the message code 99999\)"),
    ],
)
def test_an_error_that_waiting_cannot_mend_ends_the_run_at_once(
    ids_file: Path, sleeper: Sleeper, status: int, code: int, subcode: int | None, told: str
) -> None:
    with asking(ids_file, sleeper, FakePost("A")) as (server, source):
        server.fail("top_media", *[graph_error(code, subcode, "the message", status)] * 2)

        with pytest.raises(PhotosUnknown, match=told) as failure:
            listed(source)

    assert not isinstance(failure.value, SourceBusy)
    assert sleeper.naps == []


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
def test_only_a_search_says_that_there_is_no_such_hashtag(
    ids_file: Path, sleeper: Sleeper, path: str, code: int, subcode: int | None
) -> None:
    with asking(ids_file, sleeper, FakePost("A")) as (server, source):
        server.fail(path, *[graph_error(code, subcode, "the message")] * 2)

        with pytest.raises(PhotosUnknown, match=rf"the message code {code}"):
            listed(source)


@pytest.mark.parametrize("code", [4, 17, 32, 613, 80002])
def test_too_many_calls_are_waited_out_a_minute_at_a_time(
    ids_file: Path, sleeper: Sleeper, code: int
) -> None:
    with asking(ids_file, sleeper, FakePost("A")) as (server, source):
        server.fail("top_media", *[graph_error(code)] * 3)

        assert shortcodes(source) == ["A"]

    assert sleeper.naps == [60, 60, 60]


def test_too_many_calls_for_longer_than_a_run_waits_end_it(
    ids_file: Path, sleeper: Sleeper
) -> None:
    with asking(ids_file, sleeper, FakePost("A")) as (server, source):
        server.fail("top_media", graph_error(4, headers=business_usage(20)))

        with pytest.raises(SourceBusy, match=r"too many calls .* it asks to wait 20 minutes"):
            listed(source)


@pytest.mark.parametrize(
    "failure",
    [
        graph_error(4),
        graph_error(1, status=500),
        graph_error(2),
        Reply(502, b"<html>"),
        Reply(429),
        Reply(how="reset"),
    ],
    ids=["too many calls", "unknown", "service", "no JSON", "429", "reset"],
)
def test_a_failure_at_every_try_leaves_the_rest_to_a_later_run(
    ids_file: Path, sleeper: Sleeper, failure: Reply
) -> None:
    with asking(ids_file, sleeper, FakePost("A")) as (server, source):
        server.fail("top_media", *[failure] * 4)

        with pytest.raises(SourceBusy, match="at every try; run it again later"):
            listed(source)

    assert len(sleeper.naps) == 3


@pytest.mark.parametrize(
    "failure",
    [graph_error(1), graph_error(2, status=200), Reply(503, b"<html>"), Reply(how="reset")],
    ids=["unknown", "service", "503", "reset"],
)
def test_a_failure_that_passes_costs_no_post(
    ids_file: Path, sleeper: Sleeper, failure: Reply
) -> None:
    with asking(ids_file, sleeper, *many(120)) as (server, source):
        server.fail("top_media", failure)

        assert len(shortcodes(source)) == 120


def test_a_wait_of_an_hour_is_left_to_a_later_run(ids_file: Path, sleeper: Sleeper) -> None:
    with asking(ids_file, sleeper, FakePost("A")) as (server, source):
        server.fail("top_media", Reply(429, headers={"Retry-After": "3600"}))

        with pytest.raises(SourceBusy, match="it asks to wait 60 minutes"):
            listed(source)


@pytest.mark.parametrize(
    ("answer", "told"),
    [
        (HTML, "answered 200 with 6 bytes of text/html, which is no answer of the Graph API"),
        (UNKNOWN, "answered 404 with 6 bytes of text/html"),
        (Reply(302, headers={"Location": "http://neighbour/"}), "answered 302"),
        (Reply(body=b"[]"), "which is no answer"),
        (Reply(body=b"[" * 100_000), "which is no answer"),
        (Reply(404, b'{"data": []}'), "answered 404"),
        (Reply(body=b"{}"), "in a shape that is not known: data: Field required"),
        (Reply(body=b'{"data": [{"id": "secret/../x"}]}'), r"data\.0\.id: String should match"),
        (
            Reply(body=b'{"data": [{"id": "1", "timestamp": "yesterday"}]}'),
            r"data\.0\.timestamp: Input should be a valid datetime",
        ),
        (
            Reply(body=b'{"data": [], "paging": {"next": "https://x/?access_token=secret"}}'),
            r"paging\.next: Value error, expected a URL with the parameter after",
        ),
    ],
    ids=["HTML", "404", "moved", "list", "deep", "no error", "empty", "id", "date", "cursor"],
)
def test_an_answer_of_another_kind_is_unknown_photos_and_not_none(
    ids_file: Path, sleeper: Sleeper, answer: Reply, told: str
) -> None:
    with asking(ids_file, sleeper, FakePost("A")) as (server, source):
        server.fail("top_media", answer)

        with pytest.raises(PhotosUnknown, match=told) as failure:
            listed(source)

    assert "secret" not in str(failure.value)


def test_an_answer_without_an_end_is_not_read_to_it(ids_file: Path, sleeper: Sleeper) -> None:
    with asking(ids_file, sleeper, FakePost("A")) as (server, source):
        server.fail("top_media", Reply(body=b" " * 2**20, how="endless"))

        with pytest.raises(PhotosUnknown, match="with more than 8,388,608 bytes"):
            listed(source)


def test_neither_token_nor_signature_is_logged(
    ids_file: Path, sleeper: Sleeper, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.DEBUG), asking(ids_file, sleeper, *many(60)) as (_, source):
        brought(source)

    assert TOKEN not in caplog.text
    assert "sig=" not in caplog.text


@pytest.mark.parametrize(
    "message", [f"Malformed access token {TOKEN}", f"access_token={TOKEN}&x", "EAA" + "x1" * 40]
)
def test_a_message_that_repeats_the_token_is_told_without_it(
    ids_file: Path, sleeper: Sleeper, message: str
) -> None:
    with asking(ids_file, sleeper) as (server, source):
        server.fail("ig_hashtag_search", graph_error(190, message=message))

        with pytest.raises(PhotosUnknown) as failure:
            listed(source)

    assert TOKEN not in str(failure.value)
    assert "x1x1" not in str(failure.value)


def test_a_wrong_token_is_named_as_what_to_renew(ids_file: Path, sleeper: Sleeper) -> None:
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
    ("user", "token", "url", "told"),
    [
        ("@me", TOKEN, GRAPH_URL, "OOTT_GRAPH_USER is '@me'; expected the number"),
        ("", TOKEN, GRAPH_URL, "OOTT_GRAPH_USER"),
        (USER, "", GRAPH_URL, "OOTT_GRAPH_TOKEN is empty"),
        (USER, f"{TOKEN}\n", GRAPH_URL, "OOTT_GRAPH_TOKEN is empty or holds spaces"),
        (USER, "토큰", GRAPH_URL, "letters that no token has"),
        (USER, TOKEN, "http://graph.example.org", "leads to graph.example.org without https"),
        (USER, TOKEN, "graph.facebook.com", "leads to no host"),
    ],
)
def test_an_unusable_account_is_refused_before_anything_is_sent(
    user: str, token: str, url: str, told: str
) -> None:
    with pytest.raises(PhotosUnknown, match=told) as refusal:
        GraphAccount(user, SecretStr(token), url)

    assert TOKEN not in str(refusal.value)
