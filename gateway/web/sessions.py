"""Handlers: signing in and out, who I am, my sessions."""

from dataclasses import replace

import msgspec
from aiohttp import web

from gateway.flows import accounts
from gateway.flows.sign_in import ABSOLUTE, TooManyTries, Who, WrongPassword
from gateway.flows.site import Site
from gateway.web import shapes
from gateway.web.context import Call, Parts
from gateway.web.dispatch import cookie_name
from gateway.web.problems import Kind, Problem, not_found


async def sign_in(call: Call) -> web.Response:
    """A new session, whatever cookie came along: nobody can plant one beforehand."""
    parts, given = call.parts, call.body
    try:
        cookie, who = await parts.sign_in.sign_in(given.user, given.password, call.address)
    except WrongPassword:
        parts.metrics.sign_in("refused")
        raise Problem(Kind.WRONG_PASSWORD) from None
    except TooManyTries as error:
        parts.metrics.sign_in("throttled")
        raise too_many(error) from None
    parts.metrics.sign_in("signed_in")
    if call.who is not None:
        await parts.sign_in.sign_out(call.who)
    response = web.Response(
        body=msgspec.json.encode(me_of(parts.site, who)), status=201, content_type="application/json"
    )
    give_cookie(response, parts, cookie)
    return response


async def sign_out(call: Call) -> web.Response:
    """End this session; without one there is nothing to end."""
    if call.by.session is None:
        raise Problem(Kind.CONFLICT, "a token has no session; it ends when it is revoked")
    await call.parts.sign_in.sign_out(call.by)
    response = web.Response(status=204)
    response.del_cookie(cookie_name(call.parts), path="/", secure=call.parts.tls is not None, httponly=True)
    return response


async def me(call: Call) -> shapes.Me:
    return me_of(call.site, call.by)


async def change_me(call: Call) -> shapes.Me:
    """One's own language."""
    user = await call.parts.accounts.user(call.by.name)
    if user is None:
        raise Problem(Kind.NOT_SIGNED_IN)
    changed = replace(user, language=call.body.language)
    record = accounts.user_changed(user, changed, call.by.ref, call.parts.sign_in.now())
    await call.parts.accounts.change_user(changed, record, None)
    call.parts.sign_in.forget(user.name)
    return me_of(call.site, replace(call.by, language=changed.language))


async def own_sessions(call: Call) -> shapes.Sessions:
    return shapes.Sessions(await list_sessions(call, call.by.name))


async def end_own_session(call: Call) -> None:
    user = await call.parts.accounts.user(call.by.name)
    if user is None:
        raise Problem(Kind.NOT_SIGNED_IN)
    await end_session(call, user, call.path("session"))


async def list_sessions(call: Call, user: str) -> list[shapes.SessionInfo]:
    """The open sessions of a user, the oldest first."""
    own = None if call.by.session is None else call.by.session.hash
    found = await call.parts.accounts.sessions(user, call.parts.sign_in.now())
    return [_info(session, session.hash == own) for session in found]


async def end_session(call: Call, user: accounts.User, id: str) -> None:
    """End the one session of `user` that goes by that id."""
    found = await call.parts.accounts.sessions(user.name, call.parts.sign_in.now())
    hashes = frozenset(session.hash for session in found if session.id == id)
    if not hashes:
        raise not_found("session")
    await call.parts.sign_in.end_sessions(user, hashes, call.by.ref)


def give_cookie(response: web.Response, parts: Parts, cookie: str) -> None:
    """The session's cookie, for this browser alone: no script reads it and no other site sends it."""
    response.set_cookie(
        cookie_name(parts),
        cookie,
        path="/",
        httponly=True,
        samesite="Strict",
        secure=parts.tls is not None,
        max_age=round(ABSOLUTE.total_seconds()),
    )


def too_many(error: TooManyTries) -> Problem:
    """Somebody has to wait before the next try."""
    return Problem(Kind.TOO_MANY, retry_after_s=max(1, round(error.wait_s + 0.5)))


def me_of(site: Site, who: Who) -> shapes.Me:
    session = None if who.session is None else _info(who.session, True)
    holder = None if who.holder is None else site.directory.holders.get(who.holder)
    person = None if holder is None else holder.id
    return shapes.Me(who.name, sorted(who.roles), sorted(who.rights), who.language, session, person)


def _info(session: accounts.Session, current: bool) -> shapes.SessionInfo:
    return shapes.SessionInfo(session.id, session.created_at, session.seen_at, session.expires_at, current)
