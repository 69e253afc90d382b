"""The gateway is killed while a guard registers a visitor: nothing typed is lost, and one visit comes of it.

A real gateway in a process of its own, a real browser, a guard who signs on with card and PIN.
"""

import asyncio
import json
import re
import urllib.request
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest
from playwright.async_api import Browser, Page, Route, expect

from gateway.cli.site_store import open_site_store
from gateway.flows.accounts import new_token, new_user, token_made, user_added
from gateway.flows.ports import Unit
from gateway.store.accounts import add_token_change, add_user_change
from gateway.store.people import known_people
from gateway.web.files import BESIDE_THE_PROJECT, NEEDED
from tests.browser.conftest import need
from tests.browser.looking import look
from tests.parts.gateway_process import PEOPLE, GatewayProcess, SiteFolder
from tests.parts.mosquitto import free_port

pytestmark = [pytest.mark.browser, pytest.mark.timeout(240), pytest.mark.asyncio(loop_scope="session")]

PIN = "4071"
NUMBER = "11010519491231002X"


def a_site(folder: Path) -> tuple[SiteFolder, str]:
    """A site at an address that stays the same over a restart, with a guard who has a card; an officer's token."""
    site = SiteFolder(folder, extra={"WARDGATE_HTTP": f"127.0.0.1:{free_port()}"})
    site.import_people(*PEOPLE)
    settings, now = site.settings, datetime.now(UTC)
    with open_site_store(settings) as store:
        guard = store.read(known_people).holders["g1"].ref
        user = replace(new_user("gate", "no password", ("guard",), settings.roles, now, "en"), holder=guard)
        officer = new_user("officer", "no password", ("security_officer",), settings.roles, now, "en")
        for one in (user, officer):
            store.commit(Unit((user_added(one, None),), (add_user_change(one),)))
        secret, token = new_token(officer, "tests", now)
        store.commit(Unit((token_made(officer, token, None),), (add_token_change(token),)))
    return site, secret


def give_pin(gateway: GatewayProcess, token: str) -> None:
    headers = {"Content-Type": "application/json", "Authorization": f"Bearer {token}"}
    body = json.dumps({"pin": PIN}).encode()
    asked = urllib.request.Request(f"{gateway.address}/api/v1/people/g1/pin", body, headers, method="PUT")
    with urllib.request.urlopen(asked, timeout=20) as answer:
        assert answer.status == 200


async def card_and_pin(page: Page) -> None:
    """As a guard does at the pad."""
    await page.locator(".k-pad:visible").first.wait_for(timeout=40_000)
    await page.keyboard.type("GUARD1")
    await page.keyboard.press("Enter")
    for digit in PIN:
        await page.locator(".k-pad:visible").get_by_role("button", name=digit, exact=True).click()
    await page.keyboard.press("Enter")


async def test_the_gateway_killed_and_restarted_in_mid_registration_loses_nothing_and_makes_one_visit(
    browser: Browser, make_gateway, tmp_path: Path
) -> None:
    need("the browser libraries (npm ci)", (BESIDE_THE_PROJECT / NEEDED).is_file())
    site, token = a_site(tmp_path / "site")
    gateway = make_gateway(site)
    await asyncio.to_thread(gateway.start, with_broker=False)
    await asyncio.to_thread(give_pin, gateway, token)
    context = await browser.new_context(viewport={"width": 1024, "height": 600}, locale="en-GB")
    page = await context.new_page()
    try:
        await page.goto(f"{gateway.address}/kiosk?gate=north")
        await card_and_pin(page)
        await page.wait_for_selector(".connection[data-state=connected]", timeout=40_000)
        await page.locator("[data-sheet=visitor]").first.click()
        await page.locator("[data-value=official]").click()
        await page.locator("[name='visitor.document.number']").fill(NUMBER)
        await page.locator("[name='visitor.name']").fill("Anna")

        gateway.kill9()
        await expect(page.locator("#notice")).to_contain_text("out of reach", timeout=40_000)
        await page.locator("[name='visitor.name']").press_sequentially(" Berg")  # the guard types on
        await look(page, "killed-1024-en")
        await page.wait_for_timeout(500)
        await asyncio.to_thread(gateway.start, with_broker=False)
        await page.wait_for_selector(".connection[data-state=connected]", timeout=60_000)
        await shown_again(page)
        await expect(page.locator("[name='visitor.name']")).to_have_value("Anna Berg")
        await expect(page.locator("[name='visitor.document.number']")).to_have_value(NUMBER)

        await page.locator("#sheet h2").focus()
        await page.locator(".reg-foot .main").click()
        await page.locator("[aria-labelledby=c-purpose] button").first.click()
        await page.locator("[data-value=nothing]").click()
        lost = asyncio.Event()

        async def no_answer(route: Route) -> None:
            """The gateway has written the visit, and dies before its answer is out."""
            await route.fetch()
            gateway.kill9()
            await route.abort()
            lost.set()

        await page.route("**/api/v1/visits", no_answer, times=1)
        await page.locator(".reg-foot .main").click()
        await asyncio.wait_for(lost.wait(), 30)
        # Whether the page has noticed by then that the gateway is gone is a matter of milliseconds.
        await expect(page.locator("wg-s-visitor")).to_contain_text(re.compile("No answer yet|sealed"), timeout=20_000)
        sealed = await page.locator(".reg-sealed").is_visible()
        await asyncio.to_thread(gateway.start, with_broker=False)
        await page.wait_for_selector(".connection[data-state=connected]", timeout=60_000)
        await shown_again(page)
        if sealed:
            await expect(page.locator("#notice")).to_contain_text("1 registrations brought in", timeout=30_000)
        else:
            await page.locator(".reg-foot .main").click()
            await expect(page.locator("wg-s-visitor")).to_contain_text("Anna Berg")
        await expect(page.locator("wg-k-day .d-row")).to_have_count(1, timeout=20_000)
        await look(page, "killed-registered-1024-en")
    finally:
        await context.close()
    registered = [row for row in site.rows("permit") if row.body["step"] == "registered"]
    assert len(registered) == 1


async def shown_again(page: Page) -> None:
    """After a restart every kiosk begins locked: card and PIN show the records, and the sheet as it was."""
    covered = page.locator("body[data-locked=true]")
    await expect(covered).to_have_count(1, timeout=20_000)
    await page.keyboard.type("GUARD1")
    await page.keyboard.press("Enter")
    await page.fill("[name=pin]", PIN)
    await page.keyboard.press("Enter")
    await look(page, "killed-unlock")
    await expect(covered).to_have_count(0, timeout=20_000)
