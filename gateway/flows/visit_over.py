"""A visit is over, by whatever way it ends: one step, so that no end leaves something behind that still opens.

Promises: every pass of the visit is void and its vehicle is on no list any more, in the commit that ends the visit.
Leaves to others: whether it may end, and in which state (`visits`, `host_answers`, `paper_entries`, `put_away`).
"""

from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime
from typing import Any

from gateway.core.kinds import CredentialState
from gateway.core.nouns import Directory
from gateway.core.papers import Vehicle, VehicleKind, Visit
from gateway.flows.changes import CredentialStateSet
from gateway.flows.permits import Step


def ended(
    directory: Directory, visit: Visit, name: str, by: str, now: datetime, more: Mapping[str, Any] | None = None
) -> Step:
    """The step that files `visit`, which is in its last state, with what falls with it."""
    return Step(visit, name, by, gone_with(directory, visit.passes, now), void(visit.passes), more=more or {})


def void(passes: tuple[str, ...]) -> tuple[CredentialStateSet, ...]:
    """These open nothing any more."""
    return tuple(CredentialStateSet(ref, CredentialState.REVOKED.value) for ref in passes)


def gone_with(directory: Directory, passes: tuple[str, ...], now: datetime) -> tuple[Vehicle, ...]:
    """The visitor's vehicles among these passes, as removed."""
    vehicles = directory.papers.vehicles
    return tuple(
        replace(vehicles[ref], removed_at=now)
        for ref in passes
        if ref in vehicles and vehicles[ref].kind is VehicleKind.VISITOR
    )
