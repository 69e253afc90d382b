"""Codes that somebody made up, and codes that somebody shares: refused like any other, and reported.

Promises: a code with our beginning and without our signature opens nothing, whatever the directory has; it is counted,
raises one alarm at the place, and its value stands nowhere. A code that is shown where it cannot be shown by the one
person it was given to raises one too. Codes of before there were signatures stay what they are. Leaves to others:
refusing (`decide`), one alarm for many tries (`alarms`).
"""

import secrets

from gateway.core import pass_values
from gateway.core.kinds import CredentialKind, Direction, PresenceState
from gateway.core.nouns import Decision, Request
from gateway.core.reasons import Reason
from gateway.flows import alarms
from gateway.flows.site import Site

FORGED = "\0forged"
"""Stands for what somebody made up; no credential can have a NUL in it."""


def new_value(site: Site) -> str:
    """A code for a new pass."""
    return pass_values.new_value(site.pass_key, secrets.token_bytes(pass_values.ID_BYTES))


def read(site: Site, value: str) -> str:
    """The value of a code as it is looked up: `FORGED` for one that claims to be ours and is not."""
    if not pass_values.claims_to_be_ours(value) or pass_values.is_signed(site.pass_key, value):
        return value
    if pass_values.has_our_shape(value) or (CredentialKind.QR, value) not in site.directory.credentials:
        return FORGED
    return value  # a random one of before there were signatures, which happens to begin so


async def report(site: Site, place: str, request: Request, decision: Decision) -> None:
    """After a decision on a code at `place`, a device or portal."""
    if request.value == FORGED:
        site.counters.forged_passes += 1
        await alarms.raise_alarm(site, alarms.FORGED_PASS, place, "a code that was not made here")
    elif _is_shared(site, request, decision):
        visit = _visit_of(site, decision)
        await alarms.raise_alarm(site, alarms.PASS_SHARED, place, "" if visit is None else f"visit {visit}")


def _is_shared(site: Site, request: Request, decision: Decision) -> bool:
    """True if somebody who holds this code is in, or about to be, while it is shown on the way in."""
    if request.direction is not Direction.IN or decision.holder is None:
        return False
    if decision.reason is Reason.ALREADY_INSIDE:
        return True
    if decision.reason is not Reason.PASS_USED_UP:
        return False
    known = site.presence.get(decision.holder)
    return request.granted_elsewhere or (known is not None and known.state is PresenceState.INSIDE)


def _visit_of(site: Site, decision: Decision) -> str | None:
    visits = site.directory.papers.visits.get(decision.holder or "", ())
    return next((visit.id for visit in visits if decision.credential in visit.passes), None)
