"""Anti-passback is forgiven: for everybody at a set hour, for one person by a guard.

Who is forgiven is uncertain from then on, and who is uncertain is never refused for being inside already. Promises: at
the set hour those who sleep in their building are left as they are: the night's list and a muster by fire rest on that.
Every forgiveness is recorded. Leaves to others: the rule itself (`decide`).
"""

from gateway.core.kinds import PresenceState, ZoneKind
from gateway.flows import occupancy, pins, rounds
from gateway.flows.changes import PresenceDoubted
from gateway.flows.ports import Entry, Known, LedgerUnavailable, Unit
from gateway.flows.site import Site

ROUND = "forgiven"


async def forgive(site: Site, person: str, by: str) -> None:
    """A guard forgives one person: nobody knows where they are. Raises `LookupError`, `LedgerUnavailable`."""
    holder = pins.holder_of(site, person)
    now = site.clock.now()
    known = site.presence.get(holder.ref)
    body = {"holder": holder.ref, "zone": None if known is None else known.zone, "by": by}
    change = PresenceDoubted((holder.ref,), now)
    await site.ledger.commit(Unit((Entry("presence_forgiven", now, body),), (change,)), site.rules.record_within_s)
    occupancy.now_uncertain(site, [holder.ref], now)


async def look(site: Site) -> None:
    """Called each second: at the set hour everybody is forgiven, once a day."""
    moment = rounds.moment_due(site, ROUND, site.campus.policy.forgive_at_min)
    if moment is None:
        return
    now = site.clock.now()
    holders = [
        holder
        for holder, presence in site.presence.items()
        if presence.state is PresenceState.INSIDE and presence.since < moment and not _sleeps(site, presence.zone)
    ]
    if not holders:
        rounds.made(site, ROUND, moment)
        return
    body = {"people": len(holders)}
    entry = Entry("presence_forgiven_all", now, body, rounds.round_key(ROUND, moment))
    try:
        result = await site.ledger.commit(Unit((entry,), (PresenceDoubted(tuple(holders), now),)), 10.0)
    except LedgerUnavailable:
        return  # the next second tries again
    rounds.made(site, ROUND, moment)
    if not isinstance(result, Known):
        occupancy.now_uncertain(site, holders, now)


def _sleeps(site: Site, zone: str) -> bool:
    return zone in site.campus.zones and any(
        site.campus.zones[one].kind is ZoneKind.DORMITORY for one in site.campus.around(zone)
    )
