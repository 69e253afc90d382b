"""What an order will change, by the API: in numbers, without filing anything, saying what could not be looked at."""

from __future__ import annotations

import asyncio
from datetime import timedelta
from typing import Any

import aiohttp
import pytest

from gateway.core.kinds import PresenceState
from gateway.core.nouns import Presence
from gateway.flows import order_preview, propagation
from gateway.flows.reading import RecordsAway
from gateway.web.context import PARTS
from tests.web.guardpost import GuardPost
from tests.web.test_orders import look, moment, send, wish

BUILDERS = b"id,name,kind,groups,card,plate,dormitory,valid_from,valid_to\nC-1,Bau,contractor,staff,CARD-BAU,,,,\n"


@pytest.fixture
async def office(post: GuardPost) -> aiohttp.ClientSession:
    officer = await post.signed_in("officer", "security_officer")
    async with officer.post("/api/v1/imports", data=BUILDERS, headers={"Content-Type": "text/csv"}) as answer:
        assert answer.status == 200
    return officer


@pytest.fixture
async def principal(post: GuardPost) -> aiohttp.ClientSession:
    return await post.signed_in("principal", "principal")


def asked(post: GuardPost, **how: Any) -> dict[str, Any]:
    return {"level": 1, "starts_at": moment(post)} | how


async def test_a_preview_says_in_numbers_what_changes_and_files_nothing(post: GuardPost, office: Any) -> None:
    for card in ("CARD-LI", "CARD-BAU", "CARD-BAU"):
        await post.tap(card)
    rows = len(await post.records("order_requested")), len(post.courier.sent)

    status, seen = await send(office, "orders/preview", asked(post))

    assert status == 200, seen
    assert (seen["of"], seen["effect"], seen["drill"]) == ("filing", "raises", False)
    assert {zone["zone"]: zone["after"]["level"] for zone in seen["zones"]} == dict.fromkeys(post.site.campus.zones, 1)
    assert all(zone["after"]["order"] is None for zone in seen["zones"]), "what is not filed has no id"
    assert seen["devices"] == {
        "count": 5, "doors": 4, "by_kind": {"bollard": 1, "dorm": 1, "reader": 3}, "away": 0
    }  # fmt: skip
    past = seen["past"]
    assert (past["state"], past["taps"], past["different"], past["holders"]) == ("whole", 3, 2, 1)
    assert past["turns"] == [
        {"before": "grant", "after": "deny", "reason": "level_refuses", "kind": "contractor", "count": 2}
    ]
    assert (seen["cadence_before"]["camera_check_s"], seen["cadence_after"]["camera_check_s"]) == (60, 15)
    assert "Bau" not in str(seen) and "C-1" not in str(seen)
    assert (len(await post.records("order_requested")), len(post.courier.sent)) == rows
    assert (await look(office, "orders"))["orders"] == []


async def test_an_own_order_behind_a_unified_one_is_said_to_change_nothing(post: GuardPost, office: Any) -> None:
    await send(office, "orders", wish(post, level=1, authority="unified", document="S-1"))

    _, seen = await send(office, "orders/preview", asked(post, level=2))

    assert (seen["effect"], seen["at"], seen["devices"]["count"]) == ("none", None, 0)
    assert seen["why"]["en"].startswith("Without effect") and seen["why"]["zh"].startswith("无效果")
    (conflict,) = seen["conflicts"]
    assert (conflict["authority"], conflict["document"], conflict["stands"]) == ("unified", "S-1", True)
    assert seen["past"]["state"] == "not_needed"


async def test_faults_are_named_before_anything_is_looked_at(post: GuardPost, office: Any) -> None:
    status, problem = await send(office, "orders/preview", asked(post, level=3, zones=["nowhere"]))

    assert (status, [error["field"] for error in problem["errors"]]) == (422, ["level", "zones[0]"])


async def test_what_waits_for_a_signature_and_what_is_to_end_are_shown_the_same_way(
    post: GuardPost, office: Any, principal: Any
) -> None:
    _, order = await send(office, "orders", wish(post, level=1))
    before = await look(principal, f"orders/{order['id']}/preview")
    assert (before["of"], before["effect"], before["devices"]["count"]) == ("filing", "raises", 5)
    await send(principal, f"orders/{order['id']}/sign")
    await post.tap("CARD-BAU")

    after = await look(principal, f"orders/{order['id']}/preview")

    assert (after["of"], after["effect"]) == ("ending", "lowers")
    assert {(z["before"]["level"], z["after"]["level"], z["before"]["order"]) for z in after["zones"]} == {
        (1, 3, order["id"])
    }
    async with principal.get(f"/api/v1/orders/{order['id']}/preview?of=filing") as answer:
        assert (answer.status, (await answer.json())["detail"].split(":")[0]) == (409, "already_signed")


