"""Whom a device may let pass when nobody answers it: the entries of its credential list.

The list never loosens anything: it names cards only (no plates, no passes with limited uses), the windows of the
permissions, and only those levels at which this holder needs neither a PIN nor a person at this portal.
"""

from collections.abc import Iterator
from dataclasses import dataclass

from gateway.core.leaving import is_watched_exit
from gateway.core.nouns import (
    Campus,
    Credential,
    CredentialKind,
    CredentialState,
    Direction,
    Directory,
    Holder,
    HolderKind,
    Level,
    Portal,
    PortalKind,
)
from gateway.core.windows import Window

ALL_LEVELS = (Level.L1, Level.L2, Level.L3)
ONLY_L3 = (Level.L3,)

LEVELS_AT_A_GATE: dict[HolderKind, tuple[Level, ...]] = {
    HolderKind.STUDENT: ALL_LEVELS,
    HolderKind.STAFF: ALL_LEVELS,
    HolderKind.SERVICE: ALL_LEVELS,
    HolderKind.RESIDENT: ALL_LEVELS,
    HolderKind.CONTRACTOR: ONLY_L3,
    HolderKind.SUPPLIER: ONLY_L3,
}
"""Kinds that need no person at a gate, and at which levels; all others always need one."""


@dataclass(frozen=True, slots=True)
class LoneEntry:
    """One credential may pass in `directions` while a window (local time; None: always) is open."""

    credential: Credential
    directions: tuple[Direction, ...]
    levels: tuple[Level, ...]
    windows: tuple[Window, ...] | None


def lone_entries(campus: Campus, directory: Directory, portal: Portal) -> Iterator[LoneEntry]:
    """The entries of the list of a device at `portal`, in a stable order."""
    watched = is_watched_exit(portal, campus.profile, CredentialKind.CARD) and Direction.OUT in portal.directions
    enters = Direction.IN in portal.directions
    cards = (c for c in directory.credentials.values() if c.kind is CredentialKind.CARD)
    for credential in sorted(cards, key=lambda c: c.ref):
        holder = directory.holders.get(credential.holder)
        if holder is None or holder.suspended or credential.state is not CredentialState.ACTIVE:
            continue
        levels = _levels(portal, holder)
        if not levels:
            continue
        may_enter, windows = _entry_windows(campus, portal, holder) if enters else (False, None)
        if may_enter:
            yield LoneEntry(credential, (Direction.IN,), levels, windows)
        if watched:
            leaving = campus.leaving_windows if holder.kind is HolderKind.STUDENT else None
            if leaving is None or leaving:
                yield LoneEntry(credential, (Direction.OUT,), levels, leaving)


def _levels(portal: Portal, holder: Holder) -> tuple[Level, ...]:
    if portal.kind is PortalKind.RESTRICTED:
        return ONLY_L3  # above it a PIN is asked for, then the control room too
    return LEVELS_AT_A_GATE.get(holder.kind, ())


def _entry_windows(campus: Campus, portal: Portal, holder: Holder) -> tuple[bool, tuple[Window, ...] | None]:
    """Whether `holder` may ever enter here, and when (None: always)."""
    windows: list[Window] = []
    may_enter = False
    for rule in campus.permissions_by_portal[portal.id]:
        if not rule.holds_for(holder, portal):
            continue
        if rule.windows is None:
            return True, None
        may_enter = True
        windows.extend(rule.windows)
    return may_enter, tuple(windows)
