"""Tests the checks for a GPU and for the packages of the large labellers."""

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
def test_a_gpu_that_the_machine_lacks_is_rejected() -> None:
    with pytest.raises(LabellerUnavailable, match="torch finds 2 GPUs"):
        device_for("grounded_sam", "cuda:2", False, "11 minutes")


@pytest.mark.usefixtures("no_gpu")
def test_without_a_gpu_the_error_gives_the_time_per_photo_and_the_setting_for_the_cpu() -> None:
    with pytest.raises(LabellerUnavailable, match=r"takes 11 minutes.*OOTT_LABEL_ON_CPU"):
        device_for("grounded_sam", "cuda", False, "11 minutes")


@pytest.mark.usefixtures("two_gpus")
def test_the_cpu_is_rejected_even_on_a_machine_with_gpus() -> None:
    with pytest.raises(LabellerUnavailable, match="OOTT_TRAIN_DEVICE is cpu"):
        device_for("grounded_sam", "cpu", False, "11 minutes")


@pytest.mark.usefixtures("no_gpu")
@pytest.mark.parametrize("device", ["cpu", "cuda"])
def test_the_cpu_is_used_if_the_settings_allow_it(device: str) -> None:
    assert device_for("grounded_sam", device, True, "11 minutes") == "cpu"


def test_the_error_for_a_missing_package_names_its_extra(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "autodistill", None)

    message = "autodistill is not installed.*make .venv/train"
    with pytest.raises(LabellerUnavailable, match=message), label_extra():
        import autodistill  # noqa: F401
