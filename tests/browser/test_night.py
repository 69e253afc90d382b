"""A night in the control room, played by simulated devices and dealt with from the page, to the last closed alarm.

Two parts of one night on one site: the evening, and six in the morning; the gateway is stopped and started between
them, as it is after an update. Everything is real but the hours: the gateway's clock begins where a part begins and
runs some times as fast. The whole night is a campaign; each run plays the morning.
"""

import asyncio
import contextlib
import json
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, time, timedelta
from pathlib import Path
from time import monotonic
from typing import Any
from zoneinfo import ZoneInfo

import aiohttp
import pytest
from playwright.async_api import Browser, Page, expect

from firmware_sim import clock as sim_clock
from firmware_sim import example, spec
from firmware_sim.fleet import Fleet
from gateway.flows.enrolment import Place
from gateway.web.files import BESIDE_THE_PROJECT, NEEDED
from tests.browser.conftest import need
from tests.browser.looking import look
from tests.parts.gateway_process import PEOPLE, GatewayProcess, SiteFolder
from tests.parts.http_cameras import HttpCameras
from tests.parts.mosquitto import Mosquitto
from tests.scenarios.test_cameras import camera, with_cameras
from tests.scenarios.test_level_change import token_for

pytestmark = [pytest.mark.browser, pytest.mark.timeout(600), pytest.mark.asyncio(loop_scope="session")]

HERE = ZoneInfo("Asia/Shanghai")
LATE_STUDENT = "STUDENT2"
DO_NOT_FOLLOW = ("dorm-3-door-1", "south-in-1")
PASSWORD = "a long enough password"


@asynccontextmanager
async def without_a_clock(cameras: HttpCameras) -> AsyncIterator[str]:
    """The first camera's pictures without any time: it lives by the machine's clock, and the gateway does not."""
    async with aiohttp.ClientSession() as session:

        async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            with contextlib.suppress(ConnectionError, RuntimeError, aiohttp.ClientError, asyncio.IncompleteReadError):
                await reader.readuntil(b"\r\n\r\n")
                async with session.get(cameras.url(1)) as answer:
                    body = await answer.read()
                head = f"HTTP/1.1 200 OK\r\nContent-Type: image/jpeg\r\nContent-Length: {len(body)}\r\n"
                writer.write(f"{head}Connection: close\r\n\r\n".encode() + body)
                await writer.drain()
            writer.close()

        server = await asyncio.start_server(serve, "127.0.0.1", 0)
        yield f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}/picture.jpg"
        server.close()


@dataclass
class Night:
    """One part of the night: the gateway that runs, the devices, and words to it as several people."""

    gateway: GatewayProcess
    fleet: Fleet
    tokens: dict[str, str]
    session: aiohttp.ClientSession

    async def ask(self, who: str, method: str, path: str, body: Any = None, within_s: float = 0.0) -> Any:
        """What the API answers; `within_s`: so long it may say that things are not so far."""
        headers = {"Authorization": f"Bearer {self.tokens[who]}"}
        url = f"{self.gateway.address}/api/v1/{path}"
        give_up_at = monotonic() + within_s
        while True:
            async with self.session.request(method, url, json=body, headers=headers) as answer:
                text = await answer.text()
            if answer.status != 409 or monotonic() > give_up_at:
                assert answer.status < 300, (path, text)
                return json.loads(text) if text else None
            await asyncio.sleep(0.2)

    async def open_alarms(self) -> list[dict[str, Any]]:
        return (await self.ask("operator", "GET", "alarms?limit=200"))["alarms"]

    async def until_alarm(self, condition: str) -> dict[str, Any]:
        """The entry of that condition, once it stands there: its own, or one that many have become."""
        for _ in range(600):
            for one in await self.open_alarms():
                if one["condition"] == condition:
                    return one
                if one["group"] is not None:
                    told = await self.ask("operator", "GET", f"alarms/{one['id']}")
                    if any(member["condition"] == condition for member in told["members"]):
                        return one
            await asyncio.sleep(0.1)
        raise AssertionError(f"no {condition}: {[a['condition'] for a in await self.open_alarms()]}")

    def now(self) -> datetime:
        return self.fleet.wall()  # type: ignore[attr-defined]


