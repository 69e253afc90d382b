"""The devices' desk over the API: what one device shows, what it was commanded, what it would decide alone, and how
devices come and go while the gateway runs."""

from __future__ import annotations

import json
import secrets
from dataclasses import replace

import pytest

from devices.messages import (
    EVENT_TYPES,
    Action,
    BollardPosition,
    Clock,
    DoorForced,
    Duress,
    Event,
    Heartbeat,
    Outcome,
    Presence,
    PresenceReading,
    Result,
    Tamper,
)
from devices.strict import BadReason
from devices.writing import encode
from gateway.core.interlocks import Interlock
from gateway.core.lanes import Act, Seen
from gateway.flows import bad_message, device_status, lanes
from gateway.flows.command import OBSTACLES
from gateway.flows.command_result import command_result
from gateway.flows.device_events import device_event
from gateway.flows.enrolling import Step
from gateway.flows.ports import LedgerUnavailable
from gateway.flows.propagation import State
from gateway.mqtt.router import Router
from gateway.store.device_book import ABOUT
from gateway.web.words import WORDS
from tests.web.guardpost import GuardPost

API = "/api/v1"
READER = "north-in-1"


async def ask(client, method: str, path: str, body=None, status: int = 200):
    more = {} if body is None else {"json": body}
    async with client.request(method, f"{API}/{path}", **more) as answer:
        assert answer.status == status, await answer.text()
        return None if status == 204 else await answer.json()


def event(post: GuardPost, seq: int, data, boot: str = "b") -> Event:
    return Event(id=f"e-{seq}", boot=boot, seq=seq, at=now_ms(post), type=type_of(data), data=data)


def type_of(data) -> str:
    return {DoorForced: "door_forced", Duress: "duress", Tamper: "tamper"}[type(data)]


