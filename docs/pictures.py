"""Makes the pictures of the README and of docs/: ``.venv/bin/python -m docs.pictures``.

It runs the demo in a temporary folder, takes the contact sheet from Dagster's records, takes
screenshots of the trend page and of the Dagster UI in Chromium, and tries ``docs/look.jpg`` on the
page at /try of the service. It packs for a trip on the page at /pack, which needs a Korean font,
such as the package fonts-nanum. Run it again when a page, a drawing or the starter detector
changes. It takes about six minutes. ``docs/label_studio_loop.py`` makes the pictures of Label
Studio.
"""

import base64
import io
import json
import os
import re
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import dagster as dg
from PIL import Image
from selenium import webdriver
from selenium.webdriver.chrome.service import Service
from selenium.webdriver.common.by import By

from demo import free_port, running_service
from tests.oott_assets.test_first_month import take_the_tour
from tests.starters import STARTER

PICTURES = Path(__file__).with_name("pictures")
LOOK = Path(__file__).with_name("look.jpg")

_GROUP = "/locations/oott_assets.definitions/asset-groups"
SCREENSHOTS = {
    "trends-assets": f"{_GROUP}/trends/lineage",
    "training-assets": f"{_GROUP}/training/lineage",
    "detections-page": "/assets/garment_detections?view=overview",
    "partitions": "/assets/garment_trends?view=partitions",
}
_FLAGS = ("--headless=new", "--no-sandbox", "--disable-gpu", "--window-size=1280,800")
# The pages draw themselves step by step, and no event says that they are complete.
DRAWING_SECONDS = 15
_COUNT_A_WINTER = (
    "-m", "oott_assets.backfill", "--collect", "--destination", "jeju",
    "--from", "2025-12", "--to", "2026-02",
)  # fmt: skip
_CLOSET = 10
_SHEET_WIDTH = 1000
_TRY_PAGE_WIDTH = 850


def main() -> None:
    """Make every picture."""
    PICTURES.mkdir(exist_ok=True)
    with tempfile.TemporaryDirectory() as folder:
        os.environ |= {"DAGSTER_HOME": folder, "OOTT_HOME": f"{folder}/oott"}
        Path(folder, "dagster.yaml").write_text(
            "telemetry: {enabled: false}\nnux: {enabled: false}\n"
        )
        subprocess.run([sys.executable, "demo.py"], check=True)
        save_contact_sheet(PICTURES / "contact-sheet.jpg")
        save_trend_page(max(Path(folder, "oott/reports").iterdir()), PICTURES / "trend-page.png")
        with dagster_webserver() as url:
            save_screenshots(url)
        take_the_tour(Path(folder, "tour"), PICTURES, STARTER)
        subprocess.run([sys.executable, *_COUNT_A_WINTER], check=True)
        with running_service() as url:
            save_try_page(url, PICTURES / "try-page.jpg")
            closet = closet_photos(url, Path(folder, "oott/photos/photos"), Path(folder, "closet"))
            save_packing_page(url, closet, PICTURES / "closet.png", PICTURES / "outfits.png")


def save_contact_sheet(file: Path) -> None:
    """Save the contact sheet that the last run of ``garment_detections`` recorded."""
    with dg.DagsterInstance.get() as records:
        event = records.get_latest_materialization_event(dg.AssetKey("garment_detections"))
    if event is None or event.asset_materialization is None:
        sys.exit("pictures: the demo recorded no garment_detections")
    metadata = " ".join(str(entry.value) for entry in event.asset_materialization.metadata.values())
    [encoded] = re.findall(r"base64,([^)]+)", metadata)
    sheet = Image.open(io.BytesIO(base64.b64decode(encoded)))
    sheet.thumbnail((_SHEET_WIDTH, _SHEET_WIDTH))
    sheet.save(file, quality=75)


def save_trend_page(page: Path, file: Path) -> None:
    """Save what the trend page says about Haeundae."""
    with chromium() as browser:
        browser.set_window_size(1100, 1000)
        browser.get(f"{page.as_uri()}#place=haeundae&lang=en")
        time.sleep(2)
        save_screenshot(browser, file)


