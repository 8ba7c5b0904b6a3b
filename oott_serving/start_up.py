"""What is settled before the service starts: its settings, its log, no reports to BentoML."""

import logging
import os

from bentoml._internal.utils.analytics import usage_stats

from oott_fashion.destinations import Destinations, read_destinations
from oott_fashion.settings import BadSetting, read_settings
from oott_serving.settings import ServiceSettings


def settings_of_the_service() -> ServiceSettings:
    """Read the settings; with unusable ones, end the process with a sentence instead of a trace."""
    try:
        return read_settings(ServiceSettings)
    except BadSetting as error:
        raise SystemExit(f"the service cannot start: {error}") from None


def destinations_of_the_service(settings: ServiceSettings) -> Destinations:
    """Read the destinations; over unreadable ones, end the process likewise."""
    try:
        return read_destinations(settings.destinations_file)
    except ValueError as error:
        raise SystemExit(f"the service cannot start: {error}") from None


def keep_usage_private() -> None:
    """Keep BentoML from reporting to its makers that and how it is used."""
    os.environ[usage_stats.BENTOML_DO_NOT_TRACK] = "True"
    # Its command line has asked before our code is imported, and remembers the answer.
    usage_stats.do_not_track.cache_clear()


def log_what_happens() -> None:
    """Let our own news through, of which BentoML would only log the warnings."""
    for package in ("oott_fashion", "oott_serving"):
        logging.getLogger(package).setLevel(logging.INFO)
