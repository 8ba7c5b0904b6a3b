"""The setting that determines the first month partition."""

from pydantic import Field

from oott_fashion.settings import SharedSettings


class TrendSettings(SharedSettings):
    """The shared settings, and the first month of the trends."""

    first_month: str = Field(
        "2024-01",
        pattern=r"^\d{4}-(0[1-9]|1[0-2])$",
        description="First month that can be collected, YYYY-MM.",
    )
