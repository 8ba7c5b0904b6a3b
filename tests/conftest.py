"""Fixtures that tests of several packages share."""

from tests.databases import mariadb, trend_database_url, trend_tables
from tests.object_store import bucket, mortal_bucket, object_store

__all__ = [
    "bucket",
    "mariadb",
    "mortal_bucket",
    "object_store",
    "trend_database_url",
    "trend_tables",
]
