"""The settings of the closet service."""

from pydantic import Field

from oott_fashion.settings import SharedSettings
from oott_serving.answer_colours import CameraColours


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
        "413. A worker keeps at most nine times this size in memory; beyond that, the status is "
        "503.",
    )
    max_batch_photos: int = Field(
        250,
        ge=1,
        description="Maximum number of photos in /predict/batch. If a batch has more, the status "
        "is 413.",
    )
    camera_colours: CameraColours = Field(
        "released",
        description="Colours in the answers of /predict/camera: released (white, beige, blue, gray "
        "and black, which the released app knows), or full (all colours of OOTT_PALETTE). The "
        "header OOTT-Colours chooses them for one request.",
    )
    max_waiting_seconds: float = Field(
        60,
        gt=0,
        le=600,
        description="Maximum time in seconds that a photo waits for its turn. The service measures "
        "its speed. If a photo of /predict/camera would wait longer, the status is 503. A batch of "
        "/predict/batch may wait ten times as long.",
    )
    detector_poll_seconds: float = Field(
        5.0, gt=0, description="Seconds between two checks whether a newer detector was published."
    )
