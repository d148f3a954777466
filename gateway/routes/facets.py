"""GET /api/v1/facets."""

from aiohttp import web

from gateway.app_keys import SEARCH
from gateway.query_parameters import read_facets


async def get_facets(request: web.Request) -> web.Response:
    """How many photos there are by folder, month, camera, format and place."""
    return web.json_response(await request.app[SEARCH].facets(read_facets(request.query)))
