"""The tab "level": an order from its request to its end by two people, what it will change, who follows; and drills."""

import itertools
import os
from datetime import timedelta

import pytest
from playwright.async_api import expect
from yarl import URL

from devices.messages import Clock, Heartbeat, Status
from gateway.core.papers import EmergencyKind
from gateway.flows import emergencies
from gateway.flows.device_status import device_status, heartbeat
from tests.browser.looking import faults, look
from tests.web.guardpost import PASSWORD
from tests.web.test_orders import send, wish

pytestmark = [pytest.mark.browser, pytest.mark.timeout(120), pytest.mark.asyncio(loop_scope="session")]

PHONE = (360, 740)
LARGE = (3840, 2160)
LOOKING = os.environ.get("WARDGATE_LOOK")
"""A very large screen takes a processor some seconds to paint: only for somebody to look at."""
LATE = "north-in-1"


async def at_the_desk(open_screen, user: str, **look_of):
    screen = await open_screen(**look_of)
    await screen.arrive("/control#level", user)
    await screen.connected()
    await screen.page.wait_for_selector("wg-c-level table.zones")
    return screen


class Campus:
    """The post's devices, as they would speak."""

    def __init__(self, post) -> None:
        self.post = post
        self.numbers = itertools.count(1)

    async def follow(self, *but: str) -> None:
        """Everybody but those shows what it was given."""
        for device in self.post.site.devices:
            if device.id in but:
                continue
            status = Status(
                online=True, boot="b", connection=1, previous=None, firmware="1", at=self.post.site.clock.now(),
                challenge=f"c-{next(self.numbers)}", posture=device.issued.version, credentials=None, revoked=None,
                buffered=0, clock=Clock.SYNCED,
            )  # fmt: skip
            await device_status(self.post.site, device, status)

    async def live_on(self) -> None:
        for device in self.post.site.devices:
            number = next(self.numbers)
            at = self.post.site.clock.now() + timedelta(seconds=1)
            beat = Heartbeat(
                boot="b",
                challenge=f"c-{number}",
                at=at,
                uptime_ms=number,
                buffered=0,
                clock=Clock.SYNCED,
                presence=None,
            )
            await heartbeat(self.post.site, device, beat)

    def time_passes(self, device: str, seconds: float) -> None:
        """As if that one had been asked so long ago."""
        self.post.site.devices.get(device).asked_at -= seconds


