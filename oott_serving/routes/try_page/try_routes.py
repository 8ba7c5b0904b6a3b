"""Serves the page at /try and its files."""

from pathlib import Path
from typing import Any

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Mount, Route
from starlette.staticfiles import StaticFiles

from oott_fashion.colours import PALETTE

# Scripts, styles and answers come only from the page's own server. A blob: is the photo itself.
_HEADERS = {
    "Content-Security-Policy": "default-src 'none'; script-src 'self'; style-src 'self'; "
    "img-src blob: data:; connect-src 'self'; base-uri 'none'; form-action 'none'; "
    "frame-ancestors 'none'",
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
    "Cache-Control": "no-cache",
}


class _CheckedFiles(StaticFiles):
    """Files that a browser asks for again each time, so that they fit the page after an update."""

    def file_response(self, *args: Any, **kwargs: Any) -> Response:
        response = super().file_response(*args, **kwargs)
        response.headers.update(_HEADERS)
        return response


_files = _CheckedFiles(directory=Path(__file__).with_name("files"))


async def try_page(request: Request) -> Response:
    """Serve the page on which a photo can be tried."""
    return await _files.get_response("page.html", request.scope)


async def colours_style(_request: Request) -> Response:
    """Serve the styles that show each colour of the palette."""
    rules = [
        f'[data-colour="{each.name}"] {{ background: {each.samples[0]}; }}' for each in PALETTE
    ]
    return Response("\n".join(rules), media_type="text/css")


TRY_ROUTES = [
    Route("/try", try_page),
    Route("/try/colours.css", colours_style),
    Mount("/try", _files),
]
