from collections import Counter
from datetime import date

from oott_assets.training.labelling.label_reasons import (
    Reason,
    ReasonName,
    SeenPhoto,
    StoredPhotoName,
)
from oott_assets.training.labelling.photo_choice import ReasonedPhoto, choose, spread_sample

SEPTEMBER, OCTOBER = date(2026, 9, 1), date(2026, 10, 1)


def candidate(
    name: str,
    score: float = 1,
    destination: str = "hongdae",
    month: date = SEPTEMBER,
    reason: ReasonName = "uncertain",
) -> ReasonedPhoto:
    return ReasonedPhoto(StoredPhotoName(destination, month, name), Reason(reason, score, "why"))


def names(chosen: list[ReasonedPhoto]) -> list[str]:
    return [one.photo.sha256 for one in chosen]


def everything(_: StoredPhotoName) -> bool:
    return True


def test_the_best_photos_of_a_place_are_chosen_first() -> None:
    photos = [candidate("a", 1), candidate("b", 3), candidate("c", 2)]

    assert names(choose(photos, 2, everything)) == ["b", "c"]


def test_every_destination_gets_its_share_even_with_lower_scores() -> None:
    photos = [candidate(f"h{number}", 9) for number in range(8)]
    photos += [candidate(f"s{number}", 1, destination="seongsu") for number in range(8)]

    chosen = choose(photos, 6, everything)

    assert Counter(one.photo.destination for one in chosen) == {"hongdae": 3, "seongsu": 3}


def test_the_months_of_a_destination_share_its_photos() -> None:
    photos = [candidate(f"o{number}", 9, month=OCTOBER) for number in range(8)]
    photos += [candidate(f"s{number}", 1) for number in range(8)]

    chosen = choose(photos, 6, everything)

    assert Counter(one.photo.month for one in chosen) == {SEPTEMBER: 3, OCTOBER: 3}


def test_the_reasons_take_turns_and_one_photo_is_chosen_once() -> None:
    photos = [candidate("a", 9), candidate("b", 8), candidate("c", 7)]
    photos += [candidate("a", 9, reason="rare garment"), candidate("d", 1, reason="rare garment")]
    photos += [candidate("e", 1, reason="detectors disagree")]

    chosen = choose(photos, 5, everything)

    assert [(one.photo.sha256, one.reason.name) for one in chosen] == [
        ("a", "uncertain"),
        ("d", "rare garment"),
        ("e", "detectors disagree"),
        ("b", "uncertain"),
        ("c", "uncertain"),
    ]


def test_a_photo_that_is_not_new_is_replaced_by_the_next_and_asked_for_once() -> None:
    asked = []

    def only_c(photo: StoredPhotoName) -> bool:
        asked.append(photo.sha256)
        return photo.sha256 == "c"

    photos = [candidate("a", 3), candidate("b", 2), candidate("c", 1)]
    photos += [candidate("b", 2, reason="rare garment")]

    assert names(choose(photos, 3, only_c)) == ["c"]
    assert asked == ["a", "b", "c"]


def test_without_candidates_nothing_is_chosen() -> None:
    assert choose([], 3, everything) == []


def test_a_sample_has_photos_of_all_places_and_never_changes() -> None:
    seen = [
        SeenPhoto(StoredPhotoName(place, month, f"{place}{month}{number}"), (), "v1")
        for place in ("hongdae", "seongsu")
        for month in (SEPTEMBER, OCTOBER)
        for number in range(5)
    ]

    sample = spread_sample(seen, 8)

    places = Counter((one.photo.destination, one.photo.month) for one in sample)
    assert set(places.values()) == {2}
    assert spread_sample(reversed(seen), 8) == sample
    assert len(spread_sample(seen, 100)) == 20
