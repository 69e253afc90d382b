"""The fields of a registration: keyboard, pinyin and card readers fill them, faults stand beside them, all is seen."""

from __future__ import annotations

import random
import time
from datetime import date

import pytest
import pytest_asyncio
from playwright.async_api import Page, expect

from gateway.core import resident_id
from tests.browser.conftest import Screen
from tests.browser.registering import NUMBER, Kiosk, kiosks
from tests.browser.test_live_page import violations
from tests.web.test_permits import send

pytestmark = [pytest.mark.browser, pytest.mark.asyncio(loop_scope="session")]

SLOW_STORE = """() => Object.defineProperty(IDBTransaction.prototype, "oncomplete", {
  set(told) { this.addEventListener("complete", () => setTimeout(told, 300)); },
})"""
"""What the browser keeps is read late, as on a slow disk."""


@pytest_asyncio.fixture(loop_scope="session")
async def open_kiosk(open_screen):
    return kiosks(open_screen)


async def test_a_guard_who_is_quicker_than_the_machines_store_keeps_the_focus(open_kiosk) -> None:
    kiosk: Kiosk = await open_kiosk()
    await kiosk.page.evaluate(SLOW_STORE)

    await kiosk.open("visitor")
    await kiosk.field("visitor.name").focus()
    await kiosk.page.wait_for_timeout(900)  # by now it has looked for what was typed before

    await expect(kiosk.field("visitor.name")).to_be_focused()


async def test_pinyin_makes_names_without_taking_the_focus_from_the_field(open_kiosk) -> None:
    kiosk: Kiosk = await open_kiosk("zh")
    await kiosk.open("visitor")
    name, candidates = kiosk.field("visitor.name"), kiosk.page.locator(".candidate")
    await name.click()

    await kiosk.keys("wangxiaoming")
    assert (await candidates.all_inner_texts())[:2] == ["王晓明", "王"]
    await candidates.nth(1).click()  # one syllable at a time
    await expect(name).to_have_value("王")
    await kiosk.keys("'")  # still two syllables to choose for
    await expect(kiosk.page.locator(".typed")).to_have_text("xiaoming'")
    for _ in range(2):
        await kiosk.page.locator(".candidates .page").last.click()
    assert len(await candidates.all_inner_texts()) == 8
    await kiosk.page.locator("wg-keyboard button.back").click()
    await candidates.first.click()
    await expect(name).to_have_value("王晓明")
    await kiosk.keys("·")
    await kiosk.page.locator("wg-keyboard button.to-latin").click()
    await kiosk.page.locator("wg-keyboard button.shift").click()
    await kiosk.keys("A")
    await expect(name).to_have_value("王晓明·A")

    assert await kiosk.page.evaluate("document.activeElement.name") == "visitor.name"
    await kiosk.page.locator("wg-keyboard button.to-pinyin").click()
    await kiosk.page.keyboard.type("lina", delay=70)  # a real keyboard beside it makes pinyin too
    await kiosk.page.keyboard.press("1")
    await expect(name).to_have_value("王晓明·A李娜")
    await kiosk.page.locator("wg-keyboard button.away").click()
    await kiosk.page.keyboard.type("xy", delay=70)
    await expect(name).to_have_value("王晓明·A李娜xy")
    await kiosk.page.get_by_role("button", name="显示键盘").click()
    await expect(kiosk.page.locator(".keyboard .row").first).to_be_visible()
    assert kiosk.screen.troubles == []


async def test_a_reader_of_cards_fills_in_from_anywhere_and_garbage_goes_nowhere(open_kiosk) -> None:
    kiosk: Kiosk = await open_kiosk()
    await kiosk.open("visitor")
    number, name = kiosk.field("visitor.document.number"), kiosk.field("visitor.name")
    await name.fill("Somebody")
    said = kiosk.page.locator("#sheet .k-said")

    noise = random.Random(5).choices("abcXYZ0189 ;=%?/\\'\"<>\n\t", k=1500)
    await name.focus()
    await kiosk.page.wait_for_timeout(350)  # nobody types and lays a card on the reader in one breath
    await kiosk.type_fast("".join(noise))
    await expect(said).to_contain_text("no document")
    assert (await name.input_value(), await number.input_value()) == ("Somebody", "")
    await expect(kiosk.page.locator(".reg-steps [aria-current=step]")).to_have_text("1 Who")

    await kiosk.page.locator(".k-close").focus()  # its Enter may press nothing
    await kiosk.type_fast(f"{NUMBER},ZHANG WEI\n")
    await expect(number).to_have_value(NUMBER)
    await expect(name).to_have_value("ZHANG WEI")
    await expect(said).to_contain_text("Read from the document")

    await number.focus()
    await kiosk.page.wait_for_timeout(350)
    await kiosk.type_fast("王小明|11010120000101888X\n")  # the check digit is another one: not taken
    await expect(said).to_contain_text("no document")
    await expect(number).to_have_value(NUMBER)
    await kiosk.page.wait_for_timeout(350)
    await kiosk.type_fast(f"{NUMBER}\n王小明\n")
    await expect(name).to_have_value("王小明")
    assert kiosk.visits() == []


