"""The recommendations in the OpenAPI document."""

from oott_serving.documentation.openapi_parts import Json, posted
from oott_serving.recommendations.recommend_models import RecommendAnswer, RecommendRequest
from oott_serving.recommendations.released_looks import ReleasedAnswer, ReleasedTrip

_TAG = "recommendations"


def recommendations() -> Json:
    """Describe the recommendations, by path."""
    summary = "Recommend outfits for each day of a trip, and say why."
    recommend = posted("recommend", "/recommend", _TAG, summary, RecommendRequest, RecommendAnswer)
    path = "/recommend/released"
    summary = "Recommend three looks for each day, in the form of the released app."
    released = posted("recommend_released", path, _TAG, summary, ReleasedTrip, ReleasedAnswer)
    return {"/recommend": {"post": recommend}, path: {"post": released}}
