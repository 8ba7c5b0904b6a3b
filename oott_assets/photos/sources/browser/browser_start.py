"""Starts a browser: the guard process, the driver, and Chromium's flags and options."""

import json
import os
import select
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterable
from dataclasses import dataclass, replace
from pathlib import Path
from urllib.request import getproxies

from selenium.webdriver import ChromeOptions
from selenium.webdriver.chrome.remote_connection import ChromeRemoteConnection
from selenium.webdriver.remote.client_config import ClientConfig

from oott_assets.photos.sources.hosts import host_of, is_loopback
from oott_assets.photos.sources.photo_source import PhotosUnknown

_GUARD = Path(__file__).with_name("guard.py")
_START_SECONDS = 60.0

# The window is tall, so that a listing needs few scrolls.
_WIDTH, _HEIGHT = 1280, 1600

_FLAGS = (
    "--headless=new",
    "--disable-gpu",
    "--disable-quic",
    # Containers give /dev/shm 64 MB, and pages crash on that.
    "--disable-dev-shm-usage",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--disable-extensions",
    "--disable-breakpad",
    # Otherwise Chromium keeps previous pages in memory, including the long list.
    "--disable-back-forward-cache",
    "--lang=en-US",
    f"--window-size={_WIDTH},{_HEIGHT}",
    # Chromium ends with its driver only under two conditions: Chromium has this flag, and the
    # driver has a death signal.
    "--remote-debugging-pipe",
)


class BrowserDied(Exception):
    """The browser, its driver or a page's process crashed, was killed or does not respond."""


@dataclass(frozen=True)
class Timeouts:
    """The longest waits, in seconds.

    ``page`` is for loading a page, ``script`` for running a script, and ``answer`` for a response
    of the driver. ``settle`` is for a page to become a known one. ``list`` is for a list that shows
    that it is loading. A list is over when nothing changes at its end for longer than ``quiet``.
    """

    page_seconds: float = 30.0
    script_seconds: float = 30.0
    answer_seconds: int = 60
    settle_seconds: float = 10.0
    list_seconds: float = 30.0
    quiet_seconds: float = 1.5


@dataclass(frozen=True)
class Programs:
    """The paths of Chromium and its driver, and other start options."""

    chromium: Path = Path("/usr/bin/chromium")
    chromedriver: Path = Path("/usr/bin/chromedriver")
    flags: tuple[str, ...] = ()
    browser_folders: Path = Path(tempfile.gettempdir()) / f"oott-browsers-{os.geteuid()}"

    def require_installed(self) -> None:
        """Check that Chromium and its driver are installed.

        Raises:
            PhotosUnknown: one of the two is not an executable file.
        """
        for path, setting in (
            (self.chromium, "OOTT_CHROMIUM"),
            (self.chromedriver, "OOTT_CHROMEDRIVER"),
        ):
            if not os.access(path, os.X_OK) or path.is_dir():
                raise PhotosUnknown(
                    f"{path} is not a program; install the packages chromium and chromium-driver, "
                    f"or set {setting} to its path"
                )


def limited_to_hosts(programs: Programs, site: str, permitted: Iterable[str]) -> Programs:
    """Return ``programs`` whose browser resolves only ``permitted`` hosts and their subdomains.

    Requests of a page to other hosts fail. This machine is allowed if ``site`` is on it.
    """
    hosts = [host for name in permitted for host in (name, f"*.{name}")]
    hosts += ["127.0.0.1", "[::1]", "localhost"] if is_loopback(site) else []
    # With a proxy, the proxy resolves host names, so its own name must be allowed.
    hosts += [host for proxy in getproxies().values() if (host := host_of(proxy))]
    rules = ", ".join(["MAP * ~NOTFOUND", *(f"EXCLUDE {host}" for host in hosts)])
    return replace(programs, flags=(f"--host-resolver-rules={rules}", *programs.flags))


def start_guard(programs: Programs) -> "subprocess.Popen[bytes]":
    """Start the guard, which starts the driver. It ends when its standard input closes."""
    return subprocess.Popen(
        [
            sys.executable,
            "-I",
            str(_GUARD),
            str(programs.browser_folders),
            str(programs.chromedriver),
        ],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        # Ctrl-C must reach only the crawler, which then stops the browser.
        start_new_session=True,
    )


def read_greeting(guard: "subprocess.Popen[bytes]") -> tuple[str, int]:
    """Read the browser's folder and the driver's port.

    Raises:
        BrowserDied: the guard reports an error, or nothing.
    """
    if guard.stdout is None:
        raise BrowserDied("its guard has no output")
    output, deadline = b"", time.monotonic() + _START_SECONDS
    while b"\n" not in output and time.monotonic() < deadline:
        readable, _, _ = select.select([guard.stdout], [], [], 0.5)
        if readable:
            block = os.read(guard.stdout.fileno(), 4096)
            if not block:
                break
            output += block
    try:
        greeting = json.loads(output)
    except ValueError:
        text = output.decode(errors="replace").strip()
        last = text.splitlines()[-1] if text else "its guard reported nothing"
        raise BrowserDied(f"it did not start: {last[:300]}") from None
    return greeting["folder"], greeting["port"]


def connection_to(port: int, timeouts: Timeouts) -> ChromeRemoteConnection:
    """Connect to the driver, without retries."""
    address = f"http://127.0.0.1:{port}"
    return ChromeRemoteConnection(
        address,
        ignore_proxy=True,
        client_config=ClientConfig(
            address,
            timeout=timeouts.answer_seconds,
            init_args_for_pool_manager={"init_args_for_pool_manager": {"retries": False}},
        ),
    )


def options_for(programs: Programs, browser_folder: Path) -> ChromeOptions:
    """Build Chromium's options, with its profile in ``browser_folder``."""
    options = ChromeOptions()
    options.binary_location = str(programs.chromium)
    # The sandbox does not work as root.
    root = ("--no-sandbox",) if os.geteuid() == 0 else ()
    profile = f"--user-data-dir={browser_folder / 'profile'}"
    for flag in (*_FLAGS, *root, profile, *programs.flags):
        options.add_argument(flag)
    # Continue when a page is parsed; images and beacons may never finish.
    options.page_load_strategy = "eager"
    options.unhandled_prompt_behavior = "dismiss"
    options.set_capability("goog:loggingPrefs", {"performance": "ALL"})
    options.add_experimental_option(
        "perfLoggingPrefs", {"enableNetwork": True, "enablePage": False}
    )
    options.add_experimental_option(
        "prefs", {"credentials_enable_service": False, "intl.accept_languages": "en-US,en"}
    )
    return options
