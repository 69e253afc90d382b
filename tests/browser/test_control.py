"""The control room's page: alarms dealt with by keyboard, by two people at once, and what the page says of itself."""

import contextlib
import re
from dataclasses import replace

import pytest
from playwright.async_api import expect

from gateway.core.kinds import PresenceState
from gateway.core.nouns import ControlRoom, Label, Presence, VigilanceRules
from gateway.core.windows import Window
from gateway.flows import alarms, device_status, occupancy, vigilance
from tests.browser.looking import faults, look
from tests.parts.waiting import until

pytestmark = [pytest.mark.browser, pytest.mark.timeout(120), pytest.mark.asyncio(loop_scope="session")]

DOOR = "dorm-1-door-1"
EAST = ControlRoom("east", Label("East", "东"), frozenset({"campus"}))
WEST = ControlRoom("west", Label("West", "西"), frozenset({"dorm-1"}))
PHONE = {"width": 360, "height": 740}
CUT_OFF = """() => {
  const plan = document.querySelector(".overview .plan").getBoundingClientRect();
  return [...document.querySelectorAll(".plan text.name")].filter((one) => {
    const { top, bottom } = one.getBoundingClientRect();
    return top < plan.top - 4 || bottom > plan.bottom + 4;
  }).map((one) => one.textContent);
}"""
SOONER = """() => {
  const later = window.setTimeout;
  window.setTimeout = (work, ms, ...more) => later(work, ms >= 15000 ? ms / 50 : ms, ...more);
}"""
COUNT_TONES = """() => {
  window.tones = [];
  const start = OscillatorNode.prototype.start;
  OscillatorNode.prototype.start = function (...at) {
    window.tones.push(this.frequency.value);
    return start.apply(this, at);
  };
}"""


async def at_the_desk(open_screen, user="guard1", where="/control", **look_of):
    screen = await open_screen(**look_of)
    await screen.page.add_init_script(f"({COUNT_TONES})()")
    await screen.arrive(where, user)
    await screen.connected()
    await screen.page.wait_for_selector("wg-c-overview .plan svg")
    return screen


async def test_a_forced_door_is_dealt_with_by_keyboard_alone(post, open_screen) -> None:
    await alarms.raise_alarm(post.site, alarms.WRONG_TRIES, "north-in-1")
    screen = await at_the_desk(open_screen)
    page = screen.page
    chosen = page.locator("#h-chosen")
    await expect(chosen).to_contain_text("Many wrong tries")

    # News come on top, and take neither the choice nor the keyboard.
    await page.keyboard.press("/")
    await alarms.raise_alarm(post.site, alarms.FORCED_DOOR, DOOR)
    await expect(page.locator(".entry").first).to_contain_text("Door forced")
    await expect(page.locator("#said")).to_contain_text("Door forced")
    await expect(chosen).to_contain_text("Many wrong tries")
    await expect(page.locator("#f-find")).to_be_focused()
    await page.keyboard.type("ja")
    assert {one.state for one in post.site.alarms.by_id.values()} == {"unacknowledged"}
    await page.keyboard.press("Escape")

    # One tone for it, since the page was touched; none for what somebody has seen.
    await page.wait_for_function("() => window.tones.length > 0")
    await page.keyboard.press("k")
    await expect(chosen).to_contain_text("Door forced")
    await page.keyboard.press("a")
    await expect(page.locator(".row[data-chosen=true]")).to_have_attribute("data-state", "acknowledged")
    heard = await page.evaluate("() => window.tones.length")
    await alarms.raise_alarm(post.site, alarms.FORCED_DOOR, DOOR)
    await expect(page.locator(".row[data-chosen=true]")).to_contain_text("2 times")
    assert await page.evaluate("() => window.tones.length") == heard

    # What to do, whom to call.
    await page.keyboard.press("1")
    await expect(page.locator(".steps input").first).to_be_checked()
    police = page.locator(".numbers li", has_text="110")
    await police.get_by_role("button").first.focus()
    await page.keyboard.press("Enter")
    door = next(one for one in post.site.alarms.by_id.values() if one.place == DOOR)
    await expect(police.locator(".quiet")).to_contain_text("guard1")
    assert len(post.site.alarms.by_id[door.id].steps_done) == 1
    assert [(one.to, one.outcome) for one in post.site.alarms.by_id[door.id].calls] == [("police", "answered")]

    # Closing asks what it was; Esc gives the keyboard back.
    await page.locator("[data-want=close]").focus()
    await page.keyboard.press("Enter")
    await expect(page.locator("wg-c-overview .side")).to_be_visible()
    await page.keyboard.press("Escape")
    await expect(page.locator("wg-c-overview .side")).to_have_count(0)
    await expect(page.locator("[data-want=close]")).to_be_focused()
    await page.keyboard.press("Enter")
    await expect(page.locator(".side input").first).to_be_focused()
    await page.keyboard.press("Enter")
    await expect(page.locator("#e-form")).to_contain_text("Choose what it turned out to be.")
    await page.keyboard.press("Space")
    assert await faults(page) == []
    await page.keyboard.press("Enter")
    await expect(page.locator("wg-c-chosen .gone")).to_contain_text("closed")
    assert door.id not in post.site.alarms.by_id
    (closed,) = await post.records("alarm_closed")
    assert closed["code"] == "handled"
    # The other one goes on the shelf with its end and reason, and becomes an incident.
    await page.keyboard.press("j")
    await expect(chosen).to_contain_text("Many wrong tries")
    await page.locator("[data-want=shelve]").click()
    await page.locator(".side input[value=work]").check()
    await page.locator(".side button.main").click()
    await expect(page.locator("details.aside summary")).to_have_text("On the shelf (1)")
    await expect(page.locator("details.aside li > .about")).to_have_text(re.compile(r"until \d\d:\d\d:\d\d · \w+"))
    await page.locator("[data-want=incident]").click()
    await page.wait_for_url(re.compile("#incidents/[0-9a-f]+$"))
    await expect(page.locator("#count-incidents")).to_have_text("1")
    await page.keyboard.press("g")
    await page.keyboard.press("o")
    await expect(page.get_by_role("link", name="Open the incident")).to_be_visible()
    assert screen.troubles == []


