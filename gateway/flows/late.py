"""Somebody waited until the time was over, was refused for that, and still stands there: "let in now".

The gate's screen keeps them in sight for five minutes. A guard's late word is no answer to the old tap, which has its
answer: the rules are asked again on the newest directory, and if they still leave it to a person, the portal is opened
by hand, with a decision of its own in the ledger that names the tap.

Promises: once for a tap, however many guards touch at once (the decision's key follows from the tap); a pass with n
uses gives one for it as for any entry. Leaves to others: who waited (`waiting`), opening (`by_hand`). What is known of
it lies in memory: after a restart nobody is late any more, and taps again.
"""

import hashlib
from datetime import timedelta

from gateway.core.kinds import Direction, Outcome
from gateway.core.reasons import Reason
from gateway.core.rights import Right
from gateway.flows import by_hand, openings, pass_uses, permits, waiting
from gateway.flows.site import Site
from gateway.flows.waits import TooLate, Waiting

WITHIN = timedelta(minutes=5)


async def let_in(site: Site, id: str, by: str, rights: frozenset[Right]) -> by_hand.Done:
    """Open for whoever waited too long under that id.

    Raises `NobodyWaits`, `NotYourWord`, `NoLonger` (of `waiting`), `NotPossible`, `LedgerUnavailable`.
    """
    return await by_hand.on_the_newest(site, lambda: _let_in(site, id, by, rights))


async def _let_in(site: Site, id: str, by: str, rights: frozenset[Right]) -> by_hand.Done:
    """The same, judged on the directory of now. Raises `Overtaken` too."""
    late = site.late.get(id)
    now = site.clock.now()
    if late is None or now - late.closed_at > WITHIN:
        raise waiting.NobodyWaits(id)
    who = late.waiting
    request = who.request
    judged_on = site.directory.version
    decision = waiting.judged_again(site, who)
    reason = waiting.may_be_granted(site, who, rights)
    held = pass_uses.held_by(site, who) if request.direction is Direction.IN else None
    if decision.reason is Reason.PASS_USED_UP or (held is not None and pass_uses.is_used_up(site, held)):
        raise waiting.NoLonger(decision)
    opening = waiting.follow_up(site, who, reason, by, now)
    entries, changes = openings.file_with(opening, now)
    act = by_hand.Act(
        by_hand.portal_of(site, request.portal, request.direction),
        request.direction,
        Outcome.GRANT,
        reason,
        decision,
        by,
        "late",
        who.holder,
        {"waited_as": f"{who.device}:{who.tap}"},
        entries,
        changes,
        directory=opening is not None,
        judged_on=judged_on,
        uses=held,
        id=_id_of(who),
    )
    try:
        done = await by_hand.carry_out(site, act)
    except by_hand.DoneBefore:
        site.late.pop(id, None)
        raise waiting.NobodyWaits(id) from None
    site.late.pop(id, None)
    if opening is not None:
        site.spawn(openings.tell_control_room(site, opening))
        site.spawn(permits.followed(site))
    site.feed.publish({"type": "late_closed", "id": id, "at": now, "portal": request.portal, "outcome": "grant"})
    return done


def _id_of(who: Waiting) -> str:
    return hashlib.sha256(f"{who.device}\n{who.tap}\nlate".encode()).hexdigest()[:32]


def still_late(site: Site) -> list[TooLate]:
    """Whoever can still be let in, the longest first."""
    now = site.clock.now()
    return [late for late in site.late.values() if now - late.closed_at <= WITHIN]


async def forget_pictures(site: Site) -> None:
    """Each second: the picture of a vehicle that neither waits nor can be let in late is dropped."""
    if not site.wait_pictures:
        return
    wanted = set(site.waits) | {late.waiting.id for late in still_late(site)}
    for id in [id for id in site.wait_pictures if id not in wanted]:
        del site.wait_pictures[id]