class Site:
    """The site of the night, with everybody who has a word in it."""

    def __init__(self, folder: Path, broker: Mosquitto, camera_url: str) -> None:
        self.folder = folder
        self.site = SiteFolder(folder / "site", mqtt_url=broker.url)
        self.broker = broker
        self.site.import_people(*PEOPLE)
        entries = example.devices()
        enrolled = self.site.enrol_all(
            [
                (one["kind"], one["device"], Place(one.get("portal"), one.get("zone"), tuple(one.get("locations", ()))))
                for one in entries
            ]
        )
        self.specs = spec.parse({"devices": [entry | one for entry, one in zip(entries, enrolled, strict=True)]})
        with_cameras(self.site, camera("cam-door", "picture", camera_url, sees=["dorm-2-door"]))
        config = self.site.folder / "wardgate.yaml"
        config.write_text(config.read_text().replace("overstay_grace_min: 15", "overstay_grace_min: 1 "))
        people = {
            "operator": "operator",
            "officer": "security_officer",
            "leader": "duty_leader",
            "principal": "principal",
            "guard": "guard",
        }
        self.tokens = {name: token_for(self.site, name, role) for name, role in people.items()}

    @asynccontextmanager
    async def part(
        self, make_gateway: Callable[..., GatewayProcess], begins: datetime, factor: float
    ) -> AsyncIterator[Night]:
        """The gateway runs from `begins` on, and every device is connected."""
        gateway = make_gateway(self.site)
        real = datetime.now(UTC)
        moments = (real.isoformat(), begins.isoformat(), str(factor))
        gateway.command = ("-m", "tests.scenarios.fast_gateway", str(self.site.folder), *moments)
        wall, _ = sim_clock.parse(f"{moments[0]}={moments[1]}@{moments[2]}")
        await asyncio.to_thread(gateway.start)
        async with (
            Fleet(self.specs, self.broker.url, self.folder / "devices", wall=wall) as fleet,
            aiohttp.ClientSession() as session,
        ):
            fleet.wall = wall  # type: ignore[attr-defined]
            await fleet.wait_connected(60.0)
            yield Night(gateway, fleet, self.tokens, session)
        assert await asyncio.to_thread(gateway.stop) == 0


@asynccontextmanager
async def desk(browser: Browser, night: Night, language: str, theme: str, size: tuple[int, int]) -> AsyncIterator[Page]:
    """The operator's screen."""
    context = await browser.new_context(
        viewport={"width": size[0], "height": size[1]},
        locale="zh-CN" if language == "zh" else "en-GB",
        color_scheme=theme,
    )
    page = await context.new_page()
    await context.add_cookies([{"name": "wg_language", "value": language, "url": night.gateway.address}])
    await page.goto(f"{night.gateway.address}/")
    await page.fill("[name=user]", "operator")
    await page.fill("[name=password]", PASSWORD)
    await page.keyboard.press("Enter")
    await page.wait_for_url("**/live")
    await page.goto(f"{night.gateway.address}/control")
    await page.wait_for_selector(".connection[data-state=connected]", timeout=30_000)
    await page.wait_for_selector("wg-c-overview .plan svg")
    yield page
    await context.close()


async def choose(page: Page, alarm: dict[str, Any]) -> None:
    """By the key that goes on to the next one, as somebody who keeps the hands where they are."""
    await expect(page.locator(f".entry[data-id='{alarm['id']}']")).to_be_visible()
    for key in ("k" * 20 + "j" * 20) * 2:  # what comes meanwhile may move it
        if await page.locator(f".entry[data-id='{alarm['id']}'] .row[data-chosen=true]").count():
            return
        await page.keyboard.press(key)
        await page.wait_for_timeout(30)
    raise AssertionError(f"{alarm['condition']} is not to be chosen")