async def test_two_operators_on_one_alarm_and_one_whose_role_is_withdrawn(post, open_screen) -> None:
    await post.add_user("guard2", "operator")
    post.rename("S-1", "<img src=x onerror=alert(1)>")
    await post.tap("CARD-LI", DOOR)
    await alarms.raise_alarm(post.site, alarms.FORCED_DOOR, DOOR)
    first, second = await at_the_desk(open_screen), await at_the_desk(open_screen, "guard2")
    for page in (first.page, second.page):
        await page.locator("[data-want=close]").click()
        await page.locator(".side input[value=false_alarm]").check()
    await second.page.fill("#f-words", "the wind")

    await first.page.locator(".side button.main").click()
    await expect(first.page.locator("wg-c-chosen .gone")).to_be_visible()
    # The one who was slower sees it before they touch anything, and is not interrupted.
    await expect(second.page.locator("wg-c-chosen .gone")).to_be_visible()
    await second.page.locator(".side button.main").click()

    await expect(second.page.locator("#e-form")).to_contain_text("That is gone already.")
    assert await second.page.input_value("#f-words") == "the wind"
    assert len(await post.records("alarm_closed")) == 1

    # A name that is markup is painted as it is written.
    await expect(first.page.locator(".times")).to_contain_text("<img src=x onerror=alert(1)>")
    assert await first.page.locator(".times img").count() == 0
    assert first.troubles == []

    admin = await post.signed_in("boss", "admin")
    async with admin.patch("/api/v1/users/guard2", json={"roles": ["teacher"]}) as answer:
        assert answer.status == 200
    await second.page.wait_for_url(f"{post.url}/", timeout=5000)


