"""Hosts at their phones: the link of a mail without an account, and the page of a teacher with one; from 320 px."""

from __future__ import annotations

import json
import os
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import pytest_asyncio

from tests.parts.host_desk import HostDesk, host_desk
from tests.parts.mailbox import MailServer
from tests.web.guardpost import PASSWORD, GuardPost
from tests.web.test_permits import API, at, send, set_level
from tests.web.test_visits import visit

pytestmark = [pytest.mark.browser, pytest.mark.asyncio(loop_scope="session")]
AXE = Path(__file__).parents[2] / "node_modules" / "axe-core" / "axe.min.js"
PHONE = (320, 568)
SHOTS = os.environ.get("WARDGATE_TEST_SHOTS")
"""A folder for pictures of the pages, for somebody to look at."""


@pytest_asyncio.fixture(loop_scope="session")
async def desk(post: GuardPost) -> AsyncIterator[HostDesk]:
    await set_level(post, 2)
    admin = await post.signed_in("admin1", "admin")
    async with admin.put(f"{API}/people/S-1/contact", json={"phone": "", "mail": "li@school.example"}) as answer:
        assert answer.status == 200
    async with MailServer() as server:
        yield host_desk(post, server)


async def axe(page) -> list[str]:
    """What is wrong for people who hear the page or see it badly."""
    session = await page.context.new_cdp_session(page)
    await session.send("Runtime.evaluate", {"expression": AXE.read_text()})
    found = await session.send(
        "Runtime.evaluate",
        {
            "expression": "axe.run(document, {runOnly: ['wcag2a', 'wcag2aa', 'wcag21aa', 'wcag22aa', 'best-practice']})"
            ".then((r) => JSON.stringify(r.violations.map((v) => [v.id, v.nodes.map((n) => n.html)])))",
            "awaitPromise": True,
            "returnByValue": True,
        },
    )
    return [f"{id}: {nodes}" for id, nodes in json.loads(found["result"]["value"])]


async def good(page, name: str) -> None:
    """Nothing hangs over the edge, every target can be hit, and axe is content."""
    if SHOTS:
        await page.screenshot(path=f"{SHOTS}/{name}.png", full_page=True)
    wide = await page.evaluate("document.documentElement.scrollWidth - innerWidth")
    small = await page.evaluate(
        "[...document.querySelectorAll('button, input, select, textarea')].filter((one) => one.offsetParent"
        " && (one.closest('label') ?? one).getBoundingClientRect().height < 43.5).map((one) => one.outerHTML)"
    )
    assert (wide, small, await axe(page)) == (0, [], [])


async def registered(desk: HostDesk, **how) -> str:
    guard = getattr(desk, "guard", None) or await desk.post.signed_in("gate1", "guard")
    desk.guard = guard  # type: ignore[attr-defined]
    return (await send(guard, "visits", visit(desk.post, **how), 201))["id"]


async def opened(desk: HostDesk, open_screen, language: str = "en", theme: str = "light"):
    """The host's phone, with the link of the newest mail open."""
    secret = await desk.secret()
    screen = await open_screen(PHONE, language, theme, has_touch=True, is_mobile=True)
    await screen.page.goto(f"{desk.post.url}/h#{secret}")
    await screen.page.wait_for_selector(".answers")
    return screen


async def state(desk: HostDesk, id: str):
    async with desk.guard.get(f"{API}/visits/{id}") as answer:  # type: ignore[attr-defined]
        return await answer.json()


async def test_a_host_says_yes_with_one_touch_and_sees_it_again(desk: HostDesk, open_screen) -> None:
    id = await registered(desk)
    screen = await opened(desk, open_screen)
    page = screen.page

    await good(page, "link-question-en")
    assert "Anna Berg" in await page.inner_text("main") and "Enhanced" in await page.inner_text("main")
    await page.tap("text=Yes, I do")
    await page.wait_for_selector("h1.done")

    assert "You said yes" in await page.inner_text("h1.done")
    assert (await state(desk, id))["confirmed"] is True
    await good(page, "link-confirmed-en")
    await page.reload()
    await page.wait_for_selector("h1.done")
    assert (screen.troubles, screen.outside) == ([], [])


async def test_a_host_says_no_with_a_reason_in_chinese_and_changes_the_language_by_a_touch(
    desk: HostDesk, open_screen
) -> None:
    id = await registered(desk)
    screen = await opened(desk, open_screen, "zh", "dark")
    page = screen.page

    await good(page, "link-question-zh")
    await page.tap("button:text-is('不同意')")
    await good(page, "link-no-zh")
    await page.tap("text=回复不同意")
    assert "请选择一个原因" in await page.inner_text("[role=alert]")
    await page.fill("textarea", "下周再来  \n谢谢")
    await page.tap("text=我现在没有时间")
    await page.tap("text=回复不同意")
    await page.wait_for_selector("h1.done")

    said = await state(desk, id)
    assert (said["state"], said["decline_reason"]) == ("declined", "busy")
    await good(page, "link-declined-zh")
    await page.tap("text=English")
    await page.wait_for_selector("text=You said no")
    assert (screen.troubles, screen.outside) == ([], [])


