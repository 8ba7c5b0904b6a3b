"""The trend page as people use it, in Chromium: every control, both languages, phone, desktop."""

import json
import re
from collections.abc import Iterator
from datetime import UTC, date, datetime
from importlib.resources import files
from pathlib import Path

import pytest
from selenium import webdriver
from selenium.webdriver.common.by import By
from selenium.webdriver.support.ui import Select, WebDriverWait

import oott_assets.trends.page as page_folder
from oott_assets.trends.page.page_data import page_json
from oott_assets.trends.page.page_html import trend_page
from oott_assets.trends.page.page_rows import PageRows, page_rows
from oott_fashion.destinations import Destinations, read_destinations
from oott_fashion.stores.trend_tables import TrendTables
from tests.headless_chromium import headless_chromium
from tests.oott_assets.trends import fabricated_estimates
from tests.oott_assets.trends.fabricated_estimates import GREYED, LAST

MADE_AT = datetime(2026, 11, 1, 3, tzinfo=UTC)
DESKTOP, PHONE = 1280, 360
SCRIPT_NAME = "</script><script>window.attacked=1</script>"
IMAGE_NAME = "<img src=x onerror='window.attacked=1'>"


class Page:
    """The page in a browser of a given width."""

    def __init__(self, browser: webdriver.Chrome, file: Path) -> None:
        self._browser = browser
        self._file = file

    def open(self, choices: str = "lang=en", width: int = DESKTOP) -> None:
        metrics = {"width": width, "height": 900, "deviceScaleFactor": 1, "mobile": width < 600}
        self._browser.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", metrics)
        self._browser.get("about:blank")  # another fragment alone would not load the page again
        self._browser.get(f"{self._file.as_uri()}#{choices}")
        self.wait_for_charts()

    def choose(self, control: str, label: str) -> None:
        Select(self._browser.find_element(By.ID, control)).select_by_visible_text(label)
        self.wait_for_charts()

    def click(self, selector: str) -> None:
        self._browser.find_element(By.CSS_SELECTOR, selector).click()
        self.wait_for_charts()

    def wait_for_charts(self) -> None:
        drawn = (
            "return [...document.querySelectorAll('.chart')]"
            ".every((each) => each.querySelector('svg'))"
        )
        WebDriverWait(self._browser, 20).until(lambda browser: browser.execute_script(drawn))

    def text(self, selector: str = "body") -> str:
        return self._browser.find_element(By.CSS_SELECTOR, selector).text

    def run(self, script: str) -> object:
        result: object = self._browser.execute_script(script)
        return result

    def rows(self, section: str) -> list[list[str]]:
        """Give the cells of the table below the bars of a section."""
        cells = (
            f"return [...document.querySelectorAll('#{section} tbody tr')]"
            ".map((row) => [...row.children].map((cell) => cell.textContent))"
        )
        found: list[list[str]] = self._browser.execute_script(cells)
        return found

    def errors(self) -> list[str]:
        return [str(entry["message"]) for entry in self._browser.get_log("browser")]  # type: ignore[no-untyped-call]

    def requests(self) -> list[str]:
        """Give the addresses that were requested since the last call."""
        entries = self._browser.get_log("performance")  # type: ignore[no-untyped-call]
        events = [json.loads(entry["message"])["message"] for entry in entries]
        return [
            event["params"]["request"]["url"]
            for event in events
            if event["method"] == "Network.requestWillBeSent"
        ]


@pytest.fixture(scope="module")
def browser() -> Iterator[webdriver.Chrome]:
    """One browser for all tests, because its start takes seconds."""
    with headless_chromium() as started:
        yield started


def is_drawn(_: str, month: date) -> bool:
    return month == LAST


@pytest.fixture(scope="module")
def rows(tmp_path_factory: pytest.TempPathFactory) -> PageRows:
    """Fourteen months, which include a month before and a year before to compare with."""
    url = f"sqlite:///{tmp_path_factory.mktemp('tables') / 'trends.sqlite'}"
    tables = TrendTables.open(url, read_destinations())
    tables.migrate()
    fabricated_estimates.fill(tables, fabricated_estimates.months(14))
    found = page_rows(tables, LAST, is_drawn)
    tables.close()
    return found


@pytest.fixture(scope="module")
def file(rows: PageRows, tmp_path_factory: pytest.TempPathFactory) -> Path:
    file = tmp_path_factory.mktemp("page") / "2026-10.html"
    file.write_text(trend_page(page_json(rows, read_destinations(), MADE_AT)), encoding="utf-8")
    return file


@pytest.fixture
def page(browser: webdriver.Chrome, file: Path) -> Page:
    return Page(browser, file)


