import unicodedata
from pathlib import Path

import pytest

from oott_fashion.destinations import (
    Destination,
    DestinationCategory,
    Destinations,
    UnknownPlace,
    read_destinations,
)

# Source: "Vocabulary" in the design of OOTT, which has them from the prototype's settings.
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


def read(tmp_path: Path, page: str) -> Destinations:
    """Read destinations from a file that says ``page``."""
    file = tmp_path / "places.yaml"
    file.write_text(page, encoding="utf-8")
    return read_destinations(file)


@pytest.mark.parametrize("category", PLACES)
def test_every_place_of_the_prototype_is_a_destination_of_its_category(
    category: str, places: Destinations
) -> None:
    listed = [places.destination(slug) for slug in places.slugs]

    names = [place.name for place in listed if place.category.name == category]

    assert " ".join(names) == PLACES[category]


def test_the_categories_come_in_the_order_of_the_file(places: Destinations) -> None:
    assert [category.name for category in places.categories] == list(PLACES)
    assert [category.slug for category in places.categories] == [
        "hot-place", "traditional", "amusement-park", "seaside", "mountain",
    ]  # fmt: skip


def test_no_two_destinations_share_a_hashtag(places: Destinations) -> None:
    hashtags = [tag for slug in places.slugs for tag in places.destination(slug).hashtags]

    assert len(hashtags) == len(set(hashtags)) == 40


@pytest.mark.parametrize(
    "name",
    ["hot-place", "핫플레이스", "Hot Place", "hot_place", " HOT  PLACE\n",
     unicodedata.normalize("NFD", "핫플레이스")],
)  # fmt: skip
def test_a_category_is_found_however_its_name_is_typed(name: str, places: Destinations) -> None:
    assert places.named(name) == DestinationCategory("hot-place", "핫플레이스")


@pytest.mark.parametrize(
    "name",
    ["lotte-world", "롯데월드", "Lotte World", unicodedata.normalize("NFD", "롯데월드")],
)
def test_a_destination_is_found_however_its_name_is_typed(name: str, places: Destinations) -> None:
    assert places.destination(name).slug == "lotte-world"
    assert places.named(name) == places.destination(name)


@pytest.mark.parametrize("name", ["", "   ", "atlantis", "제"])
def test_an_unknown_place_is_refused_with_places_that_exist(
    name: str, places: Destinations
) -> None:
    with pytest.raises(UnknownPlace, match=r"expected one of hot-place, .*, mountain, or a place"):
        places.named(name)


def test_a_long_unknown_name_is_not_repeated_whole(places: Destinations) -> None:
    with pytest.raises(UnknownPlace) as refused:
        places.named("x" * 10_000)

    assert len(str(refused.value)) < 300


def test_a_category_is_no_destination(places: Destinations) -> None:
    with pytest.raises(UnknownPlace, match="'seaside' is no destination; expected one of hongdae"):
        places.destination("seaside")


def test_a_place_added_to_the_file_is_a_destination(tmp_path: Path) -> None:
    places = read(tmp_path, BEACHES + "    - {slug: sokcho, name: 속초}\n")

    seaside = DestinationCategory("seaside", "바닷가")
    assert places.slugs == ["jeju", "sokcho"]
    assert places.destination("속초") == Destination("sokcho", "속초", seaside, ("속초",))


def test_a_place_may_have_hashtags_other_than_its_name(tmp_path: Path) -> None:
    decomposed = unicodedata.normalize("NFD", "속초바다")
    entry = f"    - {{slug: sokcho, name: 속초, hashtags: [속초여행, {decomposed}, 2024]}}\n"

    place = read(tmp_path, BEACHES + entry).destination("sokcho")

    assert place.hashtags == ("속초여행", "속초바다", "2024")


@pytest.mark.parametrize(
    "name",
    ["jeju", "제주", "Jeju", "seaside", "바닷가", unicodedata.normalize("NFD", "제주")],
)
def test_two_places_of_one_name_are_refused(name: str, tmp_path: Path) -> None:
    entry = f"    - {{slug: another, name: {name}}}\n"

    with pytest.raises(ValueError, match="destinations share the name"):
        read(tmp_path, BEACHES + entry)


def test_two_places_of_one_slug_are_refused(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="destinations share the name jeju; each must be unique"):
        read(tmp_path, BEACHES + "    - {slug: jeju, name: 제주도}\n")


def test_a_place_may_be_called_by_its_slug(tmp_path: Path) -> None:
    places = read(tmp_path, BEACHES + "    - {slug: sokcho, name: Sokcho}\n")

    assert places.destination("sokcho").name == "Sokcho"


@pytest.mark.parametrize(
    "slug", ["Jeju", "je ju", "je,ju", "je|ju", "-jeju", "제주", "a" * 65, "", "je_ju"]
)
def test_a_slug_that_would_break_a_partition_key_is_refused(slug: str, tmp_path: Path) -> None:
    with pytest.raises(ValueError, match=r"places.yaml: .* cannot be a slug; use lower-case"):
        read(tmp_path, BEACHES + f"    - {{slug: '{slug}', name: 곳}}\n")


def test_the_longest_slug_and_name_fill_what_the_tables_hold(tmp_path: Path) -> None:
    entry = f"    - {{slug: {'a' * 64}, name: {'곳' * 64}}}\n"

    assert read(tmp_path, BEACHES + entry).destination("a" * 64).name == "곳" * 64


@pytest.mark.parametrize("name", ["", "' '", "~", "곳" * 65])
def test_a_place_without_a_usable_name_is_refused(name: str, tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="spot needs a name of 1 to 64 characters"):
        read(tmp_path, BEACHES + f"    - {{slug: spot, name: {name}}}\n")


@pytest.mark.parametrize("hashtags", ["속초", "[]", "~", "{a: b}"])
def test_hashtags_that_are_no_list_are_refused_not_read_by_the_letter(
    hashtags: str, tmp_path: Path
) -> None:
    entry = f"    - {{slug: sokcho, name: 속초, hashtags: {hashtags}}}\n"

    with pytest.raises(ValueError, match="sokcho needs a list of hashtags or none, found"):
        read(tmp_path, BEACHES + entry)


@pytest.mark.parametrize(
    ("page", "complaint"),
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
def test_a_file_of_another_shape_is_refused_by_what_was_found(
    page: str, complaint: str, tmp_path: Path
) -> None:
    with pytest.raises(ValueError, match=complaint) as refused:
        read(tmp_path, page)

    assert "places.yaml" in str(refused.value)


def test_a_file_that_is_missing_or_not_in_utf_8_is_refused_by_its_name(tmp_path: Path) -> None:
    korean = tmp_path / "euc-kr.yaml"
    korean.write_bytes(BEACHES.encode("euc-kr"))

    for file in (korean, tmp_path / "missing.yaml", tmp_path):
        with pytest.raises(ValueError, match=f"cannot read destinations from {file}: "):
            read_destinations(file)
