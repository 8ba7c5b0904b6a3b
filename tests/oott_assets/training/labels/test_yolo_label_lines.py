from pathlib import Path

import pytest

from oott_assets.training.labels.labelled_data_set import read_labelled
from oott_assets.training.labels.labelled_photos import Label
from oott_fashion.vision.detections import Box
from tests.oott_assets.training.labels.data_sets import COAT, data_set, problems_in


def labels_of(folder: Path, lines: str) -> tuple[Label, ...]:
    """Label ``a.jpg``, 64 x 48 pixels, with ``lines``, and read the labels back."""
    read = read_labelled(data_set(folder, lines))
    assert read.problems == ()
    return read.photos[0].labels


def problem_with(folder: Path, lines: str) -> str:
    """Give the only problem of ``lines``."""
    [problem] = problems_in(data_set(folder, lines))
    return problem.removeprefix("train/labels/a.txt: ")


def test_fractions_of_the_photo_become_pixels(tmp_path: Path) -> None:
    assert labels_of(tmp_path, "3 0.5 0.5 0.25 0.5\n") == (
        Label("coat", Box(24, 12, 40, 36), 1.0, "main_data"),
    )


def test_class_ids_go_from_0_to_23(tmp_path: Path) -> None:
    lines = "0 0.5 0.5 0.25 0.5\n23 0.5 0.5 0.25 0.5\n"

    assert [label.garment for label in labels_of(tmp_path, lines)] == ["blazer", "sandals"]


def test_an_empty_label_file_means_a_photo_without_garments(tmp_path: Path) -> None:
    assert labels_of(tmp_path, "") == ()
    assert labels_of(tmp_path, "\n \n") == ()


def test_windows_line_ends_and_byte_order_marks_are_ignored(tmp_path: Path) -> None:
    assert len(labels_of(tmp_path, "\ufeff3 0.5 0.5 0.25 0.5\r\n4 0.5 0.5 0.25 0.5\r\n")) == 2


@pytest.mark.parametrize("class_id", ["24", "-1", "3.5", "coat", "9" * 5000])
def test_an_unknown_class_id_is_a_problem(tmp_path: Path, class_id: str) -> None:
    problem = problem_with(tmp_path, f"{COAT}{class_id} 0.5 0.5 0.25 0.5\n")

    assert problem.startswith("line 2: class id '")
    assert problem.endswith(" is unknown; expected 0 to 23")
    assert len(problem) < 100


@pytest.mark.parametrize(("line", "count"), [("3", 1), ("3 .5 .5 .5", 4), ("3,.5,.5,.5,.5", 1)])
def test_a_line_without_exactly_5_numbers_is_a_problem(
    tmp_path: Path, line: str, count: int
) -> None:
    assert problem_with(tmp_path, line) == (
        f"line 1: numbers found: {count}; expected 5 (class id, x and y of the centre, "
        "width and height)"
    )


def test_a_class_id_may_have_decimals_and_a_confidence_is_reported(tmp_path: Path) -> None:
    assert len(labels_of(tmp_path, "3.0 0.5 0.5 0.25 0.5\n4.00 0.5 0.5 0.25 0.5\n")) == 2

    problem = problem_with(tmp_path, "3 .5 .5 .5 .5 .9")
    assert problem.startswith("line 1: a confidence after the box; a detector wrote this")


@pytest.mark.parametrize("points", [3, 4, 100])
def test_a_polygon_is_reported_as_a_polygon(tmp_path: Path, points: int) -> None:
    problem = problem_with(tmp_path, "3" + " 0.25 0.5" * points)

    assert problem.startswith(f"line 1: a polygon of {points} points; expected a box")


@pytest.mark.parametrize("fraction", ["nan", "inf", "-inf", "1e999", "half"])
def test_a_fraction_that_is_not_a_number_is_a_problem(tmp_path: Path, fraction: str) -> None:
    problem = problem_with(tmp_path, f"3 0.5 0.5 {fraction} 0.5")

    assert problem.startswith(f"line 1: '{fraction}' is not a number")


def test_a_box_in_pixels_is_a_problem_and_its_edges_are_shown(tmp_path: Path) -> None:
    assert problem_with(tmp_path, "3 32 24 16 24") == (
        "line 1: the box extends outside the photo: x 24 to 40, y 12 to 36; "
        "expected fractions of the photo, 0 to 1"
    )


@pytest.mark.parametrize(
    ("line", "edges"),
    [
        ("3 0.1 0.5 0.2018 0.5", (0, 12, 12.8576, 36)),
        ("3 0.9 0.5 0.2018 0.5", (51.1424, 12, 64, 36)),
        ("3 0.5 0.1 0.25 0.2018", (24, 0, 40, 9.6432)),
        ("3 0.5 0.9 0.25 0.2018", (24, 38.3568, 40, 48)),
    ],
    ids=["left", "right", "top", "bottom"],
)
def test_a_box_that_is_outside_the_photo_by_a_rounding_error_is_clipped(
    tmp_path: Path, line: str, edges: tuple[float, ...]
) -> None:
    [label] = labels_of(tmp_path, line)

    assert label.box == pytest.approx(edges)


@pytest.mark.parametrize(
    "line",
    [
        "3 0.1 0.5 0.2022 0.5",
        "3 0.9 0.5 0.2022 0.5",
        "3 0.5 0.1 0.25 0.2022",
        "3 0.5 0.9 0.25 0.2022",
    ],
    ids=["left", "right", "top", "bottom"],
)
def test_a_box_that_is_farther_outside_the_photo_is_a_problem(tmp_path: Path, line: str) -> None:
    assert "the box extends outside the photo" in problem_with(tmp_path, line)


@pytest.mark.parametrize("size", ["0 0.5", "0.5 0", "-0.2 0.5", "0.5 -0.2"])
def test_a_box_without_a_size_is_a_problem(tmp_path: Path, size: str) -> None:
    assert problem_with(tmp_path, f"3 0.5 0.5 {size}").startswith("line 1: the box has no size")


def test_a_duplicate_box_is_ignored_with_a_remark(tmp_path: Path) -> None:
    other_garment = COAT.replace("3", "4", 1)

    read = read_labelled(data_set(tmp_path, COAT + other_garment + COAT))

    assert [label.garment for label in read.photos[0].labels] == ["coat", "windbreaker jacket"]
    assert "train/labels/a.txt: duplicate boxes ignored: 1" in read.remarks


def test_every_invalid_line_is_a_separate_problem(tmp_path: Path) -> None:
    problems = problems_in(data_set(tmp_path, f"24 0.5 0.5 0.25 0.5\n{COAT}3 0.5\n"))

    assert [problem.split(": ")[1] for problem in problems] == ["line 1", "line 3"]


def test_a_label_file_that_is_not_utf8_is_a_problem(tmp_path: Path) -> None:
    (data_set(tmp_path) / "train/labels/a.txt").write_bytes(COAT.encode("utf-16"))

    assert problems_in(tmp_path) == [
        "train/labels/a.txt: is not UTF-8 text; save it as UTF-8",
    ]


@pytest.mark.parametrize("size", [1_000_000, 1_000_001])
def test_a_label_file_over_a_megabyte_is_a_problem(tmp_path: Path, size: int) -> None:
    too_large = "train/labels/a.txt: has 1,000,001 bytes; at most 1,000,000 are allowed"

    data_set(tmp_path, COAT + "\n" * (size - len(COAT)))

    assert problems_in(tmp_path) == ([too_large] if size > 1_000_000 else [])
