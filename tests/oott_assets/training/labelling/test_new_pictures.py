"""Which pictures are known, so that nobody is asked to label them again."""

from pathlib import Path

import pytest

from oott_assets.photos.label_batches import LabelBatches
from oott_assets.training.labelling.new_pictures import known_pictures
from oott_assets.training.labels.drawn_data_set import draw_photos
from oott_assets.training.labels.labelled_photos import PhotoChanged


def test_a_deleted_copy_is_left_out_and_another_missing_photo_is_an_error(tmp_path: Path) -> None:
    batches = LabelBatches(root=str(tmp_path / "label-tasks"))
    [photo] = draw_photos(tmp_path, 1, "train")
    copy = tmp_path / f"label-tasks/2026-11-27/photos/hongdae/2026-09/{'a' * 64}.jpg"

    assert len(list(known_pictures([photo, photo._replace(file=copy)], batches))) == 1
    with pytest.raises(PhotoChanged, match="materialise main_data"):
        list(known_pictures([photo._replace(file=tmp_path / "moved.jpg")], batches))
