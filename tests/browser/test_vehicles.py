"""Vehicles in a real browser: a misread plate at the kiosk, the lane's line, the sheet, the register at a desk."""

import base64
import re

import pytest
from playwright.async_api import expect

from devices.messages import BollardPosition
from gateway.core.kinds import DayKind
from gateway.core.nouns import VehicleWindow
from gateway.core.papers import VehicleKind
from gateway.core.windows import Window
from gateway.flows import lane_windows, vehicles, vehicles_import
from tests.browser.looking import faults, look
from tests.web.lane_scene import camera_at_the_lane, picture_comes, plate_comes
from tests.web.test_vehicles import BUS, HEAD

pytestmark = [pytest.mark.browser, pytest.mark.asyncio(loop_scope="session")]

JPEG = base64.b64decode(
    "/9j/4AAQSkZJRgABAQEASABIAAD/2wBDAP//////////////////////////////////////////////////////////////////////////////"
    "////////2wBDAf//////////////////////////////////////////////////////////////////////////////////////wAARCAABAAED"
    "ASIAAhEBAxEB/8QAFQABAQAAAAAAAAAAAAAAAAAAAAf/xAAUEAEAAAAAAAAAAAAAAAAAAAAA/8QAFAEBAAAAAAAAAAAAAAAAAAAAAP/EABQR"
    "AQAAAAAAAAAAAAAAAAAAAAD/2gAMAwEAAhEDEQA/AKpgAH//2Q=="
)


async def signed_in(post, open_screen, user: str, path: str, language="en", theme="light", size=(1024, 600)):
    screen = await open_screen(size, language, theme)
    await screen.arrive(path, user)
    screen.troubles.clear()
    return screen


async def kiosk(post, open_screen, **how):
    screen = await signed_in(post, open_screen, "guard1", "/kiosk?gate=north", **how)
    await screen.page.wait_for_selector("body[data-ready=true]", timeout=15_000)
    await screen.connected()
    return screen


async def owns(post, plate: str, holder: str = "S-1") -> None:
    await vehicles.register(post.site, vehicles.Wanted(VehicleKind.REGISTERED, plate, holder), "officer")


@pytest.mark.parametrize(("language", "theme"), [("en", "light"), ("zh", "dark")])
async def test_a_misread_plate_waits_with_its_picture_and_one_touch_lets_the_right_one_in(
    post, open_screen, language, theme
) -> None:
    await camera_at_the_lane(post)
    await owns(post, "京A12345")
    screen = await kiosk(post, open_screen, language=language, theme=theme)
    page = screen.page
    await plate_comes(post, "京AI2345")
    card = page.locator(".k-card[data-plate=true]")
    await expect(card).to_contain_text("京AI2345")
    await picture_comes(post, JPEG)
    await expect(card.locator("img")).to_be_visible()
    await look(page, f"kiosk-plate-{language}")
    assert await faults(page) == []
    assert await card.locator("[data-what=grant]").count() == 0

    await card.get_by_role("button", name=re.compile("京A12345")).click()

    await expect(page.locator(".k-card[data-kind=waits]")).to_have_count(0)
    assert [m.action.value for d, m in post.courier.sent if d == "north-camera"][-1] == "grant"
    assert screen.troubles == []


async def test_a_plate_is_typed_with_the_pad_and_refused_with_the_reason(post, open_screen) -> None:
    await camera_at_the_lane(post)
    await owns(post, "沪C7777Q")
    screen = await kiosk(post, open_screen)
    page = screen.page
    await plate_comes(post, "沪C11111")
    await page.get_by_role("button", name="Type the plate").click()
    pad = page.locator("wg-plate-pad")
    await expect(pad.locator("input")).to_have_value("沪C11111")
    await pad.get_by_role("button", name="Let in").click()
    await expect(page.locator(".k-said")).to_contain_text("Nobody known has this card, pass or plate.")
    assert await pad.locator("input").input_value() == "沪C11111"

    await pad.get_by_role("button", name="Clear").click()
    for key in "沪C7777Q":
        await pad.get_by_role("button", name=key, exact=True).click()
    await look(page, "kiosk-pad-en")
    assert await faults(page) == []
    await pad.get_by_role("button", name="Let in").click()

    await expect(page.locator(".k-said")).to_contain_text("Let in.")
    await expect(page.locator(".k-card[data-kind=waits]")).to_have_count(0)


