"""Measures what two batches of 250 photos do to camera photos, and to the memory of the service.

``python -m benchmarks.serving.batches PHOTOS_FOLDER`` (needs the packages of ``make train``).
"""

import itertools
import json
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import click
import numpy as np

from benchmarks.serving.load import CAMERA, base64_of, camera_body, send, warm_up
from benchmarks.serving.servers import KINDS, Server, running

_BATCH_PHOTOS = 250
_PLACES = ("jeju", "haeundae")


@click.command()
@click.argument("folder", type=click.Path(exists=True, file_okay=False, path_type=Path))
@click.option("--server", default="ours2", help="ours1 or ours2, by its number of workers.")
def main(folder: Path, server: str) -> None:
    """Send the photos of FOLDER one by one, alone and beside two batches, and print a table."""
    photos = [file.read_bytes() for file in sorted(folder.glob("*.jpg"))[: 2 * _BATCH_PHOTOS]]
    if not photos:
        raise click.UsageError(f"{folder} has no .jpg files")
    camera = [camera_body(photo) for photo in photos]
    click.echo("| camera clients | beside | p50 ms | p99 ms | batches, s | memory MB |")
    click.echo("| --- | --- | --- | --- | --- | --- |")
    with running(KINDS[server]) as service:
        warm_up(service.port, camera)
        for clients in (1, 4):
            alone = send(service.port, CAMERA, camera, clients, 300, 60).answers
            click.echo(_line(clients, "nothing", alone, "", service.memory_bytes()))
            click.echo(_beside_batches(service, photos, camera, clients))


def _beside_batches(
    service: Server, photos: Sequence[bytes], camera: Sequence[bytes], clients: int
) -> str:
    """Send camera photos as long as two batches are counted."""
    endless = itertools.cycle(photos)
    bodies = [_batch_body(list(itertools.islice(endless, _BATCH_PHOTOS)), at) for at in _PLACES]
    answers: list[float] = []
    peak = 0
    with ThreadPoolExecutor(len(bodies)) as app:
        batches = [
            app.submit(send, service.port, "/predict/batch", [body], 1, 1, 600) for body in bodies
        ]
        while not all(batch.done() for batch in batches):
            load = send(service.port, CAMERA, camera, clients, 10 * clients, 60)
            answers += load.answers
            peak = max(peak, service.memory_bytes())
    if any(batch.result().failures for batch in batches):
        raise click.ClickException("a batch was not counted")
    seconds = ", ".join(f"{batch.result().seconds:.0f}" for batch in batches)
    return _line(clients, f"two batches of {_BATCH_PHOTOS}", answers, seconds, peak)


def _line(clients: int, beside: str, answers: Sequence[float], seconds: str, memory: int) -> str:
    p50, p99 = 1000 * np.percentile(answers, [50, 99])
    return f"| {clients} | {beside} | {p50:.0f} | {p99:.0f} | {seconds} | {memory / 1e6:.0f} |"


def _batch_body(photos: Sequence[bytes], place: str) -> bytes:
    batch = {"base64_images": [base64_of(photo) for photo in photos], "recommend_type": place}
    return json.dumps(batch).encode()


if __name__ == "__main__":
    main()
