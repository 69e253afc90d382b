"""The live page as a guard sees it, in a real browser."""

import json
import re

import pytest
from playwright.async_api import expect

from gateway.flows import alarms, device_status
from gateway.flows.people_csv import HEADER
from gateway.web.files import BESIDE_THE_PROJECT

pytestmark = [pytest.mark.browser, pytest.mark.asyncio(loop_scope="session")]

# Every size with every language, and every theme with each of both.
LOOKS = [
    ((1366, 768), "en", "light"),
    ((1366, 768), "zh", "dark"),
    ((1024, 600), "zh", "light"),
    ((1024, 600), "en", "dark"),
    ((360, 740), "en", "light"),
    ((360, 740), "zh", "dark"),
]
AXE = BESIDE_THE_PROJECT / "axe-core" / "axe.min.js"


async def a_busy_morning(post) -> None:
    """Every kind of thing that the page can show."""
    for card, device, direction in (
        ("CARD-LI", "north-in-1", "in"),
        ("CARD-OLD", "north-in-1", "in"),
        ("CARD-CHEN", "dorm-1-door-1", "in"),
        ("NOBODY", "north-in-1", "in"),
        ("CARD-WANG", "north-out-1", "out"),
        ("UNKNOWN", "north-out-1", "out"),
    ):
        await post.tap(card, device, direction)
    await alarms.raise_alarm(post.site, alarms.FORCED_DOOR, "dorm-1-door-1")
    await alarms.raise_alarm(post.site, alarms.WRONG_TRIES, "north-in-1")
    await alarms.raise_alarm(post.site, alarms.DEVICE_CLOCK, "north-bollard")
    await device_status.went(post.site, post.site.devices.get("south-in-1"), "silent")


async def test_signing_in_leads_to_the_live_page_and_each_tap_appears(post, open_screen) -> None:
    screen = await open_screen()
    await screen.sign_in()
    await screen.connected()

    await post.tap("CARD-LI")
    await post.tap("NOBODY-HAS-THIS")

    rows = screen.page.locator(".tap")
    await expect(rows).to_have_count(2)
    await expect(rows.nth(0)).to_contain_text("✕ Refused")
    await expect(rows.nth(0)).to_contain_text("Nobody known has this card, pass or plate.")
    await expect(rows.nth(1)).to_contain_text("✓ May pass")
    await expect(rows.nth(1)).to_contain_text("Li Na staff")
    assert screen.troubles == []


async def test_a_wrong_password_says_so_and_keeps_what_was_typed(post, open_screen) -> None:
    screen = await open_screen()
    await screen.page.goto(post.url)
    await screen.page.fill("[name=user]", "guard1")
    await screen.page.fill("[name=password]", "not the password")
    await screen.page.click("button.main")

    await expect(screen.page.locator("#wrong")).to_contain_text("do not fit")
    assert await screen.page.input_value("[name=user]") == "guard1"


async def test_the_first_paint_has_the_newest_taps_before_any_script(post, open_screen) -> None:
    await a_busy_morning(post)
    with_script = await open_screen()
    await with_script.sign_in()
    cookies = await with_script.context.cookies()
    screen = await open_screen(java_script_enabled=False)
    await screen.context.add_cookies(cookies)

    await screen.page.goto(f"{post.url}/live")

    await expect(screen.page.locator(".tap")).to_have_count(6)
    await expect(screen.page.locator(".card")).to_have_count(1)
    await expect(screen.page.locator(".alarm").first).to_contain_text("Door forced")
    await expect(screen.page.locator(".device[data-state=lost]")).to_contain_text("south-in-1")


