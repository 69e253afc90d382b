"""The hand-over of a shift, calls, a silent call for help and paper day, in a real browser at a kiosk's size."""

from __future__ import annotations

import os
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest
import pytest_asyncio
from playwright.async_api import expect

from gateway.core.nouns import Item, Label
from gateway.flows import pins, shifts
from gateway.web.context import PARTS
from gateway.web.files import BESIDE_THE_PROJECT, NEEDED
from gateway.web.paper_folder import PaperFolder
from tests.browser.conftest import Screen, need
from tests.web.guardpost import SHOWN, GuardPost

pytestmark = [pytest.mark.browser, pytest.mark.asyncio(loop_scope="session")]

KIOSK = (1024, 600)
AXE = BESIDE_THE_PROJECT / "axe-core" / "axe.min.js"
ITEMS = (
    Item("keys", Label("Keys", "钥匙"), 12),
    Item("radios", Label("Radios", "对讲机"), 2),
    Item("shields", Label("Shields", "盾牌"), 2),
    Item("badges", Label("Spare badges", "备用胸牌"), 30),
)
LI, ZHANG = ("CARD-LI", "2846"), ("CARD-ZHANG", "9153")


@pytest_asyncio.fixture(loop_scope="session")
async def post(tmp_path: Path):
    """The north gate with things to count, two guards with cards, and the control room."""
    need("the browser libraries (npm ci)", (BESIDE_THE_PROJECT / NEEDED).is_file())
    post = await GuardPost(tmp_path / "site").open(paper=PaperFolder(tmp_path / "data" / "paper"))
    campus = post.site.campus
    posts = tuple(replace(one, inventory=ITEMS) if one.id == "north-gate" else one for one in campus.posts)
    post.site.campus = replace(campus, posts=posts)
    accounts = post.listener.app[PARTS].accounts
    for name, role, person, pin in (("guard1", "guard", "S-1", LI[1]), ("guard2", "guard", "S-2", ZHANG[1])):
        user = await post.add_user(name, role)
        holder = next(one.ref for one in post.site.directory.holders.values() if one.id == person)
        await accounts.change_user(replace(user, holder=holder), _note(post), None)
        await pins.set_pin(post.site, person, pin, None, "test")
    await post.add_user("operator1", "operator")
    yield post
    await post.close()


def _note(post: GuardPost):
    from gateway.flows.ports import Entry

    return Entry("user_changed", post.site.clock.now(), {"user": "test"})


async def at_the_kiosk(screen: Screen, user: str = "guard1") -> None:
    await screen.arrive("/kiosk?gate=north", user)
    await screen.page.wait_for_selector("body[data-ready]")
    await screen.connected()


async def open_sheet(screen: Screen, name: str) -> None:
    button = screen.page.locator(f"[data-sheet={name}]")
    if not await button.count():
        await screen.page.locator(".k-bar button[aria-expanded]").first.click()
    await button.click()
    await screen.page.wait_for_selector({"shift": ".k-shift-who", "call": ".k-calls", "paper": ".k-paper-line"}[name])


async def clean(screen: Screen, name: str) -> None:
    """No violation of WCAG 2.2 AA, and nothing wider than the screen; a picture where somebody wants to look."""
    if folder := os.environ.get("WARDGATE_PICTURES"):
        await screen.page.screenshot(path=Path(folder, f"shift-{name}.png"))
    await screen.page.evaluate(AXE.read_text())
    tags = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"]
    found = await screen.page.evaluate("tags => axe.run(document, {runOnly: tags})", tags)
    assert [(one["id"], [node["target"] for node in one["nodes"]]) for one in found["violations"]] == []
    body = screen.page.locator(".k-split-scroll, .k-sheet-call .k-sheet-body").first
    assert await body.evaluate("part => part.scrollWidth - part.clientWidth") == 0
    assert troubles_of(screen) == []


def troubles_of(screen: Screen) -> list[str]:
    """What went wrong in the page; that the gateway refused something is no trouble of the page."""
    return [one for one in screen.troubles if "Failed to load resource" not in one]


async def sign(screen: Screen, side: str, card: str, pin: str) -> None:
    form = screen.page.locator(f"wg-k-signature[name={side}]")
    await form.locator("[data-what=card]").fill(card)
    await form.locator("[data-what=card]").press("Enter")
    await form.locator("[data-what=pin]").fill(pin)
    await form.locator("[data-what=pin]").press("Enter")