async def test_a_host_changes_the_time_and_what_cannot_be_is_said_beside_it(desk: HostDesk, open_screen) -> None:
    id = await registered(desk)
    screen = await opened(desk, open_screen)
    page = screen.page
    await page.tap("text=Other time")
    assert (await page.input_value("#from"), await page.input_value("#to")) == ("10:00", "12:00")

    await page.fill("#to", "09:00")
    await page.tap("text=Yes, at this time")
    assert "end before it begins" in await page.inner_text("[role=alert]")
    await good(page, "link-time-en")
    await page.fill("#from", "06:00")
    await page.tap("text=Yes, at this time")
    await page.wait_for_selector("text=This time is not possible")
    await page.fill("#from", "15:00")
    await page.fill("#to", "16:30")
    await page.tap("text=Yes, at this time")
    await page.wait_for_selector("h1.done")

    said = await state(desk, id)
    assert (said["confirmed"], said["starts_at"][:16]) == (True, "2026-11-21T07:00")
    assert not [one for one in screen.troubles if "422" not in one] and screen.outside == []


async def test_a_link_that_is_none_and_a_visit_that_is_over_say_so_politely(desk: HostDesk, open_screen) -> None:
    id = await registered(desk)
    screen = await opened(desk, open_screen)
    await send(desk.guard, f"visits/{id}/refuse", {"reason": "other"})  # type: ignore[attr-defined]
    await screen.page.tap("text=Yes, I do")
    await screen.page.wait_for_selector("text=This visit is over or was called off")
    await good(screen.page, "link-over-en")

    await screen.page.goto("about:blank")
    await screen.page.goto(f"{desk.post.url}/h#{'x' * 43}")
    await screen.page.wait_for_selector("text=This link is no longer valid")
    await good(screen.page, "link-gone-en")


async def test_a_page_without_scripts_says_what_happens_instead(desk: HostDesk, browser) -> None:
    context = await browser.new_context(java_script_enabled=False, locale="en-GB")
    page = await context.new_page()
    await page.goto(f"{desk.post.url}/h#{'x' * 43}")

    # Chromium without scripts paints what stands in noscript.
    assert "the gate will telephone" in await page.inner_text("noscript")
    await context.close()


async def test_a_teacher_answers_moves_declines_and_invites(desk: HostDesk, open_screen) -> None:
    post = desk.post
    await post.add_user("li.na", "teacher", person="S-1")
    first = await registered(desk)
    other = {"name": "Ōtani 大谷", "document": {"kind": "passport", "number": "G12345678"}}
    second = await registered(desk, visitor=other, purpose="a talk on rivers and what lives in them " * 4)
    screen = await open_screen(PHONE, "en", has_touch=True, is_mobile=True)
    page = screen.page
    await page.goto(f"{post.url}/")
    await page.fill("[name=user]", "li.na")
    await page.fill("[name=password]", PASSWORD)
    await page.keyboard.press("Enter")
    await page.wait_for_url("**/live")
    await page.tap("text=My visitors")

    await page.wait_for_selector(f"[data-visit='{first}']")
    await good(page, "host-list-en")
    await page.tap(f"[data-visit='{first}'] button:text-is('Yes')")
    await page.wait_for_selector("text=Coming (1)")
    await page.tap(f"[data-visit='{second}'] button:text-is('No')")
    await page.tap("text=I do not know of this visit")
    await page.tap("text=Say no")
    await page.wait_for_selector("text=My visitors")
    assert (await state(desk, first))["confirmed"] is True
    assert (await state(desk, second))["state"] == "declined"

    await page.tap("text=Invite a visitor")
    await good(page, "host-invite-en")
    await page.tap("button:text-is('Invite')")
    assert "Please give the name" in await page.inner_text("[role=alert]")
    await page.fill("#name", "王芳")
    await page.fill("#purpose", "meeting")
    await page.select_option("#document", "resident_id")
    await page.fill("#number", "110105194912310021")
    await page.fill("#day", at(post)[:10])
    await page.fill("#from", "14:00")
    await page.fill("#to", "15:00")
    await page.tap("button:text-is('Invite')")
    await page.wait_for_selector("text=The number does not fit")
    assert await page.input_value("#name") == "王芳"
    await page.fill("#number", "11010519491231002X")
    await page.tap("button:text-is('Invite')")
    await page.wait_for_selector("text=The visitor is invited")
    assert "/p#" in await page.inner_text(".passlink")
    await good(page, "host-invited-en")
    await page.tap("text=To my visitors")
    await page.wait_for_selector("text=Coming (2)")
    await page.tap("text=中文")
    await page.wait_for_selector("text=将要来访 (2)")
    await good(page, "host-list-zh")
    assert not [one for one in screen.troubles if "422" not in one and "403" not in one]
    assert screen.outside == []
