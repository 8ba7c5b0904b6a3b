"""Counts photos into trend tables with Dagster, then sends one photo to the service."""

import base64
import ctypes
import json
import os
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import date, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import click
import dagster as dg

from oott_assets.dagster_records import open_records
from oott_assets.failure_rules import reason_of
from oott_assets.photos.settings import PhotoSettings
from oott_assets.photos.sources.photo_files import reasons_of, text_of
from oott_assets.photos.sources.photo_source import PhotosUnknown, SkippedFile
from oott_assets.reports.tables import counted
from oott_assets.settings import TrendSettings
from oott_assets.training.settings import TrainingSettings
from oott_fashion.destinations import Destination
from oott_fashion.settings import BadSetting, read_settings
from oott_fashion.stores.trend_tables import TrendDatabaseError, TrendTables
from oott_fashion.trends import Look
from oott_serving.settings import ServiceSettings

_DRAWN_DESTINATIONS = ("haeundae", "hongdae")
_DRAWN_MONTHS = (date(2026, 8, 1), date(2026, 9, 1), date(2026, 10, 1))
_LOOKS_SHOWN = 6
_LEFT_OUT_SHOWN = 20
# A folder may hold years of photos; a demo shows the latest months.
_MAX_PARTITIONS = 12
_START_SECONDS = 120
_PR_SET_PDEATHSIG = 1  # from <linux/prctl.h>

Partition = tuple[str, date]


@click.command(help=f"{__doc__} Without --photos it draws the photos itself.")
@click.option("--photos", help="folder of your photos")
@click.option(
    "--destination", default="hongdae", help="destination of the photos in the folder itself"
)
@click.option("--month", help="month of the photos without a date, YYYY-MM; default: last month")
def main(photos: str | None, destination: str, month: str | None) -> None:
    """Materialise the partitions, print the trend tables and call the service."""
    try:
        _run_demo(photos and str(Path(photos).expanduser()), destination, month)
    except (ValueError, OSError, PhotosUnknown, TrendDatabaseError) as error:
        raise click.ClickException(str(error)) from None


def _run_demo(photos: str | None, destination: str, month: str | None) -> None:
    # Importing the definitions reads all settings, and would print a traceback for a wrong one.
    for kind in (TrendSettings, PhotoSettings, TrainingSettings, ServiceSettings):
        read_settings(kind)
    partitions = (
        _drawn_partitions() if photos is None else _partitions_in(photos, destination, month)
    )
    settings = read_settings(PhotoSettings)
    with open_records() as instance:
        for partition in partitions:
            _materialise(settings, instance, partition)
        page = _trend_page(settings, instance, sorted({month for _, month in partitions}))
    _show_trends(settings, partitions)
    _call_the_service(settings, partitions)
    click.echo("\nLook around with `make ui`, then open http://localhost:3000/assets")
    if photos is not None:
        click.echo(
            "Before `make ui`, write these lines to .env; otherwise it draws photos:\n"
            f"OOTT_PHOTO_SOURCE=folder\nOOTT_PHOTOS_FOLDER={text_of(Path(photos))}\n"
            f"OOTT_FOLDER_DESTINATION={settings.folder_destination}\n"
            f"OOTT_FOLDER_MONTH={settings.folder_month:%Y-%m}"
        )
    people = "these drawn people" if photos is None else "your photos"
    click.echo(f"Trend page of {people}, also with `make trends`: {page}")


def _drawn_partitions() -> list[Partition]:
    settings = read_settings(PhotoSettings)
    if settings.database_url is not None:
        raise BadSetting(
            "OOTT_DATABASE_URL is set, and the demo would count drawn people in that database; "
            "unset it, or use your own photos: make demo PHOTOS=FOLDER"
        )
    if settings.photo_source not in (None, "lookbook") or settings.photo_store is not None:
        raise BadSetting(
            "OOTT_PHOTO_SOURCE or OOTT_PHOTO_STORE is set, and the demo would replace your "
            "collected photos with drawn ones; unset them, set OOTT_HOME to another folder, or use "
            "your own photos: make demo PHOTOS=FOLDER"
        )
    os.environ["OOTT_PHOTO_SOURCE"] = "lookbook"
    return _runnable([(slug, month) for slug in _DRAWN_DESTINATIONS for month in _DRAWN_MONTHS])


