"""The card of a detector, and a detector that was verified by its card."""

import hashlib
import stat
from datetime import UTC
from pathlib import Path
from typing import NamedTuple, Self

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field, ValidationError

from oott_fashion.garments import GARMENT_NAMES
from oott_fashion.vision.onnx_file import MAX_IMAGE_SIDE

# YOLOv8x has 270 MB.
_MAX_BYTES = 2**30


class BadDetector(ValueError):
    """The detector cannot be used: it is damaged, or was trained on other garments."""


class DetectorCard(BaseModel):
    """The facts about a detector: its garments, its metrics, and the hash of its ONNX file."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    garments: tuple[str, ...] = Field(description="Class names in class-id order.")
    image_side: int = Field(
        gt=0, le=MAX_IMAGE_SIDE, description="Side of the square model input, in pixels."
    )
    trained_on: str = Field(description="Training data and settings, in one sentence.")
    metrics: dict[str, dict[str, float]] = Field(
        description="By data set: mAP50, mAP50-95 and per-class mAP50, 0..1."
    )
    parity: float | None = Field(
        ge=0,
        description="Largest box difference between weights and ONNX, in photo pixels; none "
        "without weights.",
    )
    engine: str = Field(description="Engine in which parity was measured.")
    variant: str = Field(
        "dense", description="Dense, or how the export was made faster; parity is for dense."
    )
    sha256: str = Field(pattern=r"^[0-9a-f]{64}$", description="Hash of detector.onnx.")
    weights_sha256: str | None = Field(
        None,
        pattern=r"^[0-9a-f]{64}$",
        description="Hash of weights.pt, from which training can start; none without that file.",
    )
    licence: str | None = Field(None, description="Licence of the weights; none if unknown.")
    created: AwareDatetime

    @property
    def version(self) -> str:
        """The version. It consists of the creation time and the hash, so versions sort by time."""
        return f"{self.created.astimezone(UTC):%Y%m%dT%H%M%SZ}-{self.sha256[:8]}"


class PublishedDetector(NamedTuple):
    """A verified detector on the local disk."""

    version: str
    onnx: Path
    card: DetectorCard

    @classmethod
    def in_folder(cls, folder: Path) -> Self:
        """Read and verify the detector in ``folder``, beside its card.

        Raises:
            BadDetector: a file is missing or damaged, or the list of garments differs.
        """
        return cls.verified(folder / "detector.onnx", read_card(folder / "card.json"))

    @classmethod
    def verified(cls, onnx: Path, card: DetectorCard) -> Self:
        """Check that ``onnx`` has the hash in ``card`` and was trained on OOTT's garments.

        Raises:
            BadDetector: the hash or the list of garments differs.
        """
        if card.garments != GARMENT_NAMES:
            raise BadDetector(
                f"detector {card.version} was trained on {len(card.garments)} garments "
                f"({_first_difference(card.garments)}); expected OOTT's {len(GARMENT_NAMES)} in "
                "class-id order; train it on these garments"
            )
        found = hashlib.sha256(_bytes_of(onnx)).hexdigest()
        if found != card.sha256:
            raise BadDetector(
                f"{onnx} is damaged: its sha256 is {found[:12]}…, but its card has "
                f"{card.sha256[:12]}…; publish the detector again"
            )
        return cls(card.version, onnx, card)

    def verified_weights(self) -> Path | None:
        """Check the hash of ``weights.pt`` beside the ONNX file; None if the card has no weights.

        Raises:
            BadDetector: the file is missing, or has another hash than the card says.
        """
        if self.card.weights_sha256 is None:
            return None
        weights = self.onnx.with_name("weights.pt")
        found = hashlib.sha256(_bytes_of(weights)).hexdigest()
        if found != self.card.weights_sha256:
            raise BadDetector(
                f"{weights} is damaged: its sha256 is {found[:12]}…, but its card has "
                f"{self.card.weights_sha256[:12]}…; publish the detector again"
            )
        return weights


def read_card(file: Path) -> DetectorCard:
    """Read the card of a detector.

    Raises:
        BadDetector: the file is missing or is not a card.
    """
    try:
        return DetectorCard.model_validate_json(_bytes_of(file))
    except ValidationError as error:
        problem = error.errors()[0]
        field = ".".join(str(part) for part in problem["loc"])
        raise BadDetector(
            f"{file} is not a detector card: {field} {problem['msg']}; publish the detector again"
        ) from error


def weights_belonging_to(card: DetectorCard, weights: Path | None) -> bytes | None:
    """Read ``weights`` if their hash is in ``card``; None if the card is one without weights.

    Raises:
        BadDetector: the weights cannot be read or do not belong to the card.
    """
    content = None if weights is None else _bytes_of(weights)
    found = None if content is None else hashlib.sha256(content).hexdigest()
    if found != card.weights_sha256:
        raise BadDetector(
            f"the weights of detector {card.version} do not belong to its card: their sha256 is "
            f"{found}, but the card has {card.weights_sha256}; publish the weights that were "
            "written with the card"
        )
    return content


def _bytes_of(file: Path) -> bytes:
    """Read a file into memory, unless that would take very long or never end."""
    try:
        found = file.stat()
        if not stat.S_ISREG(found.st_mode) or found.st_size > _MAX_BYTES:
            raise BadDetector(
                f"{file} is no regular file of at most {_MAX_BYTES // 2**20} MB; publish the "
                "detector again"
            )
        return file.read_bytes()
    except OSError as error:
        raise BadDetector(
            f"cannot read {file}: {error.strerror}; publish the detector again"
        ) from error


def _first_difference(garments: tuple[str, ...]) -> str:
    for class_id, (found, expected) in enumerate(zip(garments, GARMENT_NAMES, strict=False)):
        if found != expected:
            return f"class {class_id} is {found!r}, expected {expected!r}"
    return f"the first {min(len(garments), len(GARMENT_NAMES))} are correct"
