"""Handlers: signing on at a kiosk by card and PIN, and the lock of its records.

Activity is what the page says of it (`POST session/touch`, after a finger or a key): what a page asks by itself keeps
nothing open.
"""

import msgspec
from aiohttp import web

from gateway.flows.card_sign_in import NoKiosk
from gateway.flows.sign_in import TooManyTries, Who, WrongPassword
from gateway.web import kiosk_shapes as shapes
from gateway.web.context import Call
from gateway.web.problems import Kind, Problem, not_found
from gateway.web.sessions import give_cookie, me_of, too_many


async def sign_on(call: Call) -> web.Response:
    """A session of this kiosk; whoever was signed on in this browser before is signed off."""
    parts, given = call.parts, call.body
    if given.gate not in call.site.campus.gates:
        raise not_found("gate")
    try:
        cookie, who = await parts.card_sign_in.sign_on(given.gate, given.card, given.pin, call.address)
    except WrongPassword:
        parts.metrics.sign_in("refused")
        raise Problem(Kind.WRONG_PIN) from None
    except TooManyTries as error:
        parts.metrics.sign_in("throttled")
        raise too_many(error) from None
    parts.metrics.sign_in("signed_in")
    if call.who is not None:
        await parts.sign_in.sign_out(call.who)
    return _with_cookie(call, cookie, who, 201)


async def unlock(call: Call) -> web.Response:
    """The records show again; with another guard's card the kiosk is theirs."""
    given, parts = call.body, call.parts
    try:
        cookie, who = await parts.card_sign_in.unlock(call.by, given.card, given.pin, call.address)
    except WrongPassword:
        raise Problem(Kind.WRONG_PIN) from None
    except TooManyTries as error:
        raise too_many(error) from None
    except NoKiosk:
        raise Problem(Kind.CONFLICT, "this session never locks") from None
    return _with_cookie(call, cookie, who, 200)


async def touch(call: Call) -> shapes.KioskState:
    """Somebody is at the screen. What is locked stays locked."""
    session = call.by.session
    if session is not None and session.kiosk is not None:
        call.parts.kiosk_locks.touch(session.hash, call.site.clock.monotonic())
    return state_of(call, call.by)


async def lock(call: Call) -> shapes.KioskState:
    """Lock the records now."""
    session = call.by.session
    if session is not None and session.kiosk is not None:
        call.parts.kiosk_locks.lock(session.hash)
    return state_of(call, call.by)


def state_of(call: Call, who: Who) -> shapes.KioskState:
    session = who.session
    if session is None or session.kiosk is None:
        return shapes.KioskState(False, None)
    left = call.parts.kiosk_locks.left_s(session.hash, call.site.clock.monotonic())
    return shapes.KioskState(left <= 0, round(left, 1))


def _with_cookie(call: Call, cookie: str | None, who: Who, status: int) -> web.Response:
    body = msgspec.json.encode(shapes.SignedOn(me_of(call.site, who), state_of(call, who)))
    response = web.Response(body=body, status=status, content_type="application/json")
    if cookie is not None:
        give_cookie(response, call.parts, cookie)
    return response
