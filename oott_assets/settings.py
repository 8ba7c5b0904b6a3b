"""The settings of the trends, of other machines that read photos, and of Dagster's records."""

from pydantic import Field, SecretStr

from oott_fashion.settings import SharedSettings, StoreAddress


class TrendSettings(SharedSettings):
    """The shared settings, and those of the trends."""

    first_month: str = Field(
        "2024-01",
        pattern=r"^\d{4}-(0[1-9]|1[0-2])$",
        description="First month that can be collected, YYYY-MM.",
    )
    dask_scheduler: str | None = Field(
        None,
        pattern=r"^(tcp|tls)://\S+:\d+$",
        description="Address of a Dask scheduler, such as tcp://10.0.0.5:8786. Its workers find "
        "garments in photos too. Default: only this machine does.",
    )


class RecordsSettings(SharedSettings):
    """The shared settings, and the settings of Dagster's records."""

    records_url: SecretStr | None = Field(
        None,
        description="URL of the database of Dagster's records: mysql://USER:PASSWORD@HOST/NAME. "
        "Default: SQLite files in .oott/dagster in DAGSTER_HOME.",
    )
    run_logs: StoreAddress | None = Field(
        None,
        description="Folder, or gs://BUCKET/PREFIX, of the output and the pictures of runs. "
        "Default: .oott/dagster/logs in DAGSTER_HOME.",
    )
    run_retention_days: int = Field(
        180,
        ge=0,
        le=36_500,
        description="Number of days after which Dagster's runs are deleted. The latest run of "
        "each asset and partition stays. 0 keeps runs without a time limit.",
    )