def test_one_click_says_what_rises_in_haeundae(page: Page) -> None:
    page.open()

    page.click("#where [data-place=haeundae]")

    assert page.text("h1") == "What people wear: Haeundae, October 2026"
    assert re.search(r"puffer \d % → \d\d %", page.text("#short .card.up"))
    assert "shorts pants" in page.text("#short .card.down")
    assert page.run("return document.getElementById('item').selectedOptions[0].text") == "puffer"
    assert re.search(r"puffer\n.*\n\+\d\d points \(\+\d\d to \+\d\d\)", page.text("#changes"))


def test_every_control_changes_the_page_without_an_error_or_a_request(
    page: Page, file: Path
) -> None:
    page.open()
    page.requests()
    page.errors()

    page.choose("place", "Haeundae")
    page.choose("category", "outer")
    assert {row[0] for row in page.rows("worn")} >= {"puffer", "coat"}
    assert "jeans" not in {row[0] for row in page.rows("worn")}
    page.click("[data-subject=look]")
    assert "black puffer" in {row[0] for row in page.rows("worn")}
    page.choose("item", "coat")
    assert page.run("return state.item") == "garment:3"
    page.choose("since", "a year before")
    assert "puffer" not in page.text("#short")
    page.choose("since", "12 months against the 12 before")
    assert "puffer 34 % → 41 %" in page.text("#short")
    assert "1,800 photos in 12 months, and 1,700 in the same months" in page.text("#short")
    page.choose("month", "January 2026")
    assert "This comparison ends with the latest month, October 2026." in page.text("#short")
    page.choose("since", "a year before")
    assert page.text("h1") == "What people wear: Haeundae, January 2026"
    page.choose("other", "Hongdae")
    assert page.text("h1").startswith("What people wear: Haeundae · Hongdae")
    assert {row[1] for row in page.rows("worn")} == {"Haeundae", "Hongdae"}
    page.click("#changes summary")
    page.click("[data-lang=ko]")
    assert page.text("h1") == "해운대 · 홍대, 2026년 1월에 입은 옷"

    assert page.errors() == []
    assert [url for url in page.requests() if not url.startswith(("data:", file.as_uri()))] == []


def test_in_korean_no_english_word_remains(page: Page) -> None:
    page.open("lang=ko&place=hongdae&with=bukhansan")

    words = set(re.findall(r"[A-Za-z]{3,}", re.sub(r"\w{8}T\w{6}Z-\w{8}", "", page.text())))

    assert page.run("return document.documentElement.lang") == "ko"
    assert words <= {"OOTT", "English", "AutoETS", "Benjamini", "Hochberg"}


def test_a_link_shows_the_same_choices(page: Page) -> None:
    page.open("lang=en&place=jeju&category=top&month=2026-08&since=year&with=hongdae")

    chosen = (
        "return [...document.querySelectorAll('#controls select')]"
        ".map((each) => each.selectedOptions[0].text)"
    )
    assert page.run(chosen) == ["Jeju", "top", "August 2026", "a year before", "Hongdae"]


def test_a_month_without_photos_is_a_gap_and_not_zero(page: Page) -> None:
    page.open("lang=en&place=jeju&month=2026-03")

    assert "There are no photos of Jeju in March 2026." in page.text("#short")
    assert page.rows("worn") == []
    page.choose("month", "April 2026")
    assert "no photos of March 2026 to compare with" in page.text("#short")
    assert "Months without photos of Jeju: March 2026." in page.text("#untold")
    # A line over a gap has two parts, and each begins with an M.
    line = (
        "return document.querySelector('#time .mark-line path')"
        ".getAttribute('d').match(/M/g).length"
    )
    assert page.run(line) == 2
    page.choose("place", "Haeundae")
    assert page.run(line) == 1


def test_the_page_says_what_cannot_be_told(page: Page) -> None:
    page.open("lang=en&place=bukhansan")

    untold = page.text("#untold")
    assert re.search(r"3 photos are too few to tell .*puffer \(about 120 are needed\)", untold)
    assert f"{GREYED[0]} (right in 10 % of its finds, finds 5 %)" in untold
    assert "dress: 26 months of history are needed." in page.text("#ahead")
    assert "coat: no method is better than to repeat the past." in page.text("#ahead")
    assert "Nothing rises clearly." in page.text("#short .card.up")
    page.choose("since", "12 months against the 12 before")
    assert "At least 6 months with photos a year before are needed" in page.text("#short")


def test_the_page_shows_forecasts_and_unusual_weeks(page: Page) -> None:
    page.open("lang=en&place=hongdae")

    assert re.search(r"puffer \d+ % \d+ % \(\d+ % to \d+ %\)", page.text("#ahead"))
    assert "AutoETS: 2.1 points (repeating: 3.4)" in page.text("#ahead")
    assert page.text("#events li") == (
        "Week of 2026-09-28 leather jacket: 31 % of 45 photos; expected 10 % (4 % to 17 %)."
    )


