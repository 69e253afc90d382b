"""Administration in a real browser: a card for somebody, windows by two people, users, a backup."""

import re

import pytest
from playwright.async_api import expect

from devices.messages import Action
from tests.browser import looking
from tests.browser.looking import look

pytestmark = [pytest.mark.browser, pytest.mark.timeout(120), pytest.mark.asyncio(loop_scope="session")]


async def faults(page) -> list[str]:
    """What is wrong with the page, and anything that does not fit the width of the tab's area."""
    cut = await page.evaluate(
        "() => { const area = document.getElementById('area'); return area.scrollWidth - area.clientWidth; }"
    )
    return await looking.faults(page) + ([f"{cut} px too wide"] if cut > 0 else [])


async def opened(post, open_screen, user: str, section: str, **look_of):
    screen = await open_screen(**look_of)
    await screen.arrive(f"/control#administration/{section}", user)
    await screen.page.wait_for_selector(".administration h2")
    return screen.page


async def opens(post, card: str) -> bool:
    return (await post.tap(card))[1].action is Action.GRANT


async def test_somebody_gets_a_card_loses_it_and_gets_another(post, open_screen) -> None:
    await post.add_user("admin1", "admin")
    page = await opened(post, open_screen, "admin1", "people")

    await page.click("text=New person")
    await page.fill("[name=id]", "N-7")
    await page.fill("[name=name]", "刘 <b>洋</b>")
    await page.click(".chip[data-value=staff] >> nth=0")
    await page.locator("[role=group][aria-labelledby=c-groups] .chip[data-value=staff]").click()
    await page.fill("[name=card]", "CARD-LI")
    await page.click("form .main")
    await expect(page.locator("#f-card-error")).to_contain_text("Somebody else has this one")
    await expect(page.locator("[name=name]")).to_have_value("刘 <b>洋</b>")
    await look(page, "control-admin-person-en")
    await page.fill("[name=card]", "CARD-LIU")
    await page.click("form .main")
    await expect(page.locator("#h-person")).to_have_text("刘 <b>洋</b>")
    assert await opens(post, "CARD-LIU")

    await page.click("text=Lost")
    assert await opens(post, "CARD-LIU")
    await page.click("text=Touch again: blocked for good")
    await expect(page.locator(".rows .off")).to_contain_text("reported lost")
    assert not await opens(post, "CARD-LIU")

    await page.click(".person .main")
    await page.fill("[name=card]", "CARD-LIU-2")
    await page.click("form .main")
    await expect(page.locator(".rows li")).to_have_count(2)
    assert await opens(post, "CARD-LIU-2")
    assert await faults(page) == []


@pytest.mark.parametrize(("language", "theme", "size"), [("en", "light", (1366, 768)), ("zh", "dark", (360, 740))])
async def test_two_people_write_a_holiday_into_the_campus_file(post, open_screen, language, theme, size) -> None:
    path = post.folder / "configuration" / "campus.yaml"
    await post.add_user("admin1", "admin", language=language)
    await post.add_user("head1", "principal", language=language)
    page = await opened(post, open_screen, "admin1", "configuration", language=language, theme=theme, size=size)

    await page.locator(".administration .acts button").last.click()
    await page.wait_for_selector("#f-campus")
    text = await page.input_value("#f-campus")
    await page.fill("#f-campus", text.replace("zone: campus", "zone: nowhere", 1))
    await page.locator(".acts button", has_text=re.compile("Check it|检查")).click()
    await expect(page.locator(".faults li").first).to_contain_text("campus.yaml:")
    await look(page, f"control-admin-faults-{language}")
    await page.fill("#f-campus", text)
    await page.fill(".day input >> nth=0", "2026-12-31")
    await page.fill(".day input >> nth=1", "2027-01-02")
    await page.locator(".day button").click()
    await expect(page.locator("#e-campus")).to_contain_text(re.compile("Nothing is wrong|没有发现错误"))
    await page.locator(".acts .main").last.click()
    await expect(page.locator(".proposal")).to_contain_text("admin1")
    assert "2026-12-31" not in path.read_text()
    await look(page, f"control-admin-proposed-{language}")
    assert await faults(page) == []

    second = await opened(post, open_screen, "head1", "configuration", language=language, theme=theme, size=size)
    await expect(second.locator(".difference [data-mark='+']", has_text="2026-12-31")).to_be_visible()
    await second.locator(".proposal .main").click()
    await second.locator(".proposal .main").click()
    await expect(second.locator(".proposal")).to_have_count(0)
    assert "{from: 2026-12-31, to: 2027-01-02, kind: holiday}" in path.read_text()
    assert await faults(second) == []


async def test_users_windows_and_backups_are_seen_and_kept(post, open_screen) -> None:
    await post.add_user("admin1", "admin", language="zh")
    page = await opened(post, open_screen, "admin1", "users", language="zh", theme="dark", size=(1366, 768))

    await page.locator(".head .main").click()
    await page.fill("[name=name]", "li.na")
    await page.fill("#f-password", "short")
    await page.locator(".chip[data-value=guard]").click()
    await page.locator("form .main").click()
    await expect(page.locator("#e-password")).not_to_be_empty()
    await page.fill("#f-password", "correct horse battery")
    await page.locator("form .main").click()
    row = page.locator(".rows li", has_text="li.na")
    await expect(row).to_contain_text("门卫")
    await look(page, "control-admin-users-zh")
    assert await faults(page) == []
    await row.get_by_role("button", name=re.compile("^停用")).click()
    await row.get_by_role("button", name=re.compile("停用")).click()
    await expect(row).to_contain_text("不可登录")

    await page.goto(f"{post.url}/control#administration/windows")
    await expect(page.locator(".administration table").first).to_contain_text("05:30–22:30")
    await look(page, "control-admin-windows-zh")
    assert await faults(page) == []

    await page.goto(f"{post.url}/control#administration/backup")
    await expect(page.locator(".state")).to_contain_text("还没有备份")
    await page.locator(".administration .main").click()
    await expect(page.locator("tbody tr")).to_have_count(1)
    await expect(page.locator(".state")).to_have_attribute("data-old", "false")
    await look(page, "control-admin-backup-zh")
    assert await faults(page) == []
