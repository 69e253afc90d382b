"""The wall of the control room: pictures in view only, a few at once; what is wrong first; an order handed on."""

import asyncio
import os
import re
from dataclasses import replace
from datetime import timedelta

import pytest
from playwright.async_api import Route, expect

from firmware_sim.cameras import light
from firmware_sim.cameras.camera import Camera as Drawn
from firmware_sim.cameras.spells import Spell
from gateway.core.cameras import Finding, Miss
from gateway.flows import alarms
from gateway.flows.alarm_pictures import AlarmPictures
from tests.browser.looking import faults, look
from tests.web.camera_scene import EIGHT, CameraPost, a_camera

pytestmark = [pytest.mark.browser, pytest.mark.timeout(180), pytest.mark.asyncio(loop_scope="session")]

AT_ONCE = 4
"""As in `static/control/cameras/pictures.js`."""
MANY = (
    replace(EIGHT[0], sees=frozenset({"north-in"})),
    *EIGHT[1:],
    *(a_camera(f"corridor-{n:03d}", f"Corridor {n}", f"走廊{n}", "teaching") for n in range(52)),
)
BIG = (3840, 2160) if os.environ.get("WARDGATE_LOOK") else (1366, 768)
"""A wall of screens is drawn for whoever looks; a processor takes half a minute for it."""


def drawn(covered: bool) -> bytes:
    """What a simulated camera shows at ten in the morning."""
    camera, now = Drawn("yard-east", "school_gate", seed=3, width=320, height=180), light.moment(10.0)
    if covered:
        camera.put(Spell("yard-east", "occlusion", now - 60, severity=4))
    shot = camera.shot(now)
    assert shot is not None
    return shot.jpeg


async def opened(post, open_screen, user: str, where: str, size=(1366, 768), language="en", theme="light"):
    screen = await open_screen(size, language, theme)
    await screen.arrive(f"/control#cameras{where}", user)
    screen.troubles.clear()
    return screen


async def came(page) -> None:
    """Every picture in view has come."""
    await page.wait_for_function(
        """() => [...document.querySelectorAll('.tile img')].every((one) => {
          const { top, bottom } = one.getBoundingClientRect();
          return bottom < 0 || top > innerHeight || one.naturalWidth > 0;
        })"""
    )


async def test_the_wall_shows_what_is_wrong_and_asks_only_for_pictures_in_view(post, open_screen) -> None:
    await post.add_user("fitter1", "maintenance")
    whole, covered = drawn(covered=False), drawn(covered=True)
    cameras = await CameraPost.at(post, MANY, pictures=dict.fromkeys((one.id for one in MANY), whole))
    await cameras.learn(*(one.id for one in EIGHT))
    for camera in MANY:
        await cameras.check(camera.id)
    await cameras.past("yard-east", 5, {1: Miss.GATEWAY, 3: Miss.CAMERA})
    await cameras.settle()
    under_way = most = asked = 0

    async def slowly(route: Route) -> None:
        nonlocal under_way, most, asked
        under_way, asked = under_way + 1, asked + 1
        most = max(most, under_way)
        await asyncio.sleep(0.02)
        under_way -= 1
        await route.continue_()

    desk = await opened(post, open_screen, "guard1", "")
    page = desk.page
    await page.route(re.compile(r"/cameras/[^/]+/picture"), slowly)
    await page.reload()
    await expect(page.locator(".tile")).to_have_count(60)
    await came(page)
    assert 0 < asked < 45 and most <= AT_ONCE

    # It is covered: it comes to the front by itself, with shape, word and strip, and stays at the side when chosen.
    await cameras.find("yard-east", Finding.OCCLUSION, covered)
    cameras.older("yard-east", Finding.OCCLUSION, timedelta(minutes=5))
    await cameras.check("yard-east", jpeg=covered)
    await cameras.look()
    first = page.locator(".tile").first
    await expect(first).to_contain_text("Yard east")
    await expect(first).to_contain_text("Covered")
    await expect(first.locator(".strip")).to_have_attribute("aria-label", re.compile("the camera gave no picture"))
    await first.click()
    await expect(page.locator(".detail figure").first).to_contain_text("Covered")
    await page.wait_for_function(
        "() => [...document.querySelectorAll('.detail figure img')].every((one) => one.naturalWidth > 0)"
    )
    await came(page)
    await look(page, "wall-1366-light-en")
    assert await faults(page) == []

    # The control room says who mends it and until when.
    order = page.locator(".detail .order")
    await order.get_by_role("button", name=re.compile("^Who and until when")).click()
    await order.get_by_label(re.compile("^Who does it")).select_option("fitter1")
    await order.get_by_role("button", name="Keep it").click()
    await expect(order).to_contain_text("does it: fitter1")
    await expect(order.locator(".said")).to_contain_text("Kept.")
    assert await faults(page) == []

    # A door is forced before another camera: what that one saw lies beside its own matters.
    AlarmPictures(post.site, later_s=0.0).begin()
    await page.locator(".tile", has_text="North gate, inside").click()
    await alarms.raise_alarm(post.site, alarms.FORCED_DOOR, "north-in-1")
    await expect(page.locator(".found.alarms")).to_contain_text("Door forced")
    await expect(page.locator(".found.alarms figure")).to_contain_text("before")

    # A finger on a letter acknowledges nothing once somebody has switched the letters off.
    await page.evaluate("localStorage.setItem('wg_control', JSON.stringify({letters: false}))")
    await page.locator("#h-camera").click()
    await page.keyboard.press("a")
    await page.evaluate("localStorage.setItem('wg_control', JSON.stringify({letters: true}))")
    await page.keyboard.press("j")
    await expect(page.locator(".tile[aria-current=true]")).to_have_count(1)
    assert {alarm.state for alarm in post.site.alarms.by_id.values()} == {"unacknowledged"}
    assert desk.troubles == [] and desk.outside == []

    # In Chinese, in the dark, large and by zone; on a big screen.
    big = await opened(post, open_screen, "guard1", "", BIG, "zh", "dark")
    await big.page.get_by_role("button", name="大", exact=True).click()
    await big.page.get_by_role("button", name="按区域").click()
    await expect(big.page.locator(".grids h3")).to_have_count(3)
    await came(big.page)
    await look(big.page, "wall-3840-dark-zh")
    assert await faults(big.page) == []
    await big.page.get_by_role("link", name="巡检").click()
    await expect(big.page.locator(".sheet .points")).to_contain_text("东操场")
    assert await faults(big.page) == []
    assert big.troubles == [] and big.outside == []
