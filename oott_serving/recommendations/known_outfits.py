"""Keeps the counted outfits of the trend tables in memory, and learns from them."""

import logging
import threading
import time
from collections.abc import Callable
from datetime import date, datetime
from functools import lru_cache
from typing import NamedTuple

from oott_fashion.packing.outfit_model import CountedOutfits, OutfitModel
from oott_fashion.stores.trend_tables import TrendDatabaseError, TrendTables

_log = logging.getLogger(__name__)

# The latest ones. 100,000 take a second to read, and 20 MB.
_MAX_OUTFITS = 100_000

# During a backfill the counts change all the time.
_SECONDS_BETWEEN_READS = 60.0

_MAX_MODELS = 256

ModelOf = Callable[[date, str | None, str | None], OutfitModel]


class _Read(NamedTuple):
    model_of: ModelOf
    newest_counts: datetime | None
    at: float


class KnownOutfits:
    """Reads the outfits at the first request, and again in the background when counts change."""

    def __init__(self, now: Callable[[], float] = time.monotonic) -> None:
        self._now = now
        self._lock = threading.Lock()
        self._latest: _Read | None = None
        self._is_reading = False

    def model_of(
        self, tables: TrendTables, month: date, destination: str | None, category: str | None
    ) -> OutfitModel:
        """Give the model of a place and month.

        Raises:
            TrendDatabaseError: the database cannot be used.
        """
        newest = tables.newest_counts()
        with self._lock:
            latest = self._latest
            if latest is None:
                latest = self._latest = self._read(tables, newest)
            elif newest != latest.newest_counts and self._may_read_again(latest):
                self._is_reading = True
                threading.Thread(
                    target=self._read_again, args=(tables, newest), name="outfits", daemon=True
                ).start()
        return latest.model_of(month, destination, category)

    def _may_read_again(self, latest: _Read) -> bool:
        return not self._is_reading and self._now() - latest.at >= _SECONDS_BETWEEN_READS

    def _read(self, tables: TrendTables, newest: datetime | None) -> _Read:
        outfits = CountedOutfits(tables.counted_outfits(_MAX_OUTFITS))
        return _Read(lru_cache(_MAX_MODELS)(outfits.model_of), newest, self._now())

    def _read_again(self, tables: TrendTables, newest: datetime | None) -> None:
        try:
            read = self._read(tables, newest)
        except TrendDatabaseError as error:
            _log.warning("the outfits were not read again: %s", error)
        else:
            self._latest = read
        finally:
            self._is_reading = False
