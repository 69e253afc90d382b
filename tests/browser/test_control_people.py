"""People in the control room: somebody is looked up with a reason, a roll call is kept, the ledger holds."""

import pytest
import sqlalchemy as sa
from playwright.async_api import expect

from gateway.core.chain import Head
from gateway.core.kinds import PresenceState
from gateway.core.nouns import Presence
from gateway.flows import occupancy
from gateway.flows.ports import Entry, Unit
from gateway.store.tables import head
from gateway.store.verification import LedgerWalk
from tests.browser.looking import faults, look

pytestmark = [pytest.mark.browser, pytest.mark.timeout(180), pytest.mark.asyncio(loop_scope="session")]


async def opened(post, open_screen, user: str, section: str, size=(1366, 768), language="en", theme="light"):
    screen = await open_screen(size, language, theme)
    await screen.arrive(f"/control#people/{section}", user)
    screen.troubles.clear()
    return screen


async def put(post, id: str, zone: str, state: PresenceState = PresenceState.INSIDE) -> None:
    """Somebody went through, and that is on record."""
    at, ref = post.site.clock.now(), post.site.directory.with_id(id).ref
    body = {"holder": ref, "zone": zone, "state": state, "portal": "north-in"}
    await post.site.ledger.commit(Unit((Entry("presence", at, body),)))
    occupancy.put(post.site, ref, Presence(zone, state, at))


def let_walk(post) -> None:
    """As `app` does it; a guard post has no head file, so the head row stands in for it."""

    def newest() -> Head:
        with post.database.engine.connect() as connection:
            count, last = connection.execute(sa.select(head.c.count, head.c.hash).where(head.c.id == 1)).one()
        return Head(int(count), last)

    post.site.ledger_book.walk = LedgerWalk(post.database, newest, None, b"k" * 32)


async def test_somebody_is_looked_up_with_a_reason_and_an_auditor_sees_it(post, open_screen) -> None:
    campus = next(zone.id for zone in post.site.campus.zones.values() if zone.kind == "campus")
    await post.add_user("officer1", "security_officer")
    await post.add_user("auditor1", "auditor", language="zh")
    await post.tap("CARD-LI")
    await post.tap("CARD-OLD")
    for id in ("S-1", "S-2", "P-1"):
        await put(post, id, campus)
    await put(post, "P-2", "dorm-1", PresenceState.UNCERTAIN)
    desk = await opened(post, open_screen, "officer1", "find")
    page = desk.page

    # Nobody shows before there is a reason, and what is missing is said at its field.
    await expect(page.locator("#f-who")).to_have_count(0)
    await page.get_by_role("button", name="Go on").click()
    await expect(page.locator("#e-why")).to_contain_text("Choose one")
    await page.get_by_label("Clearing up what happened").check()
    await page.fill("#f-words", "bicycle taken at the north gate")
    await page.keyboard.press("Enter")
    await page.fill("#f-who", "li na")
    await page.keyboard.press("Enter")
    await page.get_by_role("link", name="Li Na").click()
    sheet = page.locator(".side-sheet")
    await expect(sheet.locator("dl")).to_contain_text("inside")
    await expect(sheet.locator(".steps > li")).to_have_count(2)
    await sheet.locator(".steps summary").first.click()
    await expect(sheet.locator(".aloud")).to_contain_text("Li Na (staff) at North gate in")
    assert await faults(page) == []
    await look(page, "people-find-light-en")

    # The same reason serves the next look of this case: who is in a zone.
    await page.evaluate(f"location.hash = '#people/inside/{campus}'")
    await expect(page.locator(".side-sheet .names li")).to_have_count(4)
    assert await faults(page) == []
    await look(page, "people-inside-light-en")
    await page.get_by_role("button", name="End this case").click()
    await expect(page.locator(".side-sheet .names")).to_have_count(0)

    # Decisions are read aloud.
    await page.evaluate("location.hash = '#people/decisions'")
    await page.select_option("#f-outcome", "deny")
    await expect(page.locator("tbody tr")).to_have_count(1)
    await page.locator("tbody tr a").click()
    await expect(page.locator(".aloud .trace li").first).to_be_visible()
    assert await faults(page) == []
    await look(page, "people-decisions-light-en")
    assert desk.troubles == [] and desk.outside == []

    # The auditor, in Chinese and in the dark: who looked, and whether the ledger holds.
    let_walk(post)
    office = await opened(post, open_screen, "auditor1", "reads", language="zh", theme="dark")
    await expect(office.page.locator("tbody tr").first).to_contain_text("officer1")
    await expect(office.page.locator("tbody")).to_contain_text("bicycle taken at the north gate")
    assert await faults(office.page) == []
    await look(office.page, "people-reads-dark-zh")
    await office.page.evaluate("location.hash = '#people/ledger'")
    await office.page.get_by_role("button", name="立即核验").click()
    await expect(office.page.locator(".verdict-line")).to_contain_text("核验完好")
    await expect(office.page.locator("table.rows")).to_contain_text("判定")
    assert await faults(office.page) == []
    await look(office.page, "people-ledger-dark-zh")
    assert office.troubles == [] and office.outside == []


async def test_a_drill_s_roll_call_is_kept_by_two_at_once(post, open_screen) -> None:
    campus = next(zone.id for zone in post.site.campus.zones.values() if zone.kind == "campus")
    await post.add_user("guard2", "guard", language="zh")
    for id, zone in (("S-1", campus), ("S-2", campus), ("P-1", campus), ("P-2", "dorm-1")):
        await put(post, id, zone)
    desk = await opened(post, open_screen, "guard1", "muster")
    assembly = await opened(post, open_screen, "guard2", "muster", language="zh", theme="dark")
    for screen in (desk, assembly):
        await expect(screen.page.locator(".connection[data-state=connected]")).to_be_visible(timeout=60_000)
    drill = {"kind": "evacuate", "zones": [campus], "reason": "fire drill", "drill": True}
    answer = await desk.page.request.post(f"{post.url}/api/v1/emergencies", data=drill, headers={"Origin": post.url})
    assert answer.status == 201

    await expect(desk.page.locator(".tally")).to_contain_text("4 not accounted for")
    await expect(assembly.page.locator(".people li")).to_have_count(4)
    await assembly.page.get_by_text("Li Na").click()

    # The other sees it without a touch of theirs.
    await expect(desk.page.locator(".tally")).to_contain_text("3 not accounted for")
    await expect(assembly.page.locator(".said")).to_contain_text("已点到 1 人")
    for screen, name in ((desk, "people-roll-light-en"), (assembly, "people-roll-dark-zh")):
        assert await faults(screen.page) == []
        await look(screen.page, name)
        assert screen.troubles == [] and screen.outside == []
    rows = await post.records("accounted_for")
    assert [(row["accounted"], row["drill"]) for row in rows] == [(True, True)]
