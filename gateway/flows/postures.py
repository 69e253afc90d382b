"""What each device has to enforce: issued with a version that only grows, written down, then published and followed up.

An equal version is always the same bytes, also after a restart, because what was issued is kept. A device that shows
another version than the one issued gets it again; one that shows a higher one (the gateway was restored from a backup)
gets the next version above its own.

What makes a place safer does not wait for the ledger: an emergency and a stricter level go out at once, and their
record follows. Everything else is on disk first. A version that was given out and then lost in a crash, before its
record was written, can meet another content with the same number: the device refuses that (`conflict`), says so, and
gets the next number.
"""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import datetime
from functools import lru_cache

import msgspec

from devices.messages import (
    BollardMode,
    Emergency,
    EntryOffline,
    ExitOffline,
    Level,
    Offline,
    Posture,
    PostureSettings,
)
from gateway.core.drills import emergencies_over, emergency_over, is_drill
from gateway.core.kinds import CredentialKind, PortalKind
from gateway.core.kinds import Level as CoreLevel
from gateway.core.lanes import lane_is_held
from gateway.core.leaving import is_watched_exit
from gateway.core.levels import order_in_force
from gateway.core.nouns import Portal
from gateway.core.papers import EmergencyKind
from gateway.core.policy import Need, RestrictedRole
from gateway.core.policy import Place as Table
from gateway.flows import inside, propagation
from gateway.flows.changes import PostureIssued
from gateway.flows.devices import Device
from gateway.flows.ports import Entry, Issued, LedgerUnavailable, Unit
from gateway.flows.site import Site

NO_PORTAL_HOLD_MS = 5_000
NO_PORTAL_HELD_OPEN_S = 30
WITHIN_S = 10.0
"""For the record of a posture that may wait."""

Given = list[tuple[Device, Issued]]
Place = tuple[str | None, str | None, bool]
"""All of a device on which its posture depends: its portal, its zone, and whether its list names residents only."""


@dataclass(frozen=True, slots=True)
class Content:
    """What a posture says, without its version and time: two equal ones need no new version."""

    level: int
    order: str | None
    emergency: str | None
    drill: bool
    offline: Offline
    settings: PostureSettings


def wanted(site: Site, device: Device, now: datetime, known: dict[Place, Content] | None = None) -> Content:
    """What `device` has to enforce at `now`. `known`: what was found for others at the same moment, by their place."""
    place = (device.portal, device.zone, _names_only_residents(device))
    if known is None:
        return _wanted_at(site, device, now)
    if place not in known:
        known[place] = _wanted_at(site, device, now)
    return known[place]


def _wanted_at(site: Site, device: Device, now: datetime) -> Content:
    campus, world = site.campus, site.world
    portal = campus.portals.get(device.portal or "")
    zone = propagation.zone_of(site, device)
    order = emergency = None
    drill = False
    if zone is not None:
        order = order_in_force(campus, world.orders, zone, now, site.trusted_until)
        emergency = emergency_over(world, zone)
        drill = (order is not None or emergency is not None) and is_drill(world, zone, now)
    level = CoreLevel.L3 if order is None else order.level
    held = emergency is not None or (portal is not None and lane_is_held(campus, portal, now))
    return Content(
        level=int(level),
        order=None if order is None else order.id,
        emergency=None if emergency is None else emergency.value,
        drill=drill,
        offline=Offline(
            answer_timeout_ms=site.rules.answer_timeout_ms,
            entry=_entry_offline(device, portal, emergency),
            exit=_exit_offline(site, portal, emergency),
            max_age_s=site.rules.offline_max_age_s,
        ),
        settings=PostureSettings(
            hold_ms=NO_PORTAL_HOLD_MS if portal is None else portal.hold_ms,
            held_open_after_s=NO_PORTAL_HELD_OPEN_S if portal is None else portal.held_open_after_s,
            pin_required=_pin_required(site, portal, level),
            bollard=BollardMode.HOLD if held else BollardMode.CYCLE,
        ),
    )


async def issue(site: Site, devices: Iterable[Device], above: int = 0) -> list[Device]:
    """Give each device whose wanted posture differs from the issued one its next version: one commit for all, then out.

    What cannot wait goes out before that (`issue_at_once`). `above`: a version that a device already shows; the next
    one goes above it. One caller at a time, so that no version is given twice. Raises `LedgerUnavailable`.
    """
    some = list(devices)
    at_once = issue_at_once(site, some, above)
    async with site.issuing:
        return at_once + await _issue(site, some, above)


