"""Tests the OpenAPI document of the service."""

from collections.abc import Iterator
from typing import Any

from oott_fashion.colours import PALETTE_NAMES
from oott_fashion.garments import GARMENT_NAMES
from oott_serving.api.service_paths import ALL_PATHS
from oott_serving.documentation.openapi import openapi_document

DOCUMENT = openapi_document()
SCHEMAS = DOCUMENT["components"]["schemas"]


def references_in(part: Any) -> Iterator[str]:
    if isinstance(part, dict):
        yield from [part["$ref"]] if "$ref" in part else []
        part = list(part.values())
    if isinstance(part, list):
        for child in part:
            yield from references_in(child)


def test_every_reference_points_to_a_schema() -> None:
    references = set(references_in(DOCUMENT))

    assert references == {f"#/components/schemas/{name}" for name in SCHEMAS}


def test_every_prediction_describes_its_answer_and_every_error() -> None:
    for path in ("/predict/camera", "/predict/garments", "/predict/batch"):
        responses = DOCUMENT["paths"][path]["post"]["responses"]
        assert list(responses) == ["200", "400", "401", "408", "413", "415", "422", "503"]
        assert "OOTT-Detector-Version" in responses["200"]["headers"]
        assert "Retry-After" in responses["503"]["headers"]


def test_the_answer_schema_lists_all_garments_and_colours() -> None:
    answer = SCHEMAS["CameraAnswer"]["properties"]

    assert answer["label"]["enum"] == [*GARMENT_NAMES, "None"]
    assert answer["color"]["enum"] == [*PALETTE_NAMES, "None"]


def test_every_operation_has_a_unique_id() -> None:
    names = [
        operation["operationId"]
        for path in DOCUMENT["paths"].values()
        for operation in path.values()
    ]

    assert len(set(names)) == len(names) == 14


def test_all_but_pages_and_probes_accept_an_api_key() -> None:
    assert list(DOCUMENT["components"]["securitySchemes"]) == ["bearer", "header"]
    secured = {
        path
        for path, operations in DOCUMENT["paths"].items()
        if any("security" in operation for operation in operations.values())
    }
    predictions = {"/predict/camera", "/predict/garments", "/predict/batch"}
    assert secured == predictions | {"/model", "/recommend", "/recommend/released", "/trends"}


def test_a_camera_request_can_choose_its_colours() -> None:
    [parameter] = DOCUMENT["paths"]["/predict/camera"]["post"]["parameters"]

    assert (parameter["name"], parameter["in"]) == ("OOTT-Colours", "header")
    assert parameter["schema"] == {"enum": ["released", "full"]}


def test_all_documented_paths_are_known_to_the_metrics_and_the_keys() -> None:
    assert set(DOCUMENT["paths"]) <= ALL_PATHS


def test_a_photo_for_all_its_garments_is_json_an_image_or_a_form() -> None:
    content = DOCUMENT["paths"]["/predict/garments"]["post"]["requestBody"]["content"]

    assert list(content) == ["application/json", "image/*", "multipart/form-data"]
    assert list(content["multipart/form-data"]["schema"]["properties"]) == ["photo"]


def test_a_batch_accepts_an_idempotency_key() -> None:
    [parameter] = DOCUMENT["paths"]["/predict/batch"]["post"]["parameters"]

    assert (parameter["name"], parameter["in"]) == ("Idempotency-Key", "header")


def test_the_parameters_of_trends_are_described() -> None:
    operation = DOCUMENT["paths"]["/trends"]["get"]

    names = [parameter["name"] for parameter in operation["parameters"]]
    assert names == ["destination", "month", "category", "subject", "limit"]
    assert all(parameter["description"] for parameter in operation["parameters"])
    assert list(operation["responses"]) == ["200", "304", "401", "404", "422", "503"]
