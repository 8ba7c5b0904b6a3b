"""The Dagster UI as a person uses it: its buttons and lists, in Chromium."""

import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from io import BytesIO
from pathlib import Path
from typing import cast
from urllib.parse import quote

from PIL import Image
from selenium.common.exceptions import StaleElementReferenceException
from selenium.webdriver.chrome.webdriver import WebDriver
from selenium.webdriver.common.by import By
from selenium.webdriver.common.keys import Keys
from selenium.webdriver.remote.webelement import WebElement
from selenium.webdriver.support.wait import WebDriverWait

from tests.headless_chromium import headless_chromium

_SECONDS = 180
# Searching a page of Dagster for a text takes 0.1 s.
_POLL_SECONDS = 1.0
# Charts and lists are drawn in steps, and no event says that they are complete.
_DRAWING_SECONDS = 1.5
_JOB = "/locations/oott/jobs/monthly_trends_job/partitions"
_LOADED_PICTURES = """
return [...document.images].filter(picture => picture.src.includes("/logs/"))
    .map(picture => picture.naturalWidth)
"""


# Chromium draws spinners with the CPU, as long as a run takes.
_STAND_STILL = """
document.addEventListener("DOMContentLoaded", () => {
    document.head.append(Object.assign(document.createElement("style"), {
        textContent: "* { animation: none !important }"
    }))
})
"""


@dataclass(frozen=True)
class DagsterUi:
    """The pages of the webserver at ``url``; a picture of each is written into ``pictures``."""

    browser: WebDriver
    url: str
    pictures: Path

    def start(self, destinations: Sequence[str], months: str, picture: str) -> None:
        """Start monthly_trends_job in its dialogue, for ``months`` such as [2026-08...2026-09]."""
        self._open(_JOB)
        self._click("Materialize…")
        # Until current_detector_sensor has told Dagster of the detector, Dagster asks first.
        self._until(lambda: self._has("Confirm") or self._has("Partition selection"))
        if self._has("Confirm"):
            self._click("Confirm")
        self._type("ex: ", months)
        self._field("ex: ").send_keys(Keys.ENTER)
        self._click("Select a partition or create one")
        for destination in destinations:
            self._type("Filter", destination)
            self._click(destination)
        self._field("Filter").send_keys(Keys.ESCAPE)
        self._save(picture)
        self._click("Launch 1 run" if self._has("Launch 1 run") else "Launch backfill")
        self._click("View")

    def wait_for(self, status: str, picture: str) -> str:
        """Wait until the run or the backfill on this page has a ``status``; give the text."""
        self._until(lambda: self._has(status))
        self._save(picture)
        return self.browser.find_element(By.TAG_NAME, "body").text

    def pictures_of(self, asset: str, partition: str, picture: str) -> Sequence[int]:
        """Give the widths of the pictures of a partition; 0 for one that is not shown."""
        self._open(f"/assets/{asset}?view=partitions&partition={quote(partition)}")
        self._until(lambda: bool(self._widths()) and all(self._widths()))
        self._save(picture)
        return self._widths()

    def failed_check(self, asset: str, check: str, partition: str, picture: str) -> str:
        """Find a check and a partition that has failed it; give the text of the page."""
        self._open(f"/assets/{asset}?view=checks")
        # A long name is shown without its middle.
        self._click(f"{check[:14]}…{check[-14:]}")
        self._until(lambda: len(self._elements("Partitions")) > 1)
        self._elements("Partitions")[-1].click()
        for key in partition.split("|"):
            self._click(key)
        self._until(lambda: self._has(partition))
        self._save(picture)
        return self.browser.find_element(By.TAG_NAME, "body").text

    def _open(self, path: str) -> None:
        self.browser.get(self.url + path)

    def _widths(self) -> Sequence[int]:
        return cast("Sequence[int]", self.browser.execute_script(_LOADED_PICTURES))

    def _elements(self, text: str) -> Sequence[WebElement]:
        found = self.browser.find_elements(By.XPATH, f'//*[normalize-space(.)="{text}"]')
        return [element for element in found if element.is_displayed()]

    def _has(self, text: str) -> bool:
        return bool(self._elements(text))

    def _click(self, text: str) -> None:
        self._until(lambda: self._has(text))
        self._elements(text)[-1].click()

    def _field(self, hint: str) -> WebElement:
        selector = f'input[placeholder^="{hint}"]'
        self._until(lambda: bool(self.browser.find_elements(By.CSS_SELECTOR, selector)))
        return self.browser.find_elements(By.CSS_SELECTOR, selector)[0]

    def _type(self, hint: str, text: str) -> None:
        """Fill in a field, again if the page was drawn anew meanwhile and has lost the text."""

        def filled() -> bool:
            if self._field(hint).get_property("value") != text:
                self._field(hint).send_keys(Keys.CONTROL, "a", Keys.NULL, text)
                time.sleep(0.3)
            return self._field(hint).get_property("value") == text

        self._until(filled)

    def _until(self, condition: Callable[[], bool]) -> None:
        wait = WebDriverWait(
            self.browser,
            _SECONDS,
            _POLL_SECONDS,
            ignored_exceptions=[StaleElementReferenceException],
        )
        wait.until(lambda _: condition())

    def _save(self, picture: str) -> None:
        """Save what the browser shows; fewer colours make the file a third of the size."""
        time.sleep(_DRAWING_SECONDS)
        screenshot = Image.open(BytesIO(self.browser.get_screenshot_as_png())).convert("RGB")
        # The default method would turn small green and red dots grey.
        fewer = screenshot.quantize(80, Image.Quantize.MAXCOVERAGE)
        fewer.save(self.pictures / f"{picture}.png", optimize=True)


@contextmanager
def dagster_ui(url: str, pictures: Path, login: str = "") -> Iterator[DagsterUi]:
    """Open Chromium for the webserver at ``url``; ``login`` is such as ``ann:password``."""
    with headless_chromium() as browser:
        browser.set_window_size(1440, 850)
        browser.execute_cdp_cmd("Page.addScriptToEvaluateOnNewDocument", {"source": _STAND_STILL})
        if login:
            # Chromium keeps it. A page whose own address has it could not send requests.
            browser.get(f"{url.replace('://', f'://{login}@')}/server_info")
        yield DagsterUi(browser, url, pictures)
