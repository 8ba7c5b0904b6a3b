from pathlib import Path

from oott_assets.training.labels.data_set_changes import changes_between
from oott_assets.training.labels.labelled_photos import Label, LabelledPhoto
from oott_fashion.vision.detections import Box

COAT = Label("coat", Box(1, 2, 30, 40), 1.0, "main_data")
SHIRT = Label("shirt", Box(5, 6, 7, 8), 1.0, "main_data")


def photo(name: str, *labels: Label) -> LabelledPhoto:
    return LabelledPhoto(Path(name), name * 64, 64, 48, "train", labels)


def test_a_first_version_adds_all_its_photos() -> None:
    changes = changes_between([], [photo("a", COAT), photo("b", COAT, SHIRT)])

    assert changes[:4] == (2, 0, 0, 0)
    assert changes.boxes == (("coat", 0, 2), ("shirt", 0, 1))


def test_each_kind_of_change_is_counted() -> None:
    before = [photo("a", COAT), photo("b", COAT, SHIRT), photo("c", COAT), photo("d")]
    after = [
        photo("a", COAT)._replace(file=Path("moved/a")),
        photo("b", SHIRT, COAT),
        photo("c", SHIRT),
        photo("e")._replace(split="valid"),
    ]
    assert changes_between(before, after)[:4] == (1, 1, 1, 0)
    assert changes_between(before, after).boxes == (("coat", 3, 2), ("shirt", 1, 2))

    moved = [before[0]._replace(split="valid"), *before[1:]]
    assert changes_between(before, moved) == (0, 0, 0, 1, ())
