"""Fixtures that tests of several packages share."""

import os
from pathlib import Path

# Numerical libraries read it when they are imported. pytest runs in a process per core, and there
# two threads of one step wait for each other: PyTorch took 130 seconds for one of 5.
os.environ["OMP_NUM_THREADS"] = "1"

import pytest
from xdist.remote import Producer
from xdist.scheduler.loadfile import LoadFileScheduling

from tests.bare_environment import nothing_is_set
from tests.databases import mariadb, trend_database_url, trend_tables
from tests.long_files import LONG_FILES
from tests.object_store import bucket, mortal_bucket, object_store
from tests.quick_sqlite import make_sqlite_quick

# No test sends usage statistics; the Makefile has the same settings.
os.environ |= {
    "BENTOML_DO_NOT_TRACK": "True",
    "DAGSTER_DISABLE_TELEMETRY": "yes",
    "NM_DISABLE_ANALYTICS": "1",
}

make_sqlite_quick()


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Run the long files first, so that the workers of make test end at the same time."""
    first = [Path(__file__).parent / name for name in LONG_FILES]
    items.sort(key=lambda item: first.index(item.path) if item.path in first else len(first))


# The tests that import PyTorch.
TRAINING = (
    "tests/oott_assets/training/",
    "tests/oott_assets/test_training_rounds.py",
    "tests/oott_fashion/vision/test_engine_parity.py",
)


class SharedImports(LoadFileScheduling):
    """Give a worker a test file at a time, and one worker all the tests of training.

    PyTorch, Ultralytics and transformers take eight seconds to import in each process.
    """

    def _split_scope(self, nodeid: str) -> str:
        file: str = super()._split_scope(nodeid)
        return "training" if file.startswith(TRAINING) else file


def pytest_xdist_make_scheduler(config: pytest.Config, log: Producer) -> LoadFileScheduling:
    return SharedImports(config, log)


__all__ = [
    "bucket",
    "mariadb",
    "mortal_bucket",
    "nothing_is_set",
    "object_store",
    "trend_database_url",
    "trend_tables",
]
