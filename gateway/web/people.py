"""Handlers: looking people up, blocking a credential, bringing in a table of people. Every look is recorded."""

from gateway.core.kinds import HolderKind
from gateway.core.nouns import Holder
from gateway.flows import people as flow
from gateway.flows import reading
from gateway.flows.people_csv import BadPeople
from gateway.web import shapes
from gateway.web.context import Call
from gateway.web.problems import FieldError, Kind, Problem, not_found

IMPORT_LIMIT = 64 * 1024 * 1024
"""Half a million people; larger tables go in by the command line."""
IMPORT_WITHIN_S = 120.0


async def list_people(call: Call) -> shapes.People:
    query = call.query
    if query.kind is not None and query.kind not in set(HolderKind):
        raise Problem(Kind.VALIDATION, errors=(FieldError("kind", f"one of: {', '.join(HolderKind)}"),))
    page = await reading.people(
        call.site, call.parts.records, call.by.ref, query.q.strip(), query.kind, query.after, query.limit
    )
    return shapes.People([_person(holder) for holder in page.rows], page.next)


async def get_person(call: Call) -> shapes.PersonWithCredentials:
    found = await reading.person(call.site, call.parts.records, call.by.ref, call.path("person"))
    if found is None:
        raise not_found("person")
    holder, credentials = found
    held = [shapes.CredentialInfo(c.ref, c.kind, c.ending, c.state, c.not_before, c.not_after) for c in credentials]
    return shapes.PersonWithCredentials(_person(holder), held)


async def revoke_credential(call: Call) -> shapes.Revoked:
    """Blocked for good; refused on the very next tap."""
    ref = call.path("credential")
    try:
        await flow.revoke_credential(call.site, ref, call.body.reason, call.by.ref)
    except LookupError:
        raise not_found("credential") from None
    return shapes.Revoked(ref, call.body.reason)


async def import_people(call: Call) -> shapes.Imported:
    """All lines or none."""
    try:
        done = await flow.import_csv(call.site, call.body, call.by.ref)
    except BadPeople as error:
        errors = tuple(FieldError(f"lines[{bad.line}].{bad.field}", bad.message) for bad in error.lines[:1000])
        raise Problem(Kind.VALIDATION, f"{len(error.lines)} lines are wrong; nothing was taken", errors) from None
    return shapes.Imported(done.added + done.updated + done.unchanged, done.added, done.updated)


def _person(holder: Holder) -> shapes.Person:
    return shapes.Person(
        holder.id, holder.name, holder.kind.value, sorted(holder.groups), holder.dormitory, holder.suspended
    )
