"""One device as the control room looks at it: what it shows beside what it was asked, and what it has told.

Promises: nothing here is made up; what nobody has said is None, and a door or a fire input is as the newest event of
the device's present start tells. People stand in it by reference only. Leaves to others: SQL (`DeviceRecords`, the
store's side), who may look (`web`), what a device would decide alone (`device_alone`).
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Protocol

import msgspec

from devices.messages import Action
from gateway.flows import command, device_status, propagation
from gateway.flows.devices import Device
from gateway.flows.reading import LedgerRow
from gateway.flows.site import Site

TOLD_AT_MOST = 500
"""So many of a start's newest events are looked at for what its inputs said last."""
LOOKS_AT_MOST = 5
"""So often is looked for others in the place of events that are not shown."""
SILENT_EVENTS = frozenset({"duress"})
"""Shown only to whoever hears silent alarms."""
DOOR_EVENTS = {"door_opened": "open", "door_closed": "closed", "door_forced": "forced", "door_held": "held_open"}


class DeviceRecords(Protocol):
    """What the ledger has of one device."""

    async def about(self, device: str, boots: Sequence[str], before: int | None, limit: int) -> Sequence[LedgerRow]: ...

    async def after(self, device: str, boots: Sequence[str], after: int, limit: int) -> Sequence[LedgerRow]: ...

    async def events_of(self, device: str, boot: str, limit: int) -> Sequence[LedgerRow]: ...

    async def commands(self, device: str, limit: int) -> Sequence[LedgerRow]: ...

    async def newest(self, kinds: Sequence[str], device: str) -> Mapping[str, LedgerRow]: ...


@dataclass(frozen=True, slots=True)
class PostureNow:
    """What it was told to enforce. `state`: how far it is with that, in the words of the propagation board."""

    asked: int
    shown: int | None
    state: str
    at: datetime | None = None
    level: int | None = None
    order: str | None = None
    emergency: str | None = None
    drill: bool = False
    bollard: str | None = None


@dataclass(frozen=True, slots=True)
class ListNow:
    """The list by which it decides alone. `made_at`: when the version that it was given was recorded, as far back as
    is looked."""

    asked: int
    shown: int | None
    follows: bool
    entries: int | None
    made_at: datetime | None
    expires_at: datetime | None
    revoked_asked: int
    revoked_shown: int | None
    revoked_tokens: int


@dataclass(frozen=True, slots=True)
class ClockNow:
    """`drift_ms`: its clock less the gateway's, when it last spoke."""

    state: str | None
    drift_ms: int | None
    alarm_over_ms: int
    is_off: bool


@dataclass(frozen=True, slots=True)
class Lost:
    """Events that the gateway will never have: `told` by the device itself, else found missing."""

    at: datetime
    boot: str
    from_seq: int
    to_seq: int
    told: bool


@dataclass(frozen=True, slots=True)
class Bad:
    """Messages in its name that were none; `count` since the gateway started."""

    reason: str
    count: int
    newest_at: datetime | None


@dataclass(frozen=True, slots=True)
class Input:
    """What one of its inputs or outputs was last said to be."""

    name: str
    value: str
    at: datetime | None


@dataclass(frozen=True, slots=True)
class DeviceNow:
    """Everything about one device at this moment. `online_since` as far as this run of the gateway knows."""

    at: datetime
    online: bool
    online_since: datetime | None
    lost_since: datetime | None
    last_seen: datetime | None
    boot: str | None
    uptime_s: int | None
    firmware: str | None
    protocol: int
    key_change_pending: bool
    posture: PostureNow
    lone_list: ListNow | None
    clock: ClockNow
    untold: int
    lost: tuple[Lost, ...]
    bad: tuple[Bad, ...]
    quarantined_until: datetime | None
    inputs: tuple[Input, ...]
    locations: tuple[str, ...]
    actions: tuple[str, ...]
    """What it can be commanded, whether that is possible at this moment or not."""
    not_now: str | None
    """Why no command would reach it at this moment, as a stable word."""


@dataclass(frozen=True, slots=True)
class CommandLife:
    """A command and what became of it. `by`: a user's reference, or the cause."""

    command: str
    device: str
    action: str
    reason: str
    state: str
    issued_at: datetime
    result_reason: str | None
    settled_at: datetime | None
    by: str


async def now(site: Site, records: DeviceRecords, device: Device) -> DeviceNow:
    """`device` at this moment."""
    told = [] if device.boot is None else await records.events_of(device.id, device.boot, TOLD_AT_MOST)
    newest = await records.newest(("events_gap", "events_lost", "credential_list"), device.id)
    lost = [newest[kind] for kind in ("events_gap", "events_lost") if kind in newest]
    until = device.watch.until - site.clock.monotonic()
    return DeviceNow(
        at=site.clock.now(),
        online=device.online,
        online_since=device.online_since,
        lost_since=None if device.online else device.lost_since,
        last_seen=device.last_seen,
        boot=device.boot,
        uptime_s=device.uptime_ms // 1000 if device.online and device.uptime_ms >= 0 else None,
        firmware=device.firmware,
        protocol=1,
        key_change_pending=len(device.keys) > 1,
        posture=_posture(site, device),
        lone_list=_list(newest.get("credential_list"), device),
        clock=ClockNow(
            None if device.clock is None else device.clock.value,
            device.drift_ms,
            round(device_status.DRIFT_ALARM_S * 1000),
            device.clock_is_off,
        ),
        untold=device.buffered,
        lost=tuple(_lost(row) for row in lost),
        bad=_bad(site, device),
        quarantined_until=site.clock.after(until) if until > 0 else None,
        inputs=_inputs(device, told),
        locations=device.locations,
        actions=tuple(sorted(command.ACTIONS_OF_KIND[device.kind] | command.FOR_ALL)),
        not_now=why_not_now(site, device),
    )


