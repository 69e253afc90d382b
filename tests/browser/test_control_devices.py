"""The devices' tab in a real browser: a whole hour of an operator and an administrator at one desk."""

from __future__ import annotations

import asyncio
import contextlib
from datetime import UTC, datetime, timedelta

import pytest
from playwright.async_api import expect

from devices.messages import BollardPosition, DoorForced, Event, Outcome, Presence, PresenceReading, Result
from gateway.flows import bad_message, device_status, lanes, postures
from gateway.flows.command_result import command_result
from gateway.flows.device_events import device_event
from gateway.flows.ports import FastClock
from tests.browser.looking import faults, look
from tests.web.guardpost import GuardPost

pytestmark = [pytest.mark.browser, pytest.mark.asyncio(loop_scope="session")]

MARKUP = "<img src=x onerror=alert(1)>"


class Loops:
    """What the loops of the bollard say, again and again, as a living sensor does."""

    def __init__(self, post: GuardPost) -> None:
        self.vehicle, self.pedestrian = "clear", "clear"
        self._post = post

    def say(self) -> None:
        device = self._post.site.devices.get("north-bollard")
        assert device is not None
        number = device.sensors.counter + 1
        reading = PresenceReading(vehicle=Presence(self.vehicle), pedestrian=Presence(self.pedestrian), counter=number)
        lanes.hear(self._post.site, device, "b", reading)

    async def live(self) -> None:
        while True:
            self.say()
            await asyncio.sleep(0.3)


@contextlib.asynccontextmanager
async def living_loops(post: GuardPost):
    loops = Loops(post)
    task = asyncio.create_task(loops.live())
    try:
        yield loops
    finally:
        task.cancel()


async def campus(post: GuardPost) -> None:
    """A few things to look at: something told, something wrong, something hostile."""
    site = post.site
    reader, door, bollard = (site.devices.get(id) for id in ("north-in-1", "dorm-1-door-1", "north-bollard"))
    assert reader is not None and door is not None and bollard is not None
    await postures.issue(site, list(site.devices))
    for device in site.devices:
        device.last_seen = device.online_since = site.clock.now()
        device.firmware, device.drift_ms, device.uptime_ms = "wg-1.4.2", 12, 3_600_000
        device.posture, device.list_version, device.revoked = device.issued.version, device.issued.list_version, 0
    reader.firmware = MARKUP
    bollard.position = BollardPosition.LOWERED
    at = site.clock.now().replace(microsecond=0)
    forced = Event(id="e-1", boot="b", seq=1, at=at, type="door_forced", data=DoorForced())
    await device_event(site, door, forced)
    await bad_message.bad_message(site, "north-in-1", "field", "tap")


async def open_desk(post: GuardPost, open_screen, user: str, path: str, **how):
    screen = await open_screen(**how)
    await screen.arrive(f"/control#{path}", user)
    await screen.page.wait_for_selector("wg-c-devices .dv-rows li")
    screen.troubles.clear()
    return screen


def row(page, id: str):
    return page.locator(".dv-rows a", has=page.get_by_text(id, exact=True))


async def hold(page, name: str, until) -> None:
    """Press a dangerous act and keep it pressed until it has taken."""
    button = page.locator("wg-k-hold button", has_text=name)
    await button.scroll_into_view_if_needed()
    box = await button.bounding_box()
    await page.mouse.move(box["x"] + box["width"] / 2, box["y"] + box["height"] / 2)
    await page.mouse.down()
    try:
        await expect(until).to_be_visible()
    finally:
        await page.mouse.up()


async def test_a_device_is_lost_and_commands_are_followed_to_their_end(post, open_screen) -> None:
    await campus(post)
    await post.add_user("op1", "operator")
    screen = await open_desk(post, open_screen, "op1", "devices")
    page, site = screen.page, post.site
    assert await faults(page) == []
    await look(page, "devices-list")

    silent = site.devices.get("south-in-1")
    assert silent is not None
    await device_status.went(site, silent, "no sign of life")
    await expect(row(page, "south-in-1")).to_contain_text("lost since")
    await page.mouse.move(900, 400)
    await expect(page.locator(".dv-rows li").nth(1)).to_contain_text("south-in-1")

    await page.keyboard.press("/")
    await page.keyboard.type("north-in")
    await expect(page.locator(".dv-rows li")).to_have_count(1)
    await row(page, "north-in-1").click()
    await expect(page.locator("#h-device")).to_contain_text("north-in-1")
    await expect(page.locator(".dv-facts")).to_contain_text(MARKUP)
    await expect(page.locator(".dv-bad")).to_contain_text("A field is missing or wrong")
    await page.get_by_role("button", name="Show its rules").click()
    await expect(page.locator(".dv-numbers")).to_contain_text("People on its list")
    await page.get_by_label("Of whom?").fill("S-1")
    await page.get_by_role("button", name="Ask; it is recorded").click()
    await expect(page.locator(".dv-answer")).to_contain_text("Li Na")
    assert await faults(page) == []
    await look(page, "devices-one")

    await page.get_by_role("button", name="Show which one it is").click()
    await expect(page.get_by_role("button", name="Send: Show which one it is")).to_be_disabled()
    await page.get_by_label("Reason").fill("a guard stands before it")
    await page.get_by_role("button", name="Send: Show which one it is").click()
    newest = page.locator(".dv-history li").first
    await expect(newest).to_contain_text("on its way")
    (sent,) = [row for row in await post.records("command") if row["action"] == "identify"]
    device = site.devices.get("north-in-1")
    assert device is not None
    await command_result(site, device, Result(command=sent["command"], boot="b", outcome=Outcome.EXECUTED, reason="ok"))
    await expect(newest).to_contain_text("executed")
    await expect(newest).to_contain_text("op1 · a guard stands before it")

    await page.get_by_role("button", name="Lock", exact=True).click()
    await page.get_by_role("button", name="Send: Lock").click()
    await expect(newest).to_contain_text("Lock: on its way")
    site.clock = FastClock(datetime.now(UTC), site.clock.now() + timedelta(seconds=6), 1.0)
    await expect(newest).to_contain_text("Nobody knows whether it was done")

    device.online = False
    await expect(page.locator("#dv-dead")).to_contain_text("nothing would reach it")
    await expect(page.get_by_role("button", name="Lock", exact=True)).to_be_disabled()
    assert screen.troubles == [] and screen.outside == []


