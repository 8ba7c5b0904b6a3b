"""Which candidate wins, and when it beats the published detector."""

from pathlib import Path

import pytest

from oott_assets.training.champion import Champion, better_of
from oott_assets.training.measurements import Measurement
from oott_assets.training.weights import TrainedWeights


def measured(name: str, map50: float, closet: float = 0.0) -> Measurement:
    metrics = {"main_data": {"mAP50": map50}, "closet": {"label right": closet}}
    return Measurement(name=name, metrics=metrics)


@pytest.mark.parametrize(
    ("main", "merged", "winner"),
    [
        ((0.40, 0.0), (0.45, 0.0), "merged"),
        ((0.45, 0.0), (0.40, 0.9), "main"),
        ((0.404, 0.1), (0.40, 0.8), "merged"),
        ((0.40, 0.5), (0.404, 0.5), "main"),
        ((0.40, 0.0), (0.40, 0.0), "main"),
        ((0.36, 0.1), (0.35, 0.8), "merged"),
        ((0.361, 0.1), (0.35, 0.8), "main"),
    ],
)
def test_map50_decides_then_closet_labels_then_main_wins(
    main: tuple[float, float], merged: tuple[float, float], winner: str
) -> None:
    assert better_of(measured("main", *main), measured("merged", *merged)).name == winner


def test_a_detector_as_good_as_the_published_one_does_not_beat_it() -> None:
    won = Champion(
        weights=TrainedWeights(
            weights=Path("w.pt"), sha256="0", image_side=320, data_version="1", trained_on="photos"
        ),
        measured=measured("main", 0.4),
        published=measured("published", 0.4),
        published_version="1",
        measured_by="1",
    )

    assert not won.beats_published(0.4)
    assert won.beats_published(0.41)
