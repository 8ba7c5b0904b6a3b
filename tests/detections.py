"""Sample detections for tests."""

from oott_fashion.vision.detections import Box, Detection

SOMEWHERE = Box(10, 10, 30, 40)


def seen(
    garment: str, confidence: float = 0.9, colour: str = "black", box: Box = SOMEWHERE
) -> Detection:
    """Make a detection of ``garment``."""
    return Detection(garment, confidence, box, colour)
