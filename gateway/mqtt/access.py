"""Who may write and read which topics: said once, for whichever broker is asked to keep it."""

from dataclasses import dataclass

from devices.topics import UP_CHANNELS, Kind, device_topic, down_filters, gateway_status_topic, up_filter


@dataclass(frozen=True, slots=True)
class Access:
    """The topics of one user; what is not here is refused."""

    write: tuple[str, ...]
    read: tuple[str, ...]


def gateway_access(site: str) -> Access:
    """The gateway hears every device of its site and speaks to every one."""
    status = gateway_status_topic(site)
    down = ("command", "posture", "ack", "credentials/+")
    return Access(
        write=(*(f"campus/{site}/+/+/{channel}" for channel in down), status), read=(*up_filter(site), status)
    )


def lookout_access(site: str) -> Access:
    """A gateway that looks whether another one runs, before it speaks."""
    return Access(write=(), read=(gateway_status_topic(site),))


def device_access(site: str, kind: str, device: str) -> Access:
    """A device writes its own up-channels and reads its own down-channels. `BadTopic` for what is no name."""
    checked = Kind(kind)
    return Access(
        write=tuple(device_topic(site, checked, device, channel) for channel in UP_CHANNELS),
        read=tuple(down_filters(site, checked, device)),
    )
