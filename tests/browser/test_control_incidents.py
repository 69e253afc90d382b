"""An incident as people work it: an operator at the desk in English, a principal on a phone in Chinese, the officer."""

import re
from datetime import timedelta

import pytest
from playwright.async_api import expect

from gateway.core.papers.incidents import IncidentKind, Noticed
from gateway.flows import alarm_acts, alarms, incident_opening, incidents
from gateway.flows.incident_opening import Beginning
from gateway.flows.incident_watch import IncidentWatch
from tests.browser.looking import faults, look

pytestmark = [pytest.mark.browser, pytest.mark.asyncio(loop_scope="session")]

PHONE = (360, 740)


async def open_tab(post, open_screen, user: str, path: str, size=(1366, 768), language="en", theme="light"):
    screen = await open_screen(size, language, theme)
    await screen.arrive(f"/control#incidents{path}", user)
    await screen.page.wait_for_selector("wg-c-incidents .incidents")
    return screen


async def test_an_incident_from_an_alarm_to_four_answers(post, open_screen) -> None:
    await post.add_user("officer1", "security_officer")
    await post.add_user("principal1", "principal", language="zh")
    await post.tap("CARD-LI")
    alarm = await alarms.raise_alarm(post.site, alarms.FORCED_DOOR, "north-in-1")
    desk = await open_tab(post, open_screen, "guard1", f"/new/{alarm.id}")
    page = desk.page
    said = page.locator("wg-c-incidents [role=status]")

    # From the alarm: everything but a word on it comes by itself.
    await page.get_by_label("What is known? The matter, no names.").fill("the lock is bent")
    await page.get_by_role("button", name="Open it as an incident").click()
    await expect(page.locator(".i-head h2")).to_contain_text("Forced door")
    await expect(page.locator(".i-course > .hour")).to_contain_text("min left")
    await expect(page.locator(".i-timeline")).to_contain_text("Alarm · ")
    await expect(page.locator(".i-timeline")).to_contain_text("Li Na")

    # By word, then the report, which knows time, place, source and nature.
    await page.get_by_label("Which office was told?").fill("District office")
    await page.get_by_role("button", name="Record it").click()
    await expect(said).to_have_text("Recorded: told by word.")
    await expect(page.get_by_label("Nature")).to_have_value("Forced door")
    await page.get_by_label("Scope").fill("one door, nobody hurt")
    await page.reload()  # what was typed is still there
    await expect(page.get_by_label("Scope")).to_have_value("one door, nobody hurt")
    await page.get_by_label("Trend").fill("over")
    await page.get_by_role("button", name="Save the report").click()
    await expect(page.get_by_role("button", name="Save the report")).to_be_visible()  # Measures are empty
    await page.get_by_label("Measures").fill("a guard stands there")
    await look(page, "incident-draft-1366-en")
    assert await faults(page, "#area") == []
    await page.get_by_role("button", name="Save the report").click()
    await page.get_by_role("button", name="Ask for review").click()
    await expect(said).to_have_text("A principal is asked to review it.")

    # A principal on a phone, in Chinese: returned once, then agreed to.
    id = await page.evaluate("location.hash.split('/')[1]")
    phone = await open_tab(post, open_screen, "principal1", f"/{id}", PHONE, "zh", "dark")
    await expect(phone.page.locator(".i-course .next")).to_contain_text("one door, nobody hurt")
    await look(phone.page, "incident-review-360-zh")
    assert await faults(phone.page, "#area") == []
    await phone.page.get_by_label("或者写明需要修改之处").fill("哪一扇门？")
    await phone.page.get_by_role("button", name="退回").click()
    await expect(phone.page.locator("wg-c-incidents [role=status]")).to_have_text("已退回修改。")
    await expect(page.locator(".i-course .next")).to_contain_text("哪一扇门？")  # by the stream
    await page.get_by_label("Place").fill("north gate, door 1")
    await page.get_by_role("button", name="Save the report").click()
    await page.get_by_role("button", name="Ask for review").click()
    await phone.page.get_by_role("button", name="同意报送").click()
    await expect(phone.page.locator("wg-c-incidents [role=status]")).to_have_text("已通过审核，可以报送。")

    # The officer sends it and prints it; the operator closes it with four answers.
    office = await open_tab(post, open_screen, "officer1", f"/{id}")
    await office.page.get_by_label("To which office?").fill("District office")
    await office.page.get_by_label("By which way?").select_option("fax")
    await office.page.get_by_role("button", name="Send it").click()
    await expect(office.page.locator(".i-course .steps [data-step=send]")).to_contain_text("District office")
    printed = await office.context.new_page()
    await printed.goto(f"{post.url}/api/v1/incidents/{id}/report?format=html&lang=zh")
    await expect(printed.locator("body")).to_contain_text("principal1")
    await look(printed, "incident-report-zh")
    await expect(page.locator(".i-course .next")).to_contain_text("alarms are closed or detached")
    await alarm_acts.close(post.site, alarm.id, "handled", "somebody")  # the page hears of it
    for label in ("1 What caused it?", "3 What was done, so that it is mended?", "4 What is learnt from it?"):
        await page.get_by_label(label).fill("a worn lock")
    await page.get_by_role("button", name="Close the incident").click()
    await expect(page.locator(".i-course .error")).to_contain_text("Choose at least one.")
    await page.get_by_role("button", name="Security officer").click()
    await look(page, "incident-closing-1366-en")
    assert await faults(page, "#area") == []
    await page.get_by_role("button", name="Close the incident").click()
    await expect(said).to_have_text("Closed.")
    await expect(page.locator(".i-list")).to_contain_text("No incident is open.")
    await page.get_by_role("button", name="Show closed incidents").click()
    await expect(page.locator(".i-list li")).to_contain_text("Forced door")

    closed = (await incidents.closed(post.site))[0]
    assert closed.id == id and closed.closing is not None and closed.closing.responsible == ("role:security_officer",)
    assert [desk.troubles, phone.troubles, office.troubles, desk.outside + phone.outside] == [[], [], [], []]


