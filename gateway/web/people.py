"""Handlers: finding people, their pictures and numbers, blocking a credential, taking in a table of people.

Every look is recorded before it is answered.
"""

from aiohttp import web

from gateway.core.kinds import HolderKind
from gateway.core.nouns import Holder
from gateway.flows import contacts, portraits, reading
from gateway.flows import people as flow
from gateway.flows.finding import HOSTS
from gateway.flows.people_csv import BadPeople
from gateway.web import people_shapes, shapes
from gateway.web.context import Call
from gateway.web.permit_words import in_words
from gateway.web.problems import FieldError, Kind, Problem, not_found

IMPORT_LIMIT = 64 * 1024 * 1024
"""Half a million people; larger tables go in by the command line."""
IMPORT_WITHIN_S = 120.0


async def list_people(call: Call) -> shapes.People:
    query = call.query
    if query.kind is not None and query.kind not in set(HolderKind):
        raise Problem(Kind.VALIDATION, errors=(FieldError("kind", f"one of: {', '.join(HolderKind)}"),))
    page = await reading.people(call.site, call.parts.records, call.by.ref, query.kind, query.after, query.limit)
    return shapes.People([_person(holder) for holder in page.rows], page.next)


async def search_people(call: Call) -> people_shapes.PeopleFound:
    """What was typed is in no record and no address."""
    given = call.body
    kinds = tuple(HolderKind) if given.kinds is None else _kinds(given.kinds)
    found = await call.site.finder.search(call.site.directory, given.q, kinds, given.limit)
    await reading.note(call.site, call.by.ref, "people", len(found))
    return people_shapes.PeopleFound([_person(holder) for holder in found])


async def search_hosts(call: Call) -> people_shapes.HostsFound:
    """Whom a visitor may name: enough to pick somebody, and no more."""
    given, site = call.body, call.site
    kinds = HOSTS[site.campus.profile]
    found = await site.finder.search(site.directory, given.q, kinds, given.limit)
    found = [holder for holder in found if not holder.suspended]
    await reading.note(site, call.by.ref, "hosts", len(found))
    hosts = [people_shapes.Host(holder.id, holder.name, ", ".join(sorted(holder.groups))) for holder in found]
    return people_shapes.HostsFound(hosts)


async def get_picture(call: Call) -> web.Response:
    """No browser and no proxy keeps it: `edge` says so to both."""
    jpeg = await portraits.show(call.site, call.path("person"), call.by.ref)
    if jpeg is None:
        raise not_found("picture")
    return web.Response(body=jpeg, content_type="image/jpeg")


async def put_picture(call: Call) -> None:
    try:
        known = await portraits.keep(call.site, call.path("person"), call.body, call.by.ref)
    except portraits.NoPicture as error:
        raise Problem(Kind.VALIDATION, errors=(FieldError("body", str(error)),)) from None
    if not known:
        raise not_found("person")


async def delete_picture(call: Call) -> None:
    if not await portraits.remove(call.site, call.path("person"), call.by.ref):
        raise not_found("picture")


async def get_contact(call: Call) -> people_shapes.ContactInfo:
    return _contact(await contacts.look_up(call.site, call.path("person"), call.by.ref))


async def put_contact(call: Call) -> people_shapes.ContactInfo:
    given = call.body
    async with in_words(call):
        shown = await contacts.keep(
            call.site, call.path("person"), given.phone, given.mail, given.messenger, call.by.ref
        )
    return _contact(shown)


async def get_person(call: Call) -> shapes.PersonWithCredentials:
    return await person_as_told(call, call.path("person"))


async def person_as_told(call: Call, id: str) -> shapes.PersonWithCredentials:
    """Somebody's entry, recorded as looked at."""
    found = await reading.person(call.site, call.parts.records, call.by.ref, id)
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


def _kinds(names: list[str]) -> tuple[HolderKind, ...]:
    unknown = [number for number, name in enumerate(names) if name not in set(HolderKind)]
    if unknown:
        said = f"one of: {', '.join(HolderKind)}"
        raise Problem(Kind.VALIDATION, errors=tuple(FieldError(f"kinds[{number}]", said) for number in unknown))
    return tuple(HolderKind(name) for name in names)


def _contact(shown: contacts.Shown | None) -> people_shapes.ContactInfo:
    if shown is None:
        raise not_found("person")
    return people_shapes.ContactInfo(shown.phone, shown.mail, shown.messenger)


def _person(holder: Holder) -> shapes.Person:
    return shapes.Person(
        holder.id, holder.name, holder.kind.value, sorted(holder.groups), holder.dormitory, holder.suspended
    )
