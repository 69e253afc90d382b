"""Standing passes of contractors and suppliers: given, changed, revoked, with their code, vehicles and essential mark.

Promises: person, code, plates, list entry and pass are one commit; revoked, all of it is refused at the next tap. A
pass stands for a permission within its hours and lifts nothing that a level asks beside that. Leaves to others: what it
opens (`core.needs`), ending on time (`put_away`).
"""

import secrets
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Any

from gateway.core.kinds import CredentialKind, CredentialState, HolderKind, PortalKind
from gateway.core.nouns import Directory
from gateway.core.papers import Essential, Paper, StandingPass, Vehicle, VehicleKind
from gateway.core.windows import Window
from gateway.flows import pass_watch
from gateway.flows.changes import CredentialStateSet, PeopleChanged
from gateway.flows.people_import import CredentialRow, Plan
from gateway.flows.permits import NotPossible, Step, WrongField, carry_out, check_times, find, holder_of, new_id
from gateway.flows.site import Site
from gateway.flows.vehicles import canonical_plate, give_plate
from gateway.flows.visit_registration import Visitor, as_holder, host_of

AT_MOST = timedelta(days=366)
KINDS = (HolderKind.CONTRACTOR, HolderKind.SUPPLIER)
GATES = (PortalKind.GATE, PortalKind.VEHICLE_GATE)


@dataclass(frozen=True, slots=True)
class Wanted:
    """A pass to be given: to somebody known by the school's id, or to a person with a document."""

    kind: HolderKind
    portals: frozenset[str]
    starts_at: datetime
    ends_at: datetime
    holder: str | None = None
    person: Visitor | None = None
    windows: tuple[Window, ...] | None = None
    organisation: str = ""
    unit: str = ""
    host: str | None = None
    plates: tuple[str, ...] = ()
    essential: bool = False


@dataclass(frozen=True, slots=True)
class Change:
    """What of a pass is to be another; None leaves it. `any_hour`: no windows any more."""

    portals: frozenset[str] | None = None
    ends_at: datetime | None = None
    windows: tuple[Window, ...] | None = None
    any_hour: bool = False
    unit: str | None = None
    host: str | None = None


@dataclass(frozen=True, slots=True)
class Given:
    """A pass, and the value of its code."""

    paper: StandingPass
    value: str = field(repr=False)


async def give(site: Site, wanted: Wanted, by: str) -> Given:
    """Give a pass. Raises `WrongField`, `NotPossible`, `LedgerUnavailable`."""
    _check_gates(site, wanted.portals)
    if wanted.kind not in KINDS:
        raise WrongField("kind", "contractor or supplier")
    if (wanted.holder is None) == (wanted.person is None):
        raise WrongField("holder", "either a holder or a person")
    plates = tuple(canonical_plate(plate, f"plates[{number}]") for number, plate in enumerate(wanted.plates))
    id, ref, value = new_id(), secrets.token_hex(16), pass_watch.new_value(site)
    plate_refs = tuple(secrets.token_hex(16) for _ in plates)

    def work_out(directory: Directory, now: datetime) -> Step:
        check_times(wanted.starts_at, wanted.ends_at, now, AT_MOST)
        holder, plan = _holder(directory, wanted, now)
        plan.new_credentials.append(
            CredentialRow(
                ref, holder, CredentialKind.QR, value, CredentialState.ACTIVE, wanted.starts_at, wanted.ends_at
            )
        )
        changes: list[Any] = [PeopleChanged(plan)]
        beside: list[Paper] = []
        passes = [ref]
        for plate, new_ref in zip(plates, plate_refs, strict=True):
            given, credential = give_plate(
                directory,
                now,
                plate=plate,
                holder=holder,
                ref=new_ref,
                not_before=wanted.starts_at,
                not_after=wanted.ends_at,
            )
            changes += given
            passes.append(credential)
            if credential not in directory.papers.vehicles:
                beside.append(Vehicle(credential, VehicleKind.REGISTERED, holder=holder))
        if wanted.essential:
            listed = directory.papers.essential
            beside += [Essential(one, by, now) for one in (holder, *passes[1:]) if one not in listed]
        document = None if wanted.person is None else wanted.person.document
        paper = StandingPass(
            id,
            holder,
            wanted.portals,
            wanted.starts_at,
            wanted.ends_at,
            by,
            now,
            wanted.windows,
            wanted.organisation,
            wanted.unit,
            None if wanted.host is None else host_of(site.campus, directory, wanted.host, wanted.kind).ref,
            tuple(passes),
            "" if document is None else document.kind.value,
            "" if document is None else document.ending,
            "" if document is None else document.hash,
        )
        more = {"kind": wanted.kind.value, "portals": sorted(wanted.portals), "host": paper.host}
        return Step(paper, "given", by, tuple(beside), tuple(changes), more=more)

    return Given(await _done(site, work_out), value)


