"""Which message belongs on which channel, and what no type can say: fields by kind of device, rules between fields.

Tables, and one function that names the fault of a message. Promises that reading and writing keep the same rules.
"""

import math
from collections.abc import Callable
from typing import Any

import msgspec
from msgspec.structs import fields

from devices.fields import Level
from devices.messages import (
    EVENT_TYPES,
    Ack,
    Command,
    CredentialEntry,
    CredentialPage,
    Event,
    Frame,
    Gap,
    GatewayStatus,
    Heartbeat,
    Message,
    Posture,
    Result,
    RevokedList,
    Status,
    Tap,
)
from devices.topics import Kind, Topic

UP_CLASSES: dict[str, type[Any]] = {
    "status": Status,
    "heartbeat": Heartbeat,
    "tap": Tap,
    "event": Event,
    "result": Result,
    "frame": Frame,
}
DOWN_CLASSES: dict[str, type[Any]] = {
    "command": Command,
    "posture": Posture,
    "credentials/{page}": CredentialPage,
    "credentials/revoked": RevokedList,
    "ack": Ack,
}

_ALL = frozenset(Kind)
_DOORS = frozenset({Kind.READER, Kind.DORM})
KINDS_OF_CHANNEL: dict[str, frozenset[Kind]] = {
    "status": _ALL,
    "heartbeat": _ALL,
    "tap": _DOORS | {Kind.CAMERA},
    "event": _ALL,
    "result": _ALL,
    "frame": frozenset({Kind.CAMERA}),
}

# Fields that these kinds must have, and that for all others are unknown extra fields.
KIND_FIELDS: dict[type[Message], dict[str, frozenset[Kind]]] = {
    Status: {"lock_state": _DOORS, "position": frozenset({Kind.BOLLARD})},
    Heartbeat: {"presence": frozenset({Kind.BOLLARD})},
}

TIME_FIELDS: dict[type[Message], tuple[str, ...]] = {
    Status: ("at",),
    Heartbeat: ("at",),
    Tap: ("at",),
    Event: ("at",),
    Result: (),
    Frame: ("at",),
    Command: (),
    Posture: ("at",),
    CredentialPage: ("expires_at",),
    RevokedList: (),
    Ack: (),
    GatewayStatus: ("started_at", "at"),
}

# Optional on the wire: there or not there. `null` stands only where the protocol says so.
AS_NULL_REFUSED: dict[type[Message], tuple[str, ...]] = {
    cls: tuple(field.encode_name for field in fields(cls) if not field.required) for cls in TIME_FIELDS
}


def _reader(name: str, data: type[Any]) -> type[Any]:
    return msgspec.defstruct(
        f"Event_{name}",
        [(field.encode_name, data if field.name == "data" else field.type) for field in fields(Event)],
        bases=(Message,),
        frozen=True,
        kw_only=True,
    )


# Events are read with the data class of their type; the caller gets an Event.
EVENT_READERS: dict[str, type[Any]] = {name: _reader(name, data) for name, (data, _) in EVENT_TYPES.items()}
EVENT_DECODERS: dict[str, "msgspec.json.Decoder[Any]"] = {
    name: msgspec.json.Decoder(reader) for name, reader in EVENT_READERS.items()
}


def fault_of(message: Message, topic: Topic) -> str | None:
    """What is wrong between a message's fields, or None."""
    find = _FAULT_FINDERS.get(type(message))
    return None if find is None else find(message, topic)


def _event_fault(event: Event, topic: Topic) -> str | None:
    if isinstance(event.data, Gap) and event.data.from_seq > event.data.to_seq:
        return "a gap that ends before it begins"
    return None


def _number_fault(number: float | None) -> str | None:
    return None if number is None or math.isfinite(number) else "JSON has no such number"


def _page_fault(page: CredentialPage, topic: Topic) -> str | None:
    if page.page != topic.page:
        return "another page than the topic says"
    if page.page > page.pages:
        return "a page above the number of pages"
    return next((fault for entry in page.entries if (fault := _entry_fault(entry))), None)


def _entry_fault(entry: CredentialEntry) -> str | None:
    if not entry.directions or len(set(entry.directions)) != len(entry.directions):
        return "directions are one or both of in and out"
    levels = set(entry.levels)
    # What holds at a strict level holds at every looser one.
    if len(levels) != len(entry.levels) or levels != {level for level in Level if level >= min(levels, default=0)}:
        return "levels with 1 also have 2 and 3, with 2 also 3"
    if entry.windows is not None and any(start >= end for start, end in entry.windows):
        return "a window ends after it begins; over the end of the week there are two"
    return None


_FAULT_FINDERS: dict[type[Message], Callable[[Any, Topic], str | None]] = {
    CredentialPage: _page_fault,
    Event: _event_fault,
    Tap: lambda tap, topic: _number_fault(tap.confidence),
    Heartbeat: lambda heartbeat, topic: _number_fault(heartbeat.temperature_c),
}
