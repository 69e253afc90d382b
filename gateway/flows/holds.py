"""Open cases: while one is open nothing is erased of the person it is about, or of anybody.

Promises: opened and closed by name, with a reason, both on record; a case that is closed lets the next night's run go
on where it would have been. Leaves to others: the erasing (`retention`), who may (`web`).
"""

from collections.abc import Callable
from dataclasses import replace
from datetime import datetime

from gateway.core.nouns import Directory
from gateway.core.papers import Hold
from gateway.flows.permits import Step, carry_out, find, holder_of, new_id
from gateway.flows.site import Site


async def place(site: Site, person: str | None, reason: str, by: str) -> Hold:
    """Keep everything of this person, or of everybody. Raises `WrongField`, `LedgerUnavailable`."""
    id = new_id()

    def work_out(directory: Directory, now: datetime) -> Step:
        subject = None if person is None else holder_of(directory, person, "person").ref
        return Step(Hold(id, subject, reason, by, now), "placed", by)

    return await _done(site, work_out)


async def release(site: Site, id: str, by: str) -> Hold:
    """The case is closed. Raises `NoSuchPermit`, `LedgerUnavailable`."""

    def work_out(directory: Directory, now: datetime) -> Step:
        return Step(replace(find(directory, Hold, id), released_by=by, released_at=now), "released", by)

    return await _done(site, work_out)


def open_cases(site: Site) -> list[Hold]:
    """All that are open, the oldest first."""
    found = [paper for paper in site.directory.papers.by_id.values() if isinstance(paper, Hold)]
    return sorted(found, key=lambda hold: (hold.placed_at, hold.id))


async def _done(site: Site, work_out: Callable[[Directory, datetime], Step]) -> Hold:
    paper = (await carry_out(site, work_out)).paper
    assert isinstance(paper, Hold)
    return paper
