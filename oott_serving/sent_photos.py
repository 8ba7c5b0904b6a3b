"""Photos as the app sends them, in base64 or as data URLs, and the garments in them."""

import binascii
import re
from collections.abc import Iterator, Sequence

from oott_fashion.vision.detections import Detection
from oott_fashion.vision.detector import Detector
from oott_fashion.vision.photos import PhotoTooLarge, UnreadablePhoto, read_photo

# Bounded, so that a long text without a comma is not searched to its end.
_DATA_URL = re.compile(r"\s*data:[^,]{0,200};base64,", re.IGNORECASE)
_WHITE_SPACE = b" \t\r\n\v\f"


class NotBase64(ValueError):
    """A text that stands for no bytes."""


class TooManyPhotos(ValueError):
    """More photos than are read for one request."""


def garments_in(text: str, detector: Detector, max_pixels: int) -> list[Detection]:
    """Find the garments of a photo as it was sent, surest first.

    Raises:
        NotBase64, UnreadablePhoto, PhotoTooLarge: the photo cannot be decoded, or may not.
    """
    return detector.garments(read_photo(bytes_of(text), max_pixels))


def garments_of_each(
    texts: Sequence[str], detector: Detector, max_pixels: int
) -> Iterator[list[Detection]]:
    """Find the garments of photos, of one photo after the other.

    Raises:
        NotBase64, UnreadablePhoto, PhotoTooLarge: as for one photo; the message says which.
    """
    for position, text in enumerate(texts, start=1):
        try:
            yield garments_in(text, detector, max_pixels)
        except (NotBase64, UnreadablePhoto, PhotoTooLarge) as error:
            raise type(error)(f"photo {position} of {len(texts)}: {error}") from error


def refuse_too_many(texts: Sequence[str], max_photos: int) -> None:
    """Raise TooManyPhotos for more than ``max_photos``."""
    if len(texts) > max_photos:
        raise TooManyPhotos(
            f"the batch has {len(texts)} photos; at most {max_photos} are allowed; "
            "send it in parts, each under an idempotency key of its own"
        )


def bytes_of(text: str) -> bytes:
    """Decode base64, with or without a ``data:`` prefix, white space and its padding.

    Raises:
        NotBase64: anything else is in it; nothing is guessed at or left out.
    """
    prefix = _DATA_URL.match(text)
    try:
        encoded = text[prefix.end() if prefix else 0 :].encode("ascii")
        compact = encoded.translate(None, _WHITE_SPACE)
        return binascii.a2b_base64(_padded(compact), strict_mode=True)
    except UnicodeEncodeError as error:
        raise NotBase64(
            f"the photo is no base64: {error.object[error.start]!r} is none of its characters"
        ) from error
    except binascii.Error as error:
        raise NotBase64(
            f"the photo is no base64 ({error}); send the base64 of a JPEG, PNG or WebP file"
        ) from error


def _padded(encoded: bytes) -> bytes:
    bare = encoded.rstrip(b"=")
    padded = bare + b"=" * (-len(bare) % 4)
    # Even strictly, binascii takes any number of signs after a full group.
    if encoded not in (bare, padded):
        raise binascii.Error("Incorrect padding")
    return padded
