"""A headless Chromium with one tab, and how one notices its death."""

import logging
import re
import shutil
import subprocess
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

from selenium.common.exceptions import (
    InvalidElementStateException,
    NoSuchElementException,
    TimeoutException,
    WebDriverException,
)
from selenium.webdriver import Remote
from selenium.webdriver.remote.command import Command
from urllib3.exceptions import HTTPError

from oott_assets.photos.sources.browser.browser_start import (
    BrowserDied,
    Programs,
    Timeouts,
    connection_to,
    options_for,
    read_greeting,
    start_guard,
)
from oott_assets.photos.sources.browser.page_responses import PageResponse, responses_in
from oott_assets.photos.sources.photo_source import PhotosUnknown

# At DEBUG it writes down every key that is typed, the password's too.
logging.getLogger("selenium.webdriver.remote").setLevel(logging.INFO)

_STOP_SECONDS = 15.0
_CLEARING_SECONDS = 5.0

# How the driver says that the page is no longer there; another one is.
_LEFT = re.compile(r"navigation|unloaded|context", re.IGNORECASE)

_PHOTO_PATTERNS = ("*.jpg*", "*.jpeg*", "*.webp*", "*.png*", "*.heic*", "*.avif*")


class PageUnreachable(Exception):
    """No answer came for an address: refused, reset or too slow."""


class PageLeft(Exception):
    """The page was left for another while a script ran in it."""


class Chromium:
    """One browser with one tab; a context manager, after which nothing of it is left."""

    def __init__(self, programs: Programs, timeouts: Timeouts, crawler_name: str) -> None:
        """Start a browser whose User-Agent is Chromium's own with ``crawler_name`` after it.

        Raises:
            BrowserDied: it did not start.
        """
        self.timeouts = timeouts
        self._asked: dict[str, str] = {}
        self._browser_folder: Path | None = None
        self._guard = start_guard(programs)
        try:
            browser_folder, port = read_greeting(self._guard)
            self._browser_folder = Path(browser_folder)
            with _noticing_death():
                self._driver = Remote(
                    connection_to(port, timeouts),
                    options=options_for(programs, self._browser_folder),
                )
                self._driver.set_page_load_timeout(timeouts.page_seconds)
                self._driver.set_script_timeout(timeouts.script_seconds)
                self._driver.implicitly_wait(0)
            agent = str(self.cdp("Browser.getVersion", {})["userAgent"])
            self.cdp("Browser.setDownloadBehavior", {"behavior": "deny"})
            self.cdp("Network.setUserAgentOverride", {"userAgent": f"{agent} {crawler_name}"})
        except BaseException:
            self.stop()
            raise

    def __enter__(self) -> "Chromium":
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()

    def stop(self) -> None:
        """Have the guard kill everything and remove the profile; a second time does nothing."""
        if self._guard.stdin is not None:
            self._guard.stdin.close()
        # A process that was forked off may hold the other end of its input open.
        self._guard.terminate()
        try:
            self._guard.wait(_STOP_SECONDS)
        except subprocess.TimeoutExpired:
            self._guard.kill()
            self._guard.wait()
            self._clear_browser_folder()
        if self._guard.stdout is not None:
            self._guard.stdout.close()

    def _clear_browser_folder(self) -> None:
        """Remove what a guard that was killed leaves; its browser may still be dying in there."""
        deadline = time.monotonic() + _CLEARING_SECONDS
        while (
            self._browser_folder is not None
            and self._browser_folder.exists()
            and time.monotonic() < deadline
        ):
            shutil.rmtree(self._browser_folder, ignore_errors=True)
            time.sleep(0.02)

    def open(self, url: str) -> None:
        """Load ``url``, and read away what the network did before.

        Raises:
            PageUnreachable: nothing, or too little, was answered.
            BrowserDied: it did.
        """
        self.responses()
        with _noticing_death():
            try:
                self._driver.get(url)
            except TimeoutException as error:
                # A page that hangs, unlike one that only waits, answers nothing either.
                self.run("return 1")
                raise PageUnreachable(
                    f"not loaded after {self.timeouts.page_seconds:.0f} s"
                ) from error
            except WebDriverException as error:
                reason = _first_line(error)
                if "net::" not in reason:
                    raise
                raise PageUnreachable(reason[reason.index("net::") :].split()[0]) from error

    def run(self, script: str, *arguments: object) -> object:
        """Run ``script`` in the page and give what it returns.

        Raises:
            PageLeft: the page was left meanwhile.
            BrowserDied: it did, or the script did not end.
        """
        with _noticing_death(), _noticing_departure():
            return self._driver.execute_script(script, *arguments)

    def run_to_callback(self, script: str, *arguments: object) -> object:
        """Run ``script`` in the page and give what it hands to its last argument, a callback.

        Raises:
            PageLeft: the page was left meanwhile.
            BrowserDied: it did, or the script did not end.
        """
        with _noticing_death(), _noticing_departure():
            try:
                return self._driver.execute_async_script(script, *arguments)
            except TimeoutException as error:
                # The script of a page that was left calls nobody back; one that hangs does less.
                self.run("return 1")
                raise PageLeft("the page was left while it was read") from error

    def type_into(self, selector: str, text: str) -> None:
        """Type ``text`` where ``selector`` is, key by key as a person would.

        Raises:
            PhotosUnknown: nothing that is there can be typed into.
        """
        with _noticing_death():
            try:
                self._driver.find_element("css selector", selector).send_keys(text)
            except (NoSuchElementException, InvalidElementStateException) as error:
                raise PhotosUnknown(
                    f"the log-in is of a kind that is not known here: {selector} cannot be typed "
                    "into"
                ) from error

    def cdp(self, command: str, parameters: Mapping[str, object]) -> dict[str, object]:
        """Give the browser a command of the DevTools protocol."""
        with _noticing_death():
            answer = self._driver.execute(
                "executeCdpCommand", {"cmd": command, "params": dict(parameters)}
            )
        return dict(answer["value"] or {})

    def show_photos(self, shown: bool) -> None:
        """Let pages load pictures, or keep them from it."""
        self.cdp("Network.setBlockedURLs", {"urls": [] if shown else list(_PHOTO_PATTERNS)})

    def responses(self) -> list[PageResponse]:
        """Read what documents and scripts were answered since this was last asked."""
        with _noticing_death():
            entries = self._driver.execute(Command.GET_LOG, {"type": "performance"})["value"]
        return responses_in(entries, self._asked)


@contextmanager
def _noticing_death() -> Iterator[None]:
    """Tell death apart: whatever the driver cannot do here, a living browser could."""
    try:
        yield
    except WebDriverException as error:
        raise BrowserDied(_first_line(error)) from error
    # Where the driver is gone or hangs.
    except (HTTPError, OSError) as error:
        raise BrowserDied(f"its driver does not answer ({type(error).__name__})") from error


@contextmanager
def _noticing_departure() -> Iterator[None]:
    try:
        yield
    except WebDriverException as error:
        if not _LEFT.search(_first_line(error)):
            raise
        raise PageLeft("the page was left while it was read") from error


def _first_line(error: WebDriverException) -> str:
    return (error.msg or type(error).__name__).strip().splitlines()[0][:300]
