"""Handlers: one person is looked up, with a reason; who is in a zone by name; who looked whom up.

The reason is a field of every such question and not of a session: whoever looks at another person says anew what for.
"""

from gateway.core.looking_up import BadSpan, Why
from gateway.core.nouns import Holder, Presence
from gateway.core.rights import Right
from gateway.flows import movements
from gateway.flows.movements import Enquiry, NoSuchPerson, NoSuchZone, Step
from gateway.web import people_desk_shapes as shapes
from gateway.web.context import Call
from gateway.web.decisions import as_decision
from gateway.web.people_shapes import PeopleFound
from gateway.web.permit_words import person
from gateway.web.problems import FieldError, Kind, Problem, not_found
from gateway.web.shapes import CredentialInfo, HolderInfo, Person


async def find(call: Call) -> PeopleFound:
    """What was typed is in no record and no address; why is in the record."""
    given = call.body
    found = await movements.find(call.site, call.by.ref, _enquiry(call), given.q, given.limit)
    return PeopleFound([_person(holder) for holder in found])


async def whereabouts(call: Call) -> shapes.Whereabouts:
    try:
        found = await movements.whereabouts(
            call.site, call.parts.records, call.by.ref, _enquiry(call), call.path("person")
        )
    except NoSuchPerson:
        raise not_found("person") from None
    held = [CredentialInfo(c.ref, c.kind, c.ending, c.state, c.not_before, c.not_after) for c in found.credentials]
    seen = None if found.presence is None else _seen(found.presence)
    return shapes.Whereabouts(_person(found.holder), held, seen, call.may(Right.SEE_MOVEMENTS))


async def way(call: Call) -> shapes.Movements:
    given = call.body
    try:
        found = await movements.way(
            call.site, call.parts.records, call.by.ref, _enquiry(call), call.path("person"), given.since, given.until
        )
    except NoSuchPerson:
        raise not_found("person") from None
    except BadSpan as error:
        raise Problem(Kind.VALIDATION, errors=(FieldError(error.field, str(error)),)) from None
    holder = found.holder
    return shapes.Movements(
        HolderInfo(holder.id, holder.name, holder.kind.value),
        found.since,
        found.until,
        [_movement(step) for step in found.steps],
        found.next,
    )


async def within(call: Call) -> shapes.PeopleWithin:
    given, zone = call.body, call.path("zone")
    try:
        found = await movements.within(call.site, call.by.ref, _enquiry(call), zone, given.after, given.limit)
    except NoSuchZone:
        raise not_found("zone") from None
    people = [shapes.PersonWithin(_person(holder), _seen(seen)) for holder, seen in found.people]
    return shapes.PeopleWithin(zone, found.at, found.surely, found.perhaps, people, found.next)


async def list_reads(call: Call) -> shapes.Reads:
    """Who looked up what: for whoever may read that, and recorded too."""
    query = call.query
    found, more = await movements.looks(
        call.site, call.parts.records, call.by.ref, query.enquiries, query.before, query.limit
    )
    names = {user.ref: user.name for user in await call.parts.accounts.users()}
    reads = [
        shapes.Read(
            one.seq,
            one.at,
            names.get(one.by, one.by),
            one.what,
            one.count,
            person(call.site, one.about),
            one.why,
            one.words,
        )
        for one in found
    ]
    return shapes.Reads(reads, more)


def _enquiry(call: Call) -> Enquiry:
    words = call.body.words.strip()
    if len(words) < 3:
        raise Problem(Kind.VALIDATION, errors=(FieldError("words", "say which case it is"),))
    return Enquiry(Why(call.body.why), words)


def _movement(step: Step) -> shapes.Movement:
    decision = None if step.decision is None else as_decision(step.decision)
    return shapes.Movement(step.seq, step.at, step.portal, decision, step.zone, step.state)


def _seen(presence: Presence) -> shapes.Seen:
    return shapes.Seen(presence.zone, presence.state.value, presence.since)


def _person(holder: Holder) -> Person:
    return Person(holder.id, holder.name, holder.kind.value, sorted(holder.groups), holder.dormitory, holder.suspended)
