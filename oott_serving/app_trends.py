"""Photos from the app, counted into the trends of the month they came in."""

import hashlib
import logging
import threading
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import datetime
from zoneinfo import ZoneInfo

from oott_fashion.destinations import Destination, DestinationCategory, Destinations
from oott_fashion.settings import SharedSettings
from oott_fashion.stores.trend_tables import Coverage, TrendDatabaseError, TrendSlice, TrendTables
from oott_fashion.trends import garment_counts, outfit_counts
from oott_fashion.vision.detections import Detection

_log = logging.getLogger(__name__)


class UnusableKey(ValueError):
    """An idempotency key that is none."""


class AppTrends:
    """Adds what app photos show to the trend tables, as soon as their database answers."""

    def __init__(self, settings: SharedSettings, destinations: Destinations) -> None:
        self._settings = settings
        self._destinations = destinations
        self._tables: TrendTables | None = None
        self._opening = threading.Lock()

    def start(self) -> None:
        """Bring the database up to date, without keeping the service waiting for it."""
        threading.Thread(target=self._try_to_open, name="trend-migration", daemon=True).start()

    def close(self) -> None:
        """Close the connections to the database; the next batch opens and migrates it anew."""
        tables, self._tables = self._tables, None
        if tables is not None:
            tables.close()

    def check(self) -> None:
        """Raise TrendDatabaseError unless the database would count now."""
        with self._reopened_after_errors() as tables:
            tables.check_connection()

    def count(
        self,
        place: Destination | DestinationCategory,
        photos: Sequence[Sequence[Detection]],
        detector_version: str,
        idempotency_key: str | None,
        request_digest: str,
    ) -> None:
        """Count the garments of ``photos`` this month, unless that was done under this key before.

        Raises:
            ReusedKey: the key came before with another digest.
            TrendDatabaseError: the database cannot be used; nothing was counted.
        """
        # A month begins at midnight where the users are, not where the server stands.
        now = datetime.now(ZoneInfo(self._settings.timezone))
        category = place.category if isinstance(place, Destination) else place
        slice_ = TrendSlice(now.date().replace(day=1), place.slug, category.slug, "app")
        coverage = Coverage(len(photos), sum(1 for seen in photos if seen), detector_version)
        counts = garment_counts(photos), outfit_counts(photos)
        with self._reopened_after_errors() as tables:
            tables.add(slice_, *counts, coverage, now, idempotency_key, request_digest)

    @contextmanager
    def _reopened_after_errors(self) -> Iterator[TrendTables]:
        try:
            yield self._open()
        except TrendDatabaseError:
            # It may come back empty, for instance on another machine, and has to be migrated.
            self.close()
            raise

    def _open(self) -> TrendTables:
        with self._opening:
            if self._tables is None:
                tables = TrendTables.open(self._settings.trend_database_url, self._destinations)
                tables.migrate()
                self._tables = tables
            return self._tables

    def _try_to_open(self) -> None:
        try:
            self._open()
        except TrendDatabaseError as error:
            _log.warning("batches are answered 503 until it is mended: %s", error)


def digest_of(recommend_type: str, photos: Sequence[str]) -> str:
    """Tell the content of a batch from any other, as a SHA-256 in hexadecimal."""
    digest = hashlib.sha256()
    for part in (recommend_type, *photos):
        content = part.encode()
        # With its length, lest two photos be taken for one.
        digest.update(b"%d:" % len(content))
        digest.update(content)
    return digest.hexdigest()


def idempotency_key_in(headers: Mapping[str, str]) -> str | None:
    """Read the key under which a batch is counted once, if its sender chose one.

    Raises:
        UnusableKey: it has not 1 to 255 printable ASCII characters.
    """
    key = headers.get("idempotency-key")
    if key is not None and not (1 <= len(key) <= 255 and key.isascii() and key.isprintable()):
        raise UnusableKey(
            f"the Idempotency-Key has {len(key)} characters; expected 1 to 255 printable ASCII "
            "ones, such as a UUID"
        )
    return key
