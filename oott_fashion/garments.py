"""The 24 garments OOTT recognises, in the class-id order its detectors are trained on.

Every weight file depends on this order. Every row in the database depends on this spelling, even
on the odd "shorts pants". New garments go at the end. Never reorder or rename a garment.
"""

from typing import Literal, NamedTuple, get_args

Category = Literal["outer", "top", "bottom", "shoes"]
CATEGORIES: tuple[Category, ...] = get_args(Category)


class Garment(NamedTuple):
    """One garment: its name, its category, and the prompt by which a vision model finds it."""

    name: str
    category: Category
    prompt: str


GARMENTS = (
    Garment("blazer", "outer", "blazer"),
    Garment("denim jacket", "outer", "denim jacket"),
    Garment("leather jacket", "outer", "leather jacket"),
    Garment("coat", "outer", "long coat"),
    Garment("windbreaker jacket", "outer", "windbreaker jacket"),
    Garment("cardigan", "outer", "cardigan"),
    Garment("puffer", "outer", "padded puffer jacket"),
    Garment("tee shirt", "top", "short sleeve t-shirt"),
    Garment("long sleeve shirt", "top", "long sleeve t-shirt"),
    Garment("tank top", "top", "sleeveless tank top"),
    Garment("shirt", "top", "collared button shirt"),
    Garment("polo shirt", "top", "polo shirt"),
    Garment("sweat shirt", "top", "crewneck sweatshirt"),
    Garment("hoodie sweat shirt", "top", "hoodie"),
    Garment("knit sweater", "top", "knitted sweater"),
    Garment("dress", "top", "dress"),
    Garment("jeans", "bottom", "denim jeans"),
    Garment("slacks", "bottom", "dress trousers"),
    Garment("sweat pants", "bottom", "jogger sweatpants"),
    Garment("skirt", "bottom", "skirt"),
    Garment("shorts pants", "bottom", "shorts"),
    Garment("sneakers", "shoes", "sneaker"),
    Garment("dress shoes", "shoes", "leather dress shoe"),
    Garment("sandals", "shoes", "sandal"),
)
GARMENT_NAMES = tuple(garment.name for garment in GARMENTS)

_CATEGORY_OF: dict[str, Category] = {garment.name: garment.category for garment in GARMENTS}


def garment_named(class_id: int) -> str:
    """Give the name of the garment with this class id.

    Raises:
        ValueError: ``class_id`` is outside 0..23, so the detector was trained on other garments.
    """
    if not 0 <= class_id < len(GARMENTS):
        raise ValueError(
            f"no garment has class id {class_id}, expected 0..{len(GARMENTS) - 1}; "
            "the detector was trained on another list of garments"
        )
    return GARMENT_NAMES[class_id]


def category_of(garment: str) -> Category:
    """Give the category of a garment.

    Raises:
        ValueError: no garment has that name.
    """
    if garment not in _CATEGORY_OF:
        raise ValueError(
            f"{garment!r} is not a garment; expected one of {', '.join(GARMENT_NAMES)}"
        )
    return _CATEGORY_OF[garment]
