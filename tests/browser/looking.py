"""Pictures of pages for a person to look at: kept where `WARDGATE_LOOK` names a folder, and nowhere else."""

import os
from pathlib import Path

from playwright.async_api import Page


async def look(page: Page, name: str) -> None:
    """Keep a picture of the page as it is, if somebody wants to look."""
    folder = os.environ.get("WARDGATE_LOOK")
    if folder:
        await page.screenshot(path=Path(folder) / f"{name}.png")