async def test_an_order_is_weighed_signed_by_phone_followed_on_the_board_and_revoked_by_two(post, open_screen) -> None:
    campus = Campus(post)
    await campus.follow()
    await post.add_user("officer1", "security_officer")
    await post.add_user("head1", "principal", language="zh")
    await post.add_user("leader1", "duty_leader")
    for _ in range(2):
        await post.tap("CARD-LI")
    desk = await at_the_desk(open_screen, "officer1")
    page = desk.page

    # Weighed first: nothing can be sent before its numbers were seen.
    await page.click("[data-act=new]")
    side = page.locator(".level-side")
    await side.locator("button[data-value='1']").click()
    await expect(side.locator("button[type=submit]")).to_have_count(0)
    await side.get_by_role("button", name="1. Show what it will change").click()
    await expect(side.locator(".preview .headline")).to_have_text("4 doors")
    await expect(side.locator(".preview")).to_contain_text("L3 → L1")
    await expect(side.locator(".preview")).to_contain_text("None of the 2 taps since")
    # Who is inside when a later order begins, nobody knows: it says of when its number is.
    await expect(side.locator(".preview")).not_to_contain_text("as of now")
    ahead = {"level": 1, "starts_at": str(later(post))}
    notes = await page.evaluate(
        """async (body) => {
          const { ask } = await import("/static/api.js");
          const { lines } = await import("/static/control/level/preview_lines.js");
          return lines(await ask("POST", "orders/preview", body)).map((one) => one.note);
        }""",
        ahead,
    )
    assert any("people inside: as of now" in note for note in notes)
    assert await post.records("order_requested") == []
    await side.locator("button[type=submit]").click()
    await expect(side.locator(".error", has_text="The document's number is missing.")).to_be_visible()
    assert await faults(page) == []
    await look(page, "level-form-en")
    await side.get_by_label("Document number").fill("2026-17")
    await side.get_by_label("Reason").fill("major event week")
    await side.locator("button[type=submit]").click()
    order = page.locator("li.order").first
    await expect(order).to_have_attribute("data-state", "requested")
    await expect(order).to_contain_text("a principal's signature")
    await expect(order).to_contain_text("Nobody can be reached by notice")
    (filed,) = await post.records("order_requested")

    # Signed on a phone, in Chinese, at night.
    phone = await open_screen(PHONE, "zh", "dark", has_touch=True, is_mobile=True)
    hand = phone.page
    await hand.goto(f"{post.url}/sign?order={filed['order']}")
    await hand.fill("#user", "head1")
    await hand.fill("#password", PASSWORD)
    await look(hand, "sign-in-zh")
    await hand.tap("button[type=submit]")
    await expect(hand.locator(".numbers")).to_have_text("4 扇门")
    await expect(hand.locator("main")).to_contain_text("major event week")
    await hand.set_viewport_size({"width": 320, "height": 568})
    assert await faults(hand) == []
    await hand.set_viewport_size({"width": PHONE[0], "height": PHONE[1]})
    await look(hand, "sign-question-zh")
    await hand.tap("text=签发…")
    await expect(hand.locator("h1")).to_contain_text("一级")
    assert await post.records("order_signed") == [], "one touch signs nothing"
    await look(hand, "sign-sure-zh")
    await hand.tap("text=是，签发")
    await expect(hand.locator("h1.done")).to_have_text("已签发，已生效")

    # Who follows: one device does not.
    await campus.follow(LATE)
    campus.time_passes(LATE, 60)
    await expect(hand.locator(".follows")).to_have_text("5 台设备中 4 台已跟随 · ◆ 1 台未执行")
    assert await faults(hand) == []
    await look(hand, "sign-signed-zh")
    board = page.locator("wg-l-board")
    await expect(board.locator(".followed")).to_contain_text("4/5")
    worst = board.locator("tbody tr").first
    await expect(worst).to_have_attribute("data-device", LATE)
    await expect(worst).to_have_attribute("data-state", "late")
    clock = worst.locator("td.number")
    await expect(clock).to_contain_text("1:")
    await expect(board.locator("tr[data-state=acknowledged]")).to_have_count(4)
    await campus.live_on()
    await expect(board.locator("tr[data-state=verified]")).to_have_count(4)
    assert await faults(page) == []
    await look(page, "level-late-en")
    await campus.follow()
    await expect(board.locator(".followed")).to_contain_text("5/5")

    # Its end takes two different people; the page says who was the first.
    leader = await at_the_desk(open_screen, "leader1", size=LARGE if LOOKING else (1366, 768), theme="dark")
    first = leader.page
    await first.click("li.order [data-act=revoke]")
    await expect(first.locator(".level-side .preview .headline")).to_be_visible()
    await first.locator(".level-side").get_by_label("Reason").fill("the week is over")
    await look(first, "level-revoke-4k-dark")
    await first.locator(".level-side button[type=submit]").click()
    await expect(first.locator("li.order").first).to_contain_text("leader1 was the first")
    assert (await post.records("order_revoked"), await first.locator("li.order [data-act=revoke]").count()) == ([], 0)
    head = post.client()
    async with head.post("/api/v1/session", json={"user": "head1", "password": PASSWORD}) as answer:
        assert answer.status == 201
    assert (await send(head, f"orders/{filed['order']}/revoke", {"reason": "over"}))[0] == 200
    await expect(page.locator("li.order").first).to_have_attribute("data-state", "revoked")
    await expect(page.locator("table.zones tbody tr").first).to_contain_text("Normal")
    await look(first, "level-4k-dark")

    # An emergency is called by pressing and holding, here as a drill.
    await page.click(".call summary")
    await page.locator(".call .drill-choice input").check()
    hold = await page.locator("wg-k-hold button").first.bounding_box()
    await page.mouse.move(hold["x"] + 20, hold["y"] + 20)
    await page.mouse.down()
    await expect(page.locator(".emergency[data-kind=lockdown] .drill")).to_have_text("DRILL")
    await page.mouse.up()
    await look(page, "level-emergency-en")
    assert await faults(page) == []
    for screen in (desk, phone, leader):
        assert ([one for one in screen.troubles if "401" not in one], screen.outside) == ([], [])


