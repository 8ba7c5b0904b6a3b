import os
from datetime import date
from pathlib import Path

import pytest

from oott_assets.partitions import destinations
from oott_assets.photos.sources.folder import PhotoFolder
from oott_assets.photos.sources.photo_source import (
    FetchedPost,
    FoundPhoto,
    PhotosUnknown,
    UnavailablePhoto,
)
from tests.oott_assets.trends_pipeline import save_photo

HONGDAE, HAEUNDAE = destinations.destination("hongdae"), destinations.destination("haeundae")
SEPTEMBER, OCTOBER = date(2026, 9, 1), date(2026, 10, 1)
IN_SEPTEMBER, IN_OCTOBER = "2026:09:30 23:59:59", "2026:10:01 00:00:00"


def photo_folder(
    folder: Path, folder_destination: str | None = None, max_bytes: int = 10**6
) -> PhotoFolder:
    return PhotoFolder(folder, destinations, folder_destination, max_bytes, "Asia/Seoul")


def names(folder: PhotoFolder, month: date = SEPTEMBER) -> list[str]:
    return [post.shortcode for post in folder.posts(HONGDAE, month)]


def fetched(folder: PhotoFolder, month: date = SEPTEMBER) -> list[FetchedPost]:
    return [post.fetch() for post in folder.posts(HONGDAE, month)]


def test_folder_names_give_destination_and_month(tmp_path: Path) -> None:
    save_photo(tmp_path / "hongdae/2026-09/a.jpg")
    save_photo(tmp_path / "hongdae/2026-10/b.jpg")
    save_photo(tmp_path / "haeundae/2026-09/c.jpg")

    assert names(photo_folder(tmp_path)) == ["hongdae/2026-09/a.jpg"]


def test_photos_without_a_month_folder_belong_to_the_month_of_their_exif_date(
    tmp_path: Path,
) -> None:
    save_photo(tmp_path / "hongdae/a.jpg", taken_at=IN_SEPTEMBER)
    save_photo(tmp_path / "hongdae/b.jpg", taken_at=IN_OCTOBER)

    assert names(photo_folder(tmp_path)) == ["hongdae/a.jpg"]
    assert names(photo_folder(tmp_path), OCTOBER) == ["hongdae/b.jpg"]


def test_an_undated_photo_belongs_to_the_requested_month_and_has_no_date(tmp_path: Path) -> None:
    save_photo(tmp_path / "hongdae/a.jpg")

    [post] = fetched(photo_folder(tmp_path), OCTOBER)

    assert post.taken_at is None


@pytest.mark.parametrize(
    "written", ["0001:01:01 00:00:00", "0000:00:00 00:00:00", "last summer", ""]
)
def test_a_photo_with_an_invalid_date_is_undated(tmp_path: Path, written: str) -> None:
    save_photo(tmp_path / "hongdae/a.jpg", taken_at=written)

    [post] = fetched(photo_folder(tmp_path))

    assert post.taken_at is None


def test_the_month_folder_takes_precedence_over_the_exif_date(tmp_path: Path) -> None:
    save_photo(tmp_path / "hongdae/2026-09/a.jpg", taken_at=IN_OCTOBER)
    save_photo(tmp_path / "hongdae/2026-09/b.jpg", taken_at=IN_SEPTEMBER)

    wrong, right = fetched(photo_folder(tmp_path))

    assert wrong.taken_at is None
    assert str(right.taken_at) == "2026-09-30 23:59:59+09:00"


def test_photos_in_the_folder_itself_belong_only_to_folder_destination(tmp_path: Path) -> None:
    save_photo(tmp_path / "a.jpg")

    assert names(photo_folder(tmp_path, folder_destination="hongdae")) == ["a.jpg"]
    assert names(photo_folder(tmp_path, folder_destination="haeundae")) == []
    assert names(photo_folder(tmp_path, folder_destination=None)) == []


def test_other_files_and_hidden_files_are_not_photos(tmp_path: Path) -> None:
    for name in ("notes.txt", ".hidden.jpg", "Thumbs.db"):
        (tmp_path / name).write_bytes(b"not a photo")

    assert names(photo_folder(tmp_path, folder_destination="hongdae")) == []


