"""Files of small random weights for the large labellers, which test their code."""

import hashlib
import os
import shutil
import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from oott_assets.training.labellers.weight_downloads import SUMS


def list_sums(folder: Path) -> None:
    """Write the SHA256SUMS of all files in ``folder``."""
    files = sorted(file for file in folder.rglob("*") if file.is_file() and file.name != SUMS)
    sums = (hashlib.sha256(file.read_bytes()).hexdigest() for file in files)
    lines = (f"{sha}  {file.relative_to(folder)}\n" for sha, file in zip(sums, files, strict=True))
    (folder / SUMS).write_text("".join(lines))


def copy_without(name: str, folder: Path, target: Path) -> Path:
    """Copy ``folder`` to ``target`` as hard links, except ``name``; give the path of ``name``."""
    shutil.copytree(folder, target, copy_function=os.link)
    (target / name).unlink()
    return target / name


def write_photo(file: Path, width: int, height: int) -> str:
    """Write a photo of random noise, and give its path."""
    pixels = np.random.default_rng(3).integers(0, 256, (height, width, 3), dtype=np.uint8)
    Image.fromarray(pixels).save(file)
    return str(file)


@contextmanager
def no_network() -> Iterator[None]:
    """Fail if the code connects or resolves a host name, even if it catches the error.

    Threads of earlier tests, such as clients of object stores, may still use the network.
    """
    attempts: list[object] = []
    others = {*threading.enumerate()} - {threading.current_thread()}

    def blocked(original: Callable[..., object]) -> Callable[..., object]:
        def block(*args: object, **kwargs: object) -> object:
            if threading.current_thread() in others:
                return original(*args, **kwargs)
            attempts.append(args[-1])
            raise OSError("no network in this test")

        return block

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(socket.socket, "connect", blocked(socket.socket.connect))
        patch.setattr(socket, "getaddrinfo", blocked(socket.getaddrinfo))
        yield
    assert attempts == []
