"""The roll call of an emergency: who is inside and is not known to have left, zone by zone, and who is accounted for.

Promises: whoever is inside, or may be, is on the list until a reader has seen them leave: whoever came in since it
began too, for they are in the same danger; guests who are registered as inside and were never read are on it as
uncertain. Each mark, and each that is taken back, is a row of the ledger before anybody sees it, and is there again
after a restart. A drill's roll call is the same one, and its rows say so. Leaves to others: who may look (`web`), when
an emergency is over (`emergencies`: then nobody is listed any more).
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from gateway.core.kinds import PresenceState
from gateway.core.papers import Emergency, EmergencyKind
from gateway.core.rights import Right
from gateway.flows import emergency_view, muster
from gateway.flows.muster import Guest
from gateway.flows.ports import NUMBER_DIGITS, Entry, Unit
from gateway.flows.roll_call_book import Mark, Marks
from gateway.flows.site import Site

KEY = "rc"
AT_ONCE = 200
"""So many are marked with one touch: a class, or a whole floor."""
WITHIN_S = 3.0
MAY_LOOK = frozenset({Right.START_EMERGENCY, Right.SIGN_EMERGENCIES})
"""Who calls an emergency or answers for one: they have to know who is still there."""


class Over(Exception):
    """No such emergency is in force."""


class NotListed(LookupError):
    """Nobody of that id is known."""


@dataclass(frozen=True, slots=True)
class Listed:
    """One person of the list; `guest` says more of who is not of the school, and how many come with them."""

    holder: str
    zone: str | None
    since: datetime | None
    uncertain: bool
    guest: Guest | None
    mark: Mark | None

    @property
    def people(self) -> int:
        return 1 if self.guest is None else self.guest.count


@dataclass(frozen=True, slots=True)
class RollCall:
    """As of now. `left`: who was inside at the start and was seen leaving; None in a lockdown, where nobody should."""

    at: datetime
    emergency: Emergency
    inside_at_start: int
    left: int | None
    listed: Sequence[Listed]

    @property
    def accounted(self) -> int:
        return sum(one.people for one in self.listed if one.mark is not None)

    @property
    def missing(self) -> int:
        return sum(one.people for one in self.listed if one.mark is None)


async def call(site: Site, emergency: str) -> RollCall:
    """The list as of now. Raises `Over`, `LedgerUnavailable`."""
    found = _in_force(site, emergency)
    marks = await _marks(site, found.id)
    there = await muster.muster(site)
    still = emergency_view.people_in(site, found.zones, certain=False)
    is_evacuation = found.kind is EmergencyKind.EVACUATE
    wanted = set(still)
    guests = {guest.holder: guest for guest in there.guests}
    inner = {zone for zone in site.campus.zones if not found.zones.isdisjoint(site.campus.around(zone))}
    wanted |= {ref for ref, guest in guests.items() if guest.zone is None or guest.zone in inner}
    listed = [_listed(site, ref, guests.get(ref), marks) for ref in wanted]
    gone = [_listed(site, ref, None, marks) for ref in marks.here if ref not in wanted]
    seen = emergency_view.muster(site, found)
    return RollCall(there.at, found, found.inside_at_start or 0, seen.left if is_evacuation else None, [*listed, *gone])


async def mark(site: Site, emergency: str, people: Sequence[str], here: bool, by: str) -> list[str]:
    """Say that these people (by the school's ids) are accounted for, or that this was a mistake; the ids of those for
    whom that is new. Raises `Over`, `NotListed`, `LedgerUnavailable`."""
    found = _in_force(site, emergency)
    marks = await _marks(site, found.id)
    refs: dict[str, str] = {}
    for id in people:
        holder = site.directory.with_id(id)
        if holder is None:
            raise NotListed(id)
        refs[holder.ref] = id
    async with marks.writing:
        new = {ref: id for ref, id in refs.items() if (ref in marks.here) is not here}
        if not new:
            return []
        now = site.clock.now()
        entries = tuple(
            Entry(
                "accounted_for",
                now,
                {"emergency": found.id, "holder": ref, "accounted": here, "drill": found.drill, "by": by},
                _key(found.id, marks.written + number),
            )
            for number, ref in enumerate(new, start=1)
        )
        await site.ledger.commit(Unit(entries), WITHIN_S)
        marks.written += len(entries)
        for ref in new:
            if here:
                marks.here[ref] = Mark(now, by)
            else:
                marks.here.pop(ref, None)
    site.feed.publish(
        {
            "type": "roll_call",
            "at": now,
            "emergency": found.id,
            "accounted": here,
            "people": list(new.values()),
            "drill": found.drill,
            "only": MAY_LOOK,
        }
    )
    return list(new.values())


def _in_force(site: Site, emergency: str) -> Emergency:
    found = site.emergencies.get(emergency)
    if found is None or not found.is_live:
        raise Over
    return found


async def _marks(site: Site, emergency: str) -> Marks:
    marks = site.roll_calls.of(emergency, {one.id for one in site.emergencies.values() if one.is_live})
    if not marks.is_loaded:
        async with marks.writing:
            if not marks.is_loaded:
                await _load(site, emergency, marks)
    return marks


async def _load(site: Site, emergency: str, marks: Marks) -> None:
    for row in await site.archive.numbered(f"{KEY}:{emergency}:"):
        marks.written += 1
        if row["accounted"]:
            marks.here[row["holder"]] = Mark(row["at"], row["by"])
        else:
            marks.here.pop(row["holder"], None)
    marks.is_loaded = True


def _listed(site: Site, ref: str, guest: Guest | None, marks: Marks) -> Listed:
    seen = site.presence.get(ref)
    mark = marks.here.get(ref)
    if seen is None:
        zone, since = (None, None) if guest is None else (guest.zone, guest.since)
        return Listed(ref, zone, since, True, guest, mark)
    return Listed(ref, seen.zone, seen.since, seen.state is PresenceState.UNCERTAIN, guest, mark)


def _key(emergency: str, number: int) -> str:
    return f"{KEY}:{emergency}:{number:0{NUMBER_DIGITS}d}"
