"""`bench kiosk`: from a tap's decision to the painted verdict on the kiosk's screen, in real Chromium.

One gateway as the web's tests have it (real database, flows and pages; no broker), so many visits registered for the
day, so many taps a minute for so long. The decision is the moment at which the gateway has recorded it and told the
screens; the verdict is painted when the frame that shows it has been handed over. Both are read from one clock.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import secrets
import shutil
import tempfile
import time
from datetime import timedelta
from pathlib import Path

from gateway import logs
from tests.benchmarks.figures import Figure, exit_status, print_figures
from tests.benchmarks.rig import CannotMeasure, say
from tests.web.guardpost import GuardPost
from tests.web.kiosk_scene import PIN, a_guard

P99_AT_MOST_MS = 300.0
WATCH = """() => { window.painted = {}; new MutationObserver(() => {
  const id = document.querySelector('.k-last')?.dataset.id;
  if (id && !(id in window.painted)) { window.painted[id] = null;
    requestAnimationFrame(() => setTimeout(() => { window.painted[id] = Date.now(); })); }
}).observe(document.querySelector('wg-k-verdict'), {subtree: true, childList: true, attributes: true}); }"""


def main(words: list[str]) -> int:
    parser = argparse.ArgumentParser(prog="dev.py bench kiosk", description=__doc__)
    parser.add_argument("--visits", type=int, default=2_000, help="visits on the day")
    parser.add_argument("--rate", type=float, default=500, help="taps a minute")
    parser.add_argument("--minutes", type=float, default=5.0)
    parser.add_argument("--json", action="store_true", help="print one JSON object and nothing else")
    options = parser.parse_args(words)
    logs.set_up("warning", as_json=False)
    took, lost = asyncio.run(measure(options))
    at = [took[min(len(took) - 1, int(len(took) * share))] for share in (0.5, 0.99)]
    figures = [
        Figure("decision to painted verdict, p50", (at[0],), P99_AT_MOST_MS, None, False, "ms", judged=False),
        Figure("decision to painted verdict, p99", (at[1],), P99_AT_MOST_MS, None, False, "ms"),
        Figure("overtaken by a newer verdict before painted", (float(lost),), 0, None, False, "taps", judged=False),
    ]
    if options.json:
        print(json.dumps({"figures": [figure.as_json() for figure in figures]}))
    else:
        print_figures(figures)
    return exit_status(figures)


async def measure(options: argparse.Namespace) -> tuple[list[float], int]:
    """How long each verdict took in ms, sorted; and how many were overtaken by a newer one before they were painted."""
    from playwright.async_api import async_playwright  # not there where only the other benchmarks run

    from tests.browser.conftest import ARGUMENTS

    chromium = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
    if chromium is None:
        raise CannotMeasure("Chromium is missing")
    with tempfile.TemporaryDirectory(prefix="wardgate-bench-") as folder:
        post = await GuardPost(Path(folder, "site")).open()
        try:
            await a_guard(post, "li", "S-1")
            await register(post, options.visits)
            async with async_playwright() as playwright:
                browser = await playwright.chromium.launch(executable_path=chromium, args=ARGUMENTS)
                page = await browser.new_page(viewport={"width": 1024, "height": 600})
                await page.goto(f"{post.url}/kiosk?gate=north")
                await page.wait_for_selector(".k-pad")
                await page.keyboard.type("CARD-LI")
                await page.keyboard.press("Enter")
                await page.fill("[name=pin]", PIN)
                await page.keyboard.press("Enter")
                await page.wait_for_selector(".connection[data-state=connected]")
                await page.evaluate(WATCH)
                decided = await tap_on(post, options.rate, options.minutes)
                await page.wait_for_timeout(1_000)
                painted = await page.evaluate("() => window.painted")
                await browser.close()
        finally:
            await post.close()
    took = sorted(painted[id] - at for id, at in decided.items() if painted.get(id) is not None)
    if not took:
        raise CannotMeasure("no verdict was painted")
    return took, len(decided) - len(took)


async def register(post: GuardPost, count: int) -> None:
    """Visits of today, by the API as a guard's machine would."""
    guard = await post.signed_in("registrar", "guard")
    now = post.site.clock.now()
    for number in range(count):
        body = {
            "visitor": {"name": f"Visitor {number}", "document": {"kind": "passport", "number": f"E{number:08d}"}},
            "kind": "official",
            "purpose": "a day with many visits",
            "starts_at": (now + timedelta(minutes=number % 300)).isoformat(),
            "ends_at": (now + timedelta(hours=8)).isoformat(),
            "key": secrets.token_urlsafe(16),
        }
        async with guard.post("/api/v1/visits", json=body) as answer:
            if answer.status != 201:
                raise CannotMeasure(f"visit {number}: {await answer.text()}")
        if number % 500 == 499:
            say(f"{number + 1} visits registered")


async def tap_on(post: GuardPost, rate: float, minutes: float) -> dict[str, float]:
    """Taps at an even pace, three in ten refused; when each was decided, in ms of the machine's clock."""
    decided: dict[str, float] = {}
    began = time.monotonic()
    for number in range(round(rate * minutes)):
        tap, _ = await post.tap("CARD-LI" if number % 10 < 7 else "CARD-OLD")
        decided[f"north-in-1:{tap}"] = time.time() * 1000
        post.courier.sent.clear()
        await asyncio.sleep(max(0.0, began + (number + 1) * 60 / rate - time.monotonic()))
    return decided
