"""Who follows: for every change of level or emergency, which devices were asked, and which of them have shown it.

Theory. A device is *asked* when its posture was given out; *acknowledged* when its own signed status says that version,
for nothing else proves that it has it (the broker's word is none). It is *verified* when it was heard again afterwards,
in the same boot and as that posture wants it: a status made later that says the version again, a tap that it decided
alone under the version, or a heartbeat made later. A heartbeat names no version, but a device whose posture becomes
another one says so in a status before anything else: as long as it only beats, it still enforces what it acknowledged.
What it shows of itself must not contradict it: an escape door whose lock is not released does not follow `evacuate`,
whatever version it says. *Late* is one that is there, was asked more than five seconds ago, and has not acknowledged,
or contradicts; *away* one that is not there: then the broker keeps its posture, and it gets that before anything else
when it returns. A late device is an alarm until it follows. That it *follows* means acknowledged or verified.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from functools import lru_cache
from typing import Any

import msgspec

from devices.messages import Emergency, LockState, Posture
from gateway.flows import alarms, drill_marks
from gateway.flows.devices import Device, Proof
from gateway.flows.ports import Entry, LedgerUnavailable, Unit
from gateway.flows.site import Site
from gateway.flows.spreads import Asked, Spread

LATE_AFTER_S = 5.0
"""So long a device that is there may take to show a posture that it was given."""
BEATS_THAT_PROVE = 2
"""A heartbeat may have been on its way when the status was made, and a clock may be set back: the second one counts
whatever time it bears."""
HAS_A_LOCK = frozenset({"reader", "dorm"})


class State(StrEnum):
    """Where a device is with its posture."""

    VERIFIED = "verified"
    ACKNOWLEDGED = "acknowledged"
    ASKED = "asked"
    LATE = "late"
    AWAY = "away"


FOLLOWING = frozenset({State.VERIFIED, State.ACKNOWLEDGED})


@dataclass(frozen=True, slots=True)
class Counts:
    """How far the devices of a zone (and of those within) are. `acknowledged` counts those that are verified too."""

    devices: int
    acknowledged: int
    verified: int
    asked: int
    late: int
    away: int


@dataclass(frozen=True, slots=True)
class Standing:
    """One device and its posture, as the control room sees it."""

    device: str
    portal: str | None
    zone: str | None
    state: State
    issued: int
    shown: int | None
    since_s: float | None
    """How long ago it was asked; None if it follows."""
    kind: str = ""
    why: str | None = None
    """Why it does not follow: `no_status`, `not_released`, `lost`; None if it does, or has its time still."""
    acknowledged_after_s: float | None = None
    verified_after_s: float | None = None
    """How long after it was asked; None if it has not yet, or was asked before the gateway started."""
    verified_by: str | None = None
    """`heartbeat`, `status` or `decision`."""


def zone_of(site: Site, device: Device) -> str | None:
    """The zone whose state a device enforces: what its portal leads into, else where it stands."""
    portal = site.campus.portals.get(device.portal or "")
    zone = device.zone if portal is None else portal.zone
    return zone if zone in site.campus.zones else None


def state_of(site: Site, device: Device) -> State:
    """How far one device is."""
    if not device.online:
        return State.AWAY
    if follows(device) and not contradicts(site, device):
        proof = device.proof
        proven = proof is not None and proof.version == device.posture and proof.verified_at is not None
        return State.VERIFIED if proven else State.ACKNOWLEDGED
    return State.LATE if _waited_s(site, device) > LATE_AFTER_S else State.ASKED


def follows(device: Device) -> bool:
    """True if its own status names the version that it was given."""
    return device.issued.version > 0 and device.posture == device.issued.version


def contradicts(site: Site, device: Device) -> bool:
    """True if it says the version and shows the opposite: an escape door that is not released under `evacuate`."""
    if device.kind not in HAS_A_LOCK or device.lock_state in (None, LockState.RELEASED):
        return False
    portal = site.campus.portals.get(device.portal or "")
    return portal is not None and portal.is_escape_route and _evacuates(device.issued.body)


@lru_cache(maxsize=4096)
def _evacuates(body: bytes) -> bool:
    return bool(body) and msgspec.json.decode(body, type=Posture).emergency is Emergency.EVACUATE


def board(site: Site) -> list[Standing]:
    """Every device, those that do not follow first."""
    rank = {State.LATE: 0, State.AWAY: 1, State.ASKED: 2, State.ACKNOWLEDGED: 3, State.VERIFIED: 4}
    found = [_standing(site, device) for device in site.devices]
    return sorted(found, key=lambda one: (rank[one.state], one.device))


def counts(site: Site, zone: str | None = None) -> Counts:
    """How many devices of `zone` and of the zones within follow; of the whole site if None."""
    number = dict.fromkeys(State, 0)
    for device in site.devices:
        if zone is not None:
            at = zone_of(site, device)
            if at is None or zone not in site.campus.around(at):
                continue
        number[state_of(site, device)] += 1
    return Counts(
        sum(number.values()),
        number[State.ACKNOWLEDGED] + number[State.VERIFIED],
        number[State.VERIFIED],
        number[State.ASKED],
        number[State.LATE],
        number[State.AWAY],
    )


# ---------------------------------------------------------------- one change on its way


def begin(site: Site, cause: str, of: str | None, devices: Iterable[Device], drill: bool, now: datetime) -> Spread:
    """These devices have just been given a posture because of `cause` (`emergency` or `level`)."""
    asked = {device.id: Asked(device.issued.version, now) for device in devices}
    zones = {zone for name in asked if (known := site.devices.get(name)) and (zone := zone_of(site, known))}
    spread = Spread(cause, of, tuple(sorted(zones)), drill, now, asked)
    site.spreads.append(spread)
    site.feed.publish(as_event(site, spread))
    return spread


def shown(site: Site, device: Device) -> None:
    """A device has said which posture it enforces."""
    if device.posture is None or device.posture > device.issued.version:
        return
    now = site.clock.now()
    for spread in site.spreads:
        asked = spread.devices.get(device.id)
        if asked is not None and asked.shown_at is None and device.posture >= asked.version:
            asked.shown_at = now
            spread.shown += 1
            if not spread.is_told and spread.shown == len(spread.devices):
                _tell(site, spread)
    if device.is_late and device.posture == device.issued.version and not contradicts(site, device):
        device.is_late = False
        site.spawn(alarms.clear_alarm(site, alarms.POSTURE_LATE, device.id))


def says_posture(site: Site, device: Device, at: datetime) -> None:
    """A status has named the posture that the device enforces; `at` is the status's own time.

    The same status, kept by the broker and told again, proves nothing new.
    """
    version, proof = device.posture, device.proof
    if version is None:
        device.proof = None
    elif proof is None or (proof.version, proof.boot) != (version, device.boot):
        device.proof = Proof(version, device.boot, at, site.clock.monotonic())
    elif at > proof.said_at:
        _verified(site, proof, "status")


def lives_on(site: Site, device: Device, at: datetime) -> None:
    """A heartbeat of the device's boot, made at `at` by its own clock."""
    proof = device.proof
    if proof is None or proof.boot != device.boot or proof.verified_at is not None:
        return
    proof.beats += 1
    if at > proof.said_at or proof.beats >= BEATS_THAT_PROVE:
        _verified(site, proof, "heartbeat")


