"""An emergency as it stands: in force or over, on paper or not, what its devices made of it, who is still inside.

Promises: looking calls, signs, ends and writes nothing; one that is in force is found with the ledger away too; whoever
is uncertain has not surely left. Leaves to others: calling, signing and ending (`emergencies`), what a fire input does
(`fires`), the roll call (`roll_call`), who may look (`web`).
"""

from dataclasses import dataclass
from typing import Any

from gateway.core.kinds import PresenceState, ZoneKind
from gateway.core.nouns import Campus
from gateway.core.papers import Emergency, Followed, PaperKind
from gateway.flows import propagation
from gateway.flows.site import Site

FIRST_WORD_HOLDS_S = 15 * 60.0
"""The two who end an emergency act together: a first word older than this counts no more."""


class NoSuchEmergency(LookupError):
    """There is no emergency of that id."""


@dataclass(frozen=True, slots=True)
class Muster:
    """Who was inside when it began, and who of them has left."""

    inside_at_start: int
    left: int
    missing: tuple[str, ...]
    """Those who have not left, by reference; empty once it is over."""


# ---------------------------------------------------------------- finding one


async def find(site: Site, id: str) -> Emergency:
    """One, in force or over. Raises `NoSuchEmergency`, `LedgerUnavailable`."""
    known = site.emergencies.get(id)
    if known is not None:
        return known
    held = site.unfiled.get(id)
    if held is not None:
        return held[0]
    paper = await site.archive.paper(PaperKind.EMERGENCY, id)
    if not isinstance(paper, Emergency):
        raise NoSuchEmergency(id)
    return paper


def in_force(site: Site) -> list[Emergency]:
    """Those in force, the newest first."""
    return sorted((e for e in site.emergencies.values() if e.is_live), key=lambda e: e.started_at, reverse=True)


async def past(site: Site) -> list[Emergency]:
    """Those that are over, the newest first. Raises `LedgerUnavailable`."""
    papers = await site.archive.papers(PaperKind.EMERGENCY, live=False)
    return [paper for paper in papers if isinstance(paper, Emergency)]


# ---------------------------------------------------------------- how it stands


def is_on_paper(site: Site, emergency: Emergency) -> bool:
    """False while its record could not be written."""
    held = site.unfiled.get(emergency.id)
    return held is None or held[1] is not None or any(e.id == emergency.id for e in site.directory.papers.emergencies)


def active_inputs(site: Site, emergency: Emergency) -> list[str]:
    """The fire inputs that are active as far as anybody knows.

    A device that has started anew tells anew what is active; one that is no longer enrolled tells nothing. Neither may
    keep people from ending what is over: the doors themselves stay released until they are reset.
    """
    found = []
    for name, boot in emergency.inputs.items():
        device = site.devices.get(name.partition(":")[0])
        if device is not None and device.boot in (None, boot):
            found.append(name)
    return sorted(found)


def followed(site: Site, emergency: Emergency) -> tuple[Followed, ...]:
    """What its devices made of it: as noted on its paper, and what is known since."""
    found = {one.device: one for one in emergency.followed}
    for spread in propagation.newest_for(site, emergency.id):
        for device, asked in spread.devices.items():
            known = found.get(device)
            if known is None or known.shown_at is None:
                found[device] = Followed(device, asked.version, asked.asked_at, asked.shown_at)
    return tuple(found[device] for device in sorted(found))


def first_word_holds(site: Site, emergency: Emergency) -> bool:
    """One of two has said that it is over, and that counts still."""
    return (
        emergency.ending_by is not None
        and emergency.ending_at is not None
        and site.clock.elapsed_s(emergency.ending_at) <= FIRST_WORD_HOLDS_S
    )


def as_event(site: Site, emergency: Emergency) -> dict[str, Any]:
    """An emergency as the screens show it."""
    return {
        "type": "emergency",
        "id": emergency.id,
        "kind": emergency.kind,
        "zones": sorted(emergency.zones),
        "cause": emergency.cause,
        "drill": emergency.drill,
        "state": state_of(site, emergency),
        "at": emergency.started_at,
        "ended_at": emergency.ended_at,
        "signed": emergency.signed_by is not None,
        "escalated": emergency.escalated_at is not None,
        "fire_active": bool(active_inputs(site, emergency)),
        "on_paper": is_on_paper(site, emergency),
        "inside_at_start": emergency.inside_at_start,
    }


def state_of(site: Site, emergency: Emergency) -> str:
    """`in_force`, `ending` (one of two has spoken) or `ended`."""
    if not emergency.is_live:
        return "ended"
    return "ending" if first_word_holds(site, emergency) else "in_force"


# ---------------------------------------------------------------- who is inside


def muster(site: Site, emergency: Emergency) -> Muster:
    """Who was inside at its start and who of them has left its zones; one who is uncertain has not surely left."""
    if not emergency.is_live:
        return Muster(emergency.inside_at_start or 0, emergency.left or 0, ())
    still = people_in(site, emergency.zones, certain=False)
    missing = tuple(ref for ref in emergency.mustered if ref in still)
    return Muster(emergency.inside_at_start or 0, len(emergency.mustered) - len(missing), missing)


def people_in(site: Site, zones: frozenset[str], certain: bool = True) -> set[str]:
    """Who is in one of `zones` or deeper, by reference."""
    within = {zone for zone in site.campus.zones if not zones.isdisjoint(site.campus.around(zone))}
    # The site itself is what lies outside every gate: whoever is there and nowhere else is not inside.
    if any(site.campus.zones[zone].parent is None for zone in zones):
        within -= {zone for zone in within if site.campus.zones[zone].kind is ZoneKind.SITE}
    wanted = (PresenceState.INSIDE,) if certain else (PresenceState.INSIDE, PresenceState.UNCERTAIN)
    return {ref for ref, known in site.presence.items() if known.zone in within and known.state in wanted}


def whole_site(campus: Campus) -> frozenset[str]:
    """The zones that hold all others."""
    roots = frozenset(zone.id for zone in campus.zones.values() if zone.parent is None)
    return frozenset(zone for zone in roots if campus.zones[zone].kind is ZoneKind.SITE) or roots
