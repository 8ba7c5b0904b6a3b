import unicodedata
from pathlib import Path

import pytest

from oott_fashion.destinations import (
    Destination,
    DestinationCategory,
    Destinations,
    UnknownPlace,
    english_name,
    read_destinations,
)

# Source: the settings of the prototype.
PLACES = {
    "핫플레이스": "홍대 연남동 명동 익선동 성수동 동대문 한남동 이태원 강남 가로수길",
    "전통": "인사동 광화문 불국사 경주 경복궁 창덕궁 창경궁 덕수궁 경희궁",
    "놀이공원": "롯데월드 에버랜드 서울랜드 경주월드",
    "바닷가": "을왕리 가평 정동진 해운대 제주 광안리 양양 협지해수욕장",
    "산": "인왕산 관악산 성산일출봉 북악산 낙산 북한산 도봉산 아차산 용마산",
}

BEACHES = """
- slug: seaside
  name: 바닷가
  destinations:
    - {slug: jeju, name: 제주}
"""


@pytest.fixture(scope="module")
def places() -> Destinations:
    return read_destinations()


def read(tmp_path: Path, text: str) -> Destinations:
    """Read destinations from a file that contains ``text``."""
    file = tmp_path / "places.yaml"
    file.write_text(text, encoding="utf-8")
    return read_destinations(file)


@pytest.mark.parametrize("category", PLACES)
def test_every_place_of_the_prototype_is_a_destination_of_its_category(
    category: str, places: Destinations
) -> None:
    listed = [places.destination(slug) for slug in places.slugs]

    names = [place.name for place in listed if place.category.name == category]

    assert " ".join(names) == PLACES[category]


def test_every_place_has_its_coordinates_in_south_korea(places: Destinations) -> None:
    for slug in places.slugs:
        found = places.destination(slug).coordinates
        assert found is not None
        assert 33 < found.latitude < 38.7
        assert 126 < found.longitude < 130


@pytest.mark.parametrize("wrong", ["[33.5]", "jeju", "[126.5, 33.5]", "[33.5, east]", "{}"])
def test_coordinates_that_are_none_are_rejected(tmp_path: Path, wrong: str) -> None:
    text = BEACHES.replace("name: 제주", f"name: 제주, coordinates: {wrong}")

    with pytest.raises(ValueError, match=r"coordinates of jeju as \[latitude, longitude\]"):
        read(tmp_path, text)


def test_a_place_may_have_no_coordinates(tmp_path: Path) -> None:
    assert read(tmp_path, BEACHES).destination("jeju").coordinates is None


def test_categories_keep_the_order_of_the_file(places: Destinations) -> None:
    assert [category.name for category in places.categories] == list(PLACES)
    assert [category.slug for category in places.categories] == [
        "hot-place", "traditional", "amusement-park", "seaside", "mountain",
    ]  # fmt: skip


def test_hashtags_are_unique(places: Destinations) -> None:
    hashtags = [tag for slug in places.slugs for tag in places.destination(slug).hashtags]

    assert len(hashtags) == len(set(hashtags)) == 40


@pytest.mark.parametrize(
    "name",
    ["hot-place", "핫플레이스", "Hot Place", "hot_place", " HOT  PLACE\n",
     unicodedata.normalize("NFD", "핫플레이스")],
)  # fmt: skip
def test_a_category_is_found_by_any_spelling(name: str, places: Destinations) -> None:
    assert places.named(name) == DestinationCategory("hot-place", "핫플레이스")


@pytest.mark.parametrize(
    "name",
    ["lotte-world", "롯데월드", "Lotte World", unicodedata.normalize("NFD", "롯데월드")],
)
def test_a_destination_is_found_by_any_spelling(name: str, places: Destinations) -> None:
    assert places.destination(name).slug == "lotte-world"
    assert places.named(name) == places.destination(name)


@pytest.mark.parametrize("name", ["", "   ", "atlantis", "제"])
def test_the_error_for_an_unknown_place_lists_known_places(name: str, places: Destinations) -> None:
    with pytest.raises(UnknownPlace, match=r"expected one of hot-place, .*, mountain, or a place"):
        places.named(name)


def test_the_error_for_a_long_unknown_name_is_short(places: Destinations) -> None:
    with pytest.raises(UnknownPlace) as error:
        places.named("x" * 10_000)

    assert len(str(error.value)) < 300


def test_a_category_is_not_a_destination(places: Destinations) -> None:
    with pytest.raises(UnknownPlace, match="'seaside' is not a destination; expected one of hongd"):
        places.destination("seaside")


def test_a_place_added_to_the_file_is_a_destination(tmp_path: Path) -> None:
    places = read(tmp_path, BEACHES + "    - {slug: sokcho, name: 속초}\n")

    seaside = DestinationCategory("seaside", "바닷가")
    assert places.slugs == ["jeju", "sokcho"]
    assert places.destination("속초") == Destination("sokcho", "속초", seaside, ("속초",))


