"""Which HTTP status says what went wrong, and the one shape every error has on the wire."""

import functools
import logging
from collections.abc import Callable
from typing import Any, ParamSpec, TypeVar

import bentoml
from starlette.responses import JSONResponse, Response

from oott_fashion.destinations import UnknownPlace
from oott_fashion.stores.trend_tables import ReusedKey, TrendDatabaseError
from oott_fashion.vision.photos import PhotoTooLarge, UnreadablePhoto
from oott_serving.app_trends import UnusableKey
from oott_serving.published_detector import NoDetectorYet
from oott_serving.sent_photos import NotBase64, TooManyPhotos

Arguments = ParamSpec("Arguments")
Answer = TypeVar("Answer")

_log = logging.getLogger(__name__)

# Long enough for a queue to move and for a database to come back, short enough for a retry.
_RETRY_AFTER_SECONDS = 5


class Refusal(Exception):
    """A request that is refused before it becomes a prediction, with its HTTP status."""

    def __init__(self, status: int, sentence: str) -> None:
        super().__init__(sentence)
        self.status = status


_STATUS: dict[type[Exception], int] = {
    NotBase64: 400,
    UnreadablePhoto: 400,
    PhotoTooLarge: 413,
    TooManyPhotos: 413,
    UnknownPlace: 422,
    UnusableKey: 422,
    ReusedKey: 422,
    NoDetectorYet: 503,
    TrendDatabaseError: 503,
}


def status_of(error: Exception) -> int:
    """Give the HTTP status of one of the errors that a prediction may raise."""
    return next(status for kind, status in _STATUS.items() if isinstance(error, kind))


def sentence_of(error: Exception) -> str:
    """Say what went wrong in words that any client may read."""
    if isinstance(error, TrendDatabaseError):
        # Its own words are for who runs the service: they name the server and its user.
        _log.warning("a batch is answered 503: %s", error)
        return "the trend database cannot be used now; try again later"
    return str(error)


def error_response(status: int, sentence: str) -> Response:
    """Write an error as clients read it; where it helps to ask again, say when."""
    headers = {"Retry-After": str(_RETRY_AFTER_SECONDS)} if status == 503 else None
    return JSONResponse({"error": sentence}, status, headers)


def refusing(predict: Callable[Arguments, Answer]) -> Callable[Arguments, Answer]:
    """Let an API method raise what it cannot answer.

    BentoML itself would hide the sentence, wrap it in a list, or log it as a crash of ours.
    """

    @functools.wraps(predict)
    def answer(*args: Any, **kwargs: Any) -> Any:
        try:
            return predict(*args, **kwargs)
        except tuple(_STATUS) as error:
            response = error_response(status_of(error), sentence_of(error))
            context = kwargs.get("ctx")
            if isinstance(context, bentoml.Context):
                # Of a method that takes the context, BentoML answers with the context's status.
                context.response.status_code = response.status_code
            return response

    return answer