async def test_a_drill_says_so_everywhere_is_ended_by_what_is_real_and_an_act_that_came_too_late_shows_the_truth(
    post, open_screen
) -> None:
    campus = Campus(post)
    office = await post.signed_in("officer1", "security_officer")
    head = await post.signed_in("head1", "principal")
    await post.add_user("leader1", "duty_leader", language="zh")
    _, drill = await send(office, "orders", wish(post, drill=True, document="Y-1"))
    await send(head, f"orders/{drill['id']}/sign")
    await campus.follow()
    _, other = await send(office, "orders", wish(post, document="Y-2", zones=["dorm-1"], starts_at=str(later(post))))
    await send(head, f"orders/{other['id']}/sign")
    desk = await at_the_desk(open_screen, "leader1", language="zh", theme="dark")
    page = desk.page

    for place in (
        ".band .level-drill",
        f"#order-{drill['id']} .drill",
        "table.zones .drill",
        "wg-l-board .change .drill",
    ):
        await expect(page.locator(place).first).to_have_text("演练")
    assert await faults(page) == []
    await look(page, "level-drill-zh-dark")

    # Somebody else was faster: what happened is said, and the page shows how it stands.
    await page.click(f"#order-{other['id']} [data-act=revoke]")
    side = page.locator(".level-side")
    await expect(side.locator("button[type=submit]")).to_be_enabled()
    await side.get_by_label("事由").fill("不需要")
    await send(head, f"orders/{other['id']}/revoke", {"reason": "faster"})
    await side.locator("button[type=submit]").click()
    await expect(side.locator("form > .error")).to_contain_text("该指令已被退回、撤销或到期")
    await expect(side.locator("form > .error")).to_contain_text("已提前结束")
    await expect(page.locator(f"#order-{other['id']}")).to_have_attribute("data-state", "revoked")
    await expect(side.locator("input")).to_have_value("不需要")
    await page.keyboard.press("Escape")
    await expect(side).to_have_count(0)

    # The same on a phone: it was withdrawn while the principal read it.
    _, asked = await send(office, "orders", wish(post, document="Y-3", zones=["dorm-2"]))
    phone = await open_screen(PHONE, has_touch=True, is_mobile=True)
    await phone.context.add_cookies([{"name": "wg_session", "value": session_of(head, post), "url": post.url}])
    await phone.page.goto(f"{post.url}/sign?order={asked['id']}")
    await phone.page.tap("text=Sign …")
    await send(office, f"orders/{asked['id']}/revoke", {"reason": "not needed"})
    await phone.page.tap("text=Yes, sign")
    await expect(phone.page.locator(".wrong[role=alert]")).to_contain_text("It is over: refused, revoked or expired")
    await expect(phone.page.locator("h1")).to_have_text("This order is ended early")
    assert await faults(phone.page) == []
    await look(phone.page, "sign-too-late-en")

    # Something real: no drill goes on, and the page says so.
    await emergencies.start(post.site, EmergencyKind.LOCKDOWN, ("campus",), "real", "guard")
    await expect(page.locator(".real-banner")).to_contain_text("真实警情")
    await expect(page.locator(".emergency .real")).to_contain_text("真实警情")
    await expect(page.locator(f"#order-{drill['id']}")).to_have_attribute("data-state", "revoked")
    assert await faults(page) == []
    await look(page, "level-real-zh-dark")
    assert [one for one in desk.troubles if "409" not in one] == []


def session_of(client, post) -> str:
    return client.cookie_jar.filter_cookies(URL(post.url))["wg_session"].value


def later(post):
    return post.site.clock.now() + timedelta(days=2)
