"""Trains in rounds: each round labels photos with the champion of the round before.

``make train ROUNDS=3`` runs at most three rounds, and stops when a champion is not better than the
one before. Then ``garment_onnx`` decides whether the best champion is published. If the command is
stopped, run it again: labels and finished trainings are kept.
"""

import os
from collections.abc import Callable, Collection

import click
import dagster as dg

from oott_assets.dagster_records import open_records
from oott_assets.garment_detector import GarmentDetector
from oott_assets.training.champion import CHAMPION, Champion, is_better
from oott_assets.training.labels.labelled_photos import PhotoChanged
from oott_assets.training.measurements import validate_weights
from oott_assets.training.settings import TrainingSettings
from oott_assets.training.training_store import TrainingStore
from oott_assets.training.validation.comparison import compare
from oott_assets.training.validation_photos import read_validation_photos
from oott_fashion.settings import BadSetting, read_settings

_ROUND = ("main_data", "sub_data", "merged_data", "main_weights", "merged_weights", "champion")


def train_in_rounds(
    first_teacher: str,
    max_rounds: int,
    champion_of: Callable[[str], Champion],
    beats: Callable[[Champion, Champion], bool],
) -> None:
    """Train until a round gives no better champion.

    The last call of ``champion_of`` is the round of the best champion, so the training store then
    has the files of that round.

    Args:
        champion_of: runs a round with a teacher: ``published``, or the path of weights.
        beats: tells whether the first champion is better than the second.
    """
    teacher, best = first_teacher, champion_of(first_teacher)
    for _ in range(max_rounds - 1):
        next_teacher = str(best.weights.weights)
        won = champion_of(next_teacher)
        if not beats(won, best):
            # Its labels and weights are kept, so this only measures again.
            champion_of(teacher)
            return
        teacher, best = next_teacher, won


def run_rounds(max_rounds: int, records: dg.DagsterInstance) -> None:
    """Run the rounds with the present settings, then ``garment_onnx``.

    Raises:
        BadSetting: no photo would be labelled with a teacher, so all rounds would be the same.
        PhotoChanged: a validation photo is missing, or has changed since it was labelled.
        Failure: a step failed.
    """
    settings = read_settings(TrainingSettings)
    if not settings.uses_a_teacher:
        raise BadSetting(
            "no photo would be labelled with a teacher, so all rounds would be the same; set "
            "OOTT_SUB_PHOTOS, and set OOTT_PHOTO_TAGS or add teacher to OOTT_LABELLER"
        )
    store = TrainingStore(root=str(settings.training_root))
    detector = GarmentDetector.of(settings)

    def champion_of(teacher: str) -> Champion:
        click.echo(f"a round with the teacher {teacher}")
        materialise(_ROUND, teacher, records)
        return store.record("champion", CHAMPION, Champion)

    def beats(won: Champion, best: Champion) -> bool:
        better = is_better_champion(won, best, store, detector)
        click.echo(f"its champion is {'better' if better else 'not better'} than the one before")
        return better

    train_in_rounds(settings.teacher, max_rounds, champion_of, beats)
    materialise(("garment_onnx",), settings.teacher, records)


def materialise(assets: Collection[str], teacher: str, records: dg.DagsterInstance) -> None:
    """Run ``assets`` with this teacher instead of that of the settings.

    Raises:
        Failure: a step failed.
    """
    # Importing the definitions reads all settings, and would print a traceback for a wrong one.
    from oott_assets.definitions import configured_resources, defs

    job = defs.resolve_job_def("training_job").get_subset(
        asset_selection={dg.AssetKey(asset) for asset in assets}
    )
    job.execute_in_process(
        instance=records,
        resources=configured_resources(teacher),
        run_config={"loggers": {"console": {"config": {"log_level": "INFO"}}}},
    )


def is_better_champion(
    won: Champion, best: Champion, store: TrainingStore, detector: GarmentDetector
) -> bool:
    """Measure both on the same photos, and compare them as the asset ``champion`` does.

    Raises:
        PhotoChanged: a validation photo is missing, or has changed since it was labelled.
    """
    photos = read_validation_photos(store)
    new, old = (validate_weights(each.weights, photos, detector) for each in (won, best))
    return is_better(compare(new, old))


@click.command()
@click.option("--max", "max_rounds", default=3, type=click.IntRange(1), help="Rounds at most.")
def main(max_rounds: int) -> None:
    """Train in rounds, each with the champion of the round before as teacher."""
    if "DAGSTER_HOME" not in os.environ:
        raise click.ClickException(
            "DAGSTER_HOME is not set; run make train ROUNDS=3, which sets it"
        )
    try:
        with open_records() as records:
            run_rounds(max_rounds, records)
    except (BadSetting, PhotoChanged) as error:
        raise click.ClickException(str(error)) from error
    except dg.Failure as error:
        raise click.ClickException(f"{error.description}; then run this again") from error


if __name__ == "__main__":
    main()