def acted(site: Site, device: Device, boot: str, version: int | None) -> None:
    """It has decided about a tap alone, under the posture of that version."""
    proof = device.proof
    if proof is not None and (proof.version, proof.boot) == (version, boot):
        _verified(site, proof, "decision")


def _verified(site: Site, proof: Proof, by: str) -> None:
    if proof.verified_at is None:
        proof.verified_at, proof.by = site.clock.monotonic(), by


async def look(site: Site) -> list[Device]:
    """Called each second: raise an alarm for each device that has become late; returns all that are."""
    late: list[Device] = []
    for device in list(site.devices):
        state = state_of(site, device)
        if device.issued.version and state is State.LATE:
            late.append(device)
        elif device.is_late and state in FOLLOWING:
            device.is_late = False  # its lock has done by now what its status said before
            await alarms.clear_alarm(site, alarms.POSTURE_LATE, device.id)
    for device in late:
        if not device.is_late:
            device.is_late = True
            await alarms.raise_alarm(site, alarms.POSTURE_LATE, device.id, _says(site, device))
    for spread in site.spreads:
        if not spread.is_told and site.clock.elapsed_s(spread.at) > LATE_AFTER_S:
            _tell(site, spread)
    return late


def newest_for(site: Site, of: str) -> list[Spread]:
    """The changes that an emergency or order has caused, the oldest first."""
    return [spread for spread in site.spreads if spread.of == of]


