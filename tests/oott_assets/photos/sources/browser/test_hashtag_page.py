import unicodedata
from dataclasses import replace

import pytest

from oott_assets.photos.sources.browser import hashtag_page
from oott_assets.photos.sources.browser.hashtag_page import listed_shortcodes
from oott_assets.photos.sources.browser.page_opener import PageOpener
from oott_assets.photos.sources.photo_source import PhotosUnknown, SourceBusy, SourceBusyForHours
from oott_assets.photos.sources.request_interval import RequestInterval
from tests.instagram import faults, pages
from tests.instagram import site as instagram_site
from tests.instagram.posts import make_posts
from tests.instagram.responses import JSON, Response
from tests.instagram.site import InstagramSite
from tests.oott_assets.photos.sources.browser.crawls import SEPTEMBER, Guest, Waits

HASHTAG = "홍대"
POSTS = make_posts(100, HASHTAG, SEPTEMBER, plain=True)
CODES = [post.shortcode for post in POSTS]
FEW = POSTS[:30]


@pytest.fixture
def opener_for(guest: Guest) -> "OpenerFor":
    return OpenerFor(guest)


class OpenerFor:
    """Begins runs at a site with a logged-in session."""

    def __init__(self, guest: Guest) -> None:
        self.guest = guest

    def __call__(self, site: InstagramSite) -> PageOpener:
        opener = self.guest.opener(site)
        cookie = {"name": "sessionid", "value": site.sessions.new(), "url": site.url}
        self.guest.chromium.cdp("Network.setCookie", cookie)
        return opener


def listed(
    opener: PageOpener, site: InstagramSite, most: int = 1000, hashtag: str = HASHTAG
) -> list[str]:
    return listed_shortcodes(opener, site.url, hashtag, most)


def test_every_post_of_a_virtual_list_is_listed_in_order(
    opener_for: OpenerFor,
) -> None:
    with InstagramSite(POSTS) as site:
        opener = opener_for(site)
        # The browser loads no images on post pages, but a list without images collapses.
        opener.chromium.show_photos(False)

        assert listed(opener, site) == CODES


