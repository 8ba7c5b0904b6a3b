"""The page of settings agrees with the settings classes."""

import pytest

from docs.settings_page import PAGE, SECTIONS, own_fields, page_with_tables
from oott_fashion.settings import SharedSettings


def test_the_page_has_every_setting_with_its_default_and_meaning() -> None:
    page = PAGE.read_text(encoding="utf-8")

    assert page == page_with_tables(page), "run python docs/settings_page.py"


def test_text_outside_the_tables_is_kept() -> None:
    page = PAGE.read_text(encoding="utf-8")

    assert page_with_tables(f"{page}By hand.\n").endswith("By hand.\n")


@pytest.mark.parametrize("kind", SECTIONS.values())
def test_every_setting_has_a_description(kind: type[SharedSettings]) -> None:
    undescribed = [name for name, field in own_fields(kind).items() if not field.description]

    assert undescribed == []
