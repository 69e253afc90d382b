"""Passes over the API: shown, given anew, drawn for a phone, presented to the guard, read out of pictures."""

import asyncio
import io
import re
from datetime import timedelta
from typing import Any

import aiohttp
import cv2
import numpy as np
import pytest
import segno

from devices.messages import Action, Command, Credential, CredentialKind, Direction, Tap
from gateway.core import pass_values
from gateway.core.kinds import Level
from gateway.core.papers import Order
from gateway.flows import directory_watch
from gateway.flows.card_tap import card_tap
from gateway.flows.changes import PaperFiled
from gateway.flows.ports import Entry, Unit
from gateway.web.context import PARTS
from gateway.web.pass_pictures import CodeDrawer, CodeReader, NoPicture, size_of, svg_of
from tests.web.guardpost import GuardPost

FOREIGN = pass_values.new_value(bytes(32), b"0123456789")


async def register(post: GuardPost, client: aiohttp.ClientSession, **how: Any) -> dict[str, Any]:
    now = post.site.clock.now()
    sent = {
        "visitor": {"name": "Anna Berg", "document": {"kind": "passport", "number": "E12345678"}},
        "kind": "visitor",
        "host": "S-1",
        "purpose": "library",
        "starts_at": now.isoformat(),
        "ends_at": (now + timedelta(hours=2)).isoformat(),
    }
    async with client.post("/api/v1/visits", json=sent | how) as answer:
        assert answer.status == 201, await answer.text()
        made: dict[str, Any] = await answer.json()
    async with client.post(f"/api/v1/visits/{made['id']}/check-in", json={"document_seen": True}) as answer:
        assert answer.status == 200, await answer.text()
    return made


async def ask(client: aiohttp.ClientSession, method: str, path: str, body: Any = None) -> tuple[int, dict[str, Any]]:
    async with client.request(method, f"/api/v1/{path}", json=body) as answer:
        return answer.status, await answer.json()


async def present(client: aiohttp.ClientSession, value: str, **how: Any) -> dict[str, Any]:
    status, said = await ask(
        client, "POST", "passes/present", {"portal": "north-in", "direction": "in", "value": value} | how
    )
    assert status == 200, said
    return said


async def tap(post: GuardPost, value: str, id: str, device: str = "north-in-1") -> Command:
    at = post.site.clock.now()
    shown = Credential(kind=CredentialKind.QR, value=value)
    asked = Tap(id=id, boot="b", at=at, nonce=f"n-{id}", direction=Direction.IN, credential=shown)
    found = post.site.devices.get(device)
    assert found is not None
    await card_tap(post.site, found, asked)
    return [m for _, m in post.courier.sent if isinstance(m, Command) and m.for_ == id][-1]


async def at_level(post: GuardPost, level: int) -> None:
    now = post.site.clock.now()
    order = Order(f"order-{level}", Level(level), frozenset({"site"}), now - timedelta(seconds=1))
    await post.writer.commit(Unit((Entry("tests", now, {}),), (PaperFiled(order),), directory=True))
    await directory_watch.take_over(post.site)


# ---------------------------------------------------------------- the pass of a visit


async def test_a_pass_is_shown_as_a_picture_with_a_link_that_no_server_reads(post: GuardPost) -> None:
    guard = await post.signed_in("guard1", "guard")
    made = await register(post, guard, max_uses=3)

    status, said = await ask(guard, "GET", f"visits/{made['id']}/pass")

    assert status == 200
    assert said["value"] == made["pass"]
    assert said["uses"] == {"most": 3, "used": 0}
    assert said["link"] == f"{post.url}/p#{made['pass']}"
    assert said["svg"].startswith("<svg") and "script" not in said["svg"] and made["pass"] not in said["svg"]
    assert (await post.records("record_read"))[-1]["what"] == "pass"


async def test_a_pass_given_anew_voids_the_old_one_at_once(post: GuardPost) -> None:
    guard = await post.signed_in("guard1", "guard")
    made = await register(post, guard)

    status, said = await ask(guard, "POST", f"visits/{made['id']}/pass")

    assert status == 200 and said["value"] != made["pass"]
    assert (await tap(post, made["pass"], "t1")).reason == "credential_revoked"
    assert (await tap(post, said["value"], "t2")).reason == "ok"
    assert (await ask(guard, "GET", f"visits/{made['id']}/pass"))[1]["value"] == said["value"]
    (row,) = [row for row in await post.records("permit") if row["step"] == "pass_given_anew"]
    assert made["pass"] not in str(row) and said["value"] not in str(row)
    async with guard.post(f"/api/v1/visits/{made['id']}/check-out") as answer:
        assert answer.status == 200
    assert (await tap(post, said["value"], "t3")).reason == "credential_revoked"
    assert (await ask(guard, "GET", f"visits/{made['id']}/pass"))[0] == 409


