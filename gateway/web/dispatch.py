"""From a route of the table to its handler: who asks, whether they may, what they sent, and what they get.

Promises: the one place where a cookie or a token becomes a person; a handler runs only for somebody who has one of the
route's rights, with a body and query of the route's shape. Leaves to others: the table (`routes`).
"""

import asyncio
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import Enum
from typing import Any, Protocol

import msgspec
from aiohttp import hdrs, web

from gateway.core.rights import Right
from gateway.flows.sign_in import Who
from gateway.web.context import PARTS, Call, Parts
from gateway.web.decoding import decode_body, decode_query
from gateway.web.edge import ROUTE_NAME
from gateway.web.problems import Kind, Problem

JSON_LIMIT = 64 * 1024
BODY_WITHIN_S = 10.0
PARAMETER = re.compile(r"\{(\w+):((?:[^{}]|\{[^{}]*\})*)\}")
"""A part of a path and the pattern it follows."""
COOKIE = "wg_session"
COOKIE_UNDER_TLS = "__Host-wg_session"


class Access(Enum):
    """Routes that ask for no particular right."""

    PUBLIC = "public"
    SIGNED_IN = "signed in"


CLOSED: frozenset[Right] = frozenset()
"""What a route has if nobody gave it anything: nobody may."""


class RouteHandler(Protocol):
    """Answers a call with a shape of `shapes`, or with a response of its own."""

    async def __call__(self, call: Call, /) -> Any: ...


@dataclass(frozen=True)
class Route:
    """One line of the table: method and path, who may, what goes in, what comes out."""

    method: str
    path: str
    handler: RouteHandler
    summary: str
    allowed: Access | frozenset[Right] = CLOSED
    body: type | None = None
    query: type | None = None
    answer: type | None = None
    status: int = 200
    problems: tuple[Kind, ...] = ()
    media: str = "application/json"
    body_limit: int = JSON_LIMIT
    body_within_s: float = BODY_WITHIN_S
    is_page: bool = False
    tag: str = "other"
    answer_media: str = "application/json"
    raw_body: bool = field(default=False)
    """The handler gets the bytes as they came; `media` says of what type they must be."""
    other_media: tuple[str, ...] = ()
    """Further types that a raw body may be of."""
    records: bool = False
    """It shows records of people: a kiosk that nobody has touched for a minute gets 423 `locked` instead. Never for
    what a gate needs at once: lockdown, whoever waits, responders, verdicts, panic."""
    any_gate: bool = False
    """A kiosk's session may ask it of another gate than its own: it shows nobody there and opens nothing, or is a call
    for help that nothing may hold up."""


def plain_path(path: str) -> str:
    """`/a/{b:[0-9]+}` as `/a/{b}`."""
    return PARAMETER.sub(r"{\1}", path)


def cookie_name(parts: Parts) -> str:
    """Under TLS the browser itself keeps the cookie to this host."""
    return COOKIE if parts.tls is None else COOKIE_UNDER_TLS


def bind(route: Route) -> Any:
    """The aiohttp handler for a route."""
    name = plain_path(route.path)

    async def handle(request: web.Request) -> web.StreamResponse:
        parts = request.app[PARTS]
        request[ROUTE_NAME] = name
        who = await authenticate(parts, request)
        check_access(route, who)
        check_lock(route, parts, who)
        query = decode_query(list(request.query.items()), route.query) if route.query else None
        body = await read_body(route, request)
        check_gate(route, parts, who, request.match_info, body, query)
        answer = await route.handler(Call(request, parts, who, body, query))
        if who is not None and route.method != "GET":
            parts.site.rooms.acted(who.ref, parts.site.clock.now())  # whoever does something is awake
        if isinstance(answer, web.StreamResponse):
            return answer
        if answer is None:
            return web.Response(status=route.status)
        return web.Response(
            body=msgspec.json.encode(answer), status=route.status, content_type="application/json", charset="utf-8"
        )

    return handle


