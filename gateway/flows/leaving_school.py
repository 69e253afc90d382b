"""What ends when people leave the school: their vehicles' passes, and their places on the essential list.

A paper that stays live keeps its person from being erased, so nothing is left behind that was given to them alone. A
school bus stays: it is the school's, and opens to nobody until somebody else answers for it.
"""

from collections.abc import Collection, Iterable
from dataclasses import replace
from datetime import datetime

from gateway.core.kinds import CredentialState
from gateway.core.papers import Essential, Paper, Vehicle, VehicleKind
from gateway.flows.changes import CredentialStateSet, HolderLeft, PaperFiled, PeopleChanged
from gateway.flows.permits import Step, row_of
from gateway.flows.ports import Entry, Unit


def unit_of(
    entry: Entry, change: HolderLeft | PeopleChanged, steps: Iterable[Step], now: datetime, version: int
) -> Unit:
    """One unit: that they left, and everything that ends with it."""
    steps = tuple(steps)
    ended = tuple(part for step in steps for part in (*step.changes, PaperFiled(step.paper)))
    rows = tuple(row_of(step, now) for step in steps)
    return Unit((entry, *rows), (change, *ended), directory=True, based_on=version)


def ended_by(papers: Iterable[Paper], left: Collection[str], by: str, now: datetime) -> list[Step]:
    """What ends of these live papers when these people leave."""
    if not left:
        return []
    steps: list[Step] = []
    gone = set(left)
    listed: list[Essential] = []
    for paper in papers:
        if isinstance(paper, Vehicle) and paper.holder in left and paper.kind is not VehicleKind.BUS:
            blocked = CredentialStateSet(paper.id, CredentialState.REVOKED.value)
            steps.append(Step(replace(paper, removed_at=now), "removed", by, changes=(blocked,)))
            gone.add(paper.id)
        elif isinstance(paper, Essential):
            listed.append(paper)
    steps += [Step(replace(paper, removed_at=now), "unlisted", by) for paper in listed if paper.id in gone]
    return steps
