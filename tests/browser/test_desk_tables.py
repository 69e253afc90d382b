"""The kiosk and the desk in a real browser: calls about an alarm, responders, tables, a long register."""

import re

import pytest
from playwright.async_api import expect

from gateway.flows import alarms, vehicles_import
from tests.browser.looking import look
from tests.browser.test_groups import KIOSK, PHONE, faults, opened
from tests.web.test_slips import teacher_of
from tests.web.test_vehicles import HEAD

pytestmark = [pytest.mark.browser, pytest.mark.timeout(120), pytest.mark.asyncio(loop_scope="session")]


async def kiosk(post, open_screen, **how):
    screen = await opened(post, open_screen, "guard1", "/kiosk?gate=north", size=KIOSK, **how)
    await screen.page.wait_for_selector("body[data-ready=true]", timeout=15_000)
    await screen.connected()
    return screen


@pytest.mark.parametrize(("language", "theme"), [("en", "light"), ("zh", "dark")])
async def test_an_alarm_opens_the_call_list_about_it_and_who_answered_is_recorded(
    post, open_screen, language, theme
) -> None:
    screen = await kiosk(post, open_screen, language=language, theme=theme)
    page = screen.page
    await alarms.raise_alarm(post.site, alarms.WRONG_TRIES, "north-in-1")
    await page.locator(".k-alarm").click()
    await expect(page.locator("#c-about")).to_be_visible()
    await look(page, f"kiosk-call-alarm-{language}")
    assert await faults(page) == []
    await page.locator("[name=who_answered]").fill("Chen")
    await page.locator("[name=who_answered]").blur()
    await page.locator(".k-call-yes").click()
    await expect(page.locator(".k-call-result").first).to_contain_text(re.compile("answered|接"))
    called = (await post.records("called"))[-1]
    assert (called["about"], called["result"], called["note"] is not None) == ("alarm", "answered", True)
    await page.locator(".k-close:visible").click()
    await page.locator("[data-sheet=responder]").click()
    await page.locator("[data-value=ambulance]").click()
    await look(page, f"kiosk-responders-{language}")
    assert await faults(page) == []
    await page.locator("wg-s-responder [data-portal=north-in]").click()
    await expect(page.locator("wg-s-responder .k-said")).not_to_be_empty()
    assert (await post.records("decision"))[-1]["service"] == "ambulance"
    assert screen.troubles == []


async def test_bad_lines_of_a_table_of_slips_are_named_on_a_phone(post, open_screen) -> None:
    await teacher_of(post, "teacher1", "S-1")
    screen = await opened(post, open_screen, "teacher1", "/slips", language="zh", size=PHONE)
    page = screen.page
    await page.locator(".many summary").click()
    table = "student,from,to,reason,collector\nP-1,2026-11-21 16:00,2026-11-21 18:00,family,\nnobody,16:00,,fun,\n"
    await page.locator("#f-table").set_input_files(
        {"name": "slips.csv", "mimeType": "text/csv", "buffer": table.encode()}
    )
    await expect(page.locator("wg-table .lines")).to_contain_text("第 3 行")
    await look(page, "slips-table-360-zh")
    assert await faults(page) == []
    assert post.site.directory.papers.slips == {}


async def test_a_long_register_of_vehicles_is_turned_page_by_page_and_searched(post, open_screen) -> None:
    await post.add_user("officer1", "security_officer")
    lines = "".join(f"京A1{number:04d},registered,S-1,,,,,,,\n" for number in range(60))
    await vehicles_import.import_vehicles(post.site, (HEAD + lines).encode(), "officer")
    screen = await opened(post, open_screen, "officer1", "/vehicles")
    page = screen.page
    await expect(page.locator(".vehicle")).to_have_count(50)
    await page.get_by_role("button", name="Next page").click()
    await expect(page.locator(".vehicle")).to_have_count(10)
    await expect(page.locator(".pages")).to_contain_text("51 to 60 of 60")
    await look(page, "vehicles-page-two")
    assert await faults(page) == []
    await page.locator("#f-wanted").fill("a10007")
    await expect(page.locator(".vehicle")).to_have_count(1)
    assert screen.troubles == []
