"""Catalogue photos: each shows one garment, and its folder is named after the garment."""

from pathlib import Path

from oott_fashion.garments import GARMENT_NAMES

# The origin of the labels that the catalogue labeller makes.
CATALOGUE = "catalogue"

# The folder of photos that show no clothes. They get no boxes.
NO_GARMENT = "no_garment"


class NotInCatalogue(ValueError):
    """The photo's folder is not named after a garment."""


def garment_of_folder(file: Path) -> str | None:
    """Name the garment of the folder of ``file``; the folder is ``tee_shirt`` or ``tee shirt``.

    Returns:
        The garment; None if the folder is ``no_garment``.

    Raises:
        NotInCatalogue: the folder is not named after a garment.
    """
    garment = file.parent.name.replace("_", " ").strip().lower()
    if garment == NO_GARMENT.replace("_", " "):
        return None
    if garment not in GARMENT_NAMES:
        raise NotInCatalogue(
            f"the folder {file.parent.name}/ is not named after a garment; expected one of "
            f"{', '.join(name.replace(' ', '_') for name in GARMENT_NAMES)}, or {NO_GARMENT} for "
            "photos without clothes"
        )
    return garment
