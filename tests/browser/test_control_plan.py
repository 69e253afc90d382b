"""The plan: states told by shape and word, by keyboard and mouse, quick with a thousand signs, the same as a table."""

from __future__ import annotations

import json
import re
from typing import Any

import pytest
from playwright.async_api import Page, expect

from gateway.core.papers import EmergencyKind
from gateway.core.plan import Picture
from gateway.flows.cameras import CameraBook
from gateway.plan_svg import cleaned
from gateway.web.context import PARTS
from gateway.web.edge import _PAGE_POLICY
from gateway.web.files import IMPORTS
from tests.browser.looking import faults, look
from tests.web.camera_scene import a_camera
from tests.web.guardpost import PASSWORD, GuardPost

pytestmark = [pytest.mark.browser, pytest.mark.timeout(120), pytest.mark.asyncio(loop_scope="session")]

PAGE = """<!doctype html><html lang="{lang}"><head><meta charset="utf-8"><title>Plan</title>
<link rel="stylesheet" href="/static/tokens.css"><link rel="stylesheet" href="/static/base.css">
<link rel="stylesheet" href="/static/live.css"><link rel="stylesheet" href="/static/control/control.css">
<script type="application/json" id="texts">{texts}</script>
<script type="importmap" nonce="n">{imports}</script></head>
<body class="control"><main class="area"><h1 class="sr">Plan</h1></main>
<script type="module" nonce="n">import "/static/control/plan/plan.js";
window.plan = document.createElement("wg-plan");
window.said = [];
window.plan.addEventListener("wg-choose", (event) => window.said.push(event.detail));
window.give = (some) => Object.assign(window.plan, some);
document.querySelector("main").append(window.plan);
window.isReady = true;</script></body></html>"""
DRAWING = b"""<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 16 10"><style>.a{fill:#ccc}</style>
<path class="a" d="M0 0h8v5z"/></svg>"""
CAMERAS = (
    a_camera("cam-square", "Square", "中心广场", "campus"),
    a_camera("cam-dorm-1-door", "Dormitory 1", "1号宿舍楼", "campus", sees=frozenset({"dorm-1-door"})),
)


def alarm(id: str, condition: str, place: str, priority: str, state: str = "unacknowledged") -> dict[str, Any]:
    return {"id": id, "condition": condition, "place": place, "priority": priority, "state": state}


def the_state(answer: dict[str, Any], *alarms: dict[str, Any], **more: Any) -> dict[str, Any]:
    """A quiet campus but for these alarms."""
    signs = [sign for plan in answer["plans"] for sign in plan["signs"]]
    devices = [
        {"id": sign["id"], "kind": sign["kind"], "portal": sign["portal"], "zone": sign["zone"], "online": True,
         "lost_since": None, "quarantined": False}
        for sign in signs if sign["of"] == "device"
    ]  # fmt: skip
    cameras = [{"id": sign["id"], "state": "normal", "findings": []} for sign in signs if sign["of"] == "camera"]
    level = {"level": 3, "drill": False, "zones": []}
    return {"devices": devices, "cameras": cameras, "alarms": alarms, "emergencies": [], "level": level} | more


async def fetched(post: GuardPost) -> dict[str, Any]:
    client = post.client()
    await client.post("/api/v1/session", json={"user": "guard1", "password": PASSWORD})
    async with client.get("/api/v1/plan") as answer:
        return await answer.json()


async def shown(post: GuardPost, open_screen, size=(1366, 768), language="en", theme="light", **more):
    """The plan by itself on a page under the house's own policy."""
    screen = await open_screen(size, language, theme, **more)
    texts = post.listener.app[PARTS].pages.texts(language)
    body = PAGE.format(
        lang="zh-Hans" if language == "zh" else "en",
        texts=json.dumps(texts).replace("<", "\\u003c"),
        imports=json.dumps({"imports": IMPORTS}),
    )
    policy = {"content-security-policy": _PAGE_POLICY.format(nonce="n")}
    await screen.page.route(
        f"{post.url}/plan-alone", lambda route: route.fulfill(body=body, content_type="text/html", headers=policy)
    )
    await screen.page.goto(f"{post.url}/plan-alone")
    await screen.page.wait_for_function("() => window.isReady")
    return screen


async def give(page: Page, **some: Any) -> None:
    """Properties for the plan, and then a paint."""
    await page.evaluate("(some) => { give(some); return plan.updateComplete }", some)


