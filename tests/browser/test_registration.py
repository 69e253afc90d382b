"""Visitors and people without their card at the kiosk, from the first touch to the pass; nothing is lost or doubled."""

from __future__ import annotations

import pytest
import pytest_asyncio
from playwright.async_api import Route, expect

from tests.browser.registering import NUMBER, Kiosk, kiosks
from tests.web.test_permits import API, ask, send, set_level
from tests.web.test_visits import visit

pytestmark = [pytest.mark.browser, pytest.mark.asyncio(loop_scope="session")]

COUNT_TOUCHES = """() => {
  window.touches = 0;
  const isTyping = (where) => where.closest("wg-keyboard") !== null;
  addEventListener("pointerdown", (event) => { if (!isTyping(event.target)) window.touches += 1; }, true);
}"""
"""Every touch counts but those on the keyboard: choosing the field to type into counts too."""


@pytest_asyncio.fixture(loop_scope="session")
async def open_kiosk(open_screen):
    return kiosks(open_screen)


async def test_a_walk_in_is_inside_with_a_pass_within_twelve_touches(open_kiosk) -> None:
    kiosk: Kiosk = await open_kiosk()
    await kiosk.page.evaluate(COUNT_TOUCHES)

    await kiosk.open("visitor")
    await kiosk.keys(NUMBER)  # the number has the focus from the start
    await kiosk.next()
    await kiosk.page.locator("wg-keyboard button.to-pinyin").click()
    await kiosk.keys("zhangwei")
    await kiosk.page.locator(".candidate").first.click()
    await kiosk.next()
    await kiosk.keys("ln")
    await kiosk.page.locator("wg-host-picker [role=option]").first.click()
    await kiosk.chip("purpose").first.click()
    await kiosk.page.locator("[data-value=nothing]").click()
    await kiosk.page.locator(".reg-foot .main").click()
    await kiosk.page.get_by_role("button", name="Document seen: check in").click()
    await expect(kiosk.page.locator(".k-sheet-pass")).to_be_visible()

    (made,) = kiosk.visits()
    holder = kiosk.post.site.directory.holders[made.holder]
    assert (holder.name, made.state.value, made.document_seen) == ("张伟", "checked_in", True)
    assert await kiosk.page.evaluate("window.touches") <= 12


async def test_neither_a_reload_nor_a_second_touch_nor_a_lost_answer_loses_or_doubles_anything(open_kiosk) -> None:
    kiosk: Kiosk = await open_kiosk()

    async def reload() -> None:
        await kiosk.page.wait_for_timeout(400)  # it is kept a moment after the last key
        await kiosk.page.reload()
        await kiosk.page.locator("button[data-sheet=visitor]").first.click()

    async def lose(route: Route) -> None:
        await route.fetch()  # the gateway did it; nobody hears so
        await route.abort()

    await kiosk.open("visitor")
    await kiosk.who()
    await reload()
    await expect(kiosk.field("visitor.name")).to_have_value("Anna Berg")
    await expect(kiosk.field("visitor.document.number")).to_have_value(NUMBER)
    await kiosk.main()
    await kiosk.whom()
    await reload()
    await expect(kiosk.page.locator("wg-host-picker .chosen")).to_contain_text("Li Na")
    await kiosk.page.route("**/api/v1/visits", lose)
    await kiosk.page.locator(".reg-foot .main").dblclick()
    await expect(kiosk.page.locator("#sheet .k-said")).to_contain_text("touch Register again")
    assert len(kiosk.visits()) == 1
    await kiosk.page.unroute("**/api/v1/visits")
    await reload()
    await kiosk.page.locator(".reg-foot .main").dblclick()
    await expect(kiosk.page.locator(".reg-about")).to_contain_text("Anna Berg")
    await reload()
    await expect(kiosk.page.locator(".reg-needs")).to_contain_text("Document")
    assert len(kiosk.visits()) == 1
    kept = await kiosk.page.evaluate("JSON.stringify([{...localStorage}, {...sessionStorage}])")
    assert NUMBER not in kept and "Anna" not in kept


async def test_with_the_gateway_away_a_registration_is_sealed_and_leaves_nothing_readable(open_kiosk) -> None:
    kiosk: Kiosk = await open_kiosk()
    await kiosk.open("visitor")
    await kiosk.who()
    await kiosk.main()
    await kiosk.whom()

    await kiosk.post.listener.stop()
    await kiosk.page.wait_for_selector(".connection[data-state=lost]", timeout=15_000)
    await kiosk.page.locator(".reg-foot .main").click()

    await expect(kiosk.page.locator(".reg-sealed")).to_contain_text("Kept on this machine, sealed.")
    assert kiosk.visits() == []
    await kiosk.page.get_by_role("button", name="Next visitor").click()
    await expect(kiosk.field("visitor.name")).to_have_value("")
    await expect(kiosk.field("visitor.document.number")).to_have_value("")


