import logging
import stat
from dataclasses import replace

import pytest

from oott_assets.sources.browser.page_states import PageState
from oott_assets.sources.browser.visits import Visits
from oott_assets.sources.photo_source import PhotosUnknown, SourceBusy
from tests.instagram import faults
from tests.instagram.answers import Answer
from tests.instagram.posts import some_posts
from tests.instagram.site import InstagramSite
from tests.oott_assets.sources.browser.crawls import PASSWORD, SEPTEMBER, Guest

POSTS = some_posts(5, "a", SEPTEMBER, plain=True)


def grid(visits: Visits, site: InstagramSite) -> None:
    visits.open(f"{site.url}{site.grid_path('a')}", (PageState.GRID,))


def test_a_guest_logs_in_once_declines_cookies_and_is_known_in_later_runs(
    guest: Guest, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    with InstagramSite(POSTS) as site:
        grid(guest.visits(site), site)
        grid(guest.visits(site), site)

        assert site.log_ins == [True]
        assert "ig_consent=declined" in site.asked("grid")[-1].headers["cookie"]

    session = guest.folder / "session.json"
    assert stat.S_IMODE(session.stat().st_mode) == 0o600
    assert PASSWORD not in session.read_text()
    assert PASSWORD not in caplog.text
    assert "sessionid" not in caplog.text


def test_a_session_that_has_expired_is_followed_by_one_new_log_in(guest: Guest) -> None:
    with InstagramSite(POSTS) as site:
        grid(guest.visits(site), site)
        site.sessions.end()
        grid(guest.visits(site), site)

        assert site.log_ins == [True, True]


def test_a_session_that_another_run_has_made_is_taken_instead_of_logging_in(guest: Guest) -> None:
    with InstagramSite(POSTS) as site:
        grid(guest.visits(site), site)
        late = guest.visits(site)
        site.sessions.end()
        grid(guest.visits(site), site)

        guest.chromium.cdp("Network.clearBrowserCookies", {})
        grid(late, site)

        assert site.log_ins == [True, True]


def test_sessions_that_end_at_once_are_not_renewed_for_ever(guest: Guest) -> None:
    with InstagramSite(POSTS, pages_per_session=1) as site:
        visits = guest.visits(site)
        grid(visits, site)

        with pytest.raises(PhotosUnknown, match="ended the log-in again, after 2 pages"):
            grid(visits, site)

        assert site.log_ins == [True]


def test_a_run_logs_in_anew_once_and_no_more(guest: Guest) -> None:
    with InstagramSite(POSTS) as site:
        visits = guest.visits(site)
        for _ in range(4):
            grid(visits, site)
        site.sessions.end()
        for _ in range(4):
            grid(visits, site)
        site.sessions.end()

        with pytest.raises(PhotosUnknown, match="ended the log-in again, after 5 pages"):
            grid(visits, site)

        assert site.log_ins == [True, True]


def test_a_refused_password_is_sent_once_ever_until_it_is_another(guest: Guest) -> None:
    with InstagramSite(POSTS) as site:
        for _ in range(2):
            with pytest.raises(PhotosUnknown, match="refused OOTT_INSTAGRAM_USER") as refusal:
                grid(guest.visits(site, password="open barley"), site)
            assert "barley" not in str(refusal.value)
        assert site.log_ins == [False]

        grid(guest.visits(site), site)

        assert site.log_ins == [False, True]


def test_without_an_account_nothing_is_sent_and_the_settings_are_named(guest: Guest) -> None:
    with InstagramSite(POSTS) as site:
        with pytest.raises(PhotosUnknown, match="OOTT_INSTAGRAM_USER and OOTT_INSTAGRAM_PASSWORD"):
            grid(guest.visits(site, user=None), site)

        assert site.asked("/api/login") == []


def test_a_challenge_after_the_log_in_is_for_a_person(guest: Guest) -> None:
    with InstagramSite(POSTS) as site:
        site.faults.on("/api/login", faults.log_in_challenged)

        with pytest.raises(PhotosUnknown, match="challenge, which is for a person"):
            grid(guest.visits(site), site)

        assert len(site.asked("/api/login")) == 1


def test_a_log_in_that_is_asked_to_wait_is_no_refusal_and_no_reason_to_try_again_now(
    guest: Guest,
) -> None:
    with InstagramSite(POSTS) as site:
        site.faults.on("/api/login", faults.rate_limited(), times=1)
        with pytest.raises(SourceBusy, match="asks to wait before a log-in"):
            grid(guest.visits(site), site)
        assert len(site.asked("/api/login")) == 1

        grid(guest.visits(site), site)


def test_a_log_in_whose_answer_is_lost_is_no_refusal_and_is_not_sent_again(guest: Guest) -> None:
    with InstagramSite(POSTS) as site:
        site.faults.on("/api/login", faults.cut_short, times=1)
        with pytest.raises(PhotosUnknown, match="the log-in was not answered"):
            grid(guest.visits(site), site)
        assert len(site.asked("/api/login")) == 1

        grid(guest.visits(site), site)


def test_the_password_is_typed_into_no_other_site(guest: Guest) -> None:
    with InstagramSite(POSTS) as site, InstagramSite() as other:

        def elsewhere(answer: Answer) -> Answer:
            return replace(
                answer, status=302, headers=(("Location", f"{other.url}/accounts/login/"),)
            )

        site.faults.on("grid", elsewhere)
        with pytest.raises(PhotosUnknown, match="the password is for"):
            grid(guest.visits(site), site)

        assert other.asked("/api/login") == []
