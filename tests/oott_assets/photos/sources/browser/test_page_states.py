import pytest

from oott_assets.photos.sources.browser.page_states import (
    Facts,
    PageState,
    shortcode_in,
    state_of,
)

SITE = "https://www.example.com"
TAG, POST = f"{SITE}/explore/tags/a/", f"{SITE}/p/AbC_-1/"


@pytest.mark.parametrize(
    ("facts", "state"),
    [
        (Facts(TAG, tiles=12), PageState.GRID),
        (Facts(TAG, tiles=12, loads=True), PageState.GRID),
        (Facts(TAG, posts=0), PageState.EMPTY_TAG),
        (Facts(TAG, posts=0, loads=True), PageState.LOADING),
        (Facts(TAG, posts=1234), PageState.LOADING),
        # Without a number, nobody says that there are no posts.
        (Facts(TAG), PageState.UNKNOWN),
        (Facts(POST, posts=0), PageState.UNKNOWN),
        (Facts(POST, has_post=True), PageState.POST),
        (Facts(f"{SITE}/someone/p/AbC_-1/", has_post=True), PageState.POST),
        (Facts(f"{SITE}/accounts/login/?next=/", asks_password=True), PageState.LOGIN),
        (Facts(f"{SITE}/", asks_password=True), PageState.LOGIN),
        (Facts(f"{SITE}/challenge/action/", asks_password=True), PageState.CHALLENGE),
        (Facts(f"{SITE}/accounts/suspended/"), PageState.CHALLENGE),
        (Facts(f"{SITE}/accounts/login/two_factor"), PageState.CHALLENGE),
        (Facts(POST, 429, has_post=True), PageState.RATE_LIMITED),
        (Facts(POST, 404), PageState.GONE),
        (Facts(POST, leads_home=True), PageState.GONE),
        (Facts(POST, leads_home=True, loads=True), PageState.LOADING),
        (Facts(TAG, leads_home=True), PageState.UNKNOWN),
        (Facts(POST, 503), PageState.ERROR),
        (Facts(POST, 0, failure="net::ERR_CONNECTION_RESET"), PageState.ERROR),
        (Facts(f"{SITE}/"), PageState.UNKNOWN),
        (Facts(POST, 403), PageState.UNKNOWN),
    ],
)
def test_the_state_of_a_page_follows_from_its_facts(facts: Facts, state: PageState) -> None:
    assert state_of(facts) is state


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


def test_a_page_is_described_without_its_query() -> None:
    description = Facts(f"{TAG}?token=secret#secret", 403, title="A title").seen()

    assert description == f"{TAG} with status 403 and title 'A title'"
