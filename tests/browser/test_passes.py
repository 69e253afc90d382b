"""Passes in a real browser: a scanner that types, the kiosk's camera, printing, the visitor's phone."""

from __future__ import annotations

import asyncio
import io
import os
import re
import shutil
import time
from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest
import pytest_asyncio
import segno
import zxingcpp
from playwright.async_api import Page, async_playwright, expect

from gateway.core import pass_values
from gateway.core.kinds import HolderKind
from gateway.flows import visits
from gateway.flows.documents import DocumentKind, read_document
from gateway.flows.printing import JobSeen, JobState, Label, Paper, Printer, PrinterSeen, PrintState, Sent, Trouble
from gateway.web.files import BESIDE_THE_PROJECT, NEEDED
from tests.browser.conftest import ARGUMENTS, Screen, need
from tests.web.guardpost import GuardPost
from tests.web.test_passes import at_level

pytestmark = [pytest.mark.browser, pytest.mark.asyncio(loop_scope="session")]

AXE = BESIDE_THE_PROJECT / "axe-core" / "axe.min.js"
TARGETS = """() => [...document.querySelectorAll("main button, main input, main [role=button]")].filter(one => {
  const box = one.getBoundingClientRect();
  return box.width > 0 && (box.height < 44 || box.width < 44);
}).map(one => `${one.outerHTML.slice(0, 80)} ${one.getBoundingClientRect().height}`)"""


class PaperFolder:
    """Stands where the print service would: prints at once, or says what it was told to say."""

    def __init__(self) -> None:
        self.trouble: Trouble | None = None
        self.printed: list[Label] = []
        self.printers = {"north": Printer("north", "label-north", Paper.LABEL_62)}

    async def seen(self) -> list[PrinterSeen]:
        state = PrintState.READY if self.trouble is None else PrintState.OUT
        return [PrinterSeen(self.printers["north"], state, self.trouble)]

    async def send(self, printer: Printer, label: Label) -> Sent:
        self.printed.append(label)
        return Sent(f"{printer.queue}-{len(self.printed)}", False)

    async def job(self, printer: Printer, job: str) -> JobSeen:
        return JobSeen(job, JobState.DONE if self.trouble is None else JobState.PRINTING, self.trouble)


@pytest.fixture
def paper() -> PaperFolder:
    return PaperFolder()


@pytest_asyncio.fixture(loop_scope="session")
async def post(tmp_path: Path, paper: PaperFolder) -> AsyncIterator[GuardPost]:
    """A gateway with a printer at the north gate, and an operator called `guard1`."""
    need("the browser libraries (npm ci)", (BESIDE_THE_PROJECT / NEEDED).is_file())
    post = await GuardPost(tmp_path / "site").open(printing=paper)
    await post.add_user("guard1", "operator")
    yield post
    await post.close()


async def visitor(post: GuardPost, **how: Any) -> visits.Registered:
    site, now = post.site, post.site.clock.now()
    document = read_document(site, DocumentKind("passport"), "E12345678")
    wanted = visits.Wanted(
        visits.Visitor("Anna Berg", document),
        HolderKind(how.pop("kind", "visitor")),
        "S-1",
        "library",
        frozenset(),
        now,
        now + timedelta(hours=2),
        **how,
    )
    made = await visits.register(site, wanted, visits.Registrar("guard-1"))
    await visits.check_in(site, made.visit.id, True, "guard-1")
    return made


async def kiosk(screen: Screen) -> Page:
    await screen.arrive("/kiosk?gate=north")
    await screen.page.wait_for_selector("body[data-ready=true]")
    await screen.connected()
    return screen.page


STROKE_S = 0.004


async def type_fast(page: Page, text: str, end: str = "\r", pressed: float | None = None) -> None:
    """As a scanner does: keys with times of their own, close together, whenever a busy machine gets round to them."""
    session = await page.context.new_cdp_session(page)
    keys = []
    pressed = pressed or time.time()
    for number, letter in enumerate(text + end):
        enter = {"code": "Enter", "windowsVirtualKeyCode": 13} if letter == "\r" else {}
        key = "Enter" if letter == "\r" else letter
        stroke = {"key": key, "timestamp": pressed + number * STROKE_S}
        down = session.send("Input.dispatchKeyEvent", {"type": "keyDown", "text": letter} | stroke | enter)
        keys += [down, session.send("Input.dispatchKeyEvent", {"type": "keyUp"} | stroke)]
    await asyncio.gather(*keys)
    await session.detach()


