"""Somebody who was here before comes again: found by the document, so that nothing has to be typed twice.

Promises: the number serves to make the keyed hash, is compared, and is forgotten; that somebody asked is recorded,
whether anybody was found or not. Leaves to others: whether the visitor may come in (the rules), who may ask (`web`).
"""

from dataclasses import dataclass

from gateway.core.kinds import HolderKind
from gateway.core.papers import PaperKind, Visit
from gateway.flows import reading
from gateway.flows.documents import DocumentKind, read_document
from gateway.flows.site import Site


@dataclass(frozen=True, slots=True)
class Known:
    """What the last visit said of whoever has this document."""

    name: str
    organisation: str
    plate: str | None
    last_kind: HolderKind


async def find_visitor(site: Site, kind: DocumentKind, number: str, by: str) -> Known | None:
    """Who was here with this document; None for nobody, and for whom retention has erased.

    Raises `WrongField`, `LedgerUnavailable`.
    """
    document = read_document(site, kind, number, "document.number")
    holder = site.directory.with_id(document.holder_id)
    if holder is None:
        await reading.note(site, by, "returning_visitor", 0)
        return None
    await reading.note(site, by, "returning_visitor", 1, holder.ref)
    papers = await site.archive.papers(PaperKind.VISIT, subject=holder.ref, limit=1)
    last = next((paper for paper in papers if isinstance(paper, Visit)), None)
    if last is None:
        return Known(holder.name, "", None, holder.kind)
    return Known(holder.name, last.organisation, last.plate, last.kind)
