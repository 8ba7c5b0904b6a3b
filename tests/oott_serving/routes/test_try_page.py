"""The page at /try as people use it, in Chromium: choose, drop, paste, errors, key, phone."""

import base64
import re
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import httpx
import pytest
import uvicorn
from PIL import Image
from selenium import webdriver
from selenium.webdriver.common.by import By
from selenium.webdriver.common.keys import Keys
from selenium.webdriver.support.ui import WebDriverWait
from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from oott_serving.admission.api_keys import ApiKeys
from oott_serving.documentation.error_examples import ERROR_EXAMPLES
from oott_serving.routes.try_page.try_routes import TRY_ROUTES
from tests.databases import free_port
from tests.headless_chromium import headless_chromium
from tests.oott_serving.photos import file_of, sideways, street_image, street_jpeg
from tests.oott_serving.servers import Server

JPEG = street_jpeg()
DESKTOP, PHONE = 1280, 375

# A browser gives files to a page only with a drop or a paste by its user. So this makes both.
HAND_OVER = """
const [base64, name, type, by] = arguments;
const files = new DataTransfer();
const bytes = Uint8Array.from(atob(base64), (each) => each.charCodeAt(0));
files.items.add(new File([bytes], name, { type }));
document.dispatchEvent(by === "drop"
  ? new DragEvent("drop", { dataTransfer: files, bubbles: true, cancelable: true })
  : new ClipboardEvent("paste", { clipboardData: files, bubbles: true }));
"""

BOXES_IN_PIXELS_OF_THE_PHOTO = """
const image = document.querySelector("#photo img");
const photo = image.getBoundingClientRect();
const scale = image.naturalWidth / photo.width;
return [...document.querySelectorAll(".box")].map((box) => box.getBoundingClientRect())
    .map(({ left, top, right, bottom }) =>
        [left - photo.left, top - photo.top, right - photo.left, bottom - photo.top]
            .map((pixels) => pixels * scale));
"""


class TryPage:
    """The page in a browser."""

    def __init__(self, browser: webdriver.Chrome) -> None:
        self._browser = browser

    def open(self, url: str, width: int = DESKTOP) -> None:
        is_phone = width < 600
        metrics = {"width": width, "height": 800, "deviceScaleFactor": 1, "mobile": is_phone}
        self._browser.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", metrics)
        self._browser.execute_cdp_cmd("Emulation.setTouchEmulationEnabled", {"enabled": is_phone})
        self._browser.get(f"{url}/try")

    def hand_over(
        self, photo: bytes, name: str, by: str = "drop", kind: str = "image/jpeg"
    ) -> None:
        """Drop or paste a file, and wait for the answer or the problem."""
        encoded = base64.b64encode(photo).decode()
        self._browser.execute_script(HAND_OVER, encoded, name, kind, by)
        self.wait()

    def wait(self) -> None:
        WebDriverWait(self._browser, 30, 0.05).until(
            lambda _: self.text("#progress").startswith("Done") or self.text("#problem")
        )

    def text(self, selector: str) -> str:
        return self._browser.find_element(By.CSS_SELECTOR, selector).text

    def texts(self, selector: str) -> list[str]:
        return [each.text for each in self._browser.find_elements(By.CSS_SELECTOR, selector)]

    def press(self, selector: str, *keys: str) -> None:
        self._browser.find_element(By.CSS_SELECTOR, selector).send_keys(*keys)

    def shows(self, selector: str) -> bool:
        return self._browser.find_element(By.CSS_SELECTOR, selector).is_displayed()

    def run(self, script: str) -> Any:
        return self._browser.execute_script(script)

    def errors(self) -> list[str]:
        return [str(entry["message"]) for entry in self._browser.get_log("browser")]  # type: ignore[no-untyped-call]


@pytest.fixture(scope="module")
def browser() -> Iterator[webdriver.Chrome]:
    """One browser for all tests, because its start takes seconds."""
    with headless_chromium() as started:
        yield started


@pytest.fixture
def page(browser: webdriver.Chrome, server: Server) -> TryPage:
    page = TryPage(browser)
    page.open(server.url)
    page.errors()
    return page


def garments_in(client: httpx.Client, photo: bytes) -> list[dict[str, Any]]:
    response = client.post(
        "/predict/garments", content=photo, headers={"Content-Type": "image/jpeg"}
    )
    return list(response.json()["garments"])


def tags_of(garments: list[dict[str, Any]]) -> list[str]:
    return [
        f"{number} {garment['label']} {int(100 * garment['confidence'] + 0.5)} %"
        for number, garment in enumerate(garments, start=1)
    ]


def test_a_dropped_photo_shows_its_garments_with_boxes_colours_times_and_detector(
    page: TryPage, client: httpx.Client
) -> None:
    page.hand_over(JPEG, "look.jpg")

    garments = garments_in(client, JPEG)
    assert len(garments) > 1
    assert page.texts(".tag") == tags_of(garments)
    assert page.texts(".colours") == [
        f"Colour: {garment['full_color']}\nIn the app: {garment['color']}" for garment in garments
    ]
    assert page.text("#version") == client.get("/model").json()["version"]
    assert len(page.texts("#facts dd")) == 5
    assert "made it smaller" not in page.text("figcaption")
    assert page.run("return document.querySelector('#photo img').alt").startswith(
        f"Your photo look.jpg. It shows: {garments[0]['label']}"
    )
    assert page.errors() == []


@pytest.mark.parametrize("photo", [JPEG, sideways(street_image())], ids=["upright", "sideways"])
def test_a_box_is_drawn_where_the_garment_is(
    page: TryPage, client: httpx.Client, photo: bytes
) -> None:
    page.hand_over(photo, "look.jpg")

    drawn = page.run(BOXES_IN_PIXELS_OF_THE_PHOTO)

    boxes = [list(garment["box"].values()) for garment in garments_in(client, photo)]
    assert [pytest.approx(box, abs=1) for box in boxes] == drawn


