"""The default matrix as a guard sees it: each kind of visitor at each level, from the registration to the check-out.

The kiosk registers, the others answer by their own accounts, and the pass is shown at the gate's reader: its verdict
has to be the matrix's, on the reader and on the kiosk's screen.
"""

from __future__ import annotations

import pytest
import pytest_asyncio
from playwright.async_api import expect

from devices.messages import CredentialKind
from gateway.core.papers import Visit
from tests.browser.registering import Kiosk
from tests.web.guardpost import GuardPost
from tests.web.test_permits import send, set_level

pytestmark = [pytest.mark.browser, pytest.mark.asyncio(loop_scope="session")]

CARDS = {"staff": "CARD-LI", "student": "CARD-WANG"}
NUMBER = iter(range(10_000_000, 99_999_999))

MATRIX = [
    # level, kind, what the rules ask besides the document, the verdict at the reader (None: refused at registration)
    (3, "visitor", [], "grant"),
    (3, "guardian", ["confirm"], "grant"),
    (3, "official", [], "grant"),
    (3, "media", ["consent"], "grant"),
    (3, "contractor", [], "grant"),
    (3, "supplier", [], "grant"),
    (2, "visitor", ["confirm"], "grant"),
    (2, "guardian", ["confirm", "appointment"], None),
    (2, "official", [], "grant"),
    (2, "media", ["consent"], "grant"),
    (2, "contractor", [], "wait"),
    (2, "supplier", [], "wait"),
    (1, "visitor", [], None),
    (1, "guardian", [], None),
    (1, "official", ["authorisation"], "grant"),
    (1, "media", [], None),
    (1, "contractor", [], None),
    (1, "supplier", [], None),
]


@pytest_asyncio.fixture(loop_scope="session")
async def people(post: GuardPost):
    """Whoever has a word to say besides the guard: each with an account of their own."""
    return {
        "confirm": await post.signed_in("li.na", "teacher", person="S-1"),
        "consent": await post.signed_in("office1", "office"),
        "authorisation": await post.signed_in("leader1", "duty_leader"),
    }


@pytest.mark.parametrize("level", [3, 2, 1])
async def test_each_kind_is_treated_as_the_matrix_says(post: GuardPost, open_screen, people, level: int) -> None:
    if level < 3:
        await set_level(post, level)
    screen = await open_screen((1024, 600), has_touch=True)
    kiosk = Kiosk(screen)
    await kiosk.sign_on()
    for _, kind, asked, verdict in (row for row in MATRIX if row[0] == level):
        visit = await register(kiosk, kind)
        for word in asked:
            if word != "appointment":
                await speak(post, people, word, visit)
        check_in = kiosk.page.locator(".reg-foot .main")
        if verdict is None:
            await expect(check_in).to_be_disabled()
            await expect(kiosk.page.locator("#sheet")).not_to_contain_text("level_refuses")  # words, not codes
            answer = await show_pass(post, visit)
            assert answer == "deny", (level, kind)
            await kiosk.page.get_by_role("button", name="Next visitor").click()  # this one stays on the day's list
        else:
            await expect(check_in).to_be_enabled(timeout=8_000)
            await check_in.click()
            await expect(kiosk.page.locator(".k-sheet-pass")).to_be_visible()
            answer = await show_pass(post, visit)
            assert answer == verdict, (level, kind)
            left = await show_pass(post, visit, "north-out-1", "out")
            assert left == "grant", (level, kind)
        await kiosk.page.locator(".k-close").click()
        await expect(kiosk.page.locator(".k-now")).to_have_attribute("data-outcome", "grant" if verdict else "deny")
    for kind, card in CARDS.items():
        _, answer = await post.tap(card)
        assert answer.action.value == "grant", (level, kind)
    # A document that nobody showed before is answered by a 404, and the browser notes it.
    assert [one for one in screen.troubles if "Failed to load resource" not in one] == []


async def register(kiosk: Kiosk, kind: str) -> Visit:
    """Somebody of this kind comes unannounced; returns the visit as the gateway has it."""
    before = {visit.id for visit in kiosk.visits()}
    await kiosk.open("visitor")
    await kiosk.page.select_option("[name='visitor.document.kind']", "passport")
    await kiosk.who(f"E{next(NUMBER)}", f"Guest {kind}")
    await kiosk.page.locator(f"[data-value={kind}]").click()
    await kiosk.main()
    await kiosk.whom()
    await kiosk.main()
    await expect(kiosk.page.locator(".reg-about")).to_contain_text(f"Guest {kind}")
    (made,) = (visit for visit in kiosk.visits() if visit.id not in before)
    return made


async def speak(post: GuardPost, people, word: str, visit: Visit) -> None:
    """The host, the office or a leader says yes."""
    if word == "authorisation":
        now = post.site.clock.now()
        body = {
            "visit": visit.id,
            "portals": ["north-in"],
            "starts_at": now.isoformat(),
            "ends_at": visit.ends_at.isoformat(),
            "reason": "inspection",
        }
        await send(people[word], "authorisations", body, 201)
    else:
        await send(people[word], f"visits/{visit.id}/{word}")


async def show_pass(post: GuardPost, visit: Visit, device: str = "north-in-1", direction: str = "in") -> str:
    """The visitor holds the pass to the reader; what the reader is told."""
    held = next(one for one in post.site.directory.credentials.values() if one.ref in visit.passes)
    _, answer = await post.tap(held.value, device, direction, kind=CredentialKind.QR)
    return answer.action.value
