"""What the service answers besides predictions: that it is there, and what it can do."""

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import HTMLResponse, JSONResponse, Response
from starlette.routing import Route

from oott_serving.openapi import HEALTH_PATHS, openapi_document

# BentoML's own page loads a tag manager from outside; this one may ask its own server alone.
_POLICY = "default-src 'self'; img-src 'self' data:; style-src 'self' 'unsafe-inline'"

# The addresses are relative, so that the page also works behind a proxy's prefix.
_PAGE = """<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8">
<title>OOTT closet service</title>
<link rel="icon" href="static_content/favicon-light-32x32.png">
<link rel="stylesheet" href="static_content/swagger-ui.css">
</head>
<body>
<div id="docs"></div>
<script src="static_content/swagger-ui-bundle.js"></script>
<script src="docs.js"></script>
</body>
</html>
"""
_SCRIPT = 'SwaggerUIBundle({url: "docs.json", dom_id: "#docs", validatorUrl: null});\n'


async def health(_request: Request) -> Response:
    """Tell that the process answers; whether it can predict is what /readyz tells."""
    return JSONResponse(True)


async def docs_page(_request: Request) -> Response:
    """Show what the service answers, to be tried out."""
    return HTMLResponse(_PAGE, headers={"Content-Security-Policy": _POLICY})


async def docs_script(_request: Request) -> Response:
    """Start Swagger UI, from a file because the page allows no script of its own."""
    return Response(_SCRIPT, media_type="text/javascript")


async def docs(_request: Request) -> Response:
    """Describe what the service answers, for programs."""
    return JSONResponse(openapi_document())


pages = Starlette(
    routes=[
        *(Route(path, health) for path in HEALTH_PATHS),
        Route("/", docs_page),
        Route("/docs.js", docs_script),
        Route("/docs.json", docs),
    ]
)