def test_a_place_can_have_its_own_hashtags(tmp_path: Path) -> None:
    decomposed = unicodedata.normalize("NFD", "속초바다")
    entry = f"    - {{slug: sokcho, name: 속초, hashtags: [속초여행, {decomposed}, 2024]}}\n"

    place = read(tmp_path, BEACHES + entry).destination("sokcho")

    assert place.hashtags == ("속초여행", "속초바다", "2024")


@pytest.mark.parametrize(
    "name",
    ["jeju", "제주", "Jeju", "seaside", "바닷가", unicodedata.normalize("NFD", "제주")],
)
def test_two_places_with_one_name_are_rejected(name: str, tmp_path: Path) -> None:
    entry = f"    - {{slug: another, name: {name}}}\n"

    with pytest.raises(ValueError, match="several destinations have the name"):
        read(tmp_path, BEACHES + entry)


def test_two_places_with_one_slug_are_rejected(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="have the name jeju; give each its own name"):
        read(tmp_path, BEACHES + "    - {slug: jeju, name: 제주도}\n")


def test_a_name_can_be_the_same_as_the_slug(tmp_path: Path) -> None:
    places = read(tmp_path, BEACHES + "    - {slug: sokcho, name: Sokcho}\n")

    assert places.destination("sokcho").name == "Sokcho"


@pytest.mark.parametrize(
    "slug", ["Jeju", "je ju", "je,ju", "je|ju", "-jeju", "제주", "a" * 65, "", "je_ju"]
)
def test_a_slug_that_breaks_a_partition_key_is_rejected(slug: str, tmp_path: Path) -> None:
    with pytest.raises(ValueError, match=r"places.yaml: .* is not a slug; use 1 to 64 lower-case"):
        read(tmp_path, BEACHES + f"    - {{slug: '{slug}', name: 곳}}\n")


def test_a_slug_and_a_name_of_64_characters_are_accepted(tmp_path: Path) -> None:
    entry = f"    - {{slug: {'a' * 64}, name: {'곳' * 64}}}\n"

    assert read(tmp_path, BEACHES + entry).destination("a" * 64).name == "곳" * 64


@pytest.mark.parametrize("name", ["", "' '", "~", "곳" * 65])
def test_a_place_without_a_usable_name_is_rejected(name: str, tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="expected a name of 1 to 64 characters for spot, found"):
        read(tmp_path, BEACHES + f"    - {{slug: spot, name: {name}}}\n")


@pytest.mark.parametrize("hashtags", ["속초", "[]", "~", "{a: b}"])
def test_hashtags_that_are_not_a_list_are_rejected(hashtags: str, tmp_path: Path) -> None:
    entry = f"    - {{slug: sokcho, name: 속초, hashtags: {hashtags}}}\n"

    with pytest.raises(ValueError, match="expected a list of hashtags for sokcho, found"):
        read(tmp_path, BEACHES + entry)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "expected a list of destination categories"),
        ("[]", "expected a list of destination categories"),
        ("slug: seaside", "expected a list of destination categories"),
        ("- seaside", "expected slug, name and destinations, found 'seaside'"),
        ("- {slug: seaside, name: 바닷가}", "expected slug, name and destinations"),
        ("- {slug: seaside, name: 바닷가, destinations: []}", "expected slug, name and"),
        ("- {slug: seaside, name: 바닷가, destinations: jeju}", "expected slug, name and"),
        ("- {slug: seaside, name: 바닷가, destinations: [jeju]}", "slug and name, found 'jeju'"),
        ("- {slug: [seaside", "cannot read destinations from"),
    ],
)
def test_a_file_with_another_structure_is_rejected(text: str, message: str, tmp_path: Path) -> None:
    with pytest.raises(ValueError, match=message) as error:
        read(tmp_path, text)

    assert "places.yaml" in str(error.value)


def test_a_missing_file_or_one_not_in_utf_8_is_rejected(tmp_path: Path) -> None:
    korean = tmp_path / "euc-kr.yaml"
    korean.write_bytes(BEACHES.encode("euc-kr"))

    for file in (korean, tmp_path / "missing.yaml", tmp_path):
        with pytest.raises(ValueError, match=f"cannot read destinations from {file}: "):
            read_destinations(file)


@pytest.mark.parametrize(
    ("slug", "name"),
    [
        ("haeundae", "Haeundae"),
        ("lotte-world", "Lotte World"),
        ("yeonnam-dong", "Yeonnam-dong"),
        ("garosu-gil", "Garosu-gil"),
    ],
)
def test_a_slug_is_written_as_an_english_name(slug: str, name: str) -> None:
    assert english_name(slug) == name
