import os
from datetime import date
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from oott_assets.partitions import destinations
from oott_assets.photos.sources.folder import PhotoFolder, PlacedPhoto
from oott_assets.photos.sources.photo_source import (
    FetchedPost,
    FoundPhoto,
    ListedPost,
    PhotosUnknown,
    SkippedFile,
    UnavailablePhoto,
)
from tests.oott_assets.trends_pipeline import save_photo

HONGDAE, HAEUNDAE = destinations.destination("hongdae"), destinations.destination("haeundae")
SEPTEMBER, OCTOBER = date(2026, 9, 1), date(2026, 10, 1)
IN_SEPTEMBER, IN_OCTOBER = "2026:09:30 23:59:59", "2026:10:01 00:00:00"


def photo_folder(
    folder: Path,
    folder_destination: str | None = None,
    max_bytes: int = 10**6,
    folder_month: date | None = None,
) -> PhotoFolder:
    return PhotoFolder(
        folder, destinations, folder_destination, max_bytes, ZoneInfo("Asia/Seoul"), folder_month
    )


def posts(folder: PhotoFolder, month: date = SEPTEMBER) -> list[ListedPost]:
    return [post for post in folder.posts(HONGDAE, month) if isinstance(post, ListedPost)]


def names(folder: PhotoFolder, month: date = SEPTEMBER) -> list[str]:
    return [post.shortcode for post in posts(folder, month)]


def fetched(folder: PhotoFolder, month: date = SEPTEMBER) -> list[FetchedPost]:
    return [post.fetch() for post in posts(folder, month)]


def skipped(folder: PhotoFolder) -> list[SkippedFile]:
    return [found for found in folder.contents() if isinstance(found, SkippedFile)]


def partitions(folder: PhotoFolder) -> list[tuple[str, date]]:
    placed = [found for found in folder.contents() if isinstance(found, PlacedPhoto)]
    return [(photo.slug, photo.month) for photo in placed]


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


def test_an_undated_photo_belongs_to_the_month_of_the_setting_and_to_no_other(
    tmp_path: Path,
) -> None:
    save_photo(tmp_path / "hongdae/a.jpg")
    folder = photo_folder(tmp_path, folder_month=OCTOBER)

    [post] = fetched(folder, OCTOBER)

    assert post.taken_at is None
    assert names(folder, SEPTEMBER) == []


def test_without_the_setting_an_undated_photo_is_skipped_with_advice(tmp_path: Path) -> None:
    save_photo(tmp_path / "hongdae/a.jpg")

    advice = "no date; move it to DESTINATION/YYYY-MM/, or set OOTT_FOLDER_MONTH"
    assert list(photo_folder(tmp_path).posts(HONGDAE, SEPTEMBER)) == [
        SkippedFile("hongdae/a.jpg", advice)
    ]


def test_a_date_in_the_name_of_file_or_folder_gives_the_month(tmp_path: Path) -> None:
    for name in ("2026-09-15_08-30-00_UTC.jpg", "2026년 9월/a.jpg", "trip/20260901/b.jpg"):
        save_photo(tmp_path / "hongdae" / name)
    save_photo(tmp_path / "2026.09/hongdae/c.jpg")

    assert len(names(photo_folder(tmp_path))) == 3
    assert names(photo_folder(tmp_path / "2026.09")) == ["hongdae/c.jpg"]


def test_photos_in_subfolders_of_a_month_belong_to_that_month(tmp_path: Path) -> None:
    save_photo(tmp_path / "hongdae/2026-09/nested/day1/a.jpg", taken_at=IN_OCTOBER)

    assert names(photo_folder(tmp_path)) == ["hongdae/2026-09/nested/day1/a.jpg"]


def test_a_folder_named_after_a_hashtag_belongs_to_the_destination(tmp_path: Path) -> None:
    save_photo(tmp_path / "#홍대/2026-09/a.jpg")

    assert names(photo_folder(tmp_path)) == ["#홍대/2026-09/a.jpg"]


def test_the_month_folder_takes_precedence_over_the_exif_date(tmp_path: Path) -> None:
    save_photo(tmp_path / "hongdae/2026-09/a.jpg", taken_at=IN_OCTOBER)
    save_photo(tmp_path / "hongdae/2026-09/b.jpg", taken_at=IN_SEPTEMBER)

    wrong, right = fetched(photo_folder(tmp_path))

    assert wrong.taken_at is None
    assert str(right.taken_at) == "2026-09-30 23:59:59+09:00"


