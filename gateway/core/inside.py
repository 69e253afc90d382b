"""Who is inside and could not come in now: listed for the guards when the level changes. Nobody is locked in by it.

Everybody known to be inside is asked once more, at the way into each zone that they stand in, with what they hold. An
emergency is left out of it: under a lockdown nobody may enter, and a list of everybody says nothing.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import datetime

from gateway.core.decide import decide
from gateway.core.kinds import CredentialKind, CredentialState, Direction, Outcome, PinWord, PortalKind, PresenceState
from gateway.core.nouns import Credential, Portal, Request, World
from gateway.core.reasons import PRECEDENCE, Reason


@dataclass(frozen=True, slots=True)
class Inside:
    """Somebody inside `zone` who would be refused on the way into `refused_zone` now, and why.

    `by_level`: at the normal level they would not be.
    """

    holder: str
    zone: str
    refused_zone: str
    reason: Reason
    by_level: bool


def could_not_enter(world: World, now: datetime) -> Iterator[Inside]:
    """Everybody inside who could not come in at `now`, in the order of their references."""
    held: dict[str, list[Credential]] = {}
    inside = {ref: known.zone for ref, known in world.presence.items() if known.state is PresenceState.INSIDE}
    for credential in world.directory.credentials.values():
        if credential.holder in inside and credential.state is CredentialState.ACTIVE:
            held.setdefault(credential.holder, []).append(credential)
    ways = _ways_in(world)
    # That they are inside already, or that it is full because of them, is no reason.
    asked = replace(world, presence={}, inside={}, emergencies=(), fires=frozenset())
    normal = replace(asked, orders=())
    for ref in sorted(inside):
        zone = inside[ref]
        if zone not in world.campus.zones:
            continue
        found = _refused(asked, ways, ref, zone, held.get(ref, []), now)
        if found is not None:
            by_level = bool(world.orders) and _refused(normal, ways, ref, zone, held.get(ref, []), now) is None
            yield replace(found, by_level=by_level)


def _refused(
    world: World,
    ways: Mapping[str, list[Portal]],
    ref: str,
    zone: str,
    held: list[Credential],
    now: datetime,
) -> Inside | None:
    """The first zone, from the outside in, into which nothing that this person holds would let them."""
    for into in reversed(world.campus.around(zone)):
        if not ways.get(into):
            continue
        reasons: list[Reason] = []
        for portal in ways[into]:
            for credential in held:
                if credential.kind is CredentialKind.PLATE and portal.kind is not PortalKind.VEHICLE_GATE:
                    continue  # nobody walks in with a number plate
                request = Request(portal.id, Direction.IN, credential.kind, credential.value, pin=PinWord.RIGHT)
                decision = decide(request, world, now)
                if decision.outcome is not Outcome.DENY:
                    break
                reasons.append(decision.reason)
            else:
                continue
            break
        else:
            # Of several refusals the mildest is the one that says what would help.
            why = max(reasons, key=lambda reason: PRECEDENCE[reason], default=Reason.UNKNOWN_CREDENTIAL)
            return Inside(ref, zone, into, why, by_level=False)
    return None


def _ways_in(world: World) -> dict[str, list[Portal]]:
    ways: dict[str, list[Portal]] = {}
    for portal in world.campus.portals.values():
        if Direction.IN in portal.directions:
            ways.setdefault(portal.zone, []).append(portal)
    return ways