def test_after_a_jump_over_rows_the_list_is_scrolled_back(
    opener_for: OpenerFor, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(instagram_site, "_BATCH", 80)
    monkeypatch.setattr(hashtag_page, "_STEP", 3.0)
    with InstagramSite(POSTS) as site:
        assert listed(opener_for(site), site) == CODES


def test_at_most_max_posts_are_listed(opener_for: OpenerFor) -> None:
    with InstagramSite(POSTS) as site:
        assert listed(opener_for(site), site, most=20) == CODES[:20]

        assert len(site.requests_for("api")) < 5


def test_a_decomposed_hashtag_is_requested_in_nfc(opener_for: OpenerFor) -> None:
    with InstagramSite(FEW[:3]) as site:
        decomposed = unicodedata.normalize("NFD", HASHTAG)

        assert listed(opener_for(site), site, hashtag=decomposed) == CODES[:3]


@pytest.mark.parametrize("language", ["en", "ko"])
def test_an_unused_hashtag_has_no_posts(opener_for: OpenerFor, language: str) -> None:
    with InstagramSite(FEW, language=language) as site:
        assert listed(opener_for(site), site, hashtag="nobody") == []


def test_a_slow_list_is_read_completely(opener_for: OpenerFor) -> None:
    with InstagramSite(FEW[:24], api_delay_seconds=1.2) as site:
        assert listed(opener_for(site), site) == CODES[:24]


def test_after_a_rate_limit_in_a_list_the_list_is_read_again(
    opener_for: OpenerFor,
) -> None:
    with InstagramSite(FEW) as site:
        site.faults.on("api", faults.rate_limited(33), times=1, after=1)

        assert listed(opener_for(site), site) == CODES[:30]

    assert opener_for.guest.waits.seconds == [33]


def test_a_list_with_temporary_failures_is_read_completely(opener_for: OpenerFor) -> None:
    with InstagramSite(FEW) as site:
        site.faults.on("api", faults.status(403), times=1)
        site.faults.on("api", faults.reset_before_response, times=1)

        assert listed(opener_for(site), site) == CODES[:30]

        assert len(site.requests_for("grid")) == 1


def test_a_list_that_fails_before_its_end_is_not_used(opener_for: OpenerFor) -> None:
    with InstagramSite(FEW) as site:
        site.faults.on("api", faults.status(500), after=1)

        with pytest.raises(SourceBusy, match="an incomplete list is not used"):
            listed(opener_for(site), site)

        assert len(site.requests_for("grid")) == 3


@pytest.mark.usefixtures("one_try")
def test_a_list_that_never_finishes_loading_is_not_used(opener_for: OpenerFor) -> None:
    with InstagramSite(FEW) as site:
        site.faults.on("api", faults.endless)

        with pytest.raises(SourceBusy, match=r"it was loading for \d s without a result"):
            listed(opener_for(site), site)


@pytest.fixture
def one_try(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(hashtag_page, "_MAX_TRIES", 1)


def silently_limited(answer: Response) -> Response:
    """Show a list that looks complete after its next request fails."""
    quiet = b"const giveUp = () => document.getElementById('more').remove();"
    start, end = answer.body.index(b"const giveUp"), answer.body.index(b"const load =")
    return replace(answer, body=answer.body[:start] + quiet + answer.body[end:])


def test_a_rate_limit_that_the_page_does_not_show_ends_the_run(opener_for: OpenerFor) -> None:
    with InstagramSite(FEW) as site:
        site.faults.on("grid", silently_limited)
        site.faults.on("api", faults.rate_limited(2), after=1)

        with pytest.raises(SourceBusyForHours, match="too many requests 3 times in a row"):
            listed(opener_for(site), site)

    assert opener_for.guest.waits.seconds == [2, 2]


@pytest.mark.usefixtures("one_try")
def test_a_failed_request_that_the_page_does_not_show_is_noticed(opener_for: OpenerFor) -> None:
    with InstagramSite(FEW) as site:
        site.faults.on("grid", silently_limited)
        site.faults.on("api", faults.cut_short, after=1)

        with pytest.raises(SourceBusy, match="because a request failed without an error"):
            listed(opener_for(site), site)


def test_failed_requests_to_other_hosts_are_ignored(opener_for: OpenerFor) -> None:
    def counting(answer: Response) -> Response:
        script = b"<script>fetch('https://counts.example.com/')</script></body>"
        return replace(answer, body=answer.body.replace(b"</body>", script))

    with InstagramSite(FEW) as site:
        site.faults.on("grid", counting)

        assert listed(opener_for(site), site) == CODES[:30]


@pytest.mark.usefixtures("one_try")
def test_a_page_with_a_post_count_but_no_posts_is_not_an_unused_hashtag(
    opener_for: OpenerFor,
) -> None:
    none = Response(pages.no_posts(HASHTAG).replace(b"0 posts", b"1,234 posts"))
    with InstagramSite(FEW, language="ko") as site:
        site.faults.on("grid", lambda _: none)

        with pytest.raises(SourceBusy, match=r"fails: .* \(still loading\), 3 times in a row"):
            listed(opener_for(site), site)


@pytest.mark.usefixtures("one_try")
def test_a_page_whose_posts_were_denied_is_not_an_unused_hashtag(opener_for: OpenerFor) -> None:
    denied = b"""<main><header></header></main><script>
    const say = () => { document.querySelector("main header").textContent = "0 posts"; };
    fetch("/api/tags/a/").then(say);
    </script>"""
    with InstagramSite(FEW) as site:
        site.faults.on("grid", lambda _: Response(denied))
        site.faults.on("api", faults.status(403))

        with pytest.raises(SourceBusy, match="shows no posts, but a request failed"):
            listed(opener_for(site), site)


def test_a_challenge_in_a_list_stops_the_run(opener_for: OpenerFor) -> None:
    with InstagramSite(FEW) as site:
        site.faults.on("api", lambda _: Response(b"{}", 401, JSON), after=1)
        site.faults.on("login", faults.challenged)
        site.faults.on("grid", faults.challenged, after=1)

        with pytest.raises(PhotosUnknown, match="asks for a person") as stop:
            listed(opener_for(site), site)

        assert not isinstance(stop.value, SourceBusy)
        assert len(site.requests_for("grid")) == 2


def test_a_list_is_scrolled_at_the_request_interval(opener_for: OpenerFor) -> None:
    with InstagramSite(FEW) as site:
        opener, waits = opener_for(site), Waits()
        opener.interval = RequestInterval(5, sleep=waits, clock=lambda: 0.0)

        assert listed(opener, site) == CODES[:30]

    # There is no wait for the page itself, because it is the first request.
    assert len(waits.seconds) in (1, 2)
    assert all(3.5 <= wait <= 6.5 for wait in waits.seconds)


def test_a_session_that_ends_in_a_list_causes_a_log_in(
    opener_for: OpenerFor,
) -> None:
    with InstagramSite(FEW) as site:

        def expired(_: Response) -> Response:
            site.sessions.end()
            return Response(b'{"message": "login_required"}', 401, JSON)

        site.faults.on("api", expired, times=1, after=1)

        assert listed(opener_for(site), site) == CODES[:30]
        assert site.log_ins == [True]
