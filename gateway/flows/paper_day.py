"""The gateway or the power is away for long: what a gate needs on paper, gathered each night before it is needed.

Promises: the sheets hold the last lists as they were at that moment: who is expected and who is inside, standing
passes, essential plates, leave slips in force, whom to call; of a document four characters, of a slip no reason.
A set is made once a night, and its row stands in the ledger first. Leaves to others: how a sheet looks
(`web/paper_pages`), where it lies and for how long (`web/paper_folder`), what was written on it (`paper_entries`).
"""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from gateway.core.kinds import CredentialKind, Level
from gateway.core.levels import effective_level
from gateway.core.nouns import CallLine
from gateway.core.papers import LeaveSlip, StandingPass, Vehicle, Visit, VisitState
from gateway.flows import rounds
from gateway.flows.permits import WITHIN_S
from gateway.flows.ports import Entry, LedgerUnavailable, Unit
from gateway.flows.site import Site

ROUND = "paper_day"
AHEAD = timedelta(hours=36)
"""Expected visits until the end of the next day, seen from the small hours."""
TRY_AGAIN_S = 60.0


@dataclass(frozen=True, slots=True)
class VisitLine:
    """One visit as a guard needs it on paper."""

    name: str
    kind: str
    organisation: str
    host: str
    document_kind: str
    document_ending: str
    plate: str
    starts_at: datetime
    ends_at: datetime
    checked_in_at: datetime | None


@dataclass(frozen=True, slots=True)
class PlateLine:
    plate: str
    kind: str
    holder: str


@dataclass(frozen=True, slots=True)
class SlipLine:
    name: str
    collector: str
    starts_at: datetime
    ends_at: datetime


@dataclass(frozen=True, slots=True)
class PaperDay:
    """Everything on one gate's sheets."""

    gate: str
    made_at: datetime
    level: int
    expected: tuple[VisitLine, ...]
    inside: tuple[VisitLine, ...]
    standing: tuple[VisitLine, ...]
    plates: tuple[PlateLine, ...]
    people: tuple[PlateLine, ...]
    """Essential people without a plate; `plate` is their own id."""
    slips: tuple[SlipLine, ...]
    calls: tuple[tuple[CallLine, str], ...]
    """Each line of the call list with the number to dial from this gate."""

    @property
    def names(self) -> int:
        """How many lines name somebody."""
        lists: tuple[tuple[Any, ...], ...] = (
            self.expected,
            self.inside,
            self.standing,
            self.plates,
            self.people,
            self.slips,
        )
        return sum(len(lines) for lines in lists)


def gather(site: Site, gate: str) -> PaperDay:
    """What is on the sheets of a gate at this moment."""
    now, papers, campus = site.clock.now(), site.directory.papers, site.campus
    visits = [visit for some in papers.visits.values() for visit in some]
    standing = [p for p in papers.by_id.values() if isinstance(p, StandingPass) and p.ends_at > now]
    soon = [v for v in visits if v.state is VisitState.EXPECTED and v.starts_at < now + AHEAD and v.ends_at > now]
    inside = [v for v in visits if v.state is VisitState.CHECKED_IN]
    slips = [s for some in papers.slips.values() for s in some if s.counts and now - s.ends_at < AHEAD]
    levels = (effective_level(campus, site.world.orders, zone, now, site.trusted_until) for zone in campus.zones)
    plates, people = _essential(site)
    return PaperDay(
        gate,
        now,
        int(min(levels, default=Level.L3)),
        expected=_lines(site, soon, "starts_at"),
        inside=_lines(site, inside, "ends_at"),
        standing=tuple(_standing(site, one) for one in sorted(standing, key=lambda p: (p.ends_at, p.id))),
        plates=plates,
        people=people,
        slips=tuple(_slip(site, slip) for slip in sorted(slips, key=lambda s: (s.starts_at, s.id))),
        calls=tuple((line, line.number_at(gate)) for line in campus.calls),
    )


