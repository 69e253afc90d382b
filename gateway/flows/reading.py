"""Somebody at a page reads about people: answered, and recorded who read what and how much.

Promises: every answer that names people leaves a `record_read` in the ledger first (by reference, with a count); with
the ledger away there is no answer. What comes from the ledger gets its names here, from the directory of the moment, so
that a person who was erased stays nameless. Leaves to others: who may ask (`web`), SQL (`Records`, the store's side).
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Protocol

from gateway.core.kinds import Outcome
from gateway.core.nouns import Holder
from gateway.flows import told, waiting
from gateway.flows.open_alarms import Alarm
from gateway.flows.ports import Entry, Unit
from gateway.flows.site import Site

RECORD_WITHIN_S = 2.0


@dataclass(frozen=True, slots=True)
class HeldCredential:
    """A card, pass or plate as people see it: never its value, but the last four characters."""

    ref: str
    kind: str
    ending: str
    state: str
    not_before: datetime | None
    not_after: datetime | None


@dataclass(frozen=True, slots=True)
class LedgerRow:
    """One record as it stands."""

    seq: int
    at: datetime
    kind: str
    key: str | None
    body: dict[str, Any]
    hash: str


@dataclass(frozen=True, slots=True)
class PastAlarm:
    """One alarm as the database has it, closed or not: `code` is what it turned out to be, `words` what was typed."""

    alarm: Alarm
    closed_at: datetime | None
    code: str | None
    words: str | None


@dataclass(frozen=True, slots=True)
class Page:
    """Some rows, and where to go on; `next` is None at the end."""

    rows: Sequence[Any]
    next: str | None


Wanted = Callable[[dict[str, Any]], bool]


class Records(Protocol):
    """The store's answers. Each raises `RecordsAway` while the database is."""

    async def people(self, kind: str | None, after: str, limit: int) -> Sequence[Holder]: ...
    async def person(self, id: str) -> Holder | None: ...
    async def credentials(self, holder: str) -> Sequence[HeldCredential]: ...
    async def has_credential(self, ref: str) -> bool: ...
    async def rows(self, after: int, limit: int) -> Sequence[LedgerRow]: ...
    async def newest(
        self, kind: str, before: int | None, limit: int, since: datetime | None, until: datetime | None, wanted: Wanted
    ) -> tuple[Sequence[LedgerRow], int | None]: ...
    async def span(
        self,
        kinds: tuple[str, ...],
        prefixes: tuple[str, ...],
        since: datetime,
        until: datetime | None,
        after: int,
        limit: int,
        wanted: Wanted,
    ) -> tuple[list[LedgerRow], int | None]: ...
    async def row(self, seq: int) -> LedgerRow | None: ...
    async def about(
        self, kinds: Sequence[str], holder: str, since: datetime, until: datetime, limit: int
    ) -> tuple[Sequence[LedgerRow], datetime | None]: ...
    async def told(self, keys: Sequence[str]) -> Mapping[str, dict[str, Any]]: ...
    async def alarms(self, state: str | None, limit: int) -> Sequence[PastAlarm]: ...
    async def alarm(self, id: str) -> PastAlarm | None: ...
    async def keyed(self, prefix: str, limit: int) -> Sequence[LedgerRow]: ...


class RecordsAway(Exception):
    """Nothing can be looked up just now."""


@dataclass(frozen=True, slots=True)
class Filter:
    """Which decisions somebody wants to see; None means any."""

    portal: str | None = None
    device: str | None = None
    direction: str | None = None
    outcome: str | None = None
    reason: str | None = None
    since: datetime | None = None
    until: datetime | None = None

    def fits(self, body: dict[str, Any]) -> bool:
        """True if a decision's record is wanted; the time is the query's business."""
        return all(
            wanted is None or body.get(name) == wanted
            for name, wanted in (
                ("portal", self.portal),
                ("device", self.device),
                ("direction", self.direction),
                ("outcome", self.outcome),
                ("reason", self.reason),
            )
        )


