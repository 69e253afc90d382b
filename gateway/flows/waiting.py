"""Somebody waits for a person's word: a guard answers, or time does.

The second answer has a record of its own. When nobody answers in time the gateway refuses shortly before the device
would; where leaving cannot be refused it lets out, and no person's word keeps anybody in. A person's grant is judged
once more at that moment, on the newest directory: it answers what the rules leave to a person, and to this person, and
nothing that they refuse by now. When an evacuation begins, whoever waits on the way out is let out at once.
"""

import asyncio
import contextlib
import hashlib
from dataclasses import replace
from datetime import datetime, timedelta

from msgspec import structs

from devices.limits import CHALLENGE_LIFE_S, TAP_NONCE_LIFE_S, WAIT_MARGIN_MS
from devices.messages import Action, Command, Tap, Text
from gateway.core.decide import decide
from gateway.core.kinds import CredentialKind, Direction, HolderKind, Outcome, Verdict
from gateway.core.leaving import is_egress, leaving_can_be_refused
from gateway.core.nouns import Credential, Decision, Request
from gateway.core.papers import Opening, OpeningKind
from gateway.core.reasons import Reason
from gateway.core.rights import Right
from gateway.core.sentences import SENTENCES
from gateway.flows import (
    by_hand,
    command_result,
    drill_marks,
    group_passes,
    openings,
    pass_turns,
    pass_uses,
    passage,
    permits,
    plates,
    told,
)
from gateway.flows.changes import NoteKept
from gateway.flows.devices import Device
from gateway.flows.judging import as_if_shown
from gateway.flows.notes import note
from gateway.flows.ports import Entry, Known, LedgerUnavailable, Outdated, Result, Unit, Written
from gateway.flows.site import Answered, Site
from gateway.flows.waits import TooLate, Waiting

LATE_AT_MOST = 500
HEARD_AGAIN_S = 0.1
"""How often we look whether a device that was silent has spoken; it does so every five seconds."""


class NobodyWaits(LookupError):
    """No tap of that name waits for an answer, or it has just been answered."""


class NoLonger(Exception):
    """The rules refuse by now whoever waits; `decision` says why."""

    def __init__(self, decision: Decision) -> None:
        super().__init__(decision.reason.value)
        self.decision = decision


class NotYourWord(Exception):
    """What is waited for is another's word: the control room's, at a restricted door."""


class NobodyIsKept(NotYourWord):
    """A refusal where leaving cannot be refused: that is nobody's word."""

    def __init__(self) -> None:
        super().__init__("nobody is kept from leaving here")


GUARDS: frozenset[Right] = frozenset({Right.ANSWER_WAITING})
OF_THE_CONTROL_ROOM = frozenset({"control_room", "two_people"})
"""Rules whose wait only the control room ends; all others a guard does, an escort too."""


class UsedUp(NobodyWaits):
    """Whoever waited was refused: the pass has opened as often as it may, or elsewhere, while they stood there."""


def wait_key(device: str, tap: str) -> str:
    """The ledger key of the second answer to a tap."""
    return f"a:{device}:{tap}"


def begin(
    site: Site,
    device: Device,
    tap: Tap,
    request: Request,
    answered: Answered,
    credential: str | None = None,
    plate_read: str | None = None,
) -> None:
    """Put a tap on the list of those that wait, and set its timer."""
    until = site.clock.after(((answered.wait_ms or 0) - WAIT_MARGIN_MS) / 1000)
    waiting = Waiting(device.id, tap.id, request, answered.holder, answered.reason, answered.at, until, tap.nonce)
    waiting.credential, waiting.plate_read = credential, plate_read
    put(site, waiting)
    if plates.asks(request):
        site.spawn(plates.ask_picture(site, waiting))


def put(site: Site, waiting: Waiting) -> None:
    """Add it to the list; also used for those that waited before a restart."""
    site.waits[waiting.id] = waiting
    left = max(0.0, -site.clock.elapsed_s(waiting.until))
    waiting.timer = asyncio.get_running_loop().call_later(left, lambda: site.spawn(_time_is_up(site, waiting)))
    site.feed.publish(as_event(site, waiting))
    if is_egress(waiting.request, site.world):
        site.spawn(let_out_all(site))  # the evacuation began while the wait was being recorded, or before a restart


