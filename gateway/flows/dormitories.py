"""Dormitories: who lives in a building, who is not back in the evening, who came late.

Promises: nobody is kept in or out by anything here. The evening's list is made once, at the policy's minute, building
by building, and names people by reference; who was read in is inside, who may have left unread is uncertain and stands
on the list as such. In profile `school` a building with anybody on it is one alarm until all are back.
Leaves to others: who leaves in the night (`late_exits`), the doors (`decide`: residents come in at any hour, late
returns are recorded), names (`web`).
"""

from dataclasses import dataclass
from datetime import datetime, timedelta

from gateway.core.kinds import PresenceState, Profile, ZoneKind
from gateway.core.nouns import Holder
from gateway.core.reasons import Reason
from gateway.flows import alarms, occupancy, rounds
from gateway.flows.ports import Entry, LedgerUnavailable, Unit
from gateway.flows.reading import Records
from gateway.flows.site import Site

ROUND = "not-returned"
LATE_RETURNS_AT_MOST = 200


@dataclass(frozen=True, slots=True)
class Resident:
    """Somebody who lives in the building, and where they were last known to be; `state` None: never read."""

    holder: Holder
    state: PresenceState | None
    zone: str | None
    since: datetime | None
    is_in: bool


@dataclass(frozen=True, slots=True)
class LateReturn:
    """Somebody came back after curfew."""

    holder: Holder
    portal: str
    at: datetime


class NoSuchDormitory(LookupError):
    """The configuration has no dormitory building of that name."""


def residents(site: Site, zone: str) -> list[Resident]:
    """Who lives there, by name. Raises `NoSuchDormitory`."""
    building = site.campus.zones.get(zone)
    if building is None or building.kind is not ZoneKind.DORMITORY:
        raise NoSuchDormitory(zone)
    found = []
    for holder in site.directory.holders.values():
        if holder.dormitory != zone:
            continue
        presence = site.presence.get(holder.ref)
        if presence is None:
            found.append(Resident(holder, None, None, None, False))
            continue
        is_in = presence.state is PresenceState.INSIDE and occupancy.is_in(site, presence, zone)
        found.append(Resident(holder, presence.state, presence.zone, presence.since, is_in))
    return sorted(found, key=lambda one: (one.holder.name, one.holder.id))


def not_returned(site: Site, zone: str) -> list[Resident]:
    """Those of them who are not surely in the building. Raises `NoSuchDormitory`."""
    return [one for one in residents(site, zone) if not one.is_in]


async def late_returns(site: Site, records: Records, zone: str, since: datetime) -> list[LateReturn]:
    """Residents who came back late since then, the newest first. Raises `NoSuchDormitory`, `RecordsAway`."""
    at_home = {one.holder.ref: one.holder for one in residents(site, zone)}

    def wanted(body: dict[str, object]) -> bool:
        return body.get("reason") == Reason.OK_LATE_RETURN.value and body.get("holder") in at_home

    rows, _ = await records.newest("decision", None, LATE_RETURNS_AT_MOST, since, None, wanted)
    return [LateReturn(at_home[row.body["holder"]], row.body["portal"], row.at) for row in rows]


async def look(site: Site) -> None:
    """Called each second: at the set minute the evening's list is made for every building."""
    moment = rounds.moment_due(site, ROUND, site.campus.policy.not_returned_at_min)
    if moment is None:
        return
    now = site.clock.now()
    for zone in site.campus.zones.values():
        if zone.kind is not ZoneKind.DORMITORY:
            continue
        missing = not_returned(site, zone.id)
        unsure = [one.holder.ref for one in missing if one.state is PresenceState.UNCERTAIN]
        body = {
            "zone": zone.id,
            "residents": len(residents(site, zone.id)),
            "not_returned": [one.holder.ref for one in missing if one.state is not PresenceState.UNCERTAIN],
            "uncertain": unsure,
        }
        key = rounds.round_key(f"{ROUND}:{zone.id}", moment)
        entry = Entry("not_returned_list", now, body, key)
        raised = None
        try:
            if await site.archive.told([key]):
                continue  # before a restart
            raised = _alarm(site, zone.id, [one for one in missing if one.state is not None], len(unsure))
            rows, changes = ((), ()) if raised is None else (raised.rows, raised.changes)
            await site.ledger.commit(Unit((entry, *rows), changes), 10.0)
        except LedgerUnavailable:
            if raised is not None:
                alarms.unwritten(site, raised)
            return  # the next second tries again; what is written already is known by its key
        site.feed.publish({"type": "not_returned_list", "zone": zone.id, "at": now, "people": len(missing)})
    rounds.made(site, ROUND, moment)


def _alarm(site: Site, zone: str, missing: list[Resident], unsure: int) -> alarms.Raised | None:
    """One for a building, written with its list. Who was never read anywhere may not live there any more: no reason to
    look for them."""
    if site.campus.profile is not Profile.SCHOOL or not missing:
        return None
    site.not_back[zone] = frozenset(one.holder.ref for one in missing)
    detail = f"not back: {len(missing) - unsure}, perhaps gone unread: {unsure}"
    return alarms.show(site, alarms.LATE_RETURN, zone, detail)


async def look_who_is_back(site: Site) -> None:
    """The alarm of a building is over when everybody who was missing is in. For each second."""
    for zone, missing in list(site.not_back.items()):
        still = frozenset(ref for ref in missing if not _is_back(site, ref, zone))
        if still == missing:
            continue
        site.not_back[zone] = still
        if not still:
            del site.not_back[zone]
            await alarms.clear_alarm(site, alarms.LATE_RETURN, zone)


def _is_back(site: Site, ref: str, zone: str) -> bool:
    """True for who is in, and for who does not live there any more."""
    holder, presence = site.directory.holders.get(ref), site.presence.get(ref)
    if holder is None or holder.dormitory != zone:
        return True
    return presence is not None and presence.state is PresenceState.INSIDE and occupancy.is_in(site, presence, zone)


async def load(site: Site) -> None:
    """After a restart: whom tonight's lists miss, where their alarm is still open."""
    moment = site.clock.now().astimezone(site.campus.timezone)
    for alarm in list(site.alarms.by_id.values()):
        if alarm.condition == alarms.LATE_RETURN:
            days = (moment, moment - timedelta(days=1))
            keys = [rounds.round_key(f"{ROUND}:{alarm.place}", day) for day in days]
            told = await site.archive.told(keys)
            newest = next((told[key] for key in keys if key in told), None)
            if newest is not None:
                missing = [*newest["not_returned"], *newest["uncertain"]]
                site.not_back[alarm.place] = frozenset(ref for ref in missing if ref in site.presence)


def since_curfew(site: Site) -> datetime:
    """When the night that is under way, or the last one, began: half a day back is always enough to see it whole."""
    return site.clock.now() - timedelta(hours=12)
