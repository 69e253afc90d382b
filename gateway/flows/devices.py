"""What the gateway knows of each device right now: who it is, whether it is there, and what it said last.

Only what is proven by a right `mac` gets in here. It all can be lost: a restart learns it again from the devices.
"""

import asyncio
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime

from devices.limits import CHALLENGE_LIFE_S
from devices.messages import BollardPosition, Clock, LockState, PresenceReading
from devices.signing import credentials_key
from gateway.core.lanes import NOTHING_HEARD, Sensors
from gateway.core.quarantine import Watch
from gateway.flows.ports import EnrolledDevice, Issued

CHALLENGE_MARGIN_S = 2.0
"""A command takes a moment to arrive: a challenge that has less than this left is not worth sending on."""


@dataclass(slots=True)
class Proof:
    """What a device has shown of the posture it was given, in one boot: `propagation` says what that proves."""

    version: int
    boot: str | None
    said_at: datetime
    """The time of the status that named the version first, by the device's own clock."""
    acknowledged_at: float
    """When that reached us, by our own clock."""
    beats: int = 0
    verified_at: float | None = None
    by: str | None = None


@dataclass(slots=True)
class Device:
    """One enrolled device, as last heard of."""

    id: str
    kind: str
    portal: str | None
    zone: str | None
    locations: tuple[str, ...]
    keys: tuple[bytes, ...]
    token_key: bytes
    issued: Issued = field(default_factory=Issued)
    given_out: int = 0
    """The highest posture version that was ever taken for it, whether it is on disk by now or not."""
    asked_at: float = -1e9
    """When it was last sent its posture: from then on it has its time to follow."""
    is_late: bool = False
    online: bool = False
    boot: str | None = None
    replaced_boots: set[str] = field(default_factory=set)
    has_said_status: bool = False
    connection: int = 0
    challenge: str | None = None
    challenge_at: float = 0.0
    uptime_ms: int = -1
    last_seen: datetime | None = None
    heard_at: float = 0.0
    firmware: str | None = None
    clock: Clock | None = None
    drift_ms: int | None = None
    clock_is_off: bool = False
    buffered: int = 0
    posture: int | None = None
    proof: Proof | None = None
    """That it has taken `posture`, and what it has said since."""
    list_version: int | None = None
    revoked: int | None = None
    lock_state: LockState | None = None
    position: BollardPosition | None = None
    presence: PresenceReading | None = None
    presence_at: float = 0.0
    sensors: Sensors = NOTHING_HEARD
    efo_latched: bool = False
    latch_number: int = 0
    down_since: float | None = None
    previous_boot: tuple[str, int] | None = None
    watch: Watch = field(default_factory=Watch)
    bad_messages: int = 0
    lost_since: datetime | None = None
    told_again_for: str | None = None
    """The grant for which a bollard is told a second time to go down; for each once."""
    to_lower_until: float | None = None
    """It has yet to be told, with its next challenge, if that comes before this moment (monotonic)."""
    online_since: datetime | None = None
    """Since when it has been heard of without a break, as far as this run of the gateway knows."""
    turn: asyncio.Lock = field(default_factory=asyncio.Lock)
    """Held while an event is worked out: the next one of the same device comes after it."""
    acked_at: float = 0.0
    list_is_due: bool = True
    list_built_at: float = -1e9
    list_lacks: frozenset[str] = frozenset()
    list_day: date | None = None
    """The campus's own date when it was last asked whether the rules behind its list are still the same."""
    residents_only_from: int | None = None
    """Of a dormitory's door: from this list on it names its residents and nobody else."""

    @property
    def key(self) -> bytes:
        """The key under which the gateway speaks to it."""
        return self.keys[0]

    def fresh_challenge(self, monotonic: float) -> str | None:
        """Its newest challenge if that still has time to live, else None: it would refuse the command as stale."""
        if self.challenge is None or monotonic - self.challenge_at > CHALLENGE_LIFE_S - CHALLENGE_MARGIN_S:
            return None
        return self.challenge


class Registry:
    """All enrolled devices by id, and by portal."""

    def __init__(self) -> None:
        self._devices: dict[str, Device] = {}
        self._by_portal: dict[str, tuple[Device, ...]] = {}

    def __iter__(self) -> Iterator[Device]:
        return iter(self._devices.values())

    def __len__(self) -> int:
        return len(self._devices)

    def get(self, device: str) -> Device | None:
        """The enrolled device of that id, or None."""
        return self._devices.get(device)

    def at(self, portal: str) -> tuple[Device, ...]:
        """Every device that stands at a portal."""
        return self._by_portal.get(portal, ())

    def take_over(
        self, enrolled: Mapping[str, EnrolledDevice], issued: Mapping[str, Issued]
    ) -> tuple[list[str], list[Device]]:
        """Bring the registry up to date; what was heard of a device that stays is kept.

        Returns the devices that are new or have a new place or key, and those that are gone.
        """
        gone = [device for name, device in self._devices.items() if name not in enrolled]
        for device in gone:
            del self._devices[device.id]
        fresh: list[str] = []
        for name, record in enrolled.items():
            device_or_none = self._devices.get(name)
            if device_or_none is None:
                self._devices[name] = Device(
                    record.id,
                    record.kind,
                    record.portal,
                    record.zone,
                    record.locations,
                    record.keys,
                    credentials_key(record.keys[0]),
                    issued.get(name, Issued()),
                )
                fresh.append(name)
                continue
            device = device_or_none
            place = (device.kind, device.portal, device.zone, device.locations)
            if place != (record.kind, record.portal, record.zone, record.locations) or device.keys != record.keys:
                device.kind, device.portal, device.zone = record.kind, record.portal, record.zone
                device.locations, device.keys = record.locations, record.keys
                device.token_key = credentials_key(record.keys[0])
                fresh.append(name)
        by_portal: dict[str, tuple[Device, ...]] = {}
        for device in self._devices.values():
            if device.portal is not None:
                by_portal[device.portal] = (*by_portal.get(device.portal, ()), device)
        self._by_portal = by_portal
        return fresh, gone
