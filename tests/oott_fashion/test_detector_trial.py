"""Tests what happens if a detector harms the process that tries it."""

import sys
from pathlib import Path

import numpy as np
import onnx
import pytest
from onnx import helper

from oott_fashion.detector_trial import NoVerdict, try_detector
from oott_fashion.opened_detector import DetectorOptions
from oott_fashion.settings import SharedSettings
from oott_fashion.stores.detector_card import BadDetector, PublishedDetector
from oott_fashion.stores.model_store import ModelStore
from tests.oott_serving.detectors import card_of, publish, that_looks_at_colours

pytestmark = pytest.mark.usefixtures("nothing_is_set")


@pytest.fixture
def options() -> DetectorOptions:
    return DetectorOptions.of(SharedSettings(engine="onnxruntime"))


@pytest.fixture
def coat(tmp_path: Path) -> PublishedDetector:
    return publish(ModelStore(tmp_path / "models"), tmp_path, "coat")


def program(folder: Path, line: str) -> str:
    """Write a program that is run instead of Python."""
    file = folder / "program"
    file.write_text(f"#!/bin/sh\n{line}\n")
    file.chmod(0o755)
    return str(file)


def test_the_cpu_time_for_a_photo_is_measured(
    coat: PublishedDetector, options: DetectorOptions
) -> None:
    # The clock of a process may count in steps of 10 ms.
    assert 0 <= try_detector(coat, options) < 100


def test_a_detector_that_takes_too_long_is_not_waited_for(
    coat: PublishedDetector, options: DetectorOptions
) -> None:
    with pytest.raises(NoVerdict, match=r"was not finished after 0\.01 seconds; it is tried again"):
        try_detector(coat, options, max_seconds=0.01)


@pytest.mark.parametrize(
    ("line", "message"),
    [
        ("kill -SEGV $$", "trial of detector .* was ended by SIGSEGV; it is tried again"),
        ("exit 3", "ended with exit status 3 and no answer"),
        ("echo 12", "ended with exit status 0 and no answer"),
    ],
)
def test_a_crash_is_no_verdict(
    line: str,
    message: str,
    coat: PublishedDetector,
    options: DetectorOptions,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(sys, "executable", program(tmp_path, line))

    with pytest.raises(NoVerdict, match=message):
        try_detector(coat, options)


def test_the_trial_cannot_read_our_secrets(
    coat: PublishedDetector,
    options: DetectorOptions,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("OOTT_DATABASE_URL", "secret")
    echo = """echo "{\\"problem\\": \\"<$OOTT_DATABASE_URL>\\"}\""""
    monkeypatch.setattr(sys, "executable", program(tmp_path, echo))

    with pytest.raises(BadDetector, match="<>"):
        try_detector(coat, options)


def test_a_detector_that_needs_too_much_memory_is_refused(
    options: DetectorOptions, tmp_path: Path
) -> None:
    model = that_looks_at_colours("coat", 0.9)
    model.graph.node[-1].output[0] = "answer"
    node = helper.make_node
    model.graph.node.extend(
        [
            node("ReduceMean", ["images"], ["mean"], axes=[1, 2, 3], keepdims=0),
            node("Expand", ["mean", "ten_gigabytes"], ["large"]),
            node("ReduceMin", ["large"], ["least"], keepdims=0),
            node("Mul", ["least", "zero"], ["nothing"]),
            node("Add", ["answer", "nothing"], ["output0"]),
        ]
    )
    size = onnx.numpy_helper.from_array(np.array([10 * 2**28]), "ten_gigabytes")
    model.graph.initializer.append(size)
    file = tmp_path / "large.onnx"
    onnx.save(model, str(file))
    large = PublishedDetector.verified(file, card_of(file))

    with pytest.raises(BadDetector, match=r"ONNX Runtime failed on a photo: .*allocate memory"):
        try_detector(large, options)