def now_ms(post: GuardPost):
    at = post.site.clock.now()
    return at.replace(microsecond=at.microsecond // 1000 * 1000)


def heartbeat(post: GuardPost, uptime_ms: int, boot: str = "b") -> Heartbeat:
    return Heartbeat(
        boot=boot, challenge=secrets.token_hex(8), at=now_ms(post), uptime_ms=uptime_ms, buffered=0, clock=Clock.SYNCED
    )


# ---------------------------------------------------------------- one device


async def test_one_device_shows_what_it_said_and_nothing_that_nobody_has_said(post: GuardPost) -> None:
    operator = await post.signed_in("op1", "operator")
    device = post.site.devices.get(READER)
    assert device is not None
    bare = await ask(operator, "GET", f"devices/{READER}/state")
    assert (bare["firmware"], bare["clock"]["drift_ms"], bare["inputs"], bare["bad"], bare["lost"]) == (
        None, None, [], [], [],
    )  # fmt: skip

    await device_event(post.site, device, event(post, 1, DoorForced()))
    await bad_message.bad_message(post.site, READER, "mac", "tap")
    late = heartbeat(post, 5_000)
    await device_status.heartbeat(post.site, device, late)
    device.watch.until = post.site.clock.monotonic() + 30

    state = await ask(operator, "GET", f"devices/{READER}/state")

    assert [(one["name"], one["value"]) for one in state["inputs"]] == [("door", "forced")]
    assert [(one["reason"], one["count"]) for one in state["bad"]] == [("mac", 1)]
    assert state["bad"][0]["newest_at"] is not None and state["quarantined_until"] is not None
    assert state["uptime_s"] == 5 and abs(state["clock"]["drift_ms"]) < 5_000
    assert state["device"]["id"] == READER and state["not_now"] is None
    assert "unlock" in state["actions"] and "raise" not in state["actions"]


async def test_what_was_recorded_of_a_device_comes_newest_first_and_goes_on_in_pages(post: GuardPost) -> None:
    operator = await post.signed_in("op1", "operator")
    device = post.site.devices.get(READER)
    other = post.site.devices.get("south-in-1")
    assert device is not None and other is not None
    for seq in range(1, 6):
        await device_event(post.site, device, event(post, seq, Tamper()))
        await device_event(post.site, other, event(post, seq, Tamper()))
    await device_status.went(post.site, device, "no sign of life")

    first = await ask(operator, "GET", f"devices/{READER}/events?limit=4")
    rest = await ask(operator, "GET", f"devices/{READER}/events?limit=50&before={first['next']}")

    kinds = [one["kind"] for one in first["events"] + rest["events"]]
    assert kinds == ["device_lost", *["event"] * 5, "device_enrolled"] and rest["next"] is None
    later = await ask(operator, "GET", f"devices/{READER}/events?after={rest['events'][0]['seq']}&limit=50")
    assert [one["seq"] for one in later["events"]] == sorted(one["seq"] for one in first["events"])


async def test_a_call_for_help_in_silence_shows_to_the_control_room_alone(post: GuardPost) -> None:
    operator = await post.signed_in("op1", "operator")
    fitter = await post.signed_in("fit1", "maintenance")
    device = post.site.devices.get(READER)
    assert device is not None
    await device_event(post.site, device, event(post, 1, Duress(tap="t-1")))

    def types(told) -> list[str | None]:
        return [one["type"] for one in told["events"]]

    assert "duress" in types(await ask(operator, "GET", f"devices/{READER}/events"))
    assert "duress" not in types(await ask(fitter, "GET", f"devices/{READER}/events"))


async def test_what_is_not_shown_neither_ends_the_pages_nor_leaves_a_gap(post: GuardPost) -> None:
    fitter = await post.signed_in("fit1", "maintenance")
    device = post.site.devices.get(READER)
    assert device is not None
    for seq in range(1, 9):
        silent = seq in (3, 4, 5, 7)
        await device_event(post.site, device, event(post, seq, Duress(tap=f"t-{seq}") if silent else Tamper()))

    pages, path = [], f"devices/{READER}/events?limit=2"
    more = None
    for _ in range(10):
        page = await ask(fitter, "GET", path if more is None else f"{path}&before={more}")
        pages.append([one["type"] or one["kind"] for one in page["events"]])
        more = page["next"]
        if more is None:
            break
    forth = await ask(fitter, "GET", f"{path}&after=0")
    last = await ask(fitter, "GET", f"devices/{READER}/events?limit=3&after={forth['events'][-1]['seq']}")

    assert pages == [["tamper", "tamper"], ["tamper", "tamper"], ["device_enrolled"]]
    assert [len(one["events"]) for one in (forth, last)] == [2, 3]


async def test_a_commands_life_is_told_with_who_gave_it_and_why(post: GuardPost) -> None:
    operator = await post.signed_in("op1", "operator")
    sent = await ask(
        operator, "POST", f"devices/{READER}/commands", {"action": "identify", "reason": "which one is it"}, 202
    )
    issued = await ask(operator, "GET", f"devices/{READER}/commands")
    device = post.site.devices.get(READER)
    assert device is not None
    await command_result(
        post.site, device, Result(command=sent["command"], boot="b", outcome=Outcome.FAILED, reason="no_lamp")
    )

    told = await ask(operator, "GET", f"devices/{READER}/commands")

    assert [(one["state"], one["by"]) for one in issued["commands"]] == [("issued", "op1")]
    (one,) = told["commands"]
    assert (one["state"], one["result_reason"], one["reason"]) == ("failed", "no_lamp", "which one is it")
    assert one["settled_at"] is not None


# ---------------------------------------------------------------- alone


async def test_what_it_would_decide_alone_is_told_for_one_person_and_recorded(post: GuardPost) -> None:
    operator = await post.signed_in("op1", "operator")
    device = post.site.devices.get(READER)
    assert device is not None
    device.issued = type(device.issued)(
        version=3,
        body=json.dumps({"level": 3, "offline": {"entry": "list", "exit": "free", "max_age_s": 600}}).encode(),
    )

    asked = await ask(operator, "POST", f"devices/{READER}/alone", {"holder": "S-1"})
    midnight = post.site.clock.now().replace(hour=16, minute=30, second=0, microsecond=0)  # and half an hour, there
    night = {"holder": "P-1", "at": midnight.isoformat()}
    student = await ask(operator, "POST", f"devices/{READER}/alone", {"holder": "P-1"})
    late = await ask(operator, "POST", f"devices/{READER}/alone", night)
    unknown = await ask(operator, "POST", f"devices/{READER}/alone", {"holder": "X-9"}, 404)

    assert [(one["direction"], one["granted"], one["reason"]) for one in asked["answers"]] == [("in", True, "ok")]
    assert asked["holder"]["name"] == "Li Na" and asked["rules"]["entry"] == "list"
    assert student["answers"][0]["granted"] and not student["answers"][0]["always"]
    assert (late["answers"][0]["granted"], late["answers"][0]["reason"]) == (False, "offline_denied")
    assert "X-9" not in json.dumps(unknown)
    reads = [row for row in await post.records("record_read") if row["what"] == "lone_list"]
    assert len(reads) == 3 and all("holder" in row for row in reads)

    numbers = await ask(operator, "GET", f"devices/{READER}/alone")
    assert numbers["counts"]["entries"] == numbers["counts"]["entry_always"] + numbers["counts"]["entry_in_windows"] > 0
    assert numbers["counts"]["by_level"]["3"] >= numbers["counts"]["by_level"]["1"]
    bollard = await ask(operator, "GET", "devices/north-bollard/alone", status=409)
    assert bollard["detail"].startswith("decides_nothing")
    await ask(operator, "POST", f"devices/{READER}/alone", {}, 422)


@pytest.mark.parametrize("at", ["9000-01-01T00:00:00Z", "0002-01-01T00:00:00Z"])
async def test_a_moment_at_which_no_list_lives_is_refused_before_anybody_is_looked_at(post: GuardPost, at: str) -> None:
    operator = await post.signed_in("op1", "operator")

    refused = await ask(operator, "POST", f"devices/{READER}/alone", {"holder": "S-1", "at": at}, 422)

    assert [one["field"] for one in refused["errors"]] == ["at"]
    assert [row for row in await post.records("record_read") if row["what"] == "lone_list"] == []


# ---------------------------------------------------------------- bollards


def loops(post: GuardPost, vehicle: str, pedestrian: str, seconds: float = 0.0) -> None:
    """What the loops have said, for so long until now."""
    device = post.site.devices.get("north-bollard")
    assert device is not None
    reading = PresenceReading(
        vehicle=Presence(vehicle), pedestrian=Presence(pedestrian), counter=device.sensors.counter + 1
    )
    lanes.hear(post.site, device, "b", reading)
    if seconds:
        since = post.site.clock.monotonic() - seconds
        sensors = device.sensors
        device.sensors = replace(
            sensors,
            vehicle_clear_since=None if sensors.vehicle_clear_since is None else since,
            pedestrian_clear_since=None if sensors.pedestrian_clear_since is None else since,
        )


async def test_a_refused_raise_says_which_interlock_holds_it(post: GuardPost) -> None:
    operator = await post.signed_in("op1", "operator")
    silent = await ask(operator, "GET", "bollards")
    (bollard,) = silent["lanes"][0]["bollards"]
    assert (bollard["vehicle"], bollard["pedestrian"]) == (None, None)
    wanted = {"action": "raise", "reason": "arrival"}

    loops(post, "present", "clear", 5)
    refused = await ask(operator, "POST", "devices/north-bollard/commands", wanted, 409)
    seen = (await ask(operator, "GET", "bollards"))["lanes"][0]["bollards"][0]
    loops(post, "clear", "clear", 5)
    sent = await ask(operator, "POST", "devices/north-bollard/commands", wanted, 202)

    assert refused["detail"].startswith("interlock") and [e["message"] for e in refused["errors"]] == ["vehicle_clear"]
    acts = {one["act"]: one["unmet"] for one in seen["acts"]}
    assert acts == {"raise": ["vehicle_clear"], "lower": [], "efo": [], "efo_reset": ["latched"]}
    assert sent["state"] == "issued"


async def test_an_emergency_raise_takes_two_steps_of_one_person_and_latches(post: GuardPost) -> None:
    operator = await post.signed_in("op1", "operator")
    other = await post.signed_in("op2", "operator")
    loops(post, "present", "clear", 5)
    wanted = {"action": "efo", "reason": "a car drives at people"}

    armed = await ask(operator, "POST", "devices/north-bollard/commands", wanted, 202)
    mine = (await ask(operator, "GET", "bollards"))["lanes"][0]["bollards"][0]
    theirs = (await ask(other, "GET", "bollards"))["lanes"][0]["bollards"][0]
    await ask(other, "POST", "devices/north-bollard/commands", wanted | {"confirm": armed["confirm"]}, 409)
    sent = await ask(operator, "POST", "devices/north-bollard/commands", wanted | {"confirm": armed["confirm"]}, 202)
    after = (await ask(operator, "GET", "bollards"))["lanes"][0]["bollards"][0]

    assert armed["state"] == "armed" and mine["armed_by_me"] and not theirs["armed_by_me"]
    assert 0 < mine["armed_for_s"] <= 10
    assert sent["state"] == "issued" and after["latched"]
    assert {one["act"]: one["unmet"] for one in after["acts"]}["raise"] == ["vehicle_clear", "not_latched"]


# ---------------------------------------------------------------- coming and going

HOSTILE = [
    "+",
    "#",
    "a/b",
    "../x",
    "$SYS",
    "",
    "ａ１",
    "North",
    "a" * 300,
    "a b",
    "a\n",
    "a:b",
    "-a",
    "ä",
    "a\0",
    "wardgate",
]


async def test_a_hostile_name_creates_nothing(post: GuardPost) -> None:
    admin = await post.signed_in("adm1", "admin")
    before = len(await post.records("device_enrolled"))

    for name in HOSTILE:
        async with admin.post(f"{API}/devices", json={"id": name, "kind": "reader", "portal": "north-in"}) as answer:
            assert answer.status in (400, 422), (name, await answer.text())

    assert len(await post.records("device_enrolled")) == before


async def test_a_device_comes_with_a_bundle_that_is_told_once(post: GuardPost) -> None:
    admin = await post.signed_in("adm1", "admin")
    wanted = {"id": "south-in-2", "kind": "reader", "portal": "south-in"}

    bundle = await ask(admin, "POST", "devices", wanted, 201)

    assert (bundle["username"], bundle["topic"], bundle["site"]) == (
        "south-in-2",
        "campus/main/reader/south-in-2",
        "main",
    )
    assert len(bytes.fromhex(bundle["key"])) == 32 and bundle["broker"] == {"step": "no_files", "trouble": None}
    known = post.site.devices.get("south-in-2")
    assert known is not None and known.key == bytes.fromhex(bundle["key"]), "it may speak at once"
    again = await ask(admin, "POST", "devices", wanted, 409)
    wrong = await ask(admin, "POST", "devices", {"id": "x", "kind": "reader", "portal": "dorm-1-door"}, 422)
    everything = json.dumps([again, wrong, await ask(admin, "GET", "devices/south-in-2/state"),
                             await ask(admin, "GET", "devices/south-in-2/events")])  # fmt: skip
    stored = b"".join(path.read_bytes() for path in post.folder.iterdir() if path.is_file())
    for secret in (bundle["key"], bundle["password"]):
        assert secret not in everything and secret.encode() not in stored
    assert wrong["errors"][0]["field"] == "portal"
    places = await ask(admin, "GET", "device-places")
    assert "south-in" in places["portals"]["reader"] and "south-in" not in places["portals"]["dorm"]


async def says(post: GuardPost, device: str, key: bytes, uptime_ms: int, boot: str = "b") -> bool:
    """A heartbeat under that key, as it comes from the broker; True if it counts."""
    known = post.site.devices.get(device)
    before = None if known is None else known.last_seen
    topic = f"campus/main/reader/{device}/heartbeat"
    await Router(post.site, 100)._route(topic, encode(heartbeat(post, uptime_ms, boot), topic, key))
    return known is not None and known.last_seen != before


async def test_a_new_key_leaves_the_old_one_until_it_is_used_and_a_replacement_kills_it_at_once(
    post: GuardPost,
) -> None:
    admin = await post.signed_in("adm1", "admin")
    device = post.site.devices.get(READER)
    assert device is not None
    first = device.key
    assert await says(post, READER, first, 1)

    rotated = await ask(admin, "POST", f"devices/{READER}/rotate-key", status=201)
    second = bytes.fromhex(rotated["key"])
    assert await says(post, READER, first, 2), "the old key works until the new one is there"
    assert (await ask(admin, "GET", f"devices/{READER}/state"))["key_change_pending"]
    assert await says(post, READER, second, 3)
    assert not await says(post, READER, first, 4), "and not a moment longer"

    going = await ask(admin, "GET", f"devices/{READER}/consequences")
    assert going == {"others": 0, "waiting": 0, "untold": 0, "alarms": 1}  # the wrong key has just raised one
    replaced = await ask(admin, "POST", f"devices/{READER}/replace", {"reason": "its screen is broken"}, 201)
    third = bytes.fromhex(replaced["key"])
    assert rotated["password"] is None and replaced["password"], "a new key tells nothing that was told before"
    assert not await says(post, READER, second, 5), "the old box is nobody's"
    assert await says(post, READER, third, 1, "boot-of-the-new-box")
    (row,) = await post.records("device_replaced")
    assert set(row) == {"device", "note", "by"} and row["note"], "what was typed stands in a note"


async def test_a_retired_device_is_refused_and_its_reason_is_kept_beside_the_ledger(post: GuardPost) -> None:
    admin = await post.signed_in("adm1", "admin")
    device = post.site.devices.get("south-in-1")
    assert device is not None

    done = await ask(admin, "POST", "devices/south-in-1/retire", {"reason": "the gate was walled up"})

    assert done == {"device": "south-in-1", "broker": {"step": "no_files", "trouble": None}}
    assert post.site.devices.get("south-in-1") is None
    assert not await says(post, "south-in-1", device.key, 1)
    await ask(admin, "POST", "devices/south-in-1/retire", {"reason": "again"}, 404)
    (row,) = await post.records("device_retired")
    assert "walled" not in json.dumps(row) and row["note"] is not None


async def test_only_who_manages_devices_enrols_and_only_who_commands_commands(post: GuardPost) -> None:
    operator = await post.signed_in("op1", "operator")
    admin = await post.signed_in("adm1", "admin")

    await ask(operator, "POST", "devices", {"id": "x", "kind": "reader", "portal": "north-in"}, 403)
    await ask(operator, "POST", f"devices/{READER}/replace", {"reason": "x"}, 403)
    await ask(admin, "POST", f"devices/{READER}/commands", {"action": "unlock", "reason": "x"}, 403)
    await ask(admin, "POST", f"devices/{READER}/alone", {"holder": "S-1"})


def test_every_code_of_the_desk_has_a_word() -> None:
    assert set(WORDS["interlock"]) == set(Interlock)
    assert set(WORDS["device_action"]) >= {*Action, *Act} - {"deny", "wait"}
    assert set(WORDS["device_event"]) == {*EVENT_TYPES, "unreadable"}
    assert set(WORDS["device_record"]) == set(ABOUT)
    assert set(WORDS["bad_message"]) >= {*BadReason, "place", "unknown_device"}
    assert set(WORDS["broker_step"]) == set(Step)
    assert set(WORDS["posture_state"]) == set(State)
    assert set(WORDS["bollard_position"]) == {*BollardPosition, "unknown"}
    assert set(WORDS["loop"]) == set(WORDS["loop_vehicle"]) == set(Seen)
    assert set(WORDS["not_sent"]) >= {*OBSTACLES, "device_away", "not_for_this_kind", "enrolled", "decides_nothing"}


async def test_with_the_ledger_away_nobody_is_enrolled_or_retired(post: GuardPost, monkeypatch) -> None:
    admin = await post.signed_in("adm1", "admin")

    async def away(*_given, **_more):
        raise LedgerUnavailable("away")

    monkeypatch.setattr(post.site, "ledger", type("Away", (), {"commit": staticmethod(away), "is_away": True})())
    await ask(admin, "POST", "devices", {"id": "x", "kind": "reader", "portal": "north-in"}, 503)
    await ask(admin, "POST", f"devices/{READER}/retire", {"reason": "x"}, 503)

    assert post.site.devices.get("x") is None and post.site.devices.get(READER) is not None
