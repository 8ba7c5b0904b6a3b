import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

import pytest

from oott_assets.photos.sources.browser import chromium as chromium_module
from oott_assets.photos.sources.browser import guard
from oott_assets.photos.sources.browser.browser_start import BrowserDied, Programs
from oott_assets.photos.sources.browser.chromium import Chromium
from tests.instagram.faults import HeldResponses
from tests.instagram.posts import make_posts
from tests.instagram.site import InstagramSite
from tests.oott_assets.photos.sources.browser.crawls import (
    HONGDAE,
    PROGRAMS,
    SEPTEMBER,
    TIMEOUTS,
    browser_at,
    comes_true_soon,
    processes_in,
)


@contextmanager
def crawler(
    site: InstagramSite, folder: Path, browser_folders: Path
) -> Iterator["subprocess.Popen[bytes]"]:
    """Crawl ``site`` in a process that a test can kill."""
    process = subprocess.Popen(
        [sys.executable, "-m", __name__, site.url, str(folder), str(browser_folders)],
        env={**os.environ, "OOTT_INSTAGRAM_PASSWORD": "open sesame"},
    )
    try:
        yield process
    finally:
        process.kill()
        process.wait()


@pytest.mark.parametrize("moment", ["api", "photo"])
def test_a_crawler_that_is_killed_leaves_no_process_and_no_folder(
    tmp_path: Path, programs: Programs, moment: str
) -> None:
    browser_folders = programs.browser_folders
    with InstagramSite(make_posts(20, "홍대", SEPTEMBER, plain=True)) as site:
        held = HeldResponses()
        site.faults.on(moment, held)
        with crawler(site, tmp_path, browser_folders) as process:
            assert held.reached.wait(60)
            running = processes_in(browser_folders)
            process.send_signal(signal.SIGKILL)
            process.wait()

            assert len(running) > 5
            assert comes_true_soon(
                lambda: processes_in(browser_folders) == {} and not list(browser_folders.iterdir())
            )


def test_the_browser_gets_no_secrets_of_the_crawler_and_dies_with_a_killed_guard(
    programs: Programs, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("OOTT_INSTAGRAM_PASSWORD", "open sesame")
    with Chromium(programs, TIMEOUTS, "OOTT") as chromium:
        [left] = programs.browser_folders.iterdir()
        running = processes_in(programs.browser_folders)
        [pid] = [pid for pid, command in running.items() if "guard.py" in command]
        environments = [
            Path(f"/proc/{other}/environ").read_bytes() for other in running if other != pid
        ]
        assert len(environments) > 3
        assert not any(b"sesame" in environment for environment in environments)
        os.kill(pid, signal.SIGKILL)

        assert comes_true_soon(lambda: processes_in(programs.browser_folders) == {})
        with pytest.raises(BrowserDied):
            chromium.run("return 1")

    # The second browser finds two folders. The folder of the first browser is locked. The folder of
    # the killed browser is not locked.
    with Chromium(programs, TIMEOUTS, "OOTT"), Chromium(programs, TIMEOUTS, "OOTT"):
        assert len(list(programs.browser_folders.glob("*/driver.log"))) == 2
        assert not left.exists()
    assert list(programs.browser_folders.iterdir()) == []


def test_a_guard_that_does_not_end_is_killed_and_its_folder_removed(
    programs: Programs, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(chromium_module, "_STOP_SECONDS", 0.2)
    with Chromium(programs, TIMEOUTS, "OOTT"):
        running = processes_in(programs.browser_folders)
        [pid] = [pid for pid, command in running.items() if "guard.py" in command]
        os.kill(pid, signal.SIGSTOP)

    assert list(programs.browser_folders.iterdir()) == []
    assert comes_true_soon(lambda: processes_in(programs.browser_folders) == {})


# Starts a guard, and forks a process that keeps the guard's standard input open.
_FORKING_CRAWLER = """
import os, subprocess, sys, time
subprocess.Popen(sys.argv[1:], stdin=subprocess.PIPE, start_new_session=True)
os.fork()
time.sleep(60)
"""


def test_a_guard_ends_with_its_crawler_even_if_its_standard_input_stays_open(
    programs: Programs,
) -> None:
    guarded = [guard.__file__, str(programs.browser_folders), str(programs.chromedriver)]
    crawler = subprocess.Popen(
        [sys.executable, "-c", _FORKING_CRAWLER, sys.executable, "-I", *guarded],
        start_new_session=True,
    )
    try:
        assert comes_true_soon(lambda: bool(list(programs.browser_folders.glob("*/driver.log"))))
        crawler.kill()
        crawler.wait()

        assert comes_true_soon(lambda: list(programs.browser_folders.iterdir()) == [])
    finally:
        os.killpg(crawler.pid, signal.SIGKILL)


def test_a_folder_that_other_users_can_access_is_rejected(tmp_path: Path) -> None:
    browser_folders = tmp_path / "browser_folders"
    browser_folders.mkdir()
    browser_folders.chmod(0o777)

    with pytest.raises(SystemExit, match="must be a folder that only you can access"):
        guard.main(browser_folders, str(PROGRAMS.chromedriver))


if __name__ == "__main__":
    url, folder, browser_folders = sys.argv[1:]
    programs = replace(PROGRAMS, browser_folders=Path(browser_folders))
    for post in browser_at(url, Path(folder), programs=programs).posts(HONGDAE, SEPTEMBER):
        list(post.fetch().photos)
