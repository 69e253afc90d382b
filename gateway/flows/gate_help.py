"""A guard needs help: at once and in silence, or somebody to stand in for five minutes.

Promises: a silent call acts first and is written after: the control room sees it whatever the ledger does, and nothing
at the gate shows or sounds. A wish for relief has an end: answered, done, or told once more when nobody has answered.
Leaves to others: who may see a silent alarm (`web`), the alarm itself (`alarms`).
"""

import asyncio
import contextlib
import secrets
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

from gateway.flows import alarms
from gateway.flows.gate_books import COMING, DONE, WANTED, Relief
from gateway.flows.permits import NoSuchPermit, NotPossible
from gateway.flows.ports import Entry, LedgerUnavailable, Unit, timed_key
from gateway.flows.site import Site

SAME_CALL_S = 30.0
"""Pressed again within this time it is the same call: a hand in need presses more than once."""
WRITTEN_WITHIN_S = 1.0
"""So long the answer waits for the disk; with or without it, the control room has heard the call."""
KEY = "relief:"
KEPT = timedelta(hours=2)
"""A wish for relief that nobody ended by then is over: the shift has changed."""


async def panic(site: Site, gate: str, by: str) -> None:
    """Somebody at this gate calls for help and must not be seen to. Never fails because of the ledger."""
    now = site.clock.monotonic()
    if now - site.help.called_at.get(gate, -1e9) < SAME_CALL_S:
        return
    site.help.called_at[gate] = now
    known = site.alarms.by_id.get(site.alarms.by_cause.get((alarms.GUARD_PANIC, gate), ""))
    if known is not None and known.state == "acknowledged":
        # Who has seen the last call has not seen this one.
        site.alarms.put(replace(known, state="returned"))
    raised = alarms.show(site, alarms.GUARD_PANIC, gate)
    at = site.clock.now()
    pressed = Entry("guard_panic", at, {"gate": gate, "by": by, "alarm": raised.alarm.id})
    written = alarms.hand_over(site, Unit((*raised.rows, pressed), raised.changes))
    await asyncio.wait({written}, timeout=WRITTEN_WITHIN_S)


async def ask_relief(site: Site, gate: str, minutes: int, by: str) -> Relief:
    """Somebody is alone and wants to be stood in for. Asked again while it is open, it is the same wish.

    Raises `LedgerUnavailable`.
    """
    await _load(site)
    known = open_at(site, gate)
    if known is not None:
        return known
    now = site.clock.now()
    relief = Relief(secrets.token_hex(8), gate, by, now, now + timedelta(minutes=minutes))
    await _step(site, relief, by)
    local = relief.until.astimezone(site.campus.timezone)
    await alarms.raise_alarm(site, alarms.RELIEF_WANTED, gate, f"until {local:%H:%M}")
    return relief


async def coming(site: Site, id: str, by: str) -> Relief:
    """The control room has heard it and sends somebody. Raises `NoSuchPermit`, `NotPossible`, `LedgerUnavailable`."""
    await _load(site)
    known = _find(site, id)
    if known.state == COMING:
        return known
    if known.by == by:
        raise NotPossible("own_wish", "somebody else has to come")
    return await _step(site, replace(known, state=COMING), by)


async def relieved(site: Site, id: str, by: str) -> Relief:
    """Somebody is there, or it is not needed any more. Raises `NoSuchPermit`, `LedgerUnavailable`."""
    await _load(site)
    known = await _step(site, replace(_find(site, id), state=DONE), by)
    await _clear(site, known.gate)
    return known


async def look_for_unanswered(site: Site) -> None:
    """What nobody has answered in time is told once more, as a warning; what is long over is forgotten."""
    if not site.help.is_loaded:
        with contextlib.suppress(LedgerUnavailable):
            await _load(site)
    now = site.clock.now()
    for relief in list(site.help.reliefs.values()):
        if now - relief.since > KEPT:
            del site.help.reliefs[relief.id]
            await _clear(site, relief.gate)
        elif relief.state == WANTED and now >= relief.until and not relief.told_again:
            site.help.reliefs[relief.id] = replace(relief, told_again=True)
            await alarms.raise_alarm(site, alarms.RELIEF_UNANSWERED, relief.gate)


async def open_reliefs(site: Site) -> list[Relief]:
    """All wishes that are open, the oldest first."""
    await _load(site)
    return sorted(site.help.reliefs.values(), key=lambda one: one.since)


def open_at(site: Site, gate: str) -> Relief | None:
    """The wish that is open at a gate."""
    return next((one for one in site.help.reliefs.values() if one.gate == gate), None)


def as_told(relief: Relief) -> dict[str, Any]:
    """A wish as the screens show it."""
    return {
        "id": relief.id,
        "gate": relief.gate,
        "state": relief.state,
        "since": relief.since,
        "until": relief.until,
        "told_again": relief.told_again,
    }


async def _step(site: Site, relief: Relief, by: str) -> Relief:
    now = site.clock.now()
    body = {
        "relief": relief.id,
        "gate": relief.gate,
        "state": relief.state,
        "asked_by": relief.by,
        "since": relief.since,
        "until": relief.until,
        "by": by,
    }
    entry = Entry("relief", now, body, timed_key(KEY, now, f"{relief.id}:{relief.state}"))
    await site.ledger.commit(Unit((entry,)), site.rules.record_within_s)
    if relief.state == DONE:
        site.help.reliefs.pop(relief.id, None)
    else:
        site.help.reliefs[relief.id] = relief
    site.feed.publish({"type": "relief", **as_told(relief)})
    return relief


async def _clear(site: Site, gate: str) -> None:
    await alarms.clear_alarm(site, alarms.RELIEF_WANTED, gate)
    await alarms.clear_alarm(site, alarms.RELIEF_UNANSWERED, gate)


def _find(site: Site, id: str) -> Relief:
    known = site.help.reliefs.get(id)
    if known is None:
        raise NoSuchPermit("relief")
    return known


async def _load(site: Site) -> None:
    """After a restart: wishes that were open."""
    if site.help.is_loaded:
        return
    rows = await site.archive.timed(KEY, site.clock.now() - KEPT)
    if site.help.is_loaded:
        return
    for row in rows:
        since, until = datetime.fromisoformat(row["since"]), datetime.fromisoformat(row["until"])
        relief = Relief(row["relief"], row["gate"], row["asked_by"], since, until, row["state"])
        if relief.state == DONE:
            site.help.reliefs.pop(relief.id, None)
        else:
            # What was told once more before the restart is not told a third time.
            again = (alarms.RELIEF_UNANSWERED, relief.gate) in site.alarms.by_cause
            site.help.reliefs[relief.id] = replace(relief, told_again=again)
    site.help.is_loaded = True
