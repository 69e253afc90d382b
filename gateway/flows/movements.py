"""Somebody looks one person up: who it is, where they were seen last, which way they went. Only with a reason.

Promises: the reason (a closed code) and a reference to the words beside it are in the ledger before anything is
answered, with who asked and about whom; with the ledger away there is no answer. What happened so long ago that nobody
is named in it any more is not looked for at all. Leaves to others: who may ask (`web`), reading the ledger (`Records`).
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from gateway.core.kinds import HolderKind, PresenceState
from gateway.core.looking_up import Why, span
from gateway.core.nouns import Holder, Presence
from gateway.flows import notes, reading
from gateway.flows.ports import Entry, Unit
from gateway.flows.reading import HeldCredential, LedgerRow, Records
from gateway.flows.site import Site
from gateway.flows.told import as_time

MOVEMENTS = ("decision", "presence")
"""The kinds of rows that say where somebody was: what was answered to them, and that they went through."""
AT_MOST = 100
"""Rows of one answer; a little more where many lie close together."""


@dataclass(frozen=True, slots=True)
class Enquiry:
    """Why somebody looks, and for which case: `words` are kept as a note that retention erases."""

    why: Why
    words: str


@dataclass(frozen=True, slots=True)
class Whereabouts:
    """One person: what they hold, and where they were last seen; None: never, or it is erased."""

    holder: Holder
    credentials: Sequence[HeldCredential]
    presence: Presence | None


@dataclass(frozen=True, slots=True)
class Step:
    """One moment of a person's way: what a door answered (`decision`, as the live feed tells it), or that they went
    through (`zone` and `state` are where they were from then on)."""

    seq: int
    at: datetime
    portal: str | None
    decision: dict[str, Any] | None = None
    zone: str | None = None
    state: str | None = None


@dataclass(frozen=True, slots=True)
class Way:
    """The steps, the newest first; `next` is up to when to ask for those before, None if there are no more."""

    holder: Holder
    since: datetime
    until: datetime
    steps: Sequence[Step]
    next: datetime | None


@dataclass(frozen=True, slots=True)
class Within:
    """Some of those who are in a zone or deeper, by their ids; `next` is the last one's id if there are more."""

    at: datetime
    surely: int
    perhaps: int
    people: Sequence[tuple[Holder, Presence]]
    next: str | None


class NoSuchZone(LookupError):
    """No zone of that name in which people are counted."""


class NoSuchPerson(LookupError):
    """Nobody of that id."""


async def find(site: Site, by: str, enquiry: Enquiry, text: str, limit: int) -> Sequence[Holder]:
    """Whom the words may mean. What was typed is kept nowhere. Raises `LedgerUnavailable`."""
    found = await site.finder.search(site.directory, text, tuple(HolderKind), limit)
    await note(site, by, "people_found", len(found), enquiry)
    return found


async def whereabouts(site: Site, records: Records, by: str, enquiry: Enquiry, id: str) -> Whereabouts:
    """One person and where they were last seen. Raises `NoSuchPerson`, `LedgerUnavailable`, `RecordsAway`."""
    holder = _holder(site, id)
    await note(site, by, "whereabouts", 1, enquiry, holder.ref)
    return Whereabouts(holder, await records.credentials(holder.ref), site.presence.get(holder.ref))


async def way(
    site: Site,
    records: Records,
    by: str,
    enquiry: Enquiry,
    id: str,
    since: datetime | None,
    until: datetime | None,
) -> Way:
    """Which way somebody went, the newest first. Raises `NoSuchPerson`, `BadSpan`, `LedgerUnavailable`,
    `RecordsAway`."""
    holder, now = _holder(site, id), site.clock.now()
    begin, end = span(since, until, now, timedelta(days=site.rules.retention.passages_days))
    rows, next_until = await records.about(MOVEMENTS, holder.ref, begin, end, AT_MOST)
    await note(site, by, "movements", len(rows), enquiry, holder.ref)
    answers = await reading.answers_to(records, [row for row in rows if row.kind == "decision"])
    steps = [
        Step(row.seq, row.at, row.body["portal"], reading.as_event(site, row, answers))
        if row.kind == "decision"
        else _passage(row)
        for row in rows
    ]
    return Way(holder, begin, end, steps, next_until)


async def within(site: Site, by: str, enquiry: Enquiry, zone: str, after: str, limit: int) -> Within:
    """Who is in a zone or deeper, and who may be. Raises `NoSuchZone`, `LedgerUnavailable`."""
    wanted = site.campus.zones.get(zone)
    if wanted is None or wanted.parent is None:
        raise NoSuchZone(zone)
    inner = {id for id in site.campus.zones if zone in site.campus.around(id)}
    surely, perhaps, found = 0, 0, []
    for ref, seen in site.presence.items():
        if seen.state is PresenceState.OUTSIDE or seen.zone not in inner:
            continue
        holder = site.directory.holders.get(ref)
        if holder is None:
            continue
        surely += seen.state is PresenceState.INSIDE
        perhaps += seen.state is PresenceState.UNCERTAIN
        if holder.id > after:
            found.append((holder, seen))
    found.sort(key=lambda one: one[0].id)
    shown = found[:limit]
    await note(site, by, "inside", len(shown), enquiry, zone=zone)
    more = shown[-1][0].id if len(found) > limit else None
    return Within(site.clock.now(), surely, perhaps, shown, more)


async def note(
    site: Site, by: str, what: str, count: int, enquiry: Enquiry, about: str | None = None, **more: str
) -> None:
    """Record that `by` looks and why. Raises `LedgerUnavailable`."""
    now = site.clock.now()
    kept = notes.note(enquiry.words, now)
    body: dict[str, Any] = {"user": by, "what": what, "count": count, "why": enquiry.why.value, "note": kept.ref}
    body |= more
    if about is not None:
        body["holder"] = about
    await site.ledger.commit(Unit((Entry("record_read", now, body),), kept.changes), reading.RECORD_WITHIN_S)


# ---------------------------------------------------------------- who looked whom up


@dataclass(frozen=True, slots=True)
class Look:
    """One time that somebody looked: `why` and `words` where a reason was asked for; `about` by reference."""

    seq: int
    at: datetime
    by: str
    what: str
    count: int
    about: str | None
    why: str | None
    words: str | None
    """None: nothing was typed, or it is erased."""


async def looks(
    site: Site, records: Records, by: str, only_with_reason: bool, before: int | None, limit: int
) -> tuple[Sequence[Look], int | None]:
    """Who looked up what, the newest first; that is recorded too. Raises `LedgerUnavailable`, `RecordsAway`."""
    rows, more = await records.newest(
        "record_read", before, limit, None, None, lambda body: not only_with_reason or "why" in body
    )
    await reading.note(site, by, "reads", len(rows))
    found = []
    for row in rows:
        body, ref = row.body, row.body.get("note")
        words = await site.archive.note(ref) if ref is not None else None
        about = None if reading.is_nameless(site, row.at) else body.get("holder")
        found.append(Look(row.seq, row.at, body["user"], body["what"], body["count"], about, body.get("why"), words))
    return found, more


def _passage(row: LedgerRow) -> Step:
    body = row.body
    return Step(row.seq, as_time(row.at), body.get("portal"), None, body["zone"], body["state"])


def _holder(site: Site, id: str) -> Holder:
    holder = site.directory.with_id(id)
    if holder is None:
        raise NoSuchPerson(id)
    return holder