def _partitions_in(photos: str, destination: str, month: str | None) -> list[Partition]:
    """Make the folder ``photos`` the photo source, and list the partitions it has photos for."""
    from oott_assets.partitions import destinations, parse_partition_key
    from oott_assets.photos.sources.folder import PhotoFolder, PlacedPhoto

    settings = read_settings(PhotoSettings)
    default = parse_partition_key(f"{destination}|{month or _last_month(settings)}")
    default_slug = default.destination.slug
    os.environ["OOTT_PHOTO_SOURCE"] = "folder"
    os.environ["OOTT_PHOTOS_FOLDER"] = photos
    os.environ["OOTT_FOLDER_DESTINATION"] = default_slug
    os.environ["OOTT_FOLDER_MONTH"] = f"{default.month:%Y-%m}"
    folder = PhotoFolder(
        Path(photos),
        destinations,
        default_slug,
        settings.max_photo_bytes,
        ZoneInfo(settings.timezone),
        default.month,
    )
    contents = list(folder.contents())
    skipped = [found for found in contents if isinstance(found, SkippedFile)]
    for reason, count, names in reasons_of(skipped):
        click.echo(f"skipped {count:,} ({reason}): {names}")
    placed = [found for found in contents if isinstance(found, PlacedPhoto)]
    if undated := sum(photo.is_undated for photo in placed):
        click.echo(
            f"{counted(undated, 'photo')} without a date: counted in {default.month:%Y-%m}, or in "
            "another month with MONTH=YYYY-MM"
        )
    photos_of = Counter((photo.slug, photo.month) for photo in placed)
    found = _runnable(sorted(photos_of) or [(default_slug, default.month)], photos_of)
    latest = sorted(sorted(found, key=lambda partition: partition[1])[-_MAX_PARTITIONS:])
    if len(found) > len(latest):
        left = sum(photos_of[partition] for partition in found if partition not in latest)
        click.echo(
            f"skipped: {len(found) - len(latest)} older months, {left:,} photos; "
            "run them in `make ui`"
        )
    return latest


def _runnable(
    partitions: Sequence[Partition], photos_of: Mapping[Partition, int] | None = None
) -> list[Partition]:
    """Keep the partitions that Dagster has, and print the others and their photos.

    Raises:
        ValueError: Dagster has none of them.
    """
    from oott_assets.partitions import month_by_destination, partition_key

    keys = {partition: partition_key(*partition) for partition in partitions}
    runnable = [
        partition for partition, key in keys.items() if month_by_destination.has_partition_key(key)
    ]
    others = [
        f"{partition[0]} {partition[1]:%Y-%m}"
        + (f" ({counted(photos_of[partition], 'photo')})" if photos_of else "")
        for partition in keys
        if partition not in runnable
    ]
    first = read_settings(TrendSettings).first_month
    expected = f"complete months since {first}; OOTT_FIRST_MONTH sets the first one"
    if not runnable:
        raise ValueError(f"found {', '.join(others[:5])}; expected {expected}")
    if others:
        click.echo(f"skipped: {', '.join(others)}; expected {expected}")
    return runnable


def _last_month(settings: PhotoSettings) -> str:
    today = datetime.now(ZoneInfo(settings.timezone)).date()
    return f"{today.replace(day=1) - timedelta(days=1):%Y-%m}"


def _materialise(
    settings: PhotoSettings, instance: dg.DagsterInstance, partition: Partition
) -> None:
    from oott_assets.definitions import defs
    from oott_assets.detection_store import DetectionStore
    from oott_assets.partitions import partition_key

    slug, month = partition
    began = time.monotonic()
    job = defs.resolve_job_def("monthly_trends_job")
    _run_job(settings, instance, job, partition_key(slug, month))
    photos = DetectionStore(root=settings.photo_store_root).read(slug, month)
    click.echo(
        f"{slug} {month:%Y-%m}: {counted(len(photos.photos), 'photo')}, "
        f"{counted(photos.garments, 'garment')} in {time.monotonic() - began:.1f} s"
    )
    if settings.photo_source == "folder":
        _show_left_out(settings, partition)


def _show_left_out(settings: PhotoSettings, partition: Partition) -> None:
    """Print why photos of a month are not counted."""
    from oott_assets.photos.store.photo_store import PhotoStore

    rows = PhotoStore.of(settings).month(*partition).manifest()
    left_out = [row for row in rows if not row.kept]
    for row in left_out[:_LEFT_OUT_SHOWN]:
        click.echo(f"  not counted: {row.name}: {row.reason or row.state}")
    if len(left_out) > _LEFT_OUT_SHOWN:
        click.echo(f"  not counted: {len(left_out) - _LEFT_OUT_SHOWN:,} more; `make ui` lists them")


