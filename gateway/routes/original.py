"""The addresses of the original tool (flask-elastic-image-search), so that bookmarks and links to photos go on working.

All redirects are temporary: browsers keep permanent ones, and whoever goes back to the tool at the same address would
no longer reach its pages.
"""

from urllib.parse import quote, unquote_to_bytes, urlencode

from aiohttp import web

from gateway.app_keys import SEARCH
from gateway.problems import http_problem
from pictures.paths import encode_path


async def start(_: web.Request) -> web.Response:
    """GET /index and /similar_image: the page, which takes texts and pictures."""
    return _redirect(302, "/")


async def image_search(request: web.Request) -> web.Response:
    """GET /image_search: the page, with the text of the tool's form where there is one."""
    return _redirect(302, _search_for(request.query.get("searchbox", "")))


async def post_image_search(request: web.Request) -> web.Response:
    """POST /image_search: likewise. Its button "find similar" names a photo in a way that several may share."""
    form = await request.post()
    text = "" if "find_similar_image" in form else form.get("searchbox", "")
    return _redirect(303, _search_for(text if isinstance(text, str) else ""))


async def post_similar_image(_: web.Request) -> web.Response:
    """POST /similar_image: refused, as a redirect would lose the picture without a word."""
    sentence = "Pictures are searched by at / now, and by programs with POST /api/v1/search (the file as `image`)."
    return http_problem(405, sentence, {"Allow": "GET, HEAD"})


async def image(request: web.Request) -> web.Response:
    """GET /image/PATH and /static/images/PATH: the original of the photo that lies there in a source.

    If several sources have such a photo, it is that of the first one by name.
    """
    raw_path = request.rel_url.raw_path.removeprefix("/static/images/").removeprefix("/image/")
    path = encode_path(unquote_to_bytes(raw_path))
    image_id = await request.app[SEARCH].image_at(path)
    if image_id is None:
        return http_problem(404, f"The index knows no photo at {path}.")
    return _redirect(302, f"/api/v1/images/{quote(image_id, safe='')}/original")


def _redirect(status: int, address: str) -> web.Response:
    return web.Response(status=status, headers={"Location": address})


def _search_for(text: str) -> str:
    return f"/?{urlencode({'q': text.strip()})}" if text.strip() else "/"
