import logging
import unicodedata
from dataclasses import replace

import pytest

from oott_assets.photos.sources.browser import hashtag_page
from oott_assets.photos.sources.browser.hashtag_page import listed_shortcodes
from oott_assets.photos.sources.browser.page_opener import PageOpener
from oott_assets.photos.sources.photo_source import PhotosUnknown, SourceBusy
from oott_assets.photos.sources.request_interval import RequestInterval
from tests.instagram import faults, pages
from tests.instagram import site as instagram_site
from tests.instagram.posts import some_posts
from tests.instagram.responses import JSON, Response
from tests.instagram.site import InstagramSite
from tests.oott_assets.photos.sources.browser.crawls import SEPTEMBER, Guest, Waits

HASHTAG = "홍대"
POSTS = some_posts(100, HASHTAG, SEPTEMBER, plain=True)
CODES = [post.shortcode for post in POSTS]
FEW = POSTS[:30]


@pytest.fixture
def visits_to(guest: Guest) -> "VisitsTo":
    return VisitsTo(guest)


class VisitsTo:
    """Begins a run at a site as someone who is logged in."""

    def __init__(self, guest: Guest) -> None:
        self.guest = guest

    def __call__(self, site: InstagramSite) -> PageOpener:
        site.consent = False
        opener = self.guest.opener(site)
        cookie = {"name": "sessionid", "value": site.sessions.new(), "url": site.url}
        self.guest.chromium.cdp("Network.setCookie", cookie)
        return opener


def listed(
    opener: PageOpener, site: InstagramSite, most: int = 1000, hashtag: str = HASHTAG
) -> list[str]:
    return listed_shortcodes(opener, site.url, hashtag, most)


def test_every_post_of_a_list_that_shows_a_few_rows_at_a_time_is_listed_in_order(
    visits_to: VisitsTo,
) -> None:
    with InstagramSite(POSTS) as site:
        opener = visits_to(site)
        # Pages of posts are opened without pictures, and lists collapse without theirs.
        opener.chromium.show_photos(False)

        assert listed(opener, site) == CODES