def _trend_page(
    settings: PhotoSettings, instance: dg.DagsterInstance, months: Sequence[date]
) -> Path:
    """Estimate the shares of each month, and write the trend page of the latest one."""
    from oott_assets.definitions import defs
    from oott_assets.trends.report_folder import ReportFolder

    job = defs.resolve_job_def("trend_report_job")
    estimates = job.get_subset(op_selection=["trend_estimates"])
    for month in months[:-1]:
        _run_job(settings, instance, estimates, f"{month:%Y-%m}")
    _run_job(settings, instance, job, f"{months[-1]:%Y-%m}")
    return ReportFolder.of(settings).file_of(months[-1])


def _run_job(
    settings: PhotoSettings, instance: dg.DagsterInstance, job: dg.JobDefinition, partition: str
) -> None:
    from oott_assets.definitions import configured_resources

    # Drawn photos take seconds. A folder may take an hour, so its progress is logged.
    log_level = "WARNING" if settings.photo_source == "lookbook" else "INFO"
    run = job.execute_in_process(
        partition_key=partition,
        resources=configured_resources(),
        instance=instance,
        raise_on_error=False,
        run_config={"loggers": {"console": {"config": {"log_level": log_level}}}},
    )
    if not run.success:
        reason = reason_of(run) or "the reason is in the log above"
        raise click.ClickException(f"{partition.replace('|', ' ')} failed: {reason}")


def _show_trends(settings: PhotoSettings, partitions: Sequence[Partition]) -> None:
    from oott_assets.partitions import destinations

    tables = TrendTables.open(settings.trend_database_url, destinations)
    for slug in dict.fromkeys(slug for slug, _ in partitions):
        months = [month for destination, month in partitions if destination == slug]
        _show_destination(tables, destinations.destination(slug), months)
    tables.close()


def _show_destination(tables: TrendTables, place: Destination, months: Sequence[date]) -> None:
    """Print the most worn looks of ``months`` and how often each was worn per month."""
    worn = {
        month: {Look(*row[2:5]): row.worn for row in tables.garment_rows(month, place.slug)}
        for month in months
    }
    totals = Counter[Look]()
    for looks in worn.values():
        totals.update(looks)
    click.echo(f"\n{place.slug} ({place.name}), worn per month")
    click.echo(f"  {'':34}" + "".join(f"{month:%Y-%m}".rjust(9) for month in months))
    for look, _ in totals.most_common(_LOOKS_SHOWN):
        times = "".join(str(worn[month].get(look, 0)).rjust(9) for month in months)
        click.echo(f"  {look.category:8}{f'{look.colour} {look.garment}':26}{times}")


def _call_the_service(settings: PhotoSettings, partitions: Sequence[Partition]) -> None:
    name, photo = _first_photo(settings, partitions)
    with running_service() as address:
        body = json.dumps({"base64_image": base64.b64encode(photo).decode()}).encode()
        request = urllib.request.Request(
            f"{address}/predict/camera", body, {"Content-Type": "application/json"}
        )
        with urllib.request.urlopen(request, timeout=30) as response:
            click.echo(f"\nPOST /predict/camera with {name}: {response.read().decode()}")


def _first_photo(settings: PhotoSettings, partitions: Sequence[Partition]) -> tuple[str, bytes]:
    from oott_assets.photos.store.photo_store import PhotoStore

    store = PhotoStore.of(settings)
    for partition in partitions:
        stored = store.month(*partition)
        for row in stored.manifest():
            if row.kept and row.sha256 is not None:
                return f"{partition[0]}/{row.name}", stored.content(row.sha256)
    raise click.ClickException("no readable photo was found to send to the service")


def free_port() -> int:
    """Find a free TCP port of this machine."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@contextmanager
def running_service() -> Iterator[str]:
    """Run the service on a free port and give its address."""
    port = free_port()
    command = [sys.executable, "-m", "bentoml", "serve", "oott_serving.service:ClosetService"]
    server = subprocess.Popen(
        [*command, "--host", "127.0.0.1", "--port", str(port)],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        preexec_fn=_stop_with_the_demo,
    )
    try:
        _await_ready(server, f"http://127.0.0.1:{port}/readyz")
        yield f"http://127.0.0.1:{port}"
    finally:
        server.terminate()
        server.wait(30)


def _stop_with_the_demo() -> None:
    # The service must stop even if the demo is killed.
    ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGTERM)


def _await_ready(server: "subprocess.Popen[bytes]", address: str) -> None:
    deadline = time.monotonic() + _START_SECONDS
    while time.monotonic() < deadline and server.poll() is None:
        try:
            urllib.request.urlopen(address, timeout=5).close()
        except (urllib.error.URLError, OSError):
            time.sleep(0.2)
        else:
            return
    raise click.ClickException("the service did not become ready; run `make serve` to see why")


if __name__ == "__main__":
    main()
