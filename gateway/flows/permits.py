"""How any permit moves on: asked for, signed, ended. One step is one unit: the papers, what follows from them, one row.

Promises: a step is worked out on the newest directory and written only if nobody changed it meanwhile, so that of two
people who sign or revoke at once the second one sees what the first one did; when it returns, the next tap knows.
Leaves to others: what each permit asks (`authorisations`, `slips`, `bans`, …), who may (`web`).
"""

import contextlib
import secrets
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, TypeVar

from gateway.core.nouns import Directory, Holder
from gateway.core.papers import Paper, Visit
from gateway.flows import directory_watch, visit_lists
from gateway.flows.changes import PaperFiled
from gateway.flows.ports import Entry, Known, LedgerUnavailable, Outdated, Unit
from gateway.flows.site import Site

TRIES = 5
"""How often a step is worked out anew because others change the directory meanwhile."""
WITHIN_S = 5.0
"""Nobody waits at a gate for these: a busy database may take some seconds."""
AHEAD_AT_MOST = timedelta(days=400)

P = TypeVar("P", bound=Paper)


class NoSuchPermit(LookupError):
    """There is no such paper; the argument is the kind."""


class NotPossible(Exception):
    """It cannot be done as things are; `code` is a stable word for why, the message is for people."""

    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.code = code


class ToldAlready(Exception):
    """The ledger has a row under the step's key: it was carried out before, and nothing was written now."""


class NotYours(Exception):
    """The right is there, but it is not this person's word: their own request, or another's answer."""


class WrongField(ValueError):
    """What was sent cannot be: the field and what was expected."""

    def __init__(self, field: str, message: str) -> None:
        super().__init__(message)
        self.field = field
        self.message = message


@dataclass(frozen=True, slots=True)
class Step:
    """One step of one paper, and what is written with it. `more`: further fields of its row, references and words."""

    paper: Paper
    name: str
    by: str
    beside: tuple[Paper, ...] = ()
    """Other papers that move with it."""
    changes: tuple[Any, ...] = ()
    entries: tuple[Entry, ...] = ()
    more: Mapping[str, Any] = field(default_factory=dict)
    key: str | None = None
    """The ledger key of its row, where the same step may be asked for twice."""


async def carry_out(site: Site, work_out: Callable[[Directory, datetime], Step]) -> Step:
    """Work a step out and write it. Raises whatever `work_out` raises, `ToldAlready`, and `LedgerUnavailable`."""
    for _ in range(TRIES):
        directory, now = site.directory, site.clock.now()
        step = work_out(directory, now)
        filed = tuple(PaperFiled(paper) for paper in (step.paper, *step.beside))
        unit = Unit(
            (row_of(step, now), *step.entries), (*step.changes, *filed), directory=True, based_on=directory.version
        )
        result = await site.ledger.commit(unit, WITHIN_S)
        if isinstance(result, Outdated):
            await site.refresh_directory()
            continue
        if isinstance(result, Known):
            raise ToldAlready(result.key)
        await followed(site)
        tell(site, step, now)
        return step
    raise LedgerUnavailable("others change the directory at the same time")


async def followed(site: Site) -> None:
    """Take what was written into use. It is on disk already: with the database away, the next look takes it over."""
    with contextlib.suppress(LedgerUnavailable):
        await directory_watch.take_over(site)


def row_of(step: Step, now: datetime) -> Entry:
    """The ledger's row of a step: references, times and closed words, never what somebody wrote about somebody."""
    paper = step.paper
    body = {
        "paper": paper.paper.value,
        "id": paper.id,
        "step": step.name,
        "subject": subject_of(paper),
        "starts_at": getattr(paper, "starts_at", None) or getattr(paper, "started_at", None),
        "ends_at": getattr(paper, "ends_at", None),
        "by": step.by,
    }
    return Entry("permit", now, body | dict(step.more), step.key)


def tell(site: Site, step: Step, now: datetime) -> None:
    """The screens learn that a list of theirs has changed; what it says now they ask for."""
    site.feed.publish(
        {"type": "permit", "paper": step.paper.paper.value, "id": step.paper.id, "step": step.name, "at": now}
    )
    if isinstance(step.paper, Visit):
        visit_lists.tell(site, step.paper, step.name, now)


def subject_of(paper: Paper) -> str | None:
    """Whom or what a paper is about, by reference."""
    return getattr(paper, "holder", None) or getattr(paper, "subject", None)


def find(directory: Directory, kind: type[P], id: str) -> P:
    """A paper that is live. Raises `NoSuchPermit`."""
    found = directory.papers.by_id.get(f"{kind.paper.value}:{id}")
    if not isinstance(found, kind):
        raise NoSuchPermit(kind.paper.value)
    return found


def holder_of(directory: Directory, id: str, field: str) -> Holder:
    """The person with the school's own id. Raises `WrongField`."""
    holder = directory.with_id(id)
    if holder is None:
        raise WrongField(field, "nobody has this id")
    return holder


def check_times(starts_at: datetime, ends_at: datetime, now: datetime, at_most: timedelta) -> None:
    """A time that can be: it ends after it starts, is not past, and is not longer than such a permit lasts."""
    if ends_at <= starts_at:
        raise WrongField("ends_at", "must be after starts_at")
    if ends_at <= now:
        raise WrongField("ends_at", "is past already")
    if starts_at - now > AHEAD_AT_MOST:
        raise WrongField("starts_at", f"at most {AHEAD_AT_MOST.days} days ahead")
    if ends_at - starts_at > at_most:
        raise WrongField("ends_at", f"at most {at_most.days} days after starts_at")


def check_portals(site: Site, portals: frozenset[str]) -> None:
    """All are portals of this campus. Raises `WrongField`."""
    for number, portal in enumerate(sorted(portals)):
        if portal not in site.campus.portals:
            raise WrongField(f"portals[{number}]", "no such portal")


def check_zones(site: Site, zones: frozenset[str]) -> None:
    """All are zones of this campus. Raises `WrongField`."""
    for number, zone in enumerate(sorted(zones)):
        if zone not in site.campus.zones:
            raise WrongField(f"zones[{number}]", "no such zone")


def new_id() -> str:
    """A paper's id: random, so that nobody guesses the next."""
    return secrets.token_hex(8)
