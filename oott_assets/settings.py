"""The settings of the trends: the first month, and other machines that read photos."""

from pydantic import Field

from oott_fashion.settings import SharedSettings


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
