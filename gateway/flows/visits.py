"""One registered stay of one visitor: registered, answered by the host, judged at the gate, checked in and out.

The visitor becomes a holder, found again by the keyed hash of the document, so that an entry ban meets whoever comes
under another name. A QR pass is made for each visit, and is void when it is checked out. What a visit still lacks is
what the rules say it lacks: nothing here decides anew.
"""

import secrets
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Any

from gateway.core.kinds import CredentialKind, CredentialState, HolderKind, Level, PortalKind
from gateway.core.nouns import Directory
from gateway.core.papers import RefusalReason, Vehicle, VehicleKind, Visit, VisitState
from gateway.core.policy import Need, Place
from gateway.core.reasons import Reason
from gateway.flows.changes import CredentialStateSet, PeopleChanged
from gateway.flows.documents import Document
from gateway.flows.judging import judge_visit
from gateway.flows.people_import import CredentialRow, HolderRow, Plan
from gateway.flows.permits import (
    NotPossible,
    NotYours,
    Step,
    WrongField,
    carry_out,
    check_times,
    check_zones,
    find,
    holder_of,
    new_id,
)
from gateway.flows.site import Site
from gateway.flows.vehicles import canonical_plate, give_plate

AT_MOST = timedelta(days=31)
AHEAD = timedelta(hours=1)
"""A visit is an appointment if it was registered this long before it begins, by a host or the security office."""
BEGINS_NOW = timedelta(minutes=5)
"""A visit that begins within this time begins now: nobody at the gate is sent away by a clock that is a minute off."""
VISITING = frozenset(
    {
        HolderKind.VISITOR,
        HolderKind.GUARDIAN,
        HolderKind.OFFICIAL,
        HolderKind.MEDIA,
        HolderKind.CONTRACTOR,
        HolderKind.SUPPLIER,
    }
)
PASS_BYTES = 24


@dataclass(frozen=True, slots=True)
class Visitor:
    """Who comes, as registered."""

    name: str
    document: Document
    phone: str = ""
    organisation: str = ""
    plate: str | None = None


@dataclass(frozen=True, slots=True)
class Wanted:
    """A visit to be registered; `host` is a person by the school's id."""

    visitor: Visitor
    kind: HolderKind
    host: str | None
    purpose: str
    zones: frozenset[str]
    starts_at: datetime
    ends_at: datetime
    belongings: tuple[str, ...] = ()
    gathering: str | None = None
    max_uses: int | None = None


@dataclass(frozen=True, slots=True)
class Registrar:
    """Who registers. A host who invites has thereby confirmed; who sits at the gate has not."""

    by: str
    is_host: bool = False
    is_officer: bool = False


@dataclass(frozen=True, slots=True)
class Registered:
    """A visit, and the value of its pass: shown once, to whoever registered it."""

    visit: Visit
    pass_value: str = field(repr=False)


async def register(site: Site, wanted: Wanted, who: Registrar) -> Registered:
    """Register a visit. Raises `WrongField`, `NotPossible`, `LedgerUnavailable`."""
    _check(site, wanted)
    zones = wanted.zones or zones_behind_gates(site)
    id, pass_ref, pass_value = new_id(), secrets.token_hex(16), secrets.token_urlsafe(PASS_BYTES)
    plate = None if wanted.visitor.plate is None else canonical_plate(wanted.visitor.plate, "visitor.plate")

    def work_out(directory: Directory, now: datetime) -> Step:
        starts_at = min(wanted.starts_at, now) if wanted.starts_at - now < BEGINS_NOW else wanted.starts_at
        check_times(starts_at, wanted.ends_at, now, AT_MOST)
        host = None if wanted.host is None else holder_of(directory, wanted.host, "host")
        if host is not None and host.kind in VISITING:
            raise WrongField("host", "a visitor is nobody's host")
        if wanted.gathering is not None and wanted.gathering not in directory.papers.gatherings:
            raise WrongField("gathering", "no such gathering")
        holder, plan = _as_holder(directory, wanted)
        plan.new_credentials.append(
            CredentialRow(
                pass_ref,
                holder,
                CredentialKind.QR,
                pass_value,
                CredentialState.ACTIVE,
                starts_at,
                wanted.ends_at,
                wanted.max_uses,
            )
        )
        document = wanted.visitor.document
        ahead = starts_at - now >= AHEAD
        visit = Visit(
            id,
            holder,
            wanted.kind,
            None if host is None else host.ref,
            zones,
            starts_at,
            wanted.ends_at,
            who.by,
            now,
            purpose=wanted.purpose,
            belongings=wanted.belongings,
            organisation=wanted.visitor.organisation,
            phone=wanted.visitor.phone,
            document_kind=document.kind.value,
            document_ending=document.ending,
            document_hash=document.hash,
            appointment=ahead and (who.is_host or who.is_officer),
            confirmed=True if who.is_host else None,
            confirmed_by=who.by if who.is_host else None,
            confirmed_at=now if who.is_host else None,
            plate=plate,
            gathering=wanted.gathering,
            passes=(pass_ref,),
        )
        more = {
            "kind": visit.kind.value,
            "host": visit.host,
            "zones": sorted(zones),
            "confirmed": bool(visit.confirmed),
            "appointment": visit.appointment,
        }
        return Step(visit, "registered", who.by, changes=(PeopleChanged(plan),), more=more)

    return Registered(await _done(site, work_out), pass_value)


