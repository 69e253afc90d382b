"""Records leave the house as a table: asked for with a reason, with many rows approved by a second person, recorded.

Promises: who asked, why, for what and how many rows is in the ledger before the table is, and each fetching of it is a
row of its own; more than `ALONE` rows within a day, in however many pieces, need another person's approval; nobody but
who asked fetches it, and only for a day. The table is made when it is fetched and kept nowhere. Names come from the
directory of the moment: an erased person stays nameless. Leaves to others: the file's format (`web`), who may (`web`).
"""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

from gateway.core.nouns import Directory
from gateway.core.papers import Export, ExportFormat, ExportWhat, PaperKind
from gateway.flows import reading
from gateway.flows.permits import NotPossible, NotYours, Step, WrongField, carry_out, find, new_id
from gateway.flows.ports import Entry, Unit
from gateway.flows.site import Site

ALONE = 100
"""So many rows somebody takes within `FETCHED_WITHIN` without a second person."""
ROWS_AT_MOST = 50_000
EXPORTS_AT_MOST = 10_000
"""Of a day, that are looked at."""
FETCHED_WITHIN = timedelta(hours=24)
LONGEST = timedelta(days=366)
WITHIN_S = 5.0

COLUMNS: Mapping[ExportWhat, tuple[str, ...]] = {
    ExportWhat.VISITS: (
        "id",
        "kind",
        "state",
        "starts_at",
        "ends_at",
        "checked_in_at",
        "checked_out_at",
        "visitor",
        "organisation",
        "host",
        "purpose",
        "document_kind",
        "document_ending",
        "plate",
    ),
    ExportWhat.PASSAGES: ("seq", "at", "portal", "direction", "person_id", "person"),
    ExportWhat.DECISIONS: (
        "seq",
        "at",
        "portal",
        "direction",
        "device",
        "outcome",
        "reason",
        "level",
        "credential_kind",
        "person_id",
        "person",
    ),
    ExportWhat.ALARMS: (
        *("id", "condition", "place", "priority", "state", "count"),
        *("opened_at", "acknowledged_at", "closed_at", "disposal_code", "disposal"),
    ),
}


async def ask(
    site: Site, what: ExportWhat, since: datetime, until: datetime, reason: str, format: ExportFormat, by: str
) -> Export:
    """Ask for an export. Raises `WrongField`, `LedgerUnavailable`."""
    if until <= since:
        raise WrongField("to", "must be after from")
    if until - since > LONGEST:
        raise WrongField("to", f"at most {LONGEST.days} days after from")
    if not reason.strip():
        raise WrongField("reason", "say what it is for")
    rows = await site.archive.count_exported(what, since, until, ROWS_AT_MOST + 1)
    if rows > ROWS_AT_MOST:
        raise WrongField("to", f"these are more than {ROWS_AT_MOST} rows: choose a shorter time")
    id = new_id()
    since_then = site.clock.now() - FETCHED_WITHIN
    told = await site.archive.papers(PaperKind.EXPORT, starts_from=since_then, limit=EXPORTS_AT_MOST)
    before = [paper for paper in told if isinstance(paper, Export)]

    def work_out(directory: Directory, now: datetime) -> Step:
        second = rows + _taken_alone([*before, *_open(directory)], by, now) > ALONE
        ends_at = now + FETCHED_WITHIN
        export = Export(id, what, format, since, until, reason.strip(), rows, by, now, second, ends_at)
        more = {"what": what.value, "from": since, "to": until, "rows": rows, "second": second}
        return Step(export, "asked", by, more=more)

    return await _done(site, work_out)


async def approve(site: Site, id: str, by: str) -> Export:
    """The second person agrees. Raises `NoSuchPermit`, `NotYours`, `NotPossible`, `LedgerUnavailable`."""

    def work_out(directory: Directory, now: datetime) -> Step:
        export = find(directory, Export, id)
        if export.requested_by == by:
            raise NotYours("who asks for an export does not approve it")
        if not export.needs_second or export.approved_by is not None:
            raise NotPossible("approved_already", "it needs no approval any more")
        return Step(replace(export, approved_by=by, approved_at=now), "approved", by, more={"rows": export.rows})

    return await _done(site, work_out)


async def refuse(site: Site, id: str, by: str) -> Export:
    """The second person does not agree, or who asked takes it back. Raises `NoSuchPermit`, `LedgerUnavailable`."""

    def work_out(directory: Directory, now: datetime) -> Step:
        return Step(replace(find(directory, Export, id), refused_by=by, ends_at=now), "refused", by)

    return await _done(site, work_out)


async def fetch(site: Site, id: str, by: str) -> tuple[Export, list[list[Any]]]:
    """The table: a row of column names, then the rows. Recorded first.

    Raises `NoSuchPermit`, `NotYours`, `NotPossible`, `LedgerUnavailable`.
    """
    export = find(site.directory, Export, id)
    if export.requested_by != by:
        raise NotYours("who asked for an export fetches it")
    if not export.may_be_fetched:
        said = f"more than {ALONE} rows within a day: a second person has to approve it first"
        raise NotPossible("second_person", said)
    if export.ends_at <= site.clock.now():
        raise NotPossible("over", "its day is over: ask again")
    # What came in since it was approved is not in it: nobody agreed to that.
    found = await site.archive.exported(export.what, export.since, export.until, export.rows)
    body = {"export": id, "what": export.what.value, "rows": len(found), "by": by}
    await site.ledger.commit(Unit((Entry("exported", site.clock.now(), body),)), WITHIN_S)
    columns = COLUMNS[export.what]
    named = [_named(site, export.what, row) for row in found]
    return export, [list(columns), *([row.get(column) for column in columns] for row in named)]


def open_exports(site: Site) -> list[Export]:
    """Those that wait for a second person or can be fetched, the newest first."""
    return sorted(_open(site.directory), key=lambda export: (export.requested_at, export.id), reverse=True)


def _open(directory: Directory) -> list[Export]:
    return [paper for paper in directory.papers.by_id.values() if isinstance(paper, Export)]


def _taken_alone(exports: Iterable[Export], by: str, now: datetime) -> int:
    """The rows that nobody else was asked for, of the last day; also of what was taken back since: it was fetched."""
    asked = {
        export.id: export.rows
        for export in exports
        if export.requested_by == by and not export.needs_second and now - export.requested_at < FETCHED_WITHIN
    }
    return sum(asked.values())


def _named(site: Site, what: ExportWhat, row: Mapping[str, Any]) -> dict[str, Any]:
    if what is ExportWhat.ALARMS:
        return dict(row)
    holder = site.directory.holders.get(row.get("holder") or "")
    if what is ExportWhat.VISITS:
        host = site.directory.holders.get(row.get("host") or "")
        names = {"visitor": "" if holder is None else holder.name, "host": "" if host is None else host.name}
        return {**row, **names}
    portal = site.campus.portals.get(row.get("portal") or "")
    if what is ExportWhat.PASSAGES and portal is not None:
        row = {**row, "direction": "in" if row["zone"] == portal.zone else "out"}
    if holder is None or reading.is_nameless(site, row["at"]):
        return dict(row)
    return {**row, "person_id": holder.id, "person": holder.name}


async def _done(site: Site, work_out: Callable[[Directory, datetime], Step]) -> Export:
    paper = (await carry_out(site, work_out)).paper
    assert isinstance(paper, Export)
    return paper
