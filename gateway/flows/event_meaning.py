"""What an event means: worked out before it is kept, written with it in one unit, told when it is on disk.

So a crash finds either the event and everything that follows from it, or nothing, and then the device tells it again.
Alarms are on the screens at once, with or without a ledger; what they say of themselves on disk comes with the event.
"""

from collections.abc import Callable, Coroutine
from dataclasses import dataclass, field
from typing import Any

from devices.messages import (
    Access,
    AccessOutcome,
    DoorClosed,
    DoorForced,
    DoorHeld,
    Duress,
    EfoPressed,
    Event,
    ExitButton,
    FireAlarm,
    FireClear,
    FireInput,
    Gap,
    Impact,
    LockState,
    LockStateChanged,
    ManualOverride,
    Panic,
    Passage,
    Position,
    PresenceChanged,
    PresenceReading,
    Recording,
    Refused,
    Tamper,
)
from devices.messages import Direction as Way
from gateway.flows import (
    alarm_pictures,
    alarms,
    fires,
    lanes,
    late_exits,
    pass_turns,
    pass_uses,
    passage,
    postures,
    propagation,
    recorders,
)
from gateway.flows.changes import EmergencyMoved
from gateway.flows.devices import Device
from gateway.flows.open_alarms import Alarm
from gateway.flows.ports import Entry
from gateway.flows.site import Site

ALARMS: dict[type, str] = {
    DoorForced: alarms.FORCED_DOOR,
    DoorHeld: alarms.HELD_DOOR,
    Tamper: alarms.TAMPER,
    Duress: alarms.DURESS,
    Impact: alarms.IMPACT,
    EfoPressed: alarms.EFO_PRESSED,
    ManualOverride: alarms.MANUAL_OVERRIDE,
    FireAlarm: alarms.FIRE,
    Panic: alarms.PANIC,
}


@dataclass(slots=True)
class Meaning:
    """`entries` and `changes` go into the event's unit; `then` is done when that is on disk."""

    entries: list[Entry] = field(default_factory=list)
    changes: list[Any] = field(default_factory=list)
    then: list[Callable[[], None]] = field(default_factory=list)
    afterwards: list[Callable[[], Coroutine[Any, Any, None]]] = field(default_factory=list)
    """What goes on by itself, once the event is on disk."""
    raised: list[alarms.Raised] = field(default_factory=list)
    withdrawn: list[Alarm] = field(default_factory=list)
    """Alarms that this event had raised before it was worked out anew, and does not raise any more."""
    fire: EmergencyMoved | None = None
    """What becomes of an evacuation with it; that changes the directory."""

    def alarm(self, site: Site, condition: str, place: str, detail: str = "") -> None:
        """A condition holds: shown now, written with the event."""
        raised = alarms.show(site, condition, place, detail)
        self.raised.append(raised)
        self.entries += raised.rows
        self.changes += raised.changes

    def leaving(self, site: Site, late: late_exits.LateExit | None) -> None:
        """Somebody went out, perhaps after curfew."""
        if late is not None:
            self.alarm(site, alarms.LATE_EXIT, late.zone, late.detail)
            self.entries.append(late.row)

    def not_written(self, site: Site) -> None:
        """The unit did not get to disk: an alarm's next word has to say it all."""
        for raised in self.raised:
            alarms.unwritten(site, raised)

    def instead_of(self, site: Site, before: "Meaning") -> None:
        """The event was worked out anew. An alarm that it does not raise any more was on the screens all the same, and
        may have its pictures: it gets its row with the event, and is over."""
        again = {raised.alarm.id for raised in self.raised}
        for raised in before.raised:
            known = site.alarms.by_id.get(raised.alarm.id)
            if not raised.changes or raised.alarm.id in again:
                continue
            self.raised.append(raised)
            self.entries += raised.rows
            if known is None:
                continue  # a person has closed it meanwhile, and it stays so
            self.changes += raised.changes
            if known.count == raised.alarm.count:  # else something else has raised it too
                self.withdrawn.append(known)


