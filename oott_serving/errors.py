"""Turns errors into HTTP responses: the status of each error, and its JSON body."""

import functools
import logging
from collections.abc import Callable
from typing import Any, ParamSpec, TypeVar

import bentoml
from pydantic import BaseModel
from starlette.responses import JSONResponse, Response

from oott_fashion.destinations import UnknownPlace
from oott_fashion.stores.trend_tables import ReusedKey, TrendDatabaseError
from oott_fashion.vision.photos import PhotoTooLarge, UnreadablePhoto
from oott_serving.api.answer_colours import UnknownColours
from oott_serving.detection.published_detector import NoDetectorYet
from oott_serving.detection.sent_photos import NotBase64, TooManyPhotos
from oott_serving.records.request_records import current_record
from oott_serving.trends.app_trends import InvalidIdempotencyKey
from oott_serving.trends.trend_questions import InvalidTrendQuery, NoEstimates

Arguments = ParamSpec("Arguments")
Answer = TypeVar("Answer", bound=BaseModel)

_log = logging.getLogger(__name__)

_JSON = "application/json"

# Within this time, a queue gets shorter or a database restarts. A client can wait this long.
_RETRY_AFTER_SECONDS = 5


class RejectedRequest(Exception):
    """A request that is rejected before it reaches a prediction, with its HTTP status."""

    def __init__(
        self,
        status: int,
        message: str,
        retry_after_seconds: int = _RETRY_AFTER_SECONDS,
        reason: str | None = None,
    ) -> None:
        super().__init__(message)
        self.status = status
        self.retry_after_seconds = retry_after_seconds
        self.reason = reason


_STATUS: dict[type[Exception], int] = {
    NotBase64: 400,
    UnreadablePhoto: 400,
    PhotoTooLarge: 413,
    TooManyPhotos: 413,
    UnknownPlace: 422,
    InvalidIdempotencyKey: 422,
    UnknownColours: 422,
    ReusedKey: 422,
    InvalidTrendQuery: 422,
    NoEstimates: 404,
    NoDetectorYet: 503,
    TrendDatabaseError: 503,
}

# The reasons that the metrics and the log give; an error of status 503 has its own.
_REASONS = {
    400: "unreadable",
    401: "api_key",
    404: "not_found",
    405: "method",
    408: "slow_upload",
    413: "too_large",
    415: "content_type",
    422: "invalid",
}
_REASONS_OF_503 = {NoDetectorYet: "no_detector", TrendDatabaseError: "no_database"}

TRANSLATED_ERRORS = tuple(_STATUS)


def http_status(error: Exception) -> int:
    """Look up the HTTP status of an error that a request raised."""
    return next(status for kind, status in _STATUS.items() if isinstance(error, kind))


def public_message(error: Exception) -> str:
    """Give the error message for the client, without internal details."""
    if isinstance(error, TrendDatabaseError):
        # Only the operator gets the original message, which names the database server and user.
        _log.warning("a request is answered 503: %s", error)
        return "the trend database cannot be used now; try again later"
    return str(error)


def error_response(
    status: int,
    message: str,
    retry_after_seconds: int = _RETRY_AFTER_SECONDS,
    reason: str | None = None,
) -> Response:
    """Build the JSON response of an error, and record its reason; a 503 says when to retry."""
    current_record().rejected_because = reason or _REASONS.get(status, "unavailable")
    headers = {"Retry-After": str(retry_after_seconds)} if status == 503 else None
    return JSONResponse({"error": message}, status, headers)


def response_to(error: Exception) -> Response:
    """Build the JSON response of one of ``TRANSLATED_ERRORS``."""
    reasons = (why for kind, why in _REASONS_OF_503.items() if isinstance(error, kind))
    reason = next(reasons, None)
    return error_response(http_status(error), public_message(error), reason=reason)


def with_json_responses(predict: Callable[Arguments, Answer]) -> Callable[Arguments, Answer]:
    """Turn the answer of an API method and the errors that it raises into JSON responses.

    BentoML itself would hide the message of an error, wrap it in a list, or log it as a crash. It
    would send an answer in three parts, and each part passes all middlewares.
    """

    @functools.wraps(predict)
    def answer(*args: Any, **kwargs: Any) -> Any:
        try:
            return Response(predict(*args, **kwargs).model_dump_json(), media_type=_JSON)
        except TRANSLATED_ERRORS as error:
            response = response_to(error)
            context = kwargs.get("ctx")
            if isinstance(context, bentoml.Context):
                # BentoML uses the context's status if the method takes the context.
                context.response.status_code = response.status_code
            return response

    return answer