def test_upper_case_and_unreadable_photo_suffixes_are_listed(tmp_path: Path) -> None:
    for name in ("A.JPG", "b.heic"):
        (tmp_path / name).write_bytes(b"something")

    assert names(photo_folder(tmp_path, folder_destination="hongdae")) == ["A.JPG", "b.heic"]


def test_a_file_of_exactly_max_bytes_is_fetched_and_one_byte_more_is_rejected(
    tmp_path: Path,
) -> None:
    (tmp_path / "a.jpg").write_bytes(b"1234")
    (tmp_path / "b.jpg").write_bytes(b"12345")

    fits, too_large = fetched(photo_folder(tmp_path, "hongdae", max_bytes=4))

    assert fits.photos == [FoundPhoto("a.jpg", b"1234")]
    assert too_large.photos == [UnavailablePhoto("b.jpg", "5 bytes; at most 4 allowed")]


def test_destination_folders_can_have_korean_or_capitalised_names(tmp_path: Path) -> None:
    save_photo(tmp_path / "홍대/2026-09/a.jpg")
    save_photo(tmp_path / "Hongdae/2026-09/b.jpg")

    assert names(photo_folder(tmp_path)) == ["Hongdae/2026-09/b.jpg", "홍대/2026-09/a.jpg"]
    assert photo_folder(tmp_path).partitions() == [("hongdae", SEPTEMBER)]


def test_folders_with_an_unknown_destination_or_month_are_reported_as_skipped(
    tmp_path: Path,
) -> None:
    for name in ("hongdae/2026-09", "hongdae/2026-9", "atlantis/2026-09", ".hidden"):
        (tmp_path / name).mkdir(parents=True)

    assert photo_folder(tmp_path).skipped_folders() == [
        "atlantis/ is not a destination, such as hongdae or 홍대",
        "hongdae/2026-9/ is not a month, written YYYY-MM",
    ]
    assert photo_folder(tmp_path).partitions() == [("hongdae", SEPTEMBER)]


def test_a_broken_link_is_listed_as_unavailable(tmp_path: Path) -> None:
    (tmp_path / "a.jpg").symlink_to("gone.jpg")

    [post] = fetched(photo_folder(tmp_path, "hongdae"))

    assert post.photos == [UnavailablePhoto("a.jpg", "cannot be read: No such file or directory")]


def test_the_bytes_of_a_name_that_is_not_utf8_are_escaped(tmp_path: Path) -> None:
    save_photo(tmp_path / "a.jpg")
    os.rename(tmp_path / "a.jpg", os.fsencode(tmp_path) + b"/caf\xe9.jpg")

    assert names(photo_folder(tmp_path, "hongdae")) == ["caf\\xe9.jpg"]


def test_names_in_cp949_stay_distinct(tmp_path: Path) -> None:
    for name in ("사진.jpg", "강남.jpg", "서울.jpg"):
        save_photo(tmp_path / "a.jpg")
        os.rename(tmp_path / "a.jpg", os.fsencode(tmp_path) + b"/" + name.encode("cp949"))

    assert len(set(names(photo_folder(tmp_path, "hongdae")))) == 3


def test_a_missing_folder_raises_photos_unknown(tmp_path: Path) -> None:
    with pytest.raises(PhotosUnknown, match="is not a folder; set OOTT_PHOTOS_FOLDER"):
        names(photo_folder(tmp_path / "gone"))


def test_a_destination_without_a_folder_has_no_photos(tmp_path: Path) -> None:
    assert names(photo_folder(tmp_path)) == []


def test_partitions_come_from_folder_names_and_photo_dates(tmp_path: Path) -> None:
    save_photo(tmp_path / "hongdae/2026-09/a.jpg")
    save_photo(tmp_path / "hongdae/b.jpg", taken_at=IN_OCTOBER)
    save_photo(tmp_path / "hongdae/undated.jpg")
    save_photo(tmp_path / "c.jpg", taken_at=IN_SEPTEMBER)
    (tmp_path / "hongdae/holidays").mkdir()

    assert photo_folder(tmp_path, folder_destination="haeundae").partitions() == [
        ("haeundae", SEPTEMBER),
        ("hongdae", SEPTEMBER),
        ("hongdae", OCTOBER),
    ]
