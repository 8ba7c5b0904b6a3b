"""Photos fetched over real HTTP from a server on loopback; only the waits are not real."""

import logging
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime

import httpx
import pytest

from oott_assets.photos.sources import downloads, http_requests
from oott_assets.photos.sources.downloads import Downloads
from oott_assets.photos.sources.hosts import is_loopback
from oott_assets.photos.sources.photo_source import FoundPhoto, SourceBusy, UnavailablePhoto
from oott_assets.photos.sources.request_interval import RequestInterval
from tests.oott_assets.photos.sources.photo_server import PhotoServer, Reply

PHOTO = bytes(range(256)) * 40
GOOD, FAILED = Reply(body=PHOTO), Reply(500)


@pytest.fixture(scope="module")
def client() -> Iterator[httpx.Client]:
    with httpx.Client(trust_env=False, headers={"User-Agent": "OOTT test"}) as opened:
        yield opened


@pytest.fixture
def naps() -> list[float]:
    """The seconds of every wait that would have been."""
    return []


@pytest.fixture
def fetching(client: httpx.Client, naps: list[float]) -> Downloads:
    interval = RequestInterval(0, sleep=lambda seconds: naps.append(seconds) if seconds else None)
    return Downloads(client, is_loopback, 20_000, interval)


def fetched(fetching: Downloads, *replies: Reply) -> tuple[FoundPhoto | UnavailablePhoto, int]:
    """Fetch one photo that is answered by ``replies``; also count the requests."""
    with PhotoServer({"/a.jpg": replies}) as server:
        return fetching.photo(f"{server.url}/a.jpg?sig=x", "a.jpg"), len(server.requests)


def test_a_photo_comes_as_its_server_has_it(fetching: Downloads) -> None:
    assert fetched(fetching, GOOD) == (FoundPhoto("a.jpg", PHOTO), 1)


def test_a_photo_without_a_length_comes_whole(fetching: Downloads) -> None:
    assert fetched(fetching, Reply(body=PHOTO, how="unmeasured"))[0] == FoundPhoto("a.jpg", PHOTO)


@pytest.mark.parametrize(
    "failure",
    [
        FAILED,
        Reply(503),
        Reply(429),
        Reply(how="reset"),
        Reply(body=PHOTO, how="short"),
    ],
    ids=["500", "503", "429", "reset", "cut short"],
)
def test_a_failure_that_may_pass_is_tried_again(
    fetching: Downloads, naps: list[float], failure: Reply
) -> None:
    assert fetched(fetching, failure, failure, failure, GOOD) == (FoundPhoto("a.jpg", PHOTO), 4)
    assert len(naps) == 3
    assert naps == sorted(naps)
    assert naps[0] >= 1


