"""A fire input becomes active: the zone burns, its exits are free and its escape doors released, at every level.

Theory. The wire from the panel releases the doors by itself; the gateway only adds what it knows: an evacuation of the
zone, never a drill, that starts with the first active input and stays until every input is clear *and* two people have
ended it. It acts before anything is written (rule 3), and an input that is told twice is one. What locks a released
door again is a person's `lock` with reason `fire_reset`, which the gateway does not send before that, and the door
itself refuses too. No fire moves a bollard.

A panic button acts on people only: it ends every drill, because from now on it is real.
"""

import secrets
from dataclasses import replace

from devices.messages import Event, FireAlarm, FireClear, FireInput, Panic
from gateway.core.drills import emergency_over
from gateway.core.papers import Cause, Emergency, EmergencyKind
from gateway.flows import emergencies, emergency_view, postures, propagation
from gateway.flows.changes import EmergencyMoved
from gateway.flows.devices import Device
from gateway.flows.site import Site

REAL = "REAL 真实警情"
"""Said by every alarm of a fire or panic input: drills do not raise those."""
RESET = "fire_reset"


def is_urgent(event: Event) -> bool:
    """It acts before it is written."""
    data = event.data
    return isinstance(data, FireAlarm | Panic) or (isinstance(data, FireInput) and data.active)


def act_first(site: Site, device: Device, event: Event) -> None:
    """Everything that has to happen at once; the event's record follows."""
    if isinstance(event.data, Panic):
        emergencies.end_drills(site, "real_panic")
        postures.issue_at_once(site, site.devices)
    else:
        heard = input_of(site, device, event)
        if heard is not None:
            _burn(site, *heard, event.boot)


def input_of(site: Site, device: Device, event: Event) -> tuple[str, str] | None:
    """The name of the fire input that an event speaks of, and its zone; None where it has none."""
    data = event.data
    if isinstance(data, FireAlarm | FireClear):
        return f"{device.id}:{data.zone}", data.zone
    zone = propagation.zone_of(site, device)
    return None if zone is None or not isinstance(data, FireInput) else (device.id, zone)


def burning(site: Site, zone: str, told_by: str | None = None) -> Emergency | None:
    """The evacuation that a fire in exactly this zone has called: the one that an input's name stands in, else one on
    which a new input may build; none whose end is being written."""
    found = [e for e in site.emergencies.values() if e.cause is Cause.FIRE and e.is_live and e.zones == {zone}]
    named = [e for e in found if told_by is not None and told_by in e.inputs]
    free = [e for e in found if e.id not in site.ending]
    return next(iter([e for e in named if e in free] or free or named), None)


def burns(site: Site, zone: str) -> bool:
    """True while any fire input of exactly this zone is active, whoever told it."""
    return any(e.inputs for e in site.emergencies.values() if e.cause is Cause.FIRE and e.is_live and e.zones == {zone})


def change_of(site: Site, device: Device, event: Event) -> EmergencyMoved | None:
    """What the event's own record writes of the fire, so that both are on disk or neither; None if nothing."""
    heard = input_of(site, device, event)
    if heard is None:
        return None
    name, zone = heard
    active = is_urgent(event)
    found = _burn(site, name, zone, event.boot) if active else burning(site, zone, name)
    if found is None:
        return None
    if active:
        return EmergencyMoved(found, {"ending_by": None, "ending_at": None}, name, event.boot)
    return EmergencyMoved(found, {}, name)


def written(site: Site, change: EmergencyMoved, version: int) -> None:
    """The record of an input is on disk: from this version of the directory on that is the word on it. An older one
    that is being read just now must not take the place of what we know."""
    found = site.emergencies.get(change.emergency.id)
    if found is None or change.input is None:
        return
    if change.boot is None and change.input in found.inputs:
        found = replace(found, inputs={name: boot for name, boot in found.inputs.items() if name != change.input})
        site.hold(found)
        site.feed.publish(emergency_view.as_event(site, found))
    site.filed(found, version)


def why_not_lock(site: Site, device: Device) -> str | None:
    """Why nobody may lock this door now; None if one may."""
    zone = propagation.zone_of(site, device)
    if zone is not None and emergency_over(site.world, zone) is EmergencyKind.EVACUATE:
        return "its zone burns or is evacuated: two people end that first"
    return None


def _burn(site: Site, name: str, zone: str, boot: str) -> Emergency:
    """An input is active: a new evacuation, or one more reason for the one in force."""
    found = burning(site, zone, name)
    if found is None or found.id in site.ending:
        found = Emergency(
            secrets.token_hex(8),
            EmergencyKind.EVACUATE,
            frozenset({zone}),
            site.clock.now(),
            None,
            cause=Cause.FIRE,
            inputs={name: boot},
        )
        found = emergencies.begin(site, found)
        emergencies.file_start_later(site, found)
    elif found.inputs.get(name) != boot:
        found = replace(found, inputs={**found.inputs, name: boot}, ending_by=None, ending_at=None)
        site.hold(found)
        site.feed.publish(emergency_view.as_event(site, found))
    return found
