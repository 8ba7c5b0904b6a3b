"""Measures how much CPU time and memory the collection of photos from a folder takes.

``python -m benchmarks.collection FOLDER``. Each photo of the folder is read, its faces are hidden
unless ``--no-faces`` is given, and it is stored in a temporary folder.
"""

import logging
import os
import re
import shutil
import tempfile
import time
from datetime import date
from pathlib import Path
from zoneinfo import ZoneInfo

import click

from oott_assets.partitions import MonthAndDestination
from oott_assets.photos.collection import Collector
from oott_assets.photos.sources.folder import PhotoFolder
from oott_assets.photos.store.photo_store import PhotoStore
from oott_fashion.destinations import read_destinations

_MAX_BYTES, _MAX_PIXELS = 50_000_000, 50_000_000


@click.command(help=__doc__)
@click.argument("folder", type=click.Path(exists=True, file_okay=False, path_type=Path))
@click.option("--photos", default=800, show_default=True, help="how many photos to take at most")
@click.option("--faces/--no-faces", default=True, help="hide faces")
def main(folder: Path, photos: int, faces: bool) -> None:
    """Collect a quarter of the photos, then all of them, each into an empty store."""
    files = sorted(file for file in folder.rglob("*") if file.is_file())[:photos]
    for count in (len(files) // 4, len(files)):
        with tempfile.TemporaryDirectory() as root:
            _collect(files[:count], Path(root), faces)


def _collect(files: list[Path], root: Path, faces: bool) -> None:
    destinations = read_destinations()
    place = MonthAndDestination(date(2026, 9, 1), destinations.destination("hongdae"))
    source = root / "source" / "hongdae" / "2026-09"
    source.mkdir(parents=True)
    for number, file in enumerate(files):
        shutil.copy(file, source / f"{number:05}{file.suffix}")
    store = PhotoStore(root=str(root / "store"), max_pixels=_MAX_PIXELS, hide_faces=faces)
    reader = PhotoFolder(root / "source", destinations, None, _MAX_BYTES, ZoneInfo("Asia/Seoul"))
    if faces:
        store.face_hider()  # opening and testing the detector takes as long as some photos
    started = time.process_time()
    collected = Collector(reader, store, "Asia/Seoul", len(files)).collect(
        place, logging.getLogger("collection")
    )
    seconds = time.process_time() - started
    hidden = sum(row.faces_hidden for row in collected.rows)
    stored = sum(file.stat().st_size for file in (root / "store").rglob("*") if file.is_file())
    status = Path(f"/proc/{os.getpid()}/status").read_text()
    peak = int(re.findall(r"VmHWM:\s+(\d+) kB", status)[0]) // 1024
    click.echo(
        f"{len(collected.rows)} photos, {hidden} faces: {1000 * seconds / len(files):.1f} CPU ms "
        f"a photo, {stored / len(files) / 1000:.1f} kB a photo, at most {peak} MB of memory"
    )


if __name__ == "__main__":
    main()
