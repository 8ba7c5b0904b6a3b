"""The settings of the closet service."""

from pydantic import Field

from oott_fashion.settings import SharedSettings


class ServiceSettings(SharedSettings):
    """The shared settings, and those that only the service reads."""

    workers: int = Field(
        1, ge=1, le=64, description="Worker processes of the service; each needs one core."
    )
    max_body_bytes: int = Field(
        50 * 2**20,
        ge=1,
        description="Largest request body, in bytes; a larger one is answered 413. A worker holds "
        "at most eight times as many bytes at the same time; more is answered 503.",
    )
    max_batch_photos: int = Field(
        250, ge=1, description="Largest number of photos in /predict/batch; more is answered 413."
    )
    max_waiting_requests: int = Field(
        64,
        ge=1,
        description="Predictions that a worker holds at the same time; more is answered 503.",
    )
    detector_poll_seconds: float = Field(
        5.0, gt=0, description="Seconds between two checks for a newer detector."
    )