async def let_out_all(site: Site) -> None:
    """An evacuation has begun: whoever waits to leave its zones goes now. The act comes first, the record follows."""
    for waiting in list(site.waits.values()):
        if not waiting.answered and is_egress(waiting.request, site.world):
            with contextlib.suppress(NobodyWaits):
                await _settle(site, waiting, Outcome.GRANT, Reason.OK_EVACUATE, None, "")


async def answer(
    site: Site,
    waiting_id: str,
    outcome: str,
    by: str,
    reason: str = "",
    rights: frozenset[Right] = GUARDS,
    plate: str | None = None,
) -> str:
    """A guard grants or refuses; returns the command's id. `plate`: which one a plate that waits really is.

    `by` is a user's reference, with these `rights`. Raises `NobodyWaits`, `WrongField`, `NotYourWord` (`NobodyIsKept`),
    `NoLonger`, `LedgerUnavailable`.
    """
    if outcome == Outcome.GRANT.value:
        return await by_hand.on_the_newest(site, lambda: _grant(site, waiting_id, by, reason, rights, plate))
    waiting = _who_waits(site, waiting_id)
    if _is_free_to_leave(site, waiting):
        raise NobodyIsKept
    command = await _settle(site, waiting, Outcome.DENY, Reason.GUARD_REFUSED, by, reason)
    if command != command_id_of(waiting, Outcome.DENY):
        raise NobodyIsKept
    return command


async def _grant(site: Site, waiting_id: str, by: str, words: str, rights: frozenset[Right], plate: str | None) -> str:
    """A person's grant, judged now. On the way out the directory does not matter."""
    waiting = _who_waits(site, waiting_id)
    judged_on = site.directory.version if waiting.request.direction is Direction.IN else None
    before = waiting.request, waiting.holder, waiting.credential
    if plate is not None:
        _is_this_plate(site, waiting, plate)
    try:
        granted = may_be_granted(site, waiting, rights)
        return await _settle(site, waiting, Outcome.GRANT, granted, by, words, judged_on)
    except BaseException:
        waiting.request, waiting.holder, waiting.credential = before
        raise


def _is_this_plate(site: Site, waiting: Waiting, plate: str) -> None:
    """A guard says which plate it really is: from here on it is as if the camera had read that. Raises `WrongField`."""
    if not plates.asks(waiting.request):
        raise permits.WrongField("plate", "no plate waits here")
    try:
        request = plates.chosen(site, waiting, plate)
    except ValueError as error:
        raise permits.WrongField("plate", str(error)) from None
    decision, held = plates.judge(site, request)
    waiting.request, waiting.holder = request, decision.holder
    waiting.credential = None if held is None else held.ref


def _who_waits(site: Site, waiting_id: str) -> Waiting:
    waiting = site.waits.get(waiting_id)
    if waiting is None or waiting.answered:
        raise NobodyWaits(waiting_id)
    return waiting


def _is_free_to_leave(site: Site, waiting: Waiting) -> bool:
    request = waiting.request
    return request.direction is Direction.OUT and not leaving_can_be_refused(request, site.world, waiting.holder)


async def let_in(site: Site, waiting: Waiting, by: str) -> str:
    """What was waited for has come without a person's word: `by` is the cause. As `answer`."""
    if waiting.answered or waiting.id not in site.waits:
        raise NobodyWaits(waiting.id)
    return await _settle(site, waiting, Outcome.GRANT, Reason.OK, by, "")


def may_answer(decision: Decision, direction: Direction, rights: frozenset[Right]) -> bool:
    """True if somebody with these rights may end the wait that `decision` asks for."""
    if direction is Direction.OUT:
        return Right.ANSWER_WAITING in rights
    asks = {finding.rule for finding in decision.trace if finding.verdict is Verdict.WAITS}
    if asks & OF_THE_CONTROL_ROOM and Right.CONFIRM_RESTRICTED not in rights:
        return False
    return not asks - OF_THE_CONTROL_ROOM or Right.ANSWER_WAITING in rights


