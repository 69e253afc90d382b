"""Lockdown and evacuation: called by one, signed by a leader, ended by two, and never ended by time.

Safety comes first, and the record follows: an emergency is in force in memory, and on its way to every device, before
anything is written. With the ledger away it is written when that is back; until then every screen says that it is not
on paper. Signing and ending are the other way round: what loosens anything is on disk first.

An emergency by hand is signed afterwards by somebody else than its caller; after fifteen minutes without a signature
that is an alarm and a record, and it stays in force. A drill is the same in everything and says so everywhere; anything
real ends it at once. Leaves to others: how one stands, and who is still inside (`emergency_view`).
"""

import asyncio
import secrets
from collections.abc import Collection
from dataclasses import replace
from typing import Any

from gateway.core.levels import is_in_force
from gateway.core.papers import Cause, Emergency, EmergencyKind, Remark
from gateway.core.rights import Right
from gateway.flows import (
    alarms,
    credential_lists,
    directory_watch,
    drill_marks,
    emergency_notices,
    emergency_view,
    orders,
    postures,
)
from gateway.flows.changes import EmergencyMoved
from gateway.flows.ports import Entry, Known, LedgerUnavailable, Outdated, Unit, Written
from gateway.flows.site import Site

SIGNED_WITHIN_S = 15 * 60.0
"""Unsigned after that it escalates, it does not lapse."""
TRIES = 5
NOTED_AFTER_S = 10.0
"""By then every device has followed, or is late and listed: time to note it on the paper."""
REMARKS_AT_MOST = 200
MAY_END = frozenset({Right.END_EMERGENCIES})
LIKE_IT_AT_MOST = 20
"""So many of one kind at a time are called by hand, each for zones of its own; then the next is the whole site's."""
AGAIN_S = 1.0


class NotPossible(Exception):
    """It cannot be done now; `code` is a stable word for why."""

    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.code = code


# ---------------------------------------------------------------- calling one


async def start(
    site: Site, kind: EmergencyKind, zones: Collection[str], reason: str, by: str, drill: bool = False
) -> Emergency:
    """Call one, now. `zones` empty: the whole site. The same one called twice is one.

    Raises `NotPossible` (`unknown_zone`, `real_emergency`: no drill beside a real one).
    """
    unknown = sorted(set(zones) - set(site.campus.zones))
    if unknown:
        raise NotPossible("unknown_zone", f"there is no zone {', '.join(unknown)[:200]}")
    over = frozenset(zones) or emergency_view.whole_site(site.campus)
    like_it = [e for e in by_hand(site) if (e.kind, e.drill) == (kind, drill)]
    if len(like_it) >= LIKE_IT_AT_MOST:
        over = emergency_view.whole_site(site.campus)  # one who calls it zone by zone means the whole site
    for known in like_it:
        if all(not known.zones.isdisjoint(site.campus.around(zone)) for zone in over):
            return _called_again(site, known, by)
    if drill and any(not known.drill for known in site.emergencies.values() if known.is_live):
        raise NotPossible("real_emergency", "a real emergency is in force: no drill beside it")
    now = site.clock.now()
    emergency = Emergency(secrets.token_hex(8), kind, over, now, by, drill=drill, reason=reason)
    emergency = begin(site, emergency)
    await _file_start(site, emergency, site.rules.record_within_s)
    site.spawn(emergency_notices.tell(site, emergency))
    return site.emergencies.get(emergency.id, emergency)


def by_hand(site: Site) -> list[Emergency]:
    """Those that people called, on which another call may still build."""
    live = [e for e in site.emergencies.values() if e.cause is Cause.HAND and e.is_live and e.id not in site.ending]
    return sorted(live, key=lambda e: e.started_at)


