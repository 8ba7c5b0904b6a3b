import numpy as np
import pytest

from oott_assets.trends.statistics.effective_photos import (
    effective_photos,
    same_post_correlation,
)
from oott_assets.trends.statistics.photo_counts import MonthCounts, SeenGarments, month_counts
from tests.oott_assets.trends.detection_rows import Row, table_of

# Four photos a post, and half of the people wear a coat.
POSTS, PHOTOS = 60, 4


def albums(same_person: bool) -> MonthCounts:
    coats = np.random.default_rng(3).random((POSTS, PHOTOS)) < 0.5
    rows = [
        Row(f"{post}-{photo}", "coat" if coats[post, photo * (not same_person)] else "blazer",
            post=str(post))
        for post in range(POSTS)
        for photo in range(PHOTOS)
    ]  # fmt: skip
    return counted(rows)


def counted(rows: list[Row]) -> MonthCounts:
    garments = SeenGarments.of(table_of(rows), ["hongdae"])
    return month_counts(garments, ("v1",), np.zeros(0, dtype=np.int64))


def outers(month: MonthCounts) -> float:
    """Give how many independent photos the photos of outers are worth."""
    seen = month.seen["garment"]
    names = [item.garment for item in seen.items.names]
    return float(effective_photos(month, seen)[0, seen.items.groups[names.index("coat")]])


def test_albums_of_one_person_are_worth_as_many_photos_as_there_are_albums() -> None:
    assert outers(albums(same_person=True)) == pytest.approx(POSTS, rel=0.02)


def test_albums_of_different_people_are_worth_nearly_all_their_photos() -> None:
    assert outers(albums(same_person=False)) > 0.7 * POSTS * PHOTOS


def test_single_photos_are_worth_exactly_their_number() -> None:
    month = counted([Row(str(photo), "coat" if photo % 3 else "blazer") for photo in range(20)])

    assert outers(month) == 20


def test_the_photos_of_the_only_album_count_as_one() -> None:
    month = counted([Row(str(photo), post="p") for photo in range(5)])

    assert outers(month) == pytest.approx(1)
    assert same_post_correlation(month, month.seen["garment"]).max() == 1