def may_be_granted(site: Site, waiting: Waiting, rights: frozenset[Right]) -> Reason:
    """The reason with which this person may grant it at this moment. Raises `NotYourWord`, `NoLonger`."""
    if waiting.request.direction is Direction.OUT:
        if Right.ANSWER_WAITING not in rights:
            raise NotYourWord("a guard answers")
        return Reason.OK
    decision = judged_again(site, waiting)
    # A pass that was used up meanwhile has an answer of its own.
    if decision.outcome is Outcome.DENY and decision.reason is not Reason.PASS_USED_UP:
        raise NoLonger(decision)
    if not may_answer(decision, waiting.request.direction, rights):
        raise NotYourWord("the control room confirms this door")
    holder = site.directory.holders.get(waiting.holder or "")
    return Reason.OK_RESPONDER if holder is not None and holder.kind is HolderKind.RESPONDER else Reason.OK


def judged_again(site: Site, waiting: Waiting) -> Decision:
    """What the rules say now of whoever waits; after a restart only who it is, is still known."""
    request, now = waiting.request, site.clock.now()
    if plates.asks(request) and (request.value or waiting.credential is None):
        return plates.judge(site, request)[0]
    held = pass_uses.held_by(site, waiting)
    if held is not None:
        shown = pass_turns.beside(site, waiting.device, replace(request, value=held.value))
        return group_passes.judged(site, shown, decide(shown, site.world, now), now)
    if waiting.holder is not None:
        return as_if_shown(site.world, waiting.holder, request.portal, request.direction, now)
    return decide(request, site.world, now)


def _is_in_by_now(site: Site, waiting: Waiting, held: Credential) -> bool:
    """True if the code has let somebody in elsewhere while this one waited."""
    return held.kind is CredentialKind.QR and judged_again(site, waiting).reason is Reason.ALREADY_INSIDE


def follow_up(site: Site, waiting: Waiting, reason: Reason, by: str | None, now: datetime) -> Opening | None:
    """Responders who are let in while the level is raised: a second person says what became of it."""
    portal = site.campus.portals.get(waiting.request.portal)
    if reason is not Reason.OK_RESPONDER or by is None or portal is None:
        return None
    return openings.needed_disposal(site, portal, OpeningKind.RESPONDER, by, 1, now)


async def _time_is_up(site: Site, waiting: Waiting) -> None:
    """Nobody answered. Entry is refused; who cannot be kept from leaving is let out."""
    if waiting.answered:
        return
    outcome = Outcome.GRANT if _is_free_to_leave(site, waiting) else Outcome.DENY
    try:
        await _settle(site, waiting, outcome, Reason.GUARD_TIMEOUT, None, "")
    except LedgerUnavailable:
        _forget(site, waiting)  # the device does the same by itself two seconds from now