@pytest.mark.parametrize("part", ["wg-waiting", "wg-alarms", "wg-taps", "wg-devices", "wg-level"])
async def test_the_script_paints_the_same_words_as_the_server(post, open_screen, part) -> None:
    await a_busy_morning(post)
    screen = await open_screen()
    await screen.sign_in()
    await screen.connected()
    by_script = await screen.page.inner_text(part)
    plain = await open_screen(java_script_enabled=False)
    await plain.context.add_cookies(await screen.context.cookies())
    await plain.page.goto(f"{post.url}/live")

    by_server = await plain.page.inner_text(part)

    # How long ago, and what only a script can unfold, are not the server's.
    def words(text: str) -> set[str]:
        return {word for word in re.split(r"[\s·]+", text) if not re.search(r"\d:|^\d+$", word)}

    only_script = {"All", "rules", "left", "s", "ago", "since", "▲"}
    assert words(by_server) - words(by_script) <= {"until"}
    assert words(by_script) - words(by_server) <= only_script


async def test_a_guard_lets_somebody_out_from_the_page(post, open_screen) -> None:
    screen = await open_screen()
    await screen.sign_in()
    await screen.connected()
    tap, _ = await post.tap("UNKNOWN", "north-out-1", "out")

    await screen.page.get_by_role("button", name="Let out: nobody known").click()

    await expect(screen.page.locator(".card")).to_have_count(0)
    await expect(screen.page.locator(".tap").first).to_contain_text("A guard let them through.")
    assert post.courier.sent[-1][1].action.value == "grant" and post.courier.sent[-1][1].for_ == tap


async def test_a_refused_answer_says_why_in_place(post, open_screen) -> None:
    screen = await open_screen()
    await screen.sign_in()
    await screen.connected()
    await post.tap("UNKNOWN", "north-out-1", "out")
    card = screen.page.locator(".card")
    await expect(card).to_have_count(1)
    wait = next(iter(post.site.waits.values()))
    wait.answered = True  # another guard is just now answering

    await card.get_by_role("button", name=re.compile("Refuse")).click()

    await expect(card.locator(".said")).to_contain_text("Somebody else was faster")


async def test_an_alarm_is_acknowledged_from_the_page(post, open_screen) -> None:
    screen = await open_screen()
    await screen.sign_in()
    await screen.connected()
    await alarms.raise_alarm(post.site, alarms.FORCED_DOOR, "dorm-1-door-1")

    await screen.page.get_by_role("button", name=re.compile("Acknowledge: Door forced")).click()

    await expect(screen.page.locator(".alarm")).to_contain_text("acknowledged")
    await expect(screen.page.get_by_role("button", name=re.compile("Acknowledge"))).to_have_count(0)
    assert next(iter(post.site.alarms.by_id.values())).state == "acknowledged"


async def test_who_may_not_answer_sees_no_buttons(post, open_screen) -> None:
    await post.add_user("leader1", "duty_leader")
    await a_busy_morning(post)
    screen = await open_screen()

    await screen.sign_in("leader1")
    await screen.connected()

    await expect(screen.page.locator(".card")).to_have_count(1)
    await expect(screen.page.locator("main button")).to_have_count(0)


async def test_the_list_stands_still_under_a_finger(post, open_screen) -> None:
    screen = await open_screen()
    await post.tap("CARD-LI")
    await screen.sign_in()
    await screen.connected()
    await screen.page.hover(".tap")

    for _ in range(3):
        await post.tap("NOBODY-HAS-THIS")
    await expect(screen.page.locator(".held")).to_contain_text("3 new")
    held = await screen.page.locator(".tap").count()
    await screen.page.click(".held")

    assert held == 1
    await expect(screen.page.locator(".tap")).to_have_count(4)


async def test_when_the_gateway_is_gone_the_page_says_so_and_comes_back(post, open_screen) -> None:
    screen = await open_screen()
    await screen.sign_in()
    await screen.connected()

    await screen.context.set_offline(True)
    await screen.page.evaluate("() => 0")
    await expect(screen.page.locator(".connection")).to_have_attribute("data-state", "lost", timeout=15_000)
    await expect(screen.page.locator(".connection")).to_contain_text("not connected")
    await screen.context.set_offline(False)
    await screen.connected()
    await post.tap("CARD-LI")

    await expect(screen.page.locator(".tap")).to_have_count(1)


