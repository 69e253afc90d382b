"""The seam for devices that do not speak our protocol: existing open firmware, readers with their own MQTT or serial.

An adapter stands where a native device would: it holds the key that enrolment gave it, has an own connection, and says
with the messages of `devices/messages.py` what its hardware said in another language. So the gateway knows no adapter,
and every rule holds for it as for a native device: events are kept until they are acked, commands need a live
challenge, a door decides alone when nobody answers.

What the hardware cannot do, the adapter must do (a buffer on disk, boot and sequence numbers, challenges) or say
plainly in `lacks`: it must never report `executed` for what nobody confirmed.
"""

from collections.abc import AsyncIterator, Sequence
from typing import Protocol

from devices.messages import Command, CredentialPage, Event, Heartbeat, Posture, Result, RevokedList, Status, Tap
from devices.topics import Kind

FromHardware = Status | Heartbeat | Tap | Event | Result
ToHardware = Command | Posture | CredentialPage | RevokedList


class Adapter(Protocol):
    """One piece of foreign hardware, translated. It knows its hardware and these types, and no topics, keys or MQTT."""

    kind: Kind
    lacks: Sequence[str]  # what the hardware cannot do and the adapter cannot make up for, for the enrolment to show

    def listen(self) -> AsyncIterator[FromHardware]:
        """What the hardware says, for as long as it is there; ends when it is gone."""
        ...

    async def tell(self, message: ToHardware) -> Result | None:
        """Passes on a checked message. For a command: what became of it, by the hardware's own word."""
        ...