async def authenticate(parts: Parts, request: web.Request) -> Who | None:
    """Who sends this, by bearer token or by cookie; a wrong token is not made good by a cookie."""
    header = request.headers.get(hdrs.AUTHORIZATION)
    if header is not None:
        scheme, _, token = header.partition(" ")
        if scheme.lower() != "bearer":
            return None
        return await parts.sign_in.who_has_token(token.strip())
    cookie = request.cookies.get(cookie_name(parts))
    return None if cookie is None else await parts.sign_in.who_has_cookie(cookie)


def check_access(route: Route, who: Who | None) -> None:
    """Raises the problem that keeps `who` out, if any."""
    if route.allowed is Access.PUBLIC:
        return
    if who is None:
        raise Problem(Kind.NOT_SIGNED_IN)
    if route.allowed is Access.SIGNED_IN:
        return
    if not isinstance(route.allowed, frozenset) or not who.may(route.allowed):
        raise Problem(Kind.NOT_ALLOWED)


def check_lock(route: Route, parts: Parts, who: Who | None) -> None:
    """Raises the problem that keeps records from a kiosk's screen while nobody is at it."""
    if route.records and is_locked(parts, who):
        raise Problem(Kind.LOCKED)


def is_locked(parts: Parts, who: Who | None) -> bool:
    """True for a session that began by card at a kiosk and has been idle; passwords and tokens never lock."""
    session = None if who is None else who.session
    if session is None or session.kiosk is None:
        return False
    return parts.kiosk_locks.is_locked(session.hash, parts.site.clock.monotonic())


def check_gate(route: Route, parts: Parts, who: Who | None, path: Mapping[str, str], body: Any, query: Any) -> None:
    """Raises the problem that keeps a kiosk's session from acting at a gate where its guard does not stand."""
    mine = None if who is None or who.session is None else who.session.kiosk
    if mine is None or route.any_gate or route.allowed is Access.PUBLIC:
        return
    campus = parts.site.campus
    gates = {path.get("gate"), getattr(body, "gate", None), getattr(query, "gate", None), mine} - {None, ""}
    device = parts.site.devices.get(path.get("tap", "").partition(":")[0])
    portals = {path.get("portal"), getattr(body, "portal", None), None if device is None else device.portal}
    stand = {campus.portals[portal].gate for portal in portals if portal is not None and portal in campus.portals}
    if gates | stand != {mine}:
        raise Problem(Kind.NOT_ALLOWED, "this kiosk stands at another gate")


async def read_body(route: Route, request: web.Request) -> Any:
    """The body in the route's shape, None for a route without one."""
    if route.body is None and not route.raw_body:
        if request.can_read_body and await _read(request, 1, route.body_within_s):
            raise Problem(Kind.MALFORMED, "this takes no body")
        return None
    if request.content_type not in (route.media, *route.other_media) or "Content-Encoding" in request.headers:
        raise Problem(Kind.MEDIA, f"send {route.media}")
    raw = await _read(request, route.body_limit, route.body_within_s)
    return raw if route.raw_body or route.body is None else decode_body(raw, route.body)


async def _read(request: web.Request, limit: int, within_s: float) -> bytes:
    if request.content_length is not None and request.content_length > limit:
        raise Problem(Kind.TOO_LARGE, f"at most {limit} bytes")
    parts: list[bytes] = []
    size = 0
    try:
        async with asyncio.timeout(within_s):
            async for chunk in request.content.iter_chunked(64 * 1024):
                size += len(chunk)
                if size > limit:
                    raise Problem(Kind.TOO_LARGE, f"at most {limit} bytes")
                parts.append(chunk)
    except TimeoutError:
        raise Problem(Kind.MALFORMED, "the body did not come in time") from None
    except web.RequestPayloadError:
        raise Problem(Kind.MALFORMED, "the body broke off") from None
    return b"".join(parts)
