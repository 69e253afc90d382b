"""Messages to bytes and back: the mac first, then strict JSON, then the fields.

Promises that random bytes only ever make a `BadMessage`, that what is decoded is complete and within limits, and that
`encode` sends nothing which the other side would have to refuse. Leaves to others which keys a device has, what is
enrolled, and every meaning. An empty payload is the caller's business: both sides ignore it before decoding.
"""

import json
from collections.abc import Sequence
from hashlib import sha256
from typing import Any, TypeVar

import msgspec

from devices.layout import (
    AS_NULL_REFUSED,
    DOWN_CLASSES,
    EVENT_DECODERS,
    EVENT_READERS,
    KIND_FIELDS,
    KINDS_OF_CHANNEL,
    TIME_FIELDS,
    UP_CLASSES,
    fault_of,
)
from devices.limits import MAX_FRAME, MAX_PAYLOAD
from devices.messages import (
    EVENT_TYPES,
    CredentialPage,
    DownMessage,
    Event,
    Frame,
    GatewayStatus,
    Message,
    Recording,
    UnreadableEvent,
    UpMessage,
)
from devices.signing import key_of, signed_body
from devices.strict import BadMessage, BadReason, read_object, without_values
from devices.topics import Topic, gateway_site, is_id
from devices.wire_time import is_wire_time
from devices.writing import DECODERS, JPEG_START, SPELLERS, encode, encode_frame

__all__ = [
    "BadMessage",
    "BadReason",
    "decode_down",
    "decode_gateway_status",
    "decode_up",
    "encode",
    "encode_frame",
]

_M = TypeVar("_M", bound=Message)


def decode_up(topic: Topic, payload: bytes, keys: Sequence[bytes]) -> tuple[UpMessage, int]:
    """What a device sent, and which of its keys it was signed with; BadMessage for anything that is not right."""
    channel = topic.channel
    kind_of = KINDS_OF_CHANNEL.get(channel)
    if kind_of is None:
        raise BadMessage(BadReason.TOPIC, "not a channel of devices")
    if topic.kind not in kind_of:
        raise BadMessage(BadReason.KIND, f"a {topic.kind.value} has no {channel}")
    if channel == "frame":
        return _decode_frame(topic, payload, keys)
    body, index = _authentic(str(topic), payload, keys)
    if channel == "event":
        return _decode_event(topic, payload, body), index
    return _decode(UP_CLASSES[channel], topic, payload, body), index


def decode_down(topic: Topic, payload: bytes, key: bytes) -> DownMessage:
    """What the gateway sent to this device; BadMessage carries the command's id where it can be read (rule 1)."""
    cls = DOWN_CLASSES.get(topic.channel_pattern)
    if cls is None:
        raise BadMessage(BadReason.TOPIC, "not a channel of the gateway")
    try:
        body, _ = _authentic(str(topic), payload, (key,))
        message: DownMessage = _decode(cls, topic, payload, body)
    except BadMessage as bad:
        bad.id = _readable_id(payload)
        raise
    return message


def decode_gateway_status(topic: str, payload: bytes, key: bytes) -> GatewayStatus:
    """What a gateway of the site says about itself, under the site key."""
    if gateway_site(topic) is None:
        raise BadMessage(BadReason.TOPIC, "not a gateway's status")
    body, _ = _authentic(topic, payload, (key,))
    return _decode(GatewayStatus, None, payload, body)


def _authentic(topic: str, payload: bytes, keys: Sequence[bytes]) -> tuple[bytes, int]:
    """The bytes that were signed, and with which of the keys."""
    if len(payload) > MAX_PAYLOAD:
        raise BadMessage(BadReason.TOO_LARGE, f"{len(payload)} bytes")
    body = signed_body(payload)
    index = None if body is None else key_of(topic, payload, body, keys)
    if body is None or index is None:
        raise BadMessage(BadReason.MAC, "no right mac at the end")
    return body, index


def _decode(cls: type[_M], topic: Topic | None, payload: bytes, body: bytes) -> _M:
    return _decode_plain(cls, topic, body) or _decode_strictly(cls, topic, payload)


