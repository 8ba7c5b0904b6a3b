from datetime import UTC, datetime

import pytest

from oott_assets.photos.sources.politeness import Pace, host_of, is_public, may_be_asked, seconds_of

NOON = datetime(2026, 11, 26, 12, tzinfo=UTC)


class Clock:
    """A clock that moves only when somebody sleeps."""

    def __init__(self) -> None:
        self.now = 100.0
        self.slept: list[float] = []

    def __call__(self) -> float:
        return self.now

    def sleep(self, seconds: float) -> None:
        self.slept.append(seconds)
        self.now += seconds


def test_the_first_request_passes_at_once_and_the_next_waits_its_turn() -> None:
    clock = Clock()
    pace = Pace(10, clock.sleep, clock)

    pace.wait()
    pace.wait()

    first, second = clock.slept
    assert first == 0
    assert 7 <= second <= 13


def test_time_that_passed_otherwise_is_not_waited_again() -> None:
    clock = Clock()
    pace = Pace(10, clock.sleep, clock)

    pace.wait()
    clock.now += 60
    pace.wait()

    assert clock.slept == [0, 0]


def test_no_two_pauses_are_alike() -> None:
    clock = Clock()
    pace = Pace(10, clock.sleep, clock)

    for _ in range(20):
        pace.wait()

    assert len(set(clock.slept[1:])) > 10


def test_a_rest_is_as_long_as_the_site_asked() -> None:
    clock = Clock()

    Pace(10, clock.sleep, clock).rest(600)

    assert clock.slept == [600]


@pytest.mark.parametrize(
    ("written", "seconds"),
    [
        (None, None),
        ("120", 120),
        (" 0 ", 0),
        ("Thu, 26 Nov 2026 12:01:30 GMT", 90),
        ("Thu, 26 Nov 2026 12:01:30 -0000", 90),
        ("Thu, 26 Nov 2026 11:00:00 GMT", 0),
        ("", None),
        ("soon", None),
        ("-5", None),
        ("1.5", None),
        ("Thu, 99 Nov 2026 12:01:30 GMT", None),
        ("Thu, 26 Nov 2026 12:01:30 +99999999999", None),
        ("26 Nov", None),
        (",", None),
    ],
)
def test_retry_after_is_read_in_seconds_and_as_a_date(
    written: str | None, seconds: float | None
) -> None:
    assert seconds_of(written, NOON) == seconds


@pytest.mark.parametrize(
    "url",
    [
        "http://127.0.0.1:8080/p/1/",
        "http://localhost/",
        "http://[::1]:5000/",
        "https://photos.example.org/a.jpg",
        "https://cdn.photos.example.org/a.jpg",
        "https://PHOTOS.example.org/a.jpg",
        "https://upper.example.org/",
    ],
)
def test_this_machine_and_permitted_hosts_may_be_asked(url: str) -> None:
    assert may_be_asked(url, ["photos.example.org", "Upper.example.org"])


@pytest.mark.parametrize(
    "url",
    [
        "http://photos.example.org/a.jpg",
        "https://example.org/",
        "https://otherphotos.example.org/",
        "https://photos.example.org.evil.example/",
        "https://photos.example.org@evil.example/",
        "https://127.0.0.1@evil.example/",
        "https://evil.example\\@127.0.0.1/",
        "https://evil.example\\.photos.example.org/",
        "https://photos.example.org/a b",
        "https://photos.exa\nmple.org/",
        "https://..photos.example.org/",
        f"https://{'a' * 64}.photos.example.org/",
        "file://localhost/etc/passwd",
        "ftp://127.0.0.1/",
        "http://127.0.0.1:65616/",
        "https://[::1/",
        "//photos.example.org/",
        "photos.example.org",
        "",
    ],
)
def test_no_other_place_may_be_asked(url: str) -> None:
    assert not may_be_asked(url, ["photos.example.org", ""])


@pytest.mark.parametrize(
    ("url", "public"),
    [
        ("https://8.8.8.8/a.jpg", True),
        ("https://[2001:4860:4860::8888]/a.jpg", True),
        ("http://8.8.8.8/a.jpg", False),
        ("https://127.0.0.1/a.jpg", False),
        ("https://10.1.2.3/a.jpg", False),
        ("https://192.168.0.1/a.jpg", False),
        ("https://169.254.169.254/latest/meta-data", False),
        ("https://100.64.0.1/a.jpg", False),
        ("https://224.0.0.1/a.jpg", False),
        ("https://[fe80::1]/a.jpg", False),
        ("https://[fd00::1]/a.jpg", False),
        ("https://[::ffff:10.0.0.1]/a.jpg", False),
        ("https://[64:ff9b::169.254.169.254]/a.jpg", False),
        ("https://[64:ff9b::10.0.0.1]/a.jpg", False),
        ("https://[64:ff9b::203.0.114.7]/a.jpg", True),
        ("https://[2002:a9fe:a9fe::1]/a.jpg", False),
        ("https://[2002:cb00:7207::1]/a.jpg", False),
        ("https://0.0.0.0/a.jpg", False),
        ("https:///a.jpg", False),
    ],
)
def test_public_addresses_are_told_from_private_ones(url: str, public: bool) -> None:
    assert is_public(url) is public


@pytest.mark.parametrize(
    ("addresses", "public"),
    [
        (["203.0.114.7"], True),
        (["203.0.114.7", "10.0.0.1"], False),
        (["fe80::1%eth0"], False),
        ([], True),
    ],
)
def test_a_name_is_as_public_as_every_address_behind_it(addresses: list[str], public: bool) -> None:
    assert is_public("https://cdn.example.org/a.jpg", lambda _: addresses) is public


def test_a_name_of_this_machine_is_not_public() -> None:
    assert not is_public("https://localhost/a.jpg")


def test_a_host_is_named_without_what_surrounds_it() -> None:
    assert host_of("https://user:word@CDN.example.org:8443/a.jpg?token=1") == "cdn.example.org"
    assert host_of("nonsense") == ""
