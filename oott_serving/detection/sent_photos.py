"""Decodes the photos that the app sends, in base64 or as data URLs, and finds their garments."""

import binascii
import hashlib
import re
from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import NamedTuple

from oott_fashion.vision.detections import Detection
from oott_fashion.vision.detector import Detector
from oott_fashion.vision.photos import Photo, PhotoTooLarge, UnreadablePhoto
from oott_fashion.vision.reduced_photos import (
    SIDES_OF_INPUT,
    DecodingMemory,
    ReducedPhoto,
    read_reduced_photo,
)
from oott_serving.records.request_records import current_record, measured

# The length is limited, so that a long text without a comma is not searched to its end.
_DATA_URL = re.compile(r"\s*data:[^,]{0,200};base64,", re.IGNORECASE)


class NotBase64(ValueError):
    """The text is not valid base64."""


class TooManyPhotos(ValueError):
    """The batch has more photos than one request may have."""


class SeenPhoto(NamedTuple):
    """The garments of a photo, most confident first, and its upright size, all in its pixels."""

    garments: list[Detection]
    width: int
    height: int


def seen_in(sent: str | bytes, detector: Detector, memory: DecodingMemory) -> SeenPhoto:
    """Find the garments of a photo that is sent as base64 text or as the bytes of a file.

    Raises:
        NotBase64, UnreadablePhoto: the photo cannot be decoded.
        PhotoTooLarge: the photo has more pixels than ``memory``.
    """
    photo = _photo_in(sent, detector, memory)
    return SeenPhoto(_garments_of(photo, detector), photo.width, photo.height)


def garments_of_each(
    texts: Sequence[str], detector: Detector, memory: DecodingMemory
) -> Iterator[tuple[str, list[Detection]]]:
    """Find the digest and the garments of each photo, one photo at a time.

    Raises:
        NotBase64, UnreadablePhoto, PhotoTooLarge: as for one photo; the message gives its
            position in the batch.
    """
    for position, text in enumerate(texts, start=1):
        try:
            photo = _photo_in(text, detector, memory)
            yield digest_of(photo.pixels), _garments_of(photo, detector)
        except (NotBase64, UnreadablePhoto, PhotoTooLarge) as error:
            raise type(error)(f"photo {position} of {len(texts)}: {error}") from error


def digest_of(photo: Photo) -> str:
    """Hash the pixels of a photo as it was decoded: a SHA-256 in hexadecimal.

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
        compact = b"".join(encoded.split())
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


def _photo_in(sent: str | bytes, detector: Detector, memory: DecodingMemory) -> ReducedPhoto:
    with measured("decoding"):
        content = decode_base64(sent) if isinstance(sent, str) else sent
        return read_reduced_photo(content, SIDES_OF_INPUT * detector.image_side, memory)


def _garments_of(photo: ReducedPhoto, detector: Detector) -> list[Detection]:
    with measured("detection"):
        boxes = detector.boxes(photo.pixels)
    with measured("colours"):
        found = detector.coloured(boxes, photo.pixels)
    current_record().add_photo(found)
    return [replace(garment, box=photo.in_whole_photo(garment.box)) for garment in found]


def _padded(encoded: bytes) -> bytes:
    bare = encoded.rstrip(b"=")
    padded = bare + b"=" * (-len(bare) % 4)
    # Even in strict mode, binascii accepts any number of "=" after a full group.
    if encoded not in (bare, padded):
        raise binascii.Error("Incorrect padding")
    return padded