async def dispose(page: Page, code: str) -> None:
    """Close the chosen alarm and say what it was; empty: the first of what it may have been."""
    await page.locator("[data-want=close]").click()
    choice = page.locator(f".side input[value={code}]" if code else ".side input[type=radio]").first
    await choice.check()
    await page.locator(".side button.main").click()
    await expect(page.locator("wg-c-chosen .gone")).to_be_visible()


async def close_what_is_over(night: Night, page: Page) -> None:
    """Until nothing is open any more: whatever has ended is seen and closed from the page."""
    for _ in range(60):
        # Somebody who went out late does not end by itself: it is over when it is dealt with.
        over = [one for one in await night.open_alarms() if not one["holds"] or one["condition"] == "late_exit"]
        if over and not await page.locator(f".entry[data-id='{over[0]['id']}']").count():
            pass  # the page is a moment behind, or it has ended by itself
        elif over:
            await choose(page, over[0])
            await page.keyboard.press("a")  # what is over and was not seen closes with that
            await page.wait_for_timeout(1_000)
            if any(one["id"] == over[0]["id"] for one in await night.open_alarms()):
                await dispose(page, "")
        elif not await night.open_alarms():
            return
        await page.wait_for_timeout(500)
    raise AssertionError([(one["condition"], one["place"], one["state"]) for one in await night.open_alarms()])


@asynccontextmanager
async def camera_and_site(folder: Path, broker: Mosquitto) -> AsyncIterator[tuple[HttpCameras, Site]]:
    need("the browser libraries (npm ci)", (BESIDE_THE_PROJECT / NEEDED).is_file())
    cameras = HttpCameras(1)
    cameras.start()
    try:
        async with without_a_clock(cameras) as url:
            site = await asyncio.to_thread(Site, folder, broker, url)
            yield cameras, site
            assert site.site.verify().holds
    finally:
        cameras.cut()


def at(day: int, hour: int, minute: int, second: int = 0) -> datetime:
    """That time at the campus, so many days from now."""
    return datetime.combine(datetime.now(HERE).date() + timedelta(days=day), time(hour, minute, second), HERE)


@pytest.mark.campaign
async def test_a_night_is_dealt_with_from_the_page_to_the_last_closed_alarm(
    browser: Browser, make_gateway, mosquitto: Mosquitto, tmp_path: Path
) -> None:
    async with camera_and_site(tmp_path, mosquitto) as (cameras, site):
        async with site.part(make_gateway, at(1, 22, 46), 15.0) as night:
            await order(night, at(2, 6, 0))
            await evening(night, browser, cameras)
        async with site.part(make_gateway, at(2, 5, 59), 6.0) as night:
            await morning(night, browser)


async def test_at_six_the_level_rises_two_devices_do_not_follow_and_the_fire_panel_is_tested(
    browser: Browser, make_gateway, mosquitto: Mosquitto, tmp_path: Path
) -> None:
    async with (
        camera_and_site(tmp_path, mosquitto) as (_, site),
        site.part(make_gateway, at(1, 5, 59), 6.0) as night,
    ):
        await order(night, at(1, 6, 0))
        await morning(night, browser)


async def order(night: Night, starts: datetime) -> None:
    """The office has asked for L2 from then on, and the principal has signed."""
    starts = max(starts, night.now() + timedelta(seconds=20))  # a busy machine may need its time to begin
    wish = {"level": 2, "starts_at": starts.isoformat(), "document": "2026-17", "reason": "major event week"}
    order = await night.ask("officer", "POST", "orders", wish)
    await night.ask("principal", "POST", f"orders/{order['id']}/sign")