async def test_p6_a_pass_given_anew_has_what_was_left_of_its_uses(post: GuardPost) -> None:
    guard = await post.signed_in("guard1", "guard")
    made = await register(post, guard, max_uses=2)
    assert (await tap(post, made["pass"], "t1")).reason == "ok"

    _, anew = await ask(guard, "POST", f"visits/{made['id']}/pass")

    assert anew["uses"] == {"most": 1, "used": 0}
    assert (await tap(post, anew["value"], "t2")).reason == "ok"
    assert (await tap(post, anew["value"], "t3")).reason == "pass_used_up"
    status, said = await ask(guard, "POST", f"visits/{made['id']}/pass")
    assert status == 409 and said["detail"].startswith("used_up")


async def test_p6_giving_anew_while_somebody_taps_gives_no_use_more(post: GuardPost) -> None:
    guard = await post.signed_in("guard1", "guard")
    made = await register(post, guard, max_uses=1)

    (status, said), answered = await asyncio.gather(
        ask(guard, "POST", f"visits/{made['id']}/pass"), tap(post, made["pass"], "t1")
    )

    opened = answered.action is Action.GRANT
    assert opened is (status == 409)
    if not opened:
        assert (await tap(post, said["value"], "t2")).action is Action.GRANT


# ---------------------------------------------------------------- shown to the guard


async def test_a_code_shown_to_the_guard_is_decided_like_a_tap_and_opens_the_reader(post: GuardPost) -> None:
    guard = await post.signed_in("guard1", "guard")
    made = await register(post, guard)

    said = await present(guard, made["pass"])

    assert (said["outcome"], said["reason"], said["visit"]) == ("grant", "ok", made["id"])
    assert said["holder"]["name"] == "Anna Berg"
    sent = [(d, m) for d, m in post.courier.sent if isinstance(m, Command) and m.id == said["command"]]
    assert [(d, m.action) for d, m in sent] == [("north-in-1", Action.GRANT)]
    (row,) = [row for row in await post.records("decision") if row["tap"] == said["id"]]
    assert (row["by_hand"], row["credential_kind"], row["outcome"]) == ("presented", "qr", "grant")
    assert made["pass"] not in str(row)
    assert (await tap(post, made["pass"], "t1", "south-in-1")).reason == "already_inside"


async def test_what_a_tap_would_refuse_is_refused_to_the_guard_too(post: GuardPost) -> None:
    guard = await post.signed_in("guard1", "guard")
    made = await register(post, guard, max_uses=1)

    refused = await present(guard, FOREIGN)
    first = await present(guard, made["pass"])
    second = await present(guard, made["pass"])

    assert (refused["outcome"], refused["reason"], refused["holder"]) == ("deny", "unknown_credential", None)
    assert [first["reason"], second["reason"]] == ["ok", "pass_used_up"]
    assert {a.condition for a in post.site.alarms.by_id.values()} >= {"forged_pass"}
    rows = await post.records("decision")
    assert len(rows) == 3 and not any(FOREIGN in str(row) for row in rows)


async def test_p6_two_guards_with_one_code_at_the_same_moment_open_once(post: GuardPost) -> None:
    guard = await post.signed_in("guard1", "guard")
    made = await register(post, guard, max_uses=1)
    unlimited = await register(
        post, guard, visitor={"name": "Bo Ek", "document": {"kind": "passport", "number": "G87654321"}}
    )

    answers = await asyncio.gather(*(present(guard, made["pass"]) for _ in range(6)))
    portals = [{"portal": p} for p in ("north-in", "south-in") * 3]
    others = await asyncio.gather(*(present(guard, unlimited["pass"], **where) for where in portals))

    assert [a["outcome"] for a in answers].count("grant") == 1
    opened = {a["device"] for a in others if a["outcome"] == "grant"}
    assert len(opened) == 1


async def test_what_the_rules_leave_to_a_guard_opens_with_the_second_word(post: GuardPost) -> None:
    guard = await post.signed_in("guard1", "guard")
    made = await register(post, guard, kind="contractor", host=None)
    await at_level(post, 2)

    asked = await present(guard, made["pass"])
    done = await present(guard, made["pass"], confirm=True)

    assert (asked["outcome"], asked["confirm"], asked["command"]) == ("wait", True, None)
    assert (done["outcome"], done["reason"], done["confirm"]) == ("grant", "ok", False)
    assert post.site.waits == {}
    rows = [row["outcome"] for row in await post.records("decision")]
    assert rows == ["wait", "grant"]
    assert await post.site.archive.open_waits(post.site.clock.now() - timedelta(minutes=5)) == []


