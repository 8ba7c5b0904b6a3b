from types import ModuleType

import numpy as np
import pytest
from numpy.typing import NDArray

from oott_fashion.vision.letterbox import PADDING_GREY, Placement, letterbox, to_photo_pixels

WHITE = 255


def white(width: int, height: int) -> NDArray[np.uint8]:
    return np.full((height, width, 3), WHITE, dtype=np.uint8)


def padding_around(model_input: NDArray[np.float32]) -> tuple[int, int, int, int]:
    """Count the padding pixels left of, above, right of and below a white photo."""
    photo = model_input[0] > (PADDING_GREY + WHITE) / 2 / 255
    columns, rows = np.flatnonzero(photo.any(axis=0)), np.flatnonzero(photo.any(axis=1))
    side = len(photo)
    return int(columns[0]), int(rows[0]), int(side - 1 - columns[-1]), int(side - 1 - rows[-1])


@pytest.mark.parametrize(
    ("width", "height", "padding"),
    [
        (32, 32, (0, 0, 0, 0)),  # not resized
        (64, 64, (0, 0, 0, 0)),  # shrunken
        (8, 8, (0, 0, 0, 0)),  # enlarged
        (64, 32, (0, 8, 0, 8)),  # landscape
        (32, 64, (8, 0, 8, 0)),  # portrait
        (64, 34, (0, 7, 0, 8)),  # 15 rows of padding, one more below
        (34, 64, (7, 0, 8, 0)),  # 15 columns of padding, one more at the right
        (16, 8, (0, 8, 0, 8)),  # landscape, enlarged
        (1, 1, (0, 0, 0, 0)),
        (1, 500, (15, 0, 16, 0)),  # thinner than a model pixel
        (500, 1, (0, 15, 0, 16)),
    ],
)
def test_a_photo_is_centred_with_an_odd_padding_pixel_right_and_below(
    width: int, height: int, padding: tuple[int, int, int, int]
) -> None:
    model_input, placement = letterbox(white(width, height), side=32)

    assert padding_around(model_input) == padding
    assert (placement.left, placement.top) == padding[:2]
    assert (placement.left + placement.width, placement.top + placement.height) == (
        32 - padding[2],
        32 - padding[3],
    )
    assert (placement.photo_width, placement.photo_height) == (width, height)


def test_the_model_input_is_rgb_from_0_to_1_channels_first() -> None:
    photo = np.full((32, 32, 3), (255, 51, 0), dtype=np.uint8)

    model_input, _ = letterbox(photo, side=32)

    assert model_input.shape == (3, 32, 32)
    assert model_input.dtype == np.float32
    # DeepSparse needs contiguous memory.
    assert model_input.flags.c_contiguous
    assert model_input[:, 0, 0].tolist() == pytest.approx([1, 0.2, 0])


def test_padding_is_the_grey_that_detectors_are_trained_with() -> None:
    model_input, _ = letterbox(white(64, 32), side=32)

    # Source: padding_value of ultralytics.data.augment.LetterBox.
    assert model_input[:, 0, 0].tolist() == pytest.approx([114 / 255] * 3)


def test_the_photo_itself_is_not_changed() -> None:
    photo = white(32, 32)

    model_input, _ = letterbox(photo, side=32)
    model_input[:] = 0

    assert (photo == WHITE).all()


@pytest.mark.parametrize(
    "shape", [(32, 32), (32, 32, 4), (32, 32, 1), (1, 32, 32, 3), (0, 32, 3), (32, 0, 3)]
)
def test_the_error_for_pixels_that_are_not_rgb_names_their_shape(shape: tuple[int, ...]) -> None:
    with pytest.raises(
        ValueError, match=r"expected RGB pixels of shape \(height, width, 3\)"
    ) as error:
        letterbox(np.zeros(shape, dtype=np.uint8))

    assert str(error.value).endswith(f"found {shape}")


