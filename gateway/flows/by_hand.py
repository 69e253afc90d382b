"""A guard opens for somebody who shows nothing: one decision in the ledger, then one command to the portal's reader.

Promises: the record, the command's row and every paper that comes with them are one unit, on disk before the command
leaves; on the way out the act comes first where the ledger is away. A refusal has its record too, and no command. On
the way in nothing is done that was judged on a directory which somebody has changed meanwhile.
Leaves to others: whether it may be (`identifications`, `openings`).
"""

import secrets
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any, TypeVar

from devices.messages import Action, Command, Text
from gateway.core.kinds import CredentialKind, Direction, Outcome, PortalKind
from gateway.core.nouns import Credential, Decision, Portal, Request
from gateway.core.reasons import Reason
from gateway.core.sentences import SENTENCES
from gateway.flows import command, command_result, late_exits, notices, pass_turns, pass_uses, passage, told
from gateway.flows.devices import Device
from gateway.flows.permits import TRIES, NotPossible, WrongField, followed
from gateway.flows.ports import Entry, Known, LedgerUnavailable, Outdated, Unit, Written
from gateway.flows.site import Answered, Site

OPENS = ("reader", "dorm", "camera")
"""The kinds of devices that open on `grant`, the best first: a camera opens a lane that has no reader."""


COUNTED = "group"
"""`Act.why` of a guard who counts people of a group: they are counted before they go through."""

T = TypeVar("T")


class Overtaken(Exception):
    """Somebody has changed the directory since this was judged; nothing was written and nothing done."""


class DoneBefore(Exception):
    """An act under this id is in the ledger already; nothing was written and nothing done."""


@dataclass(frozen=True, slots=True)
class Act:
    """What is to be recorded, and done if `outcome` grants."""

    portal: Portal
    direction: Direction
    outcome: Outcome
    reason: Reason
    decision: Decision
    by: str
    why: str
    """A closed word: `identification`, `responder`, `shelter`, `let_out`, `late`, `presented`, `group`."""
    holder: str | None = None
    more: dict[str, Any] = field(default_factory=dict)
    entries: tuple[Entry, ...] = ()
    changes: tuple[Any, ...] = ()
    """On the way out only what nobody else may have moved meanwhile: nothing is judged anew there."""
    directory: bool = False
    judged_on: int | None = None
    """The directory's version on which `decision` was made; it does not matter on the way out."""
    uses: Credential | None = None
    """What was shown, now or before: a use of it is taken, and its turn at this portal begins."""
    people: int | None = None
    """So many of a group are counted in at once; each takes a use of `uses`, as far as it has some."""
    tells_late_exit: bool = False
    """Who leaves a dormitory by it after curfew is told of like at a tap."""
    id: str | None = None
    """The decision's own id where it follows from something, so that it can be done once only."""


@dataclass(frozen=True, slots=True)
class Done:
    """What came of it: the decision's own id, and the command, if one was sent."""

    id: str
    device: str
    at: datetime
    outcome: Outcome
    reason: Reason
    command: str | None


def portal_of(site: Site, id: str, direction: Direction) -> Portal:
    """A portal that leads in this direction. Raises `WrongField`."""
    portal = site.campus.portals.get(id)
    if portal is None:
        raise WrongField("portal", "no such portal")
    if direction not in portal.directions:
        raise WrongField("direction", "this portal does not lead there")
    return portal


def opener_at(site: Site, portal: Portal) -> Device:
    """The device that opens `portal`, one that is there before one that is not. Raises `NotPossible`."""
    found = sorted(
        (device for device in site.devices.at(portal.id) if device.kind in OPENS),
        key=lambda device: (not _is_there(site, device), OPENS.index(device.kind), device.id),
    )
    if not found:
        raise NotPossible("no_reader", "no device opens this portal")
    return found[0]


async def on_the_newest(site: Site, judge_and_act: Callable[[], Awaitable[T]]) -> T:
    """Judge and act, and do so again on the newest directory as often as it is `Overtaken`. Raises `LedgerUnavailable`,
    and whatever else `judge_and_act` raises."""
    for _ in range(TRIES):
        try:
            return await judge_and_act()
        except Overtaken:
            await site.refresh_directory()
    raise LedgerUnavailable("others change the directory at the same time")


