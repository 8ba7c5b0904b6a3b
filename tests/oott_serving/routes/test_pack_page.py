"""The page at /pack as people use it, in Chromium: closet of photos, trip, outfits, reasons."""

from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest
from selenium import webdriver
from selenium.webdriver.common.by import By
from selenium.webdriver.support.ui import Select, WebDriverWait

from oott_fashion.colours import PALETTE_NAMES
from oott_fashion.destinations import read_destinations
from oott_fashion.garments import GARMENT_NAMES
from tests.headless_chromium import headless_chromium
from tests.oott_serving.photos import street_jpeg
from tests.oott_serving.servers import Server

DESKTOP, PHONE = 1280, 375


@pytest.fixture(scope="module")
def browser() -> Iterator[webdriver.Chrome]:
    with headless_chromium() as started:
        yield started


def opened(browser: webdriver.Chrome, server: Server, width: int = DESKTOP) -> webdriver.Chrome:
    metrics = {"width": width, "height": 900, "deviceScaleFactor": 1, "mobile": width < 600}
    browser.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", metrics)
    browser.get(f"{server.url}/pack")
    WebDriverWait(browser, 10, 0.05).until(
        lambda _: browser.execute_script("return document.body.dataset.ready")
    )
    return browser


def fill(browser: webdriver.Chrome, **values: str) -> None:
    """Fill in fields by their ids."""
    browser.execute_script(
        "for (const [id, value] of Object.entries(arguments[0])) "
        "document.getElementById(id).value = value;",
        values,
    )


def pack(browser: webdriver.Chrome) -> None:
    """Press the button, and wait for the outfits or the problem."""
    browser.find_element(By.ID, "pack").click()
    WebDriverWait(browser, 30, 0.05).until(
        lambda _: texts(browser, ".day") or browser.find_element(By.ID, "problem").text
    )


def texts(browser: webdriver.Chrome, selector: str) -> list[str]:
    return [each.text for each in browser.find_elements(By.CSS_SELECTOR, selector)]


def test_a_closet_of_photos_and_a_trip_give_drawn_outfits_with_reasons(
    browser: webdriver.Chrome, server: Server, client: httpx.Client, tmp_path: Path
) -> None:
    photo = tmp_path / "look.jpg"
    photo.write_bytes(street_jpeg())
    page = opened(browser, server)

    page.find_element(By.ID, "photos").send_keys(str(photo))
    WebDriverWait(page, 30, 0.05).until(lambda _: texts(page, "#closet li"))
    garment, colour = (
        Select(each) for each in page.find_elements(By.CSS_SELECTOR, "#closet select")
    )
    read = client.post(
        "/predict/garments", content=photo.read_bytes(), headers={"Content-Type": "image/jpeg"}
    ).json()["garments"][0]
    assert garment.first_selected_option.text == read["label"]
    assert colour.first_selected_option.text == read["full_color"]
    garment.select_by_visible_text("coat")
    colour.select_by_visible_text("navy")
    fill(page, place="haeundae", low="0", high="6", days="2", companion="couple")
    page.execute_script("document.getElementById('from').value = '2027-01-09'")
    pack(page)

    assert texts(page, ".day h3") == ["Sat, January 9, 2027", "Sun, January 10, 2027"]
    assert texts(page, "#list li")[0] == "navy coat\nfrom your closet, 2 days"
    assert all("to buy" in each for each in texts(page, "#list li")[1:])
    figures = page.find_elements(By.CSS_SELECTOR, ".look > svg")
    assert len(figures) == 6  # of each day two outfits, and the companion
    assert "navy coat" in str(figures[0].get_attribute("aria-label"))
    page.find_element(By.CSS_SELECTOR, ".pieces summary").click()
    assert (
        "25 of 100 photos of haeundae in October 2026 show: coat (25%, 95 % interval 20% to 30%)"
    ) in texts(page, ".pieces details[open] li")
    assert texts(page, "#not-considered li")
    assert page.get_log("browser") == []  # type: ignore[no-untyped-call]


def test_a_problem_of_the_form_or_of_the_service_is_explained(
    browser: webdriver.Chrome, server: Server
) -> None:
    page = opened(browser, server)

    fill(page, low="3")
    pack(page)
    assert texts(page, "#problem") == ["Give both the lowest and the highest temperature, or none."]
    fill(page, low="9", high="3")
    page.find_element(By.ID, "pack").click()
    WebDriverWait(page, 30, 0.05).until(lambda _: "422" in texts(page, "#problem")[0])

    assert "low is 9 and high is 3; exchange them" in texts(page, "#problem")[0]


def test_the_page_fits_a_phone(browser: webdriver.Chrome, server: Server) -> None:
    page = opened(browser, server, PHONE)
    fill(page, days="1", low="20", high="28")
    pack(page)

    assert page.execute_script("return document.documentElement.scrollWidth") <= PHONE


def test_the_page_offers_all_names_and_loads_nothing_from_other_hosts(client: httpx.Client) -> None:
    names = client.get("/pack/names.json").json()
    page = client.get("/pack")

    assert [each["slug"] for each in names["places"]] == read_destinations().slugs
    assert [each["name"] for each in names["garments"]] == list(GARMENT_NAMES)
    assert [each["name"] for each in names["colours"]] == list(PALETTE_NAMES)
    assert len(names["purposes"]) == 11
    assert "default-src 'none'" in page.headers["content-security-policy"]
    assert "//" not in page.text
