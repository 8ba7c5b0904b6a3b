"""Counts photos from the app into the trends of the current month."""

import hashlib
import logging
import threading
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import datetime
from zoneinfo import ZoneInfo

from oott_fashion.destinations import Destination, DestinationCategory, Destinations
from oott_fashion.settings import SharedSettings
from oott_fashion.stores.trend_tables import TrendDatabaseError, TrendSlice, TrendTables
from oott_fashion.vision.detections import Detection

_log = logging.getLogger(__name__)


class InvalidIdempotencyKey(ValueError):
    """The Idempotency-Key header has an unusable value."""


class AppTrends:
    """Adds the garments of app photos to the trend tables.

    The database may be unreachable when the service starts. Every call tries to open it again.
    """

    def __init__(self, settings: SharedSettings, destinations: Destinations) -> None:
        self._settings = settings
        self._destinations = destinations
        self._tables: TrendTables | None = None

    def start(self) -> None:
        """Migrate the database in a thread, so that the service does not wait for it."""
        threading.Thread(target=self._try_to_open, name="trend-migration", daemon=True).start()

    def check_database(self) -> None:
        """Check that the database can be reached.

        Raises:
            TrendDatabaseError: the database cannot be used.
        """
        with self._tables_migrated_after_an_error() as tables:
            tables.check_connection()

    def count(
        self,
        place: Destination | DestinationCategory,
        photos: Mapping[str, Sequence[Detection]],
        detector_version: str,
        idempotency_key: str | None,
        request_digest: str,
    ) -> None:
        """Count the garments of ``photos`` this month, unless this key was already counted.

        ``photos`` has the garments by the digest of a photo. A photo counts once
        in a month and place.

        Raises:
            ReusedKey: the key was already used with another digest.
            TrendDatabaseError: the database cannot be used; nothing was counted.
        """
        # A month begins at midnight in the users' time zone, not in the server's.
        now = datetime.now(ZoneInfo(self._settings.timezone))
        category = place.category if isinstance(place, Destination) else place
        slice_ = TrendSlice(now.date().replace(day=1), place.slug, category.slug, "app")
        with self._tables_migrated_after_an_error() as tables:
            tables.add(slice_, photos, detector_version, now, idempotency_key, request_digest)

    @contextmanager
    def _tables_migrated_after_an_error(self) -> Iterator[TrendTables]:
        try:
            yield self._open()
        except TrendDatabaseError:
            # The database may be empty when it can be reached again, for instance because it moved
            # to another machine. So the next batch migrates it again.
            self._tables = None
            raise

    def _open(self) -> TrendTables:
        tables = self._tables
        if tables is None:
            # Without a lock: a batch must not wait for the thread that waits for the database.
            tables = TrendTables.open(self._settings.trend_database_url, self._destinations)
            tables.migrate()
            self._tables = tables
        return tables

    def _try_to_open(self) -> None:
        try:
            self._open()
        except TrendDatabaseError as error:
            _log.warning("batches are answered 503 until the database can be used: %s", error)


def batch_digest(recommend_type: str, photos: Sequence[str]) -> str:
    """Hash the content of a batch: a SHA-256 in hexadecimal."""
    digest = hashlib.sha256()
    for part in (recommend_type, *photos):
        content = part.encode()
        # The length separates the parts; otherwise "ab", "c" would hash like "a", "bc".
        digest.update(b"%d:" % len(content))
        digest.update(content)
    return digest.hexdigest()


def idempotency_key_in(headers: Mapping[str, str]) -> str | None:
    """Read the Idempotency-Key header; None without one.

    Raises:
        InvalidIdempotencyKey: the key does not have 1 to 255 printable ASCII characters.
    """
    key = headers.get("idempotency-key")
    if key is not None and not (1 <= len(key) <= 255 and key.isascii() and key.isprintable()):
        raise InvalidIdempotencyKey(
            f"the Idempotency-Key has {len(key)} characters; expected 1 to 255 printable ASCII "
            "characters, for example a UUID"
        )
    return key
