from collections.abc import Mapping
from datetime import date
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from PIL import Image

from oott_assets.photos.sources.photo_dates import date_taken

SEOUL = ZoneInfo("Asia/Seoul")
ORIGINAL, ORIGINAL_OFFSET = 0x9003, 0x9011
DIGITIZED, DIGITIZED_OFFSET = 0x9004, 0x9012
DATE_TIME = 0x0132

GOOD = "2026:09:15 08:30:00"


def taken(file: Path, *folders: str) -> str:
    return str(date_taken(file, folders, SEOUL).moment)


def with_exif(folder: Path, tags: Mapping[int, object], changed_at: str | None = None) -> Path:
    """Save a photo with EXIF ``tags``; ``changed_at`` is the date of an editing program."""
    exif = Image.Exif()
    exif.get_ifd(0x8769).update(tags)
    if changed_at is not None:
        exif[DATE_TIME] = changed_at
    Image.new("RGB", (2, 2)).save(folder / "a.jpg", exif=exif)
    return folder / "a.jpg"


@pytest.mark.parametrize(
    ("written", "moment"),
    [
        (GOOD, "2026-09-15 08:30:00+09:00"),
        ("2026-09-15T08:30:00", "2026-09-15 08:30:00+09:00"),
        ("2026/09/15 08:30:00", "2026-09-15 08:30:00+09:00"),
        ("2026:09:15 08:30:00.123", "2026-09-15 08:30:00+09:00"),
        ("2026:09:15 08:30:00\0", "2026-09-15 08:30:00+09:00"),
        ("20260915 083000", "2026-09-15 08:30:00+09:00"),
        ("2026: 9:15", "2026-09-15 00:00:00+09:00"),
        ("2026:09:15 08:30:00 PM", "2026-09-15 20:30:00+09:00"),
        ("2026:09:15 12:30:00 AM", "2026-09-15 00:30:00+09:00"),
        ("2026:09:30 24:05:00", "2026-10-01 00:05:00+09:00"),
        ("2026:09:30 20:00:00Z", "2026-10-01 05:00:00+09:00"),
        ("2026:09:30 23:30:00+02:00", "2026-10-01 06:30:00+09:00"),
        ("2026:09:30 20:00:00+0000", "2026-10-01 05:00:00+09:00"),
    ],
)
def test_all_common_spellings_of_an_exif_date_are_read(
    tmp_path: Path, written: str, moment: str
) -> None:
    assert taken(with_exif(tmp_path, {ORIGINAL: written})) == moment


@pytest.mark.parametrize("offset", ["+02:00", "+0200", " +02:00 ", "+02:00\0"])
def test_the_utc_offset_of_the_date_decides_the_month(tmp_path: Path, offset: str) -> None:
    file = with_exif(tmp_path, {ORIGINAL: "2026:09:30 23:30:00", ORIGINAL_OFFSET: offset})

    assert date_taken(file, (), SEOUL).month == date(2026, 10, 1)


@pytest.mark.parametrize("offset", ["", "   :  ", "noon", "+99:00"])
def test_an_unusable_utc_offset_is_ignored(tmp_path: Path, offset: str) -> None:
    file = with_exif(tmp_path, {ORIGINAL: GOOD, ORIGINAL_OFFSET: offset})

    assert taken(file) == "2026-09-15 08:30:00+09:00"


@pytest.mark.parametrize(
    "original", [None, "", "    :  :     :  :  ", "0000:00:00 00:00:00", "0001:01:01 00:00:00"]
)
def test_without_a_usable_original_date_the_digitised_one_counts(
    tmp_path: Path, original: str | None
) -> None:
    tags = {DIGITIZED: GOOD, DIGITIZED_OFFSET: "+00:00"}
    file = with_exif(tmp_path, tags if original is None else {ORIGINAL: original, **tags})

    assert taken(file) == "2026-09-15 17:30:00+09:00"


@pytest.mark.parametrize("kind", ["PNG", "WEBP", "TIFF", "HEIF"])
def test_the_date_is_read_from_each_format(tmp_path: Path, kind: str) -> None:
    exif = Image.Exif()
    exif.get_ifd(0x8769)[ORIGINAL] = GOOD
    # Without the entry itself, Pillow writes no EXIF data into a PNG or TIFF.
    exif[0x8769] = exif.get_ifd(0x8769)
    Image.new("RGB", (64, 64)).save(tmp_path / "a", kind, exif=exif)

    assert taken(tmp_path / "a") == "2026-09-15 08:30:00+09:00"


