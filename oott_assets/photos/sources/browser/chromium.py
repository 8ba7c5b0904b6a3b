"""A headless Chromium with one tab, which raises BrowserDied when it stops working."""

import logging
import os
import re
import shutil
import signal
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from selenium.common.exceptions import TimeoutException, WebDriverException
from selenium.webdriver import Remote
from selenium.webdriver.remote.command import Command
from urllib3.exceptions import HTTPError

from oott_assets.photos.sources.browser.browser_start import (
    BrowserDied,
    Programs,
    Timeouts,
    connection_to,
    options_for,
    start_driver,
)
from oott_assets.photos.sources.browser.page_responses import PageResponse, responses_in

# At DEBUG, Selenium logs the arguments of scripts, including the password.
logging.getLogger("selenium.webdriver.remote").setLevel(logging.INFO)

# Chromium saves its profile and ends in about a second.
_STOP_SECONDS = 5.0
_CHECK_INTERVAL_SECONDS = 0.1

# The driver's error messages if another page was loaded meanwhile.
_PAGE_LEFT = re.compile(r"navigation|unloaded|context", re.IGNORECASE)

_PHOTO_PATTERNS = ("*.jpg*", "*.jpeg*", "*.webp*", "*.png*", "*.heic*", "*.avif*")


class PageUnreachable(Exception):
    """A page could not be loaded: connection refused, reset or timed out."""


class PageLeft(Exception):
    """Another page was loaded while a script ran."""


class Chromium:
    """One browser with one tab."""

    def __init__(self, programs: Programs, timeouts: Timeouts, crawler_name: str) -> None:
        """Start a browser; its User-Agent is Chromium's, followed by ``crawler_name``.

        Raises:
            BrowserDied: the browser did not start.
        """
        self.timeouts = timeouts
        self._requested_urls: dict[str, str] = {}
        self._scratch = programs.scratch
        self._temporary_folder = TemporaryDirectory(prefix="oott-", ignore_cleanup_errors=True)
        with _raising_browser_died():
            self._service = start_driver(programs, self._temporary_folder.name)
        try:
            with _raising_browser_died():
                self._driver = Remote(
                    connection_to(self._service, timeouts), options=options_for(programs)
                )
                self._driver.set_page_load_timeout(timeouts.page_seconds)
                self._driver.set_script_timeout(timeouts.script_seconds)
                self._driver.implicitly_wait(0)
            agent = str(self.cdp("Browser.getVersion", {})["userAgent"])
            self.cdp("Browser.setDownloadBehavior", {"behavior": "deny"})
            self.cdp("Network.setUserAgentOverride", {"userAgent": f"{agent} {crawler_name}"})
        except BaseException:
            self.close()
            raise

    def close(self) -> None:
        """Kill the driver; then Chromium saves its profile and ends. Kill it if it does not."""
        self._service.process.kill()
        self._service.process.wait()
        group, deadline = self._service.process.pid, time.monotonic() + _STOP_SECONDS
        while _is_running(group) and time.monotonic() < deadline:
            time.sleep(_CHECK_INTERVAL_SECONDS)
        with suppress(ProcessLookupError):
            os.killpg(group, signal.SIGKILL)
        shutil.rmtree(self._scratch, ignore_errors=True)
        self._temporary_folder.cleanup()

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

    def read(self, script: str, *arguments: object) -> dict[str, Any]:
        """Run ``script`` like ``run``, and return its result, an object."""
        found = self.run(script, *arguments)
        if not isinstance(found, dict):
            raise BrowserDied("it returned no data about its page")
        return found

    def run(self, script: str, *arguments: object) -> object:
        """Run ``script`` in the page and return its result; wait if that is a promise.

        Raises:
            PageLeft: another page was loaded meanwhile.
            BrowserDied: the browser died, or the script did not end.
        """
        with _raising_browser_died(), _raising_page_left():
            try:
                return self._driver.execute_script(script, *arguments)
            except TimeoutException as error:
                # If another page was loaded, the promise is never kept. BrowserDied if it hangs.
                self._driver.execute_script("return 1")
                raise PageLeft("another page was loaded while this one was read") from error

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


def _is_running(group: int) -> bool:
    """Tell whether a process of ``group`` runs; in a container, ended ones may stay without end."""
    for stat in Path("/proc").glob("[0-9]*/stat"):
        with suppress(OSError):
            # The process name stands in brackets and may contain spaces and brackets.
            state, _, found = stat.read_text(errors="replace").rpartition(")")[2].split()[:3]
            if int(found) == group and state != "Z":
                return True
    return False


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
