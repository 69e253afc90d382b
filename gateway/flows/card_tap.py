"""Somebody taps a card, shows a plate or a pass: decided, recorded, answered.

The record is on disk before the answer leaves. The one exception is leaving by an escape route, and, while the ledger
is away, leaving at all where nobody may be held: there the way is free first and the record follows. A repeated tap
gets its first answer and makes no second record; what the ledger cannot take within a second is not answered, and the
device decides alone.
"""

import hashlib
from datetime import datetime
from typing import Any

from devices.canonical import canonical
from devices.messages import Action, Command, Tap, Text
from gateway.core.decide import decide, is_egress
from gateway.core.leaving import leaving_can_be_refused
from gateway.core.nouns import (
    CredentialKind,
    Decision,
    Direction,
    Label,
    Outcome,
    Request,
    Verdict,
)
from gateway.core.reasons import Reason
from gateway.core.sentences import SENTENCES
from gateway.flows import alarms, command_result, passage, told, waiting
from gateway.flows.devices import Device
from gateway.flows.ports import Entry, Known, LedgerUnavailable, Outdated, Unit
from gateway.flows.site import Answered, Site

DIRECTIONS: dict[str, Direction] = {direction.value: direction for direction in Direction}
CREDENTIAL_KINDS: dict[str, CredentialKind] = {kind.value: kind for kind in CredentialKind}
ACTIONS: dict[str, Action] = {outcome.value: Action(outcome.value) for outcome in Outcome}
TRIES = 3
"""How often a tap is decided anew because the directory moved on meanwhile; then the newest directory is read first."""


def tap_key(device: str, tap: str) -> str:
    """The ledger key of the decision on a tap."""
    return f"t:{device}:{tap}"


async def card_tap(site: Site, device: Device, tap: Tap) -> None:
    """Answer one tap of an enrolled device, whose `mac` was right."""
    site.counters.taps += 1
    key = tap_key(device.id, tap.id)
    answered = site.recent.get(key)
    if answered is not None:
        site.counters.repeats += 1
        answer(site, device, tap, answered)
        return
    if key in site.in_flight:
        site.counters.repeats += 1
        return  # its answer is on the way
    request = as_request(site, device, tap)
    if request.quarantined and device.watch.floods(site.rules.limits) and request.direction is Direction.IN:
        site.counters.dropped_flood += 1
        return
    site.in_flight.add(key)
    try:
        await _decide_and_answer(site, device, tap, request, key)
    finally:
        site.in_flight.discard(key)


def as_request(site: Site, device: Device, tap: Tap) -> Request:
    """The untrusted tap as the core's fact: this is where the wire ends."""
    kind = CREDENTIAL_KINDS[tap.credential.kind]
    try:
        value = canonical(kind, tap.credential.value)
    except ValueError:
        value = tap.credential.value  # nobody has a credential like that; the decision will say so
    return Request(
        portal=device.portal or "",
        direction=DIRECTIONS[tap.direction],
        credential=kind,
        value=value,
        quarantined=device.watch.is_quarantined(site.clock.monotonic()),
    )


async def _decide_and_answer(site: Site, device: Device, tap: Tap, request: Request, key: str) -> None:
    for _ in range(TRIES):
        now = site.clock.now()
        world = site.world
        decision = decide(request, world, now)
        answered = as_answer(site, device, tap, decision, now)
        first = acts_first(site, request, decision)
        if first:
            answer(site, device, tap, answered)
        entry = Entry("decision", now, record(device, tap, request, decision, answered), key)
        unit = Unit((entry,), based_on=None if first else world.directory.version)
        try:
            result = await site.ledger.commit(unit, None if first else site.rules.record_within_s)
            if isinstance(result, Outdated):
                await site.refresh_directory()
                continue
        except LedgerUnavailable:
            await _without_ledger(site, device, tap, request, answered, entry)
            return
        if isinstance(result, Known):
            site.counters.repeats += 1
            if result.body.get("alone"):
                return  # the device has decided it alone, and told so: for that tap no command is taken any more
            answered = told.answered(result.body)
        site.remember(key, answered)
        if answered.outcome == Outcome.GRANT.value:
            passage.opened_by(site, device, tap.at)
            command_result.expect_vehicle(site, device, answered.command, tap.id)
        if not first:
            answer(site, device, tap, answered)
        if not isinstance(result, Known):
            await _afterwards(site, device, tap, request, decision, answered)
        return
    await _without_ledger(site, device, tap, request, answered, entry)


def acts_first(site: Site, request: Request, decision: Decision) -> bool:
    """True where the way has to be free before anything is written: leaving by an escape route."""
    return (
        request.direction is Direction.OUT
        and decision.outcome is Outcome.GRANT
        and (decision.reason in (Reason.OK_EXIT, Reason.OK_EVACUATE) or is_egress(request, site.world))
    )