def test_a_chosen_garment_stands_out_and_the_keyboard_can_choose_it(page: TryPage) -> None:
    page.hand_over(JPEG, "look.jpg")

    page.press("#garments li:nth-child(2) button", Keys.ENTER)

    assert page.run("return document.querySelectorAll('.box.is-chosen').length") == 1
    assert page.run("return document.querySelectorAll('.box')[1].classList.contains('is-chosen')")
    page.press("#garments li:nth-child(2) button", Keys.ENTER)
    assert page.run("return document.querySelectorAll('.is-chosen').length") == 0


def test_the_keyboard_reaches_the_button_that_chooses_a_photo(page: TryPage) -> None:
    page.press("nav a:last-child", Keys.TAB)

    assert page.run("return document.activeElement.id") == "file"


def test_a_large_photo_is_made_smaller_and_the_page_says_so(
    page: TryPage,
) -> None:
    large = file_of(street_image().resize((2000, 3000)), "JPEG", quality=80)

    page.hand_over(large, "large.jpg", by="paste")

    assert re.fullmatch(
        r"The photo has 2000 . 3000 pixels, \d+ kB. This page made it smaller before it sent it: "
        r"1067 . 1600 pixels, \d+ kB.",
        page.text("figcaption"),
    )
    assert re.fullmatch(r"1 [a-z ]+ \d+ %", page.text(".tag"))


def test_a_photo_without_garments_is_explained(page: TryPage) -> None:
    page.hand_over(
        file_of(Image.new("RGB", (640, 480), "gray"), "PNG"), "wall.png", kind="image/png"
    )

    assert page.text("#garments h2") == "No garment"
    assert "found no garment in this photo" in page.text("#garments")


def test_a_file_that_is_no_photo_is_explained_without_sending_it(page: TryPage) -> None:
    page.hand_over(b"a text", "letter.txt", kind="text/plain")

    assert page.text("#problem").startswith("letter.txt is not a photo that this browser can open.")
    assert not page.shows("#answer")


def test_an_error_of_the_service_is_shown_in_its_own_words(page: TryPage) -> None:
    page.hand_over(JPEG[: len(JPEG) // 2], "half.jpg")

    assert page.text("#problem").startswith("The service answers 400: ")
    assert "truncated" in page.text("#problem")
    assert page.shows("#again")


def test_the_page_fits_a_phone_and_offers_its_camera(page: TryPage, server: Server) -> None:
    page.open(server.url, PHONE)
    page.hand_over(JPEG, "look.jpg")

    assert page.run("return document.documentElement.scrollWidth") <= PHONE
    assert page.shows(".camera")
    assert page.run("return document.getElementById('camera').getAttribute('capture')")
    assert page.errors() == []


async def nothing_found(_request: Request) -> Response:
    """Answer /predict/garments without a detector."""
    milliseconds = dict.fromkeys(("waiting", "decoding", "detection", "colours"), 1.0)
    answer = {"garments": [], "width": 1, "height": 1, "detector_version": "v1"}
    return JSONResponse({**answer, "milliseconds": milliseconds})


@contextmanager
def service_with_keys() -> Iterator[str]:
    prediction = Route("/predict/garments", nothing_found, methods=["POST"])
    app = Starlette(
        routes=[prediction, *TRY_ROUTES], middleware=[Middleware(ApiKeys, keys=["right"])]
    )
    config = uvicorn.Config(app, port=free_port(), log_level="error")
    uvicorn_server = uvicorn.Server(config)
    thread = threading.Thread(target=uvicorn_server.run)
    thread.start()
    while not uvicorn_server.started:
        time.sleep(0.01)
    yield f"http://127.0.0.1:{config.port}"
    uvicorn_server.should_exit = True
    thread.join()


def test_a_service_with_api_keys_is_asked_with_the_key_of_the_person(page: TryPage) -> None:
    with service_with_keys() as url:
        page.open(url)
        assert not page.shows("#key")
        page.hand_over(JPEG, "look.jpg")
        sentence = ERROR_EXAMPLES["/predict/garments"]["401"]["no key"]
        assert page.text("#problem") == f"The service answers 401: {sentence}."

        page.press("#key-text", "right", Keys.ENTER)
        page.wait()

        assert page.text("#version") == "v1"
        assert not page.shows("#key")
        assert page.run("return localStorage.length + sessionStorage.length") == 0
        page.open(url)
        page.hand_over(JPEG, "look.jpg")
        assert page.shows("#key")


def test_a_service_that_is_away_is_explained(page: TryPage) -> None:
    with service_with_keys() as url:
        page.open(url)
    page.hand_over(JPEG, "look.jpg")

    assert page.text("#problem").startswith("The service cannot be reached.")
    assert page.shows("#again")


def test_the_page_runs_only_scripts_of_the_service(client: httpx.Client) -> None:
    response = client.get("/try")

    policy = response.headers["content-security-policy"]
    assert "default-src 'none'; script-src 'self'; style-src 'self'" in policy
    assert "unsafe" not in policy
    assert "//" not in response.text


@pytest.mark.parametrize("path", ["/try", "/try/page.js", "/try/page.css"])
def test_a_browser_uses_no_old_script_with_a_new_page(client: httpx.Client, path: str) -> None:
    response = client.get(path)

    assert response.headers["cache-control"] == "no-cache"
    known = {"If-None-Match": response.headers["etag"]}
    assert client.get(path, headers=known).status_code == 304
