"""The three MQTT 3.1.1 packets that come thousands of times a second: PUBLISH with QoS 0 or 1, and PUBACK.

Everything else (CONNECT, SUBSCRIBE, keepalive, QoS 2, all of MQTT 5) is paho's. paho spends three quarters of an echo
on these three, because it keeps each message for a next connection and builds locks and reason codes that nobody here
looks at. Section numbers are those of the OASIS standard MQTT 3.1.1.
"""

from typing import NamedTuple

PUBLISH = 0x30
PUBACK = 0x40
MAX_LENGTH = 268_435_455  # 2.2.3: four bytes of seven bits


class BrokenPacket(ValueError):
    """Bytes that are no MQTT; the connection cannot be understood any further."""


class Received(NamedTuple):
    """A PUBLISH as it came; `mid` is 0 with QoS 0."""

    topic: bytes
    payload: bytes
    qos: int
    retain: bool
    mid: int


def spell_publish(topic: str, payload: bytes, qos: int, retain: bool, mid: int) -> bytes:
    """A PUBLISH (3.3); ValueError for a topic that no message can be sent to."""
    name = topic.encode()
    if not name or len(name) > 65_535 or "+" in topic or "#" in topic or "\0" in topic:
        raise ValueError("not a topic that can be published to")
    number = mid.to_bytes(2) if qos else b""
    length = 2 + len(name) + len(number) + len(payload)
    first = PUBLISH | qos << 1 | retain
    return b"%c%b%b%b%b%b" % (first, _spell_length(length), len(name).to_bytes(2), name, number, payload)


def spell_puback(mid: int) -> bytes:
    """A PUBACK (3.4)."""
    return b"\x40\x02" + mid.to_bytes(2)


def _spell_length(length: int) -> bytes:
    if length < 128:
        return b"%c" % length
    if length > MAX_LENGTH:
        raise ValueError("too long for a packet")
    spelled = bytearray()
    while length > 127:
        spelled.append(length & 127 | 128)
        length >>= 7
    spelled.append(length)
    return bytes(spelled)


def frame_at(data: bytes, at: int) -> tuple[int, int] | None:
    """Where the body of the packet at `at` begins and ends, whether or not all of it is there yet.

    None while its length is not all there (2.2.3).
    """
    length, shift = 0, 0
    for position in range(at + 1, min(at + 5, len(data))):
        byte = data[position]
        length |= (byte & 127) << shift
        if byte < 128:
            return position + 1, position + 1 + length
        shift += 7
    if len(data) >= at + 5:
        raise BrokenPacket("a packet length of more than four bytes")
    return None


def read_publish(first: int, body: bytes) -> Received:
    """The PUBLISH with this first byte and this body."""
    qos = first >> 1 & 3
    name_end = 2 + int.from_bytes(body[:2])
    start = name_end + 2 if qos else name_end
    if qos > 2 or name_end == 2 or start > len(body):
        raise BrokenPacket("a PUBLISH that is none")
    mid = int.from_bytes(body[name_end:start])
    return Received(body[2:name_end], body[start:], qos, bool(first & 1), mid)
