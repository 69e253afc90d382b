"""Events and statuses: each kind of device has its own, and one that cannot be understood still says which it is."""

import json
from typing import Any

import pytest

from devices import messages as m
from devices.codec import BadMessage, BadReason, decode_up
from devices.signing import new_key
from devices.topics import Kind
from tests.devices.message_scene import AT, EVENT, KEY, reason_of, signed, topic


def read_event(document: Any, kind: Kind = Kind.READER) -> Any:
    where = topic("event", kind)
    return decode_up(where, signed(where, document), [KEY])[0]


def test_an_event_brings_the_data_of_its_type() -> None:
    assert read_event(EVENT) == m.Event(
        id="e-1",
        boot="b-1",
        seq=7,
        at=AT.replace(microsecond=0),
        type="door_held",
        data=m.DoorHeld(open_s=31),
    )


@pytest.mark.parametrize(
    ("document", "why", "id"),
    [
        (EVENT | {"type": "door_exploded"}, "field", "e-1"),
        (EVENT | {"type": 7}, "field", "e-1"),
        (EVENT | {"type": "panic", "data": {"location": "hall"}}, "kind", "e-1"),
        (EVENT | {"data": {}}, "field", "e-1"),
        (EVENT | {"data": {"open_s": True}}, "field", "e-1"),
        (EVENT | {"at": "yesterday"}, "field", "e-1"),
        (EVENT | {"id": "no id"}, "field", None),
        (EVENT | {"v": 2}, "version", "e-1"),
        (EVENT | {"type": "gap", "data": {"boot": "b", "from_seq": 9, "to_seq": 3}}, "field", "e-1"),
        (json.dumps(EVENT).encode().replace(b'"open_s"', b'"open_s": 1, "open_s"'), "duplicate_key", "e-1"),
        (json.dumps(EVENT).encode().replace(b"31", b"NaN"), "number", "e-1"),
        (json.dumps(EVENT).encode().replace(b"31", b"9" * 5_000), "number", "e-1"),
        (json.dumps(EVENT).encode().replace(b"31", b'"\xff"'), "encoding", "e-1"),
        (json.dumps(EVENT).encode().replace(b"31", b'"\\ud800"'), "surrogate", "e-1"),
        (json.dumps(EVENT).encode().replace(b"31", b"[[[[[[[[1]]]]]]]]"), "depth", "e-1"),
    ],
)
def test_an_event_that_cannot_be_understood_still_says_which_it_is(document: Any, why: str, id: str | None) -> None:
    read = read_event(document)

    assert isinstance(read, m.UnreadableEvent)
    assert (read.boot, read.seq, read.id, read.why) == ("b-1", 7, id, why)


@pytest.mark.parametrize(
    "document",
    [
        EVENT | {"seq": 0},
        EVENT | {"seq": True},
        EVENT | {"seq": 7.0},
        EVENT | {"seq": 2**63},
        EVENT | {"boot": ""},
        EVENT | {"boot": None},
        json.dumps(EVENT).encode().replace(b'"seq": 7', b'"seq": 7, "seq": 8'),
        json.dumps(EVENT).encode().replace(b'"boot": "b-1"', b'"boot": "b-1", "\\u0062oot": "b-1"'),
        json.dumps(EVENT).encode()[:-2] + b"}",
    ],
)
def test_an_event_that_does_not_say_which_it_is_is_bad(document: Any) -> None:
    with pytest.raises(BadMessage):
        read_event(document)


def test_an_event_with_a_wrong_mac_is_bad_whatever_it_says() -> None:
    assert reason_of(topic("event"), signed(topic("event"), EVENT, new_key())) is BadReason.MAC


@pytest.mark.parametrize("name", m.EVENT_TYPES)
def test_every_event_belongs_to_its_kinds_of_device_and_to_no_other(name: str) -> None:
    data = {
        "tap": "t",
        "direction": "in",
        "credential": {"kind": "card", "token": "0" * 32},
        "outcome": "deny",
        "reason": "mac",
        "posture": None,
        "open_s": 1,
        "state": "locked",
        "active": True,
        "position": "raised",
        "vehicle": "clear",
        "pedestrian": "clear",
        "counter": 1,
        "g": 2.5,
        "plate": "京A12345",
        "confidence": 1,
        "ok": True,
        "free_bytes": 1,
        "oldest_at": "2026-11-21T08:00:00Z",
        "zone": "dorm-1",
        "location": "hall",
        "channel": "posture",
        "version": None,
        "boot": "b",
        "from_seq": 1,
        "to_seq": 1,
    }

    kinds = {kind for kind in Kind if isinstance(read_event(EVENT | {"type": name, "data": data}, kind), m.Event)}

    assert kinds == m.EVENT_TYPES[name][1]
    assert (
        name in m.EVENT_TYPES
        and m.event_type_of(read_event(EVENT | {"type": name, "data": data}, min(kinds)).data) == name
    )


# What depends on the kind of device


STATUS = {
    "v": 1,
    "online": True,
    "boot": "b-1",
    "connection": 1,
    "previous": None,
    "firmware": "1.0",
    "at": "2026-11-21T08:00:00Z",
    "challenge": "c",
    "posture": None,
    "credentials": 3,
    "revoked": None,
    "buffered": 0,
    "clock": "synced",
}

NEEDS = {
    Kind.READER: {"lock_state": "locked"},
    Kind.DORM: {"lock_state": "released"},
    Kind.BOLLARD: {"position": "raised"},
}


@pytest.mark.parametrize("kind", list(Kind))
def test_a_status_has_what_its_kind_of_device_has(kind: Kind) -> None:
    where, needed = topic("status", kind), NEEDS.get(kind, {})
    foreign = {"lock_state": 5, "position": [], "presence": "?"}

    read, _ = decode_up(where, signed(where, STATUS | foreign | needed), [KEY])

    assert isinstance(read, m.Status)
    assert {name: getattr(read, name) for name in ("lock_state", "position") if getattr(read, name)} == needed
    if needed:
        assert reason_of(where, signed(where, STATUS)) is BadReason.FIELD


@pytest.mark.parametrize("name", ["previous", "posture", "credentials", "revoked"])
def test_what_may_be_null_must_still_be_there(name: str) -> None:
    where = topic("status", Kind.PANEL)

    assert reason_of(where, signed(where, {k: v for k, v in STATUS.items() if k != name})) is BadReason.FIELD
