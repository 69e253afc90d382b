"""The live stream: what a screen needs at its start, and then everything as it happens.

Promises: whoever connects first gets a snapshot, then events, none lost in between; a sign of life each two seconds,
so that a screen knows at once when it is looking at the past; a screen too slow to follow is cut off and counted, never
waited for; the stream ends within five seconds of its session (`sign_in`). Leaves to others: what the events are (the
flows).
"""

import asyncio
import contextlib
from collections.abc import Coroutine
from typing import Annotated, Any, Literal

import msgspec
import structlog
from aiohttp import WSMsgType, web

from gateway.core.control_rooms import rooms_of
from gateway.core.rights import Right
from gateway.flows import gate_help, reading
from gateway.flows.accounts import AccountsAway
from gateway.flows.feed import Lagging, Subscription
from gateway.flows.ports import LedgerUnavailable
from gateway.flows.reading import RecordsAway
from gateway.flows.sign_in import Who
from gateway.web import camera_news, control_stream, gate_view
from gateway.web.alarm_views import hears_silent, open_alarms
from gateway.web.camera_news import About
from gateway.web.context import PARTS, Call, Parts
from gateway.web.devices import as_device, from_device_event, sees_plates, who_waits
from gateway.web.dispatch import is_locked
from gateway.web.live_hub import Page
from gateway.web.live_state import away, event_id, eyes, feed_id, in_force
from gateway.web.live_wire import AGREED, EXTENSIONS, Wire, takes_packed
from gateway.web.problems import Kind, Problem, not_found

log = structlog.get_logger(__name__)

USER: web.ResponseKey[str] = web.ResponseKey("user", str)

NEWEST = 50
PING_S = 15.0
SEND_WITHIN_S = 10.0
"""A browser whose buffers are full for that long has gone to sleep, or means harm."""
SIGN_OF_LIFE_S = 2.0
CHECK_SESSION_S = 0.5
CHECK_OF_MANY_S = 2.0
"""For pages that may be a hundred: each look asks the database, and that cost taps more than all the telling did."""
MOST_STREAMS = 200
MOST_STREAMS_EACH = 10
LONGEST_MESSAGE = 1024
"""Screens have nothing to say here."""

POLICY_VIOLATION, TRY_AGAIN_LATER, GOING_AWAY, SIGNED_OUT = 1008, 1013, 1001, 4401