def test_the_date_of_editing_is_never_used(tmp_path: Path) -> None:
    file = with_exif(tmp_path, {}, changed_at="2026:10:20 10:00:00")

    assert date_taken(file, (), SEOUL) == (None, None)


@pytest.mark.parametrize("written", ["last summer", "2026:02:30 10:00:00", "1980:01:01 00:00:00"])
def test_a_date_that_cannot_be_true_is_no_date(tmp_path: Path, written: str) -> None:
    assert taken(with_exif(tmp_path, {ORIGINAL: written})) == "None"


@pytest.mark.parametrize(
    "name",
    [
        "2026-09-15_08-30-00.jpg",
        "2026-09-15 08.30.00 4711.jpg",
        "photo_1@15-09-2026_08-30-00.jpg",
        "photo_2026-09-15_08-30-00.jpg",
        "signal-2026-09-15-083000.jpeg",
        "WhatsApp Image 2026-09-15 at 8.30.00 AM.jpeg",
        "PHOTO-2026-09-15-08-30-00.jpg",
        "KakaoTalk_20260915_083000123_01.jpg",
        "KakaoTalk_Photo_2026-09-15-08-30-00 001.jpeg",
        "Screenshot_20260915-083000_Instagram.jpg",
        "Screenshot_2026-09-15-08-30-00-123_com.instagram.android.jpg",
        "스크린샷 2026-09-15 오전 8.30.00.png",
        "화면 캡처 2026-09-15 083000.png",
        "Bildschirmfoto 2026-09-15 um 08.30.00.png",
        "20260915_083000.jpg",
        "IMG20260915083000.jpg",
        "WIN_20260915_08_30_00_Pro.jpg",
        "PXL_20260914_233000123.jpg",
        "2026-09-14_23-30-00_UTC_1.jpg",
        "mmexport1789428600000.jpg",
        "FB_IMG_1789428600000.jpg",
    ],
)
def test_a_file_name_of_a_downloader_messenger_phone_or_camera_gives_the_date(name: str) -> None:
    assert taken(Path(name)) == "2026-09-15 08:30:00+09:00"


@pytest.mark.parametrize(
    "name",
    [
        "IMG-20260915-WA0001.jpg",
        "2026. 9. 15..jpg",
        "2026년 9월 15일.jpg",
        # macOS writes Hangul in parts.
        "2026\u1102\u1167\u11ab 9\u110b\u116f\u11af 15\u110b\u1175\u11af.jpg",
    ],
)
def test_a_file_name_without_a_time_gives_the_day(name: str) -> None:
    assert taken(Path(name)) == "2026-09-15 00:00:00+09:00"


@pytest.mark.parametrize(
    "name",
    [
        "IMG_1234.HEIC",
        "4711_n.jpg?date=2026-09-15",
        "123456789012345678_n.jpg",
        "34012026091512345_n.jpg",
        "20261315_1.jpg",
        "DSC_2026.jpg",
    ],
)
def test_other_numbers_in_a_file_name_are_no_date(name: str) -> None:
    assert date_taken(Path(name), (), SEOUL) == (None, None)


@pytest.mark.parametrize(
    "folders",
    [
        "2026-09",
        "202609",
        "2026_9",
        "2026년 9월",
        "2026/09",
        "2026/09/15",
        "2026-08/2026-09-02 trip",
    ],
)
def test_the_names_of_the_folders_give_the_month(folders: str) -> None:
    assert date_taken(Path("a.jpg"), folders.split("/"), SEOUL).month == date(2026, 9, 1)


def test_exif_comes_before_the_file_name_and_that_before_the_folder(tmp_path: Path) -> None:
    file = with_exif(tmp_path, {ORIGINAL: GOOD}).rename(tmp_path / "20261001_000000.jpg")

    assert taken(file, "2026-11") == "2026-09-15 08:30:00+09:00"
    assert taken(Path("20261001_000000.jpg"), "2026-11") == "2026-10-01 00:00:00+09:00"
