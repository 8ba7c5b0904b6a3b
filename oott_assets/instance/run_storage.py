"""Dagster's storage of runs and events: MySQL or MariaDB if a setting says so, else SQLite."""

from collections.abc import Mapping
from typing import Any

import sqlalchemy as sa
from dagster._core.storage.sqlite_storage import DagsterSqliteStorage
from dagster._serdes import ConfigurableClassData
from dagster_mysql import DagsterMySQLStorage

from oott_assets.instance.records_place import records_folder, records_url
from oott_fashion.stores.trend_connection import create_by_umask

# Dagster has a SQLite file for each run, and opens it in many places.
sa.event.listen(sa.Engine, "do_connect", create_by_umask)


class RunStorage(DagsterMySQLStorage):
    """The storage that ``OOTT_RECORDS_URL`` names; ``dagster.yaml`` cannot choose one itself."""

    @classmethod
    def config_type(cls) -> dict[str, Any]:
        return {}

    @classmethod
    def from_config_value(
        cls, inst_data: ConfigurableClassData | None, _config_value: Mapping[str, Any]
    ) -> Any:
        url = records_url()
        if url is None:
            return DagsterSqliteStorage.from_local(str(records_folder()), inst_data)
        return DagsterMySQLStorage(url, inst_data)