def issue_at_once(site: Site, devices: Iterable[Device], above: int = 0) -> list[Device]:
    """Give out what makes a place safer, now: emergencies and stricter levels. The record follows by itself."""
    given = _next_versions(site, devices, above, only_urgent=True)
    if given:
        now = site.clock.now()
        _put_out(site, given, now)
        site.spawn(_write_down(site, _unit(given, now)))
    return [device for device, _ in given]


async def _issue(site: Site, devices: Iterable[Device], above: int) -> list[Device]:
    given = _next_versions(site, devices, above)
    if not given:
        return []
    now = site.clock.now()
    await site.ledger.commit(_unit(given, now), WITHIN_S)
    # One that an emergency has overtaken meanwhile has a higher version by now, and keeps it.
    still = [(device, issued) for device, issued in given if issued.version > device.issued.version]
    _put_out(site, still, now)
    return [device for device, _ in still]


def _next_versions(site: Site, devices: Iterable[Device], above: int, only_urgent: bool = False) -> Given:
    """Every device that has to be given something else than it has, with what it is to get."""
    now = site.clock.now()
    given: Given = []
    known: dict[Place, Content] = {}
    for device in devices:
        content = wanted(site, device, now, known)
        before = content_of(device.issued)
        if above <= device.issued.version and content == before:
            continue
        urgent = cannot_wait(before, content) or (above > device.issued.version and content.emergency is not None)
        if only_urgent and not urgent:
            continue
        version = max(device.issued.version, device.given_out, above) + 1
        device.given_out = version
        message = Posture(
            version=version,
            level=Level(content.level),
            order=content.order,
            emergency=None if content.emergency is None else Emergency(content.emergency),
            drill=content.drill,
            at=now,
            offline=content.offline,
            settings=content.settings,
        )
        body = site.courier.spell(device.id, device.kind, device.key, message)
        given.append((device, replace(device.issued, version=version, body=body)))
    return given


def cannot_wait(before: Content | None, after: Content) -> bool:
    """A new emergency, or what was practised becoming real, or a stricter level."""
    if after.emergency is not None:
        return before is None or (before.emergency, before.drill) != (after.emergency, after.drill)
    return before is not None and before.emergency is None and after.level < before.level


def _put_out(site: Site, given: Given, now: datetime) -> None:
    changes: list[tuple[Device, Content, Content]] = []
    for device, issued in given:
        before = content_of(device.issued)
        device.issued = replace(device.issued, version=issued.version, body=issued.body)
        device.asked_at = site.clock.monotonic()
        publish(site, device)
        after = content_of(issued)
        if before is not None and after is not None:
            changes.append((device, before, after))
    _begin_spreads(site, changes, now)


def _begin_spreads(site: Site, changes: list[tuple[Device, Content, Content]], now: datetime) -> None:
    """The devices put together by what made their posture change: an emergency, or else a level."""
    found: dict[tuple[str, str | None, bool], list[Device]] = {}
    for device, before, after in changes:
        if (before.emergency, before.emergency and before.drill) != (after.emergency, after.emergency and after.drill):
            found.setdefault(("emergency", _newest_emergency(site, device), after.drill), []).append(device)
        elif (before.level, before.order, before.drill) != (after.level, after.order, after.drill):
            found.setdefault(("level", after.order, after.drill), []).append(device)
    for (cause, of, drill), some in found.items():
        propagation.begin(site, cause, of, some, drill, now)
    if found and site.feed.is_watched:
        site.spawn(inside.tell(site, all(drill for _, _, drill in found)))


def _newest_emergency(site: Site, device: Device) -> str | None:
    zone = propagation.zone_of(site, device)
    over = [] if zone is None else list(emergencies_over(site.world, zone))
    return max(over, key=lambda one: one.started_at).id if over else None


def _unit(given: Given, now: datetime) -> Unit:
    entries = tuple(
        Entry("posture", now, {"device": device.id, "version": issued.version, **_in_short(issued)})
        for device, issued in given
    )
    return Unit(entries, tuple(PostureIssued(device.id, issued) for device, issued in given))


def _in_short(issued: Issued) -> dict[str, object]:
    content = content_of(issued)
    assert content is not None, "what is issued says something"
    return {
        "level": content.level,
        "order": content.order,
        "emergency": content.emergency,
        "drill": content.drill,
    }