def as_event(site: Site, spread: Spread) -> dict[str, Any]:
    """A change on its way, as the screens show it."""
    seen = {name: asked.shown_at is not None for name, asked in spread.devices.items()}
    behind = [device for name, is_shown in seen.items() if not is_shown and (device := site.devices.get(name))]
    return {
        "type": "propagation",
        "cause": spread.cause,
        "of": spread.of,
        "zones": list(spread.zones),
        "drill": spread.drill,
        "at": spread.at,
        "asked": len(seen),
        "shown": sum(seen.values()),
        "late": sorted(device.id for device in behind if device.online and spread.is_told),
        "away": sorted(device.id for device in behind if not device.online),
        "slowest_ms": _slowest_ms(site, spread),
        "done": spread.is_told,
    }


def _tell(site: Site, spread: Spread) -> None:
    """All have followed, or those that have not are late: once on the screens and in the ledger."""
    spread.is_told = True
    event = as_event(site, spread)
    site.feed.publish(event)
    body = {name: value for name, value in event.items() if name not in ("type", "at", "done")}
    site.spawn(_write(site, Unit((Entry("propagation", site.clock.now(), body | {"began_at": spread.at}),))))


async def _write(site: Site, unit: Unit) -> None:
    try:
        await site.ledger.commit(unit)
    except LedgerUnavailable:
        return  # the gateway stops with the ledger away; each device's own status is the proof


def _slowest_ms(site: Site, spread: Spread) -> int | None:
    took = [asked.shown_at - spread.at for asked in spread.devices.values() if asked.shown_at is not None]
    return round(site.clock.lasted_s(max(took)) * 1000) if took else None


def _standing(site: Site, device: Device) -> Standing:
    state = state_of(site, device)
    is_done = state in FOLLOWING
    proof = device.proof if is_done else None
    was_asked = device.asked_at >= 0
    return Standing(
        device=device.id,
        portal=device.portal,
        zone=zone_of(site, device),
        state=state,
        issued=device.issued.version,
        shown=device.posture,
        since_s=None if is_done or not was_asked else round(_waited_s(site, device), 1),
        kind=device.kind,
        why=_why(device, state),
        acknowledged_after_s=None if proof is None else _took_s(device, proof.acknowledged_at),
        verified_after_s=None if proof is None or state is not State.VERIFIED else _took_s(device, proof.verified_at),
        verified_by=None if proof is None or state is not State.VERIFIED else proof.by,
    )


def _why(device: Device, state: State) -> str | None:
    if state is State.AWAY:
        return "lost"
    if state is not State.LATE:
        return None
    return "not_released" if follows(device) else "no_status"


def _took_s(device: Device, then: float | None) -> float | None:
    """From being asked to `then`; one that had acknowledged before it was asked again took no time."""
    if then is None or device.asked_at < 0:
        return None
    return round(max(0.0, then - device.asked_at), 2)


def _waited_s(site: Site, device: Device) -> float:
    return site.clock.monotonic() - device.asked_at


def _says(site: Site, device: Device) -> str:
    shown = "none" if device.posture is None else str(device.posture)
    if follows(device):
        shown += ", and its lock is not released"
    drill = f"{drill_marks.WORD}: " if drill_marks.holds_at(site, device.portal) else ""
    return f"{drill}was given posture {device.issued.version}, shows {shown}"
