"""Topics: exactly those of the protocol, and nothing that could be taken for one."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from devices.topics import (
    DOWN_CHANNELS,
    UP_CHANNELS,
    BadTopic,
    Kind,
    Topic,
    device_topic,
    down_filters,
    gateway_site,
    gateway_status_topic,
    is_id,
    is_name,
    page_channel,
    parse,
    up_filter,
)

HOSTILE = [
    "",
    "campus",
    "campus/main/reader/north-in-1",
    "campus/main/reader/north-in-1/",
    "campus/main/reader/north-in-1/tap/",
    "campus/main/reader/north-in-1/tap\n",
    "/campus/main/reader/north-in-1/tap",
    "campus/main/reader//tap",
    "campus/main/reader/+/tap",
    "campus/main/reader/#",
    "campus/main/reader/../tap",
    "campus/main/reader/a.b/tap",
    "campus/main/reader/NORTH/tap",
    "campus/main/reader/ｎorth/tap",
    "campus/main/reader/nörth/tap",
    "campus/main/reader/-north/tap",
    "campus/main/reader/" + "a" * 64 + "/tap",
    "campus/main/reader/a\0b/tap",
    "campus/main/gateway/north-in-1/status",
    "campus/main/gateway/status",
    "campus/main/robot/north-in-1/tap",
    "campus/main/reader/north-in-1/open",
    "campus/main/reader/north-in-1/credentials",
    "campus/main/reader/north-in-1/credentials/1",
    "campus/main/reader/north-in-1/credentials/0000",
    "campus/main/reader/north-in-1/credentials/10000",
    "campus/main/reader/north-in-1/credentials/٠٠٠١",
    "campus/main/reader/north-in-1/credentials/revoked/1",
    "$SYS/broker/clients",
]


@pytest.mark.parametrize("topic", HOSTILE)
def test_what_is_not_exactly_a_topic_of_the_protocol_is_refused(topic: str) -> None:
    with pytest.raises(BadTopic):
        parse(topic)


@pytest.mark.parametrize(
    "channel", [*UP_CHANNELS, "command", "posture", "ack", "credentials/0001", "credentials/revoked"]
)
@pytest.mark.parametrize("kind", list(Kind))
def test_a_topic_is_spelled_as_it_was_read(kind: Kind, channel: str) -> None:
    text = f"campus/main/{kind.value}/north-in-1/{channel}"

    topic = parse(text)

    assert topic == Topic("main", kind, "north-in-1", channel)
    assert str(topic) == text == device_topic("main", kind, "north-in-1", channel)
    assert topic.channel_pattern in UP_CHANNELS + DOWN_CHANNELS


@given(st.text() | st.from_regex(r"campus/[a-z0-9-]+/reader/[a-z0-9-]+/[a-z/0-9]+", fullmatch=True))
def test_any_text_is_a_topic_that_spells_itself_or_is_refused(text: str) -> None:
    try:
        topic = parse(text)
    except BadTopic:
        return

    assert str(topic) == text
    assert is_name(topic.site) and is_name(topic.device)


@pytest.mark.parametrize("part", ["+", "#", "a/b", "", "..", "A", "x" * 64, "a\n"])
def test_no_part_of_a_topic_can_be_smuggled_in(part: str) -> None:
    for make in (
        lambda: device_topic(part, Kind.READER, "a", "tap"),
        lambda: device_topic("main", Kind.READER, part, "tap"),
        lambda: device_topic("main", Kind.READER, "a", part),
        lambda: Topic(part, Kind.READER, "a", "tap"),
        lambda: gateway_status_topic(part),
        lambda: up_filter(part),
        lambda: down_filters("main", Kind.READER, part),
    ):
        with pytest.raises(ValueError):
            make()


def test_filters_of_gateway_and_device_cover_every_channel_and_no_other() -> None:
    assert up_filter("main") == [f"campus/main/+/+/{channel}" for channel in UP_CHANNELS]
    assert down_filters("main", Kind.DORM, "dorm-1-door") == [
        "campus/main/dorm/dorm-1-door/command",
        "campus/main/dorm/dorm-1-door/posture",
        "campus/main/dorm/dorm-1-door/credentials/+",
        "campus/main/dorm/dorm-1-door/ack",
    ]


def test_a_page_has_four_digits_and_begins_with_one() -> None:
    assert page_channel(1) == "credentials/0001" and parse(f"campus/m/dorm/d/{page_channel(9_999)}").page == 9_999
    for number in (0, -1, 10_000):
        with pytest.raises(BadTopic):
            page_channel(number)


def test_a_gateway_has_one_topic_for_each_site() -> None:
    assert gateway_site(gateway_status_topic("main")) == "main"
    assert gateway_site("campus/main/reader/a/status") is None


@pytest.mark.parametrize(
    ("text", "right"),
    [("a", True), ("A_-9", True), ("x" * 64, True), ("", False), ("x" * 65, False), ("a\n", False), ("ä", False)],
)
def test_ids_are_1_to_64_plain_characters(text: str, right: bool) -> None:
    assert is_id(text) is right
