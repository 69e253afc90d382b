"""Who is told that an order waits for their hand: a principal for the signature, a leader for what they gave by word.

Promises: told once for each request, in the commit that makes it wait, so that a crash loses nothing; never the one who
requested it; only people of the directory whose user holds the right and whom a channel reaches. Looking them up holds
no order up: what cannot be read just now tells nobody, and the desk says so. Leaves to others: what is said
(`order_words`).
"""

import asyncio
from collections.abc import Collection
from dataclasses import dataclass, replace
from datetime import datetime

import structlog

from gateway.core.papers import Lack
from gateway.core.rights import Right
from gateway.flows import notices
from gateway.flows.accounts import AccountsAway
from gateway.flows.notice_rules import NoticeKind
from gateway.flows.order_acts import Filed
from gateway.flows.order_words import waits_for_signer
from gateway.flows.ports import LedgerUnavailable
from gateway.flows.site import Site

log = structlog.get_logger(__name__)

LOOK_UP_WITHIN_S = 0.5


@dataclass(frozen=True, slots=True)
class Reachable:
    """Somebody who can be told: the user, and the person of the directory."""

    user: str
    holder: str


@dataclass(frozen=True, slots=True)
class Hands:
    """Whom a notice reaches: of those who sign orders, and of those who raise by word."""

    signers: tuple[Reachable, ...] = ()
    leaders: tuple[Reachable, ...] = ()


async def hands(site: Site) -> Hands:
    """Everybody who might be told of an order."""
    return Hands(*await asyncio.gather(reachable(site, Right.SIGN_ORDERS), reachable(site, Right.RAISE_ORALLY)))


async def reachable(site: Site, right: Right, within_s: float = LOOK_UP_WITHIN_S) -> tuple[Reachable, ...]:
    """Who has a right and can be told, as far as that is known in time; nobody where nothing can be sent."""
    found: list[Reachable] = []
    if not site.notices.channels:
        return ()
    try:
        async with asyncio.timeout(within_s):
            for user, holder in sorted(await site.people_with(frozenset({right}))):
                person = site.directory.holders.get(holder)
                if person is not None and not person.suspended and await notices.address_of(site, person) is not None:
                    found.append(Reachable(user, holder))
    except (AccountsAway, LedgerUnavailable, TimeoutError):
        log.warning("order_notice_not_possible", note="not everybody who signs could be looked up")
    return tuple(found)


def with_notices(filed: Filed, found: Hands, by: str, now: datetime) -> Filed:
    """What is to be written, and with it that those are told for whom the order waits from now on."""
    if filed.unit is None:
        return filed
    order = filed.order
    people: set[str] = set()
    if waits_for_signer(order):
        people |= {one.holder for one in found.signers if one.user != order.requested_by}
    if Lack.CONFIRMATION in order.lacks:
        people |= {one.holder for one in found.leaders if one.user == order.signed_by}
    made = [notices.queue(NoticeKind.ORDER, order.id, holder, now, by) for holder in sorted(people)]
    entries = tuple(entry for one in made for entry in one.entries)
    changes = tuple(change for one in made for change in one.changes)
    unit = replace(filed.unit, entries=filed.unit.entries + entries, changes=filed.unit.changes + changes)
    return Filed(order, unit)


async def told(site: Site, ids: Collection[str]) -> dict[str, int]:
    """How many people a notice of each order reached, or is on its way to; nothing while that cannot be read."""
    if not ids:
        return {}
    people: dict[str, set[str]] = {}
    try:
        found = await site.archive.notices_of(NoticeKind.ORDER, list(ids))
    except LedgerUnavailable:
        return {}
    for notice in found:
        if notice.state in ("waiting", "sent"):
            people.setdefault(notice.about, set()).add(notice.recipient)
    return {id: len(people.get(id, ())) for id in ids}