async def _without_ledger(
    site: Site, device: Device, tap: Tap, request: Request, answered: Answered, entry: Entry
) -> None:
    """The record cannot be written now. Entry: silence, the device decides alone. Leaving: the act comes first."""
    site.counters.unanswered += 1
    if request.direction is Direction.IN:
        return
    refusable = leaving_can_be_refused(request, site.world, answered.holder)
    acted = Answered(
        outcome=(Outcome.WAIT if refusable else Outcome.GRANT).value,
        reason=(Reason.LEDGER_UNAVAILABLE if refusable else Reason.OK).value,
        command=command_id(device.id, tap.id, "without-ledger"),
        holder=answered.holder,
        direction=answered.direction,
        at=answered.at,
        hold_ms=None if refusable else _hold_ms(site, device),
        wait_ms=site.rules.wait_ms if refusable else None,
    )
    key = tap_key(device.id, tap.id)
    site.remember(key, acted)
    answer(site, device, tap, acted)
    if refusable:
        waiting.begin(site, device, tap, request, acted)
    body = entry.body | {
        "outcome": acted.outcome,
        "reason": acted.reason,
        "command": acted.command,
        "hold_ms": acted.hold_ms,
        "wait_ms": acted.wait_ms,
        "trace": [*entry.body["trace"], ("ledger", Verdict.NOTICE, Reason.LEDGER_UNAVAILABLE)],
    }
    site.spawn(_record_later(site, Entry("decision", entry.at, body, key)))


async def _record_later(site: Site, entry: Entry) -> None:
    """Write what was done without the ledger, however long that takes. Where the commit that was given up had gone
    through after all, a row beside it says what was really done."""
    result = await site.ledger.commit(Unit((entry,)))
    if isinstance(result, Known) and result.body["command"] != entry.body["command"]:
        await site.ledger.commit(Unit((Entry("decision_amended", entry.at, entry.body),)))


def as_answer(site: Site, device: Device, tap: Tap, decision: Decision, now: datetime) -> Answered:
    """The decision as the device will hear it. The command's id follows from the tap, so a repeat has the same."""
    return Answered(
        outcome=decision.outcome,
        reason=decision.reason,
        command=command_id(device.id, tap.id, decision.outcome),
        holder=decision.holder,
        direction=tap.direction,
        at=now,
        hold_ms=_hold_ms(site, device) if decision.outcome is Outcome.GRANT else None,
        wait_ms=site.rules.wait_ms if decision.outcome is Outcome.WAIT else None,
    )


def _hold_ms(site: Site, device: Device) -> int | None:
    portal = site.campus.portals.get(device.portal or "")
    return None if portal is None else portal.hold_ms


def command_id(device: str, tap: str, outcome: str) -> str:
    """The id of the command that answers a tap first; the same for the same tap, after a restart too."""
    return hashlib.sha256(f"{device}\n{tap}\n{outcome}".encode()).hexdigest()[:32]


def answer(site: Site, device: Device, tap: Tap, answered: Answered) -> None:
    """Send the answer, with the tap's own nonce as its challenge."""
    command = Command(
        id=answered.command,
        challenge=tap.nonce,
        action=ACTIONS[answered.outcome],
        for_=tap.id,
        reason=answered.reason,
        text=TEXTS.get(answered.reason, _NO_TEXT),
        hold_ms=answered.hold_ms,
        wait_ms=answered.wait_ms,
    )
    if not site.courier.send(device.id, device.kind, device.key, command):
        site.counters.unsent += 1


def record(device: Device, tap: Tap, request: Request, decision: Decision, answered: Answered) -> dict[str, Any]:
    """The ledger row: references only, no name, no credential value."""
    return {
        "device": device.id,
        "portal": request.portal,
        "direction": request.direction,
        "tap": tap.id,
        "boot": tap.boot,
        "device_at": tap.at,
        "credential_kind": request.credential,
        "outcome": decision.outcome,
        "reason": decision.reason,
        "holder": decision.holder,
        "credential": decision.credential,
        "level": decision.level,
        "trace": [(finding.rule, finding.verdict, finding.reason) for finding in decision.trace],
        "command": answered.command,
        "hold_ms": answered.hold_ms,
        "wait_ms": answered.wait_ms,
    }


async def _afterwards(
    site: Site, device: Device, tap: Tap, request: Request, decision: Decision, answered: Answered
) -> None:
    """What a decision sets going besides its answer: the screens, the count of unknown cards, the guard's list."""
    counted = (request.portal, decision.outcome, decision.reason)
    site.counters.decisions[counted] = site.counters.decisions.get(counted, 0) + 1
    if site.feed.is_watched:
        site.feed.publish(told.decision_event(site, device, tap.id, request, decision, answered))
    if decision.outcome is Outcome.WAIT:
        waiting.begin(site, device, tap, request, answered)
    if decision.reason is Reason.UNKNOWN_CREDENTIAL and device.watch.unknown_credential(
        site.clock.monotonic(), site.rules.limits
    ):
        await alarms.raise_alarm(site, alarms.WRONG_TRIES, device.id)


def _text(label: Label) -> Text:
    return Text(en=label.en, zh=label.zh)


TEXTS = {reason.value: _text(sentences.polite) for reason, sentences in SENTENCES.items()}
_NO_TEXT = Text(en="", zh="")
