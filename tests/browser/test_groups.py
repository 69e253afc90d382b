"""Groups and standing passes in a real browser: a teacher's phone, the gate's sheet, the security office's page."""

import re

import pytest
from playwright.async_api import expect

from tests.browser import looking
from tests.browser.looking import look
from tests.parts.waiting import until
from tests.web.test_slips import teacher_of

pytestmark = [pytest.mark.browser, pytest.mark.timeout(120), pytest.mark.asyncio(loop_scope="session")]

ID = "11010519491231002X"
PHONE = (360, 720)
KIOSK = (1024, 600)


async def faults(page) -> list[str]:
    """What is wrong with the page, and what is too small to touch."""
    small = await page.evaluate(
        """() => [...document.querySelectorAll("main :is(button, .button, select, input:not(.sr, [type=checkbox]))")]
          .filter((one) => one.offsetWidth && one.offsetHeight < 44).map((one) => one.outerHTML.slice(0, 90))"""
    )
    return await looking.faults(page) + small


async def opened(post, open_screen, user: str, path: str, **how):
    screen = await open_screen(how.pop("size", (1024, 600)), **how)
    await screen.arrive(path, user)
    screen.troubles.clear()
    return screen


@pytest.mark.parametrize(("language", "theme"), [("en", "light"), ("zh", "dark")])
async def test_a_teacher_registers_a_group_on_a_phone_and_gets_one_code_for_all(
    post, open_screen, language, theme
) -> None:
    await teacher_of(post, "teacher1", "S-1")
    screen = await opened(post, open_screen, "teacher1", "/groups", language=language, theme=theme, size=PHONE)
    page = screen.page
    await page.locator("wg-groups .head button").click()

    await page.locator("[name='leader.name']").fill("Anna Berg")
    await page.locator("[name='leader.document.number']").fill(ID[:-1] + "1")
    await page.locator("[name=rows]").fill("姓名,证件\nBo Lind\n王芳，身份证，" + ID + "\nCai Wu, 12345")
    await page.locator("form .main").click()
    await expect(page.locator("#f-leader-document-number-error")).not_to_be_empty()
    await expect(page.locator("#e-rows")).to_contain_text(re.compile("line 4|第 ?4 ?行"))
    await look(page, f"groups-wrong-360-{language}")
    assert await faults(page) == []

    await page.locator("[name='leader.document.number']").fill(ID)
    await page.locator("[name=purpose]").fill("Visits the library")
    await page.locator("[name=rows]").fill("Bo Lind\nCai Wu")
    await expect(page.locator("#n-rows")).to_contain_text("3")
    await look(page, f"groups-form-360-{language}")
    await page.locator("form .main").click()
    await expect(page.locator(".code img")).to_be_visible()
    await expect(page.locator(".members li")).to_have_count(3)
    await look(page, f"groups-code-360-{language}")
    assert await faults(page) == []
    visit = next(iter(some[0] for some in post.site.directory.papers.visits.values()))
    assert (len(visit.members), visit.confirmed) == (3, True)
    held = [c for c in post.site.directory.credentials.values() if c.ref in visit.passes]
    assert [one.max_uses for one in held] == [3]
    await page.locator("main .acts button").last.click()
    await look(page, f"groups-360-{language}")
    assert screen.troubles == []


@pytest.mark.parametrize(("language", "theme"), [("en", "light"), ("zh", "dark")])
async def test_a_guard_registers_a_group_at_the_gate_and_counts_it_in(post, open_screen, language, theme) -> None:
    screen = await opened(post, open_screen, "guard1", "/kiosk?gate=north", language=language, theme=theme, size=KIOSK)
    page = screen.page
    await page.wait_for_selector("body[data-ready=true]", timeout=15_000)
    await screen.connected()
    await page.locator(".k-more-of > button").click()
    await page.locator("[data-sheet=group]").click()
    await page.locator("[data-value=official]").click()
    await page.locator("[name='visitor.document.number']").fill(ID)
    await page.locator("[name='visitor.name']").fill("Anna Berg")
    await page.locator("[name='visitor.name']").press("Enter")
    await page.locator("[data-value=nothing]").click()
    await page.locator("[aria-labelledby=c-purpose] button").first.click()
    await page.locator(".reg-foot .main").click()
    await page.locator("[name=rows]").fill("Bo Lind\n,\nCai Wu, 123")
    await page.wait_for_timeout(500)  # a moment after the last key it is kept
    await page.reload()
    await expect(page.locator("[name=rows]")).to_have_value("Bo Lind\n,\nCai Wu, 123")
    await look(page, f"kiosk-group-list-{language}")
    assert await faults(page) == []
    await page.locator("[name=rows]").fill("Bo Lind\nCai Wu")
    await look(page, f"kiosk-group-typing-{language}")
    await page.locator("[name=rows]").blur()
    await page.locator(".reg-foot .main").click()

    await page.locator(".v-acts .main").click()
    await page.locator(".v-steps button").last.click()  # all
    await look(page, f"kiosk-group-visit-{language}")
    papers = post.site.directory.papers
    await until(lambda: [some[0].state.value for some in papers.visits.values()] == ["checked_in"])
    visit = next(iter(papers.visits.values()))[0]
    assert (len(visit.members), visit.kind.value) == (3, "official")
    assert screen.troubles == []


@pytest.mark.parametrize(("language", "theme", "size"), [("en", "light", KIOSK), ("zh", "dark", PHONE)])
async def test_a_standing_pass_is_given_gets_another_end_and_is_taken_back(
    post, open_screen, language, theme, size
) -> None:
    await post.add_user("officer1", "security_officer")
    screen = await opened(post, open_screen, "officer1", "/standing", language=language, theme=theme, size=size)
    page = screen.page
    await page.locator("wg-standing .head .main").click()
    await page.locator("form .main").click()
    await expect(page.locator("#f-person-name-error")).not_to_be_empty()
    await page.locator("[name='person.name']").fill("Bo Lind")
    await page.locator("[name='person.document.number']").fill(ID)
    await page.locator("[name=organisation]").fill("Berg Ltd")
    await page.locator("[name=plates]").fill("京A12345")
    await page.locator(".tick input").first.check()
    await page.locator(".tick", has_text=re.compile("essential|保障")).locator("input").check()
    await look(page, f"standing-form-{language}")
    assert await faults(page) == []
    await page.locator("form .main").click()

    await expect(page.locator(".code img")).to_be_visible()
    await expect(page.locator(".card")).to_contain_text("京A12345")
    await look(page, f"standing-{language}")
    assert await faults(page) == []
    paper = next(iter(some[0] for some in post.site.directory.papers.standing.values()))
    assert paper.holder in post.site.directory.papers.essential
    await page.locator(".card .acts button").nth(1).click()
    await page.locator("#f-ending").fill("2027-01-31")
    await page.locator(".card .main").click()
    await expect(page.locator(".card")).to_contain_text(re.compile("2027|27"))
    back = page.locator(".card .acts button").last
    await back.click()
    await back.click()
    await expect(page.locator(".card")).to_have_count(0)
    assert post.site.directory.papers.standing == {}
    assert screen.troubles == []
