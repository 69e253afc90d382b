"""The kiosk as a guard uses it, in a real browser: verdicts, a rush, whoever waits, the lock, lockdown, no gateway."""

import asyncio
import re
import secrets
import time
from collections.abc import AsyncIterator
from datetime import timedelta
from functools import partial
from pathlib import Path

import pytest
import pytest_asyncio
from playwright.async_api import Page, expect

from gateway.flows import waiting
from gateway.policy_file import parse_policy
from gateway.store.accounts import Accounts
from gateway.store.queries import Queries
from gateway.web.files import BESIDE_THE_PROJECT, NEEDED
from gateway.web.listener import Listener
from gateway.web.server import make_app
from tests.browser.conftest import Screen, need
from tests.browser.test_live_page import violations
from tests.web.guardpost import GuardPost
from tests.web.kiosk_scene import PIN, a_guard

pytestmark = [pytest.mark.browser, pytest.mark.asyncio(loop_scope="session")]

SIZE = (1024, 600)
KEY = b"k" * 32
UNDER_44 = """() => [...document.querySelectorAll('button, a[href], input:not([type=checkbox]), [role=button]')]
  .filter((e) => { const b = e.getBoundingClientRect(); return e.checkVisibility() && !e.closest('.skip') && b.width
    && (b.height < 44 || b.width < 44); })
  .map((e) => `${e.outerHTML.slice(0, 80)} ${e.getBoundingClientRect().width}x${e.getBoundingClientRect().height}`)"""
CUT_OFF = """() => [...document.querySelectorAll('.k-band *, .k-bar *, .k-now *, .k-card *, .k-sign-on *')]
  .filter((e) => e.checkVisibility() && !e.closest('.sr') && !e.classList.contains('sr') && e.children.length === 0
    && e.textContent.trim() && e.scrollWidth > e.clientWidth + 2 && getComputedStyle(e).display !== 'inline')
  .map((e) => e.outerHTML.slice(0, 100))"""


@pytest_asyncio.fixture(loop_scope="session")
async def post(tmp_path: Path) -> AsyncIterator[GuardPost]:
    """A gateway with two guards who have cards and PINs."""
    need("the browser libraries (npm ci)", (BESIDE_THE_PROJECT / NEEDED).is_file())
    post = await GuardPost(tmp_path / "site").open(offline_key=KEY)
    await a_guard(post, "li", "S-1")
    await a_guard(post, "zhang", "S-2")
    yield post
    await post.close()


async def sign_on(screen: Screen, card: str = "CARD-LI", pin: str = PIN) -> Page:
    """As a guard does: the reader types the card, the PIN goes in on the pad."""
    page = screen.page
    await page.goto(f"{screen.post.url}/kiosk?gate=north")
    await page.wait_for_selector(".k-pad")
    await page.keyboard.type(card)
    await page.keyboard.press("Enter")
    for digit in pin:
        await page.locator(".k-pad").get_by_role("button", name=digit, exact=True).click()
    await page.keyboard.press("Enter")
    await page.wait_for_selector(".connection[data-state=connected]", timeout=40_000)
    await page.wait_for_selector("body[data-ready]")
    return page


async def test_a_verdict_is_shown_large_with_name_reason_and_what_helps(post, open_screen) -> None:
    screen = await open_screen(SIZE)
    page = await sign_on(screen)
    now = page.locator(".k-now")

    await post.tap("CARD-LI")
    await expect(now).to_have_attribute("data-outcome", "grant")
    await expect(now).to_contain_text("✓ May pass")
    await expect(now.locator(".k-name")).to_have_text("Li Na")
    await post.tap("CARD-OLD")
    await expect(now).to_contain_text("✕ Refused")
    await expect(now.locator(".k-why")).to_contain_text("no longer valid")
    assert await now.locator(".k-hint").inner_text()
    await post.tap("CARD-LI", "south-in-1")  # another gate's: not shown here
    await page.wait_for_timeout(150)

    await expect(now.locator(".k-name")).to_have_text("Zhao Min")
    assert int((await now.locator(".k-word").evaluate("(e) => getComputedStyle(e).fontSize")).removesuffix("px")) >= 48
    assert (screen.troubles, screen.outside) == ([], [])


