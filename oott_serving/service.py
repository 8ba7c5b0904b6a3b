"""The closet service: ``bentoml serve oott_serving.service:ClosetService``."""

# BentoML's decorators come without types.
# mypy: disable-error-code="untyped-decorator"

import bentoml
from starlette.exceptions import HTTPException

from oott_fashion.vision.reduced_photos import DecodingMemory
from oott_serving.admission.middlewares import middlewares
from oott_serving.admission.request_limits import MAX_UPLOAD_SECONDS, Prediction
from oott_serving.admission.validated_input import validated_input
from oott_serving.admission.waiting_requests import WaitingRequests
from oott_serving.api.answer_colours import colours_in
from oott_serving.api.api_models import BatchAnswer, BatchRequest, CameraAnswer, CameraRequest
from oott_serving.detection.garments_api import GarmentsAnswer, GarmentsRequest
from oott_serving.detection.published_detector import LatestDetector, NoDetectorYet
from oott_serving.detection.sent_photos import garments_of_each, require_batch_size, seen_in
from oott_serving.errors import with_json_responses
from oott_serving.recommendations.recommend_models import (
    RecommendAnswer,
    RecommendRequest,
    SentTrip,
)
from oott_serving.recommendations.recommender import Recommender
from oott_serving.recommendations.released_looks import (
    ReleasedAnswer,
    ReleasedTrip,
    SentReleasedTrip,
)
from oott_serving.records.request_records import current_record
from oott_serving.records.service_metrics import bound_bentoml_metrics, service_metrics
from oott_serving.records.traces import tracing
from oott_serving.routes.api_pages import pages
from oott_serving.routes.trend_answers import TrendAnswers
from oott_serving.server.accepting import share_connections
from oott_serving.server.connections import bound_connections
from oott_serving.server.stopping import Stopping
from oott_serving.server.worker_processes import watch_workers
from oott_serving.start_up import PROCESS_VARIABLES, StartUp, keep_usage_private, log_what_happens
from oott_serving.trends.app_trends import AppTrends, batch_digest, idempotency_key_in

_start_up = StartUp.read()
_settings = _start_up.settings

# One batch at a time: beside two, a camera photo takes three times as long.
_photos = WaitingRequests(_settings.photos_at_a_time, _settings.max_waiting_seconds)
_batches = WaitingRequests(1, 10 * _settings.max_waiting_seconds)

# Only one at a time: it computes for some milliseconds, and the rest of its time is the database's.
_trips = WaitingRequests(1, _settings.max_waiting_seconds, what="requests")

_CAMERA = Prediction("/predict/camera", CameraRequest, _photos)
_GARMENTS = Prediction("/predict/garments", GarmentsRequest, _photos)
_BATCH = Prediction("/predict/batch", BatchRequest, _batches)
_RECOMMEND = Prediction("/recommend", SentTrip, _trips)
_RELEASED = Prediction("/recommend/released", SentReleasedTrip, _trips)

# By default BentoML gives up after one minute, although the batch is still counted.
_MAX_BATCH_SECONDS = 300
_REQUEST_TIMEOUT_SECONDS = MAX_UPLOAD_SECONDS + _batches.max_waiting_seconds + _MAX_BATCH_SECONDS

# The threads of a worker share it, so that large photos are decoded one after the other.
_decoding = DecodingMemory(_settings.max_pixels)

_detectors = LatestDetector(_settings)

keep_usage_private()
bound_connections()
bound_bentoml_metrics()
share_connections()