def why_not_now(site: Site, device: Device) -> str | None:
    """Why nothing would reach it: the same word as a command's refusal. None if a command would be sent."""
    try:
        command.check(site, device, Action.IDENTIFY.value)
    except command.CommandNotPossible as error:
        return error.code
    return None


async def commands(site: Site, records: DeviceRecords, device: str, limit: int) -> list[CommandLife]:
    """The newest commands of people, and of grants to its bollards, with what became of each."""
    rows = await records.commands(device, limit)
    told = await site.archive.told([command.result_key(device, row.body["command"]) for row in rows])
    return [await _life(site, row, told.get(command.result_key(device, row.body["command"]))) for row in rows]


async def events(
    records: DeviceRecords, device: Device, before: int | None, after: int | None, limit: int, with_silent: bool
) -> tuple[list[LedgerRow], int | None]:
    """What it told and what was recorded of it: the newest first, or, `after` a number, the oldest first; and the
    number to go on with, None at the end. What is not shown leaves no gap: others take its place."""
    boots = [] if device.boot is None else [device.boot]
    if device.previous_boot is not None:
        boots.append(device.previous_boot[0])
    shown: list[LedgerRow] = []
    for _ in range(LOOKS_AT_MOST):
        if after is not None:
            found = await records.after(device.id, boots, after, limit)
        else:
            found = await records.about(device.id, boots, before, limit)
        shown += [row for row in found if with_silent or row.body.get("type") not in SILENT_EVENTS]
        if len(shown) >= limit:
            return shown[:limit], shown[limit - 1].seq
        if len(found) < limit:
            return shown, None
        before, after = (None, found[-1].seq) if after is not None else (found[-1].seq, None)
    return shown, before if after is None else after


async def _life(site: Site, row: LedgerRow, result: dict[str, Any] | None) -> CommandLife:
    body = row.body
    typed = await site.archive.note(body["note"]) if body.get("note") else None
    return CommandLife(
        body["command"],
        body["device"],
        body["action"],
        body["reason"] or typed or "",
        command.state_of(result, site.clock.elapsed_s(row.at)),
        row.at,
        None if result is None else result["reason"],
        None if result is None else result["at"],
        str(body["by"]),
    )


def _posture(site: Site, device: Device) -> PostureNow:
    told: dict[str, Any] = msgspec.json.decode(device.issued.body) if device.issued.body else {}
    settings = told.get("settings", {})
    at = told.get("at")
    return PostureNow(
        device.issued.version,
        device.posture,
        propagation.state_of(site, device).value,
        None if at is None else datetime.fromisoformat(at),
        told.get("level"),
        told.get("order"),
        told.get("emergency"),
        bool(told.get("drill")),
        settings.get("bollard") if device.kind == "bollard" else None,
    )


def _list(made: LedgerRow | None, device: Device) -> ListNow | None:
    issued = device.issued
    if not issued.list_version and not issued.revoked_version:
        return None
    is_this = made is not None and made.body.get("version") == issued.list_version
    return ListNow(
        issued.list_version,
        device.list_version,
        (device.list_version or 0) == issued.list_version and (device.revoked or 0) == issued.revoked_version,
        made.body.get("entries") if made is not None and is_this else None,
        made.at if made is not None and is_this else None,
        issued.list_expires_at,
        issued.revoked_version,
        device.revoked,
        len(issued.revoked_tokens),
    )


def _lost(row: LedgerRow) -> Lost:
    body = row.body
    return Lost(row.at, body["boot"], body["from_seq"], body["to_seq"], row.kind == "events_gap")


def _bad(site: Site, device: Device) -> tuple[Bad, ...]:
    now_s = site.clock.monotonic()
    found = [
        Bad(reason, count.total, site.clock.after(count.recent[-1] - now_s) if count.recent else None)
        for (name, reason), count in site.bad_messages.items()
        if name == device.id
    ]
    return tuple(sorted(found, key=lambda one: -one.count))


def _inputs(device: Device, told: Sequence[LedgerRow]) -> tuple[Input, ...]:
    """Outputs as its status shows them, inputs as the newest event of each tells."""
    found: list[Input] = []
    if device.lock_state is not None:
        found.append(Input("lock", device.lock_state.value, _told_at(told, "lock_state")))
    if device.position is not None:
        found.append(Input("position", device.position.value, _told_at(told, "position")))
    door = next((row for row in told if row.body.get("type") in DOOR_EVENTS), None)
    if door is not None:
        found.append(Input("door", DOOR_EVENTS[door.body["type"]], door.at))
    fire = next((row for row in told if row.body.get("type") == "fire_input"), None)
    if fire is not None:
        found.append(Input("fire_input", "active" if fire.body["data"].get("active") else "clear", fire.at))
    zone = next((row for row in told if row.body.get("type") in ("fire_alarm", "fire_clear")), None)
    if zone is not None:
        found.append(Input("fire_alarm", "active" if zone.body["type"] == "fire_alarm" else "clear", zone.at))
    return tuple(found)


def _told_at(told: Sequence[LedgerRow], type: str) -> datetime | None:
    return next((row.at for row in told if row.body.get("type") == type), None)
