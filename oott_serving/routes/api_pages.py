"""The health checks, the trends, the page to try a photo, and the API documentation."""

from collections.abc import Awaitable, Callable

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import HTMLResponse, JSONResponse, Response
from starlette.routing import Route

from oott_fashion.destinations import Destinations
from oott_serving.api.service_paths import HEALTH_PATHS
from oott_serving.detection.published_detector import LatestDetector, NoDetectorYet
from oott_serving.documentation.openapi import openapi_document
from oott_serving.errors import response_to
from oott_serving.routes.pack_page.pack_routes import pack_routes
from oott_serving.routes.try_page.try_routes import TRY_ROUTES

# BentoML's own page loads a tag manager from another host. This page loads scripts and styles only
# from its own server.
_POLICY = "default-src 'self'; img-src 'self' data:; style-src 'self' 'unsafe-inline'"

# The URLs are relative, so the page also works behind a proxy that adds a path prefix.
_PAGE = """<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8">
<title>OOTT closet service</title>
<link rel="icon" href="static_content/favicon-light-32x32.png">
<link rel="stylesheet" href="static_content/swagger-ui.css">
</head>
<body>
<p style="margin: 1rem; text-align: right; font: 16px sans-serif">
<a href="try">Try a photo</a> · <a href="pack">What to pack</a>
</p>
<div id="docs"></div>
<script src="static_content/swagger-ui-bundle.js"></script>
<script src="docs.js"></script>
</body>
</html>
"""
_SCRIPT = 'SwaggerUIBundle({url: "docs.json", dom_id: "#docs", validatorUrl: null});\n'


async def health(_request: Request) -> Response:
    """Report that the process is alive; /readyz reports whether it can predict."""
    return JSONResponse(True)


async def docs_page(_request: Request) -> Response:
    """Serve the interactive API documentation."""
    return HTMLResponse(_PAGE, headers={"Content-Security-Policy": _POLICY})


async def docs_script(_request: Request) -> Response:
    """Serve the script that starts Swagger UI; the page's policy forbids inline scripts."""
    return Response(_SCRIPT, media_type="text/javascript")


async def docs(_request: Request) -> Response:
    """Serve the OpenAPI document."""
    return JSONResponse(openapi_document())


def model_page(detectors: LatestDetector) -> Callable[[Request], Awaitable[Response]]:
    """Make the answer to /model."""

    async def model(_request: Request) -> Response:
        try:
            answer = detectors.description().model_dump_json()
        except NoDetectorYet as error:
            return response_to(error)
        return Response(answer, media_type="application/json")

    return model


def pages(
    trends: Callable[[Request], Awaitable[Response]],
    detectors: LatestDetector,
    destinations: Callable[[], Destinations],
) -> Starlette:
    """Build the pages, with ``trends`` as the answer to /trends."""
    return Starlette(
        routes=[
            *(Route(path, health) for path in HEALTH_PATHS),
            Route("/trends", trends),
            Route("/model", model_page(detectors)),
            Route("/", docs_page),
            Route("/docs.js", docs_script),
            Route("/docs.json", docs),
            *TRY_ROUTES,
            *pack_routes(destinations),
        ]
    )