async def test_a_page_whose_session_ended_goes_back_to_the_sign_in(post, open_screen) -> None:
    screen = await open_screen()
    await screen.sign_in()
    await screen.connected()
    admin = await post.signed_in("boss", "admin")

    async with admin.delete("/api/v1/users/guard1/sessions"):
        pass

    await screen.page.wait_for_selector("#sign-in", timeout=8_000)


async def test_the_language_is_switched_and_remembered(post, open_screen) -> None:
    await post.tap("NOBODY-HAS-THIS")
    screen = await open_screen()
    await screen.sign_in()
    await screen.connected()

    await screen.page.get_by_role("button", name="中文").click()
    await screen.connected()

    await expect(screen.page.locator("html")).to_have_attribute("lang", "zh-Hans")
    await expect(screen.page.locator(".tap").first).to_contain_text("没有人登记过这张卡、通行码或车牌。")
    await screen.page.reload()
    await expect(screen.page.locator("#h-taps")).to_have_text("刷卡记录")


async def test_the_theme_is_switched_and_remembered(post, open_screen) -> None:
    screen = await open_screen()
    await screen.sign_in()
    background = "() => getComputedStyle(document.documentElement).backgroundColor"
    light = await screen.page.evaluate(background)

    await screen.page.get_by_role("button", name="Light / dark").click()
    dark = await screen.page.evaluate(background)
    await screen.page.reload()

    assert light != dark and await screen.page.evaluate(background) == dark


async def test_everything_can_be_done_with_the_keyboard(post, open_screen) -> None:
    screen = await open_screen()
    await screen.sign_in()
    await screen.connected()
    await post.tap("UNKNOWN", "north-out-1", "out")
    await expect(screen.page.locator(".card")).to_have_count(1)

    for _ in range(20):
        await screen.page.keyboard.press("Tab")
        if "Let out" in await screen.page.evaluate("() => document.activeElement.ariaLabel ?? ''"):
            break
    await screen.page.keyboard.press("Enter")

    await expect(screen.page.locator(".card")).to_have_count(0)


@pytest.mark.parametrize(("size", "language", "theme"), LOOKS, ids=str)
async def test_the_pages_meet_wcag_and_fit(post, open_screen, size, language, theme) -> None:
    await a_busy_morning(post)
    screen = await open_screen(size, language, theme)
    await screen.page.goto(post.url)
    assert await violations(screen.page) == []

    await screen.sign_in()
    await screen.connected()

    assert await violations(screen.page) == []
    assert await screen.page.evaluate("() => document.documentElement.scrollWidth <= innerWidth")
    smallest = await screen.page.evaluate(
        "() => Math.min(...[...document.querySelectorAll('body *')].filter((e) => e.textContent.trim() && "
        "!['SCRIPT', 'svg', 'rect', 'STYLE'].includes(e.tagName)).map((e) => parseFloat(getComputedStyle(e).fontSize)))"
    )
    assert smallest >= 14
    assert (screen.troubles, screen.outside) == ([], [])


async def violations(page) -> list[str]:
    """What axe-core finds against WCAG 2.2 A and AA. It runs in a world of its own: the page's policy stays strict."""
    client = await page.context.new_cdp_session(page)
    frame = (await client.send("Page.getFrameTree"))["frameTree"]["frame"]["id"]
    world = await client.send("Page.createIsolatedWorld", {"frameId": frame, "grantUniveralAccess": True})
    run = (
        AXE.read_text()
        + ";axe.run(document, {runOnly: ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa']})"
        + ".then((r) => JSON.stringify(r.violations.map((v) => v.id + ': ' + v.nodes.map((n) => n.html).join(' | '))))"
    )
    found = await client.send(
        "Runtime.evaluate",
        {"expression": run, "contextId": world["executionContextId"], "awaitPromise": True, "returnByValue": True},
    )
    return json.loads(found["result"]["value"])