async def meaning_of(site: Site, device: Device, event: Event) -> Meaning:
    """What `event` means. Raises `LedgerUnavailable` where what was told before cannot be looked up."""
    meaning = Meaning()
    data = event.data
    match data:
        case Passage():
            passed = await passage.passed(site, device, event, data)
            meaning.entries += passed.entries
            meaning.changes += passed.changes
            meaning.then += passed.then
            if data.tap is None and data.direction is Way.OUT:
                meaning.leaving(site, late_exits.late_exit(site, device, None, None, event.at))
            if passed.forced:
                meaning.alarm(site, alarms.FORCED_DOOR, device.id, "a passage without a cause")
        case Access():
            propagation.acted(site, device, event.boot, data.posture)
            meaning.entries += await passage.decided_alone(site, device, event, data)
            # A tap that is being decided just now tells of a late exit itself.
            if meaning.entries and data.direction is Way.OUT and f"t:{device.id}:{data.tap}" not in site.in_flight:
                who = meaning.entries[0].body["holder"]
                meaning.leaving(site, late_exits.late_exit(site, device, data.tap, who, event.at))
            if data.outcome is AccessOutcome.DENY:
                pass_turns.stayed_shut(site, device.id, data.tap)
                meaning.afterwards.append(lambda: pass_uses.decided_alone(site, device, data.tap))
        case ExitButton():
            passage.opened_by(site, device, event.at)
        case LockStateChanged():
            device.lock_state = data.state
            if data.state is LockState.RELEASED:
                passage.opened_by(site, device, event.at)
        case Position():
            device.position = data.position
        case PresenceChanged() if event.boot == device.boot:
            reading = PresenceReading(vehicle=data.vehicle, pedestrian=data.pedestrian, counter=data.counter)
            lanes.hear(site, device, event.boot, reading)
        case EfoPressed():
            meaning.entries.append(lanes.latched(site, device, True, "pressed"))
            meaning.then.append(lambda: lanes.latch(device, True))
        case Recording():
            meaning.afterwards.append(lambda: recorders.heard(site, device, data))
        case Impact():
            meaning.afterwards.append(lambda: alarm_pictures.ask_nearest(site, device, event.id))
        case Refused():
            meaning.alarm(site, alarms.COMMAND_FAILED, device.id, f"refused {data.channel}: {data.reason.value}")
        case FireAlarm() | FireClear() | FireInput():
            fire = fires.change_of(site, device, event)
            if fire is not None:
                meaning.changes.append(fire)
                meaning.fire = fire
        case Gap():
            meaning.alarm(site, alarms.EVENTS_LOST, device.id, f"{data.from_seq} to {data.to_seq} overwritten")
        case _:
            pass
    condition = ALARMS.get(type(data))
    if condition is not None:
        meaning.alarm(site, condition, _place(device, data), fires.REAL if fires.is_urgent(event) else "")
    elif isinstance(data, FireInput) and data.active:
        meaning.alarm(site, alarms.FIRE, device.id, fires.REAL)
    return meaning


async def take_effect(site: Site, device: Device, event: Event, meaning: Meaning, version: int) -> None:
    """It is on disk, and with it the directory's `version` (0: an older one than ours): now others may build on it."""
    for act in meaning.then:
        act()
    if meaning.fire is not None:
        fires.written(site, meaning.fire, version)
    for follow in meaning.afterwards:
        site.spawn(follow())
    for alarm in meaning.withdrawn:
        await alarms.clear_alarm(site, alarm.condition, alarm.place)
    if isinstance(event.data, FireClear) or (isinstance(event.data, FireInput) and not event.data.active):
        await _fire_input_clear(site, device, event)
    elif isinstance(event.data, DoorClosed):
        await alarms.clear_alarm(site, alarms.HELD_DOOR, device.id)
    elif isinstance(event.data, Refused) and event.data.channel == "posture" and event.data.reason.value == "conflict":
        await postures.conflict(site, device, event.data.version or 0)


async def _fire_input_clear(site: Site, device: Device, event: Event) -> None:
    """A door's own alarm goes with its own input; the zone's is over when nothing burns there any more."""
    if isinstance(event.data, FireInput):
        await alarms.clear_alarm(site, alarms.FIRE, device.id)
    heard = fires.input_of(site, device, event)
    if heard is not None and not fires.burns(site, heard[1]):
        await alarms.clear_alarm(site, alarms.FIRE, heard[1])


def _place(device: Device, data: object) -> str:
    if isinstance(data, FireAlarm):
        return data.zone
    if isinstance(data, Panic):
        return data.location
    return device.id
