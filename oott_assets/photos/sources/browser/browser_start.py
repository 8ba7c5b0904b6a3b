"""Starts Chromium and its driver. They end with this process, also if it is killed.

The kernel kills the driver when the thread that started it ends. Chromium ends by itself when its
driver is gone, and saves its profile.
"""

import ctypes
import os
import shutil
import signal
from collections.abc import Iterable
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from urllib.request import getproxies

from selenium.webdriver import ChromeOptions
from selenium.webdriver.chrome.remote_connection import ChromeRemoteConnection
from selenium.webdriver.chrome.service import Service
from selenium.webdriver.remote.client_config import ClientConfig

from oott_assets.photos.sources.hosts import host_of, is_loopback
from oott_assets.photos.sources.photo_source import PhotosUnknown

# From linux/prctl.h.
_PR_SET_PDEATHSIG = 1
_LIBC = ctypes.CDLL(None)

# The browser needs these environment variables. It must not get the others: some are passwords.
_VARIABLES = ("PATH", "LANG", "TZ", "LD_LIBRARY_PATH")
_PROXIES = ("http_proxy", "https_proxy", "no_proxy", "HTTP_PROXY", "HTTPS_PROXY", "NO_PROXY")

# The window is tall, so that a listing needs few scrolls.
_WIDTH, _HEIGHT = 1280, 1600

_FLAGS = (
    "--headless=new",
    "--disable-gpu",
    "--disable-quic",
    # Containers give /dev/shm 64 MB, and pages crash on that.
    "--disable-dev-shm-usage",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--disable-extensions",
    "--disable-breakpad",
    # Otherwise Chromium keeps previous pages in memory, including the long list.
    "--disable-back-forward-cache",
    f"--window-size={_WIDTH},{_HEIGHT}",
    # Chromium ends with its driver only with this flag.
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
    """The folder of the browser's profile, the paths of Chromium and its driver, and more flags."""

    folder: Path
    chromium: Path = Path("/usr/bin/chromium")
    chromedriver: Path = Path("/usr/bin/chromedriver")
    flags: tuple[str, ...] = ()

    @property
    def profile(self) -> Path:
        """The profile of Chromium: its cookies stay from one run to the next."""
        return self.folder / "profile"

    @property
    def scratch(self) -> Path:
        """The files of one browser, such as its cache of pages and photos."""
        return self.folder / "scratch"

    @property
    def profile_flags(self) -> tuple[str, ...]:
        """The flags of every browser that uses the profile, with and without a window."""
        flags = (
            f"--user-data-dir={self.profile}",
            f"--disk-cache-dir={self.scratch / 'cache'}",
            # Otherwise the two could not read each other's cookies.
            "--password-store=basic",
            "--no-first-run",
        )
        # The sandbox does not work as root.
        return (*flags, "--no-sandbox") if os.geteuid() == 0 else flags

    def prepare_folders(self) -> None:
        """Create the folders, and remove what a killed browser has left."""
        shutil.rmtree(self.scratch, ignore_errors=True)
        for folder in (self.folder, self.profile, self.scratch):
            folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        # In a container with another host name, Chromium believes that the profile is in use.
        for left in self.profile.glob("Singleton*"):
            left.unlink()

    def require_installed(self) -> None:
        """Check that Chromium and its driver are installed.

        Raises:
            PhotosUnknown: one of the two is not an executable file.
        """
        for path in (self.chromium, self.chromedriver):
            if not os.access(path, os.X_OK) or path.is_dir():
                raise PhotosUnknown(
                    f"{path} is not a program; install the packages chromium and chromium-driver, "
                    "or set OOTT_CHROMIUM and OOTT_CHROMEDRIVER to their paths"
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


def start_driver(programs: Programs, temporary_folder: str) -> Service:
    """Start the driver as the leader of a process group, with an empty scratch folder."""
    programs.prepare_folders()
    passed_on = {name: os.environ[name] for name in _VARIABLES + _PROXIES if name in os.environ}
    # Sockets in TMPDIR need a short path.
    folders = {"HOME": str(programs.scratch), "TMPDIR": temporary_folder}
    driver = Service(
        str(programs.chromedriver),
        env=passed_on | folders,
        # In a group of its own, Ctrl-C reaches only the crawler, which then stops the browser.
        popen_kw={"process_group": 0, "preexec_fn": partial(_die_with, os.getpid())},
    )
    driver.start()
    return driver


def _die_with(crawler: int) -> None:
    _LIBC.prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)
    # If the crawler died before the call above, this process gets no signal.
    if os.getppid() != crawler:
        os._exit(1)


def connection_to(driver: Service, timeouts: Timeouts) -> ChromeRemoteConnection:
    """Connect to the driver, without retries."""
    return ChromeRemoteConnection(
        driver.service_url,
        ignore_proxy=True,
        client_config=ClientConfig(
            driver.service_url,
            timeout=timeouts.answer_seconds,
            init_args_for_pool_manager={"init_args_for_pool_manager": {"retries": False}},
        ),
    )


def options_for(programs: Programs) -> ChromeOptions:
    """Build Chromium's options."""
    options = ChromeOptions()
    options.binary_location = str(programs.chromium)
    for flag in (*_FLAGS, *programs.profile_flags, *programs.flags):
        options.add_argument(flag)
    # Continue when a page is parsed; images and beacons may never finish.
    options.page_load_strategy = "eager"
    options.unhandled_prompt_behavior = "dismiss"
    options.set_capability("goog:loggingPrefs", {"performance": "ALL"})
    options.add_experimental_option(
        "perfLoggingPrefs", {"enableNetwork": True, "enablePage": False}
    )
    options.add_experimental_option("prefs", {"credentials_enable_service": False})
    return options
