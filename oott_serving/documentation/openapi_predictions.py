"""The predictions in the OpenAPI document."""

from typing import get_args

from pydantic import BaseModel

from oott_serving.api.answer_colours import COLOURS_HEADER, CameraColours
from oott_serving.api.api_models import BatchAnswer, BatchRequest, CameraAnswer, CameraRequest
from oott_serving.detection.garments_api import GarmentsAnswer, GarmentsRequest
from oott_serving.documentation.openapi_parts import Json, posted
from oott_serving.records.request_records import VERSION_HEADER

_VERSION = {
    VERSION_HEADER: {
        "description": "The detector that answered; without a detector, the header is missing.",
        "schema": {"type": "string"},
    }
}

_FILE = {"type": "string", "format": "binary"}

_IDEMPOTENCY_KEY = {
    "name": "Idempotency-Key",
    "in": "header",
    "description": "1 to 255 printable characters, new for each batch. A batch that is sent again "
    "with the same key, for instance after a time-out, is counted once.",
    "schema": {"type": "string", "minLength": 1, "maxLength": 255},
}

_COLOURS = {
    "name": COLOURS_HEADER,
    "in": "header",
    "description": "released: the colour is white, beige, blue, gray or black. full: it is one of "
    "all colours. Without the header, the setting OOTT_CAMERA_COLOURS decides, which is released "
    "by default.",
    "schema": {"enum": list(get_args(CameraColours))},
}


def predictions() -> Json:
    """Describe the predictions, by path."""
    camera = _prediction(
        "camera", "Name the most confident garment of a photo.", CameraRequest, CameraAnswer
    )
    camera["parameters"] = [_COLOURS]
    garments = _prediction(
        "garments", "Find all garments of a photo.", CameraRequest, GarmentsAnswer
    )
    garments["requestBody"]["content"] |= _photo_files()
    batch = _prediction(
        "batch", "Count photos into this month's trends.", BatchRequest, BatchAnswer
    )
    batch["parameters"] = [_IDEMPOTENCY_KEY]
    return {
        "/predict/camera": {"post": camera},
        "/predict/garments": {"post": garments},
        "/predict/batch": {"post": batch},
    }


def _photo_files() -> Json:
    field = str(GarmentsRequest.file_field)
    form = {"type": "object", "required": [field], "properties": {field: _FILE}}
    return {"image/*": {"schema": _FILE}, "multipart/form-data": {"schema": form}}


def _prediction(name: str, summary: str, request: type[BaseModel], answer: type[BaseModel]) -> Json:
    prediction = posted(name, f"/predict/{name}", "predictions", summary, request, answer)
    prediction["responses"]["200"]["headers"] = _VERSION
    return prediction
