"""Serves the page at /pack, its files, and the names that it offers."""

from collections.abc import Callable
from importlib.resources import files
from pathlib import Path

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import BaseRoute, Mount, Route

from oott_fashion.colours import PALETTE
from oott_fashion.destinations import Destinations
from oott_fashion.garments import GARMENTS
from oott_fashion.packing.preferences import preferences
from oott_serving.routes.page_files import PAGE_HEADERS, PageFiles

_files = PageFiles(directory=Path(__file__).with_name("files"))


async def pack_page(request: Request) -> Response:
    """Serve the page on which a trip can be packed for."""
    return await _files.get_response("pack.html", request.scope)


async def figures_script(_request: Request) -> Response:
    """Serve the script that draws outfits, which the trend page has, too."""
    script = files("oott_fashion").joinpath("outfit_figures.js").read_text(encoding="utf-8")
    return Response(script, media_type="text/javascript", headers=PAGE_HEADERS)


def pack_routes(destinations: Callable[[], Destinations]) -> list[BaseRoute]:
    """Make the routes of the page."""

    async def offered_names(_request: Request) -> Response:
        return JSONResponse(_names(destinations()), headers=PAGE_HEADERS)

    return [
        Route("/pack", pack_page),
        Route("/pack/names.json", offered_names),
        Route("/pack/outfit_figures.js", figures_script),
        Mount("/pack", _files),
    ]


def _names(destinations: Destinations) -> dict[str, list[dict[str, str]]]:
    places = [destinations.destination(slug) for slug in destinations.slugs]
    return {
        "categories": [{"slug": each.slug, "name": each.name} for each in destinations.categories],
        "places": [
            {"slug": each.slug, "name": each.name, "category": each.category.slug}
            for each in places
        ],
        "garments": [
            {"name": each.name, "korean": each.korean, "category": each.category}
            for each in GARMENTS
        ],
        "colours": [
            {"name": each.name, "korean": each.korean, "sample": each.samples[0]}
            for each in PALETTE
        ],
        "purposes": [{"name": one.name, "korean": one.korean} for one in preferences("purposes")],
        "styles": [{"name": one.name, "korean": one.korean} for one in preferences("styles")],
    }
