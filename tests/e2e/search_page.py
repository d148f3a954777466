"""The page as a person sees it: where its parts are, in one place for all tests."""

from playwright.async_api import Locator, Page, expect


class SearchPage:
    """The parts of the page in a tab."""

    def __init__(self, page: Page) -> None:
        self.tab = page
        self.query = page.get_by_role("textbox", name="Describe a photo")
        self.title = page.get_by_role("heading", level=1)
        self.grid = page.locator("#grid")
        self.cards = page.locator("#grid a[data-id]")
        self.names = page.locator("#grid .card-name")
        self.scores = page.locator("#grid .score")
        self.skeletons = page.locator("#grid .card-skeleton")
        self.state = page.locator("#state")
        self.notices = page.locator("#notices [data-notice]")
        self.announcement = page.locator("#announcement")
        self.summary = page.locator("#query-head .query-lines")
        self.picture_file = page.locator("#picture-file")
        self.query_picture = page.locator("#query-head .query-picture")
        self.filters = page.locator("#toggle-filters")
        self.in_force = page.locator("#in-force li")
        self.years = page.locator("#years button")
        self.months = page.locator("#months button")
        self.places = page.locator("#places button")
        self.stacks = page.locator("#grid .card-stack")
        self.behind = page.locator("#grid [data-behind]")
        self.failed_files = page.get_by_role("button", name="could not be indexed")
        self.failed_list = page.locator("#failed-files")
        self.grid_end = page.locator("#grid-end")
        self.viewer = page.get_by_role("dialog")
        self.viewer_name = page.locator("#viewer-name")

    def shown(self, state: str) -> Locator:
        """The state of this name, instead of photos."""
        return self.tab.locator(f"#state[data-state={state}]")

    def notice(self, key: str) -> Locator:
        return self.tab.locator(f"#notices [data-notice='{key}']")

    def fact(self, name: str) -> Locator:
        """A fact in the large view."""
        return self.tab.locator(f"#viewer-facts [data-fact={name}] dd")

    def remove_filter(self, name: str) -> Locator:
        """What removes the filter in force that is shown under this name."""
        return self.tab.get_by_role("button", name=f"Remove the filter {name}")

    async def search(self, text: str) -> None:
        await self.query.fill(text)
        await self.query.press("Enter")

    async def ids(self) -> list[str]:
        """The ids of the photos in the grid, in order, once those that were asked for are there."""
        await expect(self.grid).not_to_have_attribute("aria-busy", "true")
        ids: list[str] = await self.cards.evaluate_all("cards => cards.map(card => card.dataset.id)")
        return ids

    async def scroll_to_end(self) -> None:
        await self.tab.evaluate("scrollTo(0, document.documentElement.scrollHeight)")
