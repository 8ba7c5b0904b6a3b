"""Catalogues: photos of one garment each, in folders named after it."""

from pathlib import Path

from oott_fashion.garments import GARMENT_NAMES


class NotInCatalogue(ValueError):
    """A photo whose folder names no garment."""


def garment_of_folder(file: Path) -> str:
    """Name the garment that the folder of ``file`` is called after, ``tee_shirt`` or ``tee shirt``.

    Raises:
        NotInCatalogue: it is called after none.
    """
    garment = file.parent.name.replace("_", " ").strip().lower()
    if garment not in GARMENT_NAMES:
        raise NotInCatalogue(
            f"the folder {file.parent.name}/ names no garment; a catalogue's folders are named "
            f"{', '.join(name.replace(' ', '_') for name in GARMENT_NAMES)}"
        )
    return garment
