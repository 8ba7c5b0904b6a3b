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

CHOICES: tuple[EngineChoice, ...] = ("deepsparse", "openvino", "onnxruntime")

NAMES = {"deepsparse": "DeepSparse", "openvino": "OpenVINO", "onnxruntime": "ONNX Runtime"}

# Each of the two output channels is a different weighted sum of the three input channels.
WEIGHTS = np.array([[1, 2, 4], [-1, 0.5, 8]], dtype=np.float32)

# DeepSparse 1.8 reads operator sets up to 19, ONNX Runtime 1.32 up to 25 and more.
TOO_NEW_FOR_DEEPSPARSE = 21


def network(side: int = 8, opset: int = 13) -> Any:
    """Make a network of one convolution with an input of ``side`` x ``side`` pixels."""
    weights = numpy_helper.from_array(WEIGHTS[:, :, None, None], "weights")
    graph = helper.make_graph(
        [helper.make_node("Conv", ["images", "weights"], ["head"])],
        "network",
        [helper.make_tensor_value_info("images", TensorProto.FLOAT, [1, 3, side, side])],
        [helper.make_tensor_value_info("head", TensorProto.FLOAT, [1, 2, side, side])],
        [weights],
    )
    return helper.make_model(graph, opset_imports=[helper.make_opsetid("", opset)], ir_version=8)


def with_an_unknown_operator() -> bytes:
    model = network()
    model.graph.node[0].op_type = "Crochet"
    return bytes(model.SerializeToString())


def with_a_missing_input() -> bytes:
    model = network()
    model.graph.node[0].input[1] = "nowhere"
    return bytes(model.SerializeToString())


def with_double_precision() -> bytes:
    model = network()
    for value in (*model.graph.input, *model.graph.output):
        value.type.tensor_type.elem_type = TensorProto.DOUBLE
    weights = numpy_helper.from_array(WEIGHTS[:, :, None, None].astype(np.float64), "weights")
    model.graph.initializer[0].CopyFrom(weights)
    return bytes(model.SerializeToString())


def with_a_flipped_byte() -> bytes:
    damaged = bytearray(network().SerializeToString())
    damaged[10] ^= 0xFF
    return bytes(damaged)


