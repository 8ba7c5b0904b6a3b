"""Prepares the start of the service: settings, destinations, log, and no usage statistics."""

import logging
import os
from typing import NamedTuple, Self

from bentoml._internal.utils.analytics import usage_stats

from oott_fashion.destinations import Destinations, read_destinations
from oott_fashion.settings import BadSetting, read_settings
from oott_serving.records.request_log import LogFormat, log_in
from oott_serving.settings import ServiceSettings

# Libraries read these variables when they are loaded, so BentoML sets them for its workers. A value
# in the user's environment comes first.
PROCESS_VARIABLES = [
    {"name": name, "value": value}
    for name, value in {
        # Each worker has one core, so more threads only wait for each other.
        "OPENBLAS_NUM_THREADS": "1",
        "OPENCV_FOR_THREADS_NUM": "1",
        # glibc keeps freed memory for each thread: after eight photos of 50 megapixels, 4 GB. It
        # gives blocks of this many bytes and more back.
        "MALLOC_MMAP_THRESHOLD_": str(4 * 2**20),
        "MALLOC_ARENA_MAX": "2",
        # With a threshold of its own, glibc gives every free block at the end of its memory back,
        # and asks for it again: 2,700 page faults and 6 ms of CPU time for a photo.
        "MALLOC_TRIM_THRESHOLD_": str(32 * 2**20),
        # Memory in pages of 2 MB instead of 4 kB, where the kernel has them: about 3 % less time.
        "GLIBC_TUNABLES": "glibc.malloc.hugetlb=1",
    }.items()
]


class StartUp(NamedTuple):
    """The settings of the service, or the default settings if the user's cannot be used."""

    settings: ServiceSettings
    problem: BadSetting | None = None

    @classmethod
    def read(cls) -> Self:
        """Read the settings; store a problem for later, because an import must not raise it."""
        try:
            return cls(read_settings(ServiceSettings))
        except BadSetting as problem:
            return cls(ServiceSettings.model_construct(), problem)

    def destinations(self) -> Destinations:
        """Read the destinations.

        Raises:
            SystemExit: the settings or the destinations cannot be used. BentoML prints only the
                message of a SystemExit. For any other error it prints a traceback.
        """
        try:
            if self.problem is not None:
                raise self.problem
            return read_destinations(self.settings.destinations_file)
        except ValueError as error:
            raise SystemExit(f"the service cannot start: {error}") from None


def keep_usage_private() -> None:
    """Keep BentoML from sending usage statistics to its makers."""
    os.environ[usage_stats.BENTOML_DO_NOT_TRACK] = "True"
    # BentoML's command line reads the variable before it imports our code, and caches the value.
    usage_stats.do_not_track.cache_clear()


def log_what_happens(log_format: LogFormat) -> None:
    """Log our own info messages; by default BentoML logs only the warnings of other packages."""
    log_in(log_format)
    for package in ("oott_fashion", "oott_serving"):
        logging.getLogger(package).setLevel(logging.INFO)
