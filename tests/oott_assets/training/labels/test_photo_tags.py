"""Tags of photos, in a table or in an export of Label Studio."""

import json
import unicodedata
from pathlib import Path

import pytest

from oott_assets.training.labels.photo_tags import BadTags, NotTagged, Tags, read_photo_tags


def tags(tmp_path: Path, text: str, photo: str = "a.jpg") -> Tags:
    (tmp_path / "tags").write_text(text)
    return read_photo_tags(tmp_path / "tags").of(tmp_path / photo)


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        ("a.jpg\tskirt,shirt", Tags(("shirt", "skirt"), are_complete=True)),
        ("a.jpg\t Tee_Shirt , jeans \t\tblouse,bag", Tags(("jeans", "tee shirt"), True)),
        ("a.jpg\tshirt\tjacket\tbag", Tags(("shirt",), are_complete=False)),
        ("a.jpg\tshirt,other", Tags(("shirt",), are_complete=False)),
        ("a.jpg\tno_garment", Tags((), are_complete=True)),
        ("a.jpg\t\t\tbag", Tags((), are_complete=False)),
        ("a.jpg", Tags((), are_complete=False)),
    ],
)
def test_a_row_names_the_garments_of_a_photo(tmp_path: Path, line: str, expected: Tags) -> None:
    assert tags(tmp_path, f"b.jpg\tcoat\n\n{line}\r\n") == expected


@pytest.mark.parametrize("heading", ["# photo\tgarments worn", "\ufeffphoto\tgarments", "Photo"])
def test_a_heading_is_not_a_photo(tmp_path: Path, heading: str) -> None:
    text = f"{heading}\na.jpg\tcoat\n"

    assert tags(tmp_path, text).garments == ("coat",)
    with pytest.raises(NotTagged):
        tags(tmp_path, text, photo="photo")


def test_photos_of_one_name_are_distinguished_by_their_folders(tmp_path: Path) -> None:
    text = "seoul/a.jpg\tcoat\na.jpg\tshirt\n"

    assert tags(tmp_path, text, "seoul/a.jpg").garments == ("coat",)
    assert tags(tmp_path, text, "busan/a.jpg").garments == ("shirt",)
    with pytest.raises(NotTagged, match=r"b\.jpg has no tags"):
        tags(tmp_path, text, "seoul/b.jpg")


def test_a_korean_name_from_a_mac_is_found(tmp_path: Path) -> None:
    decomposed = unicodedata.normalize("NFD", "성수동.jpg")

    assert tags(tmp_path, f"{decomposed}\tcoat\n", "성수동.jpg").garments == ("coat",)
    assert tags(tmp_path, "성수동.jpg\tcoat\n", decomposed).garments == ("coat",)


@pytest.mark.parametrize(
    ("text", "complaint"),
    [
        ("a.jpg\tblouse\n", "line 1: 'blouse' is not a garment (1 problems); expected tags such"),
        ("a.jpg\tno_garment,coat\n", "line 1: no_garment beside garments"),
        ("a.jpg\tcoat\na.jpg\tblazer\n", "line 2: a.jpg has other tags on an earlier line"),
        ("{}", "is not a JSON export of Label Studio"),
        ('[{"image": "a.jpg", "garments": "coat"}]', "choose the format JSON, not JSON-MIN"),
        ('[{"data": {"id": 1}, "annotations": [{"result": []}]}]', "has a task without a photo"),
    ],
)
def test_a_file_that_cannot_be_used_is_rejected(tmp_path: Path, text: str, complaint: str) -> None:
    with pytest.raises(BadTags) as rejected:
        tags(tmp_path, text)

    assert complaint in str(rejected.value)
    assert str(rejected.value).startswith(str(tmp_path / "tags"))


def test_a_missing_file_and_other_text_are_rejected(tmp_path: Path) -> None:
    (tmp_path / "utf16.tsv").write_text("a.jpg\tcoat", encoding="utf-16")

    with pytest.raises(BadTags, match="is not UTF-8 text"):
        read_photo_tags(tmp_path / "utf16.tsv")
    with pytest.raises(BadTags, match="No such file or directory; correct OOTT_PHOTO_TAGS"):
        read_photo_tags(tmp_path / "missing.tsv")


def task(image: str, *choices: str, **annotation: object) -> dict[str, object]:
    """A task of Label Studio, annotated with ``choices``."""
    region = {"type": "choices", "from_name": "garments", "value": {"choices": choices}}
    box = {"type": "rectanglelabels", "value": {"x": 1, "rectanglelabels": ["coat"]}}
    annotations = [{"result": [box, region], **annotation}]
    return {"id": 1, "data": {"note": 3, "image": image}, "annotations": annotations}


@pytest.mark.parametrize(
    "image",
    [
        "/data/upload/1/1a2b3c4d-a.jpg",
        "/data/local-files/?d=photos/a.jpg",
        "s3://bucket/photos/a.jpg",
        "https://example.org/x/a.jpg?size=640",
    ],
)
def test_the_choices_of_label_studio_are_tags(tmp_path: Path, image: str) -> None:
    assert tags(tmp_path, json.dumps([task(image, "jeans", "coat")])).garments == ("coat", "jeans")


def test_a_skipped_task_has_no_tags_and_the_last_annotation_counts(tmp_path: Path) -> None:
    corrected = task("a.jpg", "coat")
    corrected["annotations"] = [
        *task("", "coat")["annotations"],
        *task("", "blazer")["annotations"],
    ]  # type: ignore[misc]
    skipped = task("b.jpg", "coat", was_cancelled=True)
    text = json.dumps([corrected, skipped, {"data": {"image": "c.jpg"}, "annotations": []}])

    assert tags(tmp_path, text).garments == ("blazer",)
    for photo in ("b.jpg", "c.jpg"):
        with pytest.raises(NotTagged):
            tags(tmp_path, text, photo)
