import hashlib
import io
import os
from collections.abc import Generator
from datetime import date
from pathlib import Path

import pytest
from PIL import Image

from oott_assets.photos.privacy.faces import FaceHider, FacesNotHidden
from oott_assets.photos.sources.chosen_source import ChosenSource
from oott_assets.photos.sources.photo_source import (
    FetchedPost,
    FoundPhoto,
    ListedPost,
    PhotosUnknown,
    SourceBusy,
    SourceBusyForHours,
)
from oott_assets.photos.store import photo_store
from oott_fashion.destinations import Destination
from tests.oott_assets.trends_pipeline import (
    OCTOBER,
    TrendsPipeline,
    attempts,
    failures,
    metadata_of,
    save_photo,
)


def test_the_manifest_lists_collected_photos_with_size_source_and_date(
    trends_pipeline: TrendsPipeline, photos_folder: Path
) -> None:
    save_photo(photos_folder / "hongdae/a.jpg", taken_at="2026:09:05 10:00:00")
    save_photo(photos_folder / "hongdae/2026-09/b.png", grey=10)

    run = trends_pipeline.run(only="instagram_images")

    rows = trends_pipeline.manifest()
    assert [(row.name, row.width, row.height, row.source) for row in rows] == [
        ("hongdae/a.jpg", 30, 40, "folder"),
        ("hongdae/2026-09/b.png", 30, 40, "folder"),
    ]
    assert [row.taken_at is None for row in rows] == [False, True]
    assert metadata_of(run, "instagram_images")["undated"] == 1


def test_a_duplicate_photo_is_kept_once(
    trends_pipeline: TrendsPipeline, photos_folder: Path
) -> None:
    save_photo(photos_folder / "hongdae/2026-09/a.jpg")
    save_photo(photos_folder / "hongdae/2026-09/copy of a.jpg")

    run = trends_pipeline.run(only="instagram_images")

    assert [(row.name, row.state, row.reason) for row in trends_pipeline.manifest()] == [
        ("hongdae/2026-09/a.jpg", "kept", None),
        ("hongdae/2026-09/copy of a.jpg", "double", "same picture as hongdae/2026-09/a.jpg"),
    ]
    assert metadata_of(run, "instagram_images")["photos"] == 1