async def test_whoever_waits_is_answered_by_one_touch_and_two_are_one(post, open_screen) -> None:
    screen = await open_screen(SIZE, has_touch=True)
    page = await sign_on(screen)
    tap, _ = await post.tap("UNKNOWN", "north-out-1", "out")
    card = page.locator(".k-card")
    await expect(card).to_contain_text(re.compile(r"0:\d\d left"))

    let_out = card.get_by_role("button", name="Let out: nobody known")
    await let_out.evaluate("(button) => { button.click(); button.click(); }")

    await expect(card.locator(".k-gone")).to_contain_text("Let through")
    answers = [m for _, m in post.courier.sent if getattr(m, "for_", None) == tap and m.action.value == "grant"]
    assert len(answers) == 1
    await expect(page.locator(".k-card")).to_have_count(0)


async def test_the_second_guard_hears_that_somebody_was_faster(post, open_screen) -> None:
    screen = await open_screen(SIZE)
    page = await sign_on(screen)
    await post.tap("UNKNOWN", "north-out-1", "out")
    await expect(page.locator(".k-card")).to_have_count(1)
    next(iter(post.site.waits.values())).answered = True  # another guard is just now answering

    await page.locator(".k-card [data-what=refuse]").click()

    await expect(page.locator(".k-card .said")).to_contain_text("Somebody else was faster")


async def test_who_waited_too_long_stays_and_is_let_in_by_one_touch(post, open_screen) -> None:
    screen = await open_screen(SIZE)
    page = await sign_on(screen)
    tap, _ = await post.tap("UNKNOWN", "north-out-1", "out")
    await expect(page.locator(".k-card[data-kind=waits]")).to_have_count(1)

    await waiting._time_is_up(post.site, next(iter(post.site.waits.values())))
    late = page.locator(".k-card[data-kind=late]")
    await expect(late).to_contain_text("Nobody answered in time")
    await page.reload()  # the gateway knows of them too
    await late.get_by_role("button", name="Let out now: nobody known").click()

    await expect(page.locator(".k-card .k-gone")).to_contain_text("Let through")
    assert (await post.records("decision"))[-1]["by_hand"] == "late"
    assert (await post.records("decision"))[-1]["waited_as"] == f"north-out-1:{tap}"


async def test_a_rush_counts_who_passes_and_keeps_who_was_refused(post, open_screen) -> None:
    screen = await open_screen(SIZE)
    page = await sign_on(screen)

    for n in range(16):
        await post.tap("CARD-OLD" if n in (2, 9, 10, 11, 12, 13) else "CARD-LI")
    lane = page.locator(".k-lane[data-portal=north-in] .k-lane-count")
    await expect(lane).to_contain_text(re.compile(r"[2-9]"))
    cards = page.locator(".k-refused-card")
    await expect(cards).to_have_count(4)
    await expect(page.locator(".k-plus")).to_contain_text("+2 more")
    first = await cards.first.get_attribute("data-id")

    await cards.first.click()
    await page.wait_for_timeout(300)
    assert await cards.first.get_attribute("data-id") == first  # five seconds at least
    await expect(page.locator(f"[data-id='{first}']")).to_have_count(0, timeout=7_000)
    await expect(page.locator(".k-plus")).to_contain_text("+1 more")


