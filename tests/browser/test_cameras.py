"""The cameras' page: a covered camera is seen, mended on a phone, verified, signed for in the round, and reported."""

import re
from datetime import timedelta

import pytest
from playwright.async_api import expect

from firmware_sim.cameras import light
from firmware_sim.cameras.camera import Camera as Drawn
from firmware_sim.cameras.spells import Spell
from gateway.core.cameras import Finding, Miss
from gateway.flows.camera_watch import CameraWatch
from tests.browser.looking import faults, look
from tests.web.camera_scene import EIGHT, CameraPost, a_camera

pytestmark = [pytest.mark.browser, pytest.mark.timeout(120), pytest.mark.asyncio(loop_scope="session")]

PHONE = (360, 740)


def drawn(covered: bool) -> bytes:
    """What a simulated camera shows at ten in the morning."""
    camera, now = Drawn("yard-east", "school_gate", seed=3, width=320, height=180), light.moment(10.0)
    if covered:
        camera.put(Spell("yard-east", "occlusion", now - 60, severity=4))
    shot = camera.shot(now)
    assert shot is not None
    return shot.jpeg


async def opened(post, open_screen, user: str, size=(1366, 768), language="en", theme="light", where="/cameras"):
    screen = await open_screen(size, language, theme)
    await screen.arrive(where, user)
    screen.troubles.clear()
    return screen


async def shown(page) -> None:
    """Every picture in view has come."""
    await page.wait_for_function(
        "() => [...document.querySelectorAll('figure img')].every((one) => one.naturalWidth > 0)"
    )


async def test_a_covered_camera_is_seen_mended_verified_signed_for_and_reported(post, open_screen) -> None:
    await post.add_user("fitter1", "maintenance", language="zh")
    whole, covered = drawn(covered=False), drawn(covered=True)
    cameras = await CameraPost.at(post, pictures=dict.fromkeys((one.id for one in EIGHT), whole))
    await cameras.learn()
    for camera in EIGHT:
        await cameras.past(camera.id, 3, {1: Miss.GATEWAY})
        await cameras.check(camera.id)
    await cameras.settle()
    desk = await opened(post, open_screen, "guard1")
    page = desk.page
    await desk.connected()
    await expect(page.locator(".cam[data-state=normal]")).to_have_count(8)

    # It is covered: the list says so by itself, on top, and the evidence lies beside what it should look like.
    await cameras.find("yard-east", Finding.OCCLUSION, covered)
    cameras.older("yard-east", Finding.OCCLUSION, timedelta(minutes=5))
    await cameras.check("yard-east", jpeg=covered)
    await cameras.look()
    first = page.locator(".cam").first
    await expect(first).to_contain_text("Yard east")
    await expect(first).to_contain_text("Covered")
    await page.keyboard.press("j")
    await expect(page.locator("#h-camera")).to_contain_text("Yard east")
    await expect(page.locator("figure")).to_have_count(3)
    await expect(page.locator("figure").first).to_contain_text("Covered")
    await expect(page.locator("figure").nth(1)).to_contain_text("As it should look")
    await shown(page)
    await look(page, "cameras-covered-1366-en")
    assert await faults(page) == []

    # A letter that somebody brushes acknowledges nothing once the letters are switched off.
    await page.get_by_role("switch", name="Keys of a single letter").click()
    await page.keyboard.press("a")
    await page.get_by_role("switch", name="Keys of a single letter: off").click()
    await expect(page.locator(".found")).to_contain_text("alarm not acknowledged")
    await page.get_by_role("button", name=re.compile("^Acknowledge")).click()
    await expect(page.locator(".found")).to_contain_text("alarm acknowledged")
    await page.get_by_role("button", name=re.compile("^This is how")).click()
    await expect(page.locator(".looks")).to_contain_text("by day · confirmed")

    # On the phone of whoever mends it.
    phone = await opened(post, open_screen, "fitter1", PHONE, "zh", "dark", "/cameras#orders")
    order = phone.page.locator(".order")
    await expect(order).to_contain_text("镜头遮挡")
    await phone.page.get_by_role("button", name=re.compile("^我来处理")).click()
    await expect(order).to_contain_text("负责人：本人")
    await phone.page.get_by_role("button", name=re.compile("^已完成")).click()
    await phone.page.get_by_role("button", name="确认完成").click()
    await expect(order.locator(".error")).to_contain_text("请填写做了什么")
    await order.locator("input").fill("取下塑料袋")
    await look(phone.page, "cameras-order-360-zh")
    assert await faults(phone.page) == []
    await phone.page.get_by_role("button", name="确认完成").click()
    await expect(order.locator(".stage")).to_contain_text("已完成，待核实")

    # The next check that finds nothing verifies it.
    await cameras.clear("yard-east", Finding.OCCLUSION)
    await cameras.check("yard-east")
    cameras.watch = CameraWatch(post.site)
    await cameras.look()
    await expect(phone.page.locator(".empty")).to_contain_text("没有未结工单")
    await phone.page.get_by_text("已结束", exact=True).click()
    await expect(phone.page.locator(".past .stage")).to_contain_text("已核实")
    await expect(page.locator(".cam[data-state=normal]")).to_have_count(8)

    # The round is signed by exception, with two touches, and the report tells the day.
    await page.get_by_role("link", name="Round").click()
    await expect(page.locator(".sheet")).to_contain_text("Nothing is open")
    await page.get_by_role("button", name="Sign the round: 0 open, 8 cameras").click()
    await look(page, "cameras-round-1366-en")
    await page.get_by_role("button", name="Touch again").click()
    await expect(page.locator(".slots [data-state=signed]")).to_contain_text("guard1")
    assert await faults(page) == []
    await page.get_by_role("link", name="Availability").click()
    await expect(page.locator("h1")).to_have_text("Availability of the cameras")
    await expect(page.locator("tbody").last).to_contain_text("Covered")
    await look(page, "cameras-report-1366-en")
    assert await faults(page) == []
    async with page.expect_download() as fetched:
        await page.get_by_role("link", name="XLSX 中文").click()
    assert (await fetched.value).suggested_filename.endswith("-zh.xlsx")
    assert desk.troubles == phone.troubles == [] and desk.outside == phone.outside == []


