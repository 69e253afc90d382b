"""Everything one simulated device knows, as frozen values.

Every kind has a `Base`; what hardware it has beside (a lock, a door, a bollard …) are optional parts. This module
promises values only: who may change them, and when, is in the modules named after each part.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime

from devices.messages import (
    BollardPosition,
    CredentialEntry,
    CredentialPage,
    LockState,
    Posture,
    Presence,
    Tap,
)
from devices.topics import Kind
from firmware_sim.buffer import Buffer

DEFAULT_HOLD_MS = 5_000
"""How long a grant keeps a lock open where neither the command nor a posture says."""


@dataclass(frozen=True, slots=True)
class Now:
    """The device's own two clocks: `ms` only grows within a boot; `wall` may be wrong, and knows whether it may be."""

    ms: int
    wall: datetime
    synced: bool = True


@dataclass(frozen=True, slots=True)
class Identity:
    """Who the device is and what it was built with; given at enrolment and installation, never on the wire."""

    site: str
    kind: Kind
    device: str
    key: bytes
    credentials_key: bytes
    escape: bool = False
    """A portal whose exit is an escape route; always so for a dormitory door."""
    firmware: str = "sim-1.0"
    zones: tuple[str, ...] = ()
    """A panel's fire zones."""
    locations: tuple[str, ...] = ()
    """A panel's panic buttons."""
    records: bool = False
    """A camera that records, and says so."""


@dataclass(frozen=True, slots=True)
class Standing:
    """What the gateway has told the device to keep: posture, credential list, revoked tokens (rules 6 and 8)."""

    posture: Posture | None = None
    posture_digest: bytes = b""
    list_version: int | None = None
    list_pages: int = 0
    list_expires_at: datetime | None = None
    entries: Mapping[str, tuple[CredentialEntry, ...]] = field(default_factory=dict)
    page_digests: Mapping[int, bytes] = field(default_factory=dict)
    pending: Mapping[int, tuple[CredentialPage, bytes, bytes]] = field(default_factory=dict)
    """Pages of a newer list that is not complete yet: page -> (page, digest, payload)."""
    revoked_version: int | None = None
    revoked: frozenset[str] = frozenset()
    revoked_digest: bytes = b""


@dataclass(frozen=True, slots=True)
class Base:
    """What every kind has."""

    who: Identity
    boot: str
    secret: bytes
    """Random at every start; ids, nonces and challenges are made from it."""
    started_ms: int
    buffer: Buffer
    standing: Standing = field(default_factory=Standing)
    ids_made: int = 0
    connected: bool = False
    connection: int = 0
    previous: tuple[str, int] | None = None
    """The boot before this one and its last event number."""
    challenges: tuple[tuple[str, int], ...] = ()
    """(value, made at ms), oldest first; only those still alive."""
    used: tuple[tuple[str, int], ...] = ()
    """Command ids seen, with when; remembered as long as a challenge lives."""
    proven_ms: int | None = None
    """When the last message with a valid challenge came, in this boot."""
    age_at_start_s: float | None = None
    """How old that proof was when the device was switched off; None: there never was one."""
    next_heartbeat_ms: int = 0
    last_heartbeat_ms: int = 0
    next_age_ms: int = 0
    said: tuple[object, ...] | None = None
    """What the last status told; another value makes a new status due."""
    buffer_high_told: bool = False


@dataclass(frozen=True, slots=True)
class OpenTap:
    """One tap that has no final answer yet."""

    tap: Tap
    asked_ms: int
    next_attempt_ms: int | None
    answer_by_ms: int | None
    """None while a guard is looking."""
    wait_until_ms: int | None = None
    opened: bool = False
    """`exit: free`: the door opened at once; an answer only closes the tap."""
    person: str | None = None


@dataclass(frozen=True, slots=True)
class Unreported:
    """A tap that opened at once and had no answer when the power went: nobody may have heard of it."""

    tap: str
    kind: str
    token: str
    direction: str


@dataclass(frozen=True, slots=True)
class Cause:
    """Why something moved; what the truth log keeps and tests compare with the ledger."""

    by: str
    """command · alone · free_exit · exit_button · fire · evacuate · cycle; what ends a motion: hold_over · passage;
    people: person · tailgate · released · manual; power"""
    command: str | None = None
    tap: str | None = None


@dataclass(frozen=True, slots=True)
class Expected:
    """One passage that an unlocking allows."""

    tap: str | None
    direction: str | None
    cause: Cause
    until_ms: int
    """Nobody came within the hold time: the passage is no longer allowed, whatever others were allowed since."""


@dataclass(frozen=True, slots=True)
class Lock:
    """The lock or turnstile."""

    state: LockState = LockState.LOCKED
    until_ms: int | None = None
    released_by: frozenset[str] = frozenset()
    """Of fire, evacuate, command. Survives restarts: only a `lock` ends it (rule 9)."""
    fire_active: bool = False
    expected: tuple[Expected, ...] = ()


@dataclass(frozen=True, slots=True)
class Door:
    """The door leaf and its contact (dorm only)."""

    open: bool = False
    opened_ms: int = 0
    held_told: bool = False
    forced: bool = False


@dataclass(frozen=True, slots=True)
class Sensors:
    """The bollard's presence sensors, as the device has last heard them."""

    vehicle: Presence = Presence.UNKNOWN
    pedestrian: Presence = Presence.UNKNOWN
    counter: int = 0
    counter_ms: int | None = None
    """When the counter last advanced; a frozen or silent sensor counts as presence after 500 ms."""
    vehicle_clear_ms: int | None = None
    pedestrian_clear_ms: int | None = None


@dataclass(frozen=True, slots=True)
class Cycle:
    """The way of one authorised vehicle: down, through, up by itself (settings.bollard `cycle`)."""

    command: str
    tap: str | None
    vehicle_seen: bool = False


@dataclass(frozen=True, slots=True)
class Motion:
    """A raise that has begun and not ended; `held` while presence stops it."""

    cause: Cause
    efo: bool
    remaining_ms: int
    since_ms: int
    held_since_ms: int | None = None


@dataclass(frozen=True, slots=True)
class Bollard:
    """Position, interlock and latch."""

    position: BollardPosition = BollardPosition.RAISED
    sensors: Sensors = field(default_factory=Sensors)
    told_presence: tuple[Presence, Presence] | None = None
    efo_latched: bool = False
    raising: Motion | None = None
    lowering: Motion | None = None
    lowered_ms: int | None = None
    cycle: Cycle | None = None


@dataclass(frozen=True, slots=True)
class Recorder:
    """A camera's recorder."""

    ok: bool = True
    free_bytes: int = 512 * 2**30
    kept_s: float = 120 * 86_400.0
    """How far back it reaches: a recorder that has been there for long removes what is older."""
    next_report_ms: int = 0


@dataclass(frozen=True, slots=True)
class State:
    """One device: its base and the hardware it has."""

    base: Base
    taps: tuple[OpenTap, ...] = ()
    unreported: tuple[Unreported, ...] = ()
    lock: Lock | None = None
    door: Door | None = None
    bollard: Bollard | None = None
    recorder: Recorder | None = None
    allowed: tuple[tuple[str, Cause, int], ...] = ()
    """A lane camera's granted vehicles that have not passed: (direction, cause, since ms)."""