async def test_the_rules_of_a_rush(post, open_screen) -> None:
    screen = await open_screen(SIZE, bypass_csp=True)
    await screen.page.goto(f"{post.url}/kiosk?gate=north")

    told = await screen.page.evaluate(
        """async () => {
          const { calm, came, later, touched, STAYS_MS, PLACES, LINE_AT_MOST } = await import("/static/kiosk/rush.js");
          const tap = (id, outcome = "grant") => ({ id: String(id), outcome, portal: "p" });
          let rush = calm();
          for (let n = 0; n < 7; n++) rush = came(rush, tap(n), n * 100);
          const seven = rush.mode;
          rush = came(rush, tap(7), 700);
          const eight = rush.mode;
          for (let n = 0; n < 200; n++) rush = came(rush, tap(`d${n}`, "deny"), 800 + n * 50);
          const places = rush.slots.map((one) => one.id);
          const bounded = rush.line.length === LINE_AT_MOST && rush.lost === 200 - PLACES - LINE_AT_MOST;
          rush = later(rush, 800 + 100_000);
          const untouched = rush.slots.map((one) => one?.id);
          rush = later(touched(rush, "d1", 801 + 100_000), 802 + 100_000);
          const next = rush.slots.map((one) => one?.id);
          return { seven, eight, places, bounded, untouched, next, over: rush.mode };
        }"""
    )

    assert told == {
        "seven": False,
        "eight": True,
        "places": ["d0", "d1", "d2", "d3"],
        "bounded": True,
        "untouched": ["d0", "d1", "d2", "d3"],
        "next": ["d0", "d4", "d2", "d3"],
        "over": False,
    }


async def test_the_records_lock_by_themselves_and_card_and_pin_show_them_again(post, open_screen) -> None:
    screen = await open_screen(SIZE)
    page = screen.page
    await page.clock.install()
    await sign_on(screen)
    await page.clock.run_for(61_000)
    await expect(page.locator("body")).to_have_attribute("data-locked", "true")
    await expect(page.locator(".k-day")).not_to_be_visible()
    await post.tap("UNKNOWN", "north-out-1", "out")
    await page.clock.run_for(500)
    await expect(page.locator(".k-card [data-what=grant]")).to_be_enabled()

    await page.click("[data-sheet=visitor]")
    await expect(page.locator(".k-unlock")).to_contain_text("Records are locked")
    await page.keyboard.type("CARD-LI")
    await page.keyboard.press("Enter")
    await page.fill("[name=pin]", "9999")
    await page.keyboard.press("Enter")
    await expect(page.locator(".k-unlock .wrong")).to_contain_text("do not fit")
    await page.fill("[name=pin]", PIN)
    await page.keyboard.press("Enter")

    await page.clock.run_for(500)
    await expect(page.locator("wg-s-visitor")).to_be_visible()  # what was asked for
    await expect(page.locator("body")).to_have_attribute("data-locked", "false")


async def test_lockdown_needs_two_seconds_and_says_who_follows(post, open_screen) -> None:
    screen = await open_screen(SIZE)
    page = await sign_on(screen)
    hold = page.locator(".k-bar .k-hold")
    await hold.hover()
    await page.mouse.down()
    await page.wait_for_timeout(900)
    await page.mouse.up()
    assert post.site.emergencies == {}
    await expect(hold).to_contain_text("hold 2 s")

    await page.mouse.down()
    await page.wait_for_timeout(2_200)
    await page.mouse.up()

    sheet = page.locator("wg-s-emergency")
    await expect(sheet).to_contain_text("LOCKDOWN")
    await expect(sheet).to_contain_text("REAL")
    await expect(sheet).to_contain_text(re.compile(r"\d+ of \d+ devices follow"))
    await expect(page.locator(".k-in-force")).to_contain_text("LOCKDOWN")
    emergency = next(iter(post.site.emergencies.values()))
    assert (emergency.kind.value, set(emergency.zones), emergency.drill) == ("lockdown", {"campus"}, False)


async def test_an_evacuation_drill_is_called_by_keyboard(post, open_screen) -> None:
    screen = await open_screen(SIZE)
    page = await sign_on(screen)
    await page.get_by_role("button", name="Drill and evacuation").press("Enter")
    await page.get_by_label("This is a drill").check()

    await page.locator("wg-s-emergency").get_by_role("button", name="Evacuation drill").focus()
    await page.keyboard.down("Enter")
    await page.wait_for_timeout(2_300)
    await page.keyboard.up("Enter")

    await expect(page.locator(".k-emergency")).to_contain_text("DRILL")
    assert [e.drill for e in post.site.emergencies.values()] == [True]


