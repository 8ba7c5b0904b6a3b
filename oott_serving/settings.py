"""The settings of the closet service."""

from pydantic import Field

from oott_fashion.settings import SharedSettings


class ServiceSettings(SharedSettings):
    """The shared settings, and those that only the service reads."""

    workers: int = Field(
        1,
        ge=1,
        le=64,
        description="Number of worker processes of the service. Each needs one CPU core.",
    )
    max_body_bytes: int = Field(
        50 * 2**20,
        ge=1,
        description="Maximum size of a request body, in bytes. If a body is larger, the status is "
        "413. A worker keeps at most eight times this size in memory; beyond that, the status is "
        "503.",
    )
    max_batch_photos: int = Field(
        250,
        ge=1,
        description="Maximum number of photos in /predict/batch. If a batch has more, the status "
        "is 413.",
    )
    max_waiting_requests: int = Field(
        64,
        ge=1,
        description="Maximum number of predictions that run or wait in a worker. Beyond that, "
        "the status is 503.",
    )
    detector_poll_seconds: float = Field(
        5.0, gt=0, description="Seconds between two checks whether a newer detector was published."
    )
