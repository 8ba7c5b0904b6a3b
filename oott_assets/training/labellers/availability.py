"""What the big labellers need of this machine, refused in a sentence where it is not there."""

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path


class LabellerUnavailable(ValueError):
    """A labeller that cannot work here, and what it lacks."""


@contextmanager
def label_extra() -> Iterator[None]:
    """Guard an import that only the extra ``label`` brings.

    Raises:
        LabellerUnavailable: it is not installed.
    """
    try:
        yield
    except ModuleNotFoundError as error:
        raise LabellerUnavailable(
            f"the package {error.name} is not installed; labellers need the extra label: "
            "make .venv/train"
        ) from error


def device_for(labeller: str, device: str, on_cpu: bool, photo_takes: str) -> str:
    """Choose what ``labeller`` runs on: ``device`` if it is a GPU of this machine.

    Raises:
        LabellerUnavailable: there is no such GPU, and ``on_cpu`` does not force the CPU.
    """
    import torch

    there = torch.cuda.device_count()
    is_gpu = torch.device(device).type == "cuda"
    if is_gpu and (torch.device(device).index or 0) < there:
        return device
    if on_cpu:
        return "cpu"
    found = f"torch sees {there} of them" if is_gpu else f"OOTT_TRAIN_DEVICE is {device}"
    raise LabellerUnavailable(
        f"{labeller} has no GPU ({found}), and on a CPU a photo takes {photo_takes}; set "
        "OOTT_TRAIN_DEVICE=cuda on a machine with a GPU, or OOTT_LABEL_ON_CPU=true to wait"
    )


def refuse_incomplete(checkpoint: Path, missing: Iterable[str]) -> None:
    """Make sure that loading found all of a model in ``checkpoint``.

    Args:
        missing: what it did not find; loaders leave that at random and go on.

    Raises:
        LabellerUnavailable: something is missing, so the model would box at random.
    """
    names = sorted(missing)
    if names:
        raise LabellerUnavailable(
            f"{checkpoint} lacks {len(names)} of the model's weights, {names[0]} for one; expected "
            "the checkpoint of this very model"
        )