UNUSABLE: dict[str, Callable[[], bytes]] = {
    "truncated": lambda: network().SerializeToString()[:60],
    "with a flipped byte": with_a_flipped_byte,
    "text": lambda: b"Not a detector.",
    "empty": lambda: b"",
    "with an unknown operator": with_an_unknown_operator,
    "with a missing input": with_a_missing_input,
    "with double precision": with_double_precision,
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
def test_an_engine_has_the_name_of_the_choice(choice: EngineChoice, file: Path) -> None:
    assert open_engine(file, choice).name == choice


@pytest.mark.parametrize("choice", CHOICES)
@pytest.mark.parametrize("shape", [(1, 3, 4, 4), (2, 3, 8, 8), (3, 8, 8)])
def test_a_model_input_of_another_shape_is_rejected(
    shape: tuple[int, ...], choice: EngineChoice, file: Path
) -> None:
    engine = open_engine(file, choice)

    with pytest.raises(EngineUnavailable, match="failed on a photo: "):
        engine.head_of(np.zeros(shape, dtype=np.float32))

    assert engine.head_of(a_photo()).shape == (1, 2, 8, 8)


@pytest.mark.parametrize("choice", CHOICES)
def test_a_result_does_not_change_when_the_next_photo_runs(
    choice: EngineChoice, file: Path
) -> None:
    engine = open_engine(file, choice)
    first = engine.head_of(a_photo(seed=1))
    kept = first.copy()

    engine.head_of(a_photo(seed=2))

    assert np.array_equal(first, kept)


@pytest.mark.parametrize("choice", CHOICES)
def test_an_engine_is_thread_safe(choice: EngineChoice, file: Path) -> None:
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
def test_opening_a_detector_does_not_change_its_file(choice: EngineChoice, file: Path) -> None:
    content = file.read_bytes()
    long_ago = 1_000_000_000
    os.utime(file, (long_ago, long_ago))

    open_engine(file, choice).head_of(a_photo())

    assert file.read_bytes() == content
    # A rewrite with the same content would be wrong too: readers rely on an immutable file.
    assert file.stat().st_mtime == long_ago
    assert [path.name for path in file.parent.iterdir()] == ["detector.onnx"]


@pytest.mark.parametrize("choice", [*CHOICES, "auto"])
@pytest.mark.parametrize("damage", UNUSABLE)
def test_the_error_for_an_unusable_detector_names_its_file(
    damage: str, choice: EngineChoice, tmp_path: Path
) -> None:
    file = tmp_path / "detector.onnx"
    file.write_bytes(UNUSABLE[damage]())

    with pytest.raises(EngineUnavailable) as failed:
        open_engine(file, choice)

    message = str(failed.value)
    assert f"{NAMES.get(choice, 'ONNX Runtime')} cannot run detector.onnx: " in message or (
        message == f"{file} is not an ONNX file; expected one"
    )


@pytest.mark.parametrize("choice", [*CHOICES, "auto"])
def test_the_error_for_a_missing_detector_says_so(choice: EngineChoice, tmp_path: Path) -> None:
    file = tmp_path / "detector.onnx"

    with pytest.raises(EngineUnavailable, match=f"cannot read {file}: No such file"):
        open_engine(file, choice)


@pytest.mark.parametrize("choice", [*CHOICES, "auto"])
def test_a_file_that_needs_another_file_is_not_opened(choice: EngineChoice, tmp_path: Path) -> None:
    file = tmp_path / "split.onnx"
    onnx.save(network(), str(file), save_as_external_data=True, size_threshold=0)

    with pytest.raises(EngineUnavailable, match="keeps its weights in another file"):
        open_engine(file, choice)


def test_auto_prefers_deepsparse(file: Path, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO, "oott_fashion")

    assert open_engine(file).name == "deepsparse"

    assert caplog.messages == ["detector.onnx runs in deepsparse on 1 core(s)"]


def test_auto_uses_openvino_when_deepsparse_cannot_run_a_file_and_warns(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    file = tmp_path / "detector.onnx"
    onnx.save(network(opset=TOO_NEW_FOR_DEEPSPARSE), str(file))
    photo = a_photo()

    engine = open_engine(file)

    assert engine.name == "openvino"
    assert engine.head_of(photo) == pytest.approx(
        np.einsum("oi,bihw->bohw", WEIGHTS, photo), abs=1e-5
    )
    [warning] = [record for record in caplog.records if record.levelno == logging.WARNING]
    assert warning.getMessage().startswith("DeepSparse cannot run detector.onnx: ")
    assert warning.getMessage().endswith("; the next engine is tried")


def test_chosen_deepsparse_has_no_fallback(tmp_path: Path) -> None:
    file = tmp_path / "detector.onnx"
    onnx.save(network(opset=TOO_NEW_FOR_DEEPSPARSE), str(file))

    with pytest.raises(EngineUnavailable, match=r"DeepSparse cannot run detector\.onnx"):
        open_engine(file, "deepsparse")


def test_auto_uses_onnx_runtime_when_no_other_engine_is_installed(
    file: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    # With None in sys.modules, Python raises ImportError.
    monkeypatch.setitem(sys.modules, "deepsparse", None)
    monkeypatch.setitem(sys.modules, "openvino", None)

    assert open_engine(file).name == "onnxruntime"

    assert "DeepSparse is not installed here" in caplog.text
    assert "OpenVINO is not installed here" in caplog.text


@pytest.mark.parametrize("choice", ["deepsparse", "openvino"])
def test_a_chosen_engine_that_is_not_installed_is_an_error(
    choice: EngineChoice, file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, choice, None)

    with pytest.raises(EngineUnavailable, match=r"is not installed here: .*install the extra"):
        open_engine(file, choice)


@pytest.mark.parametrize("choice", ["openvino", "onnxruntime"])
def test_another_chosen_engine_does_not_need_deepsparse(
    choice: EngineChoice,
    file: Path,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    monkeypatch.setitem(sys.modules, "deepsparse", None)

    assert open_engine(file, choice).name == choice

    assert [record for record in caplog.records if record.levelno >= logging.WARNING] == []


def test_deepsparse_telemetry_is_off_before_the_import(
    file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("NM_DISABLE_ANALYTICS", raising=False)
    monkeypatch.setitem(sys.modules, "deepsparse", None)

    with pytest.raises(EngineUnavailable):
        open_engine(file, "deepsparse")

    assert os.environ["NM_DISABLE_ANALYTICS"] == "1"
