"""What tests of the browser source share: a browser limited to this machine, and a page opener."""

import os
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path

import httpx
from pydantic import SecretStr

from oott_assets.photos.sources.browser.browser_source import Browser
from oott_assets.photos.sources.browser.browser_start import Programs, Timeouts
from oott_assets.photos.sources.browser.chromium import Chromium
from oott_assets.photos.sources.browser.crawl_permission import CrawlPermission
from oott_assets.photos.sources.browser.log_in import LogIn
from oott_assets.photos.sources.browser.page_opener import PageOpener
from oott_assets.photos.sources.browser.session_file import Account, SessionFile
from oott_assets.photos.sources.request_interval import RequestInterval
from oott_fashion.destinations import read_destinations
from tests.instagram.site import InstagramSite

HONGDAE = read_destinations().destination("hongdae")
SEPTEMBER = date(2026, 9, 1)
USER, PASSWORD = "a.crawler", "open sesame"

PROGRAMS = Programs(flags=("--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1",))
TIMEOUTS = Timeouts(
    page_seconds=5,
    script_seconds=5,
    answer_seconds=30,
    settle_seconds=1.5,
    list_seconds=2,
    quiet_seconds=0.3,
)


@dataclass
class Waits:
    """A fake of time.sleep that records the seconds."""

    seconds: list[float] = field(default_factory=list)

    def __call__(self, seconds: float) -> None:
        if seconds > 0:
            self.seconds.append(seconds)


class Guest:
    """Creates page openers for test sites, with one browser and one session folder."""

    def __init__(self, chromium: Chromium, client: httpx.Client, folder: Path) -> None:
        self.chromium = chromium
        self.folder = folder
        self.waits = Waits()
        self.client = client

    def opener(
        self, site: InstagramSite, user: str | None = USER, password: str = PASSWORD
    ) -> PageOpener:
        """Begin a run, with only the cookies that an earlier run has saved."""
        self.chromium.cdp("Network.clearBrowserCookies", {})
        interval = RequestInterval(0, sleep=self.waits)
        account = Account(site.url, user, SecretStr(password)) if user else None
        log_in = LogIn(site.url, account, SessionFile(self.folder), interval)
        log_in.restore_session(self.chromium)
        permission = CrawlPermission(site.url, (), "OOTT", self.client, interval)
        return PageOpener(self.chromium, permission, interval, log_in)


def browser_at(
    url: str,
    folder: Path,
    *,
    waits: Waits | None = None,
    permitted_hosts: tuple[str, ...] = (),
    max_posts: int = 500,
    programs: Programs = PROGRAMS,
    timeouts: Timeouts = TIMEOUTS,
    interval: RequestInterval | None = None,
) -> Browser:
    """Create the source for ``url``, without real waits."""
    return Browser(
        url,
        USER,
        SecretStr(PASSWORD),
        permitted_hosts=permitted_hosts,
        crawler_name="OOTT",
        interval=interval or RequestInterval(0, sleep=waits or Waits()),
        max_posts=max_posts,
        max_photo_bytes=10**7,
        session_folder=folder / "session",
        programs=programs,
        timeouts=timeouts,
    )


def comes_true_soon(condition: Callable[[], bool]) -> bool:
    """Wait until ``condition`` is true, up to 20 seconds."""
    deadline = time.monotonic() + 20
    while not condition():
        if time.monotonic() > deadline:
            return False
        time.sleep(0.1)
    return True


def processes_in(browser_folders: Path) -> dict[int, str]:
    """Find the processes that use ``browser_folders``, with their command lines."""
    found: dict[int, str] = {}
    for process in Path("/proc").iterdir():
        if not process.name.isdecimal() or int(process.name) == os.getpid():
            continue
        try:
            command = (
                (process / "cmdline").read_bytes().replace(b"\0", b" ").decode(errors="replace")
            )
            environment = (process / "environ").read_bytes().decode(errors="replace")
        except OSError:
            continue
        if str(browser_folders) in environment or str(browser_folders) in command:
            found[int(process.name)] = command
    return found