async def test_the_hour_presses_by_number_sign_and_word_and_calls_the_duty_leader(post, open_screen) -> None:
    now = post.site.clock.now()
    for minutes, place, kind in ((55, "north-in", IncidentKind.TRAFFIC), (10, "dorm-1", IncidentKind.EQUIPMENT)):
        said = Beginning(
            kind, place, happened_at=now - timedelta(minutes=minutes), noticed_how=Noticed.PATROL, drill=minutes == 10
        )
        await incident_opening.open_by_hand(post.site, said, "somebody")
    screen = await open_tab(post, open_screen, "guard1", "", language="zh", theme="dark")
    page = screen.page
    lines = page.locator(".i-list li")

    await expect(lines.nth(0)).to_contain_text(re.compile(r"■\s*剩余 [45] 分钟，最后十分钟"))
    await expect(lines.nth(1)).to_contain_text(re.compile(r"●\s*剩余 (49|50) 分钟"))
    await expect(lines.nth(1)).to_contain_text("演练")
    await IncidentWatch(post.site).look()
    await expect(page.locator("wg-c-incidents [role=status]")).to_contain_text("请致电值班领导：车辆交通")
    # In every tab, with the minutes and a way there; whoever cannot see it hears of the next call.
    await page.goto(f"{post.url}/control#devices")
    line = page.locator(".notice.report")
    await expect(line).to_have_count(1)
    await expect(line).to_contain_text(re.compile(r"■\s*报告：剩余 [45] 分钟，最后十分钟"))
    await expect(line).to_contain_text("车辆交通 · 北门入口")
    late = Beginning(
        IncidentKind.PROPERTY, "dorm-1", happened_at=now - timedelta(minutes=41), noticed_how=Noticed.PATROL
    )
    await incident_opening.open_by_hand(post.site, late, "somebody")
    await IncidentWatch(post.site).look()
    await expect(page.locator("#said")).to_contain_text("请致电值班领导：财物")
    await expect(line).to_have_count(2)
    assert await faults(page, "wg-c-notices") == []
    await line.first.click()
    await expect(page.locator(".i-head h2")).to_contain_text("车辆交通")
    await page.evaluate("location.hash = '#incidents'")
    await lines.nth(0).get_by_role("link").click()
    await expect(page.locator(".call-leader")).to_contain_text("请致电值班领导")
    await look(page, "incident-pressing-1366-zh-dark")
    assert await faults(page, "#area") == []
    assert screen.troubles == [] and screen.outside == []
