"""`wardgate simulate` and `wardgate replay`: what would be decided, under this or another level or policy.

They read the database beside a running gateway, open nothing, and leave a record of who asked.
"""

from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated, Any

import typer

from devices.canonical import canonical
from gateway.cli.options import HERE, ConfigOption, JsonOption
from gateway.cli.site_store import BY, SiteStore, now, open_site_store
from gateway.cli.speaking import COULD_NOT_RUN, FOUND_WRONG, fail, result, result_json, say
from gateway.config_faults import ConfigurationError
from gateway.core.kinds import CredentialKind, Direction, Level, Outcome
from gateway.core.nouns import Campus, World
from gateway.core.papers import PaperKind
from gateway.core.policy import Policy
from gateway.core.sentences import SENTENCES
from gateway.core.what_if import Replay, Replayed
from gateway.flows.ports import Unit
from gateway.flows.what_if import (
    PORTION,
    VISITS_AT_MOST,
    BadQuestion,
    Question,
    Simulated,
    check_span,
    past_taps,
    replayed_entry,
    simulate,
    simulated_entry,
    told_changes,
    told_people,
)
from gateway.policy_file import load_policy
from gateway.settings import environment, load
from gateway.store.archive import load_presence
from gateway.store.directory import load_directory
from gateway.store.papers import list_papers
from gateway.store.queries import find_newest

SHOWN_AT_MOST = 50
MARKS = {Outcome.GRANT: "passes", Outcome.DENY: "is refused", Outcome.WAIT: "waits for a person"}

LevelOption = Annotated[int | None, typer.Option("--level", min=1, max=3, help="As if this level were in force.")]
PolicyOption = Annotated[
    Path | None, typer.Option("--policy", metavar="FILE", help="As if this policy file were in force.")
]


def simulate_one(
    portal: Annotated[str, typer.Option("--portal", help="Where.")],
    holder: Annotated[str | None, typer.Option("--holder", metavar="ID", help="Who, by their id.")] = None,
    card: Annotated[str | None, typer.Option("--card", help="Or whoever shows this card …")] = None,
    plate: Annotated[str | None, typer.Option("--plate", help="… or this plate …")] = None,
    qr: Annotated[str | None, typer.Option("--qr", help="… or this pass.")] = None,
    direction: Annotated[str, typer.Option("--direction", help="in or out.")] = "in",
    at: Annotated[str | None, typer.Option("--at", metavar="TIME", help="When; else now.")] = None,
    level: LevelOption = None,
    policy: PolicyOption = None,
    config: ConfigOption = HERE,
    as_json: JsonOption = False,
) -> None:
    """Would this person get in there, then, at that level, and why? Nothing opens, and no passage is recorded.

    TIME is RFC 3339, or 2026-11-23T07:45 in the site's own time. Exit status 0 whatever the answer is.
    """
    settings = load(config, environment())
    if direction not in ("in", "out"):
        fail(f"--direction is in or out, not {direction!r}", COULD_NOT_RUN)
    shown = [
        (kind, value)
        for kind, value in ((CredentialKind.CARD, card), (CredentialKind.PLATE, plate), (CredentialKind.QR, qr))
        if value is not None
    ]
    if len(shown) + (holder is not None) != 1:
        fail("say who: one of --holder, --card, --plate, --qr", COULD_NOT_RUN)
    question = Question(
        portal=portal,
        direction=Direction(direction),
        holder=holder,
        credential=_canonical(*shown[0]) if shown else None,
        at=None if at is None else _time(at, settings.campus, "--at"),
        level=None if level is None else Level(level),
        policy=None if policy is None else _policy(policy),
    )
    with open_site_store(settings) as store:
        try:
            found = simulate(_world(store, settings.campus), question, now())
        except BadQuestion as bad:
            fail(f"{bad.field}: {bad}", FOUND_WRONG)
        store.commit(Unit((simulated_entry(found, question, BY, now()),)))
    if as_json:
        result_json(_as_json(question, found))
    else:
        _tell(question, found, settings.campus)


def replay(
    since: Annotated[str, typer.Option("--from", metavar="TIME", help="From when on.")],
    until: Annotated[str, typer.Option("--to", metavar="TIME", help="Until when.")],
    level: LevelOption = None,
    policy: PolicyOption = None,
    config: ConfigOption = HERE,
    as_json: JsonOption = False,
) -> None:
    """Run recorded taps through another level or policy: who would have been treated differently?

    Both sides are decided anew with the people, cards and rules of today, so that only the level or policy makes a
    difference. TIME is RFC 3339, a date, or 2026-11-23T07:45 in the site's own time.
    """
    settings = load(config, environment())
    campus = settings.campus
    begin, end = _time(since, campus, "--from"), _time(until, campus, "--to")
    tried = None if policy is None else _policy(policy)
    wanted = None if level is None else Level(level)
    try:
        check_span(begin, end, wanted, tried)
    except BadQuestion as bad:
        fail(str(bad), COULD_NOT_RUN)
    with open_site_store(settings) as store:
        world = _world(store, campus)
        past = store.read(lambda c: list_papers(c, PaperKind.VISIT, live=False, limit=VISITS_AT_MOST))
        running = Replay(world, level=wanted, policy=tried, past=past)
        before: int | None = None
        while True:
            rows, before = store.read(
                lambda c, before=before: find_newest(c, "decision", before, PORTION, begin, end, lambda _: True)
            )
            running.take(past_taps((row.at, row.body) for row in rows))
            if before is None:
                break
        store.commit(Unit((replayed_entry(running.result, begin, end, BY, now()),)))
    if as_json:
        result_json(_replayed_json(running.result, world, begin, end))
    else:
        _tell_replay(running.result, world, level, policy)


