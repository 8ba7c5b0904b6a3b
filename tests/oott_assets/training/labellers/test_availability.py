"""What the big labellers need of a machine."""

import sys

import pytest
import torch

from oott_assets.training.labellers.availability import LabellerUnavailable, device_for, label_extra


@pytest.fixture
def two_gpus(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(torch.cuda, "device_count", lambda: 2)


@pytest.fixture
def no_gpu(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(torch.cuda, "device_count", lambda: 0)


@pytest.mark.usefixtures("two_gpus")
@pytest.mark.parametrize("device", ["cuda", "cuda:1"])
def test_a_gpu_of_this_machine_is_used(device: str) -> None:
    assert device_for("grounded_sam", device, False, "11 minutes") == device


@pytest.mark.usefixtures("two_gpus")
def test_a_third_gpu_of_two_is_refused() -> None:
    with pytest.raises(LabellerUnavailable, match="torch sees 2 of them"):
        device_for("grounded_sam", "cuda:2", False, "11 minutes")


@pytest.mark.usefixtures("no_gpu")
def test_without_a_gpu_the_refusal_says_how_long_a_photo_takes_and_how_to_wait_for_it() -> None:
    with pytest.raises(LabellerUnavailable, match=r"takes 11 minutes.*OOTT_LABEL_ON_CPU"):
        device_for("grounded_sam", "cuda", False, "11 minutes")


@pytest.mark.usefixtures("two_gpus")
def test_the_cpu_is_refused_though_there_is_a_gpu() -> None:
    with pytest.raises(LabellerUnavailable, match="OOTT_TRAIN_DEVICE is cpu"):
        device_for("grounded_sam", "cpu", False, "11 minutes")


@pytest.mark.usefixtures("no_gpu")
@pytest.mark.parametrize("device", ["cpu", "cuda"])
def test_who_will_wait_gets_the_cpu(device: str) -> None:
    assert device_for("grounded_sam", device, True, "11 minutes") == "cpu"


def test_a_missing_package_names_the_extra_that_brings_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "autodistill", None)

    refusal = "autodistill is not installed.*make .venv/train"
    with pytest.raises(LabellerUnavailable, match=refusal), label_extra():
        import autodistill  # noqa: F401