async def test_the_sheet_shows_a_bus_and_takes_its_heads(post, open_screen) -> None:
    await camera_at_the_lane(post)
    await vehicles_import.import_vehicles(post.site, (HEAD + BUS).encode(), "officer")
    screen = await kiosk(post, open_screen, language="zh")
    page = screen.page
    await page.get_by_role("button", name="车辆").click()
    await page.locator("#plate-pad").fill("京B88888")
    await page.keyboard.press("Enter")
    await expect(page.locator(".veh-bus")).to_contain_text("Line 3")
    await expect(page.locator(".veh-bus")).to_contain_text("即将到期")

    await page.locator("#veh-heads").fill("３８")
    await page.get_by_role("button", name="驶入", exact=True).click()
    await expect(page.locator(".veh-bus")).to_contain_text("入 38")
    await page.locator("#veh-heads").fill("36")
    await page.get_by_role("button", name="驶出", exact=True).click()

    await expect(page.locator(".veh-differ")).to_contain_text("相差 2 人")
    await page.locator(".veh-bus").scroll_into_view_if_needed()
    inside = "(e) => e.scrollWidth - e.clientWidth"
    assert await page.locator(".k-sheet-body").evaluate(inside) <= 0
    await look(page, "kiosk-bus-zh")
    assert await faults(page) == []
    assert screen.troubles == []


async def test_the_lane_counts_down_and_the_guard_raises_by_holding(post, open_screen) -> None:
    now = post.site.clock.now().astimezone(post.site.campus.timezone)
    minute = now.hour * 60 + now.minute
    opens = VehicleWindow(Window(minute + 8, minute + 60), frozenset(DayKind))
    object.__setattr__(post.site.campus.portals["north-vehicle"], "vehicle_windows", (opens,))
    bollard = post.site.devices.get("north-bollard")
    bollard.position = BollardPosition.LOWERED
    try:
        screen = await kiosk(post, open_screen)
        page = screen.page
        await lane_windows.look(post.site)
        line = page.locator(".k-lane-line")
        await expect(line).to_contain_text(re.compile("opens in [78] min: the bollard has to be up"))
        await expect(line).to_contain_text("sensors do not say that it is clear")
        await look(page, "kiosk-lane-en")
        assert await faults(page) == []

        button = line.get_by_role("button", name="Hold: raise the bollard")
        await button.click()
        assert await post.records("command_withheld") == []
        await button.click(delay=1_300)

        await expect(line.locator(".said")).to_contain_text("sensors do not say that it is clear")
    finally:
        object.__setattr__(post.site.campus.portals["north-vehicle"], "vehicle_windows", ())


@pytest.mark.parametrize(
    ("size", "language", "theme"), [((1366, 768), "en", "light"), ((320, 640), "zh", "dark")], ids=["desk", "phone"]
)
async def test_the_register_lists_buses_requests_and_what_expires(post, open_screen, size, language, theme) -> None:
    await post.add_user("officer1", "security_officer")
    await vehicles_import.import_vehicles(post.site, (HEAD + BUS).encode(), "officer")
    await owns(post, "京A12345")
    screen = await signed_in(post, open_screen, "officer1", "/vehicles", language, theme, size)
    page = screen.page
    await expect(page.locator(".vehicle")).to_have_count(2)

    await look(page, f"vehicles-{size[0]}-{language}")
    assert await faults(page) == []
    await page.get_by_role("button", name=re.compile("New vehicle|新增车辆")).click()
    await page.get_by_role("button", name=re.compile("^(school bus|校车)$")).click()
    await page.locator("button[type=submit]").click()
    await expect(page.locator("#e-plate")).not_to_be_empty()
    await look(page, f"vehicles-form-{size[0]}-{language}")
    assert await faults(page) == []
    assert screen.troubles == []


async def test_a_pass_is_given_at_the_desk_and_a_bad_table_is_named_line_by_line(post, open_screen) -> None:
    await post.add_user("officer1", "security_officer")
    screen = await signed_in(post, open_screen, "officer1", "/vehicles", size=(1366, 768))
    page = screen.page
    await page.get_by_role("button", name="New vehicle").click()
    await page.get_by_label("Number plate").fill("京A12345")
    await page.get_by_label("Whose").fill("ln")
    await page.get_by_role("button", name=re.compile("Li Na")).click()
    await page.get_by_role("button", name="Save").click()

    await expect(page.locator(".vehicle")).to_contain_text("京A12345")
    bad = {"name": "vehicles.csv", "mimeType": "text/csv", "buffer": (HEAD + BUS.replace("S-1", "=1+1")).encode()}
    await page.locator("#f-table").set_input_files(bad)
    await expect(page.locator("wg-table .said")).to_contain_text("1 lines are wrong; nothing was taken.")
    await expect(page.locator(".lines")).to_contain_text("line 2 · holder")
    await page.get_by_role("button", name="Remove: 京A12345").click()
    await page.get_by_role("button", name="Touch again").click()
    await expect(page.locator(".vehicle")).to_have_count(0)
