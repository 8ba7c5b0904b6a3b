"""The model store: published detectors, each with its card, and a pointer to the latest one.

``garment-detector/<version>/detector.onnx``, ``weights.pt`` and ``card.json`` are written first and
never changed. ``garment-detector/publications.json`` has the history. ``garment-detector/
latest.json`` is replaced last, so a reader sees a complete detector. In a bucket, the history and
the pointer are replaced only if they are as they were when the publication began.
"""

import logging
import re
from contextlib import suppress
from pathlib import Path

from pydantic import BaseModel, Field, ValidationError

from oott_fashion.stores.blobs import BlobChanged, BlobNotFound, Blobs, LocalBlobs
from oott_fashion.stores.detector_card import (
    BadDetector,
    DetectorCard,
    PublishedDetector,
    read_card,
    weights_belonging_to,
)
from oott_fashion.stores.fetched_detectors import fetched
from oott_fashion.stores.object_blobs import GoogleClient, blobs_at, google_client
from oott_fashion.stores.publications import Publication, read_history, written_history

_FOLDER = "garment-detector"
_LATEST = f"{_FOLDER}/latest.json"
_PUBLICATIONS = f"{_FOLDER}/publications.json"

# A service that starts waits for the bucket at most about twice as long.
_RETRY_SECONDS = 10.0

# How many workers of a service may find an empty bucket at the same time.
_MAX_STARTERS = 8

# The one who published the detector that OOTT starts with.
FIRST_READER = "first reader of an empty store"

_log = logging.getLogger(__name__)


class NoDetector(LookupError):
    """No detector has been published yet."""


def copies_in(home: Path) -> Path:
    """Name the folder in OOTT_HOME of the local copies of detectors in buckets."""
    return home / "copied-detectors"


class _Latest(BaseModel):
    version: str = Field(pattern=r"^[0-9A-Za-z-]+$")


class ModelStore:
    """The detectors published under one folder or gs:// address; the latter are read from copies.

    ``copies`` is the local folder of the copies, and ``client`` opens a bucket.
    """

    def __init__(
        self,
        root: str | Path,
        copies: Path = Path("copied-detectors"),
        client: GoogleClient = google_client,
    ) -> None:
        self._blobs = blobs_at(root, client, retry_seconds=_RETRY_SECONDS)
        self._copies = LocalBlobs(copies / re.sub(r"[^\w.-]+", "_", str(root)))
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
                f"no detector is published: {self._blobs.where(_LATEST)} does not exist; "
                "publish one, set OOTT_MODEL_STORE to a store that has one, or set "
                "OOTT_STARTER_DETECTOR to the folder of a detector to start with"
            ) from error
        except ValidationError as error:
            raise BadDetector(
                f"{self._blobs.where(_LATEST)} has no valid version; publish a detector again"
            ) from error

    def latest(self) -> PublishedDetector:
        """Find and verify the latest detector.

        Raises:
            NoDetector: no detector has been published.
            BadDetector: the latest detector is damaged, has another version than
                ``latest.json``, or was trained on other garments.
        """
        found = self.detector(self.latest_version())
        if self._is_bucket:
            self._copies.write(_LATEST, _pointer_to(found.version))
        return found

    def copied(self) -> PublishedDetector:
        """Find and verify the detector that was the latest when the bucket was last read.

        Raises:
            NoDetector: none was read, or the store is a folder.
            BadDetector: the copy is damaged.
        """
        return ModelStore(self._copies.root).latest()

    def versions(self) -> list[str]:
        """List the versions, oldest first; a damaged one is listed too."""
        return [folder.removeprefix(f"{_FOLDER}/") for folder in self._blobs.folders(_FOLDER)]

    def earlier_versions(self) -> list[str]:
        """List all versions but the latest, the one that was published last first.

        A version that is not in the history comes after the others.
        """
        stored = self.versions()
        latest: str | None = None
        published: list[str] = []
        with suppress(BadDetector, NoDetector):
            latest = self.latest_version()
        with suppress(BadDetector):
            published = [publication.version for publication in self.history()]
        in_order = dict.fromkeys([*reversed(published), *reversed(stored)])
        return [version for version in in_order if version in stored and version != latest]

    def detector(self, version: str) -> PublishedDetector:
        """Find and verify one version.

        Raises:
            BadDetector: the version is missing or damaged, or was trained on other garments.
        """
        folder = self._local(f"{_FOLDER}/{version}")
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
        card = read_card(card_file)
        with self._blobs.exclusive_lock(_FOLDER):
            for _ in range(_MAX_STARTERS):
                with suppress(BlobChanged):  # another reader of an empty bucket was first
                    return self._latest_or_publish(starter, card)
            return self._latest_or_publish(starter, card)

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
            BlobChanged: another process has published a detector in the bucket meanwhile.
        """
        with self._blobs.exclusive_lock(_FOLDER):
            return self._publish(onnx, card, weights, Publication.now(card.version, by, reason))

    def make_latest(self, version: str, *, by: str, reason: str | None = None) -> PublishedDetector:
        """Verify an earlier version and make it the latest again.

        Raises:
            BadDetector: the version is missing or damaged, or was trained on other garments.
            BlobChanged: another process has published a detector in the bucket meanwhile.
        """
        with self._blobs.exclusive_lock(_FOLDER):
            before = self._blobs.version(_LATEST)
            found = self.detector(version)
            self._make_latest(Publication.now(version, by, reason), before)
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
            file = self._blobs.where(_PUBLICATIONS)
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
                f"{self._blobs.where(_LATEST)} is missing, but detector {max(others)} was "
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
        before = self._blobs.version(_LATEST)
        PublishedDetector.verified(onnx, card)
        folder = f"{_FOLDER}/{card.version}"
        content = weights_belonging_to(card, weights)
        write_detector(self._blobs, folder, onnx.read_bytes(), card, content)
        self._make_latest(publication, before)
        return self.latest()

    def _make_latest(self, publication: Publication, before: str | None) -> None:
        # The history is written first: a kill in between leaves an entry too many, never a
        # detector in use that nobody is known to have published.
        earlier = self._blobs.version(_PUBLICATIONS)
        history = written_history([*self.history(), publication])
        self._blobs.replace(_PUBLICATIONS, history, earlier)
        self._blobs.replace(_LATEST, _pointer_to(publication.version), before)
        _log.info("published detector %s in %s", publication.version, self.root)

    @property
    def _is_bucket(self) -> bool:
        return not isinstance(self._blobs, LocalBlobs)

    def _local(self, folder: str) -> Path:
        if isinstance(self._blobs, LocalBlobs):
            return self._blobs.path_of(folder)
        return fetched(self._blobs, folder, self._copies)


def _pointer_to(version: str) -> bytes:
    return _Latest(version=version).model_dump_json().encode()


def write_detector(
    blobs: Blobs, folder: str, onnx: bytes, card: DetectorCard, weights: bytes | None
) -> None:
    """Write the files of a detector into ``folder``.

    The card is written last. A process that is killed earlier therefore leaves no detector.
    """
    if weights is not None:
        blobs.write(f"{folder}/weights.pt", weights)
    blobs.write(f"{folder}/detector.onnx", onnx)
    blobs.write(f"{folder}/card.json", (card.model_dump_json(indent=2) + "\n").encode())
