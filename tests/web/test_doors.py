"""PINs, who is inside, dormitories and a bollard's two steps, as people meet them over HTTP."""

from __future__ import annotations

import asyncio
from typing import Any

import msgspec
import pytest
from aiohttp import ClientSession

from devices.messages import Action, Presence, PresenceReading
from gateway.core.kinds import PresenceState
from gateway.core.nouns import Presence as Where
from gateway.flows import alarms, lanes, occupancy
from gateway.flows.ports import Entry, Unit
from tests.web.guardpost import GuardPost


async def call(client: ClientSession, method: str, path: str, body: Any = None) -> tuple[int, Any]:
    async with client.request(method, f"/api/v1/{path}", json=body) as answer:
        text = await answer.text()
        return answer.status, msgspec.json.decode(text) if text else None


def put(post: GuardPost, id: str, zone: str, state: PresenceState = PresenceState.INSIDE) -> None:
    ref = next(h.ref for h in post.site.directory.holders.values() if h.id == id)
    occupancy.put(post.site, ref, Where(zone, state, post.site.clock.now()))


async def test_a_pin_is_set_and_taken_away_and_never_answered_or_written(post: GuardPost) -> None:
    officer = await post.signed_in("officer1", "security_officer")

    status, answer = await call(officer, "PUT", "people/S-2/pin", {"pin": "407193", "duress": "836255"})

    assert (status, answer) == (200, {"person": "S-2", "duress": True})
    (ref,) = post.site.pins
    assert ref == next(h.ref for h in post.site.directory.holders.values() if h.id == "S-2")
    assert len(post.site.pins[ref].digest) == 64
    everything = msgspec.json.encode(await post.records("pin_set"))
    assert b"407193" not in everything and post.site.pins[ref].digest.encode() not in everything
    assert (await call(officer, "DELETE", "people/S-2/pin"))[0] == 204
    assert post.site.pins == {}
    assert (await call(officer, "DELETE", "people/NOBODY/pin"))[0] == 404


@pytest.mark.parametrize(
    ("body", "field"),
    [({"pin": "12"}, "pin"), ({"pin": "0000"}, "pin"), ({"pin": "4071", "duress": "4072"}, "duress"),
     ({"pin": "4071", "holder": "x"}, "holder")],
)  # fmt: skip
async def test_what_is_no_pin_is_told_by_field_and_without_repeating_it(
    post: GuardPost, body: dict[str, str], field: str
) -> None:
    officer = await post.signed_in("officer1", "security_officer")

    status, problem = await call(officer, "PUT", "people/S-2/pin", body)

    assert status == 422 and [error["field"] for error in problem["errors"]] == [field]
    assert body["pin"] not in str(problem)


async def test_an_operator_unlocks_a_card_and_cannot_set_a_pin(post: GuardPost) -> None:
    operator = await post.signed_in("operator1", "operator")
    card = next(c for c in post.site.directory.credentials.values() if c.value == "CARD-ZHANG")
    for _ in range(5):
        post.site.pin_tries.wrong(card.ref, "north-in-1", post.site.clock.now())

    assert await call(operator, "POST", "people/S-2/pin/unlock") == (200, {"person": "S-2", "cards": 1})
    assert not post.site.pin_tries.is_locked(card.ref, "north-in-1", post.site.clock.now())
    assert (await call(operator, "PUT", "people/S-2/pin", {"pin": "4071"}))[0] == 403


async def test_inside_counts_and_names_nobody(post: GuardPost) -> None:
    guard = await post.signed_in("guard1", "guard")
    put(post, "S-1", "campus")
    put(post, "P-2", "dorm-1")
    put(post, "P-1", "campus", PresenceState.UNCERTAIN)

    status, answer = await call(guard, "GET", "inside")

    zones = {one["zone"]: (one["inside"], one["uncertain"], one["capacity"]) for one in answer["zones"]}
    assert status == 200
    assert zones["campus"] == (2, 1, None) and zones["dorm-1"] == (1, 0, None) and zones["dorm-2"] == (0, 0, None)
    assert "site" not in zones and "Li Na" not in str(answer)


async def test_a_guard_forgives_and_that_is_recorded(post: GuardPost) -> None:
    guard = await post.signed_in("guard1", "guard")
    put(post, "S-1", "campus")

    assert await call(guard, "POST", "people/S-1/forgive") == (200, {"person": "S-1"})

    (row,) = await post.records("presence_forgiven")
    presence = post.site.presence[row["holder"]]
    assert presence.state is PresenceState.UNCERTAIN and row["zone"] == "campus"
    assert (await call(guard, "POST", "people/NOBODY/forgive"))[0] == 404


