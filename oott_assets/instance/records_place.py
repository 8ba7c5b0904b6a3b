"""Where Dagster's records are: in a MySQL or MariaDB database, or in files in DAGSTER_HOME."""

import os
from pathlib import Path

import sqlalchemy as sa
from sqlalchemy.exc import ArgumentError

from oott_assets.settings import RecordsSettings
from oott_fashion.settings import BadSetting, read_settings


def dagster_home() -> Path:
    """Name the folder of ``dagster.yaml``.

    Raises:
        BadSetting: DAGSTER_HOME is not set.
    """
    home = os.environ.get("DAGSTER_HOME")
    if not home:
        raise BadSetting("DAGSTER_HOME is not set; set it to the folder that has dagster.yaml")
    return Path(home)


def records_folder() -> Path:
    """Name the folder of the records; with a database, only the logs of runs are in it.

    Raises:
        BadSetting: DAGSTER_HOME is not set.
    """
    return dagster_home() / ".oott" / "dagster"


def local_folder() -> Path:
    """Name a folder for locks and for copies of logs of this machine.

    With records in a database, it is in OOTT_HOME: in an image, DAGSTER_HOME is read-only.

    Raises:
        BadSetting: DAGSTER_HOME is not set, or OOTT_RECORDS_URL cannot be used.
    """
    if records_url() is None:
        return records_folder()
    return read_settings(RecordsSettings).home / "dagster"


def records_url() -> str | None:
    """Give the SQLAlchemy URL of the database of the records; None if they are SQLite files.

    It contains the password, so never log it.

    Raises:
        BadSetting: OOTT_RECORDS_URL is not the address of a MySQL or MariaDB database.
    """
    setting = read_settings(RecordsSettings).records_url
    if setting is None:
        return None
    try:
        url = sa.make_url(setting.get_secret_value())
    except (ArgumentError, ValueError):
        raise BadSetting(f"OOTT_RECORDS_URL: is not a URL; {_EXPECTED}") from None
    # The value may contain a password, so the messages do not show it.
    if url.get_backend_name() not in ("mysql", "mariadb") or not url.database:
        raise BadSetting(f"OOTT_RECORDS_URL: {_EXPECTED}")
    if setting.get_secret_value().count("@") > 1:
        raise BadSetting("OOTT_RECORDS_URL: write an @ in the password as %40")
    # MariaDB does not know the default collation of the driver.
    with_collation = url.update_query_dict({"charset": "utf8mb4", "collation": "utf8mb4_bin"})
    return with_collation.set(drivername="mysql+mysqlconnector").render_as_string(
        hide_password=False
    )


_EXPECTED = "expected an address such as mysql://user:password@server:3306/database"