async def test_a_card_of_which_a_busy_page_hears_in_pieces_is_read_as_one(open_kiosk) -> None:
    kiosk: Kiosk = await open_kiosk()
    await kiosk.open("visitor")
    number, name = kiosk.field("visitor.document.number"), kiosk.field("visitor.name")
    await kiosk.page.locator(".k-close").focus()
    first, rest = f"{NUMBER},ZHA", "NG WEI\n"
    began = time.time()

    await kiosk.type_fast(first, began)
    await expect(name).to_have_value("ZHA")
    await kiosk.type_fast(rest, began + len(first) * 0.001)

    await expect(name).to_have_value("ZHANG WEI")
    await expect(number).to_have_value(NUMBER)
    await expect(kiosk.page.locator(".reg-steps [aria-current=step]")).to_have_text("1 Who")


async def test_the_browser_understands_readers_and_finds_the_faults_that_the_gateway_finds(post, open_screen) -> None:
    screen: Screen = await open_screen(bypass_csp=True)
    await screen.page.goto(f"{post.url}/")
    understand = "(sent) => import('/static/ui/reader.js').then((module) => sent.map(module.understand))"
    resident = {"kind": "resident_id", "number": NUMBER, "name": "张伟"}
    mrz = "P<UTOERIKSSON<<ANNA<MARIA<<<<<<<<<<<<<<<<<<<\nL898902C36UTO7408122F1204159ZE184226B<<<<<10\n"
    passport = {"kind": "passport", "number": "L898902C3", "name": "Anna Maria Eriksson"}
    known = [
        f"{NUMBER}\t张伟\n",
        f"张伟,男,19491231,北京市东城区景山前街4号,{NUMBER}\r\n",
        f"姓名:张伟|号码:{NUMBER}\n",
        f"{NUMBER.lower()}|张伟",
        "１１０１０５１９４９１２３１００２Ｘ;张伟\n",
    ]
    unknown = ["", "6901234567892\n", "110105194912310021\n", "WG1.abcdef", mrz.replace("C36", "C37")]
    lots = random.Random(7)
    numbers = [
        f"{lots.randrange(10**6):06}{lots.randrange(1880, 2035)}{lots.randrange(14):02}{lots.randrange(33):02}"
        f"{lots.randrange(1000):03}{lots.choice('0123456789X')}"
        for _ in range(400)
    ]
    numbers += [one[:17] + resident_id.check_digit(one[:17]) for one in numbers]
    numbers += [NUMBER[:count] for count in range(2, 18)] + ["1" * 30, "11010519491231A02X", "1234-"]
    faults = """(numbers) => import('/static/ui/documents.js').then((module) =>
      numbers.map((one) => module.faultOf("resident_id", one, new Date("2026-11-21"))))"""

    assert await screen.page.evaluate(understand, known) == [resident] * len(known)
    assert await screen.page.evaluate(understand, [mrz]) == [passport]
    assert await screen.page.evaluate(understand, unknown) == [None] * len(unknown)
    found = await screen.page.evaluate(faults, numbers)
    expected = [resident_id.fault_of(one.replace("-", ""), date(2026, 11, 21)) for one in numbers]
    assert found == expected and {None, *resident_id.Fault} == set(found)


