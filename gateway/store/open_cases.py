"""Open cases as the erasing of rows asks for them: what they keep, whom papers name, and a walk over what they leave.

Promises: a case about a person keeps the papers that name this person anywhere, what hangs on those papers, and whom
they name; a walk goes on until it has enough or there is no more, however much of the beginning is kept. Read within
the transaction that erases, the quick answer holds for it: a case cannot be opened in between.
"""

import re
from collections.abc import Callable, Collection, Iterator
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import Connection, Row

from gateway.core.papers import PaperKind
from gateway.store.tables import credentials, papers

ROWS_READ_AT_ONCE = 200
_WORD = re.compile(r"[0-9A-Za-z_-]{16,}")
"""References and ids stand in a paper's body as words, alone or joined by a colon. They are longer than other words."""


@dataclass(frozen=True, slots=True)
class Cases:
    """What the open cases keep."""

    everything: bool
    """A case about nobody in particular."""
    people: frozenset[str]
    """Those whom cases are about, by reference."""
    refs: frozenset[str]
    """These, their credentials, and the papers that name them."""

    @property
    def any(self) -> bool:
        """True while any case is open: what is not kept by person may belong to it."""
        return self.everything or bool(self.people)

    def keeps(self, body: str) -> bool:
        """True for a paper that names what a case keeps."""
        return not self.refs.isdisjoint(words_of(body))


NOTHING = Cases(False, frozenset(), frozenset())


def holds(connection: Connection) -> list[str | None]:
    """For whom nothing is erased, by reference; None among them: for nobody at all."""
    live = sa.select(papers.c.subject).where(papers.c.kind == PaperKind.HOLD.value, papers.c.live)
    return list(connection.execute(live).scalars())


def open_now(connection: Connection, quick: bool = False) -> Cases:
    """What is kept now. `quick`, for a transaction for which taps wait: of other papers only those about a person."""
    held = holds(connection)
    if not held:
        return NOTHING
    people = frozenset(ref for ref in held if ref is not None)
    theirs = connection.execute(sa.select(credentials.c.ref).where(credentials.c.holder.in_(people))).scalars()
    naming = papers.c.subject.in_(people) if quick else _names(people)
    named_in = connection.execute(sa.select(papers.c.id).where(naming)).scalars()
    return Cases(None in held, people, people.union(theirs, named_in))


def named_beside(connection: Connection, case: Cases) -> set[str]:
    """Every long word of the papers about those whom cases are about: among them hosts, drivers and companions."""
    if not case.people:
        return set()
    bodies = sa.select(papers.c.body).where(papers.c.subject.in_(case.people))
    return {word for body in connection.execute(bodies).scalars() for word in words_of(body)}


def named_by_papers(connection: Connection, case: Cases) -> set[str]:
    """Every long word of the papers that are live, or that a case keeps: with everybody whom these papers name."""
    bodies = sa.select(papers.c.body).where(sa.or_(papers.c.live, _names(case.people)))
    named: set[str] = set()
    for body in walk(connection, bodies):
        named.update(words_of(body[0]))
    return named


def words_of(body: str) -> list[str]:
    """The long words of a body, references among them."""
    return _WORD.findall(body)


def walk(connection: Connection, query: sa.Select[Any]) -> Iterator[Row[Any]]:
    """The rows, a few at a time in memory."""
    with connection.execute(query.execution_options(yield_per=ROWS_READ_AT_ONCE)) as rows:
        yield from rows


def first(rows: Iterator[Row[Any]], wanted: Callable[[Row[Any]], bool], limit: int) -> list[Row[Any]]:
    """The first `limit` that are wanted, whatever comes before and between."""
    found: list[Row[Any]] = []
    for row in rows:
        if wanted(row):
            found.append(row)
            if len(found) == limit:
                break
    return found


def _names(people: Collection[str]) -> sa.ColumnElement[bool]:
    """A paper whose body names one of these people."""
    return sa.or_(sa.false(), *(papers.c.body.contains(ref, autoescape=True) for ref in people))