# ---------------------------------------------------------------- the answers of others


async def answer(site: Site, id: str, confirmed: bool, by: str, *, hosts: bool, confirms_guardians: bool) -> Visit:
    """The host's word; for a guardian the class teacher's. Who registered a visit at the gate never gives it.

    Raises `NoSuchPermit`, `NotYours`, `NotPossible`, `LedgerUnavailable`.
    """

    def work_out(directory: Directory, now: datetime) -> Step:
        visit = find(directory, Visit, id)
        if not (confirms_guardians if visit.kind is HolderKind.GUARDIAN else hosts):
            raise NotYours("the class teacher answers" if hosts else "the host answers")
        if visit.registered_by == by and (confirmed or not visit.confirmed):
            raise NotYours("who registered a visit never answers as its host")
        if not confirmed and visit.state is VisitState.CHECKED_IN:
            raise NotPossible("inside", "the visitor is inside: check the visit out")
        state = visit.state if confirmed else VisitState.DECLINED
        moved = replace(visit, confirmed=confirmed, confirmed_by=by, confirmed_at=now, state=state, by_telephone=False)
        return Step(moved, "confirmed" if confirmed else "declined", by, changes=() if confirmed else _void(moved))

    return await _done(site, work_out)


async def confirm_by_telephone(site: Site, id: str, number_from_directory: bool, answered_by: str, by: str) -> Visit:
    """The host said yes on the telephone, under the number of the directory; the security office sees these listed.

    Raises `NoSuchPermit`, `NotPossible`, `LedgerUnavailable`.
    """

    def work_out(directory: Directory, now: datetime) -> Step:
        visit = find(directory, Visit, id)
        if not number_from_directory:
            raise NotPossible("directory_number", "only a call to the number in the directory counts")
        if visit.host is None:
            raise NotPossible("no_host", "this visit names no host")
        moved = replace(
            visit, confirmed=True, confirmed_by=by, confirmed_at=now, by_telephone=True, answered_by=answered_by
        )
        return Step(moved, "confirmed_by_telephone", by)

    return await _done(site, work_out)


async def consent(site: Site, id: str, by: str) -> Visit:
    """The responsible office consents. Raises `NoSuchPermit`, `NotPossible`, `LedgerUnavailable`."""

    def work_out(directory: Directory, now: datetime) -> Step:
        visit = find(directory, Visit, id)
        if not _is_asked(site, visit.kind, Need.CONSENT):
            raise NotPossible("not_asked", "nobody's consent is needed for this kind of visit")
        return Step(replace(visit, consent_by=by), "consented", by)

    return await _done(site, work_out)


async def approve_vehicle(site: Site, id: str, by: str) -> Visit:
    """The security office approves the vehicle that was asked for; its plate is a pass for the time of the visit.

    Raises `NoSuchPermit`, `NotPossible`, `LedgerUnavailable`.
    """
    ref = secrets.token_hex(16)

    def work_out(directory: Directory, now: datetime) -> Step:
        visit = find(directory, Visit, id)
        if visit.plate is None:
            raise NotPossible("no_vehicle", "no vehicle was asked for")
        if visit.vehicle_approved:
            raise NotPossible("approved_already", "it is approved")
        given, plate = give_plate(
            directory,
            now,
            plate=visit.plate,
            holder=visit.holder,
            ref=ref,
            not_before=visit.starts_at,
            not_after=visit.ends_at,
        )
        moved = replace(visit, vehicle_approved=True)
        if plate in directory.papers.vehicles:  # it has a pass of its own, which outlives the visit
            return Step(moved, "vehicle_approved", by, more={"vehicle": plate})
        moved = replace(moved, passes=(*visit.passes, plate))
        vehicle = Vehicle(plate, VehicleKind.VISITOR, holder=visit.holder)
        return Step(moved, "vehicle_approved", by, (vehicle,), given, more={"vehicle": plate})

    return await _done(site, work_out)


# ---------------------------------------------------------------- at the gate


async def check_in(site: Site, id: str, document_seen: bool, by: str) -> Visit:
    """The visitor is here, and the document was looked at. Refused if the rules would not let the visitor in even so.

    Raises `NoSuchPermit`, `NotPossible`, `LedgerUnavailable`.
    """

    def work_out(directory: Directory, now: datetime) -> Step:
        visit = find(directory, Visit, id)
        if visit.state is not VisitState.EXPECTED:
            raise NotPossible("inside", "the visit is checked in already")
        moved = replace(
            visit,
            document_seen=visit.document_seen or document_seen,
            state=VisitState.CHECKED_IN,
            checked_in_at=now,
        )
        if visit.starts_at > now:
            raise NotPossible("too_early", "the visit has not begun")
        if judge_visit(site, moved, now).outcome == "deny":
            raise NotPossible("refused", ", ".join(judge_visit(site, moved, now).needs))
        return Step(moved, "checked_in", by, more={"document_seen": moved.document_seen})

    return await _done(site, work_out)


