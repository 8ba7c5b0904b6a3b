import pytest

from oott_assets.photos.sources.browser.chromium import Chromium, PageLeft
from oott_assets.photos.sources.browser.page_responses import PageResponse
from tests.instagram import faults
from tests.instagram.site import InstagramSite


def test_each_response_is_returned_once_with_its_retry_after(chromium: Chromium) -> None:
    with InstagramSite() as site:
        site.faults.on("/p/", faults.rate_limited(7))
        chromium.open(f"{site.url}/p/a/")

        assert chromium.responses() == [PageResponse("Document", f"{site.url}/p/a/", 429, "7")]
        assert chromium.responses() == []


def test_a_script_whose_page_is_replaced_does_not_mean_that_the_browser_died(
    chromium: Chromium,
) -> None:
    with InstagramSite() as site:
        chromium.open(f"{site.url}/")

        with pytest.raises(PageLeft):
            chromium.run_to_callback("location.assign('/accounts/login/')")

        assert chromium.run("return location.pathname") == "/accounts/login/"


def test_a_page_that_opens_a_dialog_does_not_stop_the_crawl(chromium: Chromium) -> None:
    with InstagramSite() as site:
        chromium.open(f"{site.url}/")
        chromium.run("setTimeout(() => alert('Are you there?'))")

        assert chromium.run("return 1 + 1") == 2
