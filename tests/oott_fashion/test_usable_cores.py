"""Tests the number of cores, which is the default number of workers."""

import os
from pathlib import Path

import pytest

from oott_fashion.usable_cores import usable_cores

ALLOWED = len(os.sched_getaffinity(0))


@pytest.mark.parametrize(
    ("quota", "cores"),
    [
        ("max 100000", ALLOWED),
        ("100000 100000", 1),
        ("50000 100000", 1),  # half a core still needs a worker
        ("99900000 100000", ALLOWED),
    ],
)
def test_a_container_gets_a_worker_for_each_core_of_its_quota(
    quota: str, cores: int, tmp_path: Path
) -> None:
    (tmp_path / "cpu.max").write_text(f"{quota}\n")

    assert usable_cores(tmp_path / "cpu.max") == cores


def test_without_a_quota_all_cores_of_the_process_are_usable(tmp_path: Path) -> None:
    assert usable_cores(tmp_path / "cpu.max") == ALLOWED
