"""A real Chromium in front of a real gateway."""

import os
import shutil
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import pytest_asyncio
from playwright.async_api import Browser, BrowserContext, Page, async_playwright, expect

from gateway.web.files import BESIDE_THE_PROJECT, NEEDED
from tests.web.guardpost import PASSWORD, GuardPost

ARGUMENTS = [
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]

# Three browsers on two cores: what takes a moment alone may take some seconds.
expect.set_options(timeout=15_000)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """A file's tests share a Chromium, so one process runs them."""
    for item in items:
        if item.get_closest_marker("browser") is not None:
            item.add_marker(pytest.mark.xdist_group(item.path.name))


def need(part: str, there: bool) -> None:
    """Under CI nothing is skipped for want of a part."""
    if not there:
        if os.environ.get("CI") == "true":
            pytest.fail(f"{part} is missing")
        pytest.skip(f"{part} is missing")


@pytest_asyncio.fixture(loop_scope="session")
async def post(tmp_path: Path) -> AsyncIterator[GuardPost]:
    """A gateway with an operator called `guard1`."""
    need("the browser libraries (npm ci)", (BESIDE_THE_PROJECT / NEEDED).is_file())
    post = await GuardPost(tmp_path / "site").open()
    await post.add_user("guard1", "operator")
    yield post
    await post.close()


@pytest_asyncio.fixture(loop_scope="session", scope="session")
async def browser() -> AsyncIterator[Browser]:
    """Debian's Chromium."""
    path = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
    need("Chromium", path is not None)
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=path, args=ARGUMENTS)
        yield browser
        await browser.close()


class Screen:
    """One browser window, and everything that went wrong in it."""

    def __init__(self, context: BrowserContext, page: Page, post: GuardPost) -> None:
        self.context, self.page, self.post = context, page, post
        self.troubles: list[str] = []
        self.outside: list[str] = []
        page.on("console", lambda message: message.type == "error" and self.troubles.append(message.text))
        page.on("pageerror", lambda error: self.troubles.append(str(error)))
        page.on("request", lambda request: request.url.startswith(post.url) or self.outside.append(request.url))

    async def sign_in(self, user: str = "guard1") -> None:
        """By the form, as people do."""
        await self.page.goto(f"{self.post.url}/")
        await self.page.fill("[name=user]", user)
        await self.page.fill("[name=password]", PASSWORD)
        await self.page.keyboard.press("Enter")
        await self.page.wait_for_url("**/live")

    async def arrive(self, where: str, user: str = "guard1") -> None:
        """Signed in already, at the page that is looked at: what the form does is for the tests of the form."""
        url = self.post.url
        said = {"user": user, "password": PASSWORD}
        answer = await self.context.request.post(f"{url}/api/v1/session", data=said, headers={"Origin": url})
        assert answer.status == 201, await answer.text()
        await self.page.goto(f"{url}{where}")

    async def connected(self) -> None:
        await self.page.wait_for_selector(".connection[data-state=connected]", timeout=15_000)


@pytest_asyncio.fixture(loop_scope="session")
async def open_screen(browser: Browser, post: GuardPost):
    """Makes screens: size, language and theme as asked for."""
    contexts: list[BrowserContext] = []

    async def open_one(
        size: tuple[int, int] = (1366, 768), language: str = "en", theme: str = "light", **more
    ) -> Screen:
        context = await browser.new_context(
            viewport={"width": size[0], "height": size[1]},
            locale="zh-CN" if language == "zh" else "en-GB",
            color_scheme=theme,
            **more,
        )
        contexts.append(context)
        await context.add_cookies([{"name": "wg_language", "value": language, "url": post.url}])
        return Screen(context, await context.new_page(), post)

    yield open_one
    for context in contexts:
        await context.close()
