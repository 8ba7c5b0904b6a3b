"""The recommendations in the OpenAPI document."""

from pydantic import BaseModel

from oott_serving.documentation.openapi_parts import SECURITY, Json, errors_of, json_of
from oott_serving.recommendations.recommend_models import RecommendAnswer, RecommendRequest
from oott_serving.recommendations.released_looks import ReleasedAnswer, ReleasedTrip


def recommendations() -> Json:
    """Describe the recommendations, by path."""
    summary = "Recommend outfits for each day of a trip, and say why."
    released = "Recommend three looks for each day, in the form of the released app."
    return {
        "/recommend": {
            "post": _recommendation(
                "recommend", "/recommend", summary, RecommendRequest, RecommendAnswer
            )
        },
        "/recommend/released": {
            "post": _recommendation(
                "recommend_released", "/recommend/released", released, ReleasedTrip, ReleasedAnswer
            )
        },
    }


def _recommendation(
    name: str, path: str, summary: str, request: type[BaseModel], answer: type[BaseModel]
) -> Json:
    return {
        "operationId": name,
        "summary": summary,
        "tags": ["recommendations"],
        "security": SECURITY,
        "requestBody": {"required": True, "content": json_of(request)},
        "responses": {
            "200": {"description": str(answer.__doc__), "content": json_of(answer)},
            **errors_of(path),
        },
    }
