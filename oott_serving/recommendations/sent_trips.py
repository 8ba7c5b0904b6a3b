"""Turns a request of /recommend into a trip, and finds the names in it that nobody knows."""

from collections.abc import Iterator, Sequence

from oott_fashion.colours import PALETTE_NAMES
from oott_fashion.garments import GARMENT_NAMES
from oott_fashion.packing.preferences import Kind, gender_named, preference_named, preferences
from oott_fashion.packing.trips import Companion, Day, Gender, OwnedPiece, Piece, Taste, Trip
from oott_serving.recommendations.recommend_models import RecommendRequest, SentPiece

_NAMES = frozenset({*GARMENT_NAMES, *PALETTE_NAMES})

# An answer that lists hundreds of pieces helps nobody.
_MAX_LISTED = 5


def trip_of(request: RecommendRequest, days: Sequence[Day]) -> Trip:
    """Make a trip of a request; names that nobody knows are left out."""
    taste = request.taste
    return Trip(
        days=tuple(days),
        gender=_gender(request.gender),
        purpose=request.purpose,
        taste=Taste(
            tuple(taste.styles),
            frozenset(_spelled(taste.liked)) & _NAMES,
            frozenset(_spelled(taste.disliked)) & _NAMES,
        ),
        closet=tuple(
            OwnedPiece(sent.id, Piece(*_spelled([sent.label, sent.color])))
            for sent in request.closet
            if _is_known(sent)
        ),
        companions=tuple(Companion(one.look, _gender(one.gender)) for one in request.companions),
        outfits_per_day=request.outfits,
    )


def unknown_names(request: RecommendRequest) -> Iterator[str]:
    """Say which names of a request nobody knows, and which ones there are."""
    genders = [request.gender, *(companion.gender for companion in request.companions)]
    for name in filter(None, genders):
        if gender_named(name) is None:
            yield f"the gender {name!r} is unknown; known are female and male, also in Korean"
    if request.purpose and preference_named("purposes", request.purpose) is None:
        yield f"the purpose {request.purpose!r} is unknown; known are {_listed('purposes')}"
    for style in request.taste.styles:
        if preference_named("styles", style) is None:
            yield f"the style {style!r} is unknown; known are {_listed('styles')}"
    sent = [*request.taste.liked, *request.taste.disliked]
    for name in sent:
        if _NAMES.isdisjoint(_spelled([name])):
            yield f"{name!r} is neither a garment nor a colour; known are those of /docs.json"
    pieces = [sent for sent in request.closet if not _is_known(sent)]
    if pieces:
        some = ", ".join(f"{one.id!r} ({one.color} {one.label})" for one in pieces[:_MAX_LISTED])
        number = f"{len(pieces)} of {len(request.closet)}"
        yield f"{number} closet pieces have an unknown label or colour: {some}"


def _gender(name: str | None) -> Gender | None:
    return None if name is None else gender_named(name)


def _is_known(sent: SentPiece) -> bool:
    label, colour = _spelled([sent.label, sent.color])
    return label in GARMENT_NAMES and colour in PALETTE_NAMES


def _spelled(names: Sequence[str]) -> list[str]:
    return [" ".join(name.casefold().split()) for name in names]


def _listed(kind: Kind) -> str:
    return ", ".join(f"{one.name} ({one.korean})" for one in preferences(kind))