async def carry_out(site: Site, act: Act) -> Done:
    """Record it and, if it grants, open. Raises `NotPossible`, `Overtaken`, `DoneBefore`, `LedgerUnavailable`: then
    nothing was opened."""
    device = opener_at(site, act.portal)
    grants = act.outcome is Outcome.GRANT
    if grants:
        try:
            command.check(site, device, Action.GRANT.value)
        except command.CommandNotPossible as error:
            raise NotPossible(error.code, str(error)) from None
    now, id = site.clock.now(), act.id or secrets.token_hex(16)
    command_id = secrets.token_hex(16) if grants else None
    entries = [Entry("decision", now, _record(act, device, now, id, command_id), f"t:{device.id}:{id}"), *act.entries]
    if command_id is not None:
        entries.append(_ordered(act, device, now, command_id))
    use = turn = None
    if act.uses is not None and command_id is not None:
        use = pass_uses.use_of(site, act.uses, device.id, act.portal.id, id, command_id, act.people)
        turn = pass_turns.take(site, device.id, id, act.uses, act.direction, command_id)
    judged_on = act.judged_on if act.direction is Direction.IN else None
    told_of = notices.student_left(site, act.direction, act.decision, f"t:{device.id}:{id}", now)
    unit = Unit(
        (*entries, *told_of.entries), (*act.changes, *told_of.changes), directory=act.directory, based_on=judged_on
    )
    if use is not None:
        unit = replace(unit, entries=(*unit.entries, use.entry), changes=(*unit.changes, use.change))
    late = None
    if act.tells_late_exit and act.direction is Direction.OUT:
        found = late_exits.late_exit(site, device, id, act.holder, now)
        late = None if found is None else late_exits.tell(site, found)
    try:
        both = unit if late is None else late.beside(site, unit)
        result = await site.ledger.commit(both, site.rules.record_within_s)
        if not isinstance(result, Written):
            pass_turns.give_back(site, turn)
            if late is not None:
                await late.was_told_before(site)  # or is told again with the next try
        if isinstance(result, Outdated):
            raise Overtaken
        if isinstance(result, Known) and use is not None and result.key == use.key:
            await pass_uses.look_again(site, use.credential)  # another reader was faster
            raise Overtaken
        if isinstance(result, Known):
            raise DoneBefore(id)
    except LedgerUnavailable:
        pass_turns.give_back(site, turn)
        if late is not None:
            late.not_written(site)
        if not grants or act.direction is Direction.IN:
            if late is not None:
                late.write_alone(site)
            raise
        # Leaving: the act comes first, and the record follows, however long that takes.
        site.spawn(site.ledger.commit(unit if late is None else late.beside(site, unit)))
    if use is not None:
        pass_uses.taken(site, use)
    if command_id is not None:
        _send(site, act, device, command_id, id)
    _tell(site, act, device, now, id, command_id)
    if act.directory:
        await followed(site)
    return Done(id, device.id, now, act.outcome, act.reason, command_id)


def _is_there(site: Site, device: Device) -> bool:
    return device.online and device.fresh_challenge(site.clock.monotonic()) is not None


def _record(act: Act, device: Device, now: datetime, id: str, command_id: str | None) -> dict[str, Any]:
    """The decision's row, in the words of a tap's."""
    return {
        "device": device.id,
        "portal": act.portal.id,
        "direction": act.direction.value,
        "tap": id,
        "boot": device.boot or "",
        "device_at": now,
        "credential_kind": None,
        "outcome": act.outcome.value,
        "reason": act.reason.value,
        "holder": act.holder,
        "credential": None,
        "level": act.decision.level,
        "trace": [(finding.rule, finding.verdict, finding.reason) for finding in act.decision.trace],
        "command": command_id or "",
        "hold_ms": act.portal.hold_ms if command_id is not None else None,
        "wait_ms": None,
        "by": act.by,
        "by_hand": act.why,
    } | act.more


def _ordered(act: Act, device: Device, now: datetime, command_id: str) -> Entry:
    """The command's row, so that what became of it can be asked."""
    body = {
        "device": device.id,
        "portal": act.portal.id,
        "command": command_id,
        "action": Action.GRANT.value,
        "reason": act.reason.value,
        "by": act.by,
    }
    return Entry("command", now, body, command.command_key(device.id, command_id))


def _send(site: Site, act: Act, device: Device, command_id: str, id: str) -> None:
    sentence = SENTENCES[act.reason].polite
    message = Command(
        id=command_id,
        challenge=device.fresh_challenge(site.clock.monotonic()) or "none",
        action=Action.GRANT,
        reason=act.reason.value,
        text=Text(en=sentence.en, zh=sentence.zh),
        hold_ms=act.portal.hold_ms,
    )
    passage.expect_opening(site, command_id)
    if act.holder is not None:
        passage.expect_person(site, device, act.holder, act.direction, act.portal.hold_ms, act.why == COUNTED)
    if act.portal.kind is PortalKind.VEHICLE_GATE:
        command_result.expect_vehicle(site, device, command_id, id)
    site.courier.send(device.id, device.kind, device.key, message)


def _tell(site: Site, act: Act, device: Device, now: datetime, id: str, command_id: str | None) -> None:
    counted = (act.portal.id, act.outcome.value, act.reason.value)
    site.counters.decisions[counted] = site.counters.decisions.get(counted, 0) + 1
    shown = replace(act.decision, outcome=act.outcome, reason=act.reason, holder=act.holder)
    request = Request(act.portal.id, act.direction, CredentialKind.CARD, "")
    answered = Answered(
        act.outcome.value, act.reason.value, command_id or "", act.holder, act.direction.value, now, None, None
    )
    event = told.decision_event(site, device, id, request, shown, answered)
    site.feed.publish(event | {"credential": None})
