"""Dagster's records in files, if several users write them."""

import os
from collections.abc import Iterator
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest

from oott_assets.dagster_records import open_records
from oott_assets.status import PROBES
from oott_fashion.settings import BadSetting


@pytest.fixture
def home(monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """Give a DAGSTER_HOME that other users can read, and undo what a test does with users."""
    umask = os.umask(0o002)
    try:
        with TemporaryDirectory() as name:
            monkeypatch.setenv("DAGSTER_HOME", name)
            Path(name).chmod(0o755)
            yield Path(name)
            os.seteuid(os.getuid())
    finally:
        os.umask(umask)


def test_the_group_can_write_new_records_and_other_users_are_told_why_they_cannot(
    home: Path,
) -> None:
    with open_records() as records:
        records.add_dynamic_partitions("places", ["hongdae"])
    written = [path for path in (home / ".oott").rglob("*") if path.is_file()]
    assert {path.suffix for path in written} == {".db", ".lock"}
    assert {f"{path.stat().st_mode & 0o777:o}" for path in written} == {"664"}

    (home / ".oott/dagster/history/runs.db").chmod(0o444)
    if os.getuid() == 0:
        os.seteuid(65_534)
    with (
        pytest.raises(
            BadSetting, match=r"records: .*/\.oott/dagster.* cannot be used by"
        ) as raised,
        open_records(),
    ):
        pytest.fail("the records were opened")
    assert "users who share it need umask 002 and a group-writable folder" in str(raised.value)
    with pytest.raises(BadSetting, match="cannot be used by"):
        list(PROBES["Dagster's records"]())