@bentoml.service(
    name="closet_service",
    http={"port": 5543, "host": "127.0.0.1"},
    workers=_settings.worker_processes,
    threads=_photos.max_concurrent + _batches.max_concurrent + _trips.max_concurrent,
    traffic={"timeout": _REQUEST_TIMEOUT_SECONDS},
    envs=PROCESS_VARIABLES,
    tracing=tracing(),
    logging={"access": {"enabled": False}},  # request_log writes more
)
@bentoml.asgi_app(pages(TrendAnswers(_start_up).respond, _detectors, _start_up.destinations))
class ClosetService:
    """Detects the garment of a camera photo, and counts batches of app photos into trends."""

    @bentoml.on_deployment
    @staticmethod
    def check_settings() -> None:
        """Stop the start on unusable settings; otherwise the workers are restarted forever."""
        log_what_happens(_settings.log_format)
        _start_up.destinations()
        watch_workers(_settings.drain_seconds)

    def __init__(self) -> None:
        log_what_happens(_settings.log_format)
        service_metrics()  # before the first request, because it is slow
        self._stopping = Stopping(_settings.drain_seconds)
        self._stopping.on_sigterm()
        self._destinations = _start_up.destinations()
        _detectors.start()
        self._trends = AppTrends(_settings, self._destinations)
        self._trends.start()
        self._recommender = Recommender(_settings, self._destinations)

    @bentoml.api(route=_CAMERA.path, input_spec=validated_input(_CAMERA.request))
    @with_json_responses
    def camera(self, base64_image: str, ctx: bentoml.Context) -> CameraAnswer:
        """Name the most confident garment of a photo and its colour."""
        colours = colours_in(ctx.request.headers, _settings.camera_colours)
        seen = seen_in(base64_image, _detectors.answering().detector, _decoding)
        return CameraAnswer.of(seen.garments, colours)

    @bentoml.api(route=_GARMENTS.path, input_spec=validated_input(_GARMENTS.request))
    @with_json_responses
    def garments(self, photo: str | bytes) -> GarmentsAnswer:
        """Find all garments of a photo, with their boxes, confidences and colours."""
        opened = _detectors.answering()
        seen = seen_in(photo, opened.detector, _decoding)
        return GarmentsAnswer.of(seen, opened.version, current_record().milliseconds())

    @bentoml.api(route=_BATCH.path, input_spec=validated_input(_BATCH.request))
    @with_json_responses
    def batch(
        self, base64_images: list[str], recommend_type: str, ctx: bentoml.Context
    ) -> BatchAnswer:
        """Count the garments of photos into this month's trends for a destination or category."""
        place = self._destinations.named(recommend_type)
        key = idempotency_key_in(ctx.request.headers)
        require_batch_size(base64_images, _settings.max_batch_photos)
        opened = _detectors.answering()
        self._trends.check_database()  # before the detector does work that could not be stored
        photos = dict(garments_of_each(base64_images, opened.detector, _decoding))
        digest = batch_digest(recommend_type, base64_images)
        self._trends.count(place, photos, opened.version, key, digest)
        return BatchAnswer()

    @bentoml.api(route=_RECOMMEND.path, input_spec=validated_input(_RECOMMEND.request))
    @with_json_responses
    def recommend(self, trip: RecommendRequest) -> RecommendAnswer:
        """Recommend outfits for each day of a trip, with their reasons."""
        return self._recommender.recommend(trip)

    @bentoml.api(route=_RELEASED.path, input_spec=validated_input(_RELEASED.request))
    @with_json_responses
    def recommend_released(self, trip: ReleasedTrip) -> ReleasedAnswer:
        """Recommend three looks for each day, in the form of the released app."""
        return self._recommender.recommend_looks(trip)

    def __is_ready__(self) -> bool:
        """Tell /readyz which detector is in service; if none is, say where the service looked."""
        if self._stopping.has_begun:
            raise HTTPException(503, "the service is stopping; send requests to another one")
        try:
            state = _detectors.readiness()
        except NoDetectorYet as error:
            raise HTTPException(503, str(error)) from error
        raise HTTPException(200, state)  # BentoML has no other way to give its answer a text

    @bentoml.on_shutdown
    def stop(self) -> None:
        """Stop polling for detectors."""
        _detectors.stop()


for middleware, options in middlewares(
    _settings,
    [_CAMERA, _GARMENTS, _BATCH, _RECOMMEND, _RELEASED],
    version_in_service=_detectors.version,
):
    ClosetService.add_asgi_middleware(middleware, **options)  # type: ignore[attr-defined] # mypy sees the bare class
