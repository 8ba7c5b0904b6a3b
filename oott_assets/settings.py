"""The setting that the month partitions are made of."""

from pydantic import Field

from oott_fashion.settings import SharedSettings


class TrendSettings(SharedSettings):
    """The shared settings, and where the months of the trends begin."""

    first_month: str = Field(
        "2024-01",
        pattern=r"^\d{4}-(0[1-9]|1[0-2])$",
        description="First month that can be collected, YYYY-MM.",
    )
