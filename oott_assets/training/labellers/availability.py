"""Checks that this machine has what the large labellers need: packages, a GPU and weights."""

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path


class LabellerUnavailable(ValueError):
    """The labeller cannot run here; the message says what is missing."""


@contextmanager
def label_extra() -> Iterator[None]:
    """Wrap an import of a package from the extra ``label``.

    Raises:
        LabellerUnavailable: the package is not installed.
    """
    try:
        yield
    except ModuleNotFoundError as error:
        raise LabellerUnavailable(
            f"the package {error.name} is not installed; labellers need the extra label: "
            "make .venv/train"
        ) from error


def device_for(labeller: str, device: str, on_cpu: bool, photo_takes: str) -> str:
    """Choose the device for ``labeller``: ``device`` if it is a GPU of this machine.

    Raises:
        LabellerUnavailable: the machine has no such GPU, and ``on_cpu`` is false.
    """
    import torch

    gpus = torch.cuda.device_count()
    is_gpu = torch.device(device).type == "cuda"
    if is_gpu and (torch.device(device).index or 0) < gpus:
        return device
    if on_cpu:
        return "cpu"
    found = f"torch finds {gpus} GPUs" if is_gpu else f"OOTT_TRAIN_DEVICE is {device}"
    raise LabellerUnavailable(
        f"{labeller} needs a GPU, but {found}, and on a CPU each photo takes {photo_takes}; set "
        "OOTT_TRAIN_DEVICE=cuda on a machine with a GPU, or OOTT_LABEL_ON_CPU=true to wait"
    )


def require_all_weights(checkpoint: Path, missing: Iterable[str]) -> None:
    """Check that ``checkpoint`` had all weights of its model.

    Args:
        missing: the weights that the loader did not find; it leaves them at random values.

    Raises:
        LabellerUnavailable: a weight is missing, so the model would draw random boxes.
    """
    names = sorted(missing)
    if names:
        raise LabellerUnavailable(
            f"{checkpoint} lacks {len(names)} of the model's weights, for example {names[0]}; "
            "expected a complete checkpoint of this model"
        )