async def test_a_bollard_says_what_holds_it_and_an_emergency_raise_takes_two_steps(post, open_screen) -> None:
    await campus(post)
    await post.add_user("op1", "operator")
    async with living_loops(post) as loops:
        screen = await open_desk(post, open_screen, "op1", "devices")
        page = screen.page
        card = page.locator(".dv-card")
        up = card.get_by_role("button", name="Raise", exact=True)
        await card.get_by_label("Reason").fill("arrival")
        await expect(up).to_be_enabled()

        # What the page shows is a moment old: the gateway looks again, and says what it found.
        await page.route("**/api/v1/bollards", lambda route: route.abort())
        loops.vehicle = "present"
        loops.say()
        await up.click()
        await expect(card.locator(".dv-refused")).to_contain_text("It waits for: No vehicle for a second")
        await page.unroute("**/api/v1/bollards")
        await expect(up).to_be_disabled()
        await expect(card.locator(".dv-locks")).to_contain_text("No vehicle for a second: not met")
        await expect(card).to_contain_text("Raise: waits for: No vehicle for a second")
        assert await faults(page) == []
        await look(page, "devices-bollard")

        await hold(page, "Emergency raise", page.locator(".dv-second"))
        await expect(page.locator(".dv-second")).to_contain_text("rises at once, also under a vehicle")
        assert await post.records("efo_armed") and not await post.records("command")
        assert await faults(page) == []
        await look(page, "devices-efo")
        await page.get_by_role("button", name="Raise it now").click()
        await expect(card.locator(".dv-latched")).to_be_visible()
        assert [row["action"] for row in await post.records("command")] == ["efo"]
        await expect(card.locator("wg-k-hold", has_text="Reset the emergency raise")).to_be_visible()


async def test_an_administrator_enrols_one_and_retires_another_with_the_cost_before_the_eyes(post, open_screen) -> None:
    await campus(post)
    await post.add_user("adm1", "admin", language="zh")
    screen = await open_desk(post, open_screen, "adm1", "devices", language="zh", theme="dark")
    page, site = screen.page, post.site
    assert await faults(page) == []

    await page.get_by_role("link", name="登记设备").click()
    await page.get_by_label("名称").fill("Süd")
    await page.get_by_label("安装位置").select_option("portal:south-in")
    await page.get_by_role("button", name="登记", exact=True).click()
    await expect(page.locator("#dv-e-id")).to_contain_text("小写字母")
    assert await page.get_by_label("名称").input_value() == "Süd"
    await page.get_by_label("名称").fill("south-in-2")
    await page.get_by_role("button", name="登记", exact=True).click()
    key = await page.locator(".dv-bundle code").nth(4).text_content()
    assert site.devices.get("south-in-2").key.hex() == key
    await expect(page.locator("[data-step=no_files]")).to_contain_text("wardgate broker-config")
    assert await faults(page) == []
    await look(page, "devices-bundle")
    await page.get_by_role("button", name="已保存").click()
    assert key not in await page.content()

    await row(page, "south-in-1").click()
    await page.get_by_role("button", name="注销设备").click()
    going = page.locator(".dv-second")
    await expect(going).to_contain_text("原位置还有 1 台同类设备")
    await going.get_by_label("事由").fill("围墙改造")
    assert await faults(page) == []
    await look(page, "devices-retire")
    await hold(page, "注销 south-in-1", page.locator(".said", has_text="已注销"))
    assert site.devices.get("south-in-1") is None
    await expect(row(page, "south-in-1")).to_have_count(0)
    # Chromium itself says of the name that was refused that it was.
    assert [one for one in screen.troubles if "422" not in one] == [] and screen.outside == []
