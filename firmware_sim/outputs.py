"""What a device does in answer: messages out, motions, things to keep on disk, and what people at it see."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from devices.messages import Event, Frame, Heartbeat, Result, Status, Tap
from firmware_sim.state import Cause


@dataclass(frozen=True, slots=True)
class Send:
    """A message for the broker; dropped by the shell while there is no link (events come again from the buffer)."""

    channel: str
    message: Status | Heartbeat | Tap | Event | Result
    retain: bool = False
    qos: int = 1


@dataclass(frozen=True, slots=True)
class TakePicture:
    """A picture to be taken and sent as `frame`; the digest is filled in once there is one."""

    frame: Frame


@dataclass(frozen=True, slots=True)
class Moved:
    """Something physical happened: the truth that tests compare with the gateway's ledger."""

    what: str
    """unlocked locked released opened closed forced passed lowering lowered raising stopped raised fault impact"""
    cause: Cause
    direction: str | None = None
    person: str | None = None


@dataclass(frozen=True, slots=True)
class KeepEvent:
    """An event to write to the buffer on disk (again, if a gap grew)."""

    event: Event


@dataclass(frozen=True, slots=True)
class ForgetEvents:
    """Events that were acked or overwritten."""

    boot: str
    from_seq: int
    to_seq: int


@dataclass(frozen=True, slots=True)
class KeepStanding:
    """A posture, list page or revoked list taken into use, as signed bytes; `pages` of a list replace all others."""

    name: str
    """posture, credentials, revoked"""
    payloads: tuple[tuple[str, bytes], ...]
    """(channel, payload)"""


@dataclass(frozen=True, slots=True)
class KeepNotes:
    """Small facts that outlive a restart: latches, position, age of the last proof."""

    notes: dict[str, Any]


@dataclass(frozen=True, slots=True)
class TapAnswered:
    """What the person at the device sees: the light, and who gave it."""

    tap: str
    outcome: str
    """grant, deny or wait"""
    reason: str
    alone: bool
    command: str | None = None


@dataclass(frozen=True, slots=True)
class Restart:
    """The device was told to reboot."""


Output = Send | TakePicture | Moved | KeepEvent | ForgetEvents | KeepStanding | KeepNotes | TapAnswered | Restart