async def test_cameras_are_found_by_name_and_walked_through_by_keys(post, open_screen) -> None:
    cameras = await CameraPost.at(post)
    await cameras.learn("south-gate", "yard-east")
    for id in ("south-gate", "yard-east"):
        await cameras.past(id, 6, {2: Miss.OVERLOAD, 3: Miss.CAMERA})
    await cameras.find("south-gate", Finding.SIGNAL_LOSS)
    await cameras.settle()
    screen = await opened(post, open_screen, "guard1", (1024, 600), "zh", "dark")
    page = screen.page
    await screen.connected()
    await expect(page.locator(".cam")).to_have_count(8)

    await page.keyboard.press("/")
    await page.keyboard.type("south")
    await expect(page.locator(".cam")).to_have_count(1)
    await page.keyboard.press("Escape")
    await page.keyboard.press("k")
    await page.keyboard.press("K")
    await page.keyboard.press("j")
    assert await page.evaluate("() => document.activeElement.getAttribute('aria-current')") == "true"
    await page.locator(".chip[data-state=no_picture]").click()
    await page.locator(".cam").click()
    await expect(page.locator("#h-camera")).to_contain_text("南门")
    await expect(page.locator(".checks table")).to_contain_text(re.compile(r"任务过载 \d+"))
    strip = page.locator(".checks > .strip")
    await expect(strip).to_have_attribute("aria-label", re.compile("漏检：任务过载 [12] 小时"))
    await page.get_by_role("button", name=re.compile("^逐次查看")).first.click()
    await expect(page.locator(".single li").first).to_contain_text("摄像机无画面")
    await look(page, "cameras-checks-1024-zh")
    assert await faults(page) == []
    assert [text for text in screen.troubles if "404" not in text] == []  # bytes that are no picture


async def test_work_is_announced_on_a_phone_and_a_wrong_end_keeps_what_was_typed(post, open_screen) -> None:
    await post.add_user("fitter1", "maintenance")
    cameras = await CameraPost.at(post)
    await cameras.learn()
    screen = await opened(post, open_screen, "fitter1", PHONE)
    page = screen.page
    await page.locator(".cam", has_text="South gate").click()
    await page.get_by_role("button", name="Announce maintenance").click()
    await page.get_by_label("What the work is").fill("new housing")
    await page.get_by_label("Until").fill("2026-11-20T08:00")
    await page.get_by_role("button", name="Announce", exact=True).click()
    await expect(page.locator("#e-ends_at")).to_contain_text("after the beginning")
    assert await page.get_by_label("What the work is").input_value() == "new housing"
    await look(page, "cameras-announce-360-en")
    assert await faults(page) == []

    await page.get_by_label("Until").fill("2026-11-21T12:00")
    await page.get_by_role("button", name="Announce", exact=True).click()
    await expect(page.locator(".windows")).to_contain_text("South gate")
    await page.get_by_role("link", name=re.compile("^Cameras")).click()
    await expect(page.locator(".cam[data-state=maintenance]")).to_contain_text("South gate")
    await page.get_by_role("link", name=re.compile("^Maintenance")).click()
    await page.get_by_role("button", name=re.compile("^End it now")).click()
    await expect(page.locator(".said")).to_contain_text("Ended: South gate")
    assert screen.troubles == []


async def test_five_hundred_cameras_stay_quick_and_load_only_pictures_in_view(post, open_screen) -> None:
    many = tuple(a_camera(f"cam-{n:03}", f"Camera {n}", f"摄像机{n}") for n in range(500))
    cameras = await CameraPost.at(post, many)
    for camera in many:
        await cameras.check(camera.id)
    await cameras.settle()
    screen = await opened(post, open_screen, "guard1", (1920, 1080))
    page = screen.page
    await screen.connected()
    await expect(page.locator(".cam")).to_have_count(500)

    took = await page.evaluate(
        """async () => {
          const times = [];
          for (let at = 0; at < 5; at += 1) {
            const began = performance.now();
            document.dispatchEvent(new KeyboardEvent("keydown", { key: "j", bubbles: true }));
            await new Promise((done) => requestAnimationFrame(() => setTimeout(done)));
            times.push(performance.now() - began);
          }
          return Math.min(...times);
        }"""
    )

    loaded = await page.evaluate("() => performance.getEntriesByType('resource').map((one) => one.name)")
    assert took < 100, took
    assert 0 < sum("/picture" in name for name in loaded) < 150


async def test_without_cameras_right_or_gateway_the_page_says_so(post, open_screen) -> None:
    await post.add_user("gate1", "guard")
    refused = await opened(post, open_screen, "gate1")
    await expect(refused.page.locator("h1")).to_have_text("Signed in")
    screen = await opened(post, open_screen, "guard1", PHONE, "zh")
    page = screen.page
    await expect(page.locator(".empty").first).to_contain_text("尚未配置摄像机")
    await screen.connected()
    assert await faults(page) == []

    await post.listener.stop()

    await expect(page.locator(".connection")).to_have_attribute("data-state", "lost")
    await expect(page.locator("body")).to_have_class(re.compile("stale"))
