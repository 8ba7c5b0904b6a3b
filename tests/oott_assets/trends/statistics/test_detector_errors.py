from pathlib import Path

from oott_assets.trends.statistics.detector_errors import (
    GarmentErrors,
    cannot_tell,
    errors_on_card,
)
from oott_fashion.stores.detector_card import read_card

STARTER = read_card(Path("models/starter-detector/card.json"))


def test_the_starter_cannot_tell_sandals_and_sweat_shirts() -> None:
    errors = errors_on_card(STARTER)

    assert {garment for garment in errors if cannot_tell(errors[garment])} == {
        "sandals",
        "sweat shirt",
    }


def test_the_errors_of_a_garment_with_fewer_than_ten_boxes_are_not_known() -> None:
    boxes = STARTER.metrics["boxes by garment"]

    errors = errors_on_card(STARTER)

    assert boxes["sweat shirt"] == 10
    assert boxes["shorts pants"] == 7
    assert "sweat shirt" in errors
    assert "shorts pants" not in errors


def test_a_garment_that_was_never_found_has_no_precision() -> None:
    metrics = {
        "boxes by garment": {"coat": 12.0},
        "recall by garment": {"coat": 0.0},
        "precision by garment": {},
    }

    errors = errors_on_card(STARTER.model_copy(update={"metrics": metrics}))

    assert errors["coat"] == GarmentErrors(None, 0)
    assert cannot_tell(errors["coat"])


def test_a_card_without_errors_by_garment_knows_none() -> None:
    assert errors_on_card(STARTER.model_copy(update={"metrics": {}})) == {}
