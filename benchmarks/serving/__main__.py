"""Compares the speed of the closet service with other servers of the same detector.

``python -m benchmarks.serving PHOTOS_FOLDER`` (needs the packages of ``make train``, and of the
group ``benchmarks``). All servers get the same JPEG files, one server at a time.
"""

import io
from collections.abc import Iterator, Sequence
from pathlib import Path

import click
import numpy as np
from PIL import Image

from benchmarks.serving import raw_engine, stages
from benchmarks.serving.load import CAMERA, camera_body, send, warm_up
from benchmarks.serving.results import Row, draw, table_head, table_line
from benchmarks.serving.servers import KINDS, Kind, running

_CLIENTS = (1, 4, 8, 16)
_PHONE_PHOTO = (4000, 3000)
_MEMORY_REQUESTS = 10_000


@click.command()
@click.argument("folder", type=click.Path(exists=True, file_okay=False, path_type=Path))
@click.option("--servers", default=",".join(KINDS), help="Which servers, separated by commas.")
@click.option("--requests", default=500, help="Requests of a row.")
@click.option("--max-seconds", default=60.0, help="A slow server gets fewer requests.")
@click.option("--picture", type=click.Path(path_type=Path), help="Draws the speeds into this PNG.")
@click.option("--memory", is_flag=True, help="Also sends 10,000 requests, and large photos.")
@click.option("--parts", is_flag=True, help="Only divides the CPU time of a request.")
def main(
    folder: Path,
    servers: str,
    requests: int,
    max_seconds: float,
    picture: Path | None,
    memory: bool,
    parts: bool,
) -> None:
    """Send the photos of FOLDER to each server, and print a table."""
    photos = [file.read_bytes() for file in sorted(folder.glob("*.jpg"))[:200]]
    if not photos:
        raise click.UsageError(f"{folder} has no .jpg files")
    if parts:
        return _divide_cpu_time(photos)
    engine_alone, rows = [], []
    for kind in (KINDS[name] for name in servers.split(",")):
        engine_alone.append(raw_engine.measure(photos, runs=300))
        for row in _rows_of(kind, [camera_body(photo) for photo in photos], requests, max_seconds):
            rows.append(row)
            click.echo(f"{row.title}, {row.clients} clients: {row.load.per_second:.1f}/s", err=True)
    # Other programs slow the engine down in some of its turns.
    raw = max(engine_alone)
    click.echo("\n".join([table_head(raw), *(table_line(row, raw) for row in rows)]))
    if picture is not None:
        draw(rows, raw, picture)
    if memory:
        _measure_memory(photos)
    return None


def _rows_of(
    kind: Kind, bodies: Sequence[bytes], requests: int, max_seconds: float
) -> Iterator[Row]:
    with running(kind) as server:
        warm_up(server.port, bodies)
        for clients in _CLIENTS:
            cpu = server.cpu_seconds()
            load = send(server.port, CAMERA, bodies, clients, requests, max_seconds)
            cpu = server.cpu_seconds() - cpu
            yield Row(kind.title, clients, load, cpu, server.memory_bytes())


def _divide_cpu_time(photos: Sequence[bytes]) -> None:
    bodies = [camera_body(photo) for photo in photos]
    parts = stages.stage_milliseconds(bodies)
    with running(KINDS["ours2"]) as server:
        warm_up(server.port, bodies)
        cpu = server.cpu_seconds()
        load = send(server.port, CAMERA, bodies, clients=4, requests=500, max_seconds=60)
        total = 1000 * (server.cpu_seconds() - cpu) / len(load.answers)
    parts["HTTP, BentoML, metrics, log, switches between threads"] = total - sum(parts.values())
    for part, milliseconds in (parts | {"a request": total}).items():
        click.echo(f"| {part} | {milliseconds:.1f} |")


def _measure_memory(photos: Sequence[bytes]) -> None:
    with running(KINDS["ours2"]) as server:
        bodies = [camera_body(photo) for photo in photos]
        noise = np.random.default_rng(0)
        large = [camera_body(_enlarged(photo, noise)) for photo in photos[:20]]
        warm_up(server.port, bodies)
        cpu = server.cpu_seconds()
        load = send(server.port, CAMERA, large, clients=4, requests=100, max_seconds=120)
        milliseconds = 1000 * (server.cpu_seconds() - cpu) / len(load.answers)
        click.echo(f"photos of 12 megapixels: {milliseconds:.0f} ms of CPU time each")
        for done in range(0, _MEMORY_REQUESTS, 1000):
            click.echo(f"after {done:,} requests: {server.memory_bytes() / 1e6:.0f} MB")
            send(server.port, CAMERA, bodies, clients=8, requests=1000, max_seconds=600)
        click.echo(f"after {_MEMORY_REQUESTS:,} requests: {server.memory_bytes() / 1e6:.0f} MB")


def _enlarged(photo: bytes, noise: np.random.Generator) -> bytes:
    """Enlarge a photo to 12 megapixels, with noise: without it, the file is a third as large."""
    smooth = Image.open(io.BytesIO(photo)).convert("RGB").resize(_PHONE_PHOTO)
    pixels = np.asarray(smooth) + noise.integers(-12, 13, (*smooth.size[::-1], 3), np.int16)
    file = io.BytesIO()
    Image.fromarray(pixels.clip(0, 255).astype(np.uint8)).save(file, "JPEG", quality=90)
    return file.getvalue()


if __name__ == "__main__":
    main()