def test_no_row_is_scrolled_past_where_many_come_at_once(
    visits_to: VisitsTo, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(instagram_site, "_BATCH", 80)
    with InstagramSite(POSTS) as site:
        assert listed(visits_to(site), site) == CODES


def test_a_list_that_has_jumped_on_too_far_is_gone_back_to(
    visits_to: VisitsTo, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(instagram_site, "_BATCH", 80)
    monkeypatch.setattr(hashtag_page, "_STEP", 3.0)
    with InstagramSite(POSTS) as site:
        assert listed(visits_to(site), site) == CODES


def test_no_more_posts_are_listed_than_asked_for(visits_to: VisitsTo) -> None:
    with InstagramSite(POSTS) as site:
        assert listed(visits_to(site), site, most=20) == CODES[:20]

        assert len(site.asked("api")) < 5


def test_a_decomposed_hashtag_is_asked_for_as_people_wrote_it(visits_to: VisitsTo) -> None:
    with InstagramSite(FEW[:3]) as site:
        decomposed = unicodedata.normalize("NFD", HASHTAG)

        assert listed(visits_to(site), site, hashtag=decomposed) == CODES[:3]


def test_a_hashtag_that_nobody_used_has_no_posts(visits_to: VisitsTo) -> None:
    with InstagramSite(FEW) as site:
        assert listed(visits_to(site), site, hashtag="nobody") == []


def test_a_list_that_is_slow_to_go_on_is_waited_for(visits_to: VisitsTo) -> None:
    with InstagramSite(FEW[:24], api_delay_seconds=1.9) as site:
        assert listed(visits_to(site), site) == CODES[:24]


def test_a_limit_in_the_middle_of_a_list_is_waited_for_and_the_list_read_anew(
    visits_to: VisitsTo,
) -> None:
    with InstagramSite(FEW) as site:
        site.faults.on("api", faults.rate_limited(33), times=1, after=1)

        assert listed(visits_to(site), site) == CODES[:30]

    assert visits_to.guest.waits.seconds == [33]


@pytest.mark.parametrize("fault", [faults.status(500), faults.status(403), faults.reset_at_once])
def test_a_list_whose_parts_fail_now_and_then_is_whole_in_the_end(
    visits_to: VisitsTo, fault: faults.Fault
) -> None:
    with InstagramSite(FEW) as site:
        site.faults.on("api", fault, times=1, after=1)

        assert listed(visits_to(site), site) == CODES[:30]

        assert len(site.asked("grid")) == 1


def test_a_list_that_fails_before_its_end_is_never_a_short_one(visits_to: VisitsTo) -> None:
    with InstagramSite(FEW) as site:
        site.faults.on("api", faults.status(500), after=1)

        with pytest.raises(SourceBusy, match="a short list is not taken for a whole one"):
            listed(visits_to(site), site)

        assert len(site.asked("grid")) == 3


def test_a_list_that_loads_for_ever_is_never_a_short_one(visits_to: VisitsTo) -> None:
    with InstagramSite(FEW) as site:
        site.faults.on("api", faults.endless)

        with pytest.raises(SourceBusy, match=r"it was loading for \d s in vain"):
            listed(visits_to(site), site)


def silently_limited(answer: Response) -> Response:
    """Show a list that says nothing when its next part fails, and looks as if it were over."""
    quiet = b"const giveUp = () => document.getElementById('more').remove();"
    start, end = answer.body.index(b"const giveUp"), answer.body.index(b"const load =")
    return replace(answer, body=answer.body[:start] + quiet + answer.body[end:])


def test_a_list_that_fails_without_a_word_is_never_a_short_one(visits_to: VisitsTo) -> None:
    with InstagramSite(FEW) as site:
        site.faults.on("grid", silently_limited)
        site.faults.on("api", faults.rate_limited(2), after=1)

        with pytest.raises(SourceBusy, match="3 times in a row that it was asked too much"):
            listed(visits_to(site), site)

    assert visits_to.guest.waits.seconds == [2, 2]


@pytest.mark.parametrize(
    "fault", [faults.status(400), faults.status(403), faults.reset_at_once, faults.cut_short]
)
def test_a_list_whose_next_part_is_denied_or_lost_without_a_word_is_never_a_short_one(
    visits_to: VisitsTo, fault: faults.Fault
) -> None:
    with InstagramSite(FEW) as site:
        site.faults.on("grid", silently_limited)
        site.faults.on("api", fault, after=1)

        with pytest.raises(SourceBusy, match="because a part of it failed without a word"):
            listed(visits_to(site), site)


def test_what_a_list_asks_of_others_in_vain_is_no_part_of_it(visits_to: VisitsTo) -> None:
    def counting(answer: Response) -> Response:
        script = b"<script>fetch('https://counts.example.com/')</script></body>"
        return replace(answer, body=answer.body.replace(b"</body>", script))

    with InstagramSite(FEW) as site:
        site.faults.on("grid", counting)

        assert listed(visits_to(site), site) == CODES[:30]


def test_a_hashtag_that_is_said_to_have_posts_and_shows_none_is_not_taken_for_unused(
    visits_to: VisitsTo,
) -> None:
    none = Response(pages.no_posts(HASHTAG).replace(b"0 posts", b"1,234 posts"))
    with InstagramSite(FEW) as site:
        site.faults.on("grid", lambda _: none)

        with pytest.raises(SourceBusy, match="speaks of 1,234 posts and shows none"):
            listed(visits_to(site), site)


def test_a_hashtag_whose_posts_were_denied_is_not_taken_for_unused(visits_to: VisitsTo) -> None:
    denied = b"""<main></main><script>
    const say = () => { document.querySelector("main").textContent = "No posts yet"; };
    fetch("/api/tags/a/").then(say);
    </script>"""
    with InstagramSite(FEW) as site:
        site.faults.on("grid", lambda _: Response(denied))
        site.faults.on("api", faults.status(403))

        with pytest.raises(SourceBusy, match="failed, and the page says that there are no posts"):
            listed(visits_to(site), site)


def test_a_challenge_in_the_middle_of_a_list_stops_the_run_at_once(visits_to: VisitsTo) -> None:
    with InstagramSite(FEW) as site:
        site.faults.on("api", lambda _: Response(b"{}", 401, JSON), after=1)
        site.faults.on("login", faults.challenged)

        with pytest.raises(PhotosUnknown, match="asks for a person") as stop:
            listed(visits_to(site), site)

        assert not isinstance(stop.value, SourceBusy)
        assert len(site.asked("grid")) == 1


def test_a_list_is_scrolled_no_faster_than_the_pace(visits_to: VisitsTo) -> None:
    with InstagramSite(FEW) as site:
        opener, waits = visits_to(site), Waits()
        opener.interval = RequestInterval(5, sleep=waits, clock=lambda: 0.0)

        assert listed(opener, site) == CODES[:30]

    # Of the page itself none, for it was the first.
    assert len(waits.seconds) in (1, 2)
    assert all(3.5 <= wait <= 6.5 for wait in waits.seconds)


def test_a_session_that_ends_in_the_middle_of_a_list_is_followed_by_a_log_in(
    visits_to: VisitsTo,
) -> None:
    with InstagramSite(FEW) as site:

        def expired(_: Response) -> Response:
            site.sessions.end()
            return Response(b'{"message": "login_required"}', 401, JSON)

        site.faults.on("api", expired, times=1, after=1)

        assert listed(visits_to(site), site) == CODES[:30]
        assert site.log_ins == [True]


def test_a_page_that_speaks_of_far_more_posts_than_it_lists_is_said_to(
    visits_to: VisitsTo, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.WARNING)

    def boasting(answer: Response) -> Response:
        return replace(answer, body=answer.body.replace(b"3 posts", b"3,456 posts"))

    with InstagramSite(FEW[:3]) as site:
        site.faults.on("grid", boasting)

        assert listed(visits_to(site), site) == CODES[:3]

    assert "speaks of 3456 posts and lists 3" in caplog.text
