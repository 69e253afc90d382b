"""The packets that we spell and read ourselves: right at every length, and never surprised by bytes."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from devices.packets import BrokenPacket, frame_at, read_publish, spell_puback, spell_publish

topics = st.text(st.characters(exclude_characters="+#\0", exclude_categories=["Cs"]), min_size=1, max_size=50)
edges = st.sampled_from([0, 1, 100, 110, 127, 128, 16_370, 16_384, 2_097_140, 2_097_152])


@given(
    topics,
    edges,
    st.integers(0, 1),
    st.booleans(),
    st.integers(1, 65_535),
    st.binary(max_size=5),
    st.binary(max_size=5),
)
def test_a_publish_is_read_as_it_was_spelled(
    topic: str, size: int, qos: int, retain: bool, mid: int, before: bytes, after: bytes
) -> None:
    payload = b"x" * size
    packet = spell_publish(topic, payload, qos, retain, mid)

    found = frame_at(before + packet + after, len(before))

    assert found is not None and found[1] == len(before) + len(packet)
    start, end = found[0] - len(before), found[1] - len(before)
    assert read_publish(packet[0], packet[start:end]) == (topic.encode(), payload, qos, retain, mid if qos else 0)


def test_the_bytes_are_those_of_the_standard() -> None:
    assert spell_publish("a/b", b"hi", 1, True, 258) == b"\x33\x09\x00\x03a/b\x01\x02hi"
    assert spell_publish("a/b", b"", 0, False, 0) == b"\x30\x05\x00\x03a/b"
    assert spell_puback(258) == b"\x40\x02\x01\x02"
    # 2.2.3, table 2.4: the limits of one to four bytes
    for length, spelled in ((127, b"\x7f"), (128, b"\x80\x01"), (16_383, b"\xff\x7f"), (16_384, b"\x80\x80\x01")):
        assert spell_publish("a", b"x" * (length - 3), 0, False, 0)[1 : 1 + len(spelled)] == spelled


@given(st.binary(max_size=40), st.integers(0, 10))
def test_bytes_are_a_packet_or_broken_or_not_yet_whole(data: bytes, at: int) -> None:
    try:
        found = frame_at(data, at)
        if found is not None and found[1] <= len(data):
            received = read_publish(data[at], data[found[0] : found[1]])
            assert received.topic and received.qos < 3
    except BrokenPacket:
        pass


def test_a_packet_too_long_for_mqtt_is_refused() -> None:
    with pytest.raises(BrokenPacket):
        frame_at(b"\x30\xff\xff\xff\xff\x01", 0)
    assert frame_at(b"\x30\xff\xff\xff", 0) is None
