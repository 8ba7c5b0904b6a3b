"""Downloads the weights of the large labellers and verifies them.

Run it: ``python -m oott_assets.training.labellers.weight_downloads LABELLER``.

Only this command downloads weights, and it keeps a file only if its SHA-256 is correct. The files
are listed in ``SHA256SUMS`` next to them, and labellers load only files that match this list. To
use your own weights, write that list yourself: ``sha256sum FILES > SHA256SUMS``.
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

_TIMEOUT_SECONDS = 60.0
# At a lower rate, the download of SAM would take more than a working day.
_MIN_BYTES_PER_SECOND = 100_000
_BLOCK = 2**20
_BYTES_BETWEEN_LOGS = 2**27

_log = logging.getLogger(__name__)


class DownloadFailed(ValueError):
    """A weight file could not be downloaded, or has the wrong content."""


def version_of_weights(labeller: str, root: Path) -> str:
    """Hash the SHA256SUMS of ``labeller`` under ``root``; the version changes with the weights."""
    return hashlib.sha256((root / labeller / SUMS).read_bytes()).hexdigest()[:12]


def checked_weights(labeller: str, root: Path) -> Path:
    """Verify every file of ``labeller`` under ``root``, and give their folder.

    Raises:
        LabellerUnavailable: a file is missing, or is not listed, or differs from the list.
    """
    folder = root / labeller
    sums = _read_sums(folder)
    command = f"python -m oott_assets.training.labellers.weight_downloads {labeller}"
    for name in (file.name for file in WEIGHT_FILES[labeller]):
        if name not in sums or not (folder / name).is_file():
            raise LabellerUnavailable(
                f"{folder / name} is missing or not listed in {SUMS}; download the weights with: "
                f"{command}"
            )
        try:
            found = _sha256_of(folder / name)
        except OSError as error:
            raise LabellerUnavailable(f"{folder / name} cannot be read: {error}") from error
        if found != sums[name]:
            raise LabellerUnavailable(
                f"{folder / name} is damaged: its SHA-256 is {found}, expected {sums[name]}; "
                f"download it again with: {command}"
            )
    return folder


def download_weights(files: Sequence[WeightFile], folder: Path) -> None:
    """Download those of ``files`` that ``folder`` lacks, then list all in its SHA256SUMS.

    Raises:
        DownloadFailed: a file cannot be downloaded or has the wrong content; it is not kept.
    """
    blobs = LocalBlobs(folder.parent)
    # Without the lock, two downloads would write the same temporary file.
    with blobs.exclusive_lock(folder.name):
        for file in files:
            if _is_complete(folder / file.name, file):
                _log.info("%s is already downloaded", file.name)
            else:
                _download(file, folder / file.name)
        sums = "".join(f"{file.sha256}  {file.name}\n" for file in files)
        blobs.write(f"{folder.name}/{SUMS}", sums.encode())


def _download(file: WeightFile, path: Path) -> None:
    partial = path.with_name(f".fetching-{path.name}")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with partial.open("wb") as out:
            found = _copy_response(file, out)
            out.flush()
            os.fsync(out.fileno())
        if found != file.sha256:
            raise DownloadFailed(
                f"{file.url} has the wrong content: its SHA-256 is {found}, expected "
                f"{file.sha256}; nothing was kept"
            )
        os.replace(partial, path)
    except (OSError, HTTPException) as error:
        raise DownloadFailed(
            f"{file.name} could not be downloaded from {file.url}: {error}; nothing was kept; "
            "try again"
        ) from error
    finally:
        partial.unlink(missing_ok=True)


def _copy_response(file: WeightFile, out: BinaryIO) -> str:
    """Copy the response of ``file.url`` to ``out``, and give its SHA-256."""
    digest, received = hashlib.sha256(), 0
    deadline = time.monotonic() + _TIMEOUT_SECONDS + file.size / _MIN_BYTES_PER_SECOND
    with urllib.request.urlopen(file.url, timeout=_TIMEOUT_SECONDS) as response:
        # read() waits for a whole block, so a slow server would delay the deadline check.
        while block := response.read1(_BLOCK):
            received += len(block)
            if received > file.size:
                raise OSError(f"the server sends more than the {file.size:,} bytes expected")
            if time.monotonic() > deadline:
                raise TimeoutError(
                    f"the server sends less than {_MIN_BYTES_PER_SECOND:,} bytes a second"
                )
            digest.update(block)
            out.write(block)
            if received % _BYTES_BETWEEN_LOGS < len(block):
                _log.info("%s: %s of %s bytes", file.name, f"{received:,}", f"{file.size:,}")
    if received < file.size:
        raise OSError(f"the server sent only {received:,} of {file.size:,} bytes")
    _log.info("%s: all %s bytes downloaded", file.name, f"{received:,}")
    return digest.hexdigest()


def _is_complete(path: Path, file: WeightFile) -> bool:
    if not path.is_file() or path.stat().st_size != file.size:
        return False
    return _sha256_of(path) == file.sha256


def _sha256_of(path: Path) -> str:
    with path.open("rb") as content:
        return hashlib.file_digest(content, "sha256").hexdigest()


def _read_sums(folder: Path) -> dict[str, str]:
    """Read SHA256SUMS in ``folder``: the SHA-256 of each file name. sha256sum has this format."""
    try:
        lines = (folder / SUMS).read_text().splitlines()
    except (OSError, UnicodeDecodeError):
        return {}
    pairs = (line.split(maxsplit=1) for line in lines if len(line.split(maxsplit=1)) == 2)
    return {name.lstrip("*").strip(): sha256.lower() for sha256, name in pairs}


@click.command(help="Download the weights of LABELLER and verify their checksums.")
@click.argument("labeller", type=click.Choice(sorted(WEIGHT_FILES)))
@click.option("--folder", type=click.Path(path_type=Path), help="default: OOTT_LABELLER_WEIGHTS")
def main(labeller: str, folder: Path | None) -> None:
    """Download the weights, and log the progress on standard error."""
    logging.basicConfig(level=logging.INFO, format="%(message)s")
    try:
        root = folder or read_settings(TrainingSettings).labeller_weights_root
        download_weights(WEIGHT_FILES[labeller], root / labeller)
    except (DownloadFailed, BadSetting, OSError) as error:
        raise click.ClickException(str(error)) from None
    click.echo(f"the weights of {labeller} are in {root / labeller}")


if __name__ == "__main__":
    main()
