"""Somebody waits for a person's word: a guard answers, or time does.

The second answer has a record of its own. When nobody answers in time the gateway refuses shortly before the device
would; where leaving cannot be refused it lets out.
"""

import asyncio
import hashlib
from datetime import datetime, timedelta

from msgspec import structs

from devices.limits import CHALLENGE_LIFE_S, TAP_NONCE_LIFE_S, WAIT_MARGIN_MS
from devices.messages import Action, Command, Tap, Text
from gateway.core.leaving import leaving_can_be_refused
from gateway.core.nouns import CredentialKind, Direction, Outcome, Request
from gateway.core.reasons import Reason
from gateway.core.sentences import SENTENCES
from gateway.flows import passage, told
from gateway.flows.devices import Device
from gateway.flows.ports import Entry, Known, LedgerUnavailable, Result, Unit
from gateway.flows.site import Answered, Site, Waiting

HEARD_AGAIN_S = 0.1
"""How often we look whether a device that was silent has spoken; it does so every five seconds."""


class NobodyWaits(LookupError):
    """No tap of that name waits for an answer, or it has just been answered."""


def wait_key(device: str, tap: str) -> str:
    """The ledger key of the second answer to a tap."""
    return f"a:{device}:{tap}"


def begin(site: Site, device: Device, tap: Tap, request: Request, answered: Answered) -> None:
    """Put a tap on the list of those that wait, and set its timer."""
    until = site.clock.after(((answered.wait_ms or 0) - WAIT_MARGIN_MS) / 1000)
    waiting = Waiting(device.id, tap.id, request, answered.holder, answered.reason, answered.at, until, tap.nonce)
    put(site, waiting)


def put(site: Site, waiting: Waiting) -> None:
    """Add it to the list; also used for those that waited before a restart."""
    site.waits[waiting.id] = waiting
    left = max(0.0, -site.clock.elapsed_s(waiting.until))
    waiting.timer = asyncio.get_running_loop().call_later(left, lambda: site.spawn(_time_is_up(site, waiting)))
    site.feed.publish(as_event(site, waiting))


async def answer(site: Site, waiting_id: str, outcome: str, by: str, reason: str = "") -> str:
    """A guard grants or refuses; returns the command's id.

    `by` is a user's reference. Raises `NobodyWaits`, `LedgerUnavailable`.
    """
    waiting = site.waits.get(waiting_id)
    if waiting is None or waiting.answered:
        raise NobodyWaits(waiting_id)
    if outcome == Outcome.GRANT.value:
        return await _settle(site, waiting, Outcome.GRANT, Reason.OK, by, reason)
    return await _settle(site, waiting, Outcome.DENY, Reason.GUARD_REFUSED, by, reason)


async def _time_is_up(site: Site, waiting: Waiting) -> None:
    """Nobody answered. Entry is refused; who cannot be kept from leaving is let out."""
    if waiting.answered:
        return
    request = waiting.request
    let_out = request.direction is Direction.OUT and not leaving_can_be_refused(request, site.world, waiting.holder)
    outcome = Outcome.GRANT if let_out else Outcome.DENY
    try:
        await _settle(site, waiting, outcome, Reason.GUARD_TIMEOUT, None, "")
    except LedgerUnavailable:
        _forget(site, waiting)  # the device does the same by itself two seconds from now


async def _settle(site: Site, waiting: Waiting, outcome: Outcome, reason: Reason, by: str | None, words: str) -> str:
    waiting.answered = True
    now = site.clock.now()
    command = command_id_of(waiting, outcome)
    body = {
        "device": waiting.device,
        "portal": waiting.request.portal,
        "direction": waiting.request.direction.value,
        "tap": waiting.tap,
        "outcome": outcome.value,
        "reason": reason.value,
        "holder": waiting.holder,
        "by": by,
        "words": words[:200],
        "command": command,
        "waited_ms": round(site.clock.elapsed_s(waiting.since) * 1000),
    }
    entry = Entry("answer", now, body, wait_key(waiting.device, waiting.tap))
    try:
        result: Result | None = await site.ledger.commit(Unit((entry,)), site.rules.record_within_s)
    except LedgerUnavailable:
        if waiting.request.direction is Direction.IN:
            waiting.answered = False
            raise
        # Leaving: the act comes first, and the record follows, however long that takes.
        site.spawn(_record_later(site, entry))
        result = None
    _forget(site, waiting)
    if isinstance(result, Known):
        raise NobodyWaits(waiting.id)
    _send(site, waiting, outcome, reason, command)
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


async def _record_later(site: Site, entry: Entry) -> None:
    await site.ledger.commit(Unit((entry,)))


def _send(site: Site, waiting: Waiting, outcome: Outcome, reason: Reason, command: str) -> None:
    device = site.devices.get(waiting.device)
    if device is None:
        return
    if outcome is Outcome.GRANT:
        passage.expect_opening(site, command)
    portal = site.campus.portals.get(waiting.request.portal)
    sentence = SENTENCES[reason].polite
    message = Command(
        id=command,
        challenge=waiting.nonce or "none",
        action=Action(outcome.value),
        for_=waiting.tap,
        reason=reason.value,
        text=Text(en=sentence.en, zh=sentence.zh),
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
    }


async def restore(site: Site) -> None:
    """After a restart: those that still wait get back on the list."""
    since: datetime = site.clock.now() - timedelta(milliseconds=site.rules.wait_ms)
    for body in await site.archive.open_waits(since):
        request = Request(body["portal"], Direction(body["direction"]), CredentialKind(body["credential_kind"]), "")
        left_s = (body["wait_ms"] - WAIT_MARGIN_MS) / 1000 - site.clock.elapsed_s(body["at"])
        until = site.clock.after(left_s)
        put(
            site,
            Waiting(body["device"], body["tap"], request, body["holder"], body["reason"], body["at"], until, ""),
        )
