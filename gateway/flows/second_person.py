"""Two people at one door: the first waits, the second makes it two.

A door for two named people, an escorted visitor, a repair in a dormitory: whoever is not enough alone waits for half a
minute, and the tap of the right other person at the same portal lets both in: one record and one command each. The same
person never counts twice, whatever cards they hold. Who is right is asked of `decide` itself, once for each of the two.

Promises: nobody is let in whom `decide` would not grant together with the other one; a tap brings in one other person
at most. Leaves to others: a guard's or the control room's word for whoever waits (`waiting`), which stays possible.
"""

from dataclasses import replace

from gateway.core.decide import decide
from gateway.core.facts import is_of_the_house
from gateway.core.kinds import Direction, Outcome
from gateway.core.nouns import Decision, Portal, Request
from gateway.core.reasons import Reason
from gateway.flows import pass_uses, waiting
from gateway.flows.devices import Device
from gateway.flows.ports import LedgerUnavailable
from gateway.flows.site import Site
from gateway.flows.waits import Waiting

WITHIN_S = 30.0
"""The second one taps within this time."""


def beside(site: Site, request: Request) -> Request:
    """The request, and who waits here for just such a person; unchanged if nobody does."""
    if request.direction is not Direction.IN:
        return request
    if request.accompanied_by is not None:
        request = replace(request, accompanied_by=None)
    held = site.directory.credentials.get((request.credential, request.value))
    portal = site.campus.portals.get(request.portal)
    if held is None or portal is None:
        return request
    for first in _who_waits(site, portal, held.holder):
        if portal.two_people and not _is_of_the_house(site, portal, held.holder):
            break  # both have to be named for it
        if first.holder is None or not _is_of_the_house(site, portal, first.holder):
            continue
        if _would_enter_with(site, first, held.holder):
            return replace(request, accompanied_by=first.holder)
    return request


async def settle(site: Site, device: Device, tap: str, request: Request, decision: Decision) -> None:
    """Somebody was granted entry: whoever waits here for them comes in as well, the first one first."""
    portal = site.campus.portals.get(request.portal)
    if request.direction is not Direction.IN or decision.holder is None or portal is None:
        return
    if not _is_of_the_house(site, portal, decision.holder):
        return
    for first in _who_waits(site, portal, decision.holder):
        if portal.two_people and (first.holder is None or not _is_of_the_house(site, portal, first.holder)):
            continue
        if not _would_enter_with(site, first, decision.holder):
            continue
        try:
            await waiting.let_in(site, first, f"tap:{device.id}:{tap}")
        except (waiting.NobodyWaits, LedgerUnavailable):
            continue
        return


def _is_of_the_house(site: Site, portal: Portal, ref: str) -> bool:
    """True for whoever may be the second person here, by reference."""
    holder = site.directory.holders.get(ref)
    return holder is not None and not holder.suspended and is_of_the_house(site.campus, portal, holder)


def _who_waits(site: Site, portal: Portal, for_holder: str) -> list[Waiting]:
    """Those who wait here for a second person, and are not that person themselves; the longest first."""
    found = [
        one
        for one in site.waits.values()
        if not one.answered
        and one.reason == Reason.SECOND_PERSON.value
        and one.request.portal == portal.id
        and one.request.direction is Direction.IN
        and one.holder is not None
        and one.holder != for_holder
        and site.clock.elapsed_s(one.since) <= WITHIN_S
    ]
    return sorted(found, key=lambda one: one.since)


def _would_enter_with(site: Site, first: Waiting, other: str) -> bool:
    """True if all that the first one lacks is this other person: a card that was revoked meanwhile makes nobody two."""
    held = pass_uses.held_by(site, first)
    if held is None:
        return False
    asked = replace(first.request, value=held.value, accompanied_by=other)
    return decide(asked, site.world, site.clock.now()).outcome is Outcome.GRANT