async def test_showing_a_code_on_the_way_out_lets_out_whatever_it_is(post: GuardPost) -> None:
    guard = await post.signed_in("guard1", "guard")
    made = await register(post, guard)

    said = await present(guard, made["pass"], portal="north-out", direction="out")

    assert said["outcome"] == "grant"


@pytest.mark.parametrize(
    ("portal", "direction", "status"),
    [("nowhere", "in", 422), ("north-in", "out", 422), ("control-room-door", "in", 409)],
)
async def test_a_code_is_shown_where_there_is_something_to_open(
    post: GuardPost, portal: str, direction: str, status: int
) -> None:
    guard = await post.signed_in("guard1", "guard")
    body = {"portal": portal, "direction": direction, "value": FOREIGN}

    assert (await ask(guard, "POST", "passes/present", body))[0] == status


# ---------------------------------------------------------------- badges


async def test_a_badge_is_out_once_at_a_time_and_back_with_the_check_out(post: GuardPost) -> None:
    guard = await post.signed_in("guard1", "guard")
    first = await register(post, guard)
    second = await register(
        post, guard, visitor={"name": "Bo Ek", "document": {"kind": "passport", "number": "G87654321"}}
    )

    assert (await ask(guard, "POST", f"visits/{first['id']}/badge", {"number": " b17 "}))[0] == 200
    status, said = await ask(guard, "POST", f"visits/{second['id']}/badge", {"number": "B17"})
    assert status == 409 and said["detail"] == "badge_out: badge B17 is with another visitor: take another one"
    for wrong in ("seventeen", "1 7", "<b>", "12345", "１７号"):
        status, said = await ask(guard, "POST", f"visits/{second['id']}/badge", {"number": wrong})
        assert status == 422 and said["errors"][0]["field"] == "number"
    async with guard.post(f"/api/v1/visits/{first['id']}/check-out") as answer:
        assert answer.status == 200
    assert (await ask(guard, "POST", f"visits/{second['id']}/badge", {"number": "B17"}))[0] == 200


# ---------------------------------------------------------------- on the visitor's phone


async def test_the_phones_page_draws_what_was_made_here_and_tells_nothing_of_it(post: GuardPost) -> None:
    guard = await post.signed_in("guard1", "guard")
    made = await register(post, guard)
    stranger = post.client()

    status, said = await ask(stranger, "POST", "passes/draw", {"value": made["pass"]})
    async with guard.post(f"/api/v1/visits/{made['id']}/check-out") as answer:
        assert answer.status == 200
    over, same = await ask(stranger, "POST", "passes/draw", {"value": made["pass"]})

    assert (status, over) == (200, 200) and said == same and set(said) == {"svg"}
    async with stranger.get("/p") as page:
        text = await page.text()
        assert page.status == 200 and page.headers["Referrer-Policy"] == "no-referrer" and made["pass"] not in text


async def test_who_guesses_codes_waits_and_who_has_one_does_not_count(post: GuardPost) -> None:
    stranger = post.client()
    good = pass_values.new_value(post.site.pass_key, b"0123456789")

    for _ in range(30):
        assert (await ask(stranger, "POST", "passes/draw", {"value": good}))[0] == 200
    answers = [(await ask(stranger, "POST", "passes/draw", {"value": FOREIGN}))[0] for _ in range(25)]

    assert answers[:20] == [422] * 20 and answers[20:] == [429] * 5


async def test_a_whole_group_draws_its_codes_and_a_machine_that_asks_on_and_on_waits(post: GuardPost) -> None:
    stranger = post.client()
    some = [pass_values.new_value(post.site.pass_key, bytes([n]) * 10) for n in range(12)]

    answers = [(await ask(stranger, "POST", "passes/draw", {"value": some[n % 12]}))[0] for n in range(70)]

    assert answers[:60] == [200] * 60 and answers[-1] == 429


async def test_drawing_keeps_nobody_waiting_and_a_code_is_drawn_once() -> None:
    value, drawer = pass_values.new_value(b"k" * 32, b"0123456789"), CodeDrawer()
    svg_of.cache_clear()

    first = asyncio.ensure_future(drawer.draw(value))
    await asyncio.sleep(0)
    assert not first.done()

    assert await drawer.draw(value) == await first
    assert svg_of(value) == await first and svg_of.cache_info().currsize == 1


# ---------------------------------------------------------------- out of a picture


