"""Tests of photo downloads over real HTTP from a loopback server; only the waits are simulated."""

import logging
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime

import httpx
import pytest

from oott_assets.photos.sources import downloads, http_requests
from oott_assets.photos.sources.downloads import Downloads
from oott_assets.photos.sources.hosts import is_loopback
from oott_assets.photos.sources.photo_source import (
    FoundPhoto,
    SourceBusy,
    SourceBusyForHours,
    UnavailablePhoto,
)
from oott_assets.photos.sources.request_interval import RequestInterval
from tests.oott_assets.photos.sources.photo_server import PhotoServer, Reply

PHOTO = bytes(range(256)) * 40
GOOD, FAILED = Reply(body=PHOTO), Reply(500)


@pytest.fixture(scope="module")
def client() -> Iterator[httpx.Client]:
    with httpx.Client(trust_env=False, headers={"User-Agent": "OOTT test"}) as opened:
        yield opened


@pytest.fixture
def waits() -> list[float]:
    """The seconds of every simulated wait."""
    return []


@pytest.fixture
def downloader(client: httpx.Client, waits: list[float]) -> Downloads:
    interval = RequestInterval(0, sleep=lambda seconds: waits.append(seconds) if seconds else None)
    return Downloads(client, is_loopback, 20_000, interval)


def fetch(downloader: Downloads, *replies: Reply) -> tuple[FoundPhoto | UnavailablePhoto, int]:
    """Download a photo from a server that sends ``replies``; also count the requests."""
    with PhotoServer({"/a.jpg": replies}) as server:
        return downloader.fetch_photo(f"{server.url}/a.jpg?sig=x", "a.jpg"), len(server.requests)


def test_a_photo_is_downloaded_unchanged(downloader: Downloads) -> None:
    assert fetch(downloader, GOOD) == (FoundPhoto("a.jpg", PHOTO), 1)


def test_a_photo_without_content_length_is_downloaded_completely(downloader: Downloads) -> None:
    assert fetch(downloader, Reply(body=PHOTO, how="no-length"))[0] == FoundPhoto("a.jpg", PHOTO)


@pytest.mark.parametrize(
    "failure",
    [
        FAILED,
        Reply(503),
        Reply(429),
        Reply(how="reset"),
        Reply(body=PHOTO, how="truncated"),
    ],
    ids=["500", "503", "429", "reset", "cut truncated"],
)
def test_a_temporary_failure_is_retried_with_growing_waits(
    downloader: Downloads, waits: list[float], failure: Reply
) -> None:
    assert fetch(downloader, failure, failure, failure, GOOD) == (FoundPhoto("a.jpg", PHOTO), 4)
    assert len(waits) == 3
    assert waits == sorted(waits)
    assert waits[0] >= 1