class PaperRound:
    """Makes the papers of every gate each night; one for a gateway. `save`: keeps the sheets of all gates."""

    def __init__(self, site: Site, save: Callable[[list[PaperDay]], Awaitable[object]]) -> None:
        self._site = site
        self._save = save
        self._not_before = 0.0

    async def look(self) -> None:
        """Make them if it is time, and they are not made yet."""
        site = self._site
        moment = rounds.moment_due(site, ROUND, site.campus.paper_day_at_min)
        if moment is None or site.clock.monotonic() < self._not_before or not site.campus.gates:
            return
        self._not_before = site.clock.monotonic() + TRY_AGAIN_S
        days = [gather(site, gate) for gate in site.campus.gates]
        try:
            await _note(site, days, "gateway", rounds.round_key(ROUND, moment))
        except LedgerUnavailable:
            return  # tried again within the next hours
        await self._save(days)  # a gateway that was restarted since makes them anew: they are newer then
        rounds.made(site, ROUND, moment)


async def note_made(site: Site, days: list[PaperDay], by: str) -> None:
    """Somebody has them made now. Raises `LedgerUnavailable`."""
    await _note(site, days, by, None)


async def _note(site: Site, days: list[PaperDay], by: str, key: str | None) -> None:
    body = {"gates": [day.gate for day in days], "names": max((day.names for day in days), default=0), "by": by}
    await site.ledger.commit(Unit((Entry("paper_day", site.clock.now(), body, key),)), WITHIN_S)


def _lines(site: Site, visits: list[Visit], order: str) -> tuple[VisitLine, ...]:
    return tuple(_line(site, visit) for visit in sorted(visits, key=lambda v: (getattr(v, order), v.id)))


def _line(site: Site, visit: Visit) -> VisitLine:
    others = f" +{len(visit.members) - 1}" if visit.members else ""
    return VisitLine(
        _name(site, visit.holder) + others,
        visit.kind.value,
        visit.organisation,
        _name(site, visit.host),
        visit.document_kind,
        visit.document_ending[-4:],
        visit.plate or "",
        visit.starts_at,
        visit.ends_at,
        visit.checked_in_at,
    )


def _standing(site: Site, paper: StandingPass) -> VisitLine:
    holder = site.directory.holders.get(paper.holder)
    return VisitLine(
        "" if holder is None else holder.name,
        "" if holder is None else holder.kind.value,
        paper.organisation,
        _name(site, paper.host),
        paper.document_kind,
        paper.document_ending[-4:],
        "",
        paper.starts_at,
        paper.ends_at,
        None,
    )


def _slip(site: Site, slip: LeaveSlip) -> SlipLine:
    return SlipLine(_name(site, slip.holder), _name(site, slip.collector), slip.starts_at, slip.ends_at)


def _essential(site: Site) -> tuple[tuple[PlateLine, ...], tuple[PlateLine, ...]]:
    """Whom the campus cannot do without: vehicles by plate, and people by name."""
    papers, holders = site.directory.papers, site.directory.holders
    if not papers.essential:
        return (), ()
    plates: dict[str, list[str]] = {}
    by_ref: dict[str, str] = {}
    for credential in site.directory.credentials.values():
        if credential.kind is CredentialKind.PLATE:
            plates.setdefault(credential.holder, []).append(credential.value)
            by_ref[credential.ref] = credential.value
    found: set[PlateLine] = set()
    people: set[PlateLine] = set()
    for ref in papers.essential:
        vehicle = papers.vehicles.get(ref)
        if isinstance(vehicle, Vehicle) and ref in by_ref:
            found.add(PlateLine(by_ref[ref], vehicle.kind.value, _name(site, vehicle.holder)))
        holder = holders.get(ref)
        if holder is not None:
            found |= {PlateLine(plate, holder.kind.value, holder.name) for plate in plates.get(ref, ())}
            people.add(PlateLine(holder.id, holder.kind.value, holder.name))
    in_order = sorted(found, key=lambda line: line.plate), sorted(people, key=lambda line: line.holder)
    return tuple(in_order[0]), tuple(in_order[1])


def _name(site: Site, ref: str | None) -> str:
    holder = None if ref is None else site.directory.holders.get(ref)
    return "" if holder is None else holder.name