async def test_the_page_says_that_it_is_stale_and_since_when_and_goes_on_without_a_gap(post, open_screen) -> None:
    screen = await at_the_desk(open_screen)
    page = screen.page
    await screen.context.set_offline(True)
    await expect(page.locator(".notice.lost")).to_contain_text(re.compile(r"as of \d\d:\d\d:\d\d"))
    await expect(page.locator("body")).to_have_class(re.compile("stale"))
    await alarms.raise_alarm(post.site, alarms.FORCED_DOOR, DOOR)
    await post.tap("CARD-LI", "dorm-1-door-1")
    campus = post.site.campus
    renamed = replace(campus.portals["dorm-2-door"], name=Label("Garden door", "花园门"))
    post.site.campus = replace(campus, portals={**campus.portals, renamed.id: renamed})
    await page.evaluate(f"({SOONER})()")
    await page.route("**/api/v1/plan", lambda route: route.abort(), times=1)

    await screen.context.set_offline(False)

    await expect(page.locator(".entry")).to_contain_text("Door forced")
    await expect(page.locator(".notice.lost")).to_have_count(0)
    await expect(page.locator(".times")).to_contain_text("Li Na")
    # Nobody knows what was missed: the plan is asked for anew, and again if it does not load.
    await expect(page.locator(".plan [aria-label*='Garden door']")).to_have_count(1)

    # Levels over time that do not load are old, and say since when, until they do.
    as_of, told = page.locator("wg-c-strip .as-of"), page.locator("wg-c-strip .timeline .sr")
    await page.route("**/level/times?*", lambda route: route.abort())
    post.site.feed.publish({"type": "order", "id": "o-1"})
    await expect(as_of).to_have_text(re.compile(r"as of \d\d:\d\d$"))
    await look(page, "control-old-levels-1366-en-light")
    assert await faults(page, "wg-c-strip") == []
    await page.unroute("**/level/times?*")
    await expect(as_of).to_have_count(0)
    # Those that say another level of now than the stream are asked for anew.
    asked = []

    async def wrong_once(route):
        answer = await route.fetch()
        times = await answer.json()
        if not asked:
            for zone in times["zones"]:
                zone["spells"] = [one | {"level": 1} for one in zone["spells"]]
        asked.append(times)
        await route.fulfill(response=answer, json=times)

    await page.route("**/level/times?*", wrong_once)
    post.site.feed.publish({"type": "order", "id": "o-1"})
    await until(lambda: len(asked) == 2)
    await expect(told).not_to_contain_text("L1")
    await expect(as_of).to_have_count(0)


async def test_tabs_are_those_of_ones_rights_and_the_first_paint_says_what_is_wrong(post) -> None:
    await alarms.raise_alarm(post.site, alarms.FORCED_DOOR, DOOR)
    everybodys = ["overview", "level", "devices", "cameras", "people", "incidents", "reports", "administration"]
    for role, tabs in (
        ("operator", everybodys[:-1]),
        ("guard", ["overview", "level", "people", "reports"]),
        ("maintenance", ["devices", "cameras"]),
        ("admin", ["devices", "people", "administration"]),
        ("teacher", []),
    ):
        client = await post.signed_in(f"one-{role.replace('_', '-')}", role)
        async with client.get("/control") as answer:
            text = await answer.text()
            assert (answer.status, re.findall(r'data-tab="(\w+)"', text)) == (200 if tabs else 403, tabs)
            assert ("Door forced" in text and "L3" in text) == ("overview" in tabs)
            # No key is named that does nothing for them.
            assert ("<kbd>J</kbd>" in text) == ("<kbd>A</kbd> ack" in text) == ("overview" in tabs)


