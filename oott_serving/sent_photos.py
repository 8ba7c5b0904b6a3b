"""Decodes the photos that the app sends, in base64 or as data URLs, and finds their garments."""

import binascii
import hashlib
import re
from collections.abc import Iterator, Sequence

from oott_fashion.vision.detections import Detection
from oott_fashion.vision.detector import Detector
from oott_fashion.vision.photos import Photo, PhotoTooLarge, UnreadablePhoto, read_photo

# The length is limited, so that a long text without a comma is not searched to its end.
_DATA_URL = re.compile(r"\s*data:[^,]{0,200};base64,", re.IGNORECASE)
_WHITE_SPACE = b" \t\r\n\v\f"


class NotBase64(ValueError):
    """The text is not valid base64."""


class TooManyPhotos(ValueError):
    """The batch has more photos than one request may have."""


def garments_in(text: str, detector: Detector, max_pixels: int) -> list[Detection]:
    """Find the garments of a base64 photo, most confident first.

    Raises:
        NotBase64, UnreadablePhoto: the photo cannot be decoded.
        PhotoTooLarge: the photo has more than ``max_pixels`` pixels.
    """
    return detector.garments(_photo_in(text, max_pixels))


def garments_of_each(
    texts: Sequence[str], detector: Detector, max_pixels: int
) -> Iterator[tuple[str, list[Detection]]]:
    """Find the digest and the garments of each photo, one photo at a time.

    Raises:
        NotBase64, UnreadablePhoto, PhotoTooLarge: as for one photo; the message gives its
            position in the batch.
    """
    for position, text in enumerate(texts, start=1):
        try:
            photo = _photo_in(text, max_pixels)
            yield digest_of(photo), detector.garments(photo)
        except (NotBase64, UnreadablePhoto, PhotoTooLarge) as error:
            raise type(error)(f"photo {position} of {len(texts)}: {error}") from error


def digest_of(photo: Photo) -> str:
    """Hash the pixels of a photo: a SHA-256 in hexadecimal.

    Files of the same pixels have the same digest, for instance with and without a place in EXIF.
    """
    digest = hashlib.sha256(str(photo.shape).encode())
    digest.update(photo.tobytes())
    return digest.hexdigest()


def require_batch_size(texts: Sequence[str], max_photos: int) -> None:
    """Raise TooManyPhotos for more than ``max_photos``."""
    if len(texts) > max_photos:
        raise TooManyPhotos(
            f"the batch has {len(texts)} photos; at most {max_photos} are allowed; "
            "split the batch, and give each part its own idempotency key"
        )


def decode_base64(text: str) -> bytes:
    """Decode base64, with or without a ``data:`` prefix, white space and padding.

    Raises:
        NotBase64: the text contains anything else; no character is skipped or guessed.
    """
    prefix = _DATA_URL.match(text)
    try:
        encoded = text[prefix.end() if prefix else 0 :].encode("ascii")
        compact = encoded.translate(None, _WHITE_SPACE)
        return binascii.a2b_base64(_padded(compact), strict_mode=True)
    except UnicodeEncodeError as error:
        raise NotBase64(
            f"the photo is not base64: it contains {error.object[error.start]!r}; "
            "send the base64 of a JPEG, PNG or WebP file"
        ) from error
    except binascii.Error as error:
        raise NotBase64(
            f"the photo is not base64 ({error}); send the base64 of a JPEG, PNG or WebP file"
        ) from error


def _photo_in(text: str, max_pixels: int) -> Photo:
    return read_photo(decode_base64(text), max_pixels)


def _padded(encoded: bytes) -> bytes:
    bare = encoded.rstrip(b"=")
    padded = bare + b"=" * (-len(bare) % 4)
    # Even in strict mode, binascii accepts any number of "=" after a full group.
    if encoded not in (bare, padded):
        raise binascii.Error("Incorrect padding")
    return padded