async def test_each_fault_stands_beside_its_field_and_nothing_typed_is_lost(open_kiosk) -> None:
    kiosk: Kiosk = await open_kiosk()
    officer = await kiosk.post.signed_in("officer1", "security_officer")
    await kiosk.open("visitor")
    number, name = kiosk.field("visitor.document.number"), kiosk.field("visitor.name")
    for typed, said in (
        ("110105194912310021", "check digit"),
        ("110105203012310025", "in the future"),
        ("110105194913310029", "does not exist"),
        ("1101051949123100211", "right length"),
    ):
        await number.fill(typed)
        await expect(kiosk.error("visitor.document.number")).to_contain_text(said)  # before anything is touched
        assert await number.input_value() == typed
    await number.fill("１１０１０５１９４９１２３１００２ｘ")
    await expect(kiosk.error("visitor.document.number")).to_have_text("")
    await name.fill("名" * 60)
    await expect(kiosk.page.locator("wg-field .count")).to_have_text("60 of 64")
    await name.fill("x" * 200)
    await expect(kiosk.error("visitor.name")).to_contain_text("136 characters too many")
    await name.fill('O\'Neil <b>"Zoë"</b> 👩‍🏫 阿卜杜拉·买买提')
    await kiosk.main()

    await kiosk.field("host").wait_for()
    await kiosk.main()
    for where, said in (
        ("wg-host-picker .error", "has to answer"),
        ("#c-purpose-error", "Why does"),
        ("#c-belongings-error", "Ask what"),
    ):
        await expect(kiosk.page.locator(where)).to_contain_text(said)
    await kiosk.whom()
    await kiosk.chip("until").last.click()
    await kiosk.field("ends_at").fill("07:00")  # it is ten in the morning
    await kiosk.main()
    await expect(kiosk.error("ends_at")).to_contain_text("ends before it begins")
    assert await kiosk.field("ends_at").input_value() == "07:00"
    await kiosk.field("ends_at").fill("1130")
    await send(officer, "people/S-1/left")
    await kiosk.main()
    await expect(kiosk.page.locator("wg-host-picker .error")).to_contain_text("has left the school")
    assert kiosk.visits() == []
    await kiosk.page.get_by_role("button", name="Somebody else").click()
    await kiosk.field("host").fill("li na")
    await expect(kiosk.page.locator("wg-host-picker")).to_contain_text("Nobody of the school is found")
    await kiosk.field("host").fill("zw")
    await kiosk.page.locator("wg-host-picker [role=option]").first.click()
    await kiosk.main()
    await expect(kiosk.page.locator(".reg-about")).to_contain_text('O\'Neil <b>"Zoë"</b> 👩‍🏫 阿卜杜拉·买买提')
    (made,) = kiosk.visits()
    assert made.ends_at.strftime("%H:%M") == "03:30"


COVERED = """() => {
  const field = document.activeElement;
  const { left, top, right, bottom } = field.getBoundingClientRect();
  const inside = (x, y) => document.elementFromPoint(x, y) === field;
  const points = [[left + 4, top + 4], [right - 4, bottom - 4], [(left + right) / 2, (top + bottom) / 2]];
  return points.filter(([x, y]) => !inside(x, y)).length;
}"""
SMALL = """() => [...document.querySelectorAll("#sheet button, #sheet summary, #sheet [role=option], #sheet select")]
  .filter((one) => one.checkVisibility())
  .map((one) => [one.className || one.textContent, one.getBoundingClientRect()])
  .filter(([, box]) => box.width < 44 || box.height < 44)
  .map(([name]) => name)"""
CUT = """() => [...document.querySelectorAll("#sheet button, #sheet label, #sheet dd, #sheet .hint, #sheet .error")]
  .filter((one) => one.checkVisibility() && one.scrollWidth > one.clientWidth + 1)
  .map((one) => one.textContent.trim())"""


@pytest.mark.parametrize(("language", "theme"), [("en", "light"), ("zh", "dark")])
async def test_nothing_is_covered_cut_off_too_small_or_unreadable(open_kiosk, language: str, theme: str) -> None:
    kiosk: Kiosk = await open_kiosk(language, theme)

    async def looks_right(page: Page = kiosk.page) -> None:
        assert await page.evaluate(SMALL) == []
        assert await page.evaluate(CUT) == []
        assert await violations(page) == []

    await kiosk.open("visitor")
    await kiosk.page.locator("#sheet summary").first.evaluate("(one) => { one.parentElement.open = true }")
    for path in ("document.number", "name", "phone", "organisation", "plate"):
        field = kiosk.field(f"visitor.{path}")
        await field.focus()
        for layer in ("to-digits", "to-latin", "to-pinyin"):
            key = kiosk.page.locator(f"wg-keyboard button.{layer}")
            if await key.count():
                await key.click()
                await kiosk.page.wait_for_timeout(60)
                assert await kiosk.page.evaluate(COVERED) == 0, (path, layer)
    await looks_right()
    await kiosk.who(number="11010519491231002", name="")
    await kiosk.main()
    await looks_right()
    await kiosk.who()
    await kiosk.main()
    await kiosk.field("host").fill("li")
    await kiosk.page.locator("wg-host-picker [role=option]").first.wait_for()
    assert await kiosk.page.evaluate(COVERED) == 0
    await looks_right()
    await kiosk.page.locator("wg-host-picker [role=option]").first.click()
    await kiosk.page.locator("[data-value=weapon]").click()
    await kiosk.chip("purpose").last.click()
    await kiosk.field("purpose").fill("x" * 190)
    await looks_right()
    await kiosk.main()
    await kiosk.page.locator(".reg-needs").wait_for()
    await looks_right()
    if language == "zh":
        words = await kiosk.page.locator("#sheet").inner_text()
        untranslated = {"Next", "Register", "Name", "Visitor", "optional", "Host", "Document"}
        assert untranslated.isdisjoint(words.split())
    assert len(kiosk.visits()) == 1