def test_a_timeout_is_retried(downloader: Downloads, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(http_requests, "_TIMEOUT", httpx.Timeout(0.3))

    assert fetch(downloader, Reply(how="delayed"), GOOD)[0] == FoundPhoto("a.jpg", PHOTO)


def test_a_photo_that_fails_four_times_is_unavailable_and_the_reason_is_kept(
    downloader: Downloads,
) -> None:
    assert fetch(downloader, FAILED) == (UnavailablePhoto("a.jpg", "127.0.0.1 failed (500)"), 4)


def test_a_truncated_photo_is_unavailable(
    downloader: Downloads,
) -> None:
    photo, requests = fetch(downloader, Reply(body=PHOTO, how="truncated"))

    assert isinstance(photo, UnavailablePhoto)
    assert "received 5120 bytes, expected 10240" in photo.reason
    assert requests == 4


def test_a_slow_body_is_given_up_after_the_time_limit(
    downloader: Downloads, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(downloads, "_PHOTO_SECONDS", 0.3)

    photo, requests = fetch(downloader, Reply(body=PHOTO, how="slow-body"))

    assert isinstance(photo, UnavailablePhoto)
    assert photo.reason.startswith("127.0.0.1 is too slow")
    assert requests == 1


def test_slow_headers_are_given_up_after_the_time_limit(
    downloader: Downloads, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(downloads, "_PHOTO_SECONDS", 0.3)

    photo, requests = fetch(downloader, Reply(body=PHOTO, how="slow-headers"))

    assert photo == UnavailablePhoto(
        "a.jpg", "127.0.0.1 is too slow: the response did not end in time"
    )
    assert requests == 1


def test_slow_headers_on_a_reused_connection_are_given_up_after_the_time_limit(
    downloader: Downloads, monkeypatch: pytest.MonkeyPatch
) -> None:
    with PhotoServer({"/a.jpg": [GOOD, Reply(body=PHOTO, how="slow-headers")]}) as server:
        assert downloader.fetch_photo(f"{server.url}/a.jpg", "a.jpg") == FoundPhoto("a.jpg", PHOTO)
        monkeypatch.setattr(downloads, "_PHOTO_SECONDS", 0.3)

        photo = downloader.fetch_photo(f"{server.url}/a.jpg", "b.jpg")

    assert photo == UnavailablePhoto(
        "b.jpg", "127.0.0.1 is too slow: the response did not end in time"
    )


def test_a_body_without_content_length_that_stalls_is_unavailable(
    downloader: Downloads, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(downloads, "_PHOTO_SECONDS", 0.3)

    photo, _ = fetch(downloader, Reply(body=PHOTO, how="stalled"))

    assert isinstance(photo, UnavailablePhoto)
    assert photo.reason.startswith("127.0.0.1 is too slow")


@pytest.mark.parametrize("status", [404, 410])
def test_a_photo_that_is_gone_is_not_retried(downloader: Downloads, status: int) -> None:
    assert fetch(downloader, Reply(status)) == (UnavailablePhoto("a.jpg", f"gone ({status})"), 1)


@pytest.mark.parametrize("status", [401, 403])
def test_a_photo_that_is_denied_is_not_retried(downloader: Downloads, status: int) -> None:
    photo, requests = fetch(downloader, Reply(status))

    assert photo == UnavailablePhoto("a.jpg", f"its server denies it ({status})")
    assert requests == 1


def test_an_unexpected_status_makes_a_photo_unavailable(downloader: Downloads) -> None:
    photo, _ = fetch(downloader, Reply(204))

    assert photo == UnavailablePhoto("a.jpg", "its server answered 204, expected 200")


def test_a_photo_of_exactly_max_bytes_is_downloaded_and_one_byte_more_is_rejected(
    downloader: Downloads,
) -> None:
    assert isinstance(fetch(downloader, Reply(body=bytes(20_000)))[0], FoundPhoto)
    assert fetch(downloader, Reply(body=bytes(20_001))) == (
        UnavailablePhoto("a.jpg", "20,001 bytes; at most 20,000 allowed"),
        1,
    )


def test_a_content_length_of_forty_megabytes_is_rejected_before_reading_the_body(
    downloader: Downloads,
) -> None:
    huge = Reply(body=b"", headers={"Content-Length": str(40 * 2**20)}, how="truncated")

    photo, _ = fetch(downloader, huge)

    assert photo == UnavailablePhoto("a.jpg", "41,943,040 bytes; at most 20,000 allowed")


def test_an_endless_body_is_read_only_up_to_max_bytes(
    downloader: Downloads,
) -> None:
    photo, requests = fetch(downloader, Reply(body=PHOTO, how="endless"))

    assert photo == UnavailablePhoto("a.jpg", "more than 20,000 bytes, the most allowed")
    assert requests == 1


def test_a_retry_waits_for_the_seconds_of_retry_after(
    downloader: Downloads, waits: list[float]
) -> None:
    photo, _ = fetch(downloader, Reply(429, headers={"Retry-After": "120"}), GOOD)

    assert isinstance(photo, FoundPhoto)
    assert waits == [120]


def test_a_retry_waits_until_the_date_of_retry_after(
    downloader: Downloads, waits: list[float]
) -> None:
    moment = format_datetime(datetime.now(UTC) + timedelta(minutes=5), usegmt=True)

    photo, _ = fetch(downloader, Reply(503, headers={"Retry-After": moment}), GOOD)

    assert isinstance(photo, FoundPhoto)
    assert 200 < waits[0] <= 300


def test_a_retry_waits_fifteen_minutes_but_a_longer_wait_ends_the_run(
    downloader: Downloads, waits: list[float]
) -> None:
    fetch(downloader, Reply(429, headers={"Retry-After": "900"}), GOOD)
    assert waits == [900]

    with pytest.raises(
        SourceBusyForHours, match="asks to wait 60 minutes, and a run waits at most 15"
    ):
        fetch(downloader, Reply(429, headers={"Retry-After": "3600"}), GOOD)
    assert waits == [900]


def test_a_rate_limit_at_every_try_ends_the_run(downloader: Downloads) -> None:
    with pytest.raises(
        SourceBusy, match=r"127.0.0.1 answered: too many requests \(429\), at every"
    ):
        fetch(downloader, Reply(429))


def test_five_photos_in_a_row_that_fail_end_the_run(
    downloader: Downloads,
) -> None:
    for _ in range(4):
        assert isinstance(fetch(downloader, FAILED)[0], UnavailablePhoto)

    with pytest.raises(SourceBusy, match="5 photos in a row could not be downloaded"):
        fetch(downloader, Reply(how="reset"))


@pytest.mark.parametrize("status", [401, 403, 400])
def test_five_photos_in_a_row_that_are_denied_end_the_run(
    downloader: Downloads, status: int
) -> None:
    for _ in range(4):
        assert isinstance(fetch(downloader, Reply(status))[0], UnavailablePhoto)

    with pytest.raises(SourceBusy, match=rf"5 photos in a row could not be downloaded, .*{status}"):
        fetch(downloader, Reply(status))


def test_photos_that_are_gone_do_not_end_the_run(downloader: Downloads) -> None:
    for reply in [Reply(404)] * 6:
        fetch(downloader, reply)

    assert fetch(downloader, GOOD)[0] == FoundPhoto("a.jpg", PHOTO)


@pytest.mark.parametrize("reply_between", [GOOD, Reply(404)], ids=["photo", "gone"])
def test_a_success_or_a_gone_photo_resets_the_count_of_failures(
    downloader: Downloads, reply_between: Reply
) -> None:
    for reply in [FAILED] * 4 + [reply_between] + [FAILED] * 4:
        photo, _ = fetch(downloader, reply)

    assert photo == UnavailablePhoto("a.jpg", "127.0.0.1 failed (500)")


def test_a_redirect_is_followed(downloader: Downloads) -> None:
    with PhotoServer(
        {"/a.jpg": [Reply(302, headers={"Location": "/b.jpg"})], "/b.jpg": [GOOD]}
    ) as server:
        photo = downloader.fetch_photo(f"{server.url}/a.jpg", "a.jpg")

    assert photo == FoundPhoto("a.jpg", PHOTO)


def test_a_redirect_loop_makes_a_photo_unavailable(downloader: Downloads) -> None:
    photo, requests = fetch(downloader, Reply(302, headers={"Location": "/a.jpg"}))

    assert photo == UnavailablePhoto("a.jpg", "redirected more than 3 times")
    assert requests == 4


@pytest.mark.parametrize(
    ("there", "named"),
    [
        ("http://169.254.169.254/latest/meta-data", "169.254.169.254"),
        ("//neighbour/a.jpg", "neighbour"),
        ("file:///etc/passwd", "no http or https URL"),
    ],
)
def test_a_redirect_to_a_host_that_is_not_allowed_is_not_followed(
    downloader: Downloads, there: str, named: str
) -> None:
    photo, requests = fetch(downloader, Reply(302, headers={"Location": there}))

    assert isinstance(photo, UnavailablePhoto)
    assert named in photo.reason
    assert requests == 1


def test_an_invalid_url_makes_a_photo_unavailable(downloader: Downloads) -> None:
    photo = downloader.fetch_photo(f"http://127.0.0.1/{'a' * 70_000}.jpg", "a.jpg")

    assert photo == UnavailablePhoto("a.jpg", "its URL is invalid")


def test_a_host_that_is_not_allowed_gets_no_request(
    client: httpx.Client, waits: list[float]
) -> None:
    downloader = Downloads(client, lambda _: False, 20_000, RequestInterval(0, sleep=waits.append))

    photo, requests = fetch(downloader, GOOD)

    assert photo == UnavailablePhoto("a.jpg", "its host is not allowed: 127.0.0.1")
    assert requests == 0


def test_cookies_and_credentials_of_the_client_are_not_sent(waits: list[float]) -> None:
    cookie = Reply(body=PHOTO, headers={"Set-Cookie": "seen=1; Path=/"})
    with (
        httpx.Client(
            trust_env=False,
            cookies={"sessionid": "secret"},
            headers={"Authorization": "Bearer secret", "User-Agent": "OOTT"},
            auth=("user", "secret"),
        ) as client,
        PhotoServer({"/a.jpg": [cookie]}) as server,
    ):
        downloader = Downloads(client, is_loopback, 20_000, RequestInterval(0, sleep=waits.append))
        for _ in range(2):
            downloader.fetch_photo(f"{server.url}/a.jpg", "a.jpg")

    for request in server.requests:
        assert {"Cookie", "Authorization"}.isdisjoint(request.headers)
        assert request.headers["User-Agent"] == "OOTT"


def test_each_try_waits_for_the_request_interval(client: httpx.Client, waits: list[float]) -> None:
    downloader = Downloads(
        client, is_loopback, 20_000, RequestInterval(10, waits.append, clock=lambda: 0.0)
    )

    fetch(downloader, FAILED, GOOD)

    _, backoff, interval = waits
    assert 1 <= backoff <= 2
    assert 7 <= interval <= 13


def test_signed_urls_are_not_logged(
    downloader: Downloads, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.DEBUG):
        fetch(downloader, GOOD)

    assert "sig=" not in caplog.text
