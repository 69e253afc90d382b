"""Papers as rows: one table for all kinds, each body a typed value that is checked when it is read back."""

from collections.abc import Iterator
from datetime import datetime
from typing import Any

import msgspec
import sqlalchemy as sa
from sqlalchemy.engine import Connection

from gateway.core.papers import PAPERS, Paper, PaperKind
from gateway.store.tables import papers

_TYPES: dict[str, type[Paper]] = {kind.paper.value: kind for kind in PAPERS}
_SUBJECTS = ("holder", "subject")
_ENDED = ("checked_out_at", "lifted_at", "revoked_at", "released_at", "removed_at", "ended_at")


def as_row(paper: Paper, version: int) -> dict[str, Any]:
    """The row of a paper; `version` is that of the directory which has it."""
    subject = next((getattr(paper, name) for name in _SUBJECTS if hasattr(paper, name)), None)
    return {
        "kind": paper.paper.value,
        "id": paper.id,
        "subject": subject,
        "starts_at": getattr(paper, "starts_at", None) or getattr(paper, "started_at", None),
        "ends_at": _end_of(paper),
        "live": paper.is_live,
        "body": msgspec.json.encode(paper).decode(),
        "version": version,
    }


def _end_of(paper: Paper) -> datetime | None:
    """When it ends; when it did end, if that was before: from then on it is kept only for a time."""
    ends: list[datetime | None] = [getattr(paper, "ends_at", None)]
    if not paper.is_live:
        ends += [getattr(paper, name, None) for name in _ENDED]
    return min((end for end in ends if end is not None), default=None)


def as_paper(kind: str, body: str) -> Paper:
    """The paper in a row."""
    return msgspec.json.decode(body, type=_TYPES[kind])


def changed_since(connection: Connection, version: int) -> Iterator[Paper]:
    """Papers that were filed or moved on after `version`, those that are over among them; from 0, only live ones."""
    query = sa.select(papers.c.kind, papers.c.body).where(papers.c.version > version)
    if version == 0:
        query = query.where(papers.c.live)
    for kind, body in connection.execute(query):
        yield as_paper(kind, body)


def find_paper(connection: Connection, kind: PaperKind, id: str) -> Paper | None:
    """One paper, live or over."""
    query = sa.select(papers.c.body).where(papers.c.kind == kind.value, papers.c.id == id)
    body = connection.execute(query).scalar()
    return None if body is None else as_paper(kind.value, body)


def list_papers(
    connection: Connection,
    kind: PaperKind,
    *,
    live: bool | None = None,
    subject: str | None = None,
    starts_before: datetime | None = None,
    starts_from: datetime | None = None,
    limit: int = 200,
) -> list[Paper]:
    """Papers of a kind, the newest start first."""
    query = sa.select(papers.c.body).where(papers.c.kind == kind.value)
    if live is not None:
        query = query.where(papers.c.live == live)
    if subject is not None:
        query = query.where(papers.c.subject == subject)
    if starts_before is not None:
        query = query.where(papers.c.starts_at < starts_before)
    if starts_from is not None:
        query = query.where(papers.c.starts_at >= starts_from)
    query = query.order_by(papers.c.starts_at.desc(), papers.c.id).limit(limit)
    return [as_paper(kind.value, body) for body in connection.execute(query).scalars()]