async def test_a_dormitorys_residents_and_who_of_them_is_out_and_each_look_is_recorded(post: GuardPost) -> None:
    manager = await post.signed_in("manager1", "dorm_manager")

    _, out = await call(manager, "GET", "dormitories/dorm-1/not-returned")
    put(post, "P-2", "dorm-1")
    _, home = await call(manager, "GET", "dormitories/dorm-1/not-returned")
    _, everybody = await call(manager, "GET", "dormitories/dorm-1/residents")

    assert [(one["id"], one["state"]) for one in out["residents"]] == [("P-2", None)] and home["residents"] == []
    assert [(one["name"], one["in_building"]) for one in everybody["residents"]] == [("陈晨", True)]
    reads = [(row["what"], row["count"]) for row in await post.records("record_read")]
    assert reads == [("not_returned", 1), ("not_returned", 0), ("residents", 1)]
    for wrong in ("campus", "dorm-9"):
        assert (await call(manager, "GET", f"dormitories/{wrong}/residents"))[0] == 404


async def test_late_returns_are_listed_by_building(post: GuardPost) -> None:
    manager = await post.signed_in("manager1", "dorm_manager")
    late = post.site.clock.now()
    ref = next(h.ref for h in post.site.directory.holders.values() if h.id == "P-2")
    stranger = next(h.ref for h in post.site.directory.holders.values() if h.id == "P-1")
    for number, (holder, reason) in enumerate([(ref, "ok_late_return"), (stranger, "ok_late_return"), (ref, "ok")]):
        body = {"holder": holder, "reason": reason, "portal": "north-in", "device": "north-in-1", "tap": str(number)}
        entry = Entry("decision", late, body, f"t:x:{number}")
        await post.writer.commit(Unit((entry,)))

    status, answer = await call(manager, "GET", "dormitories/dorm-1/late-returns")

    assert status == 200
    assert [(one["id"], one["portal"]) for one in answer["returns"]] == [("P-2", "north-in")]
    later = "dormitories/dorm-1/late-returns?since=2027-01-01T00:00:00Z"
    assert (await call(manager, "GET", later))[1]["returns"] == []


async def test_an_emergency_raise_is_armed_and_then_confirmed(post: GuardPost) -> None:
    operator = await post.signed_in("operator1", "operator")
    other = await post.signed_in("operator2", "operator")
    bollard = post.site.devices.get("north-bollard")
    assert bollard is not None
    wanted = {"action": "efo", "reason": "a lorry"}
    assert "interlock" in (await call(operator, "POST", "devices/north-bollard/commands", wanted))[1]["detail"]
    for counter in range(1, 14):
        reading = PresenceReading(vehicle=Presence.PRESENT, pedestrian=Presence.CLEAR, counter=counter)
        lanes.hear(post.site, bollard, "b", reading)
        await asyncio.sleep(0.1)

    status, armed = await call(operator, "POST", "devices/north-bollard/commands", wanted)
    assert (status, armed["state"], armed["command"]) == (202, "armed", "")
    assert [m for d, m in post.courier.sent if d == "north-bollard"] == []
    confirmed = wanted | {"confirm": armed["confirm"]}
    assert (await call(other, "POST", "devices/north-bollard/commands", confirmed))[0] == 409
    status, issued = await call(operator, "POST", "devices/north-bollard/commands", confirmed)

    assert (status, issued["state"], issued["confirm"]) == (202, "issued", None)
    (sent,) = [m for d, m in post.courier.sent if d == "north-bollard"]
    assert sent.action is Action.EFO  # type: ignore[union-attr]
    assert (await call(operator, "POST", "devices/north-bollard/commands", confirmed))[0] == 409
    lower = {"action": "lower", "reason": "a delivery"}
    assert "efo_latched" in (await call(operator, "POST", "devices/north-bollard/commands", lower))[1]["detail"]


async def test_a_silent_alarm_is_heard_in_the_control_room_and_nowhere_else(post: GuardPost) -> None:
    guard, operator = await post.signed_in("guard1", "guard"), await post.signed_in("operator1", "operator")
    alarm = await alarms.raise_alarm(post.site, alarms.DURESS, "north-in-1", "duress PIN, tap t-1")
    loud = await alarms.raise_alarm(post.site, alarms.TAMPER, "north-in-1")

    async def snapshot_and_next(client: ClientSession) -> tuple[list[str], list[str]]:
        async with client.ws_connect("/api/v1/stream", origin=post.url) as stream:
            first = await stream.receive_json()
            await alarms.raise_alarm(post.site, alarms.DURESS, "north-in-1")
            await alarms.raise_alarm(post.site, alarms.TAMPER, "north-in-1")
            heard = []
            while not heard or heard[-1] != "tamper":
                event = await stream.receive_json()
                heard += [event["condition"]] if event["type"] == "alarm" else []
            return [one["condition"] for one in first["alarms"]], heard

    assert await snapshot_and_next(guard) == (["tamper"], ["tamper"])
    assert await snapshot_and_next(operator) == (["duress", "tamper"], ["duress", "tamper"])
    seen = [[one["id"] for one in (await call(who, "GET", "alarms"))[1]["alarms"]] for who in (guard, operator)]
    assert seen == [[loud.id], [alarm.id, loud.id]]
    assert (await call(guard, "POST", f"alarms/{alarm.id}/acknowledge"))[0] == 404
    assert (await call(operator, "POST", f"alarms/{alarm.id}/acknowledge"))[0] == 200
