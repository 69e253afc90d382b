"""What was written by hand while the gateway or the power was away is typed in afterwards.

Promises: every row says that it comes from paper, with the time that was written, the time of typing and who typed; the
same line sent twice (by the page's own key) is one. A visit becomes a visit, in and out as written, and opens nothing:
it has no pass, and no decision looks at it. It is a record of what was: who is kept from entering since is written down
all the same, and nobody who is known gets another name or kind. Whoever leaves by paper leaves no pass that opens.
Whoever went in or out is where the paper says, unless something newer is known. Names, plates and words stand in papers
and notes, never in a row.
Leaves to others: times of the present, which have their own acts (`visits`, `by_hand`).
"""

import hashlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from gateway.core.kinds import Direction, HolderKind, PresenceState
from gateway.core.nouns import Directory, Holder, Presence
from gateway.core.papers import Visit, VisitState
from gateway.flows import occupancy, visit_over
from gateway.flows.changes import NoteKept, PeopleChanged, PlateNoted, PresenceMoved
from gateway.flows.documents import Document, DocumentKind, read_document
from gateway.flows.gate_books import RESULTS
from gateway.flows.notes import note
from gateway.flows.people_import import Plan
from gateway.flows.permits import (
    WITHIN_S,
    NoSuchPermit,
    Step,
    ToldAlready,
    WrongField,
    carry_out,
    find,
    holder_of,
)
from gateway.flows.ports import Entry, Known, Unit
from gateway.flows.site import Site
from gateway.flows.vehicles import canonical_plate
from gateway.flows.visit_registration import VISITING, Visitor, as_holder, needs_host, zones_behind_gates

OLDEST = timedelta(days=31)
"""Older lines are a matter of the archive, not of the register."""
AHEAD = timedelta(minutes=2)
"""A watch at a gate may be fast by this."""
KINDS = ("visit", "entry", "exit", "vehicle", "call")
OVER = "this visit is over, or there is none"
ENDING = 4
"""Characters of a document that somebody wrote down instead of the whole number."""


@dataclass(frozen=True, slots=True)
class Line:
    """One line of the paper register, as typed. What a kind does not ask for stays empty."""

    key: str
    kind: str
    at: datetime
    left_at: datetime | None = None
    name: str = ""
    document_kind: str = ""
    document: str = ""
    """The number, or only its last four characters."""
    visitor_kind: str = HolderKind.VISITOR.value
    host: str | None = None
    purpose: str = ""
    organisation: str = ""
    badge: str = ""
    person: str | None = None
    """Whoever went in or out, by the school's own id; without it `name` is what was written."""
    visit: str | None = None
    """A visit that the gateway knew already."""
    plate: str = ""
    direction: str = "in"
    to: str = ""
    result: str = ""
    words: str = ""


@dataclass(frozen=True, slots=True)
class Typed:
    """What came of a line; `known`: it was typed in before."""

    key: str
    known: bool
    visit: str | None = None


async def type_in(site: Site, gate: str, line: Line, by: str) -> Typed:
    """One line. Raises `WrongField` (fields as they are called in `Line`), `LedgerUnavailable`."""
    _check_times(site, line)
    if _is_visits(line):
        return await _visit(site, gate, line, by)
    return await _other(site, gate, line, by)


async def check_all(site: Site, lines: Sequence[Line]) -> list[tuple[int, WrongField]]:
    """What is wrong with these lines, taken one after the other, by their number; nothing of a line that is known.

    Raises `LedgerUnavailable`.
    """
    keys = {number: _key(line) for number, line in enumerate(lines)}
    known = set(await site.archive.told(list(keys.values())))
    wrong, visits = [], dict[str, Visit]()
    for number, line in enumerate(lines):
        if keys[number] in known:
            continue
        known.add(keys[number])
        try:
            check(site, line)
            if _is_visits(line) and line.visit is not None:
                visits[line.visit] = _as_written(visits.get(line.visit) or _live(site.directory, line.visit), line)
        except WrongField as error:
            wrong.append((number, error))
    return wrong


def check(site: Site, line: Line) -> None:
    """All of a line that can be said before it is written. Raises `WrongField`."""
    _check_times(site, line)
    match line.kind:
        case "visit" if line.visit is None:
            _check_visitor(site, line)
        case "entry" | "exit" if line.visit is None:
            if line.person is None and not line.name.strip():
                raise WrongField("name", "say who it was: a name, or a number of the school")
            if line.person is not None:
                holder_of(site.directory, line.person, "person")
        case "vehicle":
            _plate(line)
        case "call":
            if line.to not in {one.id for one in site.campus.calls}:
                raise WrongField("to", "nobody on the call list has this id")
            if line.result not in RESULTS:
                raise WrongField("result", f"one of: {', '.join(sorted(RESULTS))}")


def visit_id_of(key: str) -> str:
    """The id of the visit that comes from a line with this key."""
    return hashlib.sha256(f"paper\n{key}".encode()).hexdigest()[:32]