async def change(site: Site, id: str, wanted: Change, by: str) -> StandingPass:
    """Other hours, portals, an other end. Raises `NoSuchPermit`, `WrongField`, `LedgerUnavailable`."""
    if wanted.portals is not None:
        _check_gates(site, wanted.portals)

    def work_out(directory: Directory, now: datetime) -> Step:
        paper = find(directory, StandingPass, id)
        kind = directory.holders[paper.holder].kind
        ends_at = wanted.ends_at or paper.ends_at
        check_times(paper.starts_at, ends_at, now, AT_MOST)
        moved = replace(
            paper,
            portals=paper.portals if wanted.portals is None else wanted.portals,
            ends_at=ends_at,
            windows=None if wanted.any_hour else (wanted.windows or paper.windows),
            unit=paper.unit if wanted.unit is None else wanted.unit,
            host=paper.host if wanted.host is None else host_of(site.campus, directory, wanted.host, kind).ref,
        )
        changes = () if ends_at == paper.ends_at else (PeopleChanged(_with_end(directory, paper, ends_at)),)
        return Step(moved, "changed", by, changes=changes, more={"portals": sorted(moved.portals)})

    return await _done(site, work_out)


async def revoke(site: Site, id: str, by: str) -> StandingPass:
    """Void at the next tap, with its code and vehicles. Raises `NoSuchPermit`, `LedgerUnavailable`."""

    def work_out(directory: Directory, now: datetime) -> Step:
        paper = find(directory, StandingPass, id)
        return ended(directory, replace(paper, revoked_at=now, revoked_by=by), "revoked", by, now)

    return await _done(site, work_out)


def ended(directory: Directory, paper: StandingPass, name: str, by: str, now: datetime) -> Step:
    """The step that ends a pass: its code and plates are void, its vehicles and list entries gone."""
    papers = directory.papers
    vehicles = [papers.vehicles[ref] for ref in paper.passes if ref in papers.vehicles]
    beside: list[Paper] = [replace(vehicle, removed_at=now) for vehicle in vehicles]
    others = [one for one in papers.standing.get(paper.holder, ()) if one.id != paper.id]
    for ref in (paper.holder, *paper.passes):
        listed = papers.by_id.get(f"{Essential.paper.value}:{ref}")
        if isinstance(listed, Essential) and (ref != paper.holder or not others):
            beside.append(replace(listed, removed_at=now))
    void = tuple(CredentialStateSet(ref, CredentialState.REVOKED.value) for ref in paper.passes)
    return Step(paper, name, by, tuple(beside), void)


def value_of(directory: Directory, paper: StandingPass) -> str | None:
    """The code of a pass, for whoever prints it again."""
    return next((one.value for one in directory.credentials_of(paper.passes) if one.kind is CredentialKind.QR), None)


def _holder(directory: Directory, wanted: Wanted, now: datetime) -> tuple[str, Plan]:
    if wanted.person is not None:
        return as_holder(directory, wanted.person, wanted.kind, now)
    holder = holder_of(directory, wanted.holder or "", "holder")
    if holder.kind is not wanted.kind:
        raise WrongField("holder", f"this person is registered as {holder.kind.value}")
    if holder.suspended:
        raise NotPossible("suspended", "this person is suspended")
    return holder.ref, Plan(directory.version)


def _with_end(directory: Directory, paper: StandingPass, ends_at: datetime) -> Plan:
    plan = Plan(directory.version)
    for one in directory.credentials_of(paper.passes):
        if one.state is CredentialState.ACTIVE:
            row = (one.ref, one.holder, one.kind, one.value, one.state, one.not_before, ends_at, one.max_uses)
            plan.changed_credentials.append(CredentialRow(*row))
    return plan


def _check_gates(site: Site, portals: frozenset[str]) -> None:
    """A standing pass leads through gates; whoever is named for a door inside is named in the configuration."""
    if not portals:
        raise WrongField("portals", "at least one gate")
    for number, name in enumerate(sorted(portals)):
        portal = site.campus.portals.get(name)
        if portal is None or portal.kind not in GATES:
            raise WrongField(f"portals[{number}]", "no such gate")


async def _done(site: Site, work_out: Any) -> StandingPass:
    done = (await carry_out(site, work_out)).paper
    assert isinstance(done, StandingPass)
    return done
