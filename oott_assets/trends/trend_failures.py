"""The errors of the steps that detect and count garments, and how often each is retried."""

from oott_assets.failure_rules import PERMANENT, STORE_FAILURES, FailureRule, FailureTable
from oott_assets.trends.page.page_rows import NothingEstimated
from oott_fashion.stores.detector_card import BadDetector
from oott_fashion.stores.model_store import NoDetector
from oott_fashion.stores.trend_tables import TrendDatabaseError, TrendDatabaseUnavailable
from oott_fashion.vision.engines import EngineUnavailable

TREND_FAILURES: FailureTable = {
    **STORE_FAILURES,
    # A database server in a container restarts in seconds. After a crash it needs half a minute.
    TrendDatabaseUnavailable: FailureRule(delays_seconds=(10, 30)),
    TrendDatabaseError: PERMANENT,
    NothingEstimated: PERMANENT,
    NoDetector: PERMANENT,
    BadDetector: PERMANENT,
    EngineUnavailable: PERMANENT,
}