def _world(store: SiteStore, campus: Campus) -> World:
    directory = store.read(load_directory)
    papers = directory.papers
    return World(
        campus,
        directory,
        store.read(load_presence),
        orders=papers.orders,
        emergencies=papers.emergencies,
    )


def _canonical(kind: CredentialKind, value: str) -> tuple[CredentialKind, str]:
    try:
        return kind, canonical(kind.value, value)
    except ValueError:
        return kind, value


def _time(text: str, campus: Campus, option: str) -> datetime:
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        fail(f"{option}: {text!r} is no time; such as 2026-11-23T07:45 or 2026-11-22T23:45:00Z", COULD_NOT_RUN)
    if moment.tzinfo is None:
        moment = moment.replace(tzinfo=campus.timezone)
    return moment.astimezone(UTC)


def _policy(path: Path) -> Policy:
    policy, faults = load_policy(path)
    if policy is None:
        raise ConfigurationError(faults)
    return policy


def _tell(question: Question, found: Simulated, campus: Campus) -> None:
    decision, who = found.decision, found.holder
    name = "Whoever shows that" if who is None else f"{who.name} ({who.kind.value})"
    way = "into" if question.direction is Direction.IN else "out of"
    at = found.at.astimezone(campus.timezone)
    zone = campus.portals[question.portal].zone
    result(
        f"{name} {MARKS[decision.outcome]} at {question.portal} {way} {zone}, "
        f"{at:%a %Y-%m-%d %H:%M}, L{decision.level:d}"
    )
    words = SENTENCES[decision.reason]
    result(f"  {decision.reason.value}: {words.guard.en} {words.guard.zh}")
    result(f"  {words.hint.en} {words.hint.zh}")
    if found.made_up_card:
        result("  They hold no card, so a good one was assumed.")
    for finding in decision.trace:
        reason = "" if finding.reason is None else f"  {finding.reason.value}"
        result(f"    {finding.rule:<16} {finding.verdict.value:<8}{reason}")


def _as_json(question: Question, found: Simulated) -> dict[str, Any]:
    decision, who = found.decision, found.holder
    return {
        "at": found.at.isoformat(),
        "portal": question.portal,
        "direction": question.direction.value,
        "outcome": decision.outcome.value,
        "reason": decision.reason.value,
        "level": int(decision.level),
        "holder": None if who is None else {"id": who.id, "name": who.name, "kind": who.kind.value},
        "trace": [
            {"rule": f.rule, "verdict": f.verdict.value, "reason": None if f.reason is None else f.reason.value}
            for f in decision.trace
        ],
        "made_up_card": found.made_up_card,
    }


def _tell_replay(done: Replayed, world: World, level: int | None, policy: Path | None) -> None:
    other = f"L{level}" if level is not None else f"{policy}"
    result(
        f"{done.taps} taps; {done.different} of them, by {done.holders} people, "
        f"would have been treated differently under {other}"
    )
    for line in told_changes(done):
        before, after = line["before"], line["after"]
        result(
            f"  {line['count']:>6}  {line['portal']} {line['direction']}: {before['outcome']} ({before['reason']}) "
            f"→ {after['outcome']} ({after['reason']})"
        )
    people = told_people(done, world.directory.holders, SHOWN_AT_MOST)
    if people:
        result("who:")
    for line in people:
        holder, after = line["holder"], line["after"]
        result(
            f"  {line['count']:>6}  {holder['name']} ({holder['id']}, {holder['kind']})  {line['portal']} "
            f"{line['direction']}: {after['outcome']} ({after['reason']})"
        )
    if len(done.people) > SHOWN_AT_MOST:
        say(f"{len(done.people) - SHOWN_AT_MOST} more; --json lists them all")
    if done.unknown:
        say(f"{done.unknown} taps of credentials that nobody knows were left out")
    if done.changed_since:
        say(f"{done.changed_since} taps would be decided otherwise today at the same level: people or rules changed")


def _replayed_json(done: Replayed, world: World, begin: datetime, end: datetime) -> dict[str, Any]:
    people = told_people(done, world.directory.holders, len(done.people))
    return {
        "from": begin.isoformat(),
        "to": end.isoformat(),
        "taps": done.taps,
        "compared": done.compared,
        "different": done.different,
        "unknown": done.unknown,
        "changed_since": done.changed_since,
        "holders": done.holders,
        "changes": told_changes(done),
        "people": [
            line | {"first_at": line["first_at"].isoformat(), "last_at": line["last_at"].isoformat()} for line in people
        ],
    }
