"""The rules of the released recommender, rebuilt from a description of them.

It gave each garment a score by season, by purpose, and by the outer and top that it had chosen. A
benchmark gives it the worn outer and top instead, which helps it, and no purpose.
"""

from collections import Counter
from collections.abc import Sequence

from oott_fashion.garments import Category
from oott_fashion.packing.trips import Piece

# Of equal scores, the first of these came first.
_ORDER: dict[Category, tuple[str, ...]] = {
    "outer": (
        "windbreaker jacket", "blazer", "denim jacket", "leather jacket", "cardigan", "coat",
        "puffer",
    ),
    "top": (
        "tank top", "tee shirt", "long sleeve shirt", "shirt", "polo shirt", "sweat shirt",
        "hoodie sweat shirt", "knit sweater", "dress",
    ),
    "bottom": ("jeans", "slacks", "shorts pants", "sweat pants", "skirt"),
    "shoes": ("sandals", "sneakers", "dress shoes"),
}  # fmt: skip

_NEVER = -1000
_MILD = dict.fromkeys(("puffer", "tee shirt", "tank top", "shorts pants", "sandals"), _NEVER)
_SUMMER = {
    **dict.fromkeys(("polo shirt", "sweat shirt", "hoodie sweat shirt", "knit sweater"), _NEVER),
    "long sleeve shirt": -10,
    "shirt": -10,
}
_WINTER = dict.fromkeys(
    (
        "windbreaker jacket", "blazer", "denim jacket", "leather jacket", "cardigan", "tank top",
        "tee shirt", "shorts pants", "sandals",
    ),
    _NEVER,
)  # fmt: skip
_SEASONS = {12: _WINTER, 1: _WINTER, 2: _WINTER, 6: _SUMMER, 7: _SUMMER, 8: _SUMMER}

_WITH: dict[str, dict[str, int]] = {
    "blazer": {
        "tee shirt": 10, "long sleeve shirt": 10, "shirt": 10, "shorts pants": -30,
        "sweat pants": -30,
    },
    "denim jacket": {
        "tee shirt": 10, "long sleeve shirt": 10, "sweat shirt": 10, "hoodie sweat shirt": 10,
        "dress": 10,
    },
    "leather jacket": {
        "tee shirt": 10, "long sleeve shirt": 10, "polo shirt": 10, "sweat shirt": 10,
        "hoodie sweat shirt": 10, "shorts pants": -30, "sweat pants": -30,
    },
    "coat": {
        "shirt": 10, "polo shirt": 10, "sweat shirt": 10, "hoodie sweat shirt": 15,
        "knit sweater": 15,
    },
    "puffer": {"sweat shirt": 15, "hoodie sweat shirt": 10, "knit sweater": 10},
    "shirt": {"sweat pants": -100, "sandals": -100},
    "knit sweater": {"sweat pants": -100},
}  # fmt: skip


def rank(hidden: Category, others: Sequence[Piece], month: int) -> list[str]:
    """List the garments of a category for the other pieces of an outfit, the best first."""
    scores: Counter[str] = Counter(_SEASONS.get(month, _MILD))
    if month not in (6, 7, 8):
        scores.update({"sandals": -100, "sneakers": 10})
    for piece in others:
        scores.update(_WITH.get(piece.garment, {}))
    return sorted(_ORDER[hidden], key=lambda name: -scores[name])
