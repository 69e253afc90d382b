"""A teacher's leave slips on a phone of 320 px: asked, given, refused by the form, revoked; then the gate."""

import re
from datetime import timedelta

import pytest
from playwright.async_api import expect

from gateway.core.papers import SlipReason
from gateway.flows import slips
from tests.browser.looking import faults, look
from tests.web.test_slips import put_in_classes, teacher_of

pytestmark = [pytest.mark.browser, pytest.mark.asyncio(loop_scope="session")]

PHONE = (320, 640)


async def open_page(post, open_screen, user: str, language: str = "en", theme: str = "light", size=PHONE):
    screen = await open_screen(size, language, theme)
    await screen.arrive("/slips", user)
    await screen.page.wait_for_selector(".under-the-thumb")
    return screen


async def test_a_teacher_gives_a_slip_with_a_few_touches_and_the_gate_grants(post, open_screen) -> None:
    await post.add_user("teacher1", "teacher")
    screen = await open_page(post, open_screen, "teacher1")
    page = screen.page

    await page.get_by_role("button", name="New leave slip").click()
    await page.get_by_role("button", name="Give it").click()
    await expect(page.locator("#e-holder")).to_contain_text("Choose a student from the list.")
    await expect(page.locator("#e-reason")).to_contain_text("It does not show at the gate.")
    await page.get_by_label("Student").fill("wl")
    await page.get_by_role("button", name=re.compile("Wang Lei")).click()
    await page.get_by_role("button", name="2 h").click()
    await page.get_by_role("button", name="medical").click()
    await page.get_by_label(re.compile("Who collects")).fill("li")
    await page.get_by_role("button", name=re.compile("Li Na")).click()
    await look(page, "slips-form-320-en")
    assert await faults(page) == []
    await page.get_by_role("button", name="Give it").click()

    await expect(page.locator("[role=status]").first).to_contain_text("Given: Wang Lei")
    await expect(page.locator(".slip")).to_contain_text("collected by Li Na")
    await look(page, "slips-list-320-en")
    assert await faults(page) == []
    _, answer = await post.tap("CARD-WANG", "north-out-1", "out")
    assert answer.action.value == "grant"
    assert screen.troubles == [] and screen.outside == []

    await page.get_by_role("button", name="Revoke: Wang Lei").click()
    await expect(page.locator(".slip button")).to_have_text("Touch again: it is void at once")
    await page.locator(".slip button").click()
    await expect(page.locator(".slip")).to_have_count(0)
    _, answer = await post.tap("CARD-WANG", "north-out-1", "out")
    assert (answer.action.value, answer.reason) == ("deny", "leave_slip_required")


async def test_an_end_before_the_beginning_says_so_and_keeps_what_was_typed(post, open_screen) -> None:
    await post.add_user("teacher1", "teacher")
    screen = await open_page(post, open_screen, "teacher1")
    page = screen.page
    await page.get_by_role("button", name="New leave slip").click()
    await page.get_by_label("Student").fill("Chen")
    await page.get_by_label("Until", exact=True).fill("2026-11-21T08:00")

    await page.get_by_role("button", name="Give it").click()

    await expect(page.locator("#e-ends_at")).to_contain_text("after the beginning")
    assert await page.get_by_label("Student").input_value() == "Chen"
    assert await page.get_by_label("Until", exact=True).input_value() == "2026-11-21T08:00"


async def test_in_chinese_a_class_teacher_answers_what_another_has_asked(post, open_screen) -> None:
    await put_in_classes(post, {"P-2": "class-7-2", "S-1": "class-7-1", "S-2": "class-7-2"})
    await teacher_of(post, "li", "S-1")
    await teacher_of(post, "zhang", "S-2")
    now = post.site.clock.now()
    asker = next(ref for ref, holder in post.site.directory.holders.items() if holder.id == "S-1")
    asked = await slips.give(
        post.site,
        holder="P-2",
        starts_at=now,
        ends_at=now + timedelta(hours=3),
        reason=SlipReason.FAMILY,
        by="user-li",
        teacher=asker,
    )
    assert asked.state == "asked"
    screen = await open_page(post, open_screen, "zhang", "zh", "dark")
    page = screen.page
    await expect(page.locator("h2").first).to_have_text("待批准 (1)")
    await look(page, "slips-asked-320-zh")
    assert await faults(page) == []

    await page.get_by_role("button", name="批准: 陈晨", exact=True).click()

    await expect(page.locator("[role=status]").first).to_contain_text("已批准：陈晨")
    await page.get_by_role("button", name="新建假条").click()
    await look(page, "slips-form-320-zh")
    assert await faults(page) == []
    assert screen.troubles == []