async def people(site: Site, records: Records, by: str, kind: str | None, after: str, limit: int) -> Page:
    """Holders in the order of their ids."""
    found = list(await records.people(kind, after, limit + 1))
    rows, more = found[:limit], len(found) > limit
    await note(site, by, "people", len(rows))
    return Page(rows, rows[-1].id if more else None)


async def person(site: Site, records: Records, by: str, id: str) -> tuple[Holder, Sequence[HeldCredential]] | None:
    """One holder with what they hold."""
    found = await records.person(id)
    if found is None:
        return None
    await note(site, by, "person", 1, found.ref)
    return found, await records.credentials(found.ref)


async def decisions(
    site: Site, records: Records, by: str, wanted: Filter, before: int | None, limit: int, what: str = "decisions"
) -> Page:
    """Decisions, the newest first, each as the live feed tells them."""
    rows, next_before = await records.newest("decision", before, limit, wanted.since, wanted.until, wanted.fits)
    await note(site, by, what, len(rows))
    answers = await answers_to(records, rows)
    return Page([as_event(site, row, answers) for row in rows], None if next_before is None else str(next_before))


async def decision(site: Site, records: Records, by: str, seq: int) -> dict[str, Any] | None:
    """One decision with its trace."""
    row = await records.row(seq)
    if row is None or row.kind != "decision":
        return None
    await note(site, by, "decision", 1, row.body.get("holder"))
    return as_event(site, row, await answers_to(records, [row]))


async def ledger(site: Site, records: Records, by: str, after: int, limit: int) -> Page:
    """The ledger's own rows, oldest first; they name nobody, but who read them is recorded all the same."""
    rows = await records.rows(after, limit)
    await note(site, by, "ledger", len(rows))
    return Page(rows, str(rows[-1].seq) if len(rows) == limit else None)


async def note(site: Site, by: str, what: str, count: int, about: str | None = None) -> None:
    """Record that `by` reads `count` of `what`, about one person if so. Raises `LedgerUnavailable`."""
    body: dict[str, Any] = {"user": by, "what": what, "count": count}
    if about is not None:
        body["holder"] = about
    entry = Entry("record_read", site.clock.now(), body)
    await site.ledger.commit(Unit((entry,)), RECORD_WITHIN_S)


def as_event(site: Site, row: LedgerRow, answers: Mapping[str, dict[str, Any]]) -> dict[str, Any]:
    """A decision's record in the words of the live feed, with the holder's name of today.

    `answers`: what became of those that waited, by the key of the answer's record.
    """
    body = row.body
    answer = answers.get(_answer_key(body))
    trace = [{"rule": rule, "verdict": verdict, "reason": reason} for rule, verdict, reason in body.get("trace", ())]
    notices = [part["reason"] for part in trace if part["reason"] not in (None, body["reason"])]
    return {
        "type": "decision",
        "id": f"{body['device']}:{body['tap']}",
        "seq": row.seq,
        "at": row.at,
        "portal": body["portal"],
        "direction": body["direction"],
        "device": body["device"],
        "outcome": body["outcome"],
        "reason": body["reason"],
        "holder": None if is_nameless(site, row.at) else told.person(site, body.get("holder")),
        "credential": body.get("credential_kind"),
        "level": body["level"],
        "trace": trace,
        "notices": notices,
        "answer": None if answer is None else {"outcome": answer["outcome"], "reason": answer["reason"]},
    }


def is_nameless(site: Site, at: datetime) -> bool:
    """True for what happened so long ago that nobody is named in it any more, whether they are still here or not."""
    return at < site.clock.now() - timedelta(days=site.rules.retention.passages_days)


async def answers_to(records: Records, rows: Sequence[LedgerRow]) -> Mapping[str, dict[str, Any]]:
    """What became of those decisions that waited, by the key of the answer's record."""
    keys = [_answer_key(row.body) for row in rows if row.body["outcome"] == Outcome.WAIT.value]
    return await records.told(keys) if keys else {}


def _answer_key(body: dict[str, Any]) -> str:
    return waiting.wait_key(body["device"], body["tap"])
