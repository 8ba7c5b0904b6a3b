import os
import signal
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from dataclasses import replace
from pathlib import Path

import pytest

from oott_assets.photos.sources.browser import chromium as chromium_module
from oott_assets.photos.sources.browser.chromium import Chromium, PageLeft
from oott_assets.photos.sources.browser.page_responses import PageResponse
from tests.instagram import faults
from tests.instagram.posts import make_posts
from tests.instagram.site import InstagramSite
from tests.oott_assets.photos.sources.browser.crawls import (
    HONGDAE,
    PASSWORD,
    SEPTEMBER,
    TIMEOUTS,
    browser_at,
    comes_true_soon,
    kill,
    processes_in,
)

POSTS = make_posts(2, "홍대", SEPTEMBER, plain=True)


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
            chromium.run("location.assign('/accounts/login/'); return new Promise(() => {})")

        assert chromium.run("return location.pathname") == "/accounts/login/"


def test_a_page_that_opens_a_dialog_does_not_stop_the_crawl(chromium: Chromium) -> None:
    with InstagramSite() as site:
        chromium.open(f"{site.url}/")
        chromium.run("setTimeout(() => alert('Are you there?'))")

        assert chromium.run("return 1 + 1") == 2


def test_a_killed_crawler_leaves_no_process_and_its_browser_gets_no_secrets(
    tmp_path: Path,
) -> None:
    held = faults.HeldResponses()
    with InstagramSite(POSTS) as site:
        site.faults.on("photo", held)
        crawler = subprocess.Popen(
            [sys.executable, "-m", __name__, site.url, str(tmp_path)],
            env={**os.environ, "OOTT_INSTAGRAM_PASSWORD": PASSWORD},
        )
        try:
            assert held.reached.wait(60)
            running = processes_in(tmp_path)
            environments = [Path(f"/proc/{pid}/environ").read_bytes() for pid in running]
        finally:
            crawler.send_signal(signal.SIGKILL)
            crawler.wait()

        assert comes_true_soon(lambda: processes_in(tmp_path) == {})

    assert len(running) > 5
    assert not any(PASSWORD.encode() in environment for environment in environments)
    assert not list((tmp_path / "browser/profile").glob("Singleton*"))


def test_a_browser_that_hangs_is_killed_and_restarted(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(chromium_module, "_STOP_SECONDS", 0.3)
    timeouts = replace(TIMEOUTS, page_seconds=2, script_seconds=2, answer_seconds=4)
    with InstagramSite(POSTS, posts_need_session=False) as site:
        listed = browser_at(site.url, tmp_path, timeouts=timeouts).posts(HONGDAE, SEPTEMBER)
        with closing(listed):
            first, second = next(listed), next(listed)
            kill(tmp_path, "browser", signal.SIGSTOP)
            assert len(list(first.fetch().photos)) == 1

            loading = faults.HeldResponses()
            site.faults.on("post", loading, times=1)
            with ThreadPoolExecutor() as pool:
                fetched = pool.submit(second.fetch)
                assert loading.reached.wait(30)
                kill(tmp_path, "renderer", signal.SIGSTOP)
                loading.release()
                assert len(list(fetched.result().photos)) == 1

    assert comes_true_soon(lambda: processes_in(tmp_path) == {})


if __name__ == "__main__":
    for post in browser_at(sys.argv[1], Path(sys.argv[2])).posts(HONGDAE, SEPTEMBER):
        list(post.fetch().photos)
