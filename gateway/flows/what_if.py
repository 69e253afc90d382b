"""Somebody asks what would be decided: for one person now or then, or for all past taps under another level or policy.

Promises: nothing is opened and nothing is recorded as a passage; who asked about whom is recorded first, like every
look at people. Leaves to others: who may ask (`web`), reading past taps (`Records`, the store's side).
"""

import asyncio
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any

from gateway.core.decide import decide
from gateway.core.kinds import CredentialKind, Direction, Level, Outcome
from gateway.core.nouns import Decision, Holder, Request, World
from gateway.core.papers import PaperKind
from gateway.core.policy import Policy
from gateway.core.reasons import ABOUT_THE_CREDENTIAL, Reason
from gateway.core.what_if import MADE_UP, PastTap, Replay, Replayed, at_level, shown_by, under_policy, without_presence
from gateway.flows.ports import Entry, Unit
from gateway.flows.reading import RECORD_WITHIN_S, Records
from gateway.flows.site import Site

PORTION = 2_000
"""Taps that are read and decided at a time: a few hundredths of a second each."""
VISITS_AT_MOST = 100_000
SPAN_AT_MOST = timedelta(days=92)


class BadQuestion(ValueError):
    """The question cannot be asked like this; `field` says what is wrong, the text why."""

    def __init__(self, field: str, message: str) -> None:
        super().__init__(message)
        self.field = field


@dataclass(frozen=True, slots=True)
class Question:
    """Would somebody get through `portal`? One of `holder` (an id) and `credential` (kind, value) says who."""

    portal: str
    direction: Direction
    holder: str | None = None
    credential: tuple[CredentialKind, str] | None = None
    at: datetime | None = None
    level: Level | None = None
    policy: Policy | None = None


@dataclass(frozen=True, slots=True)
class Simulated:
    """The decision, and what it rests on."""

    at: datetime
    decision: Decision
    holder: Holder | None
    made_up_card: bool


def simulate(world: World, question: Question, now: datetime) -> Simulated:
    """The decision that would be made. Raises `BadQuestion`."""
    if question.portal not in world.campus.portals:
        raise BadQuestion("portal", f"there is no portal {question.portal!r}; {_listed(world.campus.portals)}")
    at = question.at or now
    if question.at is not None:
        world = without_presence(replace(world, emergencies=(), fires=frozenset(), trusted_until=None))
    if question.policy is not None:
        world = under_policy(world, question.policy)
    if question.level is not None:
        world = at_level(world, question.level)
    made_up = False
    if question.holder is not None:
        who = world.directory.with_id(question.holder)
        if who is None:
            raise BadQuestion("holder", f"nobody has the id {question.holder!r}")
        kind, value, world, made_up = shown_by(world, who, question.portal)
    elif question.credential is not None:
        kind, value = question.credential
    else:
        raise BadQuestion("holder", "say who: a holder or a credential")
    decision = decide(Request(question.portal, question.direction, kind, value), world, at)
    if decision.credential == MADE_UP:
        decision = replace(decision, credential=None)
    holder = None if decision.holder is None else world.directory.holders.get(decision.holder)
    return Simulated(at, decision, holder, made_up)


async def asked(site: Site, question: Question, by: str) -> Simulated:
    """The same, recorded first. Raises `BadQuestion`, `LedgerUnavailable`."""
    found = simulate(site.world, question, site.clock.now())
    await site.ledger.commit(Unit((simulated_entry(found, question, by, site.clock.now()),)), RECORD_WITHIN_S)
    return found


def simulated_entry(found: Simulated, question: Question, by: str, now: datetime) -> Entry:
    """What the ledger gets to know of a question."""
    body = {
        "user": by,
        "what": "simulation",
        "count": 1,
        "holder": found.decision.holder,
        "portal": question.portal,
        "level": None if question.level is None else int(question.level),
    }
    return Entry("record_read", now, body)