def test_the_model_input_is_the_same_as_in_ultralytics(ultralytics: ModuleType) -> None:
    from ultralytics.data.augment import LetterBox

    assert ultralytics
    rng = np.random.default_rng(5)
    sizes = [(1, 1), (1, 700), (700, 1), (320, 320), (321, 319), *rng.integers(1, 700, (60, 2))]
    for side in (320, 640):
        theirs = LetterBox((side, side), auto=False, center=True)
        for height, width in sizes:
            photo = rng.integers(0, 256, (height, width, 3), dtype=np.uint8)

            model_input, _ = letterbox(photo, side)

            expected = np.asarray(theirs(image=photo)).transpose(2, 0, 1).astype(np.float32) / 255
            assert np.array_equal(model_input, expected), f"{width} x {height} in {side}"


def test_boxes_are_mapped_to_photo_pixels_as_ultralytics_does(ultralytics: ModuleType) -> None:
    from ultralytics.utils.ops import scale_boxes

    assert ultralytics
    rng = np.random.default_rng(6)
    for height, width in rng.integers(2, 2000, (40, 2)):
        placement = letterbox(white(width, height), 320)[1]
        corners = rng.uniform(-20, 340, (50, 2, 2)).astype(np.float32)
        boxes = np.concatenate([corners.min(axis=1), corners.max(axis=1)], axis=1)

        mapped = to_photo_pixels(boxes, placement)

        expected = np.asarray(scale_boxes((320, 320), boxes.copy(), (height, width)))
        assert mapped == pytest.approx(expected, abs=1e-2)


@pytest.mark.parametrize(
    ("width", "height"), [(64, 64), (200, 97), (97, 200), (20, 9), (640, 480), (3, 400)]
)
def test_a_box_mapped_to_the_model_and_back_is_the_same(width: int, height: int) -> None:
    box = np.array([[0.2 * width, 0.3 * height, 0.9 * width, 0.8 * height]], dtype=np.float32)
    _, placement = letterbox(white(width, height), side=320)
    scale = np.array([placement.width / width, placement.height / height] * 2, dtype=np.float32)
    corner = np.array([placement.left, placement.top] * 2, dtype=np.float32)

    seen = box * scale + corner

    assert to_photo_pixels(seen, placement) == pytest.approx(box, abs=1e-3)


def test_a_box_around_pixels_in_the_model_input_maps_to_the_photo() -> None:
    photo = np.zeros((150, 300, 3), dtype=np.uint8)
    photo[30:90, 60:240] = WHITE

    model_input, placement = letterbox(photo, side=100)

    rows, columns = np.nonzero(model_input[0] > 0.9)
    seen = [[columns.min(), rows.min(), columns.max() + 1, rows.max() + 1]]
    mapped = to_photo_pixels(np.array(seen, dtype=np.float32), placement)
    assert mapped.tolist() == [[60, 30, 240, 90]]


def test_a_box_around_a_whole_large_photo_reaches_its_last_row() -> None:
    # 1,005 rows are 107.2 model pixels, rounded to 107. With the same scale for both sides the
    # box would end at row 1,003.
    _, placement = letterbox(white(3000, 1005), side=320)
    whole = [[0, placement.top, 320, placement.top + 107]]

    mapped = to_photo_pixels(np.array(whole, dtype=np.float32), placement)

    assert mapped[0] == pytest.approx([0, 0, 3000, 1005], abs=1e-3)


def test_boxes_are_clipped_to_the_photo() -> None:
    boxes = np.array([[-5, -5, 200, 200], [0, 0, 100, 20]], dtype=np.float32)

    mapped = to_photo_pixels(boxes, Placement(0.5, 0, 25, 100, 50, 200, 100))

    assert mapped.tolist() == [[0, 0, 200, 100], [0, 0, 200, 0]]


def test_no_boxes_map_to_no_boxes() -> None:
    placement = Placement(0.5, 0, 25, 100, 50, 200, 100)

    assert to_photo_pixels(np.empty((0, 4), dtype=np.float32), placement).shape == (0, 4)
