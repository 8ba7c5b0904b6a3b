"""The 24 garments OOTT recognises, in the class-id order its detectors are trained on.

Every weight file depends on this order. Every row in the database depends on this spelling, even
on the odd "shorts pants". New garments go at the end. Never reorder or rename a garment.
"""

from typing import Literal, NamedTuple, get_args

Category = Literal["outer", "top", "bottom", "shoes"]
CATEGORIES: tuple[Category, ...] = get_args(Category)
KOREAN_CATEGORIES: dict[Category, str] = {
    "outer": "아우터",
    "top": "상의",
    "bottom": "하의",
    "shoes": "신발",
}


class Garment(NamedTuple):
    """One garment: its name, category, prompt for a vision model, and Korean name for readers."""

    name: str
    category: Category
    prompt: str
    korean: str


GARMENTS = (
    Garment("blazer", "outer", "blazer", "블레이저"),
    Garment("denim jacket", "outer", "denim jacket", "데님 재킷"),
    Garment("leather jacket", "outer", "leather jacket", "가죽 재킷"),
    Garment("coat", "outer", "long coat", "코트"),
    Garment("windbreaker jacket", "outer", "windbreaker jacket", "바람막이"),
    Garment("cardigan", "outer", "cardigan", "카디건"),
    Garment("puffer", "outer", "padded puffer jacket", "패딩"),
    Garment("tee shirt", "top", "short sleeve t-shirt", "반팔 티셔츠"),
    Garment("long sleeve shirt", "top", "long sleeve t-shirt", "긴팔 티셔츠"),
    Garment("tank top", "top", "sleeveless tank top", "민소매"),
    Garment("shirt", "top", "collared button shirt", "셔츠"),
    Garment("polo shirt", "top", "polo shirt", "폴로셔츠"),
    Garment("sweat shirt", "top", "crewneck sweatshirt", "맨투맨"),
    Garment("hoodie sweat shirt", "top", "hoodie", "후드티"),
    Garment("knit sweater", "top", "knitted sweater", "니트"),
    Garment("dress", "top", "dress", "원피스"),
    Garment("jeans", "bottom", "denim jeans", "청바지"),
    Garment("slacks", "bottom", "dress trousers", "슬랙스"),
    Garment("sweat pants", "bottom", "jogger sweatpants", "트레이닝 바지"),
    Garment("skirt", "bottom", "skirt", "치마"),
    Garment("shorts pants", "bottom", "shorts", "반바지"),
    Garment("sneakers", "shoes", "sneaker", "운동화"),
    Garment("dress shoes", "shoes", "leather dress shoe", "구두"),
    Garment("sandals", "shoes", "sandal", "샌들"),
)
GARMENT_NAMES = tuple(garment.name for garment in GARMENTS)

# The only garment of the category top that needs no bottom.
DRESS = "dress"

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
