"""Published detectors: an ONNX file and a card each, and a pointer to the newest.

``garment-detector/<version>/detector.onnx`` and ``card.json`` are written first and never
changed; ``garment-detector/latest.json`` is moved last, so a reader sees a whole detector.
"""

import hashlib
import logging
from datetime import UTC
from pathlib import Path
from typing import NamedTuple, Self

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field, ValidationError

from oott_fashion.garments import GARMENT_NAMES
from oott_fashion.stores.blobs import BlobNotFound, LocalBlobs

_ROOM = "garment-detector"
_LATEST = f"{_ROOM}/latest.json"

_log = logging.getLogger(__name__)


class NoDetector(LookupError):
    """Nothing has been published yet."""


class BadDetector(ValueError):
    """A detector that must not be used: damaged, or trained on other garments."""


class DetectorCard(BaseModel):
    """What is known of a detector: what it finds, how well, and the hash of its ONNX file."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    garments: tuple[str, ...] = Field(description="Class names in class-id order.")
    image_side: int = Field(gt=0, description="Side of the square it sees, in pixels.")
    trained_on: str = Field(description="Data and settings of the training, in a sentence.")
    metrics: dict[str, dict[str, float]] = Field(
        description="By data set: mAP50, mAP50-95 and per-class mAP50, 0..1."
    )
    parity: float = Field(
        ge=0, description="Largest box difference between weights and ONNX, in photo pixels."
    )
    engine: str = Field(description="Engine in which parity was measured.")
    variant: str = Field(
        "dense", description="Dense, or how the export was made faster; parity is the dense one's."
    )
    sha256: str = Field(pattern=r"^[0-9a-f]{64}$", description="Of detector.onnx.")
    created: AwareDatetime

    @property
    def version(self) -> str:
        """Sorts by creation; the same file made again is another version."""
        return f"{self.created.astimezone(UTC):%Y%m%dT%H%M%SZ}-{self.sha256[:8]}"


class PublishedDetector(NamedTuple):
    """A verified detector on this disk."""

    version: str
    onnx: Path
    card: DetectorCard

    @classmethod
    def verified(cls, onnx: Path, card: DetectorCard) -> Self:
        """Check that ``onnx`` is the file of ``card`` and knows OOTT's garments.

        Raises:
            BadDetector: it is not, or does not.
        """
        if card.garments != GARMENT_NAMES:
            raise BadDetector(
                f"detector {card.version} was trained on {len(card.garments)} garments "
                f"({_first_difference(card.garments)}); expected OOTT's {len(GARMENT_NAMES)} in "
                "class-id order; train it on those"
            )
        found = hashlib.sha256(_bytes_of(onnx)).hexdigest()
        if found != card.sha256:
            raise BadDetector(
                f"{onnx} is damaged: its sha256 is {found[:12]}…, its card says "
                f"{card.sha256[:12]}…; publish it again"
            )
        return cls(card.version, onnx, card)


class _Latest(BaseModel):
    version: str = Field(pattern=r"^[0-9A-Za-z-]+$")


class ModelStore:
    """The detectors published under one folder."""

    def __init__(self, root: str | Path) -> None:
        self._blobs = LocalBlobs(root)
        self.root = str(root)

    def latest_version(self) -> str:
        """Name the newest version, without reading the detector itself.

        Raises:
            NoDetector: nothing has been published.
            BadDetector: the pointer is damaged.
        """
        try:
            return _Latest.model_validate_json(self._blobs.read(_LATEST)).version
        except BlobNotFound as error:
            raise NoDetector(
                f"no detector is published: {self._blobs.path_of(_LATEST)} does not exist; "
                "publish one, set OOTT_MODEL_STORE to where one is, or OOTT_STARTER_DETECTOR to "
                "one to begin with"
            ) from error
        except ValidationError as error:
            raise BadDetector(
                f"{self._blobs.path_of(_LATEST)} names no version; publish a detector again"
            ) from error

    def latest(self) -> PublishedDetector:
        """Find and verify the newest detector.

        Raises:
            NoDetector: nothing has been published.
            BadDetector: the newest is damaged, of another version than the pointer says, or
                knows other garments.
        """
        version = self.latest_version()
        folder = f"{_ROOM}/{version}"
        card = read_card(self._blobs.path_of(f"{folder}/card.json"))
        if card.version != version:
            raise BadDetector(
                f"{self._blobs.path_of(folder)} holds detector {card.version}; a folder is named "
                "as its card's detector, so publish that again"
            )
        return PublishedDetector.verified(self._blobs.path_of(f"{folder}/detector.onnx"), card)

    def latest_or_starter(self, starter: Path) -> PublishedDetector:
        """Find and verify the newest detector; where there is none, publish the one in ``starter``.

        Raises:
            NoDetector: nothing has been published, and ``starter`` has no card either.
            BadDetector: the newest, or the starter, is damaged or knows other garments; or
                detectors were published, and the pointer to the newest is lost.
        """
        try:
            return self.latest()
        except NoDetector as error:
            card_file = starter / "card.json"
            if not card_file.is_file():
                self._refuse_lost_pointer(starter=None)
                raise NoDetector(f"{error}; nor is there a starter detector: {card_file}") from None
        with self._blobs.exclusive_lock(_ROOM):
            return self._latest_or_publish(starter / "detector.onnx", read_card(card_file))

    def publish(self, onnx: Path, card: DetectorCard) -> PublishedDetector:
        """Make a detector the newest, after verifying it.

        Raises:
            BadDetector: ``onnx`` is not the file of ``card``, or knows other garments.
        """
        with self._blobs.exclusive_lock(_ROOM):
            return self._publish(onnx, card)

    def _latest_or_publish(self, starter: Path, card: DetectorCard) -> PublishedDetector:
        try:
            return self.latest()
        except NoDetector:
            self._refuse_lost_pointer(card.version)
            return self._publish(starter, card)

    def _refuse_lost_pointer(self, starter: str | None) -> None:
        # The starter's own is left by whoever was killed before moving the pointer to it.
        others = self._versions() - {starter}
        if others:
            raise BadDetector(
                f"{self._blobs.path_of(_LATEST)} is missing, though detector {max(others)} was "
                f'published; publish one again, or write {{"version": "{max(others)}"}} into it'
            )

    def _versions(self) -> set[str]:
        return {
            folder.removeprefix(f"{_ROOM}/")
            for folder in self._blobs.folders(_ROOM)
            if self._blobs.exists(f"{folder}/card.json")  # else it was never written whole
        }

    def _publish(self, onnx: Path, card: DetectorCard) -> PublishedDetector:
        PublishedDetector.verified(onnx, card)
        folder = f"{_ROOM}/{card.version}"
        self._blobs.write(f"{folder}/detector.onnx", onnx.read_bytes())
        self._blobs.write(f"{folder}/card.json", card.model_dump_json(indent=2).encode())
        latest = _Latest(version=card.version).model_dump_json().encode()
        self._blobs.write(_LATEST, latest)
        _log.info("published detector %s in %s", card.version, self.root)
        return self.latest()


def read_card(file: Path) -> DetectorCard:
    """Read a detector's card.

    Raises:
        BadDetector: it is missing or not a card.
    """
    try:
        return DetectorCard.model_validate_json(_bytes_of(file))
    except ValidationError as error:
        problem = error.errors()[0]
        field = ".".join(str(part) for part in problem["loc"])
        raise BadDetector(f"{file} is no detector card: {field} {problem['msg']}") from error


def _bytes_of(file: Path) -> bytes:
    try:
        return file.read_bytes()
    except OSError as error:
        raise BadDetector(f"cannot read {file}: {error.strerror}") from error


def _first_difference(garments: tuple[str, ...]) -> str:
    for class_id, (found, expected) in enumerate(zip(garments, GARMENT_NAMES, strict=False)):
        if found != expected:
            return f"class {class_id} is {found!r}, expected {expected!r}"
    return f"the first {min(len(garments), len(GARMENT_NAMES))} agree"