async def _settle(
    site: Site,
    waiting: Waiting,
    outcome: Outcome,
    reason: Reason,
    by: str | None,
    words: str,
    judged_on: int | None = None,
) -> str:
    """Record the answer and send it; returns the command's id. `judged_on`: the directory's version, where it matters.

    Raises `Overtaken` if the directory is newer by now, and whatever `answer` raises.
    """
    waiting.answered = True
    now = site.clock.now()
    command = command_id_of(waiting, outcome)
    said = note(words, now)
    body = {
        "device": waiting.device,
        "portal": waiting.request.portal,
        "direction": waiting.request.direction.value,
        "tap": waiting.tap,
        "outcome": outcome.value,
        "reason": reason.value,
        "holder": waiting.holder,
        "by": by,
        "note": said.ref,
        "command": command,
        "waited_ms": round(site.clock.elapsed_s(waiting.since) * 1000),
    }
    if waiting.plate_read is not None:
        body |= {"plate_read": waiting.plate_read, "credential": waiting.credential}
    entry = Entry("answer", now, body, wait_key(waiting.device, waiting.tap))
    use = turn = None
    if outcome is Outcome.GRANT and waiting.request.direction is Direction.IN:
        held = pass_uses.held_by(site, waiting)
        if held is not None and pass_uses.is_used_up(site, held):
            await _settle(site, waiting, Outcome.DENY, Reason.PASS_USED_UP, by, words)
            raise UsedUp(waiting.id)
        if held is not None and _is_in_by_now(site, waiting, held):
            await _settle(site, waiting, Outcome.DENY, Reason.ALREADY_INSIDE, by, words)
            raise UsedUp(waiting.id)
        turn = pass_turns.take(site, waiting.device, waiting.tap, held, Direction.IN, command)
        if held is not None:
            use = pass_uses.use_of(site, held, waiting.device, waiting.request.portal, waiting.tap, command)
    unit = Unit((entry,), said.changes, based_on=judged_on)
    if use is not None:
        unit = replace(unit, entries=(entry, use.entry), changes=(*said.changes, use.change))
    opening = follow_up(site, waiting, reason, by, now)
    if opening is not None:
        rows, filed = openings.file_with(opening, now)
        unit = replace(unit, entries=(*unit.entries, *rows), changes=(*unit.changes, *filed), directory=True)
    acts_first = outcome is Outcome.GRANT and is_egress(waiting.request, site.world)
    result: Result | None = None
    try:
        if acts_first:
            site.spawn(_record_later(site, entry, said.changes))
        else:
            result = await site.ledger.commit(unit, site.rules.record_within_s)
        if use is not None and isinstance(result, Known) and result.key == use.key:
            pass_turns.give_back(site, turn)
            await pass_uses.look_again(site, use.credential)  # another reader was faster
            return await _settle(site, waiting, outcome, reason, by, words, judged_on)
    except LedgerUnavailable:
        pass_turns.give_back(site, turn)
        if waiting.request.direction is Direction.IN:
            waiting.answered = False
            raise
        # Leaving: the act comes first, and the record follows, however long that takes.
        site.spawn(_record_later(site, entry, said.changes))
    if result is not None and not isinstance(result, Written):
        pass_turns.give_back(site, turn)
    if isinstance(result, Outdated):
        waiting.answered = False
        raise by_hand.Overtaken
    _forget(site, waiting)
    if isinstance(result, Known):
        raise NobodyWaits(waiting.id)
    if outcome is Outcome.DENY and _is_free_to_leave(site, waiting):
        # An evacuation began while the refusal was written. It is not sent; the record says what came instead.
        outcome, reason = Outcome.GRANT, Reason.OK_EVACUATE
        command = command_id_of(waiting, outcome)
        instead = {"outcome": outcome.value, "reason": reason.value, "by": None, "note": None, "command": command}
        seen = site.recent.get(first := f"t:{waiting.device}:{waiting.tap}")
        if seen is not None:
            site.remember(first, told.second_answer(seen, body | instead))  # the passage is no forbidden one
        site.spawn(_record_later(site, Entry("answer", site.clock.now(), body | instead), ()))
    if use is not None:
        pass_uses.taken(site, use)
    _send(site, waiting, outcome, reason, command)
    if outcome is Outcome.DENY and reason is Reason.GUARD_TIMEOUT:
        _stays_in_sight(site, waiting, now)
    if opening is not None:
        site.spawn(openings.tell_control_room(site, opening))
        site.spawn(permits.followed(site))
    site.feed.publish(
        {
            "type": "waiting_closed",
            "id": waiting.id,
            "at": now,
            "outcome": outcome.value,
            "reason": reason.value,
            "portal": waiting.request.portal,
            "holder": told.person(site, waiting.holder),
        }
    )
    return command


def _stays_in_sight(site: Site, waiting: Waiting, now: datetime) -> None:
    """The time was over, but there somebody stands: `late` lets them in."""
    site.late[waiting.id] = TooLate(waiting, now)
    while len(site.late) > LATE_AT_MOST:
        site.late.popitem(last=False)


