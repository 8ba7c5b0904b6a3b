"""Fixtures that tests of several packages share."""

from tests.databases import mariadb, trend_database_url, trend_tables

__all__ = ["mariadb", "trend_database_url", "trend_tables"]