def test_unreadable_photos_are_listed_with_the_reason(
    trends_pipeline: TrendsPipeline, photos_folder: Path
) -> None:
    folder = photos_folder / "hongdae/2026-09"
    save_photo(folder / "a.jpg")
    whole = (folder / "a.jpg").read_bytes()
    (folder / "b.jpg").write_bytes(whole[: len(whole) // 2])
    (folder / "c.jpg").write_bytes(b"not a photo")
    (folder / "d.heic").write_bytes(b"\0\0\0\x20ftypheic")

    run = trends_pipeline.run(only="instagram_images")

    assert run.success
    unreadable = [row.name for row in trends_pipeline.manifest() if row.state == "unreadable"]
    assert unreadable == [f"hongdae/2026-09/{name}" for name in ("b.jpg", "d.heic")]
    metadata = metadata_of(run, "instagram_images")
    assert metadata["photos"] == 1
    assert "b.jpg" in str(metadata["left_out"])
    assert metadata["files_skipped"] == 1
    assert "| not a photo | 1 | hongdae/2026-09/c.jpg |" in str(metadata["skipped_files"])


def test_a_photo_without_a_date_is_counted_in_one_month_only(
    trends_pipeline: TrendsPipeline, photos_folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    save_photo(photos_folder / "hongdae/a.jpg")

    def states_in(month: date) -> list[tuple[str, str | None]]:
        monkeypatch.setenv("OOTT_FOLDER_MONTH", f"{month:%Y-%m}")
        assert trends_pipeline.run(month=month, only="instagram_images").success
        return [(row.state, row.reason) for row in trends_pipeline.manifest(month=month)]

    assert states_in(date(2026, 8, 1)) == [("kept", None)]
    [(state, reason)] = states_in(date(2026, 9, 1))
    assert (state, reason) == (
        "other month",
        "no date, and counted in 2026-08; to move it, collect 2026-08 again first",
    )


def test_a_month_is_collected_while_another_one_is_not_complete(
    trends_pipeline: TrendsPipeline, photos_folder: Path
) -> None:
    save_photo(photos_folder / "hongdae/2026-08/a.jpg")
    save_photo(photos_folder / "hongdae/2026-09/b.jpg", grey=90)
    assert trends_pipeline.run(month=date(2026, 8, 1), only="instagram_images").success
    # The manifest is written last, so another run sees this while the month is being collected.
    (Path(trends_pipeline.photo_store.root) / "manifests/hongdae/2026-08.parquet").unlink()

    assert trends_pipeline.run(only="instagram_images").success
    assert [row.state for row in trends_pipeline.manifest()] == ["kept"]


def test_photos_with_too_many_pixels_are_listed(
    trends_pipeline: TrendsPipeline, photos_folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("OOTT_MAX_PIXELS", "1199")
    save_photo(photos_folder / "hongdae/2026-09/a.jpg")

    trends_pipeline.run(only="instagram_images")

    [row] = trends_pipeline.manifest()
    assert "at most 1,199 are allowed" in str(row.reason)


def test_running_again_replaces_the_manifest(
    trends_pipeline: TrendsPipeline, photos_folder: Path
) -> None:
    save_photo(photos_folder / "hongdae/2026-09/a.jpg")
    trends_pipeline.run(only="instagram_images")
    (photos_folder / "hongdae/2026-09/a.jpg").unlink()
    save_photo(photos_folder / "hongdae/2026-09/b.jpg", grey=7)

    trends_pipeline.run(only="instagram_images")

    assert [row.name for row in trends_pipeline.manifest()] == ["hongdae/2026-09/b.jpg"]


def test_a_month_without_photos_has_an_empty_manifest(
    trends_pipeline: TrendsPipeline, photos_folder: Path
) -> None:
    assert photos_folder.is_dir()

    assert trends_pipeline.run(only="instagram_images").success
    assert trends_pipeline.manifest() == []


def test_a_missing_folder_fails_and_leaves_the_manifest(
    trends_pipeline: TrendsPipeline, photos_folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    save_photo(photos_folder / "hongdae/2026-09/a.jpg")
    trends_pipeline.run(only="instagram_images")
    monkeypatch.setenv("OOTT_PHOTOS_FOLDER", str(photos_folder / "gone"))

    run = trends_pipeline.run(only="instagram_images")

    assert attempts(run, "instagram_images") == 1
    assert [str(photos_folder / "gone") in failure for failure in failures(run)] == [True]
    assert len(trends_pipeline.manifest()) == 1


def test_a_damaged_stored_photo_is_stored_again(
    trends_pipeline: TrendsPipeline, photos_folder: Path, tmp_path: Path
) -> None:
    save_photo(photos_folder / "hongdae/2026-09/a.jpg")
    trends_pipeline.run(only="instagram_images")
    sha256 = str(trends_pipeline.manifest()[0].sha256)
    [stored] = (tmp_path / "home/photos/photos").rglob(sha256)
    stored.write_bytes(b"damaged")

    assert trends_pipeline.run(only="instagram_images").success
    assert hashlib.sha256(stored.read_bytes()).hexdigest() == sha256


def test_drawn_people_are_counted_in_a_users_database_only_on_request(
    trends_pipeline: TrendsPipeline, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("OOTT_DATABASE_URL", f"sqlite:///{tmp_path / 'mine.sqlite'}")
    monkeypatch.delenv("OOTT_PHOTO_SOURCE")

    [failure] = failures(trends_pipeline.run())

    assert failure.startswith("OOTT_DATABASE_URL is set and OOTT_PHOTO_SOURCE is not")


def test_photos_are_drawn_by_default(
    trends_pipeline: TrendsPipeline, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("OOTT_PHOTO_SOURCE")

    trends_pipeline.run(only="instagram_images")

    assert {row.source for row in trends_pipeline.manifest()} == {"lookbook"}


def test_a_full_disk_fails_and_leaves_no_manifest_and_no_partial_photo(
    trends_pipeline: TrendsPipeline,
    photos_folder: Path,
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
) -> None:
    save_photo(photos_folder / "hongdae/2026-09/a.jpg")

    def no_space(_descriptor: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", no_space)
    run = trends_pipeline.run(only="instagram_images")

    assert attempts(run, "instagram_images") == 1
    assert failures(run)[0].startswith("the disk of the store is full")
    assert [path for path in (tmp_path / "home").rglob("*") if path.is_file()] == []


def test_the_contact_sheet_shows_the_photos_or_that_there_are_none(
    trends_pipeline: TrendsPipeline, photos_folder: Path
) -> None:
    save_photo(photos_folder / "hongdae/2026-09/a.jpg")

    some = trends_pipeline.run(only="instagram_images")
    none = trends_pipeline.run(month=OCTOBER, only="instagram_images")

    assert "data:image/webp;base64," in str(metadata_of(some, "instagram_images")["contact_sheet"])
    assert metadata_of(none, "instagram_images")["contact_sheet"] == "no photos"


def test_nothing_is_stored_if_faces_cannot_be_hidden(
    trends_pipeline: TrendsPipeline,
    photos_folder: Path,
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
) -> None:
    save_photo(photos_folder / "hongdae/2026-09/a.jpg")

    def fails(cores: int) -> FaceHider:
        raise FacesNotHidden(f"the face detector fails on {cores} cores")

    photo_store.tested_face_hider.cache_clear()
    monkeypatch.setattr(photo_store, "FaceHider", fails)
    [failure] = failures(trends_pipeline.run())
    assert "no photo was stored" in failure
    assert [path for path in (tmp_path / "home").rglob("*") if path.is_file()] == []

    monkeypatch.setenv("OOTT_HIDE_FACES", "false")
    assert trends_pipeline.run(only="instagram_images").success


def test_a_busy_source_is_retried_and_no_post_is_fetched_twice(
    trends_pipeline: TrendsPipeline, monkeypatch: pytest.MonkeyPatch
) -> None:
    source = FailingSource([SourceBusy("the page fails"), SourceBusy("the browser died")])
    monkeypatch.setattr(ChosenSource, "opened", lambda _: source)

    run = trends_pipeline.run(only="instagram_images")

    assert run.success
    assert attempts(run, "instagram_images") == 3
    assert [row.state for row in trends_pipeline.manifest()] == ["kept", "kept"]
    assert source.fetched == ["first", "second"]


def test_a_source_that_stays_busy_fails_with_its_message_after_the_last_retry(
    trends_pipeline: TrendsPipeline, monkeypatch: pytest.MonkeyPatch
) -> None:
    source = FailingSource([SourceBusy(f"busy at attempt {number}") for number in (1, 2, 3, 4)])
    monkeypatch.setattr(ChosenSource, "opened", lambda _: source)

    run = trends_pipeline.run(only="instagram_images")

    assert attempts(run, "instagram_images") == 3
    assert failures(run) == ["busy at attempt 3"]


@pytest.mark.parametrize(
    "error",
    [
        PhotosUnknown("the password is wrong"),
        SourceBusyForHours("the site asks to wait 60 minutes"),
    ],
)
def test_a_source_that_is_busy_for_hours_is_tried_once(
    trends_pipeline: TrendsPipeline, monkeypatch: pytest.MonkeyPatch, error: PhotosUnknown
) -> None:
    source = FailingSource([error])
    monkeypatch.setattr(ChosenSource, "opened", lambda _: source)

    run = trends_pipeline.run(only="instagram_images")

    assert attempts(run, "instagram_images") == 1
    assert failures(run) == [str(error)]


class FailingSource:
    """A source of two posts; each attempt raises the next of ``errors`` before the second post."""

    name = "failing"
    shows_people = False
    uses_network = True

    def __init__(self, errors: list[PhotosUnknown]) -> None:
        self.fetched: list[str] = []
        self._errors = errors

    def posts(self, _destination: Destination, _month: date) -> Generator[ListedPost, None, None]:
        yield ListedPost("first", lambda: self._post("first", 10))
        if self._errors:
            raise self._errors.pop(0)
        yield ListedPost("second", lambda: self._post("second", 200))

    def _post(self, shortcode: str, angle: int) -> FetchedPost:
        self.fetched.append(shortcode)
        content = io.BytesIO()
        # Two plain photos would be near duplicates.
        Image.linear_gradient("L").rotate(angle).save(content, "PNG")
        return FetchedPost(None, [FoundPhoto(f"{shortcode}.png", content.getvalue())])
