"""The live stream: what a screen needs at its start, and then everything as it happens.

Promises: whoever connects first gets a snapshot, then events, none lost in between; a sign of life each two seconds,
so that a screen knows at once when it is looking at the past; a screen too slow to follow is cut off and counted, never
waited for; the stream ends within a second of its session. Leaves to others: what the events are (the flows).
"""

import asyncio
from collections.abc import Coroutine
from typing import Annotated, Any, Literal

import msgspec
import structlog
from aiohttp import WSMsgType, web

from gateway.core.kinds import Level
from gateway.core.levels import order_in_force
from gateway.core.rights import Right
from gateway.flows import emergencies, gate_help, reading
from gateway.flows.accounts import AccountsAway
from gateway.flows.feed import Lagging, Subscription
from gateway.flows.ports import LedgerUnavailable
from gateway.flows.reading import RecordsAway
from gateway.flows.sign_in import Who
from gateway.flows.site import Site
from gateway.web import camera_news, gate_view
from gateway.web.camera_news import About
from gateway.web.context import PARTS, Call, Parts
from gateway.web.devices import as_device, from_device_event, hears_silent, open_alarms, sees_plates, who_waits
from gateway.web.dispatch import is_locked
from gateway.web.problems import Kind, Problem, not_found

log = structlog.get_logger(__name__)

USER: web.ResponseKey[str] = web.ResponseKey("user", str)

NEWEST = 50
PING_S = 15.0
SIGN_OF_LIFE_S = 2.0
CHECK_SESSION_S = 0.5
SEND_WITHIN_S = 10.0
"""A browser whose buffers are full for that long has gone to sleep, or means harm."""
MOST_STREAMS = 200
MOST_STREAMS_EACH = 10
LONGEST_MESSAGE = 1024
"""Screens have nothing to say here."""

POLICY_VIOLATION, TRY_AGAIN_LATER, GOING_AWAY, SIGNED_OUT = 1008, 1013, 1001, 4401


