"""Handler: a visitor who was here before. The number of the document travels in a body only, never in an address."""

from gateway.flows import returning
from gateway.flows.documents import DocumentKind
from gateway.web import returning_shapes as shapes
from gateway.web.context import Call
from gateway.web.permit_words import in_words


async def find_returning(call: Call) -> shapes.Returning:
    """What the last visit said of whoever has this document; recorded."""
    given = call.body.document
    async with in_words(call):
        found = await returning.find_visitor(call.site, DocumentKind(given.kind), given.number, call.by.ref)
    if found is None:
        return shapes.Returning(False)
    return shapes.Returning(True, found.name, found.organisation, found.plate, found.last_kind.value)