def test_outfits_are_drawn_in_their_most_common_colours(page: Page) -> None:
    page.open("lang=en&place=haeundae")

    figure = "return document.querySelector('.outfits svg').getAttribute('aria-label')"
    assert page.run(figure) == "beige puffer, black knit sweater, green jeans, gray sneakers"


def test_the_page_says_which_months_show_drawn_people(page: Page) -> None:
    page.open("lang=en")
    assert page.text("#drawn").startswith("Drawn people: ")

    page.choose("month", "September 2026")

    assert page.text("#drawn") == ""


@pytest.mark.parametrize("choices", ["lang=ko&place=haeundae", "lang=en&place=jeju&with=hongdae"])
def test_the_page_fits_a_phone(page: Page, choices: str) -> None:
    page.open(choices, width=PHONE)

    assert page.run("return document.documentElement.scrollWidth") == PHONE
    small = (
        "return [...document.querySelectorAll('button, select')]"
        ".filter((each) => each.offsetHeight < 32).map((each) => each.outerHTML)"
    )
    assert page.run(small) == []


def test_every_control_and_figure_has_a_name(page: Page) -> None:
    page.open("lang=en&place=haeundae")

    unnamed = (
        "return [...document.querySelectorAll('select, svg[role=img], button, nav, [role=group]')]"
        ".filter((each) => !(each.ariaLabel || each.getAttribute('aria-label')"
        " || each.labels?.length || each.textContent.trim())).map((each) => each.outerHTML)"
    )
    assert page.run(unnamed) == []


@pytest.mark.parametrize("name", [SCRIPT_NAME, IMAGE_NAME])
def test_the_name_of_a_place_is_shown_and_never_run(
    rows: PageRows, browser: webdriver.Chrome, tmp_path: Path, name: str
) -> None:
    known = read_destinations()
    places = [known.destination(slug) for slug in known.slugs]
    renamed = [each._replace(name=name) if each.slug == "haeundae" else each for each in places]
    file = tmp_path / "page.html"
    file.write_text(trend_page(page_json(rows, Destinations(renamed), MADE_AT)), encoding="utf-8")
    page = Page(browser, file)

    page.open("lang=ko&place=haeundae&with=jeju")

    assert name in page.text("h1")
    assert page.run("return window.attacked") is None
    assert page.errors() == []


def test_the_oldest_months_lose_their_details_if_the_page_would_be_too_long(
    rows: PageRows,
) -> None:
    full = page_json(rows, read_destinations(), MADE_AT)

    text = page_json(rows, read_destinations(), MADE_AT, max_bytes=len(full) // 2)

    assert len(text) <= len(full) // 2
    details = [entry["details"] for entry in json.loads(text)["months"]]
    assert details == sorted(details)
    assert {*details} == {False, True}
    assert all(entry["places"]["0"]["garment"] for entry in json.loads(text)["months"])


def test_every_sentence_of_the_page_is_used_and_has_a_korean_translation() -> None:
    folder = files(page_folder)
    texts = folder.joinpath("texts.js").read_text(encoding="utf-8")
    names = re.findall(r"^  (\w+): \[", texts, re.MULTILINE)
    others = "".join(
        file.read_text(encoding="utf-8")
        for file in folder.iterdir()
        if file.name.endswith((".js", ".html")) and file.name != "texts.js"
    )

    assert [name for name in names if not re.search(f'["`]{name}["`]', others)] == []
    korean = re.findall(r'"\s*,\s*"((?:[^"\\]|\\.)*)",?\s*\]', texts)
    assert len(korean) == len(names)
    assert [text for text in korean if not re.search(r"[가-힣]|^[^A-Za-z]*$|\{", text)] == []


def test_the_page_is_smaller_than_5_mb(file: Path) -> None:
    assert file.stat().st_size < 5_000_000


def test_only_the_scripts_of_the_page_may_run(file: Path) -> None:
    text = file.read_text(encoding="utf-8")
    [policy] = re.findall(r'http-equiv="Content-Security-Policy" content="([^"]+)"', text)

    assert policy.startswith("default-src &#x27;none&#x27;; script-src &#x27;sha256-")
    assert "unsafe-inline" not in policy.split("style-src")[0]
    assert "connect-src" not in policy
    # Any other tag would end one of the scripts, of the charts or of the data.
    assert len(re.findall(r"</script", text, re.IGNORECASE)) == policy.count("sha256-") + 1
    assert "<!--" not in text
