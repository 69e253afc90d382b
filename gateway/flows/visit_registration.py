"""A visit is registered: the visitor becomes a holder, a pass is made, and what was declared is written down.

Promises: the same key again is the same visit with the same pass, whether the two requests race, come days apart or
have a crash of the gateway between them; another registration under that key is refused and changes nothing. Whoever
comes with something prohibited is sent away or leaves it behind before there is a pass. Who is kept from entering is
told whom to call, and nothing else.
Leaves to others: what the visit still needs (`judging`), the answers and the gate (`visits`).
"""

import hashlib
import json
import secrets
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Any

from gateway.core.kinds import CredentialKind, CredentialState, HolderKind, Level, PortalKind
from gateway.core.nouns import Campus, Directory, Holder
from gateway.core.papers import (
    Belonging,
    BelongingKind,
    BelongingOutcome,
    Member,
    PaperKind,
    RefusalReason,
    Visit,
    VisitState,
)
from gateway.core.policy import Need, Place
from gateway.flows import pass_watch
from gateway.flows.changes import PeopleChanged
from gateway.flows.documents import Document
from gateway.flows.finding import may_host
from gateway.flows.people_import import CredentialRow, HolderRow, Plan
from gateway.flows.permits import (
    NotPossible,
    Step,
    ToldAlready,
    WrongField,
    carry_out,
    check_times,
    check_zones,
    holder_of,
    new_id,
    row_of,
)
from gateway.flows.site import Site
from gateway.flows.vehicles import canonical_plate
from gateway.flows.visitor_ids import visitor_id

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
KEPT_OUT = "entry is refused: call the security office"
"""Whom to call, and not more: neither the act nor until when is the guard's business."""


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
    belongings: tuple[Belonging, ...] = ()
    gathering: str | None = None
    max_uses: int | None = None
    members: tuple[Member, ...] = ()
    """Everybody of a group, the visitor (its leader) first."""


@dataclass(frozen=True, slots=True)
class Registrar:
    """Who registers. A host who invites has thereby confirmed; who sits at the gate has not."""

    by: str
    is_host: bool = False
    is_officer: bool = False


@dataclass(frozen=True, slots=True)
class Registered:
    """A visit, and the value of its pass, for whoever registered it; none for who was sent away."""

    visit: Visit
    pass_value: str | None = field(repr=False)


async def register(site: Site, wanted: Wanted, who: Registrar, key: str | None = None) -> Registered:
    """Register a visit. Raises `WrongField`, `NotPossible`, `LedgerUnavailable`.

    `key`: random, made by whoever asks. The same again under the same key is the visit that there is, as it is now.
    """
    id = new_id() if key is None else id_of(key)
    mark = "" if key is None else _hash_of(site, wanted)
    if key is not None and (known := await _known(site, id, mark)) is not None:
        return known
    _check(site, wanted)
    zones = wanted.zones or zones_behind_gates(site)
    pass_ref, pass_value = secrets.token_hex(16), pass_watch.new_value(site)
    plate = None if wanted.visitor.plate is None else canonical_plate(wanted.visitor.plate, "visitor.plate")
    sent_away = any(one.outcome is BelongingOutcome.REFUSED for one in wanted.belongings)

    def work_out(directory: Directory, now: datetime) -> Step:
        starts_at = min(wanted.starts_at, now) if wanted.starts_at - now < BEGINS_NOW else wanted.starts_at
        check_times(starts_at, wanted.ends_at, now, AT_MOST)
        host = None if wanted.host is None else host_of(site.campus, directory, wanted.host, wanted.kind)
        if wanted.gathering is not None and wanted.gathering not in directory.papers.gatherings:
            raise WrongField("gathering", "no such gathering")
        holder, plan = as_holder(directory, wanted.visitor, wanted.kind, now)
        if any(kept_out(directory, wanted.members, now)):
            raise NotPossible("entry_banned", KEPT_OUT)
        if not sent_away:
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
            passes=() if sent_away else (pass_ref,),
            members=wanted.members,
            request_hash=mark,
        )
        step = Step(
            visit,
            "registered",
            who.by,
            changes=(PeopleChanged(plan),),
            more=_for_the_ledger(visit),
            key=None if key is None else f"v:{id}",
        )
        return _refused_at_once(step, visit, who.by, now) if sent_away else step

    try:
        made: Any = (await carry_out(site, work_out)).paper
    except ToldAlready:
        # Somebody else was faster with the same key, or the answer of the first time was lost.
        await site.refresh_directory()
        known = await _known(site, id, mark)
        if known is None:
            raise NotPossible("key_used", "this key belongs to a registration that has been erased since") from None
        return known
    assert isinstance(made, Visit)
    return Registered(made, None if sent_away else pass_value)


