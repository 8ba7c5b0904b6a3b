from datetime import UTC, datetime, timedelta

import pytest

from oott_assets.photos.sources.browser.page_opener import PageFailed, PageOpener
from oott_assets.photos.sources.browser.page_states import PageState
from oott_assets.photos.sources.photo_source import PhotosUnknown, SourceBusy, SourceBusyForHours
from oott_assets.photos.sources.request_interval import RequestInterval
from tests.instagram import faults
from tests.instagram.posts import make_posts
from tests.instagram.responses import moved_to
from tests.instagram.site import InstagramSite
from tests.oott_assets.photos.sources.browser.crawls import SEPTEMBER, Guest

POSTS = make_posts(2, "a", SEPTEMBER, plain=True)
PATH = POSTS[0].path


def open_site() -> InstagramSite:
    """Start a site whose posts need no log-in."""
    return InstagramSite(POSTS, posts_need_session=False)


def visit(opener: PageOpener, site: InstagramSite) -> PageState:
    opener.open(f"{site.url}{PATH}", (PageState.POST,))
    return PageState.POST


def test_pages_are_opened_at_the_request_interval_with_the_crawlers_user_agent(
    guest: Guest,
) -> None:
    with open_site() as site:
        opener = guest.opener(site)
        opener.interval = RequestInterval(5, sleep=guest.waits, clock=lambda: 0.0)
        for _ in range(3):
            visit(opener, site)

        agents = {request.headers["user-agent"] for request in site.requests_for("page")}

    # The first page opens without a wait.
    assert len(guest.waits.seconds) == 2
    assert all(3.5 <= wait <= 6.5 for wait in guest.waits.seconds)
    [agent] = agents
    assert agent.endswith(" OOTT")
    assert "Chrome/" in agent


def test_the_page_is_requested_again_after_the_seconds_or_date_of_retry_after(
    guest: Guest,
) -> None:
    soon = datetime.now(UTC) + timedelta(seconds=600)
    with open_site() as site:
        site.faults.on("post", faults.rate_limited(77), times=1)
        site.faults.on("post", faults.rate_limited(soon), times=1)
        visit(guest.opener(site), site)

        assert [request.status for request in site.requests_for("page")] == [429, 429, 200]

    first, second = guest.waits.seconds
    assert first == 77
    assert 500 < second <= 600


def test_a_rate_limit_without_retry_after_causes_growing_waits(
    guest: Guest,
) -> None:
    with open_site() as site:
        site.faults.on("post", faults.rate_limited())

        with pytest.raises(
            SourceBusyForHours, match=r"3 times in a row.* OOTT_REQUEST_INTERVAL_SECONDS"
        ):
            visit(guest.opener(site), site)

        assert len(site.requests_for("page")) == 3

    assert guest.waits.seconds == [60, 240]


def test_a_long_retry_after_ends_the_run(guest: Guest) -> None:
    with open_site() as site:
        site.faults.on("post", faults.rate_limited(3600))

        with pytest.raises(SourceBusyForHours, match="asks to wait 60 minutes"):
            visit(guest.opener(site), site)

        assert len(site.requests_for("page")) == 1

    assert guest.waits.seconds == []


def test_a_page_that_fails_twice_is_requested_a_third_time(guest: Guest) -> None:
    with open_site() as site:
        site.faults.on("post", faults.status(500), times=1)
        site.faults.on("post", faults.error_page, times=1)
        visit(guest.opener(site), site)

        assert len(site.requests_for("post")) == 3

    assert guest.waits.seconds == [5, 20]


@pytest.mark.parametrize(
    ("fault", "how"),
    [
        (faults.status(500), "with status 500"),
        (faults.unknown_page, "with status 200"),
        (faults.reset_before_response, "no page: net::ERR_CONNECTION_RESET"),
    ],
)
def test_a_page_that_fails_three_times_raises_page_failed_without_its_text(
    guest: Guest, fault: faults.Fault, how: str
) -> None:
    with open_site() as site:
        site.faults.on("post", fault)

        with pytest.raises(PageFailed, match=f"{how}.*, 3 times in a row") as failure:
            visit(guest.opener(site), site)

    assert "Threads of spring" not in str(failure.value)


def test_a_page_that_never_finishes_loading_is_requested_again(guest: Guest) -> None:
    with open_site() as site:
        site.faults.on("post", faults.endless, times=1)
        visit(guest.opener(site), site)

        assert len(site.requests_for("page")) == 2


@pytest.mark.parametrize("fault", [faults.challenged, faults.suspended])
def test_a_challenge_stops_the_run_without_a_retry(guest: Guest, fault: faults.Fault) -> None:
    with open_site() as site:
        site.faults.on("post", fault)

        with pytest.raises(PhotosUnknown, match="asks for a person") as stop:
            visit(guest.opener(site), site)

        assert len(site.requests_for("page")) == 1
        assert not isinstance(stop.value, SourceBusy)


def test_a_redirect_to_a_page_that_robots_txt_forbids_is_not_used(guest: Guest) -> None:
    other = POSTS[1].path
    with InstagramSite(
        POSTS, posts_need_session=False, robots=f"User-agent: *\nDisallow: {other}\n"
    ) as site:
        site.faults.on(PATH, lambda _: moved_to(other))

        with pytest.raises(PhotosUnknown, match=f"does not allow OOTT to read {other}"):
            visit(guest.opener(site), site)