async def axe(page: Page) -> list[str]:
    await page.evaluate(AXE.read_text())
    found = await page.evaluate("axe.run(document, {resultTypes: ['violations']})")
    return [f"{one['id']}: {[node['html'][:90] for node in one['nodes']]}" for one in found["violations"]]


async def test_a_scanner_that_types_presents_a_pass_on_the_board(post: GuardPost, open_screen: Any) -> None:
    made = await visitor(post)
    assert made.pass_value is not None
    screen = await open_screen((1024, 600))
    page = await kiosk(screen)

    await type_fast(page, made.pass_value)

    verdict = page.locator(".scan-verdict")
    await expect(verdict).to_contain_text("Anna Berg")
    await expect(verdict).to_have_attribute("data-outcome", "grant")
    assert [row["by_hand"] for row in await post.records("decision")] == ["presented"]
    assert made.pass_value not in await page.content()
    await picture_of(page, "scan-grant")
    await type_fast(page, made.pass_value.lower())  # a scanner set to small letters
    await expect(page.locator(".scan-verdict")).to_have_attribute("data-outcome", "grant")
    assert await axe(page) == []
    assert troubles(screen) == []


async def test_a_scanner_that_types_garbage_says_one_sentence_and_types_into_no_field(
    post: GuardPost, open_screen: Any
) -> None:
    made = await visitor(post)
    screen = await open_screen((1024, 600), "zh")
    page = await kiosk(screen)
    await type_fast(page, "https://example.org/?q=" + "x1#%" * 150)

    said = page.locator("wg-s-scan .k-said")
    await expect(said).to_have_text("这不是访客通行码。请把通行证上的二维码对准扫码枪。")
    await page.evaluate(OPEN, ["pass", {"visit": made.visit.id}])
    badge = page.locator("#badge")
    await badge.focus()
    await badge.press_sequentially("B7", delay=80)
    await type_fast(page, "<b>'; drop table" * 20)
    await expect(page.locator("wg-s-scan .k-said")).to_have_count(1)
    assert await post.records("decision") == []
    assert troubles(screen) == []


async def test_what_is_left_to_a_guard_opens_with_one_touch_and_a_foreign_code_is_refused(
    post: GuardPost, open_screen: Any
) -> None:
    made = await visitor(post, kind="contractor")
    assert made.pass_value is not None
    await at_level(post, 2)
    screen = await open_screen((1024, 600))
    page = await kiosk(screen)

    await type_fast(page, pass_values.new_value(bytes(32), b"0123456789"))
    await expect(page.locator(".scan-verdict")).to_have_attribute("data-outcome", "deny")
    await picture_of(page, "scan-deny")
    await type_fast(page, made.pass_value)
    await expect(page.locator(".scan-verdict")).to_have_attribute("data-outcome", "wait")
    await picture_of(page, "scan-wait")
    await page.get_by_role("button", name="Let in", exact=True).click()
    await expect(page.locator(".scan-verdict")).to_have_attribute("data-outcome", "grant")
    assert ("forged_pass", "north-in") in {(a.condition, a.place) for a in post.site.alarms.by_id.values()}
    assert troubles(screen) == []


