"""Compares the speed of our face hiding with that of deface, called as a user would call it.

``python -m benchmarks.face_hiding FOLDER``. Both take turns on the same photos, so that a busy
machine slows both equally. deface reads each photo once, at its full size, on every core.
"""

import contextlib
import io
import statistics
import time
from collections.abc import Callable
from pathlib import Path

import click
import cv2
import numpy as np

from oott_assets.photos.privacy.faces import FaceHider
from oott_assets.photos.privacy.stored_form import stored_form
from oott_assets.photos.sources.photo_files import photos_under
from oott_fashion.vision.photos import MAX_PIXELS, Photo, UnreadablePhoto, read_photo

# The defaults of deface's command line; _TILE is the size of a mosaic tile in pixels.
_THRESHOLD, _MASK_SCALE, _TILE = 0.2, 1.3, 20


@click.command(help=__doc__)
@click.argument("folder", type=click.Path(exists=True, file_okay=False, path_type=Path))
@click.option(
    "--photos", default=100, show_default=True, help="how many photos to take, evenly spread"
)
@click.option(
    "--width", help="resize photos to this width in pixels first", type=click.IntRange(min=1)
)
def main(folder: Path, photos: int, width: int | None) -> None:
    """Time each tool on each photo and count the faces that it hides."""
    hider = FaceHider()
    deface = _deface()
    tools: dict[str, Callable[[bytes, Photo], int]] = {
        "OOTT, faces hidden": lambda _, photo: hider.hide_faces(photo)[1],
        "OOTT, bytes to stored bytes": lambda content, _: (
            stored_form(content, MAX_PIXELS, hider).faces
        ),
        "deface, faces hidden": lambda _, photo: deface(photo),
    }
    measured: dict[str, list[tuple[float, float, int]]] = {name: [] for name in tools}
    for content, photo in _sample(folder, photos, width):
        for name, hide in tools.items():
            wall, cpu = time.perf_counter(), time.process_time()
            faces = hide(content, photo)
            seconds = time.perf_counter() - wall, time.process_time() - cpu
            measured[name].append((*seconds, faces))
    _report(measured)


def _sample(folder: Path, photos: int, width: int | None) -> list[tuple[bytes, Photo]]:
    """Read ``photos`` evenly spread photos of a folder, and skip unreadable ones."""
    files = photos_under(folder)
    read = []
    for file in files[:: max(1, len(files) // photos)][:photos]:
        with contextlib.suppress(UnreadablePhoto):
            read.append(_resized(file.read_bytes(), width))
    if not read:
        raise click.ClickException(f"{folder} has no readable photo")
    return read


def _resized(content: bytes, width: int | None) -> tuple[bytes, Photo]:
    photo = read_photo(content)
    if width is None:
        return content, photo
    height = round(photo.shape[0] * width / photo.shape[1])
    photo = np.asarray(cv2.resize(photo, (width, height)), dtype=np.uint8)
    return cv2.imencode(".jpg", photo[..., ::-1])[1].tobytes(), photo


def _deface() -> Callable[[Photo], int]:
    """Hide faces like ``deface --replacewith mosaic``; deface's own drawing needs scikit-image.

    Source: ``deface.deface.draw_det``, version 1.5.0.
    """
    from deface.centerface import CenterFace

    with contextlib.redirect_stdout(io.StringIO()):
        centerface = CenterFace(backend="onnxrt")

    def hide(photo: Photo) -> int:
        hidden = photo.copy()
        found, _ = centerface(photo, threshold=_THRESHOLD)
        for x_min, y_min, x_max, y_max in found[:, :4]:
            across, down = ((_MASK_SCALE - 1) * side for side in (x_max - x_min, y_max - y_min))
            left, top = max(0, round(x_min - across)), max(0, round(y_min - down))
            region = hidden[top : round(y_max + down), left : round(x_max + across)]
            tiles = region[::_TILE, ::_TILE].repeat(_TILE, axis=0).repeat(_TILE, axis=1)
            region[:] = tiles[: region.shape[0], : region.shape[1]]
        return len(found)

    return hide


def _report(measured: dict[str, list[tuple[float, float, int]]]) -> None:
    photos = len(next(iter(measured.values())))
    click.echo(f"{f'milliseconds a photo, median of {photos}':42}{'wall':>8}{'CPU':>8}{'faces':>8}")
    for name, runs in measured.items():
        walls, cpus, faces = zip(*runs, strict=True)
        wall, cpu = (1000 * statistics.median(times) for times in (walls, cpus))
        click.echo(f"{name:42}{wall:8.1f}{cpu:8.1f}{sum(faces):8}")


if __name__ == "__main__":
    main()
