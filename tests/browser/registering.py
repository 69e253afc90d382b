"""A kiosk at the north gate with a guard in front of it, who registers visitors by touch."""

from __future__ import annotations

import asyncio
import time
from typing import Any

from playwright.async_api import Locator

from gateway.core.papers import Visit
from tests.browser.conftest import Screen

NUMBER = "11010519491231002X"
"""An example of GB 11643 itself."""


KEYS = """() => Object.fromEntries([...document.querySelectorAll("wg-keyboard button.key")].map((key) => {
  const { x, y, width, height } = key.getBoundingClientRect();
  return [key.textContent.trim(), [x + width / 2, y + height / 2]];
}))"""
"""Where each key of the screen's keyboard is."""


class Kiosk:
    """One kiosk at the north gate, with a guard in front of it."""

    def __init__(self, screen: Screen) -> None:
        self.screen, self.page, self.post = screen, screen.page, screen.post

    async def sign_on(self) -> None:
        """With a session that is there already: how one signs on is another test's."""
        client = await self.post.signed_in("guard2", "guard")
        cookie = next(iter(client.cookie_jar))
        await self.screen.context.add_cookies([{"name": cookie.key, "value": cookie.value, "url": self.post.url}])
        await self.page.goto(f"{self.post.url}/kiosk?gate=north")
        await self.page.wait_for_selector(".connection[data-state=connected]", timeout=15_000)

    async def open(self, sheet: str) -> None:
        await self.page.locator(f"button[data-sheet={sheet}]").first.click()
        await self.page.locator("#sheet input").first.wait_for()

    def field(self, path: str) -> Locator:
        return self.page.locator(f'#sheet input[name="{path}"]')

    async def keys(self, typed: str) -> None:
        """On the screen's own keyboard, as a finger does."""
        await self.page.locator("wg-keyboard button.key").first.wait_for()
        places = await self.page.evaluate(KEYS)
        for key in typed:
            await self.page.touchscreen.tap(*places[key])

    async def next(self) -> None:
        """The keyboard's own key goes on."""
        await self.page.locator("wg-keyboard button.next").click()

    async def main(self) -> None:
        """The button of the step; a field that still has the focus is left first."""
        await self.page.locator("#sheet h2").focus()
        await self.page.locator(".reg-foot .main").click()

    async def who(self, number: str = NUMBER, name: str = "Anna Berg") -> None:
        """The first step, typed in one go."""
        await self.field("visitor.document.number").fill(number)
        await self.field("visitor.name").fill(name)

    async def whom(self, host: str = "li na") -> None:
        """The second step, to where it can be registered."""
        await self.field("host").fill(host)
        await self.page.locator("wg-host-picker [role=option]").first.click()
        await self.chip("purpose").first.click()
        await self.page.locator("[data-value=nothing]").click()

    def chip(self, name: str) -> Locator:
        return self.page.locator(f".chips:has(#c-{name}) .chip")

    def error(self, path: str) -> Locator:
        return self.page.locator(f'wg-field:has(input[name="{path}"]) .error')

    async def type_fast(self, text: str, began: float | None = None) -> None:
        """As a reader does, which waits for nobody: a key each millisecond or so. `began`: by the keys' own times."""
        client = await self.page.context.new_cdp_session(self.page)
        special = {"\n": {"key": "Enter", "text": "\r", "windowsVirtualKeyCode": 13}, "\t": {"key": "Tab"}}
        events: list[tuple[str, dict[str, Any]]] = []
        began = time.time() if began is None else began
        for number, one in enumerate(text):
            key = special.get(one, {"key": one, "text": one}) | {"timestamp": began + number * 0.001}
            events += [("Input.dispatchKeyEvent", {"type": type, **key}) for type in ("keyDown", "keyUp")]
        await asyncio.gather(*(client.send(method, values) for method, values in events))
        await client.detach()

    def visits(self) -> list[Visit]:
        return [one for some in self.post.site.directory.papers.visits.values() for one in some]


def kiosks(open_screen):
    """Opens kiosks with a touch screen: language and theme as asked for."""

    async def open_one(language: str = "en", theme: str = "light", **more: Any) -> Kiosk:
        kiosk = Kiosk(await open_screen((1024, 600), language, theme, has_touch=True, **more))
        await kiosk.sign_on()
        return kiosk

    return open_one