async def test_responders_are_let_in_by_one_touch(post, open_screen) -> None:
    screen = await open_screen(SIZE)
    page = await sign_on(screen)
    await page.click("[data-sheet=responder]")

    await page.locator("wg-s-responder [data-portal=north-in]").click()

    await expect(page.locator("wg-s-responder .k-said")).to_contain_text("It opens.")
    assert (await post.records("decision"))[-1]["by_hand"] == "responder"


async def test_the_other_screen_shows_one_sentence_and_no_name(post, open_screen) -> None:
    screen = await open_screen(SIZE)
    page = await sign_on(screen)
    facing = await screen.context.new_page()
    await facing.goto(f"{post.url}/kiosk/facing?gate=north")

    await post.tap("CARD-OLD")

    await expect(facing.locator("body")).to_have_attribute("data-outcome", "deny")
    said = await facing.inner_text("main")
    assert "Zhao" not in said and re.search(r"[\u4e00-\u9fff]", said) and re.search(r"[a-z]{4}", said)
    await page.get_by_role("button", name="Show it to the person").click()
    await expect(page.locator(".k-turned")).to_be_visible()
    await page.locator(".k-turned").click()
    await expect(page.locator(".k-turned")).to_have_count(0)


async def stop(post: GuardPost) -> int:
    """The gateway is gone: its port refuses."""
    port = post.listener.port
    await post.listener.stop()
    return port


async def again(post: GuardPost, port: int) -> None:
    """The gateway is back, at its old address; what lay in its memory is gone."""
    app = make_app(
        post.site,
        accounts=Accounts(post.database, post.writer),
        records=Queries(post.database),
        roles=post.settings.roles,
        read_policy=partial(parse_policy, "policy"),
        offline_key=KEY,
    )
    post.listener = Listener(app, "127.0.0.1", port)
    await post.listener.start()


async def test_without_the_gateway_the_page_lives_registers_sealed_and_brings_in_once(post, open_screen) -> None:
    screen = await open_screen(SIZE)
    page = await sign_on(screen)
    await post.tap("UNKNOWN", "north-out-1", "out")
    await page.evaluate("navigator.serviceWorker.ready")
    await page.wait_for_function(
        "async () => (await caches.match('/kiosk/shell?gate=north&lang=en')) !== undefined", timeout=10_000
    )
    await page.reload()
    await page.wait_for_selector("body[data-ready]")
    await page.wait_for_selector(".connection[data-state=connected]")
    await page.wait_for_timeout(900)
    port = await stop(post)
    await expect(page.locator("#notice")).to_contain_text("out of reach since", timeout=12_000)

    await page.reload()
    await page.wait_for_selector("body[data-ready]", timeout=12_000)
    await expect(page.locator(".k-card")).to_have_count(1)
    now = post.site.clock.now()
    registration = {
        "visitor": {"name": "王小明", "document": {"kind": "passport", "number": "E12345678"}},
        "kind": "official",
        "purpose": "inspection",
        "starts_at": now.isoformat(),
        "ends_at": (now + timedelta(hours=2)).isoformat(),
        "key": secrets.token_urlsafe(16),
    }
    await page.evaluate("(r) => document.querySelector('wg-k-bar').kiosk.offline.seal(r)", registration)
    kept = await page.evaluate(
        """() => new Promise((done) => { const open = indexedDB.open("wardgate-kiosk"); open.onsuccess = () => {
          const all = open.result.transaction("sealed").objectStore("sealed").getAll();
          all.onsuccess = () => done(JSON.stringify(all.result)); }; })"""
    )
    assert "E12345678" not in kept and "王" not in kept and registration["key"] in kept
    await expect(page.locator("#notice button")).to_contain_text("1 registrations wait", timeout=12_000)

    await again(post, port)

    await expect(page.locator("#notice button")).to_contain_text("brought in", timeout=15_000)
    visits = [visit for some in post.site.directory.papers.visits.values() for visit in some]
    assert len(visits) == 1
    await expect(page.locator("body")).to_have_attribute("data-locked", "true")  # a restart locks
    await page.reload()
    await page.wait_for_selector("body[data-ready]")
    assert len([v for some in post.site.directory.papers.visits.values() for v in some]) == 1


