"""Prepares a photo for storage: upright, without metadata, with faces hidden."""

from typing import NamedTuple

import numpy as np

from oott_assets.photos.privacy.encoding import encoded_like, is_transparent
from oott_assets.photos.privacy.faces import FaceHider
from oott_assets.photos.privacy.metadata import without_metadata
from oott_fashion.vision.photos import Photo, UnreadablePhoto, read_photo


class StoredForm(NamedTuple):
    """A photo as it is stored; width and height in pixels, and the number of hidden faces."""

    content: bytes
    width: int
    height: int
    faces: int


def stored_form(content: bytes, max_pixels: int, faces: FaceHider | None) -> StoredForm:
    """Prepare a photo for storage; the same input always gives the same bytes.

    A JPEG, PNG or WebP that is upright, opaque and without faces keeps its compressed pixels. If
    such a file has no metadata, its bytes do not change. Other photos are encoded again.
    Transparent parts are drawn on white. If ``faces`` is None, faces are not hidden.

    Raises:
        PhotoTooLarge: the photo has more than ``max_pixels``; no pixels were decoded.
        UnreadablePhoto: ``read_photo`` cannot read the photo.
        FacesNotHidden: the face detector failed on the photo.
    """
    photo = read_photo(content, max_pixels)
    hidden, count = (photo, 0) if faces is None else faces.hide_faces(photo)
    kept = encoded_like(content, hidden) if count else _stripped(content, photo)
    height, width = photo.shape[:2]
    return StoredForm(kept, width, height, count)


def _stripped(content: bytes, photo: Photo) -> bytes:
    """Remove the metadata of a file. If the result does not show ``photo``, encode it again."""
    # Transparent pixels also store colours. These may show a face that the detector did not see.
    if is_transparent(content):
        return encoded_like(content, photo, exactly=True)
    height, width = photo.shape[:2]
    try:
        stripped = without_metadata(content)
        reads_the_same = np.array_equal(read_photo(stripped, height * width), photo)
    except UnreadablePhoto:
        # The metadata cannot be removed from the file, because its format is not supported or the
        # file is damaged. The pixels are known, so they are encoded again.
        return encoded_like(content, photo, exactly=True)
    # The metadata says how to turn a photo that was taken sideways. Without the metadata, viewers
    # would show the photo sideways, so its upright pixels are encoded.
    return stripped if reads_the_same else encoded_like(content, photo)
