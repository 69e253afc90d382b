"""One registered stay of one visitor: answered by the host, judged at the gate, checked in and out.

A QR pass is made for each visit, and is void when it is checked out. What a visit still lacks is what the rules say it
lacks: nothing here decides anew. Of two people who act on one visit the second hears what the first one did.
Leaves to others: how it comes to be (`visit_registration`), what falls with its end (`visit_over`), the host's word
(`host_answers`), passages (`visit_passages`), the end of the day.
"""

import secrets
from collections.abc import Callable
from dataclasses import replace
from datetime import datetime
from typing import Any

from gateway.core.kinds import Direction, PortalKind
from gateway.core.nouns import Directory
from gateway.core.papers import Belonging, BelongingOutcome, RefusalReason, Vehicle, VehicleKind, Visit, VisitState
from gateway.core.policy import Need
from gateway.core.reasons import Reason
from gateway.flows import visit_over
from gateway.flows.judging import judge_visit
from gateway.flows.permits import NotPossible, Step, carry_out, find
from gateway.flows.site import Site
from gateway.flows.vehicles import give_plate
from gateway.flows.visit_registration import (
    VISITING,
    Registered,
    Registrar,
    Visitor,
    Wanted,
    check_belongings,
    is_asked,
    needs_host,
    prohibited_in_words,
    register,
    zones_behind_gates,
)

__all__ = [
    "VISITING",
    "Registered",
    "Registrar",
    "Visitor",
    "Wanted",
    "approve_vehicle",
    "cancel",
    "check_in",
    "check_out",
    "checked_out",
    "consent",
    "declare",
    "needs_host",
    "needs_of",
    "refuse",
    "register",
    "zones_behind_gates",
]


# ---------------------------------------------------------------- the answers of others


async def consent(site: Site, id: str, by: str) -> Visit:
    """The responsible office consents. Raises `NoSuchPermit`, `NotPossible`, `LedgerUnavailable`."""

    def work_out(directory: Directory, now: datetime) -> Step:
        visit = find(directory, Visit, id)
        if not is_asked(site, visit.kind, Need.CONSENT):
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


async def check_in(site: Site, id: str, document_seen: bool, by: str, gate: str | None = None) -> Visit:
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
            portal=_way_in(site, gate) or visit.portal,
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


async def declare(site: Site, id: str, belongings: tuple[Belonging, ...], by: str) -> Visit:
    """What the visitor carries, as the guard now knows it. Who will not part with something prohibited is sent away.

    Raises `WrongField`, `NoSuchPermit`, `NotPossible`, `LedgerUnavailable`.
    """
    check_belongings(belongings)
    sent_away = any(one.outcome is BelongingOutcome.REFUSED for one in belongings)

    def work_out(directory: Directory, now: datetime) -> Step:
        visit = find(directory, Visit, id)
        moved = replace(visit, belongings=belongings)
        more: dict[str, Any] = {"belongings": prohibited_in_words(moved)}
        if not sent_away:
            return Step(moved, "declared", by, more=more)
        if visit.state is VisitState.CHECKED_IN:
            raise NotPossible("inside", "the visitor is inside: check the visit out")
        moved = replace(moved, state=VisitState.REFUSED, refused_by=by, refusal=RefusalReason.BELONGINGS)
        more |= {"reason": RefusalReason.BELONGINGS.value}
        return visit_over.ended(directory, moved, "refused", by, now, more)

    return await _done(site, work_out)


async def refuse(site: Site, id: str, reason: RefusalReason, by: str) -> Visit:
    """Sent away at the gate. Raises `NoSuchPermit`, `NotPossible`, `LedgerUnavailable`."""

    def work_out(directory: Directory, now: datetime) -> Step:
        visit = find(directory, Visit, id)
        if visit.state is VisitState.CHECKED_IN:
            raise NotPossible("inside", "the visitor is inside: check the visit out")
        moved = replace(visit, state=VisitState.REFUSED, refused_by=by, refusal=reason)
        return visit_over.ended(directory, moved, "refused", by, now, {"reason": reason.value})

    return await _done(site, work_out)


async def cancel(site: Site, id: str, by: str) -> Visit:
    """Called off before it began. Raises `NoSuchPermit`, `NotPossible`, `LedgerUnavailable`."""

    def work_out(directory: Directory, now: datetime) -> Step:
        visit = find(directory, Visit, id)
        if visit.state is VisitState.CHECKED_IN:
            raise NotPossible("inside", "the visitor is inside: check the visit out")
        moved = replace(visit, state=VisitState.CANCELLED)
        return visit_over.ended(directory, moved, "cancelled", by, now)

    return await _done(site, work_out)


def _way_in(site: Site, gate: str | None) -> str | None:
    """The pedestrian way in of a gate."""
    for portal in site.campus.portals.values():
        leads_in = portal.kind is PortalKind.GATE and Direction.IN in portal.directions
        if gate is not None and gate in (portal.gate, portal.id) and leads_in:
            return portal.id
    return None


# ---------------------------------------------------------------- what the others are made of


def needs_of(site: Site, visit: Visit) -> tuple[Reason, ...]:
    """What the rules still ask, in the order in which they settle a decision; nothing for a visit that is over."""
    return judge_visit(site, visit, site.clock.now()).needs if visit.is_live else ()


def checked_out(directory: Directory, visit: Visit, now: datetime, by: str) -> Step:
    """The step by which a visitor has left."""
    moved = replace(visit, state=VisitState.CHECKED_OUT, checked_out_at=now)
    return visit_over.ended(directory, moved, "checked_out", by, now)


async def _done(site: Site, work_out: Callable[[Directory, datetime], Step]) -> Visit:
    done: Any = (await carry_out(site, work_out)).paper
    assert isinstance(done, Visit)
    return done
