from datetime import date
from functools import cache

from oott_assets.partitions import destinations
from oott_assets.photos.sources.drawn.lookbook import Lookbook
from oott_assets.photos.sources.photo_source import FetchedPost, FoundPhoto
from oott_fashion.destinations import Destination

HONGDAE, HAEUNDAE = destinations.destination("hongdae"), destinations.destination("haeundae")
SEPTEMBER, OCTOBER = date(2026, 9, 1), date(2026, 10, 1)


def fetched(photos: int, place: Destination, month: date) -> list[FetchedPost]:
    return [post.fetch() for post in Lookbook(photos).posts(place, month)]


def test_a_month_always_gives_the_same_photos() -> None:
    assert fetched(3, HONGDAE, SEPTEMBER) == fetched(3, HONGDAE, SEPTEMBER)


def test_more_photos_of_a_month_start_with_the_same_photos() -> None:
    assert fetched(5, HONGDAE, SEPTEMBER)[:3] == fetched(3, HONGDAE, SEPTEMBER)


def test_no_two_months_or_destinations_share_a_photo() -> None:
    drawn = [
        photo
        for place in (HONGDAE, HAEUNDAE)
        for month in (SEPTEMBER, OCTOBER)
        for post in fetched(3, place, month)
        for photo in post.photos
    ]

    assert len({photo.content for photo in drawn if isinstance(photo, FoundPhoto)}) == 12


@cache
def worn(month: date, place: Destination = HAEUNDAE) -> list[frozenset[str]]:
    """Give the garments of each of 60 people."""
    photos = Lookbook(60).drawn(place, month)
    return [frozenset(garment.garment for garment in photo.garments) for photo in photos]


def share_of(garment: str, outfits: list[frozenset[str]]) -> float:
    return sum(garment in outfit for outfit in outfits) / len(outfits)


def test_in_october_puffers_rise_and_shorts_fall_in_haeundae() -> None:
    september, october = worn(SEPTEMBER), worn(OCTOBER)

    assert share_of("puffer", october) > share_of("puffer", september) + 0.3
    assert share_of("shorts pants", october) < share_of("shorts pants", september) - 0.15


def test_some_outfits_last_all_year() -> None:
    assert len(set(worn(SEPTEMBER)) & set(worn(OCTOBER))) >= 4


def test_two_destinations_have_different_winters() -> None:
    assert share_of("puffer", worn(OCTOBER, HONGDAE)) < 0.3
    assert share_of("coat", worn(OCTOBER, HONGDAE)) > 0.3


def test_photos_are_dated_in_the_requested_month() -> None:
    dates = [post.taken_at for post in fetched(30, HONGDAE, date(2026, 2, 1))]

    assert {(moment.year, moment.month) for moment in dates if moment} == {(2026, 2)}


def test_a_lookbook_of_no_photos_is_empty() -> None:
    assert fetched(0, HONGDAE, SEPTEMBER) == []
