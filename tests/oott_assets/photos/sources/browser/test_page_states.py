import pytest

from oott_assets.photos.sources.browser.page_states import (
    Facts,
    PageState,
    is_refusal,
    shortcode_in,
    state_of,
)

SITE = "https://www.example.com"
TAG, POST = f"{SITE}/explore/tags/a/", f"{SITE}/p/AbC_-1/"


@pytest.mark.parametrize(
    ("facts", "state"),
    [
        (Facts(TAG, tiles=12), PageState.GRID),
        (Facts(TAG, tiles=12, busy=True), PageState.GRID),
        (Facts(TAG, text="#a 0 posts No posts yet"), PageState.EMPTY_TAG),
        (Facts(POST, text="No posts yet"), PageState.UNKNOWN),
        (Facts(POST, has_post=True), PageState.POST),
        (Facts(f"{SITE}/someone/p/AbC_-1/", has_post=True), PageState.POST),
        (Facts(f"{SITE}/accounts/login/?next=/", asks_password=True), PageState.LOGIN),
        (Facts(f"{SITE}/", asks_password=True), PageState.LOGIN),
        (Facts(f"{SITE}/", asks_password=True, asks_consent=True), PageState.CONSENT),
        (Facts(TAG, tiles=12, asks_consent=True), PageState.CONSENT),
        (Facts(f"{SITE}/accounts/onetap/?next=/"), PageState.ONETAP),
        (Facts(f"{SITE}/challenge/action/", asks_password=True), PageState.CHALLENGE),
        (Facts(f"{SITE}/accounts/suspended/"), PageState.CHALLENGE),
        (Facts(f"{SITE}/accounts/login/two_factor"), PageState.CHALLENGE),
        (Facts(POST, 429, has_post=True), PageState.RATE_LIMITED),
        (
            Facts(POST, text="Please wait a few minutes before you try again."),
            PageState.RATE_LIMITED,
        ),
        (Facts(POST, 404, text="Sorry, this page isn't available."), PageState.GONE),
        (Facts(POST, 200, text="Sorry, this page isn\u2019t available."), PageState.GONE),
        (Facts(POST, 503), PageState.ERROR),
        (Facts(POST, 200, text="Something went wrong"), PageState.ERROR),
        (Facts(POST, 0, failure="net::ERR_CONNECTION_RESET"), PageState.ERROR),
        (Facts(TAG, ready=False, text="a"), PageState.LOADING),
        (Facts(TAG, busy=True, text="a"), PageState.LOADING),
        (Facts(TAG), PageState.LOADING),
        (Facts(f"{SITE}/", has_main=True, text="All caught up"), PageState.HOME),
        (Facts(TAG, text="Threads of spring."), PageState.UNKNOWN),
        (Facts(POST, 403, text="Forbidden"), PageState.UNKNOWN),
    ],
)
def test_the_state_of_a_page_follows_from_its_facts(facts: Facts, state: PageState) -> None:
    assert state_of(facts) is state


def test_a_comment_under_a_post_does_not_make_it_a_rate_limit() -> None:
    caption = "Please wait a few minutes before you try again. Something went wrong"

    assert state_of(Facts(POST, has_post=True, text=caption)) is PageState.POST


@pytest.mark.parametrize(
    ("path", "shortcode"),
    [
        ("/p/AbC_-1/", "AbC_-1"),
        ("/reel/AbC/", "AbC"),
        ("/some.one/p/AbC/", "AbC"),
        ("/p/AbC", "AbC"),
        ("/p/", None),
        ("/p/AbC/liked_by/", None),
        ("/p/%2e%2e/", None),
        ("/explore/tags/p/", None),
    ],
)
def test_a_shortcode_is_read_only_from_the_path_of_a_post(path: str, shortcode: str | None) -> None:
    assert shortcode_in(path) == shortcode


@pytest.mark.parametrize(
    ("alert", "refuses"),
    [
        ("Sorry, your password was incorrect. Please double-check your password.", True),
        ("The username you entered doesn't belong to an account.", True),
        ("Words that nobody has seen there yet", True),
        ("We couldn't connect to Instagram. Make sure you're connected.", False),
        ("Please wait a few minutes before you try again.", False),
        ("", False),
    ],
)
def test_an_alert_about_the_network_is_not_a_refusal(alert: str, refuses: bool) -> None:
    assert is_refusal(alert) is refuses


def test_a_page_is_described_without_its_query_and_text() -> None:
    description = Facts(f"{TAG}?token=secret#secret", 403, title="A title", text="secret").seen()

    assert description == f"{TAG} with status 403 and title 'A title'"