def test_a_server_that_does_not_answer_in_time_is_asked_again(
    fetching: Downloads, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(http_requests, "_TIMEOUT", httpx.Timeout(0.3))

    assert fetched(fetching, Reply(how="silent"), GOOD)[0] == FoundPhoto("a.jpg", PHOTO)


def test_a_photo_that_fails_four_times_is_refused_with_the_reason(fetching: Downloads) -> None:
    assert fetched(fetching, FAILED) == (UnavailablePhoto("a.jpg", "127.0.0.1 failed (500)"), 4)


def test_a_photo_that_is_always_cut_short_is_refused_and_not_kept_by_half(
    fetching: Downloads,
) -> None:
    photo, requests = fetched(fetching, Reply(body=PHOTO, how="short"))

    assert isinstance(photo, UnavailablePhoto)
    assert "received 5120 bytes, expected 10240" in photo.reason
    assert requests == 4


def test_a_photo_that_drips_is_given_up_when_its_time_is_over(
    fetching: Downloads, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(downloads, "_PHOTO_SECONDS", 0.3)

    photo, requests = fetched(fetching, Reply(body=PHOTO, how="dripping"))

    assert isinstance(photo, UnavailablePhoto)
    assert photo.reason.startswith("127.0.0.1 is too slow")
    assert requests == 1


def test_headers_that_drip_are_given_up_when_their_time_is_over(
    fetching: Downloads, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(downloads, "_PHOTO_SECONDS", 0.3)

    photo, requests = fetched(fetching, Reply(body=PHOTO, how="hesitant"))

    assert photo == UnavailablePhoto("a.jpg", "127.0.0.1 is too slow: it did not end in time")
    assert requests == 1


def test_headers_that_drip_on_a_connection_used_before_are_given_up_too(
    fetching: Downloads, monkeypatch: pytest.MonkeyPatch
) -> None:
    with PhotoServer({"/a.jpg": [GOOD, Reply(body=PHOTO, how="hesitant")]}) as server:
        assert fetching.photo(f"{server.url}/a.jpg", "a.jpg") == FoundPhoto("a.jpg", PHOTO)
        monkeypatch.setattr(downloads, "_PHOTO_SECONDS", 0.3)

        photo = fetching.photo(f"{server.url}/a.jpg", "b.jpg")

    assert photo == UnavailablePhoto("b.jpg", "127.0.0.1 is too slow: it did not end in time")


def test_a_photo_without_a_length_is_not_kept_by_half_when_its_time_is_over(
    fetching: Downloads, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(downloads, "_PHOTO_SECONDS", 0.3)

    photo, _ = fetched(fetching, Reply(body=PHOTO, how="stalled"))

    assert isinstance(photo, UnavailablePhoto)
    assert photo.reason.startswith("127.0.0.1 is too slow")


@pytest.mark.parametrize("status", [404, 410])
def test_a_photo_that_is_gone_is_refused_at_once(fetching: Downloads, status: int) -> None:
    assert fetched(fetching, Reply(status)) == (UnavailablePhoto("a.jpg", f"gone ({status})"), 1)


@pytest.mark.parametrize("status", [401, 403])
def test_a_photo_that_is_denied_is_refused_at_once(fetching: Downloads, status: int) -> None:
    photo, requests = fetched(fetching, Reply(status))

    assert photo == UnavailablePhoto("a.jpg", f"its server denies it ({status})")
    assert requests == 1


def test_an_answer_that_is_neither_is_refused_by_its_status(fetching: Downloads) -> None:
    photo, _ = fetched(fetching, Reply(204))

    assert photo == UnavailablePhoto("a.jpg", "its server answered 204, expected 200")


def test_a_photo_of_exactly_the_most_bytes_comes_and_one_more_is_refused(
    fetching: Downloads,
) -> None:
    assert isinstance(fetched(fetching, Reply(body=bytes(20_000)))[0], FoundPhoto)
    assert fetched(fetching, Reply(body=bytes(20_001))) == (
        UnavailablePhoto("a.jpg", "20,001 bytes; at most 20,000 allowed"),
        1,
    )


def test_a_declared_forty_megabytes_are_refused_before_they_are_read(fetching: Downloads) -> None:
    huge = Reply(body=b"", headers={"Content-Length": str(40 * 2**20)}, how="short")

    photo, _ = fetched(fetching, huge)

    assert photo == UnavailablePhoto("a.jpg", "41,943,040 bytes; at most 20,000 allowed")


def test_a_body_without_a_length_and_without_an_end_is_read_up_to_the_most_bytes(
    fetching: Downloads,
) -> None:
    photo, requests = fetched(fetching, Reply(body=PHOTO, how="endless"))

    assert photo == UnavailablePhoto("a.jpg", "more than 20,000 bytes, the most allowed")
    assert requests == 1


def test_a_server_that_says_when_is_asked_again_then(
    fetching: Downloads, naps: list[float]
) -> None:
    photo, _ = fetched(fetching, Reply(429, headers={"Retry-After": "120"}), GOOD)

    assert isinstance(photo, FoundPhoto)
    assert naps == [120]


def test_a_server_may_say_when_by_a_date(fetching: Downloads, naps: list[float]) -> None:
    moment = format_datetime(datetime.now(UTC) + timedelta(minutes=5), usegmt=True)

    photo, _ = fetched(fetching, Reply(503, headers={"Retry-After": moment}), GOOD)

    assert isinstance(photo, FoundPhoto)
    assert 200 < naps[0] <= 300


def test_a_wait_of_fifteen_minutes_is_made_and_a_longer_one_ends_the_run(
    fetching: Downloads, naps: list[float]
) -> None:
    fetched(fetching, Reply(429, headers={"Retry-After": "900"}), GOOD)
    assert naps == [900]

    with pytest.raises(SourceBusy, match="asks to wait 60 minutes, and a run waits 15 at most"):
        fetched(fetching, Reply(429, headers={"Retry-After": "3600"}), GOOD)
    assert naps == [900]


def test_too_many_requests_at_every_try_end_the_run(fetching: Downloads) -> None:
    with pytest.raises(SourceBusy, match=r"127.0.0.1 says: too many requests \(429\), at every"):
        fetched(fetching, Reply(429))


def test_the_fifth_photo_in_a_row_that_its_server_fails_at_is_an_outage(
    fetching: Downloads,
) -> None:
    for _ in range(4):
        assert isinstance(fetched(fetching, FAILED)[0], UnavailablePhoto)

    with pytest.raises(SourceBusy, match="5 photos in a row were not to be had"):
        fetched(fetching, Reply(how="reset"))


@pytest.mark.parametrize("status", [401, 403, 400])
def test_the_fifth_photo_in_a_row_that_its_server_denies_is_a_block(
    fetching: Downloads, status: int
) -> None:
    for _ in range(4):
        assert isinstance(fetched(fetching, Reply(status))[0], UnavailablePhoto)

    with pytest.raises(SourceBusy, match=rf"5 photos in a row were not to be had, .*{status}"):
        fetched(fetching, Reply(status))


def test_however_many_photos_are_gone_the_next_one_is_asked_for(fetching: Downloads) -> None:
    for reply in [Reply(404)] * 6:
        fetched(fetching, reply)

    assert fetched(fetching, GOOD)[0] == FoundPhoto("a.jpg", PHOTO)


@pytest.mark.parametrize("answer", [GOOD, Reply(404)], ids=["a photo", "one that is gone"])
def test_an_answer_in_between_ends_the_row_of_failures(fetching: Downloads, answer: Reply) -> None:
    for reply in [FAILED] * 4 + [answer] + [FAILED] * 4:
        photo, _ = fetched(fetching, reply)

    assert photo == UnavailablePhoto("a.jpg", "127.0.0.1 failed (500)")


def test_a_photo_that_moved_is_followed(fetching: Downloads) -> None:
    with PhotoServer(
        {"/a.jpg": [Reply(302, headers={"Location": "/b.jpg"})], "/b.jpg": [GOOD]}
    ) as server:
        photo = fetching.photo(f"{server.url}/a.jpg", "a.jpg")

    assert photo == FoundPhoto("a.jpg", PHOTO)


def test_a_photo_that_moves_in_a_circle_is_refused(fetching: Downloads) -> None:
    photo, requests = fetched(fetching, Reply(302, headers={"Location": "/a.jpg"}))

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
def test_a_photo_is_not_followed_to_where_none_may_ask(
    fetching: Downloads, there: str, named: str
) -> None:
    photo, requests = fetched(fetching, Reply(302, headers={"Location": there}))

    assert isinstance(photo, UnavailablePhoto)
    assert named in photo.reason
    assert requests == 1


def test_a_url_that_no_client_would_ask_for_is_refused(fetching: Downloads) -> None:
    photo = fetching.photo(f"http://127.0.0.1/{'a' * 70_000}.jpg", "a.jpg")

    assert photo == UnavailablePhoto("a.jpg", "its URL is none that can be asked for")


def test_a_host_that_may_not_be_asked_never_hears_of_it(
    client: httpx.Client, naps: list[float]
) -> None:
    fetching = Downloads(client, lambda _: False, 20_000, RequestInterval(0, sleep=naps.append))

    photo, requests = fetched(fetching, GOOD)

    assert photo == UnavailablePhoto("a.jpg", "its host may not be asked: 127.0.0.1")
    assert requests == 0


def test_neither_cookies_nor_credentials_of_the_client_go_along(naps: list[float]) -> None:
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
        fetching = Downloads(client, is_loopback, 20_000, RequestInterval(0, sleep=naps.append))
        for _ in range(2):
            fetching.photo(f"{server.url}/a.jpg", "a.jpg")

    for request in server.requests:
        assert {"Cookie", "Authorization"}.isdisjoint(request.headers)
        assert request.headers["User-Agent"] == "OOTT"


def test_each_try_keeps_the_pace(client: httpx.Client, naps: list[float]) -> None:
    fetching = Downloads(
        client, is_loopback, 20_000, RequestInterval(10, naps.append, clock=lambda: 0.0)
    )

    fetched(fetching, FAILED, GOOD)

    _, rest, pause = naps
    assert 1 <= rest <= 2
    assert 7 <= pause <= 13


def test_signed_urls_are_not_written_to_the_log(
    fetching: Downloads, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.DEBUG):
        fetched(fetching, GOOD)

    assert "sig=" not in caplog.text