def _decode_plain(cls: type[_M], topic: Topic | None, body: bytes) -> _M | None:
    """The quick way for messages in our own spelling, which is nearly all of them; None for the others.

    If the spelling of what was read is byte for byte what came, then no key was there twice, no unknown field hides
    anything, and every number and time is in its one form. Only a NUL could still hide in an escape.
    """
    if b"\\u0000" in body:
        return None
    try:
        message: _M = DECODERS[cls].decode(body)
        if SPELLERS[cls](message) != body:
            return None
    except (ValueError, RecursionError, OverflowError):
        return None  # also UnicodeDecodeError and msgspec's errors; the strict way says what is wrong
    if topic is not None and ((cls in KIND_FIELDS and _kind_fault(message, topic)) or fault_of(message, topic)):
        return None
    return message


def _kind_fault(message: Message, topic: Topic) -> bool:
    fields = KIND_FIELDS.get(type(message))
    return fields is not None and any(
        (getattr(message, name) is not None) is not (topic.kind in kinds) for name, kinds in fields.items()
    )


def _decode_strictly(cls: type[_M], topic: Topic | None, payload: bytes) -> _M:
    found = _read_versioned(payload)
    if topic is not None:
        _keep_fields_of_kind(cls, topic, found)
    _check_nulls(cls, found)
    _check_times(found, TIME_FIELDS[cls])
    if cls is CredentialPage:
        _check_entry_times(found.get("entries"))
    message = _convert(found, cls)
    if topic is not None and (fault := fault_of(message, topic)):
        raise BadMessage(BadReason.FIELD, fault)
    return message


def _keep_fields_of_kind(cls: type[Message], topic: Topic, found: dict[str, Any]) -> None:
    for name, kinds in KIND_FIELDS.get(cls, {}).items():
        if topic.kind not in kinds:
            found.pop(name, None)  # of another kind of device: here it is a field that nobody knows
        elif name not in found:
            raise BadMessage(BadReason.FIELD, f"a {topic.kind.value} without {name}")


def _decode_event(topic: Topic, payload: bytes, body: bytes) -> Event | UnreadableEvent:
    event = _decode_plain_event(topic, body)
    if event is not None:
        return event
    try:
        return _decode_event_strictly(topic, payload)
    except BadMessage as bad:
        unreadable = _unreadable(payload, bad)
        if unreadable is None:
            raise
        return unreadable


def _decode_plain_event(topic: Topic, body: bytes) -> Event | None:
    start = body.find(b'"type":"') + 8
    decoder = EVENT_DECODERS.get(body[start : body.find(b'"', start)].decode("ascii", "replace"))
    if start < 8 or decoder is None or b"\\u0000" in body:
        return None
    try:
        read = decoder.decode(body)
        event = Event(id=read.id, boot=read.boot, seq=read.seq, at=read.at, type=read.type, data=read.data)
        if SPELLERS[Event](event) != body or topic.kind not in EVENT_TYPES[event.type][1] or fault_of(event, topic):
            return None
    except (ValueError, LookupError, RecursionError, OverflowError):
        return None
    return event


def _decode_event_strictly(topic: Topic, payload: bytes) -> Event:
    found = _read_versioned(payload)
    type_ = found.get("type")
    known = EVENT_TYPES.get(type_) if isinstance(type_, str) else None
    if known is None:
        raise BadMessage(BadReason.FIELD, "not a type of event")
    if topic.kind not in known[1]:
        raise BadMessage(BadReason.KIND, f"a {topic.kind.value} has no event {type_}")
    _check_times(found, ("at",))
    data = found.get("data")
    if isinstance(data, dict):
        _check_times(data, ("oldest_at",) if known[0] is Recording else ())
    read = _convert(found, EVENT_READERS[str(type_)])
    event = Event(id=read.id, boot=read.boot, seq=read.seq, at=read.at, type=read.type, data=read.data)
    if fault := fault_of(event, topic):
        raise BadMessage(BadReason.FIELD, fault)
    return event