# ---------------------------------------------------------------- visits


async def _visit(site: Site, gate: str, line: Line, by: str) -> Typed:
    check(site, line)
    work_out = _known_visit(site, gate, line, by) if line.visit is not None else _new_visit(site, gate, line, by)
    id = line.visit or visit_id_of(line.key)
    try:
        step = await carry_out(site, work_out)
    except ToldAlready:
        return Typed(line.key, True, id)
    except WrongField:
        if _key(line) in await site.archive.told([_key(line)]):  # it has moved on since, by this line
            return Typed(line.key, True, id)
        raise
    visit = step.paper
    assert isinstance(visit, Visit)
    _now_is(site, _moved(site, gate, visit.holder, visit.checked_out_at or line.at, visit.checked_out_at is None))
    return Typed(line.key, False, id)


def _new_visit(site: Site, gate: str, line: Line, by: str) -> Callable[[Directory, datetime], Step]:
    """A visit of which the gateway knew nothing."""
    id, document = visit_id_of(line.key), _document(site, line)
    plate = _plate(line) if line.plate.strip() else None
    kind = HolderKind(line.visitor_kind)

    def work_out(directory: Directory, now: datetime) -> Step:
        host = None if not line.host else _host(directory, line.host)
        known = directory.with_id(document.holder_id)
        if known is not None:
            holder, plan = known.ref, Plan(directory.version)
        else:
            holder, plan = as_holder(directory, Visitor(line.name.strip(), document, "", "", None), kind, now)
        visit = Visit(
            id,
            holder,
            kind,
            None if host is None else host.ref,
            zones_behind_gates(site),
            line.at,
            line.left_at or _end_of_day(site, line.at),
            by,
            now,
            state=VisitState.CHECKED_IN if line.left_at is None else VisitState.CHECKED_OUT,
            purpose=line.purpose,
            organisation=line.organisation,
            document_kind=document.kind.value if line.document.strip() else "",
            document_ending=document.ending,
            document_hash=document.hash if len(line.document.strip()) > ENDING else "",
            plate=plate,
            checked_in_at=line.at,
            checked_out_at=line.left_at,
            badge=line.badge,
            from_paper=True,
        )
        moved = _moved(site, gate, holder, line.left_at or line.at, line.left_at is None)
        row = _row(gate, line, now, by, {"visit": id, "holder": holder, "host": visit.host})
        return Step(
            visit, "from_paper", by, changes=(PeopleChanged(plan), *moved), entries=(row,), more=_MARK, key=_key(line)
        )  # fmt: skip

    return work_out


def _known_visit(site: Site, gate: str, line: Line, by: str) -> Callable[[Directory, datetime], Step]:
    """A visit that was registered before the power went: in, out, or both, as written."""

    def work_out(directory: Directory, now: datetime) -> Step:
        moved = _as_written(_live(directory, line.visit or ""), line)
        where = _moved(site, gate, moved.holder, moved.checked_out_at or line.at, moved.is_live)
        row = _row(gate, line, now, by, {"visit": moved.id, "holder": moved.holder})
        step = Step(moved, "from_paper", by, more=_MARK)
        if not moved.is_live:
            step = visit_over.ended(directory, moved, "from_paper", by, now, _MARK)
        return replace(step, changes=(*step.changes, *where), entries=(row,), key=_key(line))

    return work_out


def _live(directory: Directory, id: str) -> Visit:
    try:
        return find(directory, Visit, id)
    except NoSuchPermit:
        raise WrongField("visit", OVER) from None


def _as_written(visit: Visit, line: Line) -> Visit:
    """The visit with the times of the paper. Raises `WrongField`."""
    if not visit.is_live:
        raise WrongField("visit", OVER)
    out = line.at if line.kind == "exit" else line.left_at
    come = visit.checked_in_at or (line.at if line.kind == "visit" else None)
    if out is not None and come is not None and out < come:
        raise WrongField("at" if line.kind == "exit" else "left_at", "lies before the visit was checked in")
    return replace(
        visit,
        state=VisitState.CHECKED_OUT if out is not None else VisitState.CHECKED_IN,
        checked_in_at=come or out,
        checked_out_at=out,
        badge=line.badge or visit.badge,
    )


def _check_visitor(site: Site, line: Line) -> None:
    if not line.name.strip():
        raise WrongField("name", "say who came")
    kinds = {kind.value for kind in VISITING}
    if line.visitor_kind not in kinds:
        raise WrongField("visitor_kind", f"one of: {', '.join(sorted(kinds))}")
    if line.host:
        _host(site.directory, line.host)
    elif needs_host(site, HolderKind(line.visitor_kind)):
        raise WrongField("host", "somebody of the school has to answer for this kind of visit")
    _document(site, line)
    if line.plate.strip():
        _plate(line)


