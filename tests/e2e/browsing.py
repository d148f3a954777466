"""A tab of the browser, and what it must never see: errors of scripts, refused content, requests to other hosts."""

from urllib.parse import urlsplit

from playwright.async_api import Browser, BrowserContext, ConsoleMessage, Page, Request, ViewportSize

CHROMIUM_ARGUMENTS = [
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]
PATIENCE_MS = 15_000
# The browser notes each answer of 4xx and 5xx; the tests of failures bring them about.
_FAILED_REQUEST = "Failed to load resource"


class Complaints:
    """What a page must not have caused."""

    def __init__(self) -> None:
        self.seen: list[str] = []

    def listen(self, page: Page) -> None:
        page.on("console", self._console)
        page.on("pageerror", lambda error: self.seen.append(f"script: {error}"))
        page.on("request", self._request)

    def _console(self, message: ConsoleMessage) -> None:
        if message.type in {"error", "warning"} and not message.text.startswith(_FAILED_REQUEST):
            self.seen.append(f"console: {message.text}")

    def _request(self, request: Request) -> None:
        address = urlsplit(request.url)
        if address.scheme not in {"data", "blob"} and address.hostname not in {"127.0.0.1", "localhost"}:
            self.seen.append(f"request to another host: {request.url}")


async def open_tab(context: BrowserContext, complaints: Complaints) -> Page:
    """A tab that waits patiently: test machines are slow at times."""
    page = await context.new_page()
    page.set_default_timeout(PATIENCE_MS)
    complaints.listen(page)
    return page


async def open_context(browser: Browser, *, width: int = 1280, height: int = 800) -> BrowserContext:
    """A browser profile of its own, in English, without animations: they only cost time."""
    viewport: ViewportSize = {"width": width, "height": height}
    return await browser.new_context(viewport=viewport, locale="en-GB", reduced_motion="reduce")