async def test_a_thousand_alarms_and_hundreds_of_events_a_second_leave_a_page_that_can_be_used(
    post, open_screen
) -> None:
    screen = await at_the_desk(open_screen)
    await alarms.raise_alarm(post.site, alarms.FORCED_DOOR, DOOR)
    for n in range(1000):
        await alarms.raise_alarm(post.site, alarms.BAD_MESSAGES, f"no-such-{n}")
    page = screen.page

    await expect(page.locator(".more").first).to_be_visible()
    assert await page.locator(".entry").count() <= 11
    kept = await page.evaluate("""async () => {
      const { afterAll, NOTHING_YET, KEPT } = await import("/static/control/state.js");
      const events = Array.from({ length: 5000 }, (_, n) => ({ type: "decision", id: String(n) }));
      const state = afterAll(NOTHING_YET, events);
      return [state.decisions.length, KEPT, state.decisions[0].id];
    }""")
    assert kept == [200, 200, "4999"]
    # The bar of the level: at each moment what is strictest, wherever it is; a drill is one only where all of it is.
    spells = await page.evaluate("""async () => {
      const { strictest } = await import("/static/control/level/timeline.js");
      const at = (ms) => new Date(ms).toISOString();
      const spell = (from, to, level, drill = false) => ({ from: at(from), to: at(to), level, drill });
      const zones = [
        { zone: "dorm-1", spells: [spell(0, 20, 3), spell(20, 40, 2, true), spell(40, 90, 3)] },
        { zone: "dorm-2", spells: [spell(0, 30, 3), spell(30, 60, 2), spell(60, 70, 1), spell(70, 90, 3)] },
      ];
      return strictest({ zones }, 10, 80).map((one) => [one.from, one.to, one.level, one.drill, one.zones.join()]);
    }""")
    assert spells == [
        [10, 20, 3, False, ""],
        [20, 30, 2, True, "dorm-1"],
        [30, 40, 2, False, ""],
        [40, 60, 2, False, "dorm-2"],
        [60, 70, 1, False, "dorm-2"],
        [70, 80, 3, False, ""],
    ]
    # What is news sounds once; what somebody has seen does not, until it is told again.
    heard = await page.evaluate("""async () => {
      const { news } = await import("/static/control/news.js");
      const one = { id: "a", priority: "high", state: "unacknowledged", told_at: "1" };
      const course = [one, { ...one, count: 2 }, { ...one, state: "acknowledged" },
        { ...one, state: "acknowledged", count: 3 }, { ...one, told_at: "2" },
        { ...one, told_at: "2", state: "shelved" }, { ...one, told_at: "2" },
        { ...one, told_at: "2", state: "returned" }, { ...one, told_at: "3", state: "returned" }];
      let known = new Map();
      return course.map((alarm) => {
        const found = news(known, [alarm]);
        known = found.known;
        return found.news.length;
      });
    }""")
    assert heard == [1, 0, 0, 0, 1, 0, 1, 0, 1]
    await page.keyboard.press("k")
    said = page.locator("wg-c-chosen .said")
    for _ in range(8):
        # Records that are busy with the flood say so in place, and whoever sits there presses again.
        await page.keyboard.press("a")
        with contextlib.suppress(AssertionError):
            await expect(said).to_have_text("Done.", timeout=2000)
            break
    await expect(page.locator(".row[data-chosen=true]")).to_have_attribute("data-state", "acknowledged")


async def test_one_room_stands_in_for_another_and_says_that_it_is_there(post, open_screen) -> None:
    post.site.campus = replace(
        post.site.campus, control_rooms=(EAST, WEST), vigilance=VigilanceRules(Window(0, 24 * 60))
    )
    await alarms.raise_alarm(post.site, alarms.FORCED_DOOR, DOOR)
    screen = await at_the_desk(open_screen, where="/control?room=east")
    page = screen.page
    await expect(page.locator("wg-c-alarms")).to_contain_text("1 in the other control room")
    await expect(page.locator(".entry")).to_have_count(0)

    # One single alarm: looked at, taken over, handed back.
    await page.locator("details.others summary").click()
    await page.locator("details.others .pick").click()
    whose = page.locator("wg-c-chosen .whose")
    await expect(whose).to_contain_text("This alarm belongs to West")
    await whose.get_by_role("button", name="Take it over").click()
    await expect(page.locator(".entry")).to_contain_text("Door forced")
    await whose.get_by_role("button", name="Hand it back").click()
    await expect(page.locator(".entry")).to_have_count(0)

    await page.get_by_role("button", name="Nobody is in West: take over its alarms").click()
    await expect(page.locator(".entry")).to_contain_text("Door forced")

    # The question takes nobody's keyboard; a letter in a field is no answer.
    await page.keyboard.press("/")
    post.site.rooms.of("east").seen_at = None
    post.site.rooms.vigils.clear()
    await vigilance.look(post.site)
    question = page.locator("[data-want=present]")
    await expect(question).to_contain_text(re.compile(r"Press to say that you are there \d+:\d\d"))
    await page.keyboard.type("p")
    await expect(page.locator("#f-find")).to_have_value("p")
    await page.keyboard.press("Escape")
    await expect(question).to_be_visible()
    await page.keyboard.press("p")
    await expect(question).to_have_count(0)
    assert [row["room"] for row in await post.records("vigilance_answered")] == ["east"]

    await page.get_by_role("button", name="Hand the alarms of West back").click()
    await expect(page.locator(".entry")).to_have_count(0)
    assert screen.troubles == []