def _host(directory: Directory, id: str) -> Holder:
    """Who was visited, also if that person has left since. Raises `WrongField`."""
    host = holder_of(directory, id, "host")
    if host.kind in VISITING:
        raise WrongField("host", "a visitor is nobody's host")
    return host


def _document(site: Site, line: Line) -> Document:
    """What was written of the document. Four characters find nobody again, so that visitor is a new one."""
    number = line.document.strip()
    kind = line.document_kind or DocumentKind.OTHER.value
    if kind not in {one.value for one in DocumentKind}:
        raise WrongField("document_kind", f"one of: {', '.join(one.value for one in DocumentKind)}")
    if len(number) > ENDING:
        return read_document(site, DocumentKind(kind), number, "document")
    if number and not (len(number) == ENDING and number.isascii() and number.isalnum()):
        raise WrongField("document", f"the number, or its last {ENDING} letters and digits")
    return Document(DocumentKind(kind), number.upper(), site.archive.document_hash("paper", line.key))


# ---------------------------------------------------------------- everything else


async def _other(site: Site, gate: str, line: Line, by: str) -> Typed:
    check(site, line)
    now = site.clock.now()
    kept: tuple[NoteKept | PlateNoted | PresenceMoved, ...] = ()
    more: dict[str, str | None] = {}
    moved: tuple[PresenceMoved, ...] = ()
    words = note(" · ".join(filter(None, (line.name.strip() if line.person is None else "", line.words.strip()))), now)
    match line.kind:
        case "entry" | "exit":
            holder = None if line.person is None else holder_of(site.directory, line.person, "person").ref
            more = {"holder": holder, "direction": _direction(line)}
            moved = () if holder is None else _moved(site, gate, holder, line.at, line.kind == "entry")
        case "vehicle":
            plate = PlateNoted(visit_id_of(line.key)[:16], _plate(line), line.at)
            more, kept = {"plate": plate.ref, "direction": line.direction}, (plate,)
        case _:
            more = {"to": line.to, "result": line.result}
    row = _row(gate, line, now, by, more | {"note": words.ref}, _key(line))
    result = await site.ledger.commit(Unit((row,), (*words.changes, *kept, *moved)), WITHIN_S)
    if isinstance(result, Known):
        return Typed(line.key, True)
    _now_is(site, moved)
    return Typed(line.key, False)


_MARK = {"from_paper": True}


def _is_visits(line: Line) -> bool:
    """True if it is filed as a visit, or moves one on."""
    return line.kind == "visit" or (line.kind == "exit" and line.visit is not None)


def _key(line: Line) -> str:
    """The ledger's key of this line, so that it is typed in once."""
    return f"pv:{line.key}" if _is_visits(line) else f"p:{line.key}"


def _row(gate: str, line: Line, now: datetime, by: str, more: dict[str, str | None], key: str | None = None) -> Entry:
    """The row of a line: when it was written on paper, and when and by whom it was typed."""
    body = {"from_paper": True, "entry": line.kind, "gate": gate, "written_at": line.at, "left_at": line.left_at}
    return Entry("paper_entry", now, body | {"by": by} | more, key)


def _plate(line: Line) -> str:
    """A plate as it is kept; what nobody could read off a plate is a slip of the keyboard."""
    plate = canonical_plate(line.plate, "plate")
    if not all(letter.isalnum() or letter == "-" for letter in plate):
        raise WrongField("plate", "letters and digits, as they stand on the plate")
    return plate


def _direction(line: Line) -> str:
    return Direction.IN.value if line.kind == "entry" else Direction.OUT.value


def _check_times(site: Site, line: Line) -> None:
    now = site.clock.now()
    for field, at in (("at", line.at), ("left_at", line.left_at)):
        if at is not None and at > now + AHEAD:
            raise WrongField(field, "is not past yet")
        if at is not None and now - at > OLDEST:
            raise WrongField(field, f"at most {OLDEST.days} days ago")
    if line.left_at is not None and line.left_at < line.at:
        raise WrongField("left_at", "lies before at")


def _moved(site: Site, gate: str, holder: str, at: datetime, is_in: bool) -> tuple[PresenceMoved, ...]:
    """Where the paper says that somebody is; nothing if something newer is known."""
    known = site.presence.get(holder)
    portal = next((one for one in site.campus.portals.values() if one.gate == gate), None)
    if portal is None or (known is not None and known.since >= at):
        return ()
    state = PresenceState.INSIDE if is_in else PresenceState.OUTSIDE
    return (PresenceMoved(holder, portal.zone if is_in else portal.outside, state.value, at),)


def _now_is(site: Site, moved: tuple[PresenceMoved, ...]) -> None:
    for one in moved:
        occupancy.put(site, one.holder, Presence(one.zone, PresenceState(one.state), one.since))


def _end_of_day(site: Site, at: datetime) -> datetime:
    local = at.astimezone(site.campus.timezone).replace(hour=0, minute=0, second=0, microsecond=0)
    return (local + timedelta(days=1)).astimezone(at.tzinfo)
