"""A device tells what happened: kept once, acknowledged when on disk, and what it means set going.

Numbers within a boot have no holes: an event that is missing is waited for, what the device had to overwrite it marks
with a `gap`, and what was lost for good without a word gets a gap record of ours. Arrival order does not matter.
"""

import asyncio
import hashlib
import secrets
from datetime import datetime
from typing import Any

import msgspec

from devices.messages import (
    Access,
    Ack,
    Duress,
    Event,
    FireAlarm,
    FireClear,
    Gap,
    Panic,
    PlateSeen,
    UnreadableEvent,
)
from gateway.flows import alarms, fires
from gateway.flows.changes import EventsComplete, PlateNoted
from gateway.flows.devices import Device
from gateway.flows.event_marks import Marks
from gateway.flows.event_meaning import Meaning, meaning_of, take_effect
from gateway.flows.ports import Entry, Known, LedgerUnavailable, Result, Unit, Written
from gateway.flows.site import Site

TRIES = 3
"""How often an event's meaning is worked out anew because another event of the same tap came first."""
SAVE_MARK_EVERY = 100
"""Events between two savings of how far a boot is complete; after a restart the ledger itself tells the rest."""
WITHIN_S = 2.0
"""Longer than this an event is not held: the device keeps it and sends it again."""


LOOK_WITHIN_S = 0.25
"""So long a fire waits for the ledger's word whether it is an old one told again."""


class NotItsPlace(ValueError):
    """A panel speaks of a zone or location that the configuration does not give it."""


def event_key(device: str, boot: str, seq: int) -> str:
    """The ledger key of an event; padded, so that a boot's events lie in order."""
    return f"e:{device}:{boot}:{seq:020d}"


def gap_key(device: str, boot: str, first: int, told_by: str) -> str:
    """The ledger key of a gap; `told_by` is what tells of it, so that two with the same beginning are two."""
    return f"g:{device}:{boot}:{first:020d}:{hashlib.sha256(told_by.encode()).hexdigest()[:16]}"


async def device_event(site: Site, device: Device, event: Event | UnreadableEvent) -> None:
    """Keep one event with all that it means, then acknowledge it. Raises `NotItsPlace` before anything is kept."""
    if isinstance(event, Event):
        check_place(site, device, event)
        if fires.is_urgent(event) and await _is_news(site, device, event):
            fires.act_first(site, device, event)
    site.counters.events += 1
    try:
        async with device.turn:
            marks = await marks_of(site, device, event.boot)
            if event.seq in marks.coming:
                return  # its ack is on the way
            if marks.has(event.seq):
                acknowledge(site, device, event.boot, marks)
                return
            marks.coming.add(event.seq)
            writing = await _begin(site, device, event, marks)
        await _finish(site, device, event, marks, *writing)
    except LedgerUnavailable:
        return  # not acknowledged: the device keeps it


async def _is_news(site: Site, device: Device, event: Event) -> bool:
    """False only if the ledger surely has this event: a fire is not kept waiting by a ledger that is away."""
    look = asyncio.ensure_future(marks_of(site, device, event.boot))
    done, _ = await asyncio.wait({look}, timeout=LOOK_WITHIN_S)
    if not done:
        look.add_done_callback(lambda late: late.cancelled() or late.exception())
        return True
    return look.exception() is not None or not look.result().has(event.seq)


async def _begin(
    site: Site, device: Device, event: Event | UnreadableEvent, marks: Marks, before: Meaning | None = None
) -> tuple[Meaning, "asyncio.Task[Result]"]:
    """Work out what it means and hand it to the ledger. One event of a device at a time, so that they lie in order.

    `before`: what it was taken to mean until now.
    """
    try:
        meaning = await meaning_of(site, device, event) if isinstance(event, Event) else Meaning()
    except BaseException:
        marks.coming.discard(event.seq)
        raise
    if before is not None:
        meaning.instead_of(site, before)
    unit = as_unit(site, device, event, marks, meaning)
    return meaning, asyncio.get_running_loop().create_task(site.ledger.commit(unit, WITHIN_S))


async def _finish(
    site: Site,
    device: Device,
    event: Event | UnreadableEvent,
    marks: Marks,
    meaning: Meaning,
    writing: "asyncio.Task[Result]",
) -> None:
    """Once it is on disk: act on it, acknowledge it. Raises `LedgerUnavailable`."""
    key = event_key(device.id, event.boot, event.seq)
    try:
        for left in reversed(range(TRIES)):
            try:
                result = await writing
            except LedgerUnavailable:
                meaning.not_written(site)
                raise
            if isinstance(result, Known) and result.key != key:
                meaning.not_written(site)
                if not left:
                    return  # not acknowledged: the device tells it again
                # Another event has just made the record that this one found missing: work it out anew.
                async with device.turn:
                    meaning, writing = await _begin(site, device, event, marks, meaning)
                continue
            # `Known` by its own key: we had given it up while its commit was under way, and it came through.
            if isinstance(result, Written | Known) and isinstance(event, Event):
                version = result.directory_version if isinstance(result, Written) else 0
                await take_effect(site, device, event, meaning, version)
                publish(site, device, event)
            if isinstance(event, Event) and isinstance(event.data, Gap):
                await _gap(site, device, event.data)
            marks.add(event.seq, event.seq)
            acknowledge(site, device, event.boot, marks)
            return
    finally:
        marks.coming.discard(event.seq)


