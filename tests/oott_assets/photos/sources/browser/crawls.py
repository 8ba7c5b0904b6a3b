"""What tests of the browser source share: a browser limited to this machine, and a page opener."""

import os
import signal
import tempfile
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field, replace
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
from oott_assets.photos.sources.browser.tried_passwords import Account, TriedPasswords
from oott_assets.photos.sources.request_interval import RequestInterval
from oott_fashion.destinations import read_destinations
from tests.instagram.site import InstagramSite

HONGDAE = read_destinations().destination("hongdae")
SEPTEMBER = date(2026, 9, 1)
USER, PASSWORD = "a.crawler", "open sesame"

_FOLDER = tempfile.TemporaryDirectory(prefix="oott-", ignore_cleanup_errors=True)
PROGRAMS = Programs(
    Path(_FOLDER.name), flags=("--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1",)
)
TIMEOUTS = Timeouts(
    page_seconds=3,
    script_seconds=3,
    answer_seconds=30,
    settle_seconds=0.5,
    list_seconds=1.5,
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
    """Creates page openers for test sites, with one browser and one folder of tried passwords."""

    def __init__(self, chromium: Chromium, client: httpx.Client, folder: Path) -> None:
        self.chromium = chromium
        self.folder = folder
        self.waits = Waits()
        self.client = client

    def opener(
        self, site: InstagramSite, user: str | None = USER, password: str = PASSWORD
    ) -> PageOpener:
        """Begin a run, with the cookies of earlier runs."""
        interval = RequestInterval(0, sleep=self.waits)
        account = Account(site.url, user, SecretStr(password)) if user else None
        log_in = LogIn(site.url, account, TriedPasswords(self.folder), interval)
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
    user: str | None = USER,
    timeouts: Timeouts = TIMEOUTS,
    interval: RequestInterval | None = None,
) -> Browser:
    """Create the source for ``url``, without real waits, and with its browser in ``folder``."""
    return Browser(
        url,
        Account(url, user, SecretStr(PASSWORD)) if user else None,
        permitted_hosts=permitted_hosts,
        crawler_name="OOTT",
        interval=interval or RequestInterval(0, sleep=waits or Waits()),
        max_posts=max_posts,
        max_photo_bytes=10**7,
        programs=replace(programs, folder=folder / "browser"),
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


def processes_in(folder: Path) -> dict[int, str]:
    """Find the processes of the browsers in ``folder``, with their command lines."""
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
        if f"HOME={folder}/" in environment or f"{folder}/" in command:
            found[int(process.name)] = command
    return found


def kill(folder: Path, part: str, signal_number: int = signal.SIGKILL) -> None:
    """Send a signal to every process of this ``part`` of the browser in ``folder``."""
    parts: dict[str, Callable[[str], bool]] = {
        "renderer": lambda command: "--type=renderer" in command,
        "browser": lambda command: "--headless" in command and "--type=" not in command,
        "driver": lambda command: "/chromedriver " in command,
    }
    killed = [pid for pid, command in processes_in(folder).items() if parts[part](command)]
    assert killed
    for pid in killed:
        # Renderers can end at any time.
        with suppress(ProcessLookupError):
            os.kill(pid, signal_number)