class StreamQuery(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """`gate`: only what a kiosk at this gate shows. A session that began at a kiosk gets its own gate's in any case.
    `of`: the cameras and nothing else, for whoever may see them, and may watch or not; or everything that the control
    room shows. `after`: the `event_id` of the last event that the page has; it goes on from there if that can be done.
    `room`: the control room whose desk it is."""

    gate: Annotated[str, msgspec.Meta(max_length=63)] = ""
    of: Literal["", "cameras", "control"] = ""
    after: Annotated[str, msgspec.Meta(max_length=64)] = ""
    room: Annotated[str, msgspec.Meta(max_length=63)] = ""


async def stream(call: Call) -> web.StreamResponse:
    """One screen, from its handshake to its end."""
    parts, who = call.parts, call.by
    of = call.query.of
    if not call.may(Right.SEE_CAMERAS if of == "cameras" else Right.WATCH):
        raise Problem(Kind.NOT_ALLOWED)
    if of == "control" and who.session is not None and who.session.kiosk is not None:
        raise Problem(Kind.NOT_ALLOWED, "a kiosk shows its own gate")
    if call.request.headers.get("Upgrade", "").lower() != "websocket":
        raise Problem(Kind.MALFORMED, "this is a WebSocket")
    gate, room = _gate_of(call), _room_of(call)
    own = sum(1 for other in parts.streams if other.get(USER) == who.name)
    if len(parts.streams) >= MOST_STREAMS or own >= MOST_STREAMS_EACH:
        raise Problem(Kind.TOO_MANY, "too many open streams", retry_after_s=10)
    socket = web.WebSocketResponse(heartbeat=PING_S, max_msg_size=LONGEST_MESSAGE, compress=False)
    socket[USER] = who.name
    unpacks = of == "control" and takes_packed(",".join(call.request.headers.getall(EXTENSIONS, ())))
    if unpacks:
        socket.headers[EXTENSIONS] = AGREED
    await socket.prepare(call.request)
    parts.streams.add(socket)
    parts.metrics.stream_opened()
    try:
        match call.query.of:
            case "control":
                wire = Wire(socket, call.request.transport, unpacks)
                await _control(parts, who, socket, wire, call.query.after, room)
            case "cameras":
                await _cameras(parts, who, socket)
            case _:
                await _screen(parts, who, socket, gate, call.query.after)
    finally:
        parts.streams.discard(socket)
        parts.metrics.stream_closed()
    return socket


def _gate_of(call: Call) -> str | None:
    session = call.by.session
    gate = (None if session is None else session.kiosk) or call.query.gate or None
    if gate is not None and gate not in call.site.campus.gates:
        raise not_found("gate")
    return gate


def _room_of(call: Call) -> str:
    """The room at whose desk the page is; none for one that can only look, such as a leader's."""
    room: str = call.query.room
    if room and room not in {one.id for one in rooms_of(call.site.campus)}:
        raise not_found("control room")
    return room if call.may(Right.CLOSE_ALARMS) else ""


async def _control(parts: Parts, who: Who, socket: web.WebSocketResponse, wire: Wire, after: str, room: str) -> None:
    """A page of the control room: the hub tells all of them together."""
    hub, page, site = parts.control_hub, Page(who.rights, wire), parts.site
    hub.join(page)
    if room:
        site.rooms.open_page(room, who.ref, site.clock.now())
    try:
        first = await control_stream.begin(parts, who, hub, page, after)
        if first is not None:
            page.begin_with(first)
        await _run(parts, who, socket, page.keep_up(), look_every_s=CHECK_OF_MANY_S)
    finally:
        if wire.untaken:
            wire.abort()  # else what a sleeping browser never takes is kept for it
        if room:
            site.rooms.close_page(room, who.ref, site.clock.now())
        await hub.leave(page)


async def _cameras(parts: Parts, who: Who, socket: web.WebSocketResponse) -> None:
    cameras, subscription = _Cameras(parts), parts.site.feed.subscribe()
    try:
        await _run(parts, who, socket, cameras.tell(socket, subscription), cameras.tick(socket))
    finally:
        subscription.close()


async def _screen(parts: Parts, who: Who, socket: web.WebSocketResponse, gate: str | None, after: str) -> None:
    """A live page or a kiosk: each for itself, for a kiosk may lock at any moment."""
    feed, whose = parts.site.feed, _eyes_of(who, gate)
    resumed = feed.resume(feed_id(after, whose)) if after else None
    subscription = resumed or feed.subscribe()
    try:
        tell = _tell(parts, who, socket, subscription, gate, is_resumed=resumed is not None)
        await _run(parts, who, socket, tell, _tick(parts, socket))
    finally:
        subscription.close()


async def _run(
    parts: Parts,
    who: Who,
    socket: web.WebSocketResponse,
    *tell: Coroutine[Any, Any, None],
    look_every_s: float = CHECK_SESSION_S,
) -> None:
    """Tell and listen side by side; whichever ends first ends the other."""
    work = (*tell, _watch_session(parts, who, socket, look_every_s), _listen(socket))
    jobs = [asyncio.create_task(one) for one in work]
    try:
        done, _ = await asyncio.wait(jobs, return_when=asyncio.FIRST_COMPLETED)
    finally:
        for job in jobs:
            job.cancel()
        results = await asyncio.gather(*jobs, return_exceptions=True)
    for result in results:
        if isinstance(result, TimeoutError):
            parts.metrics.stream_cut("slow")
        elif isinstance(result, Lagging):
            await _cut(parts, socket)
        elif isinstance(result, Exception) and not isinstance(result, ConnectionError | RuntimeError):
            log.error("stream_failed", error=repr(result)[:300])
    if not socket.closed:
        with contextlib.suppress(TimeoutError, ConnectionError):  # it was not listening any more
            async with asyncio.timeout(2):
                await socket.close(code=GOING_AWAY)
    del done


async def _tell(
    parts: Parts,
    who: Who,
    socket: web.WebSocketResponse,
    subscription: Subscription,
    gate: str | None,
    *,
    is_resumed: bool,
) -> None:
    """Raises `Lagging`."""
    feed, whose = parts.site.feed, _eyes_of(who, gate)
    if is_resumed:
        await _send(socket, {"type": "resumed", "after": event_id(feed, subscription.seq, whose)})
    else:
        # What happens while the snapshot is made comes after it, again: a page takes by its id what it has already.
        after = event_id(feed, subscription.seq, whose)
        if gate is None:
            first = await snapshot(parts, who, "stream")
        else:
            first = gate_view.at_first(parts, who, gate) | now_and_counts(parts)
        await _send(socket, {"type": "snapshot", "event_id": after, **first})
    async for event in subscription:
        if gate is not None:
            if not gate_view.concerns(parts.site, gate, event):
                continue
            event = gate_view.as_told(event)
        elif event["type"] == "alarm_member":
            continue  # its entry tells of it
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
        await _send(socket, event | {"event_id": event_id(feed, subscription.seq, whose)})
        await asyncio.sleep(0)  # of hundreds at once none waits by itself, and a tap would wait for them all


def _eyes_of(who: Who, gate: str | None) -> str:
    at = None if who.session is None else who.session.kiosk
    return eyes(who.rights, f"gate {gate or ''} at {at or ''}")


async def _cut(parts: Parts, socket: web.WebSocketResponse) -> None:
    parts.metrics.stream_cut("lagging")
    with contextlib.suppress(TimeoutError, ConnectionError):  # it may not be listening any more
        async with asyncio.timeout(2):
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
        async for event in subscription:
            about = camera_news.concerns(event)
            if about is not None:
                await self._send(socket, about)
                await asyncio.sleep(0)  # see `_tell`

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


async def _watch_session(parts: Parts, who: Who, socket: web.WebSocketResponse, every_s: float) -> None:
    """Ends with the session. While the accounts are away the screen goes on: it shows, it does not act."""
    while True:
        await asyncio.sleep(every_s)
        try:
            # Ten pages of one person ask the accounts once.
            still = await parts.sign_in.still(who, every_s)
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
        **in_force(site),
        "away": away(site),
        "counts": parts.tally.counts(),
        "relief": [gate_help.as_told(one) for one in site.help.reliefs.values()],
    }


async def end_streams(app: web.Application) -> None:
    """At shutdown: nobody waits for a screen."""
    for socket in list(app[PARTS].streams):
        await socket.close(code=GOING_AWAY, message=b"the gateway stops")
