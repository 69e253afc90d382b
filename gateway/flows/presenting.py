"""A code is shown to the guard instead of to the reader: decided like a tap there, and the gate's reader opens.

Promises: the same rules, the same count of uses, one person at a time, one record of one decision, and the record is on
disk before the command leaves. Where the rules ask for a guard, it is the guard who stands there: asked first, and
done with the second word. The reader's own quarantine does not matter, because the guard's scanner read it.
Leaves to others: recording and opening (`by_hand`), reading a code out of a picture (`web`).
"""

import contextlib
from dataclasses import dataclass

from devices.canonical import canonical
from gateway.core.decide import decide
from gateway.core.kinds import CredentialKind, Direction, HolderKind, Outcome
from gateway.core.nouns import Decision, Portal, Request
from gateway.core.reasons import Reason
from gateway.core.rights import Right
from gateway.flows import by_hand, group_passes, pass_turns, pass_watch
from gateway.flows.by_hand import Act, Done
from gateway.flows.permits import NotPossible, NotYours
from gateway.flows.site import Site
from gateway.flows.waiting import may_answer


@dataclass(frozen=True, slots=True)
class Presented:
    """What came of it. `confirm`: the rules leave it to a guard, and this one may say so."""

    done: Done
    decision: Decision
    confirm: bool


async def present(
    site: Site,
    *,
    portal: str,
    direction: Direction,
    value: str,
    by: str,
    rights: frozenset[Right],
    confirmed: bool = False,
) -> Presented:
    """Decide on a code at `portal`, and open. Raises `WrongField`, `NotPossible`, `NotYours`, `LedgerUnavailable`."""
    place = by_hand.portal_of(site, portal, direction)
    return await by_hand.on_the_newest(site, lambda: _present(site, place, direction, value, by, rights, confirmed))


async def _present(
    site: Site, place: Portal, direction: Direction, value: str, by: str, rights: frozenset[Right], confirmed: bool
) -> Presented:
    """The same, judged on the directory of now. Raises `Overtaken` too."""
    device = by_hand.opener_at(site, place)
    request = pass_turns.beside(site, device.id, _as_request(site, place, direction, value))
    now, judged_on = site.clock.now(), site.directory.version
    decision = group_passes.judged(site, request, decide(request, site.world, now), now)
    outcome, reason = decision.outcome, decision.reason
    may = outcome is Outcome.WAIT and may_answer(decision, direction, rights)
    if outcome is Outcome.WAIT and confirmed:
        if not may:
            raise NotYours("the control room confirms this door")
        _is_no_responder(site, decision)
        outcome, reason = Outcome.GRANT, Reason.OK
    act = Act(
        place,
        direction,
        outcome,
        reason,
        decision,
        by,
        "presented",
        decision.holder,
        more={"credential_kind": CredentialKind.QR.value, "credential": decision.credential},
        judged_on=judged_on,
        tells_late_exit=True,
        uses=None
        if direction is Direction.OUT
        else site.directory.credentials.get((request.credential, request.value)),
    )
    done = await by_hand.carry_out(site, act)
    await pass_watch.report(site, place.id, request, decision)
    return Presented(done, decision, may and outcome is Outcome.WAIT)


def _as_request(site: Site, place: Portal, direction: Direction, value: str) -> Request:
    with contextlib.suppress(ValueError):  # nobody has a credential like that; the decision will say so
        value = canonical(CredentialKind.QR.value, value)
    return Request(place.id, direction, CredentialKind.QR, pass_watch.read(site, value))


def _is_no_responder(site: Site, decision: Decision) -> None:
    """Responders are let in by the one touch that asks a second person what became of it. Raises `NotPossible`."""
    holder = site.directory.holders.get(decision.holder or "")
    if holder is not None and holder.kind is HolderKind.RESPONDER:
        raise NotPossible("responder", "responders are let in by the touch for responders")
