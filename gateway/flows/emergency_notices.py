"""Who is told that an emergency by hand is in force and waits for a signature: whoever may sign it, but its caller.

Promises: told once, after everything that protects people is done, and nothing waits for it; one that cannot be looked
up or written tells nobody, and is an alarm after fifteen minutes without a signature as ever. Leaves to others: what is
said (`emergency_words`).
"""

import contextlib

from gateway.core.papers import Emergency
from gateway.core.rights import Right
from gateway.flows import notices
from gateway.flows.notice_rules import NoticeKind
from gateway.flows.order_notices import reachable
from gateway.flows.ports import LedgerUnavailable, Unit
from gateway.flows.site import Site

WITHIN_S = 5.0
"""Nothing waits for this look-up."""


async def tell(site: Site, emergency: Emergency) -> None:
    """Queue the notices of one that has just been called."""
    found = await reachable(site, Right.SIGN_EMERGENCIES, WITHIN_S)
    now = site.clock.now()
    people = sorted({one.holder for one in found if one.user != emergency.started_by})
    made = [notices.queue(NoticeKind.EMERGENCY, emergency.id, holder, now, "gateway") for holder in people]
    if made:
        entries = tuple(entry for one in made for entry in one.entries)
        changes = tuple(change for one in made for change in one.changes)
        with contextlib.suppress(LedgerUnavailable):
            await site.ledger.commit(Unit(entries, changes))
