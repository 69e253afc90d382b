"""Messages to bytes: the exact spelling of each, and what may be sent where.

Promises that nothing is sent which the other side would have to refuse: what is wrong with a message is a ValueError
here, before it leaves. Used through `devices/codec.py`.
"""

from collections.abc import Callable
from functools import lru_cache
from hashlib import sha256
from typing import Any

import msgspec
from msgspec.structs import replace

from devices.layout import DOWN_CLASSES, EVENT_DECODERS, KIND_FIELDS, KINDS_OF_CHANNEL, UP_CLASSES, fault_of
from devices.limits import MAC_TAIL, MAX_FRAME, MAX_PAYLOAD
from devices.messages import (
    EVENT_TYPES,
    Ack,
    Command,
    CredentialEntry,
    CredentialPage,
    Event,
    Frame,
    GatewayStatus,
    Heartbeat,
    Message,
    Posture,
    Recording,
    Result,
    RevokedList,
    Status,
    Tap,
)
from devices.signing import seal
from devices.strict import BadMessage, read_object, without_values
from devices.topics import Topic, gateway_site, parse
from devices.wire_time import wire_time

JPEG_START = b"\xff\xd8\xff"
_encode = msgspec.json.Encoder().encode


def encode(message: Message, topic: str, key: bytes) -> bytes:
    """The signed payload of a message for its topic; ValueError for what the other side would have to refuse."""
    if isinstance(message, Frame):
        raise ValueError("a frame is encoded with its picture")
    return seal(topic, _body(message, topic), key)


def encode_frame(frame: Frame, jpeg: bytes, topic: str, key: bytes) -> bytes:
    """The payload of a picture; `frame.sha256` must be that of the picture."""
    if frame.sha256 != sha256(jpeg).hexdigest() or not jpeg.startswith(JPEG_START):
        raise ValueError("the line does not belong to this picture, or it is no JPEG")
    payload = seal(topic, _body(frame, topic), key) + b"\n" + jpeg
    if len(payload) > MAX_FRAME:
        raise ValueError(f"a frame has at most {MAX_FRAME} bytes")
    return payload


def _body(message: Message, topic: str) -> bytes:
    fault = _fault_when_sent(message, topic)
    if fault:
        raise ValueError(fault)
    body = SPELLERS[type(message)](message)
    if len(body) > MAX_PAYLOAD - MAC_TAIL:
        raise ValueError(f"a message has at most {MAX_PAYLOAD} bytes")
    try:
        if b"\\u0000" in body:  # rare: a NUL, or just these six characters in a text
            read_object(body)
        (EVENT_DECODERS[message.type] if isinstance(message, Event) else DECODERS[type(message)]).decode(body)
    except (msgspec.ValidationError, BadMessage) as error:
        raise ValueError(f"{type(message).__name__}: {without_values(error)}") from None
    return body


# The exact bytes of a message before its mac. msgspec writes microseconds where the protocol has milliseconds, so the
# times are put in as text.


def _spell_with_at(message: Any) -> bytes:
    return _encode(replace(message, at=wire_time(message.at)))


def _spell_event(event: Event) -> bytes:
    data: Any = event.data
    if isinstance(data, Recording):
        data = replace(data, oldest_at=wire_time(data.oldest_at))
    return _encode(replace(event, at=wire_time(event.at), data=data))


def _spell_page(page: CredentialPage) -> bytes:
    entries = [_with_spelled_bounds(entry) for entry in page.entries]
    return _encode(replace(page, expires_at=wire_time(page.expires_at), entries=entries))


def _with_spelled_bounds(entry: CredentialEntry) -> CredentialEntry:
    bounds = {"not_before": entry.not_before, "not_after": entry.not_after}
    spelled: dict[str, Any] = {name: wire_time(moment) for name, moment in bounds.items() if moment is not None}
    return replace(entry, **spelled) if spelled else entry


def _spell_gateway(status: GatewayStatus) -> bytes:
    return _encode(replace(status, started_at=wire_time(status.started_at), at=wire_time(status.at)))


SPELLERS: dict[type[Message], Callable[[Any], bytes]] = {
    Status: _spell_with_at,
    Heartbeat: _spell_with_at,
    Tap: _spell_with_at,
    Event: _spell_event,
    Result: _encode,
    Frame: _spell_with_at,
    Command: _encode,
    Posture: _spell_with_at,
    CredentialPage: _spell_page,
    RevokedList: _encode,
    Ack: _encode,
    GatewayStatus: _spell_gateway,
}


@lru_cache(maxsize=16_384)
def _place(topic: str) -> tuple[Topic, Any, str | None]:
    """Where a topic is, which message belongs there, and what speaks against sending there at all."""
    where = parse(topic)
    channel = where.channel_pattern
    if channel in UP_CLASSES:
        fault = None if where.kind in KINDS_OF_CHANNEL[channel] else f"a {where.kind.value} has no {channel}"
        return where, UP_CLASSES[channel], fault
    return where, DOWN_CLASSES[channel], None


def _fault_when_sent(message: Message, topic: str) -> str | None:
    if isinstance(message, GatewayStatus):
        return None if gateway_site(topic) else "a gateway's status has its own topic"
    where, cls, fault = _place(topic)
    if cls is not type(message):
        return f"{type(message).__name__} does not belong on {where.channel}"
    if cls in KIND_FIELDS:
        for name, kinds in KIND_FIELDS[cls].items():
            if (getattr(message, name) is not None) is not (where.kind in kinds):
                return f"{name} belongs to {', '.join(sorted(kinds))} and must be there"
    elif isinstance(message, Event):
        known = EVENT_TYPES.get(message.type)
        if known is None or known[0] is not type(message.data):
            return "the data does not belong to the event's type"
        if where.kind not in known[1]:
            return f"a {where.kind.value} has no event {message.type}"
    return fault or fault_of(message, where)


DECODERS: dict[type[Message], "msgspec.json.Decoder[Any]"] = {cls: msgspec.json.Decoder(cls) for cls in SPELLERS}
