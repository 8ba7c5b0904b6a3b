from pathlib import Path

import pytest

from oott_assets.training.labels.findings import Findings, Problem, problem_summary


def problems(count: int) -> list[Problem]:
    return [Problem(f"{number}.txt", "is empty") for number in range(count)]


def test_the_message_counts_the_problems_and_lists_them() -> None:
    assert problem_summary(problems(2)).splitlines() == [
        "2 problems in the labelled data; correct the files and run again",
        "0.txt: is empty",
        "1.txt: is empty",
    ]


@pytest.mark.parametrize(
    ("count", "last"),
    [(20, "19.txt: is empty"), (21, "and 1 more"), (1234, "and 1,214 more")],
)
def test_after_twenty_problems_the_message_says_how_many_more(count: int, last: str) -> None:
    lines = problem_summary(problems(count)).splitlines()

    assert len(lines) <= 22
    assert lines[-1] == last


def test_the_message_for_one_problem_and_for_none() -> None:
    assert problem_summary(problems(1)).startswith("1 problem in")
    assert problem_summary([]) == "no problems in the labelled data"


def test_files_are_named_relative_to_the_data_set() -> None:
    findings = Findings(Path("/data/set"))

    findings.add_problem(Path("/data/set/train/a.jpg"), "is odd")
    findings.add_problem(Path("/data/other/b.jpg"), "is odd")
    findings.add_problem(Path("/data/set"), "is odd")

    assert [problem.file for problem in findings.problems] == [
        "train/a.jpg",
        "/data/other/b.jpg",
        "set",
    ]