def id_of(key: str) -> str:
    """The id of the visit that is registered under this key."""
    return hashlib.sha256(f"visit\n{key}".encode()).hexdigest()[:32]


def pass_value_of(directory: Directory, visit: Visit) -> str | None:
    """The value of the visit's QR pass, whether it still opens anything or not."""
    return next((one.value for one in directory.credentials_of(visit.passes) if one.kind is CredentialKind.QR), None)


async def _known(site: Site, id: str, mark: str) -> Registered | None:
    """The visit that was registered under this key. Raises `NotPossible` if it was another registration."""
    visit = await site.archive.paper(PaperKind.VISIT, id)
    if not isinstance(visit, Visit):
        return None
    if visit.request_hash != mark:
        raise NotPossible("key_used", f"this key belongs to another registration: visit {id}")
    return Registered(visit, pass_value_of(site.directory, visit))


def _hash_of(site: Site, wanted: Wanted) -> str:
    """A keyed hash of all that was sent, so that nothing of it can be read or guessed from it."""
    visitor = wanted.visitor
    told = (
        (visitor.name, visitor.document.hash, visitor.phone, visitor.organisation, visitor.plate),
        (wanted.kind, wanted.host, wanted.purpose, sorted(wanted.zones), wanted.gathering, wanted.max_uses),
        (wanted.starts_at.isoformat(), wanted.ends_at.isoformat()),
        [(one.what, one.kind, one.outcome) for one in wanted.belongings],
        [(one.name, one.document_hash) for one in wanted.members],
    )
    return site.archive.document_hash("registration", json.dumps(told))


def _for_the_ledger(visit: Visit) -> dict[str, Any]:
    """Closed words and references; what somebody carries is named only by its kind, where that is prohibited."""
    more: dict[str, Any] = {
        "kind": visit.kind.value,
        "host": visit.host,
        "zones": sorted(visit.zones),
        "confirmed": bool(visit.confirmed),
        "appointment": visit.appointment,
    }
    if visit.members:
        more |= {"people": len(visit.members)}
    prohibited = prohibited_in_words(visit)
    return more | {"belongings": prohibited} if prohibited else more


def prohibited_in_words(visit: Visit) -> list[dict[str, str]]:
    """What is prohibited of the belongings, and what became of it, for the ledger."""
    return [{"kind": one.kind.value, "outcome": one.outcome.value} for one in visit.declared if one.kind.is_prohibited]


def _refused_at_once(step: Step, visit: Visit, by: str, now: datetime) -> Step:
    """Who would not part with something prohibited is registered and sent away in one."""
    refused = replace(visit, state=VisitState.REFUSED, refused_by=by, refusal=RefusalReason.BELONGINGS)
    row = row_of(Step(refused, "refused", by, more={"reason": RefusalReason.BELONGINGS.value}), now)
    return replace(step, paper=refused, entries=(row,))


# ---------------------------------------------------------------- what may be registered


def needs_host(site: Site, kind: HolderKind) -> bool:
    """True if the policy asks for a host's or teacher's word for this kind, at any level."""
    return is_asked(site, kind, Need.HOST) or is_asked(site, kind, Need.TEACHER)


