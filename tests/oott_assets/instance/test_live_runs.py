"""A run is alive as long as its process holds the lock."""

import time
from collections.abc import Callable
from pathlib import Path

import pytest

from oott_assets.instance.live_runs import alive, is_alive
from tests.databases import MariaDB, kill_when_ready


@pytest.fixture(params=["files", "mariadb"], autouse=True)
def records(
    request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DAGSTER_HOME", str(tmp_path))
    if request.param == "mariadb":
        server: MariaDB = request.getfixturevalue("mariadb")
        monkeypatch.setenv("OOTT_RECORDS_URL", server.url(server.new_database()))


def test_a_run_is_alive_while_it_works() -> None:
    assert not is_alive("a-run")
    with alive("a-run"):
        assert is_alive("a-run")
        assert not is_alive("another-run")
    assert not is_alive("a-run")


def test_a_killed_run_is_not_alive() -> None:
    def work(block: Callable[[], None]) -> None:
        with alive("a-run"):
            block()

    kill_when_ready(work)

    deadline = time.monotonic() + 10
    while is_alive("a-run") and time.monotonic() < deadline:
        time.sleep(0.05)
    assert not is_alive("a-run")
