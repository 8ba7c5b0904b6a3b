import logging
import stat
from dataclasses import replace
from pathlib import Path

import pytest
from click.testing import CliRunner

from oott_assets.photos.sources.browser.__main__ import main as log_in_by_hand
from oott_assets.photos.sources.browser.page_opener import PageOpener
from oott_assets.photos.sources.browser.page_states import PageState
from oott_assets.photos.sources.photo_source import PhotosUnknown, SourceBusyForHours
from tests.instagram import faults
from tests.instagram.posts import make_posts
from tests.instagram.responses import JSON, Response
from tests.instagram.site import InstagramSite
from tests.oott_assets.photos.sources.browser.crawls import PASSWORD, SEPTEMBER, Guest

POSTS = make_posts(5, "a", SEPTEMBER, plain=True)


def grid(opener: PageOpener, site: InstagramSite) -> None:
    opener.open(f"{site.url}{site.grid_path('a')}", (PageState.GRID,))


def test_a_run_logs_in_once_and_keeps_no_secrets(
    guest: Guest, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    with InstagramSite(POSTS) as site:
        opener = guest.opener(site)
        grid(opener, site)
        grid(opener, site)

        assert site.log_ins == [True]

    assert PASSWORD not in (guest.folder / "tried.json").read_text()
    assert PASSWORD not in caplog.text
    assert "sessionid" not in caplog.text


def test_an_expired_session_causes_one_new_log_in(guest: Guest) -> None:
    with InstagramSite(POSTS) as site:
        grid(guest.opener(site), site)
        site.sessions.end()
        grid(guest.opener(site), site)

        assert site.log_ins == [True, True]


def test_a_run_logs_in_again_only_once(guest: Guest) -> None:
    with InstagramSite(POSTS, pages_per_session=2) as site:
        opener = guest.opener(site)
        grid(opener, site)
        grid(opener, site)

        with pytest.raises(PhotosUnknown, match="ended the log-in 2 times"):
            grid(opener, site)

        assert site.log_ins == [True, True]


def test_a_refused_password_is_never_sent_again_but_a_new_one_is(guest: Guest) -> None:
    with InstagramSite(POSTS) as site:
        for _ in range(2):
            with pytest.raises(PhotosUnknown, match="refused the log-in; OOTT_INST") as refusal:
                grid(guest.opener(site, password="open barley"), site)
            assert "barley" not in str(refusal.value)
        assert site.log_ins == [False]

        grid(guest.opener(site), site)

        assert site.log_ins == [False, True]


def test_without_an_account_nothing_is_sent_and_the_error_names_the_settings(guest: Guest) -> None:
    with InstagramSite(POSTS) as site:
        with pytest.raises(PhotosUnknown, match="OOTT_INSTAGRAM_USER and OOTT_INSTAGRAM_PASSWORD"):
            grid(guest.opener(site, user=None), site)

        assert site.requests_for("/api/login") == []


def test_a_challenge_after_the_log_in_stops_this_and_later_runs(guest: Guest) -> None:
    with InstagramSite(POSTS) as site:
        site.faults.on("/api/login", faults.log_in_challenged, times=1)

        for _ in range(2):
            with pytest.raises(PhotosUnknown, match=r"for a person; .* delete .*tried\.json"):
                grid(guest.opener(site), site)

        assert len(site.requests_for("/api/login")) == 1

        # After solving the challenge, the user can allow the password again.
        (guest.folder / "tried.json").unlink()
        grid(guest.opener(site), site)


def test_a_rate_limited_log_in_ends_the_run_and_can_be_repeated_later(
    guest: Guest,
) -> None:
    with InstagramSite(POSTS) as site:
        site.faults.on("/api/login", faults.rate_limited(), times=1)
        with pytest.raises(SourceBusyForHours, match="asks to wait before a log-in"):
            grid(guest.opener(site), site)
        assert len(site.requests_for("/api/login")) == 1

        grid(guest.opener(site), site)


def test_a_log_in_without_a_response_is_not_repeated_by_later_runs(guest: Guest) -> None:
    known = []

    def cut_short(response: Response) -> Response:
        # A run that is killed now must have recorded the try.
        known.append((guest.folder / "tried.json").exists())
        return faults.cut_short(response)

    with InstagramSite(POSTS) as site:
        site.faults.on("/api/login", cut_short)
        for _ in range(2):
            with pytest.raises(PhotosUnknown, match=r"log-in got no response; .*tried\.json"):
                grid(guest.opener(site), site)
            guest.chromium.cdp("Network.clearBrowserCookies", {})

    assert known == [True]


def test_a_log_in_without_a_session_cookie_has_failed(guest: Guest) -> None:
    with InstagramSite(POSTS) as site:
        unkept = Response(b'{"authenticated": true, "next": "/"}', 200, JSON)
        site.faults.on("/api/login", lambda _: unkept)
        site.faults.on("home", faults.status(500))

        with pytest.raises(PhotosUnknown, match="log-in got no response"):
            grid(guest.opener(site), site)


def test_the_password_is_not_typed_into_another_site(guest: Guest) -> None:
    with InstagramSite(POSTS) as site, InstagramSite() as other:

        def elsewhere(answer: Response) -> Response:
            return replace(
                answer, status=302, headers=(("Location", f"{other.url}/accounts/login/"),)
            )

        site.faults.on("grid", elsewhere)
        with pytest.raises(PhotosUnknown, match="the password is only for"):
            grid(guest.opener(site), site)

        assert other.requests_for("/api/login") == []


def test_a_person_logs_in_in_a_window_that_uses_the_profile_of_later_runs(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    chromium = tmp_path / "chromium"
    chromium.write_text(f'#!/bin/sh\necho "$@" > {tmp_path}/arguments\n')
    chromium.chmod(0o755)
    monkeypatch.setenv("OOTT_CHROMIUM", str(chromium))
    monkeypatch.setenv("OOTT_CHROMEDRIVER", str(chromium))
    monkeypatch.setenv("OOTT_BROWSER_FOLDER", str(tmp_path / "browser"))
    monkeypatch.setenv("OOTT_INSTAGRAM_URL", "https://www.example.com")

    result = CliRunner().invoke(log_in_by_hand)

    profile = tmp_path / "browser/profile"
    assert result.output == f"{profile} keeps the log-in\n"
    assert stat.S_IMODE(profile.stat().st_mode) == 0o700
    arguments = (tmp_path / "arguments").read_text().split()
    assert arguments[0] == f"--user-data-dir={profile}"
    assert arguments[-1] == "https://www.example.com"
    assert not any("headless" in argument for argument in arguments)

    chromium.write_text("#!/bin/sh\nexit 7\n")
    assert "ended with status 7" in CliRunner().invoke(log_in_by_hand).output
