import logging
import os
import sys
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import onnx
import pytest
from onnx import TensorProto, helper, numpy_helper

from oott_fashion.vision.engines import EngineChoice, EngineUnavailable, open_engine

CHOICES: tuple[EngineChoice, ...] = ("deepsparse", "onnxruntime")

# Each of the two channels out is a sum of the three in, weighted so that no two are alike.
WEIGHTS = np.array([[1, 2, 4], [-1, 0.5, 8]], dtype=np.float32)

# DeepSparse 1.8 reads operator sets up to 19, ONNX Runtime 1.32 up to 25 and more.
TOO_NEW_FOR_DEEPSPARSE = 21


def network(side: int = 8, opset: int = 13) -> Any:
    """Make a network of one convolution that sees ``side`` x ``side`` pixels."""
    weights = numpy_helper.from_array(WEIGHTS[:, :, None, None], "weights")
    graph = helper.make_graph(
        [helper.make_node("Conv", ["images", "weights"], ["head"])],
        "network",
        [helper.make_tensor_value_info("images", TensorProto.FLOAT, [1, 3, side, side])],
        [helper.make_tensor_value_info("head", TensorProto.FLOAT, [1, 2, side, side])],
        [weights],
    )
    return helper.make_model(graph, opset_imports=[helper.make_opsetid("", opset)], ir_version=8)


def of_an_unknown_operator() -> bytes:
    model = network()
    model.graph.node[0].op_type = "Crochet"
    return bytes(model.SerializeToString())


def with_a_loose_end() -> bytes:
    model = network()
    model.graph.node[0].input[1] = "nowhere"
    return bytes(model.SerializeToString())


def of_double_precision() -> bytes:
    model = network()
    for value in (*model.graph.input, *model.graph.output):
        value.type.tensor_type.elem_type = TensorProto.DOUBLE
    doubles = numpy_helper.from_array(WEIGHTS[:, :, None, None].astype(np.float64), "weights")
    model.graph.initializer[0].CopyFrom(doubles)
    return bytes(model.SerializeToString())


def with_a_flipped_byte() -> bytes:
    damaged = bytearray(network().SerializeToString())
    damaged[10] ^= 0xFF
    return bytes(damaged)


UNUSABLE: dict[str, Callable[[], bytes]] = {
    "cut short": lambda: network().SerializeToString()[:60],
    "with a flipped byte": with_a_flipped_byte,
    "text": lambda: b"Not a detector.",
    "empty": lambda: b"",
    "of an unknown operator": of_an_unknown_operator,
    "with a loose end": with_a_loose_end,
    "of double precision": of_double_precision,
}


@pytest.fixture
def file(tmp_path: Path) -> Path:
    file = tmp_path / "detector.onnx"
    onnx.save(network(), str(file))
    return file


def a_photo(side: int = 8, seed: int = 0) -> Any:
    return np.random.default_rng(seed).uniform(0, 1, (1, 3, side, side)).astype(np.float32)


@pytest.mark.parametrize("choice", CHOICES)
def test_an_engine_runs_the_network_in_the_file(choice: EngineChoice, file: Path) -> None:
    photo = a_photo()

    head = open_engine(file, choice).head_of(photo)

    assert head.shape == (1, 2, 8, 8)
    assert head.dtype == np.float32
    assert head == pytest.approx(np.einsum("oi,bihw->bohw", WEIGHTS, photo), abs=1e-5)


@pytest.mark.parametrize("choice", CHOICES)
def test_the_chosen_engine_says_its_name(choice: EngineChoice, file: Path) -> None:
    assert open_engine(file, choice).name == choice


@pytest.mark.parametrize("choice", CHOICES)
@pytest.mark.parametrize("shape", [(1, 3, 4, 4), (2, 3, 8, 8), (3, 8, 8)])
def test_a_photo_of_another_size_than_the_networks_is_refused(
    shape: tuple[int, ...], choice: EngineChoice, file: Path
) -> None:
    engine = open_engine(file, choice)

    with pytest.raises(EngineUnavailable, match="cannot read a photo: "):
        engine.head_of(np.zeros(shape, dtype=np.float32))

    assert engine.head_of(a_photo()).shape == (1, 2, 8, 8)


@pytest.mark.parametrize("choice", CHOICES)
def test_a_head_outlives_the_photo_after_it(choice: EngineChoice, file: Path) -> None:
    engine = open_engine(file, choice)
    first = engine.head_of(a_photo(seed=1))
    kept = first.copy()

    engine.head_of(a_photo(seed=2))

    assert np.array_equal(first, kept)