async def check_out(site: Site, id: str, by: str) -> Visit:
    """The visitor has left; every pass of the visit is void. Raises `NoSuchPermit`, `LedgerUnavailable`."""

    def work_out(directory: Directory, now: datetime) -> Step:
        return checked_out(directory, find(directory, Visit, id), now, by)

    return await _done(site, work_out)


async def refuse(site: Site, id: str, reason: RefusalReason, by: str) -> Visit:
    """Sent away at the gate. Raises `NoSuchPermit`, `NotPossible`, `LedgerUnavailable`."""

    def work_out(directory: Directory, now: datetime) -> Step:
        visit = find(directory, Visit, id)
        if visit.state is VisitState.CHECKED_IN:
            raise NotPossible("inside", "the visitor is inside: check the visit out")
        moved = replace(visit, state=VisitState.REFUSED, refused_by=by, refusal=reason)
        return Step(moved, "refused", by, changes=_void(moved), more={"reason": reason.value})

    return await _done(site, work_out)


async def cancel(site: Site, id: str, by: str) -> Visit:
    """Called off before it began. Raises `NoSuchPermit`, `NotPossible`, `LedgerUnavailable`."""

    def work_out(directory: Directory, now: datetime) -> Step:
        visit = find(directory, Visit, id)
        if visit.state is VisitState.CHECKED_IN:
            raise NotPossible("inside", "the visitor is inside: check the visit out")
        moved = replace(visit, state=VisitState.CANCELLED)
        return Step(moved, "cancelled", by, changes=_void(moved))

    return await _done(site, work_out)


# ---------------------------------------------------------------- what the others are made of


def needs_host(site: Site, kind: HolderKind) -> bool:
    """True if the policy asks for a host's or teacher's word for this kind, at any level."""
    return _is_asked(site, kind, Need.HOST) or _is_asked(site, kind, Need.TEACHER)


def zones_behind_gates(site: Site) -> frozenset[str]:
    """Where a visit goes to if nobody says: what lies behind the pedestrian gates."""
    return frozenset(p.zone for p in site.campus.portals.values() if p.kind is PortalKind.GATE)


def needs_of(site: Site, visit: Visit) -> tuple[Reason, ...]:
    """What the rules still ask, in the order in which they settle a decision; nothing for a visit that is over."""
    return judge_visit(site, visit, site.clock.now()).needs if visit.is_live else ()


def _check(site: Site, wanted: Wanted) -> None:
    if wanted.kind not in VISITING:
        raise WrongField("kind", f"one of: {', '.join(sorted(VISITING))}")
    if wanted.host is None and needs_host(site, wanted.kind):
        raise WrongField("host", "somebody of the school has to answer for this kind of visit")
    check_zones(site, wanted.zones)


def _is_asked(site: Site, kind: HolderKind, need: Need) -> bool:
    return any(need in site.campus.policy.needs(Place.GATE, kind, level) for level in Level)


def _as_holder(directory: Directory, wanted: Wanted) -> tuple[str, Plan]:
    """The visitor as a holder: the one with this document, brought up to date, or a new one."""
    id, name = wanted.visitor.document.holder_id, wanted.visitor.name
    known = next((holder for holder in directory.holders.values() if holder.id == id), None)
    plan = Plan(directory.version)
    if known is None:
        ref = secrets.token_hex(16)
        plan.new_holders.append(HolderRow(ref, id, name, wanted.kind, (), None))
        return ref, plan
    if known.kind is not wanted.kind and directory.papers.visits.get(known.ref):
        raise NotPossible("other_kind", f"this person has an open visit as {known.kind.value}: end that one first")
    if (known.name, known.kind) != (name, wanted.kind):
        row = HolderRow(known.ref, id, name, wanted.kind, tuple(sorted(known.groups)), known.dormitory)
        plan.changed_holders.append(row)
    return known.ref, plan


def checked_out(directory: Directory, visit: Visit, now: datetime, by: str) -> Step:
    """The step that ends a visit: its passes and its vehicle's are void."""
    moved = replace(visit, state=VisitState.CHECKED_OUT, checked_out_at=now)
    vehicles = tuple(
        replace(directory.papers.vehicles[ref], removed_at=now)
        for ref in visit.passes
        if ref in directory.papers.vehicles
    )
    return Step(moved, "checked_out", by, vehicles, _void(moved))


def _void(visit: Visit) -> tuple[CredentialStateSet, ...]:
    """Its passes open nothing any more."""
    return tuple(CredentialStateSet(ref, CredentialState.REVOKED.value) for ref in visit.passes)


async def _done(site: Site, work_out: Callable[[Directory, datetime], Step]) -> Visit:
    done: Any = (await carry_out(site, work_out)).paper
    assert isinstance(done, Visit)
    return done
