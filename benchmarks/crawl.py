"""Compares a crawl by our browser source with a crawl by the prototype's method.

``python -m benchmarks.crawl [POSTS]`` (needs the packages of ``make test``, and Chromium). Both
crawl the same local site, one after the other, without the polite request interval; otherwise
the waits would hide everything else. The prototype uses plain Selenium: scroll, open each
post, read the URL of its picture, download and save it. It removes no metadata, hides no faces,
cannot resume and writes no manifest. Our crawl does all of that here too.
"""

import json
import logging
import multiprocessing
import subprocess
import sys
import tempfile
import threading
import time
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path
from typing import Any

import click
import psutil
from pydantic import SecretStr
from selenium import webdriver
from selenium.webdriver.chrome.service import Service
from selenium.webdriver.common.by import By

from oott_assets.partitions import MonthAndDestination, destinations
from oott_assets.photos.collection import Collector
from oott_assets.photos.sources.browser.browser_source import Browser
from oott_assets.photos.sources.browser.browser_start import Programs
from oott_assets.photos.sources.browser.tried_passwords import Account
from oott_assets.photos.sources.request_interval import RequestInterval
from oott_assets.photos.store.photo_store import PhotoStore

_PARTITION = MonthAndDestination(date(2026, 9, 1), destinations.destination("hongdae"))
_MIB = 2**20
_SAMPLE_SECONDS = 1.0
_CHROMIUM_FLAGS = ("--headless=new", "--no-sandbox", "--disable-gpu", "--window-size=1280,1600",
          "--disable-background-networking", "--disable-component-update")  # fmt: skip


@dataclass
class Memory:
    """The memory of a process and its child processes in MiB, sampled every second."""

    samples: list[float] = field(default_factory=list)

    def quarter(self, number: int) -> float:
        """Give the highest sample of one quarter of the time; ``number`` is 0 to 3."""
        length = max(1, len(self.samples) // 4)
        return max(self.samples[number * length : (number + 1) * length] or self.samples[-1:])


@click.command()
@click.argument("posts", default=1000)
def main(posts: int) -> None:
    """Crawl a site of POSTS posts both ways; print the speed, the memory and the requests."""
    click.echo(
        f"{posts} posts {'':21}{'photos':>8}{'a minute':>10}{'requests':>10}{'a photo':>9}"
        f"{'MiB: 1st':>10}{'2nd':>6}{'3rd':>6}{'4th quarter':>13}"
    )
    for name, crawl in (("as the prototype did", _as_the_prototype), ("OOTT", _as_oott)):
        with tempfile.TemporaryDirectory() as folder:
            click.echo(_line(name, crawl, posts, Path(folder)))


def _line(
    name: str, crawl: Callable[[dict[str, str], Path], None], posts: int, folder: Path
) -> str:
    counts: dict[str, Any] = {}
    with _site(posts, counts) as site:
        started = time.monotonic()
        memory = _measured(crawl, site, folder)
        minutes = (time.monotonic() - started) / 60
    photos = sum(file.is_file() for file in (folder / "photos").rglob("*"))
    requests = sum(counts["requests"].values())
    quarters = [memory.quarter(number) for number in range(4)]
    return (
        f"{name:32}{photos:8}{photos / minutes:10.0f}{requests:10}{requests / max(photos, 1):9.2f}"
        f"{quarters[0]:10.0f}{quarters[1]:6.0f}{quarters[2]:6.0f}{quarters[3]:13.0f}"
    )


@contextmanager
def _site(posts: int, counts: dict[str, Any]) -> Iterator[dict[str, str]]:
    """Run the site in a separate process; write its request counts into ``counts``."""
    server = subprocess.Popen(
        [sys.executable, "-m", "tests.instagram", f"--posts={posts}", "--plain"],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    yield json.loads(server.stdout.readline()) if server.stdout else {}
    output, _ = server.communicate("")
    counts.update(json.loads(output))


def _measured(
    crawl: Callable[[dict[str, str], Path], None], site: dict[str, str], folder: Path
) -> Memory:
    """Run ``crawl`` in a separate process, and sample the memory of it and its browser."""
    process = multiprocessing.get_context("spawn").Process(target=crawl, args=(site, folder))
    memory = Memory()
    process.start()
    ended = threading.Event()
    sampling = threading.Thread(target=_sample, args=(process.pid, memory, ended))
    sampling.start()
    process.join()
    ended.set()
    sampling.join()
    if process.exitcode != 0:
        raise click.ClickException(f"the crawl ended with {process.exitcode}")
    return memory


def _sample(pid: int, memory: Memory, ended: threading.Event) -> None:
    while not ended.wait(_SAMPLE_SECONDS):
        used = 0
        try:
            processes = [psutil.Process(pid), *psutil.Process(pid).children(recursive=True)]
        except psutil.NoSuchProcess:
            return
        for process in processes:
            try:
                used += process.memory_full_info().pss
            except psutil.Error:
                continue
        memory.samples.append(used / _MIB)


def _as_oott(site: dict[str, str], folder: Path) -> None:
    source = Browser(
        site["url"],
        Account(site["url"], site["username"], SecretStr(site["password"])),
        permitted_hosts=(),
        crawler_name="OOTT",
        interval=RequestInterval(0),
        max_posts=10_000,
        max_photo_bytes=30 * _MIB,
        programs=Programs(folder / "browser"),
    )
    store = PhotoStore(root=str(folder), max_pixels=50_000_000)
    Collector(source, store, "Asia/Seoul", 10_000).collect(_PARTITION, logging.getLogger("crawl"))


def _as_the_prototype(site: dict[str, str], folder: Path) -> None:
    options = webdriver.ChromeOptions()
    options.binary_location = "/usr/bin/chromium"
    for flag in _CHROMIUM_FLAGS:
        options.add_argument(flag)
    driver = webdriver.Chrome(options, Service("/usr/bin/chromedriver"))
    driver.implicitly_wait(10)
    try:
        _log_in(driver, site)
        driver.get(site["page"])
        for number, link in enumerate(_links(driver)):
            driver.get(link)
            image = driver.find_element(By.CSS_SELECTOR, "article > div img, article ul img")
            with urllib.request.urlopen(str(image.get_attribute("src"))) as photo:
                file = folder / "photos" / f"{number}.jpg"
                file.parent.mkdir(exist_ok=True)
                file.write_bytes(photo.read())
    finally:
        driver.quit()


def _log_in(driver: webdriver.Chrome, site: dict[str, str]) -> None:
    driver.get(site["page"])
    for button in driver.find_elements(By.CSS_SELECTOR, "[role=dialog] button")[-1:]:
        button.click()
    driver.find_element(By.NAME, "username").send_keys(site["username"])
    driver.find_element(By.NAME, "password").send_keys(site["password"])
    driver.find_element(By.CSS_SELECTOR, "button[type=submit]").click()
    time.sleep(2)


def _links(driver: webdriver.Chrome) -> list[str]:
    """Collect the links to posts while scrolling to the end of the page."""
    links: dict[str, None] = {}
    scrolls_without_new_links = 0
    while scrolls_without_new_links < 8:
        shown = [
            str(link)
            for link in driver.execute_script(
                "return [...document.querySelectorAll('main a[href^=\"/p/\"]')].map(a => a.href)"
            )
        ]
        nothing_new = all(link in links for link in shown)
        scrolls_without_new_links = scrolls_without_new_links + 1 if nothing_new else 0
        links.update(dict.fromkeys(shown))
        driver.execute_script("window.scrollBy(0, 600)")
        time.sleep(0.15)
    return list(links)


if __name__ == "__main__":
    main()