@pytest.mark.parametrize("choice", CHOICES)
def test_an_engine_may_be_called_from_several_threads(choice: EngineChoice, file: Path) -> None:
    engine = open_engine(file, choice)
    wrong: list[int] = []

    def run(seed: int) -> None:
        photo = a_photo(seed=seed)
        expected = np.einsum("oi,bihw->bohw", WEIGHTS, photo)
        wrong.extend(seed for _ in range(50) if abs(engine.head_of(photo) - expected).max() > 1e-5)

    threads = [threading.Thread(target=run, args=(seed,)) for seed in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert wrong == []


@pytest.mark.parametrize("choice", [*CHOICES, "auto"])
def test_opening_a_detector_leaves_its_file_as_it_is(choice: EngineChoice, file: Path) -> None:
    content = file.read_bytes()
    long_ago = 1_000_000_000
    os.utime(file, (long_ago, long_ago))

    open_engine(file, choice).head_of(a_photo())

    assert file.read_bytes() == content
    # Nor is it written anew with what was in it: its card and its readers hold it for immutable.
    assert file.stat().st_mtime == long_ago
    assert [path.name for path in file.parent.iterdir()] == ["detector.onnx"]


@pytest.mark.parametrize("choice", [*CHOICES, "auto"])
@pytest.mark.parametrize("damage", UNUSABLE)
def test_a_detector_no_engine_can_run_is_refused_by_its_file(
    damage: str, choice: EngineChoice, tmp_path: Path
) -> None:
    file = tmp_path / "detector.onnx"
    file.write_bytes(UNUSABLE[damage]())

    with pytest.raises(EngineUnavailable) as refused:
        open_engine(file, choice)

    engine = "DeepSparse" if choice == "deepsparse" else "ONNX Runtime"
    assert str(refused.value).startswith(f"{engine} cannot run detector.onnx: ")


@pytest.mark.parametrize(
    ("choice", "sentence"),
    [
        ("deepsparse", "DeepSparse cannot run detector.onnx: model path must exist: "),
        ("onnxruntime", r"ONNX Runtime cannot run detector.onnx: .* File doesn't exist"),
        ("auto", r"ONNX Runtime cannot run detector.onnx: .* File doesn't exist"),
    ],
)
def test_a_missing_detector_is_said_to_be_missing(
    choice: EngineChoice, sentence: str, tmp_path: Path
) -> None:
    with pytest.raises(EngineUnavailable, match=sentence):
        open_engine(tmp_path / "detector.onnx", choice)


def test_auto_takes_deepsparse_where_it_runs(file: Path, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO, "oott_fashion")

    assert open_engine(file).name == "deepsparse"

    assert caplog.messages == ["detector.onnx runs in deepsparse on 1 core(s)"]


def test_auto_runs_in_onnx_runtime_what_deepsparse_cannot_and_says_so(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    file = tmp_path / "detector.onnx"
    onnx.save(network(opset=TOO_NEW_FOR_DEEPSPARSE), str(file))
    photo = a_photo()

    engine = open_engine(file)

    assert engine.name == "onnxruntime"
    assert engine.head_of(photo) == pytest.approx(
        np.einsum("oi,bihw->bohw", WEIGHTS, photo), abs=1e-5
    )
    [warning] = [record for record in caplog.records if record.levelno == logging.WARNING]
    assert warning.getMessage().startswith("DeepSparse cannot run detector.onnx: ")
    assert warning.getMessage().endswith("; ONNX Runtime takes its place")


def test_deepsparse_if_chosen_is_not_replaced(tmp_path: Path) -> None:
    file = tmp_path / "detector.onnx"
    onnx.save(network(opset=TOO_NEW_FOR_DEEPSPARSE), str(file))

    with pytest.raises(EngineUnavailable, match=r"DeepSparse cannot run detector\.onnx"):
        open_engine(file, "deepsparse")


def test_auto_does_without_deepsparse_where_it_is_not_installed(
    file: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    # None is how Python itself marks a module that cannot be imported.
    monkeypatch.setitem(sys.modules, "deepsparse", None)

    assert open_engine(file).name == "onnxruntime"

    assert "DeepSparse is not installed here" in caplog.text
    with pytest.raises(EngineUnavailable, match="DeepSparse is not installed here"):
        open_engine(file, "deepsparse")


def test_onnx_runtime_if_chosen_needs_no_deepsparse(
    file: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setitem(sys.modules, "deepsparse", None)

    assert open_engine(file, "onnxruntime").name == "onnxruntime"

    assert [record for record in caplog.records if record.levelno >= logging.WARNING] == []


def test_deepsparse_is_told_to_report_nothing_home_before_it_is_imported(
    file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("NM_DISABLE_ANALYTICS", raising=False)
    monkeypatch.setitem(sys.modules, "deepsparse", None)

    with pytest.raises(EngineUnavailable):
        open_engine(file, "deepsparse")

    assert os.environ["NM_DISABLE_ANALYTICS"] == "1"
