"""Somebody taps a card, shows a plate or a pass: decided, recorded, answered.

The record is on disk before the answer leaves. The one exception is leaving by an escape route, and, while the ledger
is away, leaving at all where nobody may be held: there the way is free first and the record follows. A repeated tap
gets its first answer and makes no second record; what the ledger cannot take within a second is not answered, and the
device decides alone.
"""

import hashlib
from dataclasses import replace
from datetime import datetime
from typing import Any

from devices.canonical import canonical
from devices.messages import Action, Command, Tap, Text
from gateway.core.decide import decide
from gateway.core.kinds import CredentialKind, Direction, Outcome, PinWord, Verdict
from gateway.core.leaving import is_egress, leaving_can_be_refused
from gateway.core.nouns import Decision, Label, Request
from gateway.core.reasons import Reason
from gateway.core.sentences import SENTENCES
from gateway.flows import (
    alarms,
    drill_marks,
    group_passes,
    lanes,
    late_exits,
    notices,
    pass_turns,
    pass_uses,
    pass_watch,
    passage,
    pins,
    plates,
    second_person,
    told,
    waiting,
)
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
    if kind is CredentialKind.QR:
        value = pass_watch.read(site, value)
    pin = PinWord.ABSENT
    if (tap.pin or site.pin_tries.has_locks) and tap.direction == Direction.IN.value:  # the way out asks for none
        pin = pins.word(site, device, kind, value, tap.pin)
    return Request(
        portal=device.portal or "",
        direction=DIRECTIONS[tap.direction],
        credential=kind,
        value=value,
        quarantined=device.watch.is_quarantined(site.clock.monotonic()),
        pin=pin,
        unsure=_is_unsure(site, tap),
    )


def _is_unsure(site: Site, tap: Tap) -> bool:
    """True if the camera itself doubts the plate on the way in; one that says nothing of that is believed."""
    return (
        tap.direction == Direction.IN.value
        and tap.credential.kind == CredentialKind.PLATE.value
        and tap.confidence is not None
        and tap.confidence < site.campus.plate_confidence
    )


async def _decide_and_answer(site: Site, device: Device, tap: Tap, request: Request, key: str) -> None:
    tries = 0
    has_called = False
    late: late_exits.Told | None = None
    while tries < TRIES:
        if request.pin is PinWord.DURESS and not has_called:
            # Before its record: what is acknowledged is never without its alarm, whenever the power goes.
            has_called = True
            await pins.call_for_help(site, device, tap.id)
        now = site.clock.now()
        world = site.world
        if site.waits:
            request = second_person.beside(site, request)
        request = pass_turns.beside(site, device.id, request)
        decision = group_passes.judged(site, request, decide(request, world, now), now)
        answered = as_answer(site, device, tap, decision, now)
        first = acts_first(site, request, decision)
        if first:
            answer(site, device, tap, answered)
        if late is None and request.direction is Direction.OUT:
            late = await _late_exit(site, device, tap, decision, answered, key if first else None)
        entry = Entry("decision", now, record(device, tap, request, decision, answered), key)
        plate = plates.note(request, now) if decision.outcome is Outcome.WAIT and plates.asks(request) else None
        if plate is not None:
            entry.body["plate_read"] = plate.ref
        use = turn = None
        if decision.outcome is Outcome.GRANT and request.direction is Direction.IN:
            use = pass_uses.next_use(site, device, tap.id, request, answered.command)
            turn = _its_turn(site, device, tap, request, answered)
        unit = Unit((entry,), based_on=None if first else world.directory.version)
        if use is not None or request.pin is not PinWord.ABSENT:
            unit = _with_more(site, device, tap, request, decision, unit, use)
        if plate is not None:
            unit = replace(unit, changes=(*unit.changes, plate.change))
        told_of = notices.student_left(site, request.direction, decision, key, now)
        if told_of.changes:
            unit = replace(unit, entries=(*unit.entries, *told_of.entries), changes=(*unit.changes, *told_of.changes))
        if late is not None:
            unit = late.beside(site, unit)
        try:
            result = await site.ledger.commit(unit, None if first else site.rules.record_within_s)
            if isinstance(result, Outdated):
                pass_turns.give_back(site, turn)
                if late is not None:
                    late.not_written(site)
                tries += 1
                await site.refresh_directory()
                request = pins.look_again(site, device, tap, request)
                continue
            if use is not None and isinstance(result, Known) and result.key == use.key:
                pass_turns.give_back(site, turn)
                await pass_uses.look_again(site, use.credential)  # somebody was faster: there is one use less now
                continue
        except LedgerUnavailable:
            pass_turns.give_back(site, turn)
            if late is not None:
                late.not_written(site)
            await _without_ledger(site, device, tap, request, answered, entry, late)
            return
        if isinstance(result, Known):
            site.counters.repeats += 1
            pass_turns.give_back(site, turn)
            alone = result.body.get("alone")
            if late is not None and alone:
                late.write_alone(site)  # its event left that to us
            elif late is not None:
                await late.was_told_before(site)
            if alone:
                return  # the device has decided it alone, and told so: for that tap no command is taken any more
            answered = told.answered(result.body)
            pins.take_back(site, device, request)
        elif use is not None:
            pass_uses.taken(site, use)
        site.remember(key, answered)
        if answered.outcome == Outcome.GRANT.value:
            passage.opened_by(site, device, tap.at)
            lanes.expect_vehicle(site, device, answered.command, f"tap:{device.id}:{tap.id}")
        if not first:
            answer(site, device, tap, answered)
        if not isinstance(result, Known):
            await _afterwards(site, device, tap, request, decision, answered, plate)
        return
    await _without_ledger(site, device, tap, request, answered, entry, late)


