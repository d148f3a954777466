"""GET / : the page."""

from aiohttp import web

from gateway.app_keys import WEB_ROOT


async def page(request: web.Request) -> web.StreamResponse:
    """The page's HTML; the browser asks each time whether it changed."""
    return web.FileResponse(request.app[WEB_ROOT] / "index.html", headers={"Cache-Control": "no-cache"})
