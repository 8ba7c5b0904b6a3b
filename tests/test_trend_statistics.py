"""The benchmark of the trend statistics, on fewer look-books than it draws itself."""

import numpy as np

from benchmarks.trend_statistics import (
    LookBook,
    covered,
    flags_of,
    found_changes,
    planted,
)


def test_intervals_contain_the_true_share_and_reports_without_a_change_have_no_flag() -> None:
    rng = np.random.default_rng(4)
    books = [LookBook.drawn(rng, months=14) for _ in range(2)]
    reports = [(book, report) for book in books for report in book.reports()]

    contained = np.concatenate(
        [inside for book, report in reports for _, _, inside in covered(book, report)]
    )
    flagged = [report for book, report in reports if any(True for _ in flags_of(book, report))]

    assert len(contained) > 30_000
    assert 0.93 < contained.mean() < 0.97
    # Of 26 reports, more than 4 with a flag have a chance of 1 % if each has one of 5 %.
    assert len(flagged) <= 4


def test_a_report_finds_puffers_in_each_winter_and_flags_little_else() -> None:
    book = LookBook.drawn(np.random.default_rng(5), worn_in=planted)

    flags = [flag for report in book.reports() for flag in flags_of(book, report)]

    everywhere = {found.change: found for found in found_changes(flags)}
    winters = everywhere["puffers in a winter, all places"]
    assert (winters.found, winters.possible) == (3, 3)
    assert sum(not flag.is_true for flag in flags) <= 0.1 * len(flags)