async def seen(page: Page) -> dict[str, float]:
    """Which part of the plan is seen."""
    return await page.evaluate("() => plan.now")


async def keyboard_at(page: Page) -> str | None:
    return await page.evaluate(
        "() => document.activeElement?.dataset?.key ?? document.activeElement?.className ?? null"
    )


async def test_a_night_on_the_plan_by_shape_word_keyboard_and_touch(post: GuardPost, open_screen) -> None:
    own = post.settings.plans[0]
    plans = type(own)(
        own.id, own.name, own.size, own.zones, own.labels, own.spots, own.ground,
        Picture("image/svg+xml", cleaned(DRAWING), "t1"),
    )  # fmt: skip
    post.site.plans, post.site.cameras = (plans,), CameraBook({one.id: one for one in CAMERAS})
    answer = await fetched(post)
    screen = await shown(post, open_screen)
    await screen.context.request.post(
        f"{post.url}/api/v1/session", data={"user": "guard1", "password": PASSWORD}, headers={"Origin": post.url}
    )
    page = screen.page
    quiet = the_state(answer)
    await give(page, plan=answer, state=quiet)

    # All is well: nothing has a colour, and everything has its sign.
    await expect(page.locator(".legend")).to_contain_text("All is normal")
    assert await page.locator(".sign:not([data-mark=normal])").count() == 0
    await expect(page.locator("image.picture")).to_have_count(1)

    # What is wrong says so by its shape, its word and its colour; only what nobody has seen blinks.
    lost = {"lost_since": "2026-11-21T01:00:00Z"}
    night = quiet | {
        "devices": [one | lost if one["id"] == "south-in-1" else one for one in quiet["devices"]],
        "alarms": [
            alarm("a1", "forced_door", "dorm-1-door-1", "high"),
            alarm("a2", "camera_occlusion", "cam-square", "medium", "acknowledged"),
            alarm("a3", "relief_wanted", "north", "low"),
            alarm("a4", "overstay", "teaching", "low", "shelved"),
            alarm("a5", "ledger_trouble", "ledger", "high"),
        ],
    }
    await give(page, state=night)
    forced = page.locator(".spot:has(.sign[data-key=dorm-1-door])")
    for key, mark, word, blinks in (
        ("dorm-1-door", "alarm", "Door forced", 1),
        ("south-in", "lost", "lost since 09:00", 0),
        ("cam-square", "warning", "Camera: covered", 0),
        ("north-in", "notice", "A guard alone", 1),
    ):
        sign = page.locator(f".sign[data-key={key}][data-mark={mark}]")
        await expect(sign).to_have_attribute("aria-label", re.compile(re.escape(word)))
        assert await page.locator(f".sign[data-key={key}][data-blinks]").count() == blinks
    each = "(all) => all.map((one) => [one.dataset.mark, one.querySelector('.base').getAttribute('d')])"
    shapes = await page.locator(".sign").evaluate_all(each)
    assert len({shape for _, shape in shapes}) == len({mark for mark, _ in shapes}) == 5
    await expect(page.locator(".legend")).to_contain_text("1 not on the plan")
    await expect(forced).to_contain_text("Door forced")
    assert await faults(page) == []
    await look(page, "plan-night-1366-light")

    # By keyboard: the plan, then its signs, then back.
    await page.locator(".surface").focus()
    before = await seen(page)
    await page.keyboard.press("+")
    await page.keyboard.press("+")
    larger = await seen(page)
    assert larger["scale"] > 2 * before["scale"]
    await page.keyboard.press("ArrowRight")
    assert (await seen(page))["x"] < larger["x"]
    await page.keyboard.press("-")
    await page.keyboard.press("0")
    assert (await seen(page)) == before
    await page.keyboard.press("Tab")
    assert await keyboard_at(page) == "dorm-1-door", "the worst comes first"
    await page.keyboard.press("Enter")
    assert await page.evaluate("() => said.at(-1)") == {"kind": "alarm", "id": "a1"}
    await page.keyboard.press("Home")
    first = await keyboard_at(page)
    for _ in range(30):
        await page.keyboard.press("ArrowRight")
    assert await keyboard_at(page) != first
    await page.keyboard.press("ArrowDown")
    there = await keyboard_at(page)
    later = night | {"alarms": [*night["alarms"], alarm("a6", "panic", "cam-dorm-1-door", "high")]}
    await give(page, state=later)
    assert await keyboard_at(page) == there, "news never take the keyboard"
    await page.keyboard.press("Escape")
    assert await keyboard_at(page) == "surface"

    # Chosen elsewhere it comes into the middle, with the camera that sees it; chosen here nothing moves.
    await give(page, chosen={"kind": "alarm", "id": "a3"})
    await page.wait_for_function("(least) => plan.now.scale > least", arg=1.5 * before["scale"])
    await give(page, chosen={"kind": "alarm", "id": "a1"})
    await expect(page.locator(".sign[data-chosen]")).to_have_attribute("data-mark", "alarm")
    await page.wait_for_function(
        "() => { const box = document.querySelector('.sign[data-chosen] .base').getBoundingClientRect();"
        " const all = document.querySelector('.surface').getBoundingClientRect();"
        " return Math.abs(box.x + box.width / 2 - all.x - all.width / 2) < 60 }"
    )
    await expect(page.locator(".sign[data-related][data-key=cam-dorm-1-door]")).to_have_count(1)
    await page.wait_for_function("() => plan.gliding === undefined")
    settled = await seen(page)
    await page.locator(".sign[data-key=cam-dorm-1-door]").click()
    assert await page.evaluate("() => said.at(-1)") == {"kind": "alarm", "id": "a6"}
    await give(page, chosen={"kind": "alarm", "id": "a6"}, state=later)
    assert await seen(page) == settled

    # By mouse: drag, wheel.
    await page.mouse.move(300, 400)
    await page.mouse.down()
    await page.mouse.move(380, 430, steps=4)
    await page.mouse.up()
    assert await page.evaluate("() => said.length") == 2, "a drag chooses nothing"
    dragged = await seen(page)
    assert dragged["x"] > settled["x"]
    await page.mouse.wheel(0, -400)
    await page.wait_for_function("(scale) => plan.now.scale > scale", arg=dragged["scale"])
    await page.get_by_role("button", name="Show all").click()
    assert await seen(page) == before

    # The same as a table, the worst first.
    await page.get_by_role("button", name="As a list").click()
    rows = page.locator("wg-plan-table tbody tr")
    await expect(rows.filter(has_text="Door forced")).to_contain_text("dorm-1-door-1")
    assert await rows.evaluate_all("(all) => all.slice(0, 3).map((one) => one.dataset.mark)") == [
        "alarm",
        "alarm",
        "lost",
    ]
    await page.fill("#f-plan-find", "dorm-2")
    await expect(rows).to_have_count(1 + 1)
    await page.fill("#f-plan-find", "")
    await rows.first.get_by_role("button").click()
    assert (await page.evaluate("() => said.at(-1)"))["id"] in ("a1", "a6")
    assert await faults(page) == []
    assert screen.troubles == []


