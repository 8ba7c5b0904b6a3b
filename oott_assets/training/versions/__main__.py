"""The versions of the detector: list and compare them, publish one, or go back to an earlier one.

Without a command, it lists them. VERSION can be a part of a version, or "current".
"""

import logging
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import click
import dagster as dg

from oott_assets.garment_detector import GarmentDetector
from oott_assets.training.settings import TrainingSettings
from oott_assets.training.training_failures import TRAINING_FAILURES
from oott_assets.training.training_store import TrainingStore
from oott_assets.training.validation_photos import validation_photos_or_none
from oott_assets.training.versions.compared_photos import known_photos_of, photos_in
from oott_assets.training.versions.known_versions import (
    KnownVersion,
    known_versions,
    published_version_named,
    version_named,
)
from oott_assets.training.versions.own_detector import OwnDetector, own_candidate
from oott_assets.training.versions.publishing import copy_to, current_user, publish
from oott_assets.training.versions.version_comparison import compare_versions
from oott_assets.training.versions.version_table import version_lines
from oott_assets.training.yolov8.shareable_weights import NotWeights
from oott_fashion.settings import BadSetting, read_settings
from oott_fashion.stores.blobs import LocalBlobs
from oott_fashion.stores.detector_card import PublishedDetector

_EXPECTED: tuple[type[Exception], ...] = (BadSetting, NotWeights, *TRAINING_FAILURES)

_A_PATH = click.Path(path_type=Path)
_A_FOLDER = click.Path(path_type=Path, exists=True, file_okay=False)


@click.group(invoke_without_command=True, help=__doc__)
@click.pass_context
def main(context: click.Context) -> None:
    """List the versions if no command is given."""
    logging.basicConfig(level=logging.WARNING, format="%(message)s")
    if context.invoked_subcommand is None:
        context.invoke(list_command)


@main.command("list")
def list_command() -> None:
    """List published versions and candidates, the latest first; * marks the current one.

    mAP50 is measured on the validation photos of main_data. "closet right" is the share of closet
    photos with the right label. "nothing right" is the share of pictures without clothes in which
    it finds nothing.
    """
    with _errors_as_messages():
        click.echo(version_lines(_known(_settings())), nl=False)


@main.command("use")
@click.argument("version")
@click.option("--reason", help="why, for the history")
def use_command(version: str, reason: str | None) -> None:
    """Make an earlier published VERSION the current one again."""
    with _errors_as_messages():
        settings = _settings()
        found = published_version_named(version, _known(settings))
        if found.is_current and not found.problem:
            click.echo(f"{found.version} is the current version already")
            return
        if found.detector:  # a damaged version fails below
            GarmentDetector.of(settings).opened(found.detector)
        GarmentDetector.of(settings).store.make_latest(
            found.version, by=current_user(), reason=reason
        )
        click.echo(f"{found.version} is the current version now")


@main.command("publish")
@click.argument("what")
@click.option("--trained-on", help="data and settings of the training of your file")
@click.option("--licence", help="licence of the weights in your file, such as AGPL-3.0")
@click.option("--image-side", type=int, help="side of the model input of a .pt file, in pixels")
@click.option("--anyway", default="", metavar="REASON", help="publish it against the rules")
@click.option("--to", type=_A_PATH, help="folder to copy it to, instead of publishing")
def publish_command(
    what: str,
    trained_on: str | None,
    licence: str | None,
    image_side: int | None,
    anyway: str,
    to: Path | None,
) -> None:
    """Publish WHAT: the version of a candidate, or a .pt or .onnx file of yours.

    It must be clearly better than the current version on the validation photos. A file of yours
    needs --trained-on and --licence. It is verified and measured, and becomes a candidate first.
    """
    with _errors_as_messages():
        settings = _settings()
        garment_detector = GarmentDetector.of(settings)
        photos = validation_photos_or_none(_training_store(settings))
        if Path(what).suffix in (".pt", ".onnx"):
            if trained_on is None or licence is None:
                raise click.UsageError("a file needs --trained-on TEXT and --licence TEXT")
            own = OwnDetector(Path(what), trained_on, licence, image_side or settings.image_side)
            candidate = own_candidate(own, photos, _training_store(settings), garment_detector)
        else:
            candidate = _named(what, settings)
        if to is not None:
            copy_to(to, candidate)
            click.echo(f"copied {candidate.version} to {to}")
            return
        outcome = publish(candidate, photos, garment_detector, anyway.strip())
        click.echo(f"{candidate.version} is {outcome}")


@main.command("compare")
@click.argument("first")
@click.argument("second")
@click.option("--photos", type=_A_FOLDER, help="folder of photos to look at")
@click.option("--count", default=100, show_default=True, help="number of photos to look at")
@click.option("--to", type=_A_PATH, default="comparison.html", show_default=True, help="new page")
def compare_command(first: str, second: str, photos: Path | None, count: int, to: Path) -> None:
    """Compare the versions FIRST and SECOND: their metrics, and photos where they differ.

    Both are measured on the validation photos of main_data. The page shows the photos that differ
    most. Without --photos, they are validation photos, else drawn ones. The page keeps a copy of
    each photo that it shows.
    """
    with _errors_as_messages():
        settings = _settings()
        store = _training_store(settings)
        pair = _named(first, settings), _named(second, settings)
        looked_at = photos_in(photos, count) if photos else known_photos_of(store, count)
        if not looked_at.photos:
            raise click.UsageError(f"{photos} has no photos that can be read")
        compared = compare_versions(
            *pair, looked_at, validation_photos_or_none(store), GarmentDetector.of(settings)
        )
        LocalBlobs(to.parent).write(to.name, compared.page.encode())
        click.echo(f"{compared.table}\n{compared.summary}; see {to}")


@contextmanager
def _errors_as_messages() -> Iterator[None]:
    try:
        yield
    except dg.Failure as error:
        raise click.ClickException(str(error.description)) from error
    except _EXPECTED as error:
        raise click.ClickException(str(error)) from error


def _settings() -> TrainingSettings:
    return read_settings(TrainingSettings)


def _training_store(settings: TrainingSettings) -> TrainingStore:
    return TrainingStore(root=str(settings.training_root))


def _known(settings: TrainingSettings) -> list[KnownVersion]:
    store = GarmentDetector.of(settings).store
    return known_versions(store, _training_store(settings).candidates)


def _named(name: str, settings: TrainingSettings) -> PublishedDetector:
    return version_named(name, _known(settings))


if __name__ == "__main__":
    main()
