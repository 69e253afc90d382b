"""What is looked at on every page: whether everybody can use it, and how it looks.

Pictures for a person are kept where `WARDGATE_LOOK` names a folder, and nowhere else.
"""

import json
import os
from pathlib import Path

from playwright.async_api import Page

from gateway.web.files import BESIDE_THE_PROJECT

AXE = BESIDE_THE_PROJECT / "axe-core" / "axe.min.js"


async def look(page: Page, name: str) -> None:
    """Keep a picture of the page as it is, if somebody wants to look."""
    folder = os.environ.get("WARDGATE_LOOK")
    if folder:
        await page.screenshot(path=Path(folder) / f"{name}.png")


async def faults(page: Page, within: str | None = None) -> list[str]:
    """What axe finds (in the whole page, or in `within`), and anything that does not fit the width."""
    if not await page.evaluate("() => Boolean(window.axe)"):
        await page.evaluate(AXE.read_text())
    run = """async (within) => {
      const { violations } = await axe.run(within ?? document);
      return JSON.stringify(violations.map((one) => [one.id, one.nodes[0].html]));
    }"""
    found = json.loads(await page.evaluate(run, within))
    wide = await page.evaluate("() => document.documentElement.scrollWidth - innerWidth")
    return [str(one) for one in found] + ([f"{wide} px too wide"] if wide > 0 else [])
