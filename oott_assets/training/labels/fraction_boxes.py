"""Turns boxes in fractions of the photo, as labelling tools write them, into boxes in pixels."""

from oott_fashion.vision.detections import Box

# Labelling tools round to few digits, so a box may extend outside the photo by this fraction of the
# photo's side.
_MAX_ROUNDING = 1e-3


class InvalidLabel(ValueError):
    """What a labelling tool wrote is not a valid garment box."""


def box_in_pixels(fractions: Box, width: int, height: int) -> Box:
    """Clip a box to the photo, and scale it to the photo's ``width`` x ``height`` pixels.

    Raises:
        InvalidLabel: the box extends outside the photo, or has no size.
    """
    if min(fractions) < -_MAX_ROUNDING or max(fractions) > 1 + _MAX_ROUNDING:
        raise InvalidLabel(
            f"the box extends outside the photo: x {fractions.x_min:.4g} to {fractions.x_max:.4g}, "
            f"y {fractions.y_min:.4g} to {fractions.y_max:.4g}; expected fractions of the photo, "
            "0 to 1"
        )
    clipped = Box(*(min(max(edge, 0.0), 1.0) for edge in fractions))
    if clipped.width <= 0 or clipped.height <= 0:
        raise InvalidLabel(
            f"the box has no size: width {fractions.width:g}, height {fractions.height:g}; "
            "expected more than 0"
        )
    return Box(
        clipped.x_min * width,
        clipped.y_min * height,
        clipped.x_max * width,
        clipped.y_max * height,
    )