async def test_the_pass_on_the_screen_is_printed_linked_renewed_or_replaced_by_a_badge(
    post: GuardPost, paper: PaperFolder, open_screen: Any
) -> None:
    made = await visitor(post)
    assert made.pass_value is not None
    screen = await open_screen((1024, 600))
    page = await kiosk(screen)
    await page.evaluate(OPEN, ["pass", {"visit": made.visit.id}])

    shot = await page.locator(".pass-picture").screenshot()
    assert codes_in(shot) == [made.pass_value]
    await expect(page.locator("#pass-link")).to_have_value(f"{post.url}/p#{made.pass_value}")
    assert await axe(page) == []
    assert await page.evaluate(TARGETS.replace("main ", "wg-s-pass ")) == []
    await picture_of(page, "pass")

    await page.get_by_role("button", name="Print", exact=True).click()
    await expect(page.locator(".pass-printer")).to_contain_text("Printed.")
    assert paper.printed[0].code == made.pass_value and paper.printed[0].name == "Anna Berg"
    paper.trouble = Trouble.OUT_OF_PAPER
    await page.get_by_role("button", name="Print again").click()
    await expect(page.locator(".pass-printer")).to_contain_text("Printer out: the paper is used up. Put in a new roll.")
    await expect(page.locator(".pass-printer")).to_contain_text("numbered badge")
    await picture_of(page, "printer-out")

    await page.locator("#badge").fill("17th")
    await page.get_by_role("button", name="Hand it out").click()
    await expect(page.locator("#badge-wrong")).to_contain_text("up to two letters and four digits")
    await expect(page.locator("#badge")).to_have_value("17th")
    await page.locator("#badge").fill("B17")
    await page.get_by_role("button", name="Hand it out").click()
    await expect(page.locator("wg-s-pass .k-said")).to_contain_text("Badge B17 is with this visitor")

    await page.get_by_role("button", name="Lost?").click()
    await page.get_by_role("button", name="Touch again").click()
    await expect(page.locator("wg-s-pass .k-said")).to_contain_text("The old one opens nothing any more.")
    again = codes_in(await page.locator(".pass-picture").screenshot())
    assert again != [made.pass_value] and pass_values.is_signed(post.site.pass_key, again[0])
    assert troubles(screen) == []


async def test_a_code_that_a_busy_machine_hands_on_in_pieces_is_one_code(post: GuardPost, open_screen: Any) -> None:
    made = await visitor(post)
    assert made.pass_value is not None
    page = await kiosk(await open_screen((1024, 600)))
    pressed = time.time()

    await type_fast(page, made.pass_value[:20], end="", pressed=pressed)
    await expect(page.locator("wg-s-scan .k-said")).to_contain_text("no visitor's code")  # it fell silent for too long
    await type_fast(page, made.pass_value[20:], pressed=pressed + 20 * STROKE_S)

    await expect(page.locator(".scan-verdict")).to_have_attribute("data-outcome", "grant")
    assert [row["by_hand"] for row in await post.records("decision")] == ["presented"]


@pytest.mark.parametrize(("language", "theme"), [("en", "light"), ("zh", "dark")])
async def test_the_visitors_phone_shows_the_code_from_320_pixels_and_prints_it(
    post: GuardPost, open_screen: Any, language: str, theme: str
) -> None:
    made = await visitor(post)
    screen = await open_screen((320, 568), language, theme)
    page = screen.page
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))

    await page.goto(f"{post.url}/p#{made.pass_value}")
    await expect(page.locator("#code")).to_be_visible()

    assert codes_in(await page.screenshot()) == [made.pass_value]
    await expect(page.locator("#say")).to_have_text(
        {"en": "Show this code at the gate.", "zh": "请在门口出示此码。"}[language]
    )
    assert not [url for url in asked if str(made.pass_value) in url.partition("#")[0]]
    assert await page.evaluate("document.documentElement.scrollWidth") <= 320
    assert await page.evaluate(TARGETS) == []
    assert await axe(page) == []
    await picture_of(page, f"phone-{language}", full=True)
    await page.emulate_media(media="print")
    await expect(page.locator("#print")).to_be_hidden()
    assert codes_in(await page.screenshot()) == [made.pass_value]
    await page.emulate_media(media="screen")
    assert troubles(screen) == []

    await page.goto("about:blank")
    await page.goto(f"{post.url}/p#WG1TOOSHORT")
    await expect(page.locator("#say")).to_contain_text({"en": "This link is not whole", "zh": "链接不完整"}[language])
    await expect(page.locator("#code")).to_be_hidden()
    assert await axe(page) == []