@pytest.mark.parametrize("language", ["zh"])
async def test_a_shift_is_taken_over_with_a_witness_and_handed_on_by_two(post, open_screen, language) -> None:
    screen = await open_screen(KIOSK, language)
    page = screen.page
    await at_the_kiosk(screen)
    await open_sheet(screen, "shift")
    everything = "all there" if language == "en" else "数目相符"
    begin = "Counted: to the signatures" if language == "en" else "清点完毕，去签名"

    # Nobody has the post: counted, one key is missing, and a word about it is asked for.
    for button in await page.get_by_role("button", name=everything).all():
        await button.click()
    await page.fill("#count-keys", "１１")
    await page.get_by_role("button", name=begin).click()
    word = page.locator(".k-shift-word input")
    await expect(word).to_have_attribute("aria-invalid", "true")
    await word.fill("lent to the boiler room")
    await page.fill(".k-shift-note textarea", "the lamp is broken")
    await clean(screen, f"count-{language}")

    # A reload loses nothing of it.
    await page.reload()
    await screen.connected()
    await page.wait_for_selector(".k-shift-who")
    await expect(page.locator("#count-keys")).to_have_value("１１")
    await page.get_by_role("button", name=begin).click()
    await page.locator("wg-k-signature[name=incoming] button.main").click()
    await expect(page.locator(".k-shift-signed")).to_contain_text("Li Na")
    await sign(screen, "witness", *LI)
    await expect(page.locator("wg-k-signature[name=witness] .error")).not_to_be_empty()
    await sign(screen, "witness", ZHANG[0], "0000")
    await expect(page.locator("wg-k-signature[name=witness] .error")).not_to_be_empty()
    await clean(screen, f"sign-{language}")
    await sign(screen, "witness", *ZHANG)
    await expect(page.locator(".k-shift-who")).to_contain_text("Li Na")

    # Handed on: the one who leaves with a touch, the one who comes with card and PIN.
    for button in await page.get_by_role("button", name=everything).all():
        await button.click()
    await page.get_by_role("button", name=begin).click()
    await page.locator("wg-k-signature[name=outgoing] button.main").click()
    await expect(page.locator("wg-k-signature[name=outgoing]")).to_have_count(0)
    await sign(screen, "incoming", *ZHANG)
    await expect(page.locator(".k-shift-who")).to_contain_text("张伟")
    await clean(screen, f"taken-{language}")

    running = shifts.current(post.site.directory, "north-gate")
    assert {side.value: signed.card for side, signed in running.signatures.items()} == {
        "outgoing": False,
        "incoming": True,
    }


@pytest.mark.parametrize("language", ["en"])
async def test_calls_go_on_to_the_next_and_relief_is_answered(post, open_screen, language) -> None:
    screen = await open_screen(KIOSK, language, "dark" if language == "zh" else "light")
    page = screen.page
    await at_the_kiosk(screen)
    await open_sheet(screen, "call")
    await page.locator(".k-call-begin").click()
    await expect(page.locator(".k-call-timer")).to_be_visible()

    for word in ("Not answered: next", "Busy: next") if language == "en" else ("未接通，下一个", "占线，下一个"):
        await page.get_by_role("button", name=word).click()
        await page.wait_for_timeout(150)
    await expect(page.locator(".k-call[data-next=true] .k-call-number")).to_have_text("110")
    await page.reload()
    await screen.connected()
    await expect(page.locator(".k-call[data-next=true] .k-call-number")).to_have_text("110")
    await clean(screen, f"call-{language}")
    await page.locator(".k-call-yes").click()
    await expect(page.locator(".k-call-result[data-result=answered]")).to_have_count(1)

    await page.locator(".k-call-relief button").click()
    await expect(page.locator(".k-relief")).to_be_visible()
    (relief,) = post.site.help.reliefs.values()
    operator = await post.signed_in(f"operator-{language}", "operator")
    async with operator.post(f"/api/v1/relief/{relief.id}/coming") as answer:
        assert answer.status == 200
    await expect(page.locator(".k-relief[data-state=coming]")).to_be_visible()
    await clean(screen, f"relief-{language}")
    await page.locator(".k-call-relief button").click()
    await expect(page.locator(".k-relief")).to_have_count(0)


