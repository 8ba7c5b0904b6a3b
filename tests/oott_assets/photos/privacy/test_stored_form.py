import io

import numpy as np
import pytest
from PIL import Image

from oott_assets.photos.privacy.centerface import CenterFace
from oott_assets.photos.privacy.faces import FaceHider
from oott_assets.photos.privacy.stored_form import stored_form
from oott_fashion.stores.detector_card import read_card
from oott_fashion.vision.detections import Box
from oott_fashion.vision.detector import Detector
from oott_fashion.vision.engines import open_engine
from oott_fashion.vision.known_people import known_people
from oott_fashion.vision.photos import MAX_PIXELS, PhotoTooLarge, read_photo
from oott_fashion.vision.reduced_photos import DecodingMemory
from oott_serving.detection.sent_photos import seen_in
from tests.oott_assets.photos.privacy.photo_files import (
    SECRET,
    encoded,
    files_of,
    noise,
)
from tests.oott_assets.photos.privacy.test_faces import FACE, PORTRAIT
from tests.starters import STARTER


def person_and_portrait() -> Image.Image:
    """Put a drawn person, in an orange shirt, beside the photo of a face."""
    sheet = np.full((320, 400, 3), 230, dtype=np.uint8)
    sheet[:, :200] = list(known_people())[2].picture[:, :200]
    sheet[40:215, 240:370] = PORTRAIT[20:195, 40:170]
    return Image.fromarray(sheet)


FACE_ON_SHEET = Box(FACE.x_min + 200, FACE.y_min + 20, FACE.x_max + 200, FACE.y_max + 20)
SHIRT = np.s_[85:150, 52:92]
FILES = files_of(person_and_portrait())


@pytest.fixture(scope="module")
def hider() -> FaceHider:
    return FaceHider()


@pytest.fixture(scope="module")
def centerface() -> CenterFace:
    return CenterFace(None, cores=1)


@pytest.fixture(scope="module")
def detector() -> Detector:
    side = read_card(STARTER / "card.json").image_side
    return Detector(open_engine(STARTER / "detector.onnx", "onnxruntime"), side)


def answer(file: bytes, detector: Detector) -> tuple[str, str]:
    """Give the label and the colour that the service answers for a photo."""
    garment = seen_in(file, detector, DecodingMemory(MAX_PIXELS)).garments[0]
    return garment.garment, garment.colour


# The file announces a second picture, which Pillow does not find after the metadata.
@pytest.mark.filterwarnings("ignore:Image appears to be a malformed MPO file")
@pytest.mark.parametrize("kind", FILES)
def test_a_stored_photo_has_no_metadata_no_face_and_the_answer_of_the_plain_picture(
    kind: str, hider: FaceHider, centerface: CenterFace, detector: Detector
) -> None:
    content, plain = FILES[kind], person_and_portrait()

    form = stored_form(content, MAX_PIXELS, hider)

    assert SECRET in content or kind == "PNG with alpha"
    stored = read_photo(form.content)
    assert form.faces >= 1
    assert all(face.iou(FACE_ON_SHEET) < 0.2 for face in centerface.faces_in(stored))
    assert SECRET not in form.content
    with Image.open(io.BytesIO(form.content)) as image:
        assert set(image.info) <= {"jfif", "jfif_version", "jfif_unit", "jfif_density"}
        assert (image.format, image.mode, image.size) == ("JPEG", "RGB", plain.size)
    shirt = np.asarray(plain)[SHIRT].astype(int)
    assert np.abs(stored[SHIRT] - shirt).mean() < 5
    right = ("long sleeve shirt", "orange")
    assert answer(content, detector) == answer(form.content, detector) == right
    assert answer(encoded(plain, "PNG"), detector) == right


def test_a_photo_is_stored_with_faces_if_nobody_hides_them() -> None:
    form = stored_form(FILES["PNG"], MAX_PIXELS, None)

    assert form.faces == 0
    assert np.abs(form.pixels - np.asarray(person_and_portrait(), dtype=int)).max() == 0
    assert np.abs(read_photo(form.content).astype(int) - form.pixels).mean() < 2


@pytest.mark.parametrize("kind", ["PNG", "WEBP"])
def test_a_face_in_transparent_pixels_is_not_stored(kind: str, hider: FaceHider) -> None:
    hidden = person_and_portrait()
    hidden.putalpha(0)
    options = {"lossless": True, "exact": True} if kind == "WEBP" else {}

    form = stored_form(encoded(hidden, kind, **options), MAX_PIXELS, hider)

    assert (read_photo(form.content) == 255).all()


def test_the_same_photo_always_gives_the_same_bytes(hider: FaceHider) -> None:
    first, second = (stored_form(FILES["JPEG"], MAX_PIXELS, hider) for _ in range(2))

    assert first.content == second.content


def test_a_photo_with_more_than_max_pixels_is_not_stored() -> None:
    content = encoded(noise(48, 64), "JPEG")

    assert stored_form(content, 64 * 48, None).pixels.shape == (48, 64, 3)
    with pytest.raises(PhotoTooLarge, match="at most 3,071"):
        stored_form(content, 64 * 48 - 1, None)


def test_a_photo_that_is_too_long_for_a_jpeg_is_stored() -> None:
    content = encoded(Image.new("RGB", (70_000, 1), (1, 2, 3)), "PNG")

    assert read_photo(stored_form(content, MAX_PIXELS, None).content).shape == (1, 70_000, 3)
