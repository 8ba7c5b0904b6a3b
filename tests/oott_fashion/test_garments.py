import pytest

from oott_fashion.garments import (
    CATEGORIES,
    GARMENT_NAMES,
    GARMENTS,
    category_of,
    garment_named,
)

# Source: "Vocabulary" in the design of OOTT, the class ids of main_data and the prototype's rows.
WORN_IN_CLASS_ID_ORDER = {
    "outer": "blazer, denim jacket, leather jacket, coat, windbreaker jacket, cardigan, puffer",
    "top": "tee shirt, long sleeve shirt, tank top, shirt, polo shirt, sweat shirt, "
    "hoodie sweat shirt, knit sweater, dress",
    "bottom": "jeans, slacks, sweat pants, skirt, shorts pants",
    "shoes": "sneakers, dress shoes, sandals",
}


def test_class_ids_name_the_garments_that_detectors_were_trained_on() -> None:
    in_order = ", ".join(WORN_IN_CLASS_ID_ORDER.values()).split(", ")

    assert [garment_named(class_id) for class_id in range(24)] == in_order


@pytest.mark.parametrize("category", WORN_IN_CLASS_ID_ORDER)
def test_every_garment_is_worn_where_the_vocabulary_says(category: str) -> None:
    worn = [garment for garment in GARMENT_NAMES if category_of(garment) == category]

    assert ", ".join(worn) == WORN_IN_CLASS_ID_ORDER[category]


def test_an_outfit_is_written_from_outer_to_shoes() -> None:
    assert CATEGORIES == ("outer", "top", "bottom", "shoes")


@pytest.mark.parametrize("class_id", [-1, 24, 79])
def test_a_class_id_of_another_detector_is_refused(class_id: int) -> None:
    with pytest.raises(ValueError, match=rf"class id {class_id} names no garment: .* 0\.\.23;"):
        garment_named(class_id)


def test_a_word_that_is_no_garment_is_refused_with_those_that_are() -> None:
    with pytest.raises(ValueError, match="'tee_shirt' is no garment; expected one of blazer, "):
        category_of("tee_shirt")


def test_no_two_garments_are_prompted_by_the_same_words() -> None:
    prompts = {garment.prompt for garment in GARMENTS}

    assert len(prompts) == len(GARMENTS)
    assert all(prompt.strip() == prompt != "" for prompt in prompts)
