"""What a photo becomes before anything of it is written: upright, without metadata or faces."""

from typing import NamedTuple

import numpy as np

from oott_assets.photos.privacy.encoding import encoded_like, is_transparent
from oott_assets.photos.privacy.faces import FaceHider
from oott_assets.photos.privacy.metadata import without_metadata
from oott_fashion.vision.photos import Photo, UnreadablePhoto, read_photo


class StoredForm(NamedTuple):
    """A photo as it may be kept; width and height in pixels, and how many faces were hidden."""

    content: bytes
    width: int
    height: int
    faces: int


def stored_form(content: bytes, max_pixels: int, faces: FaceHider | None) -> StoredForm:
    """Make of a photo what may be kept; the same bytes always become the same bytes.

    A JPEG, PNG or WebP that is upright and shows no face keeps its compressed pixels, and one
    without metadata comes back byte for byte. Others are encoded anew, and what is transparent
    as it looks on white. Faces stay where ``faces`` is None.

    Raises:
        PhotoTooLarge: it has more than ``max_pixels``; nothing was decoded.
        UnreadablePhoto: it is no photo that ``read_photo`` reads.
        FacesNotHidden: the face detector failed on it.
    """
    photo = read_photo(content, max_pixels)
    hidden, count = (photo, 0) if faces is None else faces.hide_faces(photo)
    kept = encoded_like(content, hidden) if count else _stripped(content, photo)
    height, width = photo.shape[:2]
    return StoredForm(kept, width, height, count)


def _stripped(content: bytes, photo: Photo) -> bytes:
    """Take the metadata off a file, so that ``photo`` can still be read in what is left."""
    # Under what is transparent the file keeps colours, and in them a face that nobody looked for.
    if is_transparent(content):
        return encoded_like(content, photo, exactly=True)
    height, width = photo.shape[:2]
    try:
        stripped = without_metadata(content)
        reads_the_same = np.array_equal(read_photo(stripped, height * width), photo)
    except UnreadablePhoto:
        # Of a kind that is not taken apart, or damaged: it was read once, let it be so again.
        return encoded_like(content, photo, exactly=True)
    # Without its metadata a photo that was taken sideways is no longer turned.
    return stripped if reads_the_same else encoded_like(content, photo)