def _unreadable(payload: bytes, bad: BadMessage) -> UnreadableEvent | None:
    """Rule 3: an event with a right mac whose boot and seq can be read is acked, so that it blocks nobody."""
    try:
        top: list[tuple[str, Any]] = _read_members(payload)
    except (ValueError, RecursionError):
        return None
    values = {name: [value for key, value in top if key == name] for name in ("boot", "seq", "id")}
    # Twice would be two answers to which event this is: then nothing may be acked.
    if len(values["boot"]) != 1 or len(values["seq"]) != 1:
        return None
    boot, seq, ids = values["boot"][0], values["seq"][0], values["id"]
    if not (isinstance(boot, str) and is_id(boot) and type(seq) is int and 1 <= seq < 2**63):
        return None
    id_ = ids[0] if len(ids) == 1 and isinstance(ids[0], str) and is_id(ids[0]) else None
    return UnreadableEvent(boot=boot, seq=seq, id=id_, why=bad.reason.value, detail=bad.detail)


def _read_members(payload: bytes) -> list[tuple[str, Any]]:
    """The members of the outermost object, leniently: what is wrong deeper inside does not matter here."""
    read = json.loads(payload.decode("utf-8", "replace"), object_pairs_hook=list, parse_int=_short_int)
    if not isinstance(read, list) or not payload.lstrip(b" \t\r\n").startswith(b"{"):
        raise ValueError("not an object")
    return read


def _short_int(digits: str) -> int | None:
    return int(digits) if len(digits) <= 20 else None


def _decode_frame(topic: Topic, payload: bytes, keys: Sequence[bytes]) -> tuple[tuple[Frame, bytes], int]:
    if len(payload) > MAX_FRAME:
        raise BadMessage(BadReason.TOO_LARGE, f"{len(payload)} bytes")
    end = payload.find(b"\n", 0, MAX_PAYLOAD + 1)
    if end < 0:
        raise BadMessage(BadReason.FRAME, "no line before the picture")
    line, jpeg = payload[:end], payload[end + 1 :]
    body, index = _authentic(str(topic), line, keys)
    frame = _decode(Frame, topic, line, body)
    if not jpeg.startswith(JPEG_START):
        raise BadMessage(BadReason.FRAME, "no JPEG after the line")
    if sha256(jpeg).hexdigest() != frame.sha256:
        raise BadMessage(BadReason.FRAME, "another picture than the line says")
    return (frame, jpeg), index


def _read_versioned(payload: bytes) -> dict[str, Any]:
    found = read_object(payload)
    # `True` and `1.0` equal 1, so the type is asked too.
    if next(iter(found), None) != "v" or type(found["v"]) is not int or found["v"] != 1:
        raise BadMessage(BadReason.VERSION, 'the first member is not "v":1')
    return found


def _check_nulls(cls: type[Message], found: dict[str, Any]) -> None:
    for name in AS_NULL_REFUSED[cls]:
        if name in found and found[name] is None:
            raise BadMessage(BadReason.FIELD, f"{name} may be left out, but is never null")


def _check_times(found: dict[str, Any], names: Sequence[str]) -> None:
    for name in names:
        value = found.get(name)
        if isinstance(value, str) and not is_wire_time(value):
            raise BadMessage(BadReason.FIELD, f"{name} is no UTC time like 2026-11-21T08:00:00.123Z")


def _check_entry_times(entries: Any) -> None:
    for entry in entries if isinstance(entries, list) else ():
        if isinstance(entry, dict):
            _check_times(entry, ("not_before", "not_after"))


def _convert(found: dict[str, Any], cls: type[_M]) -> _M:
    try:
        return msgspec.convert(found, cls)
    except (msgspec.ValidationError, OverflowError) as error:
        raise BadMessage(BadReason.FIELD, without_values(error)) from None


def _readable_id(payload: bytes) -> str | None:
    if len(payload) > MAX_PAYLOAD:
        return None
    try:
        found = read_object(payload).get("id")
    except BadMessage:
        return None
    return found if isinstance(found, str) and is_id(found) else None