async def test_a_silent_call_shows_and_sounds_nowhere_at_the_gate(post, open_screen) -> None:
    """Held long enough it calls; even where the control room itself has signed in at the kiosk, nothing shows."""
    kiosk = await open_screen(KIOSK)
    await at_the_kiosk(kiosk, "operator1")
    room = await open_screen()
    await room.sign_in("operator1")
    await room.connected()
    page = kiosk.page
    await page.evaluate(
        "() => { window.sounds = 0; const make = BaseAudioContext.prototype.createOscillator;"
        " BaseAudioContext.prototype.createOscillator = function () { window.sounds += 1; return make.call(this); }; }"
    )
    before = await page.locator("main, .k-bar").all_inner_texts()
    name = page.locator(".k-gate-name")

    await name.click()  # a touch in passing is nothing
    await page.wait_for_timeout(200)
    assert post.site.alarms.by_id == {}
    await name.hover()
    await page.mouse.down()
    await expect(room.page.locator(".alarm")).to_contain_text("A guard calls for help in silence")
    await page.mouse.up()
    await page.wait_for_timeout(300)

    assert await page.locator("main, .k-bar").all_inner_texts() == before
    assert await page.evaluate("window.sounds") == 0
    assert "help in silence" not in await page.inner_text("body")
    await expect(name).to_have_attribute("data-marked", "false", timeout=5000)
    await name.focus()
    await page.keyboard.down("Enter")  # by keyboard too, and within half a minute it is the same call
    await page.wait_for_timeout(1500)
    await page.keyboard.up("Enter")
    (alarm,) = post.site.alarms.by_id.values()
    assert (alarm.condition, alarm.count) == ("guard_panic", 1)
    assert troubles_of(kiosk) == [] and troubles_of(room) == []


async def test_what_was_written_by_hand_is_typed_in_with_the_keyboard_alone(post, open_screen) -> None:
    screen = await open_screen(KIOSK)
    page = screen.page
    await at_the_kiosk(screen)
    await open_sheet(screen, "paper")
    local = (SHOWN - timedelta(hours=2)).astimezone(post.site.campus.timezone)

    await expect(page.locator("#paper-at")).to_be_focused()
    await page.keyboard.type(f"{local:%H%M}")
    await page.keyboard.press("Tab")
    await page.keyboard.type("Zhou <b>Jie</b>")
    await page.keyboard.press("Tab")
    await page.keyboard.type("678X")
    await page.wait_for_timeout(1_000)  # what is typed is sealed and kept within a moment
    await page.reload()  # nothing that was typed is lost
    await screen.connected()
    await expect(page.locator("#paper-name")).to_have_value("Zhou <b>Jie</b>")
    await page.locator("#paper-name").focus()
    await page.keyboard.press("Enter")
    await expect(page.locator("wg-host-picker")).to_contain_text("Choose the host.")
    await expect(page.locator("wg-host-picker input")).to_be_focused()
    await page.keyboard.type("li na")
    await page.locator("wg-host-picker [role=option]").first.wait_for()
    await page.keyboard.press("Enter")
    await page.locator("#paper-document").fill("12")
    await page.keyboard.press("Enter")
    await expect(page.locator("#paper-document-error")).to_contain_text("last four")
    await expect(page.locator("#paper-document")).to_be_focused()
    await clean(screen, "paper-en")
    await page.keyboard.press("Control+a")
    await page.keyboard.type("678X")
    await page.keyboard.press("Enter")
    await expect(page.locator(".k-paper-typed li")).to_have_count(1)
    await expect(page.locator("#paper-at")).to_be_focused()

    (row,) = await post.records("paper_entry")
    assert row["from_paper"] is True and row["entry"] == "visit"
    assert [visit.from_paper for some in post.site.directory.papers.visits.values() for visit in some] == [True]


@pytest.mark.parametrize("language", ["en", "zh"])
async def test_the_papers_can_be_printed(post, open_screen, language, tmp_path) -> None:
    guard = await post.signed_in(f"guard-{language}", "guard")
    for number in range(3):
        body = {
            "visitor": {"name": f"周杰{number}", "document": {"kind": "passport", "number": f"E1234567{number}"}},
            "kind": "visitor", "host": "S-1", "purpose": "talk",
            "starts_at": (SHOWN + timedelta(hours=1)).isoformat(), "ends_at": (SHOWN + timedelta(hours=3)).isoformat(),
        }  # fmt: skip
        async with guard.post("/api/v1/visits", json=body) as answer:
            assert answer.status == 201
    screen = await open_screen(KIOSK, language)
    await screen.arrive("/paper?gate=north", "guard1")
    pdf = await screen.page.pdf(path=tmp_path / "paper.pdf", prefer_css_page_size=True, print_background=True)
    if folder := os.environ.get("WARDGATE_PICTURES"):
        await screen.page.screenshot(path=Path(folder, f"paper-{language}.png"), full_page=True)

    assert pdf.startswith(b"%PDF") and pdf.count(b"/Type /Page\n") + pdf.count(b"/Type /Page ") >= 6
    await screen.page.evaluate(AXE.read_text())
    found = await screen.page.evaluate("axe.run(document, {runOnly: ['wcag2a', 'wcag2aa', 'wcag22aa']})")
    assert [one["id"] for one in found["violations"]] == []
    assert screen.troubles == []