async def test_while_the_records_are_away_or_another_looks_the_rest_is_answered_and_said_so(
    post: GuardPost, office: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    person = next(iter(post.site.directory.holders))
    post.site.presence[person] = Presence("campus", PresenceState.INSIDE, post.site.clock.now())
    async with post.site.previewing:
        waits = asyncio.create_task(send(office, "orders/preview", asked(post)))
        while not post.site.previewing._waiters:  # noqa: ASYNC110  # nothing tells that somebody waits
            await asyncio.sleep(0.01)
    _, busy = await waits

    async def away(*_: Any) -> Any:
        raise RecordsAway("away")

    monkeypatch.setattr(post.listener.app[PARTS].records, "newest", away)
    _, without = await send(office, "orders/preview", asked(post))

    assert (busy["past"]["state"], busy["devices"]["count"], busy["inside"]["looked_at"]) == ("busy", 5, 1)
    assert (without["past"]["state"], without["past"]["taps"], without["devices"]["count"]) == ("away", 0, 5)


async def test_one_preview_is_at_work_at_a_time_from_its_first_thread_to_its_last(
    post: GuardPost, office: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    at_work, most = 0, 0
    touched, inside = order_preview._touched, order_preview._inside

    def counted(seen: Any) -> Any:
        nonlocal at_work, most
        at_work += 1
        most = max(most, at_work)
        return touched(seen)

    async def ended(*given: Any) -> Any:
        nonlocal at_work
        await asyncio.sleep(0.05)  # so that all four would be here if they could
        at_work -= 1
        return await inside(*given)

    monkeypatch.setattr(order_preview, "_touched", counted)
    monkeypatch.setattr(order_preview, "_inside", ended)

    answers = await asyncio.gather(*(send(office, "orders/preview", asked(post)) for _ in range(4)))

    assert [status for status, _ in answers] == [200] * 4 and most == 1
    assert sorted(seen["past"]["state"] for _, seen in answers) == ["busy", "busy", "busy", "whole"]
    monkeypatch.setattr(order_preview, "TURN_WITHIN_S", 0.05)
    async with post.site.previewing:
        assert (await send(office, "orders/preview", asked(post)))[0] == 429
    assert (await send(office, "orders/preview", asked(post)))[0] == 200


async def test_a_past_that_takes_too_long_is_cut_short_at_its_newest_part(
    post: GuardPost, office: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    for _ in range(3):
        await post.tap("CARD-BAU")
    monkeypatch.setattr(order_preview, "PORTION", 1)
    monkeypatch.setattr(order_preview, "PAST_WITHIN_S", 30.0)
    times = iter([0.0, 1.0, 2.0, *[31.0] * 10])
    monkeypatch.setattr(order_preview, "monotonic", lambda: next(times))

    _, seen = await send(office, "orders/preview", asked(post))

    past = seen["past"]
    assert past["state"] == "cut_short" and 0 <= past["taps"] < 3 and past["since"] <= past["until"]


async def test_signed_while_it_is_withdrawn_one_of_the_two_acts_is_refused_and_says_what_happened(
    post: GuardPost, office: Any, principal: Any
) -> None:
    for turn in range(4):
        _, order = await send(office, "orders", wish(post, document=f"D-{turn}"))
        path = f"orders/{order['id']}"
        acts = [send(principal, f"{path}/sign"), send(office, f"{path}/revoke", {"reason": "not needed"})]
        (signed, said_to_principal), (withdrawn, said_to_office) = await asyncio.gather(*acts)

        now = await look(office, path)
        if signed == 200:
            assert (withdrawn, said_to_office["detail"].split(":")[0]) in {
                (403, "not_your_right"),
                (409, "already_signed"),
            }
            assert now["state"] == "in_force"
            await send(principal, f"{path}/revoke", {"reason": "over"})
        else:
            assert (signed, said_to_principal["detail"].split(":")[0], withdrawn) == (409, "ended", 200)
            assert (now["state"], now["signed_by"]) == ("revoked", None)


async def test_the_levels_of_a_time_show_what_was_and_what_is_entered_ahead(
    post: GuardPost, office: Any, principal: Any
) -> None:
    _, order = await send(office, "orders", wish(post, level=2, zones=["campus"], ends_at=moment(post, 60)))
    await send(principal, f"orders/{order['id']}/sign")

    seen = await look(office, "level/times?back=1&ahead=1")

    zones = {zone["zone"]: [(one["level"], one["order"]) for one in zone["spells"]] for zone in seen["zones"]}
    assert zones["dorm-1"] == [(3, None), (2, order["id"]), (3, None)] and zones["site"] == [(3, None)]


async def test_the_board_tells_asked_acknowledged_and_verified_apart(
    post: GuardPost, office: Any, principal: Any
) -> None:
    _, order = await send(office, "orders", wish(post))
    await send(principal, f"orders/{order['id']}/sign")
    device = next(iter(post.site.devices))
    device.posture = device.issued.version
    propagation.says_posture(post.site, device, post.site.clock.now())

    async def state() -> tuple[str, dict[str, int]]:
        seen = await look(office, "propagation")
        return next(one["state"] for one in seen["devices"] if one["device"] == device.id), seen["counts"]

    assert await state() == (
        "acknowledged",
        {"devices": 5, "acknowledged": 1, "verified": 0, "asked": 4, "late": 0, "away": 0},
    )
    propagation.lives_on(post.site, device, post.site.clock.now() + timedelta(seconds=1))
    assert await state() == (
        "verified",
        {"devices": 5, "acknowledged": 1, "verified": 1, "asked": 4, "late": 0, "away": 0},
    )


async def test_the_page_to_sign_by_phone_shows_no_order_to_who_is_not_signed_in(post: GuardPost, office: Any) -> None:
    _, order = await send(office, "orders", wish(post, reason="nobody reads this"))
    async with post.client().get(f"/sign?order={order['id']}") as answer:
        text = await answer.text()
        assert answer.status == 200 and "nobody reads this" not in text and "2026-17" not in text
    async with office.get("/sign") as answer:
        assert answer.status == 403, "a security officer signs nothing"