def zones_behind_gates(site: Site) -> frozenset[str]:
    """Where a visit goes to if nobody says: what lies behind the pedestrian gates."""
    return frozenset(p.zone for p in site.campus.portals.values() if p.kind is PortalKind.GATE)


def is_asked(site: Site, kind: HolderKind, need: Need) -> bool:
    """True if the policy asks this of the kind at a gate, at any level."""
    return any(need in site.campus.policy.needs(Place.GATE, kind, level) for level in Level)


def _check(site: Site, wanted: Wanted) -> None:
    if wanted.kind not in VISITING:
        raise WrongField("kind", f"one of: {', '.join(sorted(VISITING))}")
    if wanted.host is None and needs_host(site, wanted.kind):
        raise WrongField("host", "somebody of the school has to answer for this kind of visit")
    check_zones(site, wanted.zones)
    check_belongings(wanted.belongings)


def check_belongings(belongings: Sequence[Belonging]) -> None:
    """What is prohibited does not come in. Raises `WrongField`."""
    for number, one in enumerate(belongings):
        if one.kind.is_prohibited and one.outcome is BelongingOutcome.CARRIED:
            outcomes = ", ".join(some for some in BelongingOutcome if some is not BelongingOutcome.CARRIED)
            raise WrongField(f"belongings[{number}].outcome", f"this is prohibited on the campus: {outcomes}")
        if one.kind is BelongingKind.NONE and one.outcome is BelongingOutcome.HANDED_TO_POLICE:
            raise WrongField(f"belongings[{number}].kind", "say what kind of prohibited thing it is")


def host_of(campus: Campus, directory: Directory, id: str, kind: HolderKind) -> Holder:
    """The person of the school who is visited by somebody of this kind. Raises `WrongField`."""
    host = holder_of(directory, id, "host")
    if host.kind in VISITING:
        raise WrongField("host", "a visitor is nobody's host")
    if host.suspended:
        raise WrongField("host", "this person has left or is suspended: choose another host")
    if not may_host(campus, host, kind):
        raise WrongField("host", "this person is no host for this kind of visit: choose somebody of the staff")
    return host


def as_holder(directory: Directory, visitor: Visitor, kind: HolderKind, now: datetime) -> tuple[str, Plan]:
    """The visitor as a holder: the one with this document, brought up to date, or a new one. Raises `NotPossible`."""
    id, name = visitor.document.holder_id, visitor.name
    known = directory.with_id(id)
    plan = Plan(directory.version)
    if known is None:
        ref = secrets.token_hex(16)
        plan.new_holders.append(HolderRow(ref, id, name, kind, (), None))
        return ref, plan
    if is_banned(directory, known.ref, now):
        raise NotPossible("entry_banned", KEPT_OUT)
    papers = directory.papers
    if known.kind is not kind and (papers.visits.get(known.ref) or papers.standing.get(known.ref)):
        told = f"this person has an open visit or a standing pass as {known.kind.value}: end that one first"
        raise NotPossible("other_kind", told)
    if (known.name, known.kind) != (name, kind):
        row = HolderRow(known.ref, id, name, kind, tuple(sorted(known.groups)), known.dormitory)
        plan.changed_holders.append(row)
    return known.ref, plan


def kept_out(directory: Directory, members: Sequence[Member], now: datetime) -> Iterator[Holder]:
    """Those of a group who may not come in, as far as their documents are on the list."""
    for one in members:
        known = directory.with_id(visitor_id(one.document_hash)) if one.document_hash else None
        if known is not None and (known.suspended or is_banned(directory, known.ref, now)):
            yield known


def is_banned(directory: Directory, holder: str, now: datetime) -> bool:
    """True while an entry ban that counts is in force."""
    return any(ban.counts and ban.starts_at <= now < ban.ends_at for ban in directory.papers.bans.get(holder, ()))
