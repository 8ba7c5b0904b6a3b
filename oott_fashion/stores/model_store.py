"""The model store: published detectors, each with its card, and a pointer to the latest one.

``garment-detector/<version>/detector.onnx``, ``weights.pt`` and ``card.json`` are written first and
never changed. ``garment-detector/publications.json`` has the history. ``garment-detector/
latest.json`` is replaced last, so a reader sees a complete detector.
"""

import hashlib
import logging
from datetime import UTC
from pathlib import Path
from typing import NamedTuple, Self

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field, ValidationError

from oott_fashion.garments import GARMENT_NAMES
from oott_fashion.stores.blobs import BlobNotFound, LocalBlobs
from oott_fashion.stores.publications import Publication, read_history, written_history

_FOLDER = "garment-detector"
_LATEST = f"{_FOLDER}/latest.json"
_PUBLICATIONS = f"{_FOLDER}/publications.json"

# The one who published the detector that OOTT starts with.
FIRST_READER = "first reader of an empty store"

_log = logging.getLogger(__name__)


class NoDetector(LookupError):
    """No detector has been published yet."""


class BadDetector(ValueError):
    """The detector cannot be used: it is damaged, or was trained on other garments."""


class DetectorCard(BaseModel):
    """The facts about a detector: its garments, its metrics, and the hash of its ONNX file."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    garments: tuple[str, ...] = Field(description="Class names in class-id order.")
    image_side: int = Field(gt=0, description="Side of the square model input, in pixels.")
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


class _Latest(BaseModel):
    version: str = Field(pattern=r"^[0-9A-Za-z-]+$")


class ModelStore:
    """The detectors published under one folder."""

    def __init__(self, root: str | Path) -> None:
        self._blobs = LocalBlobs(root)
        self.root = str(root)

    def latest_version(self) -> str:
        """Read the latest version, without reading the detector itself.

        Raises:
            NoDetector: no detector has been published.
            BadDetector: ``latest.json`` is damaged.
        """
        try:
            return _Latest.model_validate_json(self._blobs.read(_LATEST)).version
        except BlobNotFound as error:
            raise NoDetector(
                f"no detector is published: {self._blobs.path_of(_LATEST)} does not exist; "
                "publish one, set OOTT_MODEL_STORE to a store that has one, or set "
                "OOTT_STARTER_DETECTOR to the folder of a detector to start with"
            ) from error
        except ValidationError as error:
            raise BadDetector(
                f"{self._blobs.path_of(_LATEST)} has no valid version; publish a detector again"
            ) from error

    def latest(self) -> PublishedDetector:
        """Find and verify the latest detector.

        Raises:
            NoDetector: no detector has been published.
            BadDetector: the latest detector is damaged, has another version than
                ``latest.json``, or was trained on other garments.
        """
        return self.detector(self.latest_version())

    def versions(self) -> list[str]:
        """List the versions, oldest first; a damaged one is listed too."""
        return [folder.removeprefix(f"{_FOLDER}/") for folder in self._blobs.folders(_FOLDER)]

    def detector(self, version: str) -> PublishedDetector:
        """Find and verify one version.

        Raises:
            BadDetector: the version is missing or damaged, or was trained on other garments.
        """
        folder = self._blobs.path_of(f"{_FOLDER}/{version}")
        found = PublishedDetector.in_folder(folder)
        if found.version != version:
            raise BadDetector(
                f"{folder} contains detector {found.version}, but the folder must have the name of "
                "its version; publish the detector again"
            )
        return found

    def latest_or_starter(self, starter: Path) -> PublishedDetector:
        """Find and verify the latest detector; if there is none, publish the one in ``starter``.

        Raises:
            NoDetector: no detector has been published, and ``starter`` has no card.
            BadDetector: the latest or the starter detector is damaged or was trained on other
                garments; or detectors were published, but ``latest.json`` is missing.
        """
        try:
            return self.latest()
        except NoDetector as error:
            card_file = starter / "card.json"
            if not card_file.is_file():
                self._reject_lost_pointer(starter=None)
                raise NoDetector(f"{error}; the starter detector has no {card_file}") from None
        with self._blobs.exclusive_lock(_FOLDER):
            return self._latest_or_publish(starter, read_card(card_file))

    def publish(
        self,
        onnx: Path,
        card: DetectorCard,
        *,
        by: str,
        reason: str | None = None,
        weights: Path | None = None,
    ) -> PublishedDetector:
        """Verify a detector and make it the latest.

        Args:
            by: the run or the user that publishes it, for the history.
            reason: why it is published although a rule is against it.
            weights: the file from which training can start; its hash must be in ``card``.

        Raises:
            BadDetector: ``onnx`` or ``weights`` does not belong to ``card``, or the detector was
                trained on other garments.
        """
        with self._blobs.exclusive_lock(_FOLDER):
            return self._publish(onnx, card, weights, Publication.now(card.version, by, reason))

    def make_latest(self, version: str, *, by: str, reason: str | None = None) -> PublishedDetector:
        """Verify an earlier version and make it the latest again.

        Raises:
            BadDetector: the version is missing or damaged, or was trained on other garments.
        """
        with self._blobs.exclusive_lock(_FOLDER):
            found = self.detector(version)
            self._make_latest(Publication.now(version, by, reason))
        return found

    def history(self) -> list[Publication]:
        """Read which versions were made the latest, oldest first.

        Raises:
            BadDetector: ``publications.json`` is damaged.
        """
        try:
            return read_history(self._blobs.read(_PUBLICATIONS))
        except BlobNotFound:
            return []  # an older OOTT kept no history
        except ValidationError as error:
            file = self._blobs.path_of(_PUBLICATIONS)
            raise BadDetector(
                f"{file} is not a list of publications; correct it, or move it away to start "
                "a new history"
            ) from error

    def _latest_or_publish(self, starter: Path, card: DetectorCard) -> PublishedDetector:
        try:
            return self.latest()
        except NoDetector:
            self._reject_lost_pointer(card.version)
            weights = None if card.weights_sha256 is None else starter / "weights.pt"
            first = Publication.now(card.version, FIRST_READER, None)
            return self._publish(starter / "detector.onnx", card, weights, first)

    def _reject_lost_pointer(self, starter: str | None) -> None:
        # A process that is killed while it publishes the starter leaves the starter without a
        # pointer. That is no error, because publishing the starter again repairs it.
        others = self._complete_versions() - {starter}
        if others:
            raise BadDetector(
                f"{self._blobs.path_of(_LATEST)} is missing, but detector {max(others)} was "
                f'published; publish one again, or write {{"version": "{max(others)}"}} into it'
            )

    def _complete_versions(self) -> set[str]:
        return {
            version
            for version in self.versions()
            # The card is written last, so the detector is complete.
            if self._blobs.exists(f"{_FOLDER}/{version}/card.json")
        }

    def _publish(
        self, onnx: Path, card: DetectorCard, weights: Path | None, publication: Publication
    ) -> PublishedDetector:
        PublishedDetector.verified(onnx, card)
        folder = f"{_FOLDER}/{card.version}"
        if (content := _weights_of(card, weights)) is not None:
            self._blobs.write(f"{folder}/weights.pt", content)
        self._blobs.write(f"{folder}/detector.onnx", onnx.read_bytes())
        self._blobs.write(f"{folder}/card.json", card.model_dump_json(indent=2).encode())
        self._make_latest(publication)
        return self.latest()

    def _make_latest(self, publication: Publication) -> None:
        # The history is written first: a kill in between leaves an entry too many, never a
        # detector in use that nobody is known to have published.
        self._blobs.write(_PUBLICATIONS, written_history([*self.history(), publication]))
        latest = _Latest(version=publication.version).model_dump_json().encode()
        self._blobs.write(_LATEST, latest)
        _log.info("published detector %s in %s", publication.version, self.root)


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
        raise BadDetector(f"{file} is not a detector card: {field} {problem['msg']}") from error


def _weights_of(card: DetectorCard, weights: Path | None) -> bytes | None:
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
    try:
        return file.read_bytes()
    except OSError as error:
        raise BadDetector(f"cannot read {file}: {error.strerror}") from error


def _first_difference(garments: tuple[str, ...]) -> str:
    for class_id, (found, expected) in enumerate(zip(garments, GARMENT_NAMES, strict=False)):
        if found != expected:
            return f"class {class_id} is {found!r}, expected {expected!r}"
    return f"the first {min(len(garments), len(GARMENT_NAMES))} are correct"