async def evening(night: Night, browser: Browser, cameras: HttpCameras) -> None:
    """A late student, a visitor who stays too long, a forced door, a covered camera, a building without its network."""
    door = night.fleet["dorm-1-door-1"]
    await door.tap(LATE_STUDENT, "out")
    await door.walk_through("out")
    now = night.now()
    visit = await night.ask(
        "guard",
        "POST",
        "visits",
        {
            "visitor": {"name": "Anna Berg", "document": {"kind": "passport", "number": "E12345678"}},
            "kind": "official",
            "purpose": "inspection",
            "starts_at": now.isoformat(),
            "ends_at": (now + timedelta(minutes=8)).isoformat(),
        },
    )
    await night.ask("guard", "POST", f"visits/{visit['id']}/check-in", {"document_seen": True})
    gate = night.fleet["north-in-1"]
    await gate.tap(visit["pass"], "in", kind="qr")
    await gate.walk_through("in")
    async with desk(browser, night, "en", "dark", (1366, 768)) as page:
        await night.fleet["dorm-2-door-1"].walk_through("in", forced=True)
        forced = await night.until_alarm("forced_door")
        await expect(page.locator(".entry").first).to_contain_text("Door forced")
        await choose(page, forced)
        await page.keyboard.press("a")
        await page.keyboard.press("1")
        await expect(page.locator(".steps input").first).to_be_checked()
        await page.locator(".numbers li", has_text="110").get_by_role("button").first.click()
        await expect(page.locator(".numbers li", has_text="110")).to_contain_text("operator")
        await look(page, "night-evening-1366-en-dark")
        night.fleet["dorm-2-door-1"].close_door()
        await dispose(page, "handled")

        cameras.fault(1, "black")
        covered = await night.until_alarm("camera_black")
        await choose(page, covered)
        await page.keyboard.press("a")
        cameras.mend(1)

        for device in night.fleet:
            if device.spec.device.startswith("dorm-3") or device.spec.device == "cam-dorm-yard":
                device.fault("cut_network", 40.0)
        await night.until_alarm("device_lost")
        await night.until_alarm("late_return")
        await night.until_alarm("overstay")
        await look(page, "night-late-1366-en-dark")

        # The student comes, the visitor goes, the network is back: what is over is closed.
        await gate.tap(LATE_STUDENT, "in")
        await gate.walk_through("in")
        await door.tap(LATE_STUDENT, "in")
        await door.walk_through("in")
        out = night.fleet["north-out-1"]
        await out.tap(visit["pass"], "out", kind="qr")
        await out.walk_through("out")
        await night.fleet.wait_connected(90.0)
        await close_what_is_over(night, page)
        await expect(page.locator(".entry")).to_have_count(0)


async def morning(night: Night, browser: Browser) -> None:
    """The level rises at six, two devices do not follow; then the fire panel is tested."""
    for name in DO_NOT_FOLLOW:
        night.fleet[name].fault("drop_postures")
    async with desk(browser, night, "zh", "light", (3840, 2160)) as page:
        await expect(page.locator("#band")).to_have_attribute("data-level", "2", timeout=60_000)
        late = await night.until_alarm("posture_late")
        await choose(page, late)
        await page.keyboard.press("a")
        await page.keyboard.press("g")
        await page.keyboard.press("l")
        for name in DO_NOT_FOLLOW:
            await expect(page.locator("wg-c-level")).to_contain_text(name)
        await look(page, "night-level-3840-zh-light")
        await page.keyboard.press("g")
        await page.keyboard.press("o")

        night.fleet.fire("teaching")
        fire = await night.until_alarm("fire")
        await expect(page.locator(".band .emergency")).to_be_visible()
        await choose(page, fire)
        await page.keyboard.press("a")
        await look(page, "night-fire-3840-zh-light")
        night.fleet.fire("teaching", active=False)
        (emergency,) = (await night.ask("leader", "GET", "emergencies"))["emergencies"]
        for who in ("leader", "principal"):
            await night.ask(who, "POST", f"emergencies/{emergency['id']}/end", {"reason": "a test of the panel"}, 15.0)
        await expect(page.locator(".band .emergency")).to_have_count(0, timeout=30_000)

        for name in DO_NOT_FOLLOW:
            night.fleet[name].clear_fault("drop_postures")
        await close_what_is_over(night, page)
        await expect(page.locator(".entry")).to_have_count(0)
        await expect(page.locator(".map .sign[data-mark=alarm]")).to_have_count(0)
        await look(page, "night-over-3840-zh-light")