@pytest.mark.parametrize(
    ("language", "what", "drill", "desk_theme", "big"),
    [
        ("en", "Door forced", "DRILL", "light", ("/control", "dark")),
        ("zh", "强行开门", "演练", "dark", ("/control?wall=1", "light")),
    ],
    ids=["en", "zh"],
)
async def test_everybody_can_use_the_page_at_a_desk_and_read_it_on_a_wall(
    post, open_screen, language, what, drill, desk_theme, big
) -> None:
    await post.tap("CARD-LI", "north-in-1")
    await post.tap("UNKNOWN", "north-out-1", "out")
    await alarms.raise_alarm(post.site, alarms.FORCED_DOOR, DOOR)
    await alarms.raise_alarm(post.site, alarms.WRONG_TRIES, "north-in-1")
    await device_status.went(post.site, post.site.devices.get("south-in-1"), "silent")
    campus = next(zone.id for zone in post.site.campus.zones.values() if zone.kind == "campus")
    inside = Presence(campus, PresenceState.INSIDE, post.site.clock.now())
    occupancy.put(post.site, post.site.directory.with_id("S-1").ref, inside)
    desk = await at_the_desk(open_screen, language=language, theme=desk_theme)
    page = desk.page
    await expect(page.locator("#h-chosen")).to_contain_text(what)
    await look(page, f"control-1366-{language}-{desk_theme}")
    # Who is in a building is on the campus and on the site: one person is one.
    await expect(page.locator(".band .inside")).to_have_text(re.compile(r"^\D+1\D*$"))
    assert await page.evaluate(CUT_OFF) == [], "names at the plan's edge"
    if language == "zh":
        await page.keyboard.press("?")
        await expect(page.locator("wg-c-side .side")).to_be_visible()
    assert await faults(page) == []

    caller = post.client(Authorization=f"Bearer {await post.add_token(await post.add_user('caller', 'operator'))}")
    exercise = {"kind": "lockdown", "reason": "exercise", "zones": ["dorm-1"], "drill": True}
    async with caller.post("/api/v1/emergencies", json=exercise) as answer:
        assert answer.status == 201
    await expect(page.locator(".band .emergency")).to_contain_text(drill)
    band = page.locator("#band")
    assert (await band.bounding_box())["height"] < 70, "one line, and the stripes of a drill"
    # What was and what is ahead, told by word too.
    await expect(page.locator("wg-c-strip a.timeline .sr")).to_contain_text(re.compile(r"24.*\d\d:\d\d–\d\d:\d\d L3"))

    # On a phone the frame leaves the screen to what it is for.
    await page.set_viewport_size(PHONE)
    await page.keyboard.press("Escape")  # a touch: the browser lets it sound, and no line has to ask for one
    await expect(page.locator("[data-want=sound]")).to_have_count(0)
    await look(page, f"control-360-{language}")
    above = await page.locator("#area").bounding_box()
    assert above["y"] <= 0.16 * PHONE["height"]
    for target in (page.locator("#tabs a").first, page.locator("#tabs [data-open=settings]")):
        assert (await target.bounding_box())["height"] >= 44
    assert await faults(page) == []
    where, theme = big
    await page.emulate_media(color_scheme=theme)
    await page.set_viewport_size({"width": 3840, "height": 2160})
    if where != "/control":
        await page.goto(f"{post.url}{where}")
        await desk.connected()
        await page.wait_for_selector("wg-c-overview .plan svg")
        assert await page.locator("button, input, select, nav").count() == 0
    await expect(page.locator(".band .emergency[data-drill=true]")).to_contain_text(drill)
    await expect(page.locator("#band")).to_have_attribute("data-drill", "true")
    await look(page, f"control-3840-{language}-{theme}")
    assert await faults(page) == []
    assert desk.troubles == []
