import re

import pytest

from oott_fashion.garments import (
    CATEGORIES,
    GARMENT_NAMES,
    GARMENTS,
    KOREAN_CATEGORIES,
    category_of,
    garment_named,
)

# Source: the class ids of main_data, and the rows of the prototype.
GARMENTS_BY_CLASS_ID = {
    "outer": "blazer, denim jacket, leather jacket, coat, windbreaker jacket, cardigan, puffer",
    "top": "tee shirt, long sleeve shirt, tank top, shirt, polo shirt, sweat shirt, "
    "hoodie sweat shirt, knit sweater, dress",
    "bottom": "jeans, slacks, sweat pants, skirt, shorts pants",
    "shoes": "sneakers, dress shoes, sandals",
}


def test_class_ids_follow_the_training_order() -> None:
    in_order = ", ".join(GARMENTS_BY_CLASS_ID.values()).split(", ")

    assert [garment_named(class_id) for class_id in range(24)] == in_order


@pytest.mark.parametrize("category", GARMENTS_BY_CLASS_ID)
def test_every_garment_has_its_category(category: str) -> None:
    worn = [garment for garment in GARMENT_NAMES if category_of(garment) == category]

    assert ", ".join(worn) == GARMENTS_BY_CLASS_ID[category]


def test_categories_run_from_outer_to_shoes() -> None:
    assert CATEGORIES == ("outer", "top", "bottom", "shoes")


@pytest.mark.parametrize("class_id", [-1, 24, 79])
def test_a_class_id_of_another_detector_is_rejected(class_id: int) -> None:
    with pytest.raises(ValueError, match=rf"no garment has class id {class_id}, expected 0\.\.23;"):
        garment_named(class_id)


def test_the_error_for_an_unknown_garment_lists_all_garments() -> None:
    with pytest.raises(ValueError, match="'tee_shirt' is not a garment; expected one of blazer, "):
        category_of("tee_shirt")


def test_prompts_are_unique() -> None:
    prompts = {garment.prompt for garment in GARMENTS}

    assert len(prompts) == len(GARMENTS)
    assert all(prompt.strip() == prompt != "" for prompt in prompts)


def test_every_garment_and_category_has_a_korean_name_of_its_own() -> None:
    names = [*(garment.korean for garment in GARMENTS), *KOREAN_CATEGORIES.values()]

    assert all(re.fullmatch(r"[가-힣 ]+", name) for name in names)
    assert len(set(names)) == 24 + 4
    assert set(KOREAN_CATEGORIES) == set(CATEGORIES)
