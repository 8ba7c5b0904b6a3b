"""A headless Chromium with one tab, which raises BrowserDied when it stops working."""

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

# At DEBUG, Selenium logs every typed key, including the password.
logging.getLogger("selenium.webdriver.remote").setLevel(logging.INFO)

_STOP_SECONDS = 15.0
_CLEARING_SECONDS = 5.0

# The driver's error messages if another page was loaded meanwhile.
_PAGE_LEFT = re.compile(r"navigation|unloaded|context", re.IGNORECASE)

_PHOTO_PATTERNS = ("*.jpg*", "*.jpeg*", "*.webp*", "*.png*", "*.heic*", "*.avif*")


class PageUnreachable(Exception):
    """A page could not be loaded: connection refused, reset or timed out."""


class PageLeft(Exception):
    """Another page was loaded while a script ran."""


class Chromium:
    """One browser with one tab. Leaving its context ends all processes and removes all files."""

    def __init__(self, programs: Programs, timeouts: Timeouts, crawler_name: str) -> None:
        """Start a browser; its User-Agent is Chromium's, followed by ``crawler_name``.

        Raises:
            BrowserDied: the browser did not start.
        """
        self.timeouts = timeouts
        self._requested_urls: dict[str, str] = {}
        self._browser_folder: Path | None = None
        self._guard = start_guard(programs)
        try:
            browser_folder, port = read_greeting(self._guard)
            self._browser_folder = Path(browser_folder)
            with _raising_browser_died():
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
        """Let the guard kill all processes and remove the profile; a second call does nothing."""
        if self._guard.stdin is not None:
            self._guard.stdin.close()
        # A forked process may keep the guard's standard input open, so the guard also
        # gets a signal.
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
        """Remove the folder of a killed guard. The browser may still be ending in that folder."""
        deadline = time.monotonic() + _CLEARING_SECONDS
        while (
            self._browser_folder is not None
            and self._browser_folder.exists()
            and time.monotonic() < deadline
        ):
            shutil.rmtree(self._browser_folder, ignore_errors=True)
            time.sleep(0.02)

    def open(self, url: str) -> None:
        """Load ``url``, and discard earlier entries of the network log.

        Raises:
            PageUnreachable: the page did not load, or not completely.
            BrowserDied: the browser died.
        """
        self.responses()
        with _raising_browser_died():
            try:
                self._driver.get(url)
            except TimeoutException as error:
                # This call raises BrowserDied if the page hangs. It returns if the page
                # only loads slowly.
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
        """Run ``script`` in the page and return its result.

        Raises:
            PageLeft: another page was loaded meanwhile.
            BrowserDied: the browser died, or the script did not end.
        """
        with _raising_browser_died(), _raising_page_left():
            return self._driver.execute_script(script, *arguments)

    def run_to_callback(self, script: str, *arguments: object) -> object:
        """Run ``script`` in the page and return what it passes to its last argument, a callback.

        Raises:
            PageLeft: another page was loaded meanwhile.
            BrowserDied: the browser died, or the script did not end.
        """
        with _raising_browser_died(), _raising_page_left():
            try:
                return self._driver.execute_async_script(script, *arguments)
            except TimeoutException as error:
                # If another page was loaded, the callback is never called. BrowserDied if it hangs.
                self.run("return 1")
                raise PageLeft("another page was loaded while this one was read") from error

    def type_into(self, selector: str, text: str) -> None:
        """Type ``text`` into the element at ``selector``, key by key.

        Raises:
            PhotosUnknown: there is no such element, or it takes no text.
        """
        with _raising_browser_died():
            try:
                self._driver.find_element("css selector", selector).send_keys(text)
            except (NoSuchElementException, InvalidElementStateException) as error:
                raise PhotosUnknown(
                    f"the log-in form is not one that OOTT supports: {selector} does not take text"
                ) from error

    def cdp(self, command: str, parameters: Mapping[str, object]) -> dict[str, object]:
        """Send a DevTools protocol command to the browser."""
        with _raising_browser_died():
            result = self._driver.execute(
                "executeCdpCommand", {"cmd": command, "params": dict(parameters)}
            )
        return dict(result["value"] or {})

    def show_photos(self, shown: bool) -> None:
        """Allow pages to load images, or block them."""
        self.cdp("Network.setBlockedURLs", {"urls": [] if shown else list(_PHOTO_PATTERNS)})

    def responses(self) -> list[PageResponse]:
        """Read the responses to documents and scripts since the last call."""
        with _raising_browser_died():
            entries = self._driver.execute(Command.GET_LOG, {"type": "performance"})["value"]
        return responses_in(entries, self._requested_urls)


@contextmanager
def _raising_browser_died() -> Iterator[None]:
    """Turn every driver error into BrowserDied.

    A working browser can do everything that is asked in this context.
    """
    try:
        yield
    except WebDriverException as error:
        raise BrowserDied(_first_line(error)) from error
    # The driver is gone or hangs.
    except (HTTPError, OSError) as error:
        raise BrowserDied(f"its driver does not respond ({type(error).__name__})") from error


@contextmanager
def _raising_page_left() -> Iterator[None]:
    try:
        yield
    except WebDriverException as error:
        if not _PAGE_LEFT.search(_first_line(error)):
            raise
        raise PageLeft("another page was loaded while this one was read") from error


def _first_line(error: WebDriverException) -> str:
    return (error.msg or type(error).__name__).strip().splitlines()[0][:300]
