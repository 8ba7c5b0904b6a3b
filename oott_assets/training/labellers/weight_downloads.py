"""Downloads the weights of the big labellers and verifies them.

Run it: ``python -m oott_assets.training.labellers.weight_downloads LABELLER``.

Nothing else downloads them, and a file is kept only if it has its sha256. What was kept is listed
in ``SHA256SUMS`` beside it, and labellers load nothing that differs from that list. Weights of
your own enter by it, too: ``sha256sum FILES > SHA256SUMS``.
"""

import hashlib
import logging
import os
import time
import urllib.request
from collections.abc import Sequence
from http.client import HTTPException
from pathlib import Path
from typing import BinaryIO

import click

from oott_assets.training.labellers.availability import LabellerUnavailable
from oott_assets.training.labellers.weight_files import WEIGHT_FILES, WeightFile
from oott_assets.training.settings import TrainingSettings
from oott_fashion.settings import BadSetting, read_settings
from oott_fashion.stores.blobs import LocalBlobs

SUMS = "SHA256SUMS"

_SILENCE_SECONDS = 60.0
# Slower than this, in bytes a second, SAM would take a working day.
_SLOWEST = 100_000
_BLOCK = 2**20
_BYTES_BETWEEN_NEWS = 2**27

_log = logging.getLogger(__name__)


class WeightsNotFetched(ValueError):
    """A file of weights that could not be had, or is not the one it should be."""


def version_of_weights(labeller: str, root: Path) -> str:
    """Name the weights of ``labeller`` under ``root``, others by another name."""
    return hashlib.sha256((root / labeller / SUMS).read_bytes()).hexdigest()[:12]


def checked_weights(labeller: str, root: Path) -> Path:
    """Find the folder of ``labeller`` under ``root``, once every file in it is whole.

    Raises:
        LabellerUnavailable: a file is missing, unlisted, or not as listed.
    """
    folder = root / labeller
    sums = _sums_of(folder)
    fetch = f"python -m oott_assets.training.labellers.weight_downloads {labeller}"
    for name in (file.name for file in WEIGHT_FILES[labeller]):
        if name not in sums or not (folder / name).is_file():
            raise LabellerUnavailable(
                f"{folder / name} is missing or not listed in {SUMS}; the weights are fetched by: "
                f"{fetch}"
            )
        try:
            found = _sha256_of(folder / name)
        except OSError as error:
            raise LabellerUnavailable(f"{folder / name} cannot be read: {error}") from error
        if found != sums[name]:
            raise LabellerUnavailable(
                f"{folder / name} is damaged: its sha256 is {found}, expected {sums[name]}; "
                f"fetch it again: {fetch}"
            )
    return folder


def fetch_weights(files: Sequence[WeightFile], folder: Path) -> None:
    """Bring those of ``files`` that ``folder`` lacks, then list all in its SHA256SUMS.

    Raises:
        WeightsNotFetched: one cannot be had or is not the right one; nothing of it is left.
    """
    blobs = LocalBlobs(folder.parent)
    # Two at once would write one temporary file.
    with blobs.exclusive_lock(folder.name):
        for file in files:
            if _is_whole(folder / file.name, file):
                _log.info("%s is there", file.name)
            else:
                _fetch(file, folder / file.name)
        sums = "".join(f"{file.sha256}  {file.name}\n" for file in files)
        blobs.write(f"{folder.name}/{SUMS}", sums.encode())


def _fetch(file: WeightFile, path: Path) -> None:
    partial = path.with_name(f".fetching-{path.name}")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with partial.open("wb") as out:
            found = _download(file, out)
            out.flush()
            os.fsync(out.fileno())
        if found != file.sha256:
            raise WeightsNotFetched(
                f"{file.url} is not the file it should be: its sha256 is {found}, expected "
                f"{file.sha256}; nothing was kept"
            )
        os.replace(partial, path)
    except (OSError, HTTPException) as error:
        raise WeightsNotFetched(
            f"{file.name} was not fetched from {file.url}: {error}; nothing was kept, try again"
        ) from error
    finally:
        partial.unlink(missing_ok=True)


def _download(file: WeightFile, out: BinaryIO) -> str:
    """Copy what ``file.url`` answers to ``out``, and tell its sha256."""
    digest, received = hashlib.sha256(), 0
    deadline = time.monotonic() + _SILENCE_SECONDS + file.size / _SLOWEST
    with urllib.request.urlopen(file.url, timeout=_SILENCE_SECONDS) as answer:
        # read() would wait for a whole block, and never look at the clock where bytes trickle.
        while block := answer.read1(_BLOCK):
            received += len(block)
            if received > file.size:
                raise OSError(f"it sends more than the {file.size:,} bytes expected")
            if time.monotonic() > deadline:
                raise TimeoutError(f"it sends less than {_SLOWEST:,} bytes a second")
            digest.update(block)
            out.write(block)
            if received % _BYTES_BETWEEN_NEWS < len(block):
                _log.info("%s: %s of %s bytes", file.name, f"{received:,}", f"{file.size:,}")
    if received < file.size:
        raise OSError(f"it sent {received:,} of {file.size:,} bytes")
    _log.info("%s: all of its %s bytes", file.name, f"{received:,}")
    return digest.hexdigest()


def _is_whole(path: Path, file: WeightFile) -> bool:
    if not path.is_file() or path.stat().st_size != file.size:
        return False
    return _sha256_of(path) == file.sha256


def _sha256_of(path: Path) -> str:
    with path.open("rb") as content:
        return hashlib.file_digest(content, "sha256").hexdigest()


def _sums_of(folder: Path) -> dict[str, str]:
    """Read the SHA256SUMS of ``folder`` by file name, as the command sha256sum writes it."""
    try:
        lines = (folder / SUMS).read_text().splitlines()
    except (OSError, UnicodeDecodeError):
        return {}
    pairs = (line.split(maxsplit=1) for line in lines if len(line.split(maxsplit=1)) == 2)
    return {name.lstrip("*").strip(): sha256.lower() for sha256, name in pairs}


@click.command(help="Fetch the weights of LABELLER, with their checksums checked.")
@click.argument("labeller", type=click.Choice(sorted(WEIGHT_FILES)))
@click.option("--folder", type=click.Path(path_type=Path), help="by default OOTT_LABELLER_WEIGHTS")
def main(labeller: str, folder: Path | None) -> None:
    """Fetch, and say on standard error how far it is."""
    logging.basicConfig(level=logging.INFO, format="%(message)s")
    try:
        root = folder or read_settings(TrainingSettings).labeller_weights_root
        fetch_weights(WEIGHT_FILES[labeller], root / labeller)
    except (WeightsNotFetched, BadSetting, OSError) as error:
        raise click.ClickException(str(error)) from None
    click.echo(f"{labeller}: its weights are in {root / labeller}")


if __name__ == "__main__":
    main()
