"""What a device decides when nobody answers it: its last posture, its list, its revoked tokens, and the clock.

Promises (P1): pure; entry is granted only where the posture and an entry of the list grant it at that moment, every
doubt only takes away, and leaving by an escape route is never refused. It is the gateway's forecast of the protocol's
rules 6 and 7, for a person who asks; the device itself decides. Leaves to others: who is on a list (`lone_list`).
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from gateway.core.kinds import Direction, Level
from gateway.core.lone_list import LoneEntry
from gateway.core.reasons import Reason
from gateway.core.windows import is_open_at

FREE, LIST, DENY = "free", "list", "deny"
EVACUATE, LOCKDOWN = "evacuate", "lockdown"


@dataclass(frozen=True, slots=True)
class Standing:
    """What a device was told to do while it is alone, at the moment for which somebody asks.

    `proof_is_young`: it had word of the gateway within the posture's `max_age_s`. `list_holds`: its list has not ended.
    """

    level: Level
    emergency: str | None
    entry: str
    exit: str
    proof_is_young: bool = True
    list_holds: bool = True


@dataclass(frozen=True, slots=True)
class Alone:
    """Its answer."""

    granted: bool
    reason: Reason


def entering(standing: Standing, entries: Iterable[LoneEntry], revoked: bool, local: datetime) -> Alone:
    """Alone on the way in; `entries`: those of this credential."""
    if revoked:
        return Alone(False, Reason.CREDENTIAL_REVOKED)
    if standing.entry != LIST:
        return Alone(False, Reason.LOCKDOWN if standing.emergency == LOCKDOWN else Reason.OFFLINE_DENIED)
    if not (standing.proof_is_young and standing.list_holds):
        return Alone(False, Reason.OFFLINE_DENIED)
    found = [entry for entry in entries if Direction.IN in entry.directions]
    if not found:
        return Alone(False, Reason.NOT_LISTED)
    found = [entry for entry in found if standing.level in entry.levels]
    if not found:
        return Alone(False, Reason.LEVEL_REFUSES)
    if not any(holds_at(entry, local) for entry in found):
        return Alone(False, Reason.OUTSIDE_HOURS)
    return Alone(True, Reason.OK)


def leaving(
    standing: Standing, entries: Iterable[LoneEntry], revoked: bool, is_escape_route: bool, local: datetime
) -> Alone:
    """Alone on the way out: neither the level nor the age of anything is asked there."""
    if standing.emergency == EVACUATE:
        return Alone(True, Reason.OK_EVACUATE)
    if is_escape_route or standing.exit == FREE:
        return Alone(True, Reason.OK_EXIT)
    if standing.exit == DENY:
        return Alone(False, Reason.OFFLINE_DENIED)
    if revoked:
        return Alone(False, Reason.CREDENTIAL_REVOKED)
    found = [entry for entry in entries if Direction.OUT in entry.directions]
    if not found:
        return Alone(False, Reason.NOT_LISTED)
    if not any(holds_at(entry, local) for entry in found):
        return Alone(False, Reason.OUTSIDE_HOURS)
    return Alone(True, Reason.OK_EXIT)


def holds_at(entry: LoneEntry, local: datetime) -> bool:
    """Whether the entry's windows and bounds hold at `local`, an aware time on the site's own clock."""
    credential = entry.credential
    if credential.not_before is not None and local < credential.not_before:
        return False
    if credential.not_after is not None and local >= credential.not_after:
        return False
    return is_open_at(entry.windows, local)