HOSTILE = [
    "<script>window.hacked = 1</script>",
    "<img src=x onerror='window.hacked = 1'>",
    '"><svg onload=window.hacked=1>',
    "</script><script>window.hacked=1</script>",
    "{{7*7}}${7*7}<%= 7*7 %>",
    "javascript:window.hacked=1",
    "=cmd|'/C calc'!A0",
    "\u202eevil\r\n\x1b[31m",
    "<!--",
]


async def test_no_name_becomes_a_script(post, open_screen) -> None:
    """In the first paint, in the data of the page, and live."""
    screen = await open_screen()
    assert "name" in HEADER
    for n, name in enumerate(HOSTILE):
        post.rename("S-1", name)
        await post.tap("CARD-LI")
        if n == len(HOSTILE) // 2:
            await screen.sign_in()
            await screen.connected()
    await expect(screen.page.locator(".tap")).to_have_count(len(HOSTILE))
    await screen.page.reload()
    await screen.connected()

    shown = await screen.page.inner_text("wg-taps")

    assert await screen.page.evaluate("() => window.hacked") is None
    assert await screen.page.locator("main img, main script, main svg[onload]").count() == 0
    assert HOSTILE[-1] in shown and "49" not in shown.replace(":49", "")
    assert screen.troubles == []


async def test_an_injected_script_would_not_run_either(post, open_screen) -> None:
    """The policy holds even if somebody got markup into the page: no inline script, no handler, no file of our own."""
    screen = await open_screen()
    await screen.sign_in()

    refused = await screen.page.evaluate(
        """() => {
          const attempts = [
            () => { document.createElement("script").textContent = "window.hacked = 1"; },
            () => { document.createElement("script").src = "/static/plain.js"; },
            () => { document.createElement("button").setAttribute("onclick", "window.hacked = 2"); },
            () => { document.body.innerHTML += "<img src=x onerror='window.hacked = 3'>"; },
            () => { document.createElement("iframe").srcdoc = "<script>parent.hacked = 5</script>"; },
          ];
          return attempts.map((attempt) => { try { attempt(); return "let through"; } catch { return "refused"; } });
        }"""
    )

    assert refused == ["refused"] * 5

    assert await screen.page.evaluate("() => window.hacked") is None


async def test_without_the_browser_libraries_the_page_still_works(tmp_path, browser, monkeypatch) -> None:
    from gateway.web import files
    from tests.browser.conftest import Screen
    from tests.web.guardpost import GuardPost

    monkeypatch.setattr(files, "BESIDE_THE_PROJECT", tmp_path / "nothing")
    post = await GuardPost(tmp_path / "site").open()
    await post.add_user("guard1", "operator")
    context = await browser.new_context()
    screen = Screen(context, await context.new_page(), post)
    await screen.sign_in()
    tap, _ = await post.tap("UNKNOWN", "north-out-1", "out")

    await expect(screen.page.locator(".card")).to_have_count(1, timeout=10_000)
    await expect(screen.page.locator("#notice")).to_contain_text("loads itself anew every 5 seconds")
    await screen.page.get_by_role("button", name="Let out").click()
    await expect(screen.page.locator(".tap").first).to_contain_text("May pass", timeout=10_000)

    assert post.courier.sent[-1][1].for_ == tap and screen.troubles == []
    await context.close()
    await post.close()


async def test_movement_is_left_out_for_those_who_do_not_want_it(post, open_screen) -> None:
    await a_busy_morning(post)
    screen = await open_screen(reduced_motion="reduce")
    await screen.sign_in()
    await screen.connected()

    moving = await screen.page.evaluate("() => document.getAnimations().length")

    assert moving == 0