async def test_a_thousand_signs_are_painted_only_where_they_change(post: GuardPost, open_screen) -> None:
    post.site.plans = ()
    answer = await fetched(post)
    (plan,) = answer["plans"]
    width, height = plan["size"] = [4_000.0, 2_400.0]
    model = next(sign for sign in plan["signs"] if sign["of"] == "device")
    many = [
        model | {"id": f"d{n}", "of": "camera" if n % 2 else "device", "kind": "camera" if n % 2 else "reader",
                 "name": {"en": f"Sign {n}", "zh": f"标志{n}"}, "portal": None, "sees": [],
                 "at": [40 + (n % 50) * (width - 80) / 50, 40 + (n // 50) * (height - 80) / 20]}
        for n in range(1_000)
    ]  # fmt: skip
    plan["signs"] = many
    screen = await shown(post, open_screen, theme="dark", language="zh")
    page = screen.page
    quiet = the_state(answer)
    await page.evaluate("(some) => { window.quiet = some.state; give(some); return plan.updateComplete }",
                        {"plan": answer, "state": quiet})  # fmt: skip
    groups = await page.locator(".sign").count()
    assert 20 < groups < 200, "what lies on each other is one"
    members = await page.evaluate("() => plan.board.groups.flatMap((one) => one.signs.map((sign) => sign.id))")
    assert sorted(members) == sorted(sign["id"] for sign in many), "every sign is in one group"

    # A tick changes nothing; one alarm paints one sign, with its count and the worst state of what is in it.
    painted = await page.evaluate("() => plan.board.painted")
    ticks = """async () => { for (let turn = 0; turn < 20; turn++) {
      give({ state: { ...quiet, counts: { turn }, devices: [...quiet.devices] } }); await plan.updateComplete; } }"""
    await page.evaluate(ticks)
    assert await page.evaluate("() => plan.board.painted") == painted
    two = [alarm("a1", "forced_door", "d500", "high"), alarm("a2", "held_door", "d501", "medium")]
    await page.evaluate("(alarms) => { give({ state: { ...quiet, alarms } }); return plan.updateComplete }", two)
    await expect(page.locator(".sign[data-mark=alarm]")).to_have_count(1)
    assert await page.evaluate("() => plan.board.painted") - painted <= 6
    assert int(await page.locator(".sign[data-mark=alarm] + .words .count").text_content()) > 1
    assert await page.locator(".spot .count").first.evaluate("(one) => getComputedStyle(one).fontSize") == "14px"

    # Enter on a group comes nearer until its signs stand apart, and then chooses.
    await page.locator(".surface").focus()
    await page.keyboard.press("Tab")
    for _ in range(8):
        await page.keyboard.press("Enter")
        if await page.evaluate("() => said.length"):
            break
    assert await page.evaluate("() => said[0]") == {"kind": "alarm", "id": "a1"}
    await look(page, "plan-thousand-1366-dark-zh")

    # Storms of events go through and the page answers.
    storm = """async () => { for (let turn = 0; turn < 30; turn++) { give({ state: { ...quiet,
      cameras: quiet.cameras.map((one, n) => ({ ...one, state: (n + turn) % 9 ? "normal" : "no_picture" })) } });
      await plan.updateComplete; } }"""
    await page.evaluate(storm)
    await page.get_by_role("button", name="全部显示").click()
    await expect(page.locator(".sign[data-mark=lost]").first).to_be_attached()
    assert screen.troubles == []


async def test_levels_drills_and_a_wall(post: GuardPost, open_screen) -> None:
    post.site.plans = post.settings.plans
    answer = await fetched(post)
    wall = await shown(post, open_screen, (3840, 2160), "zh", "dark", reduced_motion="reduce")
    page = wall.page
    lockdown = {"kind": EmergencyKind.LOCKDOWN.value, "zones": ["dorm-1"], "drill": False}
    evacuation = {"kind": EmergencyKind.EVACUATE.value, "zones": ["teaching"], "drill": True}
    state = the_state(
        answer,
        alarm("a1", "forced_door", "dorm-1-door-1", "high"),
        emergencies=[lockdown, evacuation],
        level={"level": 1, "drill": True, "zones": ["campus", "teaching", "dorm-1", "dorm-2"]},
        levels={"dorm-3": {"level": 2, "drill": False}},
    )
    await give(page, plan=answer, state=state, quiet=True)

    # Level, drill and what is called are told by pattern and word; what holds around a zone is not said again in it.
    for zone, words in (("campus", "L1 演练"), ("dorm-1", "封控中"), ("teaching", "紧急疏散"), ("dorm-3", "L2")):
        label = page.locator(f".spot:has(.zone-label[data-key='zone:{zone}'])")
        for word in words.split():
            await expect(label).to_contain_text(word)
    assert "L1" not in await page.locator(".spot:has([data-key='zone:dorm-1'])").text_content()
    for selector in (
        ".zone[data-id=campus] .drill",
        ".call[data-kind=lockdown]",
        ".call[data-kind=evacuate]",
        ".zone[data-level='1'] .bars",
        ".zone[data-level='2'] .bars",
    ):
        assert await page.locator(selector).count() == 1, selector
    # On a wall there is nothing to press and nothing takes the keyboard; signs are as large as they have to be there.
    assert await page.locator("wg-plan button, wg-plan [tabindex], wg-plan [role=button]").count() == 0
    size = await page.locator(".sign[data-mark=alarm] .base").evaluate("(one) => one.getBoundingClientRect().width")
    assert size > 64
    still = await page.locator(".sign[data-blinks] .base").evaluate("(one) => getComputedStyle(one).animationName")
    assert still == "none", "less movement is wanted"
    assert await faults(page) == []
    await look(page, "plan-wall-2160-dark-zh")

    # The page turned to another tab and back, and the alarm is closed: nothing of before stays.
    await page.evaluate("""() => {
      const plan = document.querySelector("wg-plan"), around = plan.parentNode;
      plan.remove();
      around.append(plan);
    }""")
    await give(page, plan=answer, state=the_state(answer), quiet=True)
    await expect(page.locator(".sign[data-mark=alarm]")).to_have_count(0)
    assert wall.troubles == []
