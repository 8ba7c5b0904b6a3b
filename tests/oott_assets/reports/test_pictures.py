import base64
import io
import re

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from oott_assets.reports.pictures import Mark, contact_sheet, draw_marks
from oott_fashion.vision.detections import Box

GREY: NDArray[np.uint8] = np.full((640, 480, 3), 100, dtype=np.uint8)

# The dialog of the Dagster UI takes 80 % of the window, less 20 px on each side of its content.
DIALOG_WIDTH = 0.8 * 1280 - 40


def test_a_contact_sheet_fits_the_dialog_of_the_dagster_ui() -> None:
    [encoded] = re.findall(r"base64,([^)]+)", str(contact_sheet([GREY] * 18).value))

    sheet = Image.open(io.BytesIO(base64.b64decode(encoded)))

    assert sheet.width <= DIALOG_WIDTH
    assert sheet.height <= 800


def test_captions_of_one_place_are_below_each_other() -> None:
    coat = Mark(Box(40, 100, 300, 400), "outer", "navy coat 0.93")
    shirt = Mark(Box(40, 100, 300, 400), "top", "white shirt 0.91")

    one, both = (
        np.all(draw_marks(GREY, marks) > 240, axis=2).sum() for marks in ([coat], [coat, shirt])
    )

    assert both > 1.6 * one  # where captions overlap, it is the longer one
