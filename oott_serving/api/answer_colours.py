"""The colours in which /predict/camera answers: the released five, or the full palette."""

from collections.abc import Mapping
from typing import Literal, cast

CameraColours = Literal["released", "full"]

COLOURS_HEADER = "OOTT-Colours"


class UnknownColours(ValueError):
    """The request asks for colours that do not exist."""


def colours_in(headers: Mapping[str, str], default: CameraColours) -> CameraColours:
    """Read the OOTT-Colours header; give ``default`` without one.

    Raises:
        UnknownColours: the header is neither "released" nor "full".
    """
    colours = headers.get(COLOURS_HEADER.lower(), default).strip().lower()
    if colours not in ("released", "full"):
        raise UnknownColours(
            f"the header {COLOURS_HEADER} is {colours[:40]!r}; expected released or full"
        )
    return cast(CameraColours, colours)
