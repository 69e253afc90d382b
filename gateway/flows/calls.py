"""A guard calls for somebody by the list: whom next, who answered, who did not.

Promises: each attempt is a row before it counts; after one that nobody answered the next of the list stands there at
once; what is under way survives a reload and a restart. Rows name entries of the list, never a number or a person: who
answered is a note. Leaves to others: dialling (the guard does), the host's number (the directory, recorded).
"""

import secrets
from typing import Any

from gateway.core.nouns import CallLine
from gateway.flows.gate_books import CALLING, NOBODY, OVER_AFTER, About, Attempt, Calling, is_running
from gateway.flows.notes import note
from gateway.flows.permits import WrongField
from gateway.flows.ports import Entry, Unit, timed_key
from gateway.flows.site import Site
from gateway.flows.told import as_time

HOST = "host"
KEY = "call:"


def lines_for(site: Site, about: About) -> tuple[CallLine, ...]:
    """The list as it is for this matter: the host is on it only where there is a visit."""
    return tuple(line for line in site.campus.calls if line.id != HOST or about.kind == "visit")


async def running(site: Site, gate: str, about: About | None) -> Calling | None:
    """The round under way at a gate about this; without `about`, the newest one."""
    await _load(site)
    now = site.clock.now()
    if about is None:
        return site.calls.newest(gate, now)
    found = site.calls.rounds.get((gate, about))
    return found if found is not None and is_running(found, now) else None


async def running_at(site: Site, gate: str) -> int:
    """How many rounds are under way at a gate."""
    await _load(site)
    now = site.clock.now()
    return sum(1 for (at, _), one in site.calls.rounds.items() if at == gate and is_running(one, now))


async def record(
    site: Site, gate: str, to: str, result: str, by: str, about: About = NOBODY, who_answered: str = "", key: str = ""
) -> Calling:
    """Somebody was called, or is being called. Raises `WrongField`, `LedgerUnavailable`."""
    await _load(site)
    if to not in {line.id for line in site.campus.calls}:
        raise WrongField("to", "nobody on the call list has this id")
    if to == HOST and about.kind != "visit":
        raise WrongField("to", "a host is called about a visit")
    now = site.clock.now()
    before = site.calls.rounds.get((gate, about))
    if before is not None and key and any(attempt.key == key for attempt in before.attempts):
        return before  # the same touch twice
    going_on = before is not None and is_running(before, now)
    id = before.id if before is not None and going_on else secrets.token_hex(8)
    said = note(who_answered, now)
    body = {
        "round": id,
        "gate": gate,
        "to": to,
        "result": result,
        "about": about.kind or None,
        "of": about.id or None,
        "by": by,
        "note": said.ref,
        "touch": key or None,
    }
    entry = Entry("called", now, body, timed_key(KEY, now, f"{id}:{secrets.token_hex(4)}"))
    await site.ledger.commit(Unit((entry,), said.changes), site.rules.record_within_s)
    # Another touch may have gone on with it while this one was written.
    calling = site.calls.rounds.get((gate, about))
    if calling is None or calling.id != id:
        calling = site.calls.rounds[gate, about] = Calling(id, gate, about, now)
    calling.attempts.append(Attempt(to, result, now, key))
    site.feed.publish(as_event(site, calling))
    return calling


def as_event(site: Site, calling: Calling) -> dict[str, Any]:
    """A round as the screens show it."""
    return {"type": "call", **as_told(site, calling)}


def as_told(site: Site, calling: Calling) -> dict[str, Any]:
    """A round in plain values."""
    last = calling.attempts[-1] if calling.attempts else None
    return {
        "id": calling.id,
        "gate": calling.gate,
        "about": {"kind": calling.about.kind, "id": calling.about.id} if calling.about.kind else None,
        "since": calling.since,
        "next": calling.next_of(lines_for(site, calling.about)),
        "calling_since": last.at if last is not None and last.result == CALLING else None,
        "over": calling.is_over,
        "attempts": [{"to": one.to, "result": one.result, "at": one.at} for one in calling.attempts],
    }


async def _load(site: Site) -> None:
    """After a restart: rounds that were under way."""
    if site.calls.is_loaded:
        return
    rows = await site.archive.timed(KEY, site.clock.now() - OVER_AFTER)
    if site.calls.is_loaded:
        return  # somebody else asked meanwhile
    for row in rows:
        about = About(row["about"] or "", row["of"] or "")
        known = site.calls.rounds.get((row["gate"], about))
        if known is None or known.id != row["round"]:
            known = site.calls.rounds[row["gate"], about] = Calling(row["round"], row["gate"], about, row["at"])
        known.attempts.append(Attempt(row["to"], row["result"], as_time(row["at"]), row["touch"] or ""))
    site.calls.is_loaded = True
