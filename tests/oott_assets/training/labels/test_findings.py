from pathlib import Path

import pytest

from oott_assets.training.labels.findings import Findings, Problem, problems_sentence, shortened


def problems(count: int) -> list[Problem]:
    return [Problem(f"{number}.txt", "is empty") for number in range(count)]


def test_the_message_counts_the_problems_and_lists_them() -> None:
    assert problems_sentence(problems(2)).splitlines() == [
        "2 problems in the labelled data; mend and run again",
        "0.txt: is empty",
        "1.txt: is empty",
    ]


@pytest.mark.parametrize(
    ("count", "last"),
    [(20, "19.txt: is empty"), (21, "and 1 more"), (1234, "and 1,214 more")],
)
def test_after_twenty_problems_the_message_says_how_many_more(count: int, last: str) -> None:
    lines = problems_sentence(problems(count)).splitlines()

    assert len(lines) <= 22
    assert lines[-1] == last


def test_one_problem_and_none_are_written_as_such() -> None:
    assert problems_sentence(problems(1)).startswith("1 problem in")
    assert problems_sentence([]) == "no problems in the labelled data"


def test_files_are_named_from_the_folder_of_the_data_set_on() -> None:
    findings = Findings(Path("/data/set"))

    findings.problem(Path("/data/set/train/a.jpg"), "is odd")
    findings.problem(Path("/data/other/b.jpg"), "is odd")
    findings.problem(Path("/data/set"), "is odd")

    assert [problem.file for problem in findings.problems] == [
        "train/a.jpg",
        "/data/other/b.jpg",
        "set",
    ]


def test_the_sixth_name_is_counted() -> None:
    assert shortened([]) == "none"
    assert shortened(list("abcde")) == "a, b, c, d, e"
    assert shortened(list("abcdef")) == "a, b, c, d, e, 1 more"