async def test_the_kiosks_camera_reads_a_code_and_is_off_when_the_sheet_closes(post: GuardPost, tmp_path: Path) -> None:
    """A Chromium of its own: what its camera sees is given when it starts."""
    made = await visitor(post)
    assert made.pass_value is not None
    seen = tmp_path / "seen.mjpeg"
    seen.write_bytes(as_a_camera_sees(made.pass_value))
    path = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
    need("Chromium", path is not None)
    camera = [
        "--use-fake-ui-for-media-stream",
        "--use-fake-device-for-media-stream",
        f"--use-file-for-fake-video-capture={seen}",
    ]
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=path, args=[*ARGUMENTS, *camera])
        context = await browser.new_context(viewport={"width": 1024, "height": 600}, permissions=["camera"])
        await context.add_cookies([{"name": "wg_language", "value": "en", "url": post.url}])
        screen = Screen(context, await context.new_page(), post)
        page = await kiosk(screen)
        await page.evaluate(OPEN, ["scan", {}])

        await page.get_by_role("button", name="Camera on").click()

        await expect(page.locator(".scan-verdict")).to_contain_text("Anna Berg", timeout=15_000)
        await expect(page.locator("video")).to_have_count(0)
        # Once more, and closed while it runs: no track is left running.
        await page.evaluate("""() => {
            const get = navigator.mediaDevices.getUserMedia.bind(navigator.mediaDevices);
            window.tracks = [];
            navigator.mediaDevices.getUserMedia = async (wish) => {
                const stream = await get(wish);
                window.tracks.push(...stream.getTracks());
                return stream;
            };
            window.fetch = () => new Promise(() => {});
        }""")
        await page.get_by_role("button", name="Next code by camera").click()
        await until(page, "window.tracks.length > 0 && document.querySelector('video')?.videoWidth > 0")
        await picture_of(page, "scan-camera")
        await page.locator(".k-close").click()
        await until(page, "window.tracks.every((track) => track.readyState === 'ended')")
        assert troubles(screen) == []
        await browser.close()


# ---------------------------------------------------------------- what the others are made of

OPEN = """async ([name, options]) => {
  const part = document.querySelector("wg-k-bar");
  if (!(await part.kiosk.open(name, options))) throw new Error(`no sheet ${name}`);
}"""


async def until(page: Page, script: str) -> None:
    """Until that is true; the pages' policy lets no script wait in them for us."""
    for _ in range(100):
        if await page.evaluate(script):
            return
        await asyncio.sleep(0.05)
    raise AssertionError(script)


def troubles(screen: Screen) -> list[str]:
    """What went wrong in the page; that a request was refused, or that somebody has no picture, the browser says by
    itself."""
    return [said for said in screen.troubles if not re.search("status of (404|409|422)", said)]


def codes_in(shot: bytes) -> list[str]:
    seen = cv2.imdecode(np.frombuffer(shot, np.uint8), cv2.IMREAD_GRAYSCALE)
    return [one.text for one in zxingcpp.read_barcodes(seen)]


def as_a_camera_sees(value: str) -> bytes:
    """One picture of a code held before a camera, a little tilted, as a stream of JPEGs."""
    out = io.BytesIO()
    segno.make(value, error="h", micro=False).save(out, kind="png", scale=7)
    code = cv2.imdecode(np.frombuffer(out.getvalue(), np.uint8), cv2.IMREAD_GRAYSCALE)
    page = np.full((480, 640), 150, np.uint8)
    page[100 : 100 + code.shape[0], 180 : 180 + code.shape[1]] = code
    page = cv2.warpAffine(page, cv2.getRotationMatrix2D((320, 240), 12, 1.0), (640, 480), borderValue=150)
    done, raw = cv2.imencode(".jpg", cv2.cvtColor(page, cv2.COLOR_GRAY2BGR))
    assert done
    return raw.tobytes() * 3


async def picture_of(page: Page, name: str, full: bool = False) -> None:
    """Kept where somebody wants to look at it."""
    folder = os.environ.get("WARDGATE_TEST_PICTURES")
    if folder:
        await page.screenshot(path=str(Path(folder) / f"passes-{name}.png"), full_page=full)
