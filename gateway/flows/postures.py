"""What each device has to enforce: issued with a version that only grows, written down, then published and followed up.

An equal version is always the same bytes, also after a restart, because what was issued is kept. A device that shows
another version than the one issued gets it again; one that shows a higher one (the gateway was restored from a backup)
gets the next version above its own.
"""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import datetime

import msgspec

from devices.messages import (
    BollardMode,
    EntryOffline,
    ExitOffline,
    Level,
    Offline,
    Posture,
    PostureSettings,
)
from gateway.core.leaving import is_watched_exit
from gateway.core.levels import effective_level
from gateway.core.nouns import CredentialKind, Portal
from gateway.flows.changes import PostureIssued
from gateway.flows.devices import Device
from gateway.flows.ports import Entry, Issued, LedgerUnavailable, Unit
from gateway.flows.site import Site

NO_PORTAL_HOLD_MS = 5_000
NO_PORTAL_HELD_OPEN_S = 30


@dataclass(frozen=True, slots=True)
class Content:
    """What a posture says, without its version and time: two equal ones need no new version."""

    level: int
    order: str | None
    emergency: str | None
    drill: bool
    offline: Offline
    settings: PostureSettings


def wanted(site: Site, device: Device, now: datetime) -> Content:
    """What `device` has to enforce at `now`."""
    portal = site.campus.portals.get(device.portal or "")
    zone = portal.zone if portal is not None else device.zone or ""
    level = effective_level(site.campus, site.directory.orders, zone, now) if zone in site.campus.zones else Level.L3
    return Content(
        level=int(level),
        order=None,
        emergency=None,
        drill=False,
        offline=Offline(
            answer_timeout_ms=site.rules.answer_timeout_ms,
            entry=EntryOffline.LIST,
            exit=_exit_offline(site, portal),
            max_age_s=site.rules.offline_max_age_s,
        ),
        settings=PostureSettings(
            hold_ms=NO_PORTAL_HOLD_MS if portal is None else portal.hold_ms,
            held_open_after_s=NO_PORTAL_HELD_OPEN_S if portal is None else portal.held_open_after_s,
            pin_required=False,
            bollard=BollardMode.CYCLE,
        ),
    )


async def issue(site: Site, devices: Iterable[Device], above: int = 0) -> list[Device]:
    """Give each device whose wanted posture differs from the issued one its next version: one commit for all, then out.

    `above`: a version that a device already shows; the next one goes above it. One caller at a time, so that no version
    is given twice. Raises `LedgerUnavailable`.
    """
    async with site.issuing:
        return await _issue(site, devices, above)


async def _issue(site: Site, devices: Iterable[Device], above: int) -> list[Device]:
    now = site.clock.now()
    changed: list[tuple[Device, Issued]] = []
    for device in devices:
        content = wanted(site, device, now)
        if above <= device.issued.version and content == content_of(device.issued):
            continue
        version = max(device.issued.version, above) + 1
        message = Posture(
            version=version,
            level=Level(content.level),
            order=content.order,
            emergency=None,
            drill=content.drill,
            at=now,
            offline=content.offline,
            settings=content.settings,
        )
        body = site.courier.spell(device.id, device.kind, device.key, message)
        changed.append((device, replace(device.issued, version=version, body=body)))
    if not changed:
        return []
    entries = tuple(
        Entry(
            "posture", now, {"device": device.id, "version": issued.version, "level": wanted(site, device, now).level}
        )
        for device, issued in changed
    )
    await site.ledger.commit(Unit(entries, tuple(PostureIssued(device.id, issued) for device, issued in changed)), 10.0)
    for device, issued in changed:
        device.issued = replace(device.issued, version=issued.version, body=issued.body)
        publish(site, device)
    return [device for device, _ in changed]


async def follow(site: Site, device: Device) -> None:
    """A device has said which posture it enforces: if it is not the issued one, it gets that one now."""
    shown = device.posture or 0
    try:
        if shown > device.issued.version:
            await issue(site, [device], above=shown)
        elif shown != device.issued.version and device.issued.version:
            publish(site, device)
        else:
            await issue(site, [device])
    except LedgerUnavailable:
        return  # the next status or the next look at the directory tries again


def publish(site: Site, device: Device) -> None:
    """Send what was issued; the broker keeps it for a device that is away."""
    if device.issued.version:
        site.courier.keep_bytes(device.id, device.kind, device.key, "posture", device.issued.body)


def content_of(issued: Issued) -> Content | None:
    """What an issued posture says; None if there is none."""
    if not issued.version:
        return None
    posture = msgspec.json.decode(issued.body, type=Posture)
    return Content(
        int(posture.level),
        posture.order,
        None if posture.emergency is None else posture.emergency.value,
        posture.drill,
        posture.offline,
        posture.settings,
    )


def _exit_offline(site: Site, portal: Portal | None) -> ExitOffline:
    """Alone, a device lets out; only where leaving can be refused it looks at its list."""
    if portal is not None and is_watched_exit(portal, site.campus.profile, CredentialKind.CARD):
        return ExitOffline.LIST
    return ExitOffline.FREE