def test_photos_in_the_folder_itself_belong_only_to_folder_destination(tmp_path: Path) -> None:
    save_photo(tmp_path / "a.jpg", taken_at=IN_SEPTEMBER)

    assert names(photo_folder(tmp_path, folder_destination="hongdae")) == ["a.jpg"]
    assert names(photo_folder(tmp_path, folder_destination="haeundae")) == []
    assert skipped(photo_folder(tmp_path)) == [
        SkippedFile("a.jpg", "not in a destination's folder; set OOTT_FOLDER_DESTINATION")
    ]


def test_a_skipped_file_is_listed_in_its_month_only(tmp_path: Path) -> None:
    save_photo(tmp_path / "hongdae/2026-09/a.jpg")
    (tmp_path / "hongdae/2026-09/notes.txt").write_text("not a photo")
    folder = photo_folder(tmp_path)

    assert list(folder.posts(HONGDAE, OCTOBER)) == []
    [_, note] = folder.posts(HONGDAE, SEPTEMBER)
    assert note == SkippedFile("hongdae/2026-09/notes.txt", "not a photo")


def test_a_file_of_exactly_max_bytes_is_fetched_and_one_byte_more_is_rejected(
    tmp_path: Path,
) -> None:
    folder = tmp_path / "hongdae/2026-09"
    folder.mkdir(parents=True)
    (folder / "a.jpg").write_bytes(b"\xff\xd8\xff4")
    (folder / "b.jpg").write_bytes(b"\xff\xd8\xff45")

    fits, too_large = fetched(photo_folder(tmp_path, max_bytes=4))

    assert fits.photos == [FoundPhoto("hongdae/2026-09/a.jpg", b"\xff\xd8\xff4")]
    assert too_large.photos == [
        UnavailablePhoto("hongdae/2026-09/b.jpg", "has 5 bytes; at most 4 are allowed")
    ]


def test_destination_folders_can_have_korean_or_capitalised_names(tmp_path: Path) -> None:
    save_photo(tmp_path / "홍대/2026-09/a.jpg")
    save_photo(tmp_path / "Hongdae/2026-09/b.jpg")

    assert names(photo_folder(tmp_path)) == ["Hongdae/2026-09/b.jpg", "홍대/2026-09/a.jpg"]


def test_folders_that_are_no_destination_are_skipped_with_the_number_of_their_files(
    tmp_path: Path,
) -> None:
    save_photo(tmp_path / "hongdae/2026-09/a.jpg")
    save_photo(tmp_path / "atlantis/2026-09/b.jpg")
    (tmp_path / ".hidden").mkdir()
    (tmp_path / os.fsdecode("홍대".encode("cp949"))).mkdir()

    assert set(skipped(photo_folder(tmp_path))) == {
        SkippedFile("atlantis/ (1 files)", "not a destination, such as hongdae or 홍대"),
        SkippedFile(".hidden", "hidden"),
        SkippedFile(
            "ȫ\\xb4\\xeb/ (0 files)",
            "a folder whose name is not UTF-8 (홍대 in cp949); rename it",
        ),
    }
    assert partitions(photo_folder(tmp_path)) == [("hongdae", SEPTEMBER)]


def test_names_in_cp949_are_escaped(tmp_path: Path) -> None:
    for name in ("사진.jpg", "강남.jpg", "서울.jpg"):
        save_photo(tmp_path / "hongdae/2026-09/a.jpg")
        folder = tmp_path / "hongdae/2026-09"
        os.rename(folder / "a.jpg", os.fsencode(folder) + b"/" + name.encode("cp949"))

    assert names(photo_folder(tmp_path)) == [
        "hongdae/2026-09/\\xb0\\xad\\xb3\\xb2.jpg",
        "hongdae/2026-09/\\xbb\\xe7\\xc1\\xf8.jpg",
        "hongdae/2026-09/\\xbc\\xad\\xbf\\xef.jpg",
    ]


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
    (tmp_path / "hongdae/2026-08").mkdir()

    assert partitions(photo_folder(tmp_path, folder_destination="haeundae")) == [
        ("haeundae", SEPTEMBER),
        ("hongdae", OCTOBER),
        ("hongdae", SEPTEMBER),
    ]