async def _record_later(site: Site, entry: Entry, changes: tuple[NoteKept, ...]) -> None:
    await site.ledger.commit(Unit((entry,), changes))


def _send(site: Site, waiting: Waiting, outcome: Outcome, reason: Reason, command: str) -> None:
    device = site.devices.get(waiting.device)
    if device is None:
        return
    if outcome is Outcome.GRANT:
        passage.expect_opening(site, command)
        command_result.expect_vehicle(site, device, command, waiting.tap)
    portal = site.campus.portals.get(waiting.request.portal)
    sentence = SENTENCES[reason].polite
    message = Command(
        id=command,
        challenge=waiting.nonce or "none",
        action=Action(outcome.value),
        for_=waiting.tap,
        reason=reason.value,
        text=drill_marks.marked(site, device.portal, Text(en=sentence.en, zh=sentence.zh)),
        hold_ms=portal.hold_ms if portal is not None and outcome is Outcome.GRANT else None,
    )
    challenge = device.fresh_challenge(site.clock.monotonic())
    if challenge is not None:
        site.courier.send(device.id, device.kind, device.key, structs.replace(message, challenge=challenge))
    elif waiting.nonce and site.clock.elapsed_s(waiting.since) < TAP_NONCE_LIFE_S:
        site.courier.send(device.id, device.kind, device.key, message)
    else:
        # After a restart, or in a gap of the network: any challenge of before would be refused as stale.
        site.spawn(_send_when_heard(site, device, message))


async def _send_when_heard(site: Site, device: Device, message: Command) -> None:
    """With the device's next word; one that stays silent decides by itself when its wait is over."""
    for _ in range(round(CHALLENGE_LIFE_S / HEARD_AGAIN_S)):
        await asyncio.sleep(HEARD_AGAIN_S)
        challenge = device.fresh_challenge(site.clock.monotonic())
        if challenge is not None:
            site.courier.send(device.id, device.kind, device.key, structs.replace(message, challenge=challenge))
            return


def _forget(site: Site, waiting: Waiting) -> None:
    site.waits.pop(waiting.id, None)
    if waiting.timer is not None:
        waiting.timer.cancel()


def command_id_of(waiting: Waiting, outcome: Outcome) -> str:
    """The id of the second command for a tap; the same if it is made twice."""
    return hashlib.sha256(f"{waiting.device}\n{waiting.tap}\nsecond {outcome.value}".encode()).hexdigest()[:32]


def as_event(site: Site, waiting: Waiting) -> dict[str, object]:
    """One who waits, as the screens show it."""
    return {
        "type": "waiting",
        "id": waiting.id,
        "at": waiting.since,
        "until": waiting.until,
        "portal": waiting.request.portal,
        "direction": waiting.request.direction.value,
        "device": waiting.device,
        "reason": waiting.reason,
        "holder": told.person(site, waiting.holder),
        "credential": waiting.request.credential.value,
        "slip": told.slip(site, waiting.holder, waiting.request.direction, waiting.since),
        **plates.card(site, waiting),
    }


async def restore(site: Site) -> None:
    """After a restart: those that still wait get back on the list."""
    since: datetime = site.clock.now() - timedelta(milliseconds=site.rules.wait_ms)
    for body in await site.archive.open_waits(since):
        request = Request(body["portal"], Direction(body["direction"]), CredentialKind(body["credential_kind"]), "")
        credential = body["credential"]
        read = body.get("plate_read")
        plate = None if read is None else await site.archive.plate(read)
        request = replace(request, value=plate or "")
        left_s = (body["wait_ms"] - WAIT_MARGIN_MS) / 1000 - site.clock.elapsed_s(body["at"])
        until = site.clock.after(left_s)
        put(
            site,
            Waiting(
                body["device"],
                body["tap"],
                request,
                body["holder"],
                body["reason"],
                body["at"],
                until,
                "",
                credential=credential,
                plate_read=read,
            ),
        )