def check_place(site: Site, device: Device, event: Event) -> None:
    """A panel speaks only for its own zone (and those within) and its own panic buttons."""
    data = event.data
    if isinstance(data, FireAlarm | FireClear):
        if data.zone not in site.campus.zones or device.zone not in site.campus.around(data.zone):
            raise NotItsPlace(f"zone {data.zone[:63]} does not belong to this panel")
    elif isinstance(data, Panic) and data.location not in device.locations:
        raise NotItsPlace(f"location {data.location[:63]} does not belong to this panel")


def as_unit(site: Site, device: Device, event: Event | UnreadableEvent, marks: Marks, meaning: Meaning) -> Unit:
    """The ledger row of an event and of what it means.

    A plate goes into a table that retention may erase; the row names its reference.
    """
    now = site.clock.now()
    changes: list[Any] = list(meaning.changes)
    body: dict[str, Any] = {
        "device": device.id,
        "portal": device.portal,
        "boot": event.boot,
        "seq": event.seq,
        "event": event.id,
    }
    if isinstance(event, UnreadableEvent):
        body |= {"type": "unreadable", "why": event.why}
    else:
        data = msgspec.to_builtins(event.data)
        if isinstance(event.data, PlateSeen):
            ref = secrets.token_hex(8)
            changes.append(PlateNoted(ref, data.pop("plate")[:32], now))
            data["plate_ref"] = ref
        elif isinstance(event.data, Access):
            data["credential"] = {"kind": event.data.credential.kind.value}
        body |= {"type": event.type, "device_at": event.at, "data": data}
    if marks.seq - marks.saved >= SAVE_MARK_EVERY:
        changes.append(EventsComplete(device.id, event.boot, marks.seq, now))
        marks.saved = marks.seq
    key = event_key(device.id, event.boot, event.seq)
    entries = [Entry("event", now, body, key)]
    if isinstance(event, Event) and isinstance(event.data, Gap):
        entries.append(_gap_entry(device, event.data, key, now))
    return Unit((*entries, *meaning.entries), tuple(changes), directory=meaning.fire is not None)


def _gap_entry(device: Device, gap: Gap, key: str, now: datetime) -> Entry:
    """Found again by the boot that lost something: after a restart its numbers still count as told."""
    last = max(gap.from_seq, gap.to_seq)
    body = {"device": device.id, "boot": gap.boot, "from_seq": gap.from_seq, "to_seq": last}
    return Entry("events_gap", now, body, gap_key(device.id, gap.boot, gap.from_seq, key))


async def marks_of(site: Site, device: Device, boot: str) -> Marks:
    """How far a boot is complete; the first time that is read from the ledger."""
    key = (device.id, boot)
    loading = site.event_marks.get(key)
    if loading is None:
        loading = site.event_marks[key] = site.loop.create_task(_load_marks(site, device.id, boot))
    try:
        return await loading
    except Exception:
        site.event_marks.pop(key, None)
        raise


async def _load_marks(site: Site, device: str, boot: str) -> Marks:
    mark = await site.archive.event_mark(device, boot)
    marks = Marks(mark.seq, set(mark.beyond), mark.seq)
    for first, last in mark.gaps:
        marks.add(first, last)
    return marks


def acknowledge(site: Site, device: Device, boot: str, marks: Marks) -> None:
    """Tell the device up to where it may forget. One message for all that is committed at this moment."""
    pending = site.acks_pending
    key = (device.id, boot)
    if key not in pending:
        pending[key] = marks
        if len(pending) == 1:
            site.soon(send_acks, site)


def send_acks(site: Site) -> None:
    """Send what `acknowledge` collected."""
    pending, site.acks_pending = site.acks_pending, {}
    for (device_id, boot), marks in pending.items():
        device = site.devices.get(device_id)
        if device is not None and device.challenge is not None:
            message = Ack(boot=boot, seq=marks.seq, challenge=device.challenge)
            site.courier.send(device.id, device.kind, device.key, message)


async def lost_without_a_word(site: Site, device: Device, boot: str, last_seq: int) -> None:
    """The device has nothing more to send of an ended boot, but we miss some of it: say so in the ledger.

    Raises `LedgerUnavailable`.
    """
    marks = await marks_of(site, device, boot)
    if marks.seq >= last_seq:
        return
    missing = [seq for seq in range(marks.seq + 1, min(last_seq, marks.seq + 10_000) + 1) if seq not in marks.beyond]
    if not missing:
        return
    now = site.clock.now()
    body = {"device": device.id, "boot": boot, "from_seq": missing[0], "to_seq": last_seq, "count": len(missing)}
    lost = Entry("events_lost", now, body, gap_key(device.id, boot, missing[0], f"lost {last_seq}"))
    raised = alarms.show(site, alarms.EVENTS_LOST, device.id, f"{len(missing)} events of boot {boot}")
    try:
        await site.ledger.commit(Unit((lost, *raised.rows), raised.changes), WITHIN_S)
    except LedgerUnavailable:
        alarms.unwritten(site, raised)
        raise
    marks.add(marks.seq + 1, last_seq)


async def _gap(site: Site, device: Device, gap: Gap) -> None:
    """The device had to overwrite events: their numbers count as told."""
    marks = await marks_of(site, device, gap.boot)
    if marks.add(gap.from_seq, max(gap.from_seq, gap.to_seq)):
        acknowledge(site, device, gap.boot, marks)


def publish(site: Site, device: Device, event: Event) -> None:
    """Tell the screens; what names a credential or a plate does not go there."""
    data = event.data
    site.feed.publish(
        {
            "type": "event",
            "device": device.id,
            "portal": device.portal,
            "event": event.type,
            "at": event.at,
            "data": msgspec.to_builtins(data) if not isinstance(data, PlateSeen | Access) else {},
            "silent": isinstance(data, Duress),
        }
    )
