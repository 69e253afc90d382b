"""Topics: `campus/{site}/{kind}/{device}/{channel}`, read and spelled here and nowhere else.

Promises that whatever `parse` returns is exactly of the protocol, so that no name from the wire can reach a file, a
filter or another device's topic. Leaves to others whether such a site or device exists.
"""

import re
from dataclasses import dataclass, field
from enum import StrEnum
from functools import lru_cache

UP_CHANNELS = ("status", "heartbeat", "tap", "event", "result", "frame")
DOWN_CHANNELS = ("command", "posture", "credentials/{page}", "credentials/revoked", "ack")
RETAINED_CHANNELS = frozenset({"status", "posture", "credentials/{page}", "credentials/revoked"})
QOS_0_CHANNELS = frozenset({"heartbeat", "frame"})

_NAME = r"[a-z0-9][a-z0-9-]{0,62}"
_is_name = re.compile(_NAME).fullmatch
_is_id = re.compile(r"[A-Za-z0-9_-]{1,64}").fullmatch
_topic = re.compile(
    rf"campus/({_NAME})/(reader|dorm|camera|bollard|panel)/({_NAME})/"
    r"(status|heartbeat|tap|event|result|frame|command|posture|ack|credentials/(?:revoked|[0-9]{4}))"
).fullmatch
_gateway_topic = re.compile(rf"campus/({_NAME})/gateway/status").fullmatch


class Kind(StrEnum):
    """What kind of device speaks; the word stands in its topics."""

    READER = "reader"
    DORM = "dorm"
    CAMERA = "camera"
    BOLLARD = "bollard"
    PANEL = "panel"


class BadTopic(ValueError):
    """A topic that is not of the protocol."""


@dataclass(frozen=True, slots=True)
class Topic:
    """One topic of one device; `str(topic)` spells it. Made by `parse`, or checked when made by hand."""

    site: str
    kind: Kind
    device: str
    channel: str
    _text: str = field(init=False, repr=False, compare=False)  # every mac needs it

    def __post_init__(self) -> None:
        text = f"campus/{self.site}/{Kind(self.kind).value}/{self.device}/{self.channel}"
        if not _topic(text) or self.channel == "credentials/0000":
            raise BadTopic("not a topic of the protocol")
        object.__setattr__(self, "_text", text)

    def __str__(self) -> str:
        return self._text

    @property
    def page(self) -> int | None:
        """The page number of a `credentials/0001` channel."""
        tail = self.channel.removeprefix("credentials/")
        return int(tail) if tail.isdigit() else None

    @property
    def channel_pattern(self) -> str:
        """The channel as it stands in UP_CHANNELS and DOWN_CHANNELS."""
        return "credentials/{page}" if self.page is not None else self.channel


# Bounded, so that a flood of invented devices cannot fill the memory; BadTopic is never cached.
@lru_cache(maxsize=16_384)
def parse(topic: str) -> Topic:
    """The topic's parts; BadTopic for anything that is not exactly a device topic of the protocol."""
    match = _topic(topic)
    if match is None:
        raise BadTopic("not a topic of the protocol")
    site, kind, device, channel = match.groups()
    return Topic(site, Kind(kind), device, channel)


def device_topic(site: str, kind: Kind | str, device: str, channel: str) -> str:
    """The topic of one channel of one device; BadTopic if a part is not of the protocol."""
    return str(Topic(site, Kind(kind), device, channel))


def page_channel(page: int) -> str:
    """The channel of a credential page: 1 → `credentials/0001`."""
    if not 1 <= page <= 9_999:
        raise BadTopic("a credential page has a number from 1 to 9999")
    return f"credentials/{page:04}"


def gateway_status_topic(site: str) -> str:
    """Where the gateway of a site says that it lives."""
    topic = f"campus/{site}/gateway/status"
    if not _gateway_topic(topic):
        raise BadTopic("not a site name of the protocol")
    return topic


def gateway_site(topic: str) -> str | None:
    """The site whose gateway status this topic is, else None."""
    match = _gateway_topic(topic)
    return match[1] if match else None


def up_filter(site: str) -> list[str]:
    """The MQTT filters with which the gateway hears every device of its site."""
    if not is_name(site):
        raise BadTopic("not a site name of the protocol")
    return [f"campus/{site}/+/+/{channel}" for channel in UP_CHANNELS]


def down_filters(site: str, kind: Kind | str, device: str) -> list[str]:
    """The MQTT filters with which a device hears what is meant for it."""
    root = device_topic(site, kind, device, "ack").removesuffix("/ack")
    return [f"{root}/command", f"{root}/posture", f"{root}/credentials/+", f"{root}/ack"]


def qos_of(channel: str) -> int:
    """The QoS a channel is sent with."""
    return 0 if channel in QOS_0_CHANNELS else 1


def is_retained(channel: str) -> bool:
    """Whether messages of a channel are retained."""
    return channel in ("status", "posture") or channel.startswith("credentials/")


def is_name(text: str) -> bool:
    """Whether this can name a site or a device."""
    return _is_name(text) is not None


def is_id(text: str) -> bool:
    """Whether this is an id of the protocol: 1 to 64 of `[A-Za-z0-9_-]`."""
    return _is_id(text) is not None