async def _write_down(site: Site, unit: Unit) -> None:
    """However long it takes; only a gateway that stops with the ledger away loses it."""
    try:
        await site.ledger.commit(unit)
    except LedgerUnavailable:
        return


async def follow(site: Site, device: Device) -> None:
    """A device has said which posture it enforces: if it is not the issued one, it gets that one now."""
    shown = device.posture or 0
    propagation.shown(site, device)
    try:
        if shown > device.issued.version:
            await issue(site, [device], above=shown)
            return
        if shown != device.issued.version and device.issued.version:
            publish(site, device)
        if wanted(site, device, site.clock.now()) != content_of(device.issued):
            await issue(site, [device])  # what it was given is out of date by now, whether it has followed or not
    except LedgerUnavailable:
        return  # the next status or the next look at the directory tries again


async def conflict(site: Site, device: Device, version: int) -> None:
    """It has other words under this version than the ones issued: the words of now, above it."""
    try:
        await issue(site, [device], above=max(version, device.issued.version) + 1)
    except LedgerUnavailable:
        return


async def keep_up(site: Site) -> None:
    """Called each second: an order's time has come, a lane's window opens or closes; the devices are told.

    Raises `LedgerUnavailable`; the next second tries again.
    """
    now = site.clock.now()
    known: dict[Place, Content] = {}
    if any(wanted(site, device, now, known) != content_of(device.issued) for device in site.devices):
        await issue(site, list(site.devices))


async def look(site: Site) -> None:
    """Called each second: time may have changed what is wanted, and who is late is sent it again."""
    for device in await propagation.look(site):
        publish(site, device)
    try:
        await keep_up(site)
    except LedgerUnavailable:
        return  # what could not wait has gone out; the rest is tried again in a second


def publish_to_those_behind(site: Site) -> None:
    """The broker is there again: what was published meanwhile did not get through."""
    for device in site.devices:
        if device.posture != device.issued.version:
            publish(site, device)


def publish(site: Site, device: Device) -> None:
    """Send what was issued; the broker keeps it for a device that is away."""
    if device.issued.version:
        site.courier.keep_bytes(device.id, device.kind, device.key, "posture", device.issued.body)


def content_of(issued: Issued) -> Content | None:
    """What an issued posture says; None if there is none."""
    return _read(issued.body) if issued.version else None


@lru_cache(maxsize=4096)
def _read(body: bytes) -> Content:
    posture = msgspec.json.decode(body, type=Posture)
    return Content(
        int(posture.level),
        posture.order,
        None if posture.emergency is None else posture.emergency.value,
        posture.drill,
        posture.offline,
        posture.settings,
    )


def _entry_offline(device: Device, portal: Portal | None, emergency: EmergencyKind | None) -> EntryOffline:
    """Alone under an emergency a device lets nobody in; under lockdown a dormitory door lets its residents in, as soon
    as it has shown a list that names nobody but them. Into a building that is evacuated nobody goes alone."""
    if emergency is None:
        return EntryOffline.LIST
    if emergency is EmergencyKind.LOCKDOWN and portal is not None and portal.kind is PortalKind.DORMITORY:
        return EntryOffline.LIST if _names_only_residents(device) else EntryOffline.DENY
    return EntryOffline.DENY


def _names_only_residents(device: Device) -> bool:
    """The list that it has shown was made for a lockdown."""
    since = device.residents_only_from
    return since is not None and device.list_version is not None and device.list_version >= since


def _exit_offline(site: Site, portal: Portal | None, emergency: EmergencyKind | None) -> ExitOffline:
    """Alone, a device lets out; only where leaving can be refused it looks at its list, and never in an evacuation."""
    if emergency is EmergencyKind.EVACUATE or portal is None:
        return ExitOffline.FREE
    if is_watched_exit(portal, site.campus.policy, CredentialKind.CARD):
        return ExitOffline.LIST
    return ExitOffline.FREE


def _pin_required(site: Site, portal: Portal | None, level: CoreLevel) -> bool:
    """A restricted door asks for the PIN from the level on at which its own people need one."""
    if portal is None or portal.kind is not PortalKind.RESTRICTED:
        return False
    return Need.PIN in site.campus.policy.needs(Table.RESTRICTED, RestrictedRole.NAMED, level)