def _called_again(site: Site, known: Emergency, by: str) -> Emergency:
    """The same called once more is one. Whoever calls it again does not see it as over: the first word on its end is
    void."""
    if known.ending_by is None:
        return known
    fields: dict[str, Any] = {"ending_by": None, "ending_at": None}
    again = replace(known, **fields)
    site.hold(again)
    body = {"emergency": known.id, "by": by, "drill": known.drill}
    site.spawn(_file(site, again, Entry("emergency_called_again", site.clock.now(), body), fields))
    site.feed.publish(emergency_view.as_event(site, again))
    return again


def begin(site: Site, emergency: Emergency) -> Emergency:
    """It is in force: decisions see it, and every device is told, before this returns. Nothing is written here."""
    site.hold(emergency)
    if not emergency.drill:
        end_drills(site, f"real_{emergency.cause.value}")
    postures.issue_at_once(site, site.devices)
    if emergency.kind is EmergencyKind.EVACUATE:
        from gateway.flows import waiting  # it knows of commands, and they of emergencies

        site.spawn(waiting.let_out_all(site))
    inside = emergency_view.people_in(site, emergency.zones)
    mustered = tuple(inside) if emergency.kind is EmergencyKind.EVACUATE else ()
    emergency = replace(emergency, inside_at_start=len(inside), mustered=mustered)
    site.hold(emergency)
    site.feed.publish(emergency_view.as_event(site, emergency))
    return emergency


async def _file_start(site: Site, emergency: Emergency, within_s: float | None) -> None:
    """Its first record; with the ledger away that follows when it is back."""
    entry = Entry(
        "emergency_started",
        emergency.started_at,
        {
            "emergency": emergency.id,
            "kind": emergency.kind,
            "zones": sorted(emergency.zones),
            "cause": emergency.cause,
            "drill": emergency.drill,
            "by": emergency.started_by,
            "inside": emergency.inside_at_start,
        },
        f"em:{emergency.id}:started",
    )
    fields = {"inside_at_start": emergency.inside_at_start, "mustered": emergency.mustered}
    unit = Unit((entry,), (EmergencyMoved(emergency, fields),), directory=True)
    try:
        result = await site.ledger.commit(unit, within_s)
    except LedgerUnavailable:
        if within_s is not None:
            site.spawn(_file_start(site, emergency, None))
        return
    await _filed(site, emergency, result)


def file_start_later(site: Site, emergency: Emergency) -> None:
    """Write its first record beside whatever else goes on."""
    site.spawn(_file_start(site, emergency, None))


# ---------------------------------------------------------------- signing and ending


async def sign(site: Site, id: str, by: str) -> Emergency:
    """A leader answers for it; also when it is over. Raises `NoSuchEmergency`, `NotPossible`, `LedgerUnavailable`."""
    for _ in range(TRIES):
        emergency = await emergency_view.find(site, id)
        if emergency.cause is Cause.FIRE:
            raise NotPossible("no_signature_needed", "a fire input called it: there is nothing to sign")
        if emergency.signed_by is not None:
            raise NotPossible("signed_already", "it is signed")
        if emergency.started_by == by:
            raise NotPossible("own_call", "somebody else than its caller signs")
        now = site.clock.now()
        entry = Entry("emergency_signed", now, {"emergency": id, "by": by, "drill": emergency.drill})
        moved = await _move(site, emergency, entry, {"signed_by": by, "signed_at": now})
        if moved is not None:
            await alarms.clear_alarm(site, alarms.EMERGENCY_UNSIGNED, emergency.id)
            return moved
    raise LedgerUnavailable("others change the directory at the same time")