def picture(value: str, kind: str = ".png", tilt: float = 0, light: float = 1.0, noise: float = 0) -> bytes:
    """A code in a picture: tilted, dark, noisy."""
    out = io.BytesIO()
    segno.make(value, error="h", micro=False).save(out, kind="png", scale=5)
    code = cv2.imdecode(np.frombuffer(out.getvalue(), np.uint8), cv2.IMREAD_GRAYSCALE)
    page = np.full((480, 640), 200, np.uint8)
    height, width = code.shape
    page[100 : 100 + height, 200 : 200 + width] = code
    page = cv2.warpAffine(page, cv2.getRotationMatrix2D((320, 240), tilt, 1.0), (640, 480), borderValue=200)
    if tilt:
        corners = np.float32([[0, 0], [640, 0], [640, 480], [0, 480]])
        bent = np.float32([[40, 20], [600, 60], [630, 460], [10, 430]])
        page = cv2.warpPerspective(page, cv2.getPerspectiveTransform(corners, bent), (640, 480), borderValue=200)
    seen = page.astype(np.float32) * light + np.random.default_rng(7).normal(0, noise or 0.001, page.shape)
    done, raw = cv2.imencode(kind, np.clip(seen, 0, 255).astype(np.uint8))
    assert done
    return raw.tobytes()


@pytest.mark.parametrize(
    ("name", "media", "how"),
    [
        ("plain", "image/png", {}),
        ("jpeg", "image/jpeg", {"kind": ".jpg"}),
        ("tilted", "image/jpeg", {"kind": ".jpg", "tilt": 33.0}),
        ("dark", "image/jpeg", {"kind": ".jpg", "light": 0.12, "noise": 1.5}),
        ("tilted and dark", "image/png", {"tilt": -20.0, "light": 0.15, "noise": 1.0}),
    ],
)
async def test_a_code_is_found_in_what_a_camera_sees(post: GuardPost, name: str, media: str, how: Any) -> None:
    guard = await post.signed_in("guard1", "guard")
    value = pass_values.new_value(post.site.pass_key, b"0123456789")

    async with guard.post("/api/v1/passes/scan", data=picture(value, **how), headers={"Content-Type": media}) as answer:
        assert (answer.status, await answer.json()) == (200, {"value": value}), name


async def test_pictures_that_are_none_and_bombs_are_refused_by_their_first_bytes(post: GuardPost) -> None:
    guard = await post.signed_in("guard1", "guard")
    good = picture("X", ".jpg")
    bomb = bytearray(picture("X"))
    bomb[16:24] = (50_000).to_bytes(4, "big") * 2
    at = good.index(b"\xff\xc0")
    jpeg_bomb = good[: at + 5] + b"\xc3\x50\xc3\x50" + good[at + 9 :]

    async def sent(raw: bytes, media: str = "image/jpeg") -> tuple[int, dict[str, Any]]:
        async with guard.post("/api/v1/passes/scan", data=raw, headers={"Content-Type": media}) as answer:
            return answer.status, await answer.json()

    for raw in (b"", b"\xff\xd8", b"<svg xmlns='http://www.w3.org/2000/svg'/>", good[:200], bytes(bomb), jpeg_bomb):
        status, said = await sent(raw)
        assert status == 422 and said["errors"][0]["field"] == "picture", raw[:20]
    blank = cv2.imencode(".jpg", np.full((480, 640), 90, np.uint8))[1].tobytes()
    assert await sent(blank) == (200, {"value": None})
    assert (await sent(good + bytes(1024 * 1024)))[0] == 413
    assert (await sent(good, "image/gif"))[0] == 415


async def test_only_two_pictures_are_read_at_once_and_a_later_one_is_again(post: GuardPost) -> None:
    reader = CodeReader()
    raw = picture("X" * 20)

    done = await asyncio.gather(*(reader.read(raw) for _ in range(5)), return_exceptions=True)

    assert sum(isinstance(one, Exception) for one in done) == 3
    assert await reader.read(raw) == "X" * 20


def test_the_size_of_a_picture_is_read_past_whatever_stands_before_it() -> None:
    raw = picture("X", ".jpg")
    comment = raw[:2] + b"\xff\xff\xfe\x00\x06abcd" + raw[2:]

    assert size_of(comment) == size_of(raw) == (640, 480)
    for wrong in (b"\xff\xd8\xff", b"\xff\xd8" + b"\xff\xe0\x00\x00" * 3, b"\xff\xd8\x00\x00\x00\x00\x00\x00\x00\x00"):
        with pytest.raises(NoPicture):
            size_of(wrong)


async def test_no_code_stands_in_an_address_or_a_log(post: GuardPost, caplog: pytest.LogCaptureFixture) -> None:
    guard = await post.signed_in("guard1", "guard")
    made = await register(post, guard)
    await present(guard, made["pass"])
    await present(guard, FOREIGN)

    assert made["pass"] not in caplog.text and FOREIGN not in caplog.text
    routes = [resource.canonical for resource in post.listener.app.router.resources()]
    assert not [path for path in routes if re.search(r"\{(value|code|pass)\}", path)]
    assert post.listener.app[PARTS].metrics.text().count(b"wardgate_passes_forged_total 1.0") == 1