class StreamQuery(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """`gate`: only what a kiosk at this gate shows. A session that began at a kiosk gets its own gate's in any case.
    `of`: the cameras and nothing else; for whoever may see them, and may watch or not."""

    gate: Annotated[str, msgspec.Meta(max_length=63)] = ""
    of: Literal["", "cameras"] = ""


async def stream(call: Call) -> web.StreamResponse:
    """One screen, from its handshake to its end."""
    parts, who = call.parts, call.by
    if not call.may(Right.SEE_CAMERAS if call.query.of else Right.WATCH):
        raise Problem(Kind.NOT_ALLOWED)
    if call.request.headers.get("Upgrade", "").lower() != "websocket":
        raise Problem(Kind.MALFORMED, "this is a WebSocket")
    gate = _gate_of(call)
    own = sum(1 for other in parts.streams if other.get(USER) == who.name)
    if len(parts.streams) >= MOST_STREAMS or own >= MOST_STREAMS_EACH:
        raise Problem(Kind.TOO_MANY, "too many open streams", retry_after_s=10)
    socket = web.WebSocketResponse(heartbeat=PING_S, max_msg_size=LONGEST_MESSAGE, compress=False)
    socket[USER] = who.name
    await socket.prepare(call.request)
    parts.streams.add(socket)
    parts.metrics.stream_opened()
    subscription = parts.site.feed.subscribe()
    try:
        if call.query.of:
            cameras = _Cameras(parts)
            await _run(parts, who, socket, cameras.tell(socket, subscription), cameras.tick(socket))
        else:
            await _run(parts, who, socket, _tell(parts, who, socket, subscription, gate), _tick(parts, socket))
    finally:
        subscription.close()
        parts.streams.discard(socket)
        parts.metrics.stream_closed()
    return socket


def _gate_of(call: Call) -> str | None:
    session = call.by.session
    gate = (None if session is None else session.kiosk) or call.query.gate or None
    if gate is not None and gate not in call.site.campus.gates:
        raise not_found("gate")
    return gate


async def _run(
    parts: Parts,
    who: Who,
    socket: web.WebSocketResponse,
    tell: Coroutine[Any, Any, None],
    tick: Coroutine[Any, Any, None],
) -> None:
    """Tell and listen side by side; whichever ends first ends the other."""
    jobs = [
        asyncio.create_task(tell),
        asyncio.create_task(tick),
        asyncio.create_task(_watch_session(parts, who, socket)),
        asyncio.create_task(_listen(socket)),
    ]
    try:
        done, _ = await asyncio.wait(jobs, return_when=asyncio.FIRST_COMPLETED)
    finally:
        for job in jobs:
            job.cancel()
        results = await asyncio.gather(*jobs, return_exceptions=True)
    for result in results:
        if isinstance(result, TimeoutError):
            parts.metrics.stream_cut("slow")
        elif isinstance(result, Exception) and not isinstance(result, ConnectionError | RuntimeError):
            log.error("stream_failed", error=repr(result)[:300])
    if not socket.closed:
        try:
            async with asyncio.timeout(2):
                await socket.close(code=GOING_AWAY)
        except (TimeoutError, ConnectionError):
            pass  # it was not listening any more
    del done


async def _tell(
    parts: Parts, who: Who, socket: web.WebSocketResponse, subscription: Subscription, gate: str | None
) -> None:
    if gate is None:
        first = await snapshot(parts, who, "stream")
    else:
        first = gate_view.at_first(parts, who, gate) | now_and_counts(parts)
    await _send(socket, {"type": "snapshot", **first})
    try:
        async for event in subscription:
            if gate is not None and not gate_view.concerns(parts.site, gate, event):
                continue
            if event.get("silent") and not hears_silent(who):
                continue
            if "only" in event:
                # It names people: for those who may see them, and never on a kiosk that nobody is at.
                if not who.may(event["only"]) or is_locked(parts, who):
                    continue
                event = {name: value for name, value in event.items() if name != "only"}
            if event["type"] == "waiting" and not sees_plates(who):
                event = event | {"plate": None, "proposals": []}
            if event["type"] == "device":
                event = {"type": "device", "device": from_device_event(event)}
            await _send(socket, event)
            await asyncio.sleep(0)  # of hundreds at once none waits by itself, and a tap would wait for them all
    except Lagging:
        await _cut(parts, socket)


async def _cut(parts: Parts, socket: web.WebSocketResponse) -> None:
    parts.metrics.stream_cut("lagging")
    await socket.close(code=TRY_AGAIN_LATER, message=b"too slow")


async def _tick(parts: Parts, socket: web.WebSocketResponse) -> None:
    """The time, the counts and the level: small, and proof that the stream lives."""
    while True:
        await asyncio.sleep(SIGN_OF_LIFE_S)
        await _send(socket, {"type": "tick", **now_and_counts(parts)})


class _Cameras:
    """The stream of a screen that shows the cameras: all of them first, then each that has changed."""

    def __init__(self, parts: Parts) -> None:
        self._parts, self._site, self._news = parts, parts.site, parts.camera_news
        self._look = 0
        self._turn = asyncio.Lock()

    async def tell(self, socket: web.WebSocketResponse, subscription: Subscription) -> None:
        """At once what is found, what becomes of work orders, and rounds."""
        await self._send(socket, About("snapshot"))
        try:
            async for event in subscription:
                about = camera_news.concerns(event)
                if about is not None:
                    await self._send(socket, about)
                    await asyncio.sleep(0)  # see `_tell`
        except Lagging:
            await _cut(self._parts, socket)

    async def tick(self, socket: web.WebSocketResponse) -> None:
        """Checks that were done, new pictures by their number, and proof that the stream lives."""
        while True:
            await asyncio.sleep(SIGN_OF_LIFE_S)
            await self._send(socket, About("tick"))

    async def _send(self, socket: web.WebSocketResponse, about: About) -> None:
        """In turn, so that a screen never gets an older state after a newer one."""
        site, (what, camera) = self._site, about
        async with self._turn:
            look = self._news.look(site, camera)
            cameras, self._look = self._news.since(self._look), look
            event = {"type": what, "camera": camera, "at": site.clock.now(), "cameras": cameras, "away": away(site)}
            await _send(socket, event)


async def _watch_session(parts: Parts, who: Who, socket: web.WebSocketResponse) -> None:
    """Ends with the session. While the accounts are away the screen goes on: it shows, it does not act."""
    while True:
        await asyncio.sleep(CHECK_SESSION_S)
        try:
            still = await parts.sign_in.still(who)
        except AccountsAway:
            continue
        if still is None or still.rights != who.rights:
            await socket.close(code=SIGNED_OUT, message=b"signed out")
            return


async def _listen(socket: web.WebSocketResponse) -> None:
    """Screens only answer pings; whatever else they say ends the stream."""
    message = await socket.receive()
    if message.type in (WSMsgType.TEXT, WSMsgType.BINARY):
        await socket.close(code=POLICY_VIOLATION, message=b"nothing is expected here")


async def _send(socket: web.WebSocketResponse, event: dict[str, Any]) -> None:
    async with asyncio.timeout(SEND_WITHIN_S):
        await socket.send_str(msgspec.json.encode(event).decode())


async def snapshot(parts: Parts, who: Who, what: str) -> dict[str, Any]:
    """Everything that the live page shows at first. `decisions` is None if the records cannot be read just now."""
    site = parts.site
    try:
        page = await reading.decisions(site, parts.records, who.ref, reading.Filter(), None, NEWEST, what)
        decisions: list[dict[str, Any]] | None = list(page.rows)
    except (RecordsAway, LedgerUnavailable):
        decisions = None
    return {
        "decisions": decisions,
        "waiting": who_waits(site, sees_plates(who)),
        "alarms": open_alarms(site, hears_silent(who)),
        "devices": [as_device(site, device) for device in site.devices],
        **now_and_counts(parts),
    }


def now_and_counts(parts: Parts) -> dict[str, Any]:
    """The gateway's time, the strictest level, what is away, and how much goes on."""
    site = parts.site
    return {
        "at": site.clock.now(),
        "level": strictest(site),
        "emergencies": [emergencies.as_event(site, one) for one in emergencies.in_force(site)],
        "away": away(site),
        "counts": parts.tally.counts(),
        "relief": [gate_help.as_told(one) for one in site.help.reliefs.values()],
    }


def away(site: Site) -> list[str]:
    """Parts that the gateway has lost."""
    return [name for name, ok in (("broker", site.broker_connected), ("database", not site.ledger.is_away)) if not ok]


def strictest(site: Site) -> dict[str, Any]:
    """The strictest level anywhere on the site, and where it holds."""
    now = site.clock.now()
    campus, orders = site.campus, site.world.orders
    zones = {zone: order_in_force(campus, orders, zone, now, site.trusted_until) for zone in campus.zones}
    level = min(Level.L3 if order is None else order.level for order in zones.values())
    at_it = {zone: order for zone, order in zones.items() if (Level.L3 if order is None else order.level) is level}
    first = next(iter(at_it.values()))
    return {
        "level": int(level),
        "drill": any(order is not None and order.drill for order in at_it.values()),
        "since": None if first is None else first.starts_at,
        "until": None if first is None else first.ends_at,
        "zones": [] if len(at_it) == len(zones) else list(at_it),
    }


async def end_streams(app: web.Application) -> None:
    """At shutdown: nobody waits for a screen."""
    for socket in list(app[PARTS].streams):
        await socket.close(code=GOING_AWAY, message=b"the gateway stops")
