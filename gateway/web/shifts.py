"""Handlers: taking over a post, signing for it, ending a shift, and who had it when.

A signature is a session's own, or another person's card and PIN: proved here for this one act, no session begins.
"""

from typing import Any

import msgspec

from gateway.core.papers import Shift, ShiftState, Side
from gateway.core.posts import gate_of, posts_of
from gateway.core.rights import Right
from gateway.flows import reading, shifts
from gateway.flows.shifts import Count, Signer
from gateway.flows.sign_in import TooManyTries, WrongPassword
from gateway.web import shift_shapes as shapes
from gateway.web.context import Call
from gateway.web.gate_help import both, known_gate
from gateway.web.permit_words import in_words
from gateway.web.problems import FieldError, Kind, Problem
from gateway.web.sessions import too_many

MAY_SIGN = frozenset({Right.ANSWER_WAITING})
"""Who may have a post, hand it over or be the witness: guards, operators, the security office."""


async def list_posts(call: Call) -> shapes.Posts:
    """The posts of a gate, or one post: who has it, what is open, what is counted."""
    campus, query = call.site.campus, call.query
    if query.post is not None:
        async with in_words(call):
            posts: tuple[Any, ...] = (shifts.post_of(call.site, query.post),)
    elif query.gate is not None:
        posts = posts_of(campus, known_gate(call, query.gate, "gate"))
    else:
        posts = campus.posts
    return shapes.Posts([await _post(call, post) for post in posts])


async def list_history(call: Call) -> shapes.Shifts:
    """Shifts that are over, with their notes; recorded."""
    async with in_words(call):
        shifts.post_of(call.site, call.query.post)
    found = await shifts.history(call.site, call.query.post, call.query.limit)
    await reading.note(call.site, call.by.ref, "shifts", len(found))
    return shapes.Shifts([await as_shift(call, shift) for shift in found])


async def take_over(call: Call) -> shapes.ShiftInfo:
    given = call.body
    counts = [Count(one.item, one.count, one.note) for one in given.counts]
    async with in_words(call):
        shift = await shifts.take_over(call.site, given.post, counts, given.note, given.absent, call.by.ref)
    return await as_shift(call, shift)


async def sign(call: Call) -> shapes.ShiftInfo:
    given, id = call.body, call.path("shift")
    signer = await _signer(call, given.card, given.pin)
    async with in_words(call, id):
        return await as_shift(call, await shifts.sign(call.site, id, Side(given.side), signer))


async def withdraw(call: Call) -> shapes.ShiftInfo:
    id = call.path("shift")
    async with in_words(call, id):
        return await as_shift(call, await shifts.withdraw(call.site, id, call.by.ref))


async def end(call: Call) -> shapes.ShiftInfo:
    given, id = call.body, call.path("shift")
    signer = await _signer(call, given.card, given.pin)
    witness = None
    if given.witness is not None:
        witness = (await _signer(call, given.witness.card, given.witness.pin, "witness.pin")).by
    for_others = given.card is None and call.may(Right.CLOSE_ALARMS)
    async with in_words(call, id):
        ended = await shifts.end(call.site, id, given.note, signer.by, witness, for_others=for_others)
    return await as_shift(call, ended)


async def as_shift(call: Call, shift: Shift) -> shapes.ShiftInfo:
    names = await _names(call, shift)
    return shapes.ShiftInfo(
        id=shift.id,
        post=shift.post,
        state=shift.state.value,
        started_at=shift.started_at,
        guard=names.get(shift.guard or ""),
        outgoing=names.get(shift.outgoing or ""),
        absent=shift.absent,
        inventory=[
            shapes.CountedInfo(one.item, one.expected, one.count, await _words(call, one.note))
            for one in shift.inventory
        ],
        open=msgspec.convert(shift.open, shapes.OpenInfo, from_attributes=True),
        note=await _words(call, shift.note),
        signatures=[
            shapes.SignatureInfo(side.value, names.get(signed.by, ""), signed.at, signed.card)
            for side, signed in shift.signatures.items()
        ],
        lacks=[side.value for side in shift.lacks] if shift.state is ShiftState.HANDING_OVER else [],
        taken_over_at=shift.taken_over_at,
        ended_at=shift.ended_at,
        ended_by=names.get(shift.ended_by or ""),
        end_witness=names.get(shift.end_witness or ""),
        end_note=await _words(call, shift.end_note),
    )


async def _post(call: Call, post: Any) -> shapes.PostInfo:
    site = call.site
    running, coming = shifts.current(site.directory, post.id), shifts.handing_over(site.directory, post.id)
    last = await shifts.last(site, post.id)
    things = [shapes.OpenThing(one.condition, one.id, one.place, one.opened_at) for one in shifts.alarms_at(site, post)]
    things += [
        shapes.OpenThing("device_down", device.id, device.portal or "", None)
        for device in site.devices
        if device.portal in post.portals and not device.online
    ]
    return shapes.PostInfo(
        post.id,
        both(post.name),
        gate_of(site.campus, post),
        [shapes.ItemInfo(item.id, both(item.name), item.count) for item in post.inventory],
        msgspec.convert(await shifts.open_now(site, post), shapes.OpenInfo, from_attributes=True),
        things,
        None if running is None else await as_shift(call, running),
        None if coming is None else await as_shift(call, coming),
        None if last is None else await as_shift(call, last),
    )


async def _signer(call: Call, card: str | None, pin: str | None, field: str = "pin") -> Signer:
    """Whoever this card and PIN belong to, else the session's own user. Raises the problem that names the field."""
    if card is None and pin is None:
        who = call.by
        if not who.may(MAY_SIGN):
            raise Problem(Kind.NOT_ALLOWED)
        return Signer(who.ref)
    if card is None or pin is None:
        raise Problem(Kind.VALIDATION, errors=(FieldError(field, "card and PIN go together"),))
    session = call.by.session
    gate = "shift" if session is None or session.kiosk is None else session.kiosk
    try:
        who = await call.parts.card_sign_in.prove(gate, card, pin, call.address)
    except WrongPassword:
        raise Problem(Kind.VALIDATION, errors=(FieldError(field, "card and PIN do not fit"),)) from None
    except TooManyTries as error:
        raise too_many(error) from None
    if not who.may(MAY_SIGN):
        raise Problem(Kind.VALIDATION, errors=(FieldError(field, "whoever this is may not have a post"),))
    return Signer(who.ref, card=True)


async def _words(call: Call, ref: str | None) -> str:
    """What was typed, empty once it has been erased."""
    return "" if ref is None else await call.site.archive.note(ref) or ""


async def _names(call: Call, shift: Shift) -> dict[str, str]:
    """What the screen calls the users of a shift: their name in the directory, else their account's."""
    wanted = {shift.by, shift.outgoing, shift.ended_by, shift.end_witness, *(s.by for s in shift.signatures.values())}
    users = {user.ref: user for user in await call.parts.accounts.users()}
    names = {}
    for ref in wanted - {None}:
        user = users.get(ref or "")
        holder = None if user is None or user.holder is None else call.site.directory.holders.get(user.holder)
        if user is not None:
            names[user.ref] = user.name if holder is None else holder.name
    return names
