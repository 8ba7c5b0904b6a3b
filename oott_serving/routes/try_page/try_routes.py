"""Serves the page at /try and its files."""

from pathlib import Path

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Mount, Route

from oott_fashion.colours import PALETTE
from oott_serving.routes.page_files import PageFiles

_files = PageFiles(directory=Path(__file__).with_name("files"))


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