def save_try_page(url: str, file: Path) -> None:
    """Save what the page at /try shows for ``LOOK``."""
    with chromium() as browser:
        browser.set_window_size(1000, 1130)
        browser.get(f"{url}/try")
        for _ in range(2):  # the first photo of a worker takes longer
            browser.find_element(By.ID, "file").send_keys(str(LOOK))
            time.sleep(2)
        screenshot = Image.open(io.BytesIO(browser.get_screenshot_as_png()))
        screenshot.thumbnail((_TRY_PAGE_WIDTH, _TRY_PAGE_WIDTH))
        screenshot.convert("RGB").save(file, quality=75, optimize=True)


def save_screenshots(url: str) -> None:
    """Save a screenshot of each of ``SCREENSHOTS``."""
    with chromium() as browser:
        for name, page in SCREENSHOTS.items():
            browser.get(url + page)
            time.sleep(DRAWING_SECONDS)
            save_screenshot(browser, PICTURES / f"{name}.png")


def closet_photos(url: str, looks: Path, folder: Path) -> list[Path]:
    """Cut ten different garments out of drawn photos, as if each had its own photo."""
    folder.mkdir()
    photos: dict[str, Path] = {}
    for look in sorted(filter(Path.is_file, looks.rglob("*"))):
        new = (one for one in _garments_in(url, look) if one["label"] not in photos)
        for garment in new:
            left, top, right, bottom = map(int, garment["box"].values())
            margin = (right - left) // 8
            photo = folder / f"{garment['label']}.jpg"
            box = (left - margin, top - margin, right + margin, bottom + margin)
            Image.open(look).crop(box).save(photo, quality=90)
            read = _garments_in(url, photo)
            if read and read[0]["label"] == garment["label"]:
                photos[garment["label"]] = photo
            if len(photos) == _CLOSET:
                return list(photos.values())
    sys.exit(f"pictures: the drawn photos have only {len(photos)} different garments")


def _garments_in(url: str, photo: Path) -> list[dict[str, Any]]:
    request = urllib.request.Request(
        f"{url}/predict/garments", photo.read_bytes(), {"Content-Type": "image/jpeg"}
    )
    with urllib.request.urlopen(request, timeout=30) as response:
        return list(json.load(response)["garments"])


def save_packing_page(url: str, closet: list[Path], top: Path, day: Path) -> None:
    """Pack for four days in Jeju in January, and save the closet and the first day."""
    with chromium() as browser:
        browser.set_window_size(1100, 1000)
        browser.get(f"{url}/pack")
        time.sleep(2)
        browser.find_element(By.ID, "photos").send_keys("\n".join(map(str, closet)))
        while "has" not in browser.find_element(By.ID, "progress").text:
            time.sleep(0.5)
        browser.execute_script(
            "for (const [id, value] of Object.entries(arguments[0])) "
            "document.getElementById(id).value = value;",
            {"place": "jeju", "from": "2027-01-09", "gender": "female", "companion": "similar"},
        )
        browser.find_element(By.ID, "pack").click()
        time.sleep(2)
        save_screenshot(browser, top)
        browser.find_element(By.CSS_SELECTOR, ".pieces summary").click()
        browser.execute_script("document.querySelector('#outfits').scrollIntoView()")
        time.sleep(1)
        save_screenshot(browser, day)


@contextmanager
def chromium() -> Iterator[webdriver.Chrome]:
    """Run Chromium without a window."""
    options = webdriver.ChromeOptions()
    options.binary_location = "/usr/bin/chromium"
    for flag in _FLAGS:
        options.add_argument(flag)
    browser = webdriver.Chrome(options, Service("/usr/bin/chromedriver"))
    try:
        yield browser
    finally:
        browser.quit()


def save_screenshot(browser: webdriver.Chrome, file: Path, colours: int = 64) -> None:
    """Save what the browser shows; 64 colours make the file a third of the size."""
    screenshot = Image.open(io.BytesIO(browser.get_screenshot_as_png()))
    screenshot.convert("RGB").quantize(colours).save(file, optimize=True)


@contextmanager
def dagster_webserver() -> Iterator[str]:
    """Run the Dagster UI and give its address."""
    port = free_port()
    command = [sys.executable, "-m", "dagster_webserver", "-w", "workspace.yaml", "-p", str(port)]
    server = subprocess.Popen(command)
    url = f"http://127.0.0.1:{port}"
    try:
        while server.poll() is None and not _answers(f"{url}/server_info"):
            time.sleep(1)
        yield url
    finally:
        server.terminate()
        server.wait(30)


def _answers(url: str) -> bool:
    try:
        urllib.request.urlopen(url, timeout=5).close()
    except (urllib.error.URLError, OSError):
        return False
    return True


if __name__ == "__main__":
    main()