def replayed_entry(result: Replayed, since: datetime, until: datetime, by: str, now: datetime) -> Entry:
    """What the ledger gets to know of a replay."""
    body = {
        "user": by,
        "what": "replay",
        "count": result.taps,
        "since": since.isoformat(),
        "until": until.isoformat(),
    }
    return Entry("record_read", now, body)


async def replay(
    site: Site,
    records: Records,
    by: str,
    since: datetime,
    until: datetime,
    level: Level | None,
    policy: Policy | None,
) -> Replayed:
    """What another level or policy would have changed for the taps of [since, until).

    Raises `BadQuestion`, `LedgerUnavailable`, `RecordsAway`.
    """
    check_span(since, until, level, policy)
    past = await site.archive.papers(PaperKind.VISIT, live=False, limit=VISITS_AT_MOST)
    running = await asyncio.to_thread(Replay, site.world, level=level, policy=policy, past=past)
    before: int | None = None
    while True:
        rows, before = await records.newest("decision", before, PORTION, since, until, lambda _: True)
        taps = list(past_taps((row.at, row.body) for row in rows))
        await asyncio.to_thread(running.take, taps)
        if before is None:
            break
    result = running.result
    await site.ledger.commit(Unit((replayed_entry(result, since, until, by, site.clock.now()),)), RECORD_WITHIN_S)
    return result


def check_span(since: datetime, until: datetime, level: Level | None, policy: Policy | None) -> None:
    """Raises `BadQuestion` for a span or a comparison that makes no sense."""
    if until <= since:
        raise BadQuestion("to", "the end lies before the beginning")
    if until - since > SPAN_AT_MOST:
        raise BadQuestion("to", f"at most {SPAN_AT_MOST.days} days at a time")
    if (level is None) == (policy is None):
        raise BadQuestion("level", "say what to compare with: a level or a policy, one of the two")


def past_taps(rows: Iterable[tuple[datetime, Mapping[str, Any]]]) -> Iterator[PastTap]:
    """Decisions as they stand in the ledger, as taps; those of another shape are left out."""
    for at, body in rows:
        kind = body.get("credential_kind")
        if kind is None or body.get("portal") is None:
            continue
        reasons = {reason for _, _, reason in body.get("trace", ())}
        yield PastTap(
            at=at,
            portal=body["portal"],
            direction=Direction(body["direction"]),
            kind=CredentialKind(kind),
            holder=body.get("holder"),
            credential=body.get("credential"),
            level=Level(body.get("level") or Level.L3),
            outcome=Outcome(body["outcome"]),
            reason=body["reason"],
            card_at_fault=not reasons.isdisjoint(ABOUT_THE_CREDENTIAL),
            cut_off=bool(body.get("alone")) or Reason.LEDGER_UNAVAILABLE in reasons,
        )


def told_changes(result: Replayed) -> list[dict[str, Any]]:
    """The changes by portal and reason, the most frequent first."""
    return [
        {
            "portal": change.portal,
            "direction": change.direction.value,
            "before": _verdict(change.before),
            "after": _verdict(change.after),
            "count": count,
        }
        for change, count in sorted(result.changes.items(), key=lambda item: (-item[1], item[0].portal, item[0]))
    ]


def told_people(result: Replayed, holders: Mapping[str, Holder], limit: int) -> list[dict[str, Any]]:
    """Who would have been treated differently, those whom it hits most often first."""
    found = sorted(result.people.values(), key=lambda d: (-d.count, holders[d.holder].id, d.change))
    return [
        {
            "holder": {
                "id": holders[some.holder].id,
                "name": holders[some.holder].name,
                "kind": holders[some.holder].kind.value,
            },
            "portal": some.change.portal,
            "direction": some.change.direction.value,
            "before": _verdict(some.change.before),
            "after": _verdict(some.change.after),
            "count": some.count,
            "first_at": some.first_at,
            "last_at": some.last_at,
        }
        for some in found[:limit]
    ]


def _verdict(verdict: Any) -> dict[str, str]:
    return {"outcome": verdict.outcome.value, "reason": verdict.reason.value}


def _listed(names: Iterable[str]) -> str:
    return "there are " + ", ".join(sorted(names))
