"""The command and the job that remove a post for good.

Run it: ``python -m oott_assets.forget SHORTCODE``, or start ``forget_job`` in Dagster.
"""

import os
from contextlib import AbstractContextManager, nullcontext

import click
import dagster as dg
from pydantic import Field

from oott_assets.detection_store import DetectionStore
from oott_assets.failure_rules import PERMANENT, FailureTable, failures_of
from oott_assets.forgetting import Forgetting
from oott_assets.photos.label_batches import LabelBatches
from oott_assets.photos.photo_failures import PHOTO_FAILURES
from oott_assets.photos.settings import PhotoSettings
from oott_assets.photos.store.photo_store import PhotoStore
from oott_assets.trends.trend_database import TrendDatabase
from oott_assets.trends.trend_failures import TREND_FAILURES
from oott_fashion.settings import read_settings
from oott_fashion.stores.blobs import AlreadyLocked, BlobChanged
from oott_fashion.stores.trend_tables import TrendDatabaseError

_EXPECTED = (
    AlreadyLocked,
    BlobChanged,
    OSError,
    TrendDatabaseError,
    ValueError,
    dg.DagsterInvariantViolationError,  # raised if DAGSTER_HOME is not a folder
)

_FAILURES: FailureTable = {**PHOTO_FAILURES, **TREND_FAILURES, ValueError: PERMANENT}


class PostToForget(dg.Config):
    """The post to remove."""

    post: str = Field(
        description="Its shortcode or URL. For a photo from a folder, its path there.",
        examples=["https://www.instagram.com/p/ABC123/", "hongdae/2026-09/me.jpg"],
    )


@dg.op
def forget_post(
    context: dg.OpExecutionContext,
    config: PostToForget,
    photo_store: PhotoStore,
    label_batches: LabelBatches,
    detection_store: DetectionStore,
    trend_database: TrendDatabase,
) -> None:
    """Remove a post everywhere, and never collect it again."""
    forgetting = Forgetting(
        photo_store, label_batches, detection_store, trend_database, context.instance
    )
    with failures_of(context, _FAILURES):
        for line in forgetting.forget(config.post):
            context.log.info("%s", line)


@dg.job(
    description="Removes a post from photos, detections, counts and pictures. Never collects it "
    "again. The configuration of this run names the post, so delete the run afterwards."
)
def forget_job() -> None:
    forget_post()


# Shortcodes may begin with a hyphen.
@click.command(context_settings={"ignore_unknown_options": True})
@click.argument("shortcode")
def main(shortcode: str) -> None:
    """Remove the post SHORTCODE everywhere, and never collect it again.

    SHORTCODE may also be the URL of the post. For a photo from a folder, give its path there.
    """
    try:
        settings = read_settings(PhotoSettings)
        photos = PhotoStore.of(settings)
        batches = LabelBatches(root=str(settings.label_tasks_root))
        with _records() as records:
            detections = DetectionStore(root=photos.root)
            forgetting = Forgetting(photos, batches, detections, TrendDatabase(), records)
            for line in forgetting.forget(shortcode):
                click.echo(line)
    except _EXPECTED as error:
        raise click.ClickException(f"{error}; then run this again") from error


def _records() -> AbstractContextManager[dg.DagsterInstance | None]:
    if "DAGSTER_HOME" in os.environ:
        return dg.DagsterInstance.get()
    click.echo(
        "kept: the contact sheets in Dagster's records, as DAGSTER_HOME is not set", err=True
    )
    return nullcontext()


if __name__ == "__main__":
    main()
