"""Converts pixels to sRGB, as the colour profile in their file says.

The cameras of phones write Display P3. Read as sRGB, its colours look duller than people see them.
"""

import io
from functools import lru_cache

import numpy as np
from PIL import Image, ImageCms

# The profile of a printing press has about 2 MB. The profile of a camera has about 500 bytes.
_MAX_PROFILE_BYTES = 4_000_000
_MAX_PROFILES = 8

# Many profiles are sRGB under another name. If no colour changes by more levels than this, the
# pixels are not converted.
_MAX_LEVELS = 2

# Every profile shows the white of its paper or screen as white. A damaged profile may not.
_MIN_WHITE = 230

_NO_INK = {"CMYK": (0, 0, 0, 0)}


def in_srgb(image: Image.Image, profile: bytes | None) -> Image.Image:
    """Convert an image in mode L, RGB or CMYK to RGB.

    A profile is ignored if it is damaged, too large, or for another kind of image.
    """
    transform = _transform(profile, image.mode) if profile else None
    if transform is None:
        return image if image.mode == "RGB" else image.convert("RGB")
    converted = ImageCms.applyTransform(image, transform)
    return image if converted is None else converted


@lru_cache(maxsize=_MAX_PROFILES)
def _transform(profile: bytes, mode: str) -> ImageCms.ImageCmsTransform | None:
    """Open a profile as a transform to sRGB; None if the pixels must not be converted by it."""
    if len(profile) > _MAX_PROFILE_BYTES:
        return None
    try:
        source = ImageCms.ImageCmsProfile(io.BytesIO(profile))
        target = ImageCms.createProfile("sRGB")
        transform = ImageCms.buildTransform(source, target, mode, "RGB")
    except (ImageCms.PyCMSError, OSError):
        return None
    return transform if _is_needed(transform, mode) else None


def _is_needed(transform: ImageCms.ImageCmsTransform, mode: str) -> bool:
    """Tell whether a transform changes colours and keeps white."""
    probe = Image.new("RGB", (64, 64))
    probe.putdata(
        [(x * 17, y * 17, z * 17) for x in range(16) for y in range(16) for z in range(16)]
    )
    probe = probe.convert(mode)
    white = Image.new(mode, (1, 1), _NO_INK.get(mode, "white"))
    converted, paper = (ImageCms.applyTransform(image, transform) for image in (probe, white))
    if converted is None or paper is None or np.asarray(paper).min() < _MIN_WHITE:
        return False
    change = np.asarray(converted).astype(int) - np.asarray(probe.convert("RGB"))
    return bool(np.abs(change).max() > _MAX_LEVELS)
