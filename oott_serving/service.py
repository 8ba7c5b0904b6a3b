"""The closet service: ``bentoml serve oott_serving.service:ClosetService``."""

# BentoML's decorators come without types.
# mypy: disable-error-code="untyped-decorator"

import bentoml
from starlette.exceptions import HTTPException

from oott_serving.api_models import BatchAnswer, BatchRequest, CameraAnswer, CameraRequest
from oott_serving.api_pages import pages
from oott_serving.app_trends import AppTrends, digest_of, idempotency_key_in
from oott_serving.errors import refusing
from oott_serving.http_edges import HttpEdges, Prediction
from oott_serving.published_detector import NewestDetector, NoDetectorYet
from oott_serving.sent_photos import garments_in, garments_of_each, refuse_too_many
from oott_serving.start_up import (
    destinations_of_the_service,
    keep_usage_private,
    log_what_happens,
    settings_of_the_service,
)

# Batches take few of the threads: a camera photo waits for a photo of theirs, never for a batch.
_CAMERA = Prediction("/predict/camera", CameraRequest, at_once=8)
_BATCH = Prediction("/predict/batch", BatchRequest, at_once=2)

# A queue of full batches takes minutes. BentoML gives up after one, while the work goes on.
_LONGEST_ANSWER_SECONDS = 900

_settings = settings_of_the_service()
keep_usage_private()


@bentoml.service(
    name="closet_service",
    http={"port": 5543},
    workers=_settings.workers,
    threads=_CAMERA.at_once + _BATCH.at_once,
    traffic={"timeout": _LONGEST_ANSWER_SECONDS},
    # BentoML's access log breaks off the answer over a content type that is no UTF-8.
    logging={"access": {"request_content_type": False}},
)
@bentoml.asgi_app(pages)
class ClosetService:
    """Names the garments of closet photos, and counts those of app photos into trends."""

    @bentoml.on_deployment
    @staticmethod
    def check_destinations() -> None:
        """Find unreadable destinations before there are workers to start again and again."""
        destinations_of_the_service(_settings)

    def __init__(self) -> None:
        log_what_happens()
        self._destinations = destinations_of_the_service(_settings)
        self._detectors = NewestDetector(_settings)
        self._detectors.start()
        self._trends = AppTrends(_settings, self._destinations)
        self._trends.start()

    @bentoml.api(route=_CAMERA.path, input_spec=_CAMERA.request)
    @refusing
    def camera(self, base64_image: str) -> CameraAnswer:
        """Name the surest garment of a photo and its colour."""
        detector = self._detectors.in_service().detector
        return CameraAnswer.of(garments_in(base64_image, detector, _settings.max_pixels))

    @bentoml.api(route=_BATCH.path, input_spec=_BATCH.request)
    @refusing
    def batch(
        self, base64_images: list[str], recommend_type: str, ctx: bentoml.Context
    ) -> BatchAnswer:
        """Count the garments of photos into this month's trends of a destination or category."""
        place = self._destinations.named(recommend_type)
        key = idempotency_key_in(ctx.request.headers)
        refuse_too_many(base64_images, _settings.max_batch_photos)
        version, detector = self._detectors.in_service()
        self._trends.check()  # before much work that could not be kept
        photos = list(garments_of_each(base64_images, detector, _settings.max_pixels))
        digest = digest_of(recommend_type, base64_images)
        self._trends.count(place, photos, version, key, digest)
        return BatchAnswer()

    def __is_ready__(self) -> bool:
        """Answer /readyz: whether there is a detector, and if not, where it was looked for."""
        try:
            self._detectors.in_service()
        except NoDetectorYet as error:
            raise HTTPException(503, str(error)) from error
        return True

    @bentoml.on_shutdown
    def stop(self) -> None:
        """Let go of the model store and the database."""
        self._detectors.stop()
        self._trends.close()


ClosetService.add_asgi_middleware(  # type: ignore[attr-defined] # mypy sees the bare class
    HttpEdges,
    predictions=[_CAMERA, _BATCH],
    max_body_bytes=_settings.max_body_bytes,
    max_waiting=_settings.max_waiting_requests,
)