async def test_who_was_here_before_is_filled_in_and_who_is_expected_is_two_touches(open_kiosk) -> None:
    kiosk: Kiosk = await open_kiosk()
    guard = await kiosk.post.signed_in("guard3", "guard")
    document = {"kind": "resident_id", "number": NUMBER}
    known = {"name": "王小明", "document": document, "organisation": "Berg & Co", "plate": "京A12345"}
    made = await send(guard, "visits", visit(kiosk.post, visitor=known, kind="official"), 201)
    await kiosk.page.evaluate(COUNT_TOUCHES)

    await kiosk.page.locator("wg-k-day .d-row", has_text="王小明").click()
    await kiosk.page.get_by_role("button", name="Document seen: check in").click()
    await expect(kiosk.page.locator("#sheet")).not_to_contain_text("Document seen: check in")
    assert (await ask(guard, f"visits/{made['id']}"))["state"] == "checked_in"
    assert await kiosk.page.evaluate("window.touches") == 2
    await send(guard, f"visits/{made['id']}/check-out")

    await kiosk.open("visitor")
    await kiosk.field("visitor.document.number").fill(NUMBER)
    await expect(kiosk.field("visitor.name")).to_have_value("王小明")
    await expect(kiosk.field("visitor.organisation")).to_have_value("Berg & Co")
    await expect(kiosk.field("visitor.plate")).to_have_value("京A12345")
    await expect(kiosk.page.locator("[data-value=official]")).to_have_attribute("aria-pressed", "true")


async def test_the_hosts_word_appears_live_and_the_level_is_said_in_one_sentence(open_kiosk) -> None:
    kiosk: Kiosk = await open_kiosk()
    teacher = await kiosk.post.signed_in("teacher1", "teacher", person="S-1")
    guard = await kiosk.post.signed_in("guard3", "guard")
    officer = await kiosk.post.signed_in("officer1", "security_officer")
    async with officer.put(f"{API}/people/S-1/contact", json={"phone": "13800138000"}) as kept:
        assert kept.status == 200, await kept.text()
    await set_level(kiosk.post, 2)
    await kiosk.open("visitor")
    await kiosk.who()
    await kiosk.main()
    await kiosk.whom()
    await kiosk.main()
    needs, main = kiosk.page.locator(".reg-needs"), kiosk.page.locator(".reg-foot .main")
    await expect(needs).to_contain_text("Li Na was asked and has not answered yet")
    await expect(main).to_be_disabled()

    await kiosk.page.get_by_role("button", name="Telephone the host").click()
    await expect(kiosk.page.locator(".reg-host .phone")).to_contain_text("13800138000 Li Na")
    await expect(kiosk.field("answered_by")).to_have_value("Li Na")
    await kiosk.page.get_by_role("button", name="The host says yes").click()
    await expect(needs).to_contain_text("confirmed on the telephone by Li Na")
    (made,) = kiosk.visits()
    await send(teacher, f"visits/{made.id}/confirm")
    await expect(needs).to_contain_text("Li Na has confirmed")
    await expect(main).to_be_enabled()
    await set_level(kiosk.post, 1)
    await expect(kiosk.page.locator(".reg-refused")).to_contain_text("The host can come to the gate", timeout=8000)
    await expect(main).to_be_disabled()

    await send(guard, f"visits/{made.id}/refuse", {"reason": "level"})  # another guard is faster
    await expect(kiosk.page.locator(".reg-over")).to_contain_text("Sent away: the level in force")


async def test_who_comes_without_the_card_is_compared_and_let_through_once(open_kiosk) -> None:
    kiosk: Kiosk = await open_kiosk()
    await kiosk.open("no_card")
    await kiosk.keys("wl")  # the initials of the pinyin
    await kiosk.page.locator(".nc-found button").first.click()
    await expect(kiosk.page.locator(".nc-person")).to_contain_text("Wang Lei")
    await expect(kiosk.page.locator(".picture")).to_contain_text("keeps no picture")

    await kiosk.page.get_by_role("button", name="lost").click()
    await kiosk.page.locator(".reg-foot .main").dblclick()

    await expect(kiosk.page.locator(".nc-result")).to_contain_text("✓ May pass")
    await expect(kiosk.page.locator("#sheet")).to_contain_text("Times without the card in 30 days: 1")
    assert len([one for one in kiosk.post.courier.sent if one[0] == "north-in-1"]) == 1
    await kiosk.page.get_by_role("button", name="Next person").click()
    await kiosk.field("q").fill("zhao min")
    await kiosk.page.locator(".nc-found button").first.click()
    await kiosk.page.locator(".reg-foot .main").click()
    await expect(kiosk.page.locator(".nc-result")).to_be_visible()