async def test_a_draft_outlives_a_reload_unreadable_and_dies_with_signing_off(post, open_screen) -> None:
    screen = await open_screen(SIZE)
    page = await sign_on(screen)
    draft = "document.querySelector('wg-k-bar').kiosk.draft('test')"
    await page.evaluate(f"{draft}.save({{number: '110101199003074514'}})")
    await page.reload()
    await page.wait_for_selector("body[data-ready]")

    assert await page.evaluate(f"{draft}.load()") == {"number": "110101199003074514"}
    kept = await page.evaluate(
        """() => new Promise((done) => { const open = indexedDB.open("wardgate-kiosk"); open.onsuccess = () => {
          const get = open.result.transaction("kept").objectStore("kept").get("test");
          get.onsuccess = () => done(new TextDecoder().decode(get.result.box)); }; })"""
    )
    assert "1101" not in kept
    await page.click(".k-user")
    await page.get_by_role("button", name="Sign off").click()
    await page.wait_for_selector(".k-pad")
    await sign_on(screen)
    assert await page.evaluate(f"{draft}.load()") is None


@pytest.mark.parametrize(("language", "theme"), [("en", "light"), ("zh", "dark")])
async def test_it_meets_wcag_fits_gloves_and_cuts_nothing_off(post, open_screen, language, theme) -> None:
    screen = await open_screen(SIZE, language, theme)
    page = screen.page
    await page.goto(f"{post.url}/kiosk?gate=north")
    await page.wait_for_selector(".k-pad")
    assert await violations(page) == []
    await sign_on(screen)
    await post.tap("UNKNOWN", "north-out-1", "out")
    await post.tap("CARD-OLD")
    await post.tap("CARD-LI")
    await expect(page.locator(".k-card")).to_have_count(1)
    for sheet in (None, "responder", "emergency"):
        if sheet is not None:
            await page.evaluate("(name) => document.querySelector('wg-k-bar').kiosk.open(name)", sheet)
            await expect(page.locator(f"wg-s-{sheet}")).to_be_visible()
        await page.wait_for_timeout(120)
        assert await violations(page) == [], sheet
        assert await page.evaluate(UNDER_44) == [], sheet
        assert await page.evaluate(CUT_OFF) == [], sheet
        assert await page.evaluate("() => document.documentElement.scrollWidth <= innerWidth")
    assert (screen.troubles, screen.outside) == ([], [])


async def test_a_verdict_is_painted_within_300_ms_while_taps_come_at_500_a_minute(post, open_screen) -> None:
    screen = await open_screen(SIZE)
    page = await sign_on(screen)
    await page.evaluate(
        """() => { window.painted = {}; new MutationObserver(() => {
          const id = document.querySelector('.k-last')?.dataset.id;
          if (id && !(id in window.painted)) { window.painted[id] = null;
            requestAnimationFrame(() => setTimeout(() => { window.painted[id] = Date.now(); })); }
        }).observe(document.querySelector('wg-k-verdict'), {subtree: true, childList: true, attributes: true}); }"""
    )
    decided: dict[str, float] = {}
    for n in range(36):
        began = time.monotonic()
        tap, _ = await post.tap("CARD-LI" if n % 5 else "CARD-OLD")
        decided[f"north-in-1:{tap}"] = time.time() * 1000
        await asyncio.sleep(max(0.0, 60 / 500 - (time.monotonic() - began)))
    await page.wait_for_timeout(400)

    painted = await page.evaluate("() => window.painted")
    took = sorted(painted[id] - at for id, at in decided.items() if painted.get(id) is not None)

    assert len(took) >= 34
    # The slowest of a hundred is `dev.py bench kiosk`'s figure; here other tests' work stands between the two clocks.
    assert took[len(took) // 2] < 300, took