async def end(site: Site, id: str, by: str, reason: str) -> Emergency:
    """One of the two who end it; the first word begins the end, another person's makes it.

    Raises `NoSuchEmergency`, `NotPossible` (`ended_already`, `fire_active`, `two_people`), `LedgerUnavailable`.
    """
    for _ in range(TRIES):
        emergency = await emergency_view.find(site, id)
        now = site.clock.now()
        if not emergency.is_live:
            raise NotPossible("ended_already", "it is over")
        if inputs := emergency_view.active_inputs(site, emergency):
            raise NotPossible("fire_active", f"the fire input is active: {', '.join(inputs)[:200]}")
        first = emergency.ending_by if emergency_view.first_word_holds(site, emergency) else None
        if first == by:
            raise NotPossible("two_people", "a second person ends it")
        if first is not None and not await site.still_may(first, MAY_END):
            first = None
        if first is None:
            entry = Entry("emergency_ending", now, {"emergency": id, "by": by, "drill": emergency.drill})
            moved = await _move(site, emergency, entry, {"ending_by": by, "ending_at": now, "end_reason": reason})
        else:
            entry = Entry(
                "emergency_ended", now, {"emergency": id, "by": [first, by], "why": "people", "drill": emergency.drill}
            )
            ended = {"ended_by": by, "ended_at": now, "end_reason": reason or emergency.end_reason}
            site.ending.add(id)  # a fire or a call that comes while this is written begins a new one
            try:
                moved = await _move(site, emergency, entry, ended | _last_words(site, emergency))
            finally:
                site.ending.discard(id)
        if moved is not None:
            if not moved.is_live:
                await alarms.clear_alarm(site, alarms.EMERGENCY_UNSIGNED, emergency.id)
            return moved
    raise LedgerUnavailable("others change the directory at the same time")


async def remark(site: Site, id: str, by: str, text: str) -> Emergency:
    """Note something on it: what did not go well, who looked where. Raises as `sign` does."""
    for _ in range(TRIES):
        emergency = await emergency_view.find(site, id)
        if len(emergency.remarks) >= REMARKS_AT_MOST:
            raise NotPossible("too_many", f"there are {REMARKS_AT_MOST} remarks on it")
        now = site.clock.now()
        entry = Entry("emergency_remarked", now, {"emergency": id, "by": by, "drill": emergency.drill})
        moved = await _move(site, emergency, entry, {"remarks": (*emergency.remarks, Remark(now, by, text))})
        if moved is not None:
            return moved
    raise LedgerUnavailable("others change the directory at the same time")


def end_drills(site: Site, why: str) -> list[str]:
    """Something real began: no drill goes on beside it. Emergencies end in this moment, orders with their record."""
    now = site.clock.now()
    ended: list[str] = []
    for emergency in list(site.emergencies.values()):
        if emergency.drill and emergency.is_live:
            fields: dict[str, Any] = {"ended_at": now, "end_reason": why} | _last_words(site, emergency)
            over = replace(emergency, **fields)
            site.hold(over)
            ended.append(emergency.id)
            site.spawn(_file_drill_end(site, over, fields, why))
    levels = [order for order in site.world.orders if order.drill and is_in_force(order, now, site.trusted_until)]
    if levels:
        site.spawn(_end_drill_orders(site, why))
    if ended or levels:
        site.feed.publish(
            {
                "type": "drill_ended",
                "at": now,
                "why": why,
                "emergencies": ended,
                "orders": [order.id for order in levels],
                "drill": False,
            }
        )
    return ended


async def _file_drill_end(site: Site, over: Emergency, fields: dict[str, Any], why: str) -> None:
    body = {"emergency": over.id, "by": [], "why": why, "drill": True}
    unit = Unit((Entry("emergency_ended", site.clock.now(), body),), (EmergencyMoved(over, fields),), directory=True)
    try:
        result = await site.ledger.commit(unit)
    except LedgerUnavailable:
        return
    site.feed.publish(emergency_view.as_event(site, over))
    await _filed(site, over, result)


async def _end_drill_orders(site: Site, why: str) -> None:
    """Orders that were drills: the level falls back when that is written, and it is tried until it is."""
    while True:
        try:
            await orders.end_drills(site, why)
        except LedgerUnavailable:
            await asyncio.sleep(AGAIN_S)
        else:
            return


# ---------------------------------------------------------------- what time does


