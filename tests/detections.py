"""Garments as a detector would have seen them, for tests of what is made of them."""

from oott_fashion.vision.detections import Box, Detection

SOMEWHERE = Box(10, 10, 30, 40)


def seen(
    garment: str, score: float = 0.9, colour: str = "black", box: Box = SOMEWHERE
) -> Detection:
    """See ``garment``."""
    return Detection(garment, score, box, colour)
