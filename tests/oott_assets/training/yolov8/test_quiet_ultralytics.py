"""Tests how Ultralytics is set up."""

import os

import pytest

from oott_assets.training.yolov8.quiet_ultralytics import configure_ultralytics


def test_training_uses_all_cores(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("OMP_NUM_THREADS")

    configure_ultralytics()

    assert os.environ["OMP_NUM_THREADS"] == str(os.cpu_count())


def test_training_uses_the_cores_that_a_user_allows(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OMP_NUM_THREADS", "3")

    configure_ultralytics()

    assert os.environ["OMP_NUM_THREADS"] == "3"
