"""Handlers: a known person without the card, one touch for responders and shelter."""

from datetime import timedelta

from gateway.core.kinds import Direction
from gateway.core.papers import Identification, IdentificationReason, Opening, OpeningKind, PaperKind, Service
from gateway.flows import identifications, openings, reading
from gateway.web import visit_shapes as shapes
from gateway.web.context import Call
from gateway.web.permit_words import in_words, person
from gateway.web.shapes import TraceLine


async def identify(call: Call) -> shapes.IdentificationDone:
    """One entry, if the rules would have granted it with the card; a refusal says why."""
    given, site = call.body, call.site
    async with in_words(call):
        found = await identifications.identify(
            site,
            holder=given.holder,
            portal=given.portal,
            direction=Direction(given.direction),
            reason=IdentificationReason(given.reason),
            by=call.by.ref,
            rights=call.by.rights,
        )
    trace = [
        TraceLine(f.rule, f.verdict.value, None if f.reason is None else f.reason.value) for f in found.decision.trace
    ]
    done = found.done
    return shapes.IdentificationDone(
        found.id,
        done.outcome.value,
        done.reason.value,
        trace,
        person(site, found.decision.holder),
        done.device,
        done.command,
        found.times,
    )


async def list_identifications(call: Call) -> shapes.Identifications:
    """The newest two hundred; `often`: those that were at least the third within 30 days."""
    site, query = call.site, call.query
    papers = [p for p in await site.archive.papers(PaperKind.IDENTIFICATION) if isinstance(p, Identification)]
    counted = [(paper, _times(paper, papers)) for paper in papers]
    rows = [row for row in counted if not query.often or row[1] >= identifications.NOTICED_TIMES][: query.limit]
    await reading.note(site, call.by.ref, "identifications", len(rows))
    return shapes.Identifications(
        [
            shapes.IdentificationInfo(
                paper.id,
                paper.started_at,
                person(site, paper.holder),
                paper.portal,
                paper.reason.value,
                paper.granted,
                times,
            )
            for paper, times in rows
        ]
    )


async def open_by_hand(call: Call) -> shapes.OpeningDone:
    given = call.body
    async with in_words(call):
        done, opening = await openings.open_for(
            call.site,
            portal=given.portal,
            direction=Direction(given.direction),
            kind=OpeningKind(given.kind),
            by=call.by.ref,
            rights=call.by.rights,
            holder=given.holder,
            count=given.count,
            service=None if given.service is None else Service(given.service),
        )
    return shapes.OpeningDone(
        done.id,
        done.outcome.value,
        done.reason.value,
        done.device,
        done.command,
        None if opening is None else as_opening(opening),
    )


async def list_openings(call: Call) -> shapes.Openings:
    """Those that still wait for a second person's word, the oldest first."""
    return shapes.Openings([as_opening(opening) for opening in openings.open_ones(call.site)])


async def dispose_opening(call: Call) -> shapes.OpeningInfo:
    id = call.path("opening")
    async with in_words(call, id):
        return as_opening(await openings.dispose(call.site, id, call.body.disposal, call.by.ref))


def as_opening(opening: Opening) -> shapes.OpeningInfo:
    return shapes.OpeningInfo(
        opening.id,
        opening.portal,
        opening.kind.value,
        opening.count,
        opening.by,
        opening.started_at,
        opening.due_at,
        opening.disposal,
        opening.disposed_by,
        opening.disposed_at,
        None if opening.service is None else opening.service.value,
    )


def _times(paper: Identification, others: list[Identification]) -> int:
    """How often this person came without the card within the 30 days before."""
    return sum(
        other.holder == paper.holder
        and other.granted
        and timedelta(0) <= paper.started_at - other.started_at < identifications.WITHIN
        for other in others
    )