async def look(site: Site) -> None:
    """Called each second: who has not been signed, what devices made of it, which doors need another list."""
    for emergency in list(site.emergencies.values()):
        since_s = site.clock.elapsed_s(emergency.started_at)
        if emergency.cause is Cause.HAND and emergency.signed_by is None and since_s >= SIGNED_WITHIN_S:
            await _escalate(site, emergency)
        if not emergency.followed and since_s >= NOTED_AFTER_S and emergency_view.is_on_paper(site, emergency):
            _note_followed(site, emergency)
    _ask_for_lists(site)


async def _escalate(site: Site, emergency: Emergency) -> None:
    """Nobody has signed it in time: an alarm and a record, once; it stays in force."""
    if emergency.escalated_at is not None:
        return
    now = site.clock.now()
    moved = replace(emergency, escalated_at=now)
    site.hold(moved)
    where = ", ".join(sorted(emergency.zones))[:200]
    what = f"{drill_marks.WORD + ': ' if emergency.drill else ''}{emergency.kind.value} of {where} is not signed"
    await alarms.raise_alarm(site, alarms.EMERGENCY_UNSIGNED, emergency.id, what)
    entry = Entry("emergency_escalated", now, {"emergency": emergency.id, "drill": emergency.drill})
    site.feed.publish(emergency_view.as_event(site, moved))
    site.spawn(_file(site, moved, entry, {"escalated_at": now}))


def _note_followed(site: Site, emergency: Emergency) -> None:
    told = emergency_view.followed(site, emergency)
    if told:
        moved = replace(emergency, followed=told)
        site.hold(moved)
        site.spawn(_file(site, moved, None, {"followed": told}))


def _ask_for_lists(site: Site) -> None:
    """Under lockdown a dormitory door's list names its residents only; after it, everybody again."""
    for device in site.devices:
        portal = site.campus.portals.get(device.portal or "")
        if portal is None or device.list_is_due or not credential_lists.keeps_list(device):
            continue
        only_residents = device.residents_only_from is not None
        if credential_lists.names_only_residents(site, portal) != only_residents:
            device.list_is_due = True


# ---------------------------------------------------------------- writing it


def _last_words(site: Site, emergency: Emergency) -> dict[str, Any]:
    """What stays of it when it is over: what the devices did, and counts instead of people."""
    seen = emergency_view.muster(site, emergency)
    return {
        "followed": emergency_view.followed(site, emergency),
        "left": seen.left if emergency.kind is EmergencyKind.EVACUATE else None,
        "mustered": (),
    }


async def _move(site: Site, emergency: Emergency, entry: Entry, fields: dict[str, Any]) -> Emergency | None:
    """Write first, then let it count. None: somebody else was faster, look again. Raises `LedgerUnavailable`."""
    change = EmergencyMoved(emergency, fields)
    unit = Unit((entry,), (change,), directory=True, based_on=site.directory.version)
    result = await site.ledger.commit(unit, site.rules.record_within_s)
    if isinstance(result, Outdated):
        await _take_over(site)
        return None
    moved = replace(site.emergencies.get(emergency.id, emergency), **fields)
    site.hold(moved)
    await _filed(site, moved, result)
    site.feed.publish(emergency_view.as_event(site, moved))
    return moved


async def _file(site: Site, moved: Emergency, entry: Entry | None, fields: dict[str, Any]) -> None:
    """Write what has happened already, however long that takes."""
    entries = () if entry is None else (entry,)
    try:
        result = await site.ledger.commit(Unit(entries, (EmergencyMoved(moved, fields),), directory=True))
    except LedgerUnavailable:
        return
    await _filed(site, moved, result)


async def _filed(site: Site, emergency: Emergency, result: Written | Known | Outdated) -> None:
    if isinstance(result, Written):
        site.filed(emergency, result.directory_version)
        if site.followed.version >= result.directory_version:
            return  # somebody else's change has brought this one along
    await _take_over(site)


async def _take_over(site: Site) -> None:
    try:
        await directory_watch.take_over(site)
    except LedgerUnavailable:
        return  # the look of each second tries again