async def _late_exit(
    site: Site, device: Device, tap: Tap, decision: Decision, answered: Answered, answered_key: str | None
) -> late_exits.Told | None:
    """Who leaves a dormitory after curfew is told of now, and written with the decision. Where the device has its
    answer (`answered_key`) it is looked first whether all that was told before; an answer does not wait for that."""
    late = late_exits.late_exit(site, device, tap.id, decision.holder, answered.at)
    if late is None or (answered_key is not None and not await late_exits.is_news(site, answered_key)):
        return None
    return late_exits.tell(site, late)


def _with_more(
    site: Site, device: Device, tap: Tap, request: Request, decision: Decision, unit: Unit, use: pass_uses.Use | None
) -> Unit:
    """What is written together with the decision: the use of a pass, a call for help."""
    entries, changes = unit.entries, unit.changes
    if use is not None:
        entries, changes = (*entries, use.entry), (use.change,)
    counted = pins.tried(site, device, tap, request)
    if counted is not None:
        entries = (*entries, counted)
    if request.pin is PinWord.DURESS:
        entries = (*entries, pins.cry_for_help(site, device, tap, decision.holder))
    return replace(unit, entries=entries, changes=changes)


def _its_turn(site: Site, device: Device, tap: Tap, request: Request, answered: Answered) -> pass_turns.Taken | None:
    if request.credential is not CredentialKind.QR:
        return None
    held = site.directory.credentials.get((request.credential, request.value))
    return pass_turns.take(site, device.id, tap.id, held, request.direction, answered.command)


def acts_first(site: Site, request: Request, decision: Decision) -> bool:
    """True where the way has to be free before anything is written: leaving by an escape route."""
    return (
        request.direction is Direction.OUT
        and decision.outcome is Outcome.GRANT
        and (decision.reason in (Reason.OK_EXIT, Reason.OK_EVACUATE) or is_egress(request, site.world))
    )


async def _without_ledger(
    site: Site,
    device: Device,
    tap: Tap,
    request: Request,
    answered: Answered,
    entry: Entry,
    late: late_exits.Told | None,
) -> None:
    """The record cannot be written now. Entry: silence, the device decides alone. Leaving: the act comes first."""
    site.counters.unanswered += 1
    if request.pin is PinWord.WRONG:
        await pins.tell_if_locked(site, device, request)
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
    site.spawn(_record_later(site, Entry("decision", entry.at, body, key), late))


async def _record_later(site: Site, entry: Entry, late: late_exits.Told | None) -> None:
    """Write what was done without the ledger, however long that takes. Where the commit that was given up had gone
    through after all, a row beside it says what was really done."""
    unit = Unit((entry,))
    result = await site.ledger.commit(unit if late is None else late.beside(site, unit))
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
        text=drill_marks.marked(site, device.portal, TEXTS.get(answered.reason, _NO_TEXT)),
        hold_ms=answered.hold_ms,
        wait_ms=answered.wait_ms,
    )
    if not site.courier.send(device.id, device.kind, device.key, command):
        site.counters.unsent += 1


def record(device: Device, tap: Tap, request: Request, decision: Decision, answered: Answered) -> dict[str, Any]:
    """The ledger row: references only, no name, no credential value, no PIN but what came of it."""
    body: dict[str, Any] = {
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
    if request.pin is not PinWord.ABSENT:
        body["pin"] = pins.in_the_record(request)
    if request.accompanied_by is not None:
        body["accompanied_by"] = request.accompanied_by
    return body


async def _afterwards(
    site: Site,
    device: Device,
    tap: Tap,
    request: Request,
    decision: Decision,
    answered: Answered,
    plate: plates.Noted | None,
) -> None:
    """What a decision sets going besides its answer: the screens, the count of unknown cards, the guard's list."""
    counted = (request.portal, decision.outcome, decision.reason)
    site.counters.decisions[counted] = site.counters.decisions.get(counted, 0) + 1
    if site.feed.is_watched:
        site.feed.publish(told.decision_event(site, device, tap.id, request, decision, answered))
    if decision.outcome is Outcome.WAIT:
        waiting.begin(site, device, tap, request, answered, decision.credential, None if plate is None else plate.ref)
    elif site.waits and decision.outcome is Outcome.GRANT:
        await second_person.settle(site, device, tap.id, request, decision)
    if request.pin is PinWord.WRONG:
        await pins.tell_if_locked(site, device, request)
    if request.credential is CredentialKind.QR:
        await pass_watch.report(site, device.id, request, decision)
    if (
        request.direction is Direction.IN
        and _is_of_nobody(decision)
        and device.watch.unknown_credential(site.clock.monotonic(), site.rules.limits)
    ):
        await alarms.raise_alarm(site, alarms.WRONG_TRIES, device.id)


def _is_of_nobody(decision: Decision) -> bool:
    """True if what was shown is nobody's: refused at a door, or waiting at a lane."""
    waits_at_a_lane = decision.outcome is Outcome.WAIT and decision.holder is None
    return decision.reason is Reason.UNKNOWN_CREDENTIAL or waits_at_a_lane


def _text(label: Label) -> Text:
    return Text(en=label.en, zh=label.zh)


TEXTS = {reason.value: _text(sentences.polite) for reason, sentences in SENTENCES.items()}
_NO_TEXT = Text(en="", zh="")
