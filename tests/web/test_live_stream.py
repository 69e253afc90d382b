"""The live stream: complete, alive, closed to strangers, and never waited for."""

import asyncio
import json
from itertools import pairwise

import aiohttp
import pytest

from gateway.flows import alarms
from gateway.web import live
from gateway.web.context import PARTS
from tests.web.guardpost import GuardPost

PATH = "/api/v1/stream"


async def next_of(socket: aiohttp.ClientWebSocketResponse, *types: str, within_s: float = 5.0) -> dict:
    """The next event of one of these types."""
    async with asyncio.timeout(within_s):
        while True:
            message = await socket.receive()
            assert message.type is aiohttp.WSMsgType.TEXT, message
            event = json.loads(message.data)
            if event["type"] in types:
                return event


async def test_a_screen_gets_a_snapshot_and_then_each_tap(post: GuardPost) -> None:
    guard = await post.signed_in("guard1", "guard")
    await post.tap("CARD-LI")

    async with guard.ws_connect(PATH, origin=post.url) as socket:
        snapshot = await next_of(socket, "snapshot")
        await post.tap("NOBODY-HAS-THIS")
        event = await next_of(socket, "decision")

    assert [one["holder"]["name"] for one in snapshot["decisions"]] == ["Li Na"]
    assert {"waiting", "alarms", "devices", "level", "counts", "at"} <= snapshot.keys()
    assert (event["outcome"], event["reason"]) == ("deny", "unknown_credential")


async def test_nothing_that_happens_while_a_screen_connects_is_lost(post: GuardPost) -> None:
    guard = await post.signed_in("guard1", "guard")
    tapping = asyncio.create_task(many_taps(post, 40))

    async with guard.ws_connect(PATH, origin=post.url) as socket:
        snapshot = await next_of(socket, "snapshot")
        seen = {one["id"] for one in snapshot["decisions"]}
        taps = {f"north-in-1:{id}" for id in await tapping}
        while not taps <= seen:
            seen.add((await next_of(socket, "decision"))["id"])

    assert taps <= seen


async def many_taps(post: GuardPost, count: int) -> list[str]:
    return [(await post.tap("CARD-LI"))[0] for _ in range(count)]


@pytest.mark.parametrize("of", ["", "?of=cameras"])
async def test_what_is_told_by_the_hundred_goes_out_one_at_a_time(post: GuardPost, of: str) -> None:
    """A dead switch: five hundred cameras at once. Whoever taps meanwhile waits for one of them, not for all."""
    officer = await post.signed_in("officer1", "security_officer")
    waiting: list[int] = []

    async with officer.ws_connect(PATH + of, origin=post.url) as socket:
        await next_of(socket, "snapshot")
        (screen,) = post.site.feed._subscriptions
        for number in range(300):
            post.site.feed.publish({"type": "camera_finding", "camera": f"c{number}"})
        while not waiting or waiting[-1]:
            waiting.append(screen.behind)
            await asyncio.sleep(0)

    assert max(before - after for before, after in pairwise(waiting)) <= 2


async def test_a_screen_hears_of_waiting_alarms_and_the_time(post: GuardPost) -> None:
    guard = await post.signed_in("guard1", "guard")

    async with guard.ws_connect(PATH, origin=post.url) as socket:
        await next_of(socket, "snapshot")
        tap, _ = await post.tap("UNKNOWN", "north-out-1", "out")
        waiting = await next_of(socket, "waiting")
        async with guard.post(f"/api/v1/waiting/{waiting['id']}", json={"outcome": "refuse"}) as answer:
            assert answer.status == 200
        closed = await next_of(socket, "waiting_closed")
        await alarms.raise_alarm(post.site, alarms.FORCED_DOOR, "dorm-1-door-1")
        alarm = await next_of(socket, "alarm")
        tick = await next_of(socket, "tick")

    assert waiting["id"].endswith(tap) and closed["outcome"] == "deny"
    assert alarm["condition"] == "forced_door" and tick["counts"]["north-out"]["wait"] == 1


@pytest.mark.parametrize("origin", ["https://evil.example", "null", None, "http://127.0.0.1:1"])
async def test_a_strangers_page_gets_no_stream(post: GuardPost, origin: str | None) -> None:
    guard = await post.signed_in("guard1", "guard")

    with pytest.raises(aiohttp.WSServerHandshakeError) as refused:
        await guard.ws_connect(PATH, origin=origin)

    assert refused.value.status == 403


async def test_without_a_session_there_is_no_stream(post: GuardPost) -> None:
    with pytest.raises(aiohttp.WSServerHandshakeError) as refused:
        await post.client().ws_connect(PATH, origin=post.url)

    assert refused.value.status == 401


async def test_a_stream_ends_within_a_second_of_its_session(post: GuardPost) -> None:
    guard = await post.signed_in("guard1", "guard")
    admin = await post.signed_in("boss", "admin")

    async with guard.ws_connect(PATH, origin=post.url) as socket:
        await next_of(socket, "snapshot")
        async with admin.delete("/api/v1/users/guard1/sessions"):
            pass
        async with asyncio.timeout(1.5):
            while not socket.closed:
                await socket.receive()

    assert socket.close_code == live.SIGNED_OUT


async def test_a_screen_that_does_not_keep_up_is_cut_off_and_counted(
    post: GuardPost, monkeypatch: pytest.MonkeyPatch
) -> None:
    post.site.feed.kept = 20
    monkeypatch.setattr(live, "SEND_WITHIN_S", 0.5)
    guard = await post.signed_in("guard1", "guard")
    cookie = next(c.value for c in guard.cookie_jar)
    reader, writer = await asyncio.open_connection("127.0.0.1", post.listener.port, limit=1024)
    writer.write(
        f"GET {PATH} HTTP/1.1\r\nHost: 127.0.0.1:{post.listener.port}\r\nOrigin: {post.url}\r\n"
        f"Cookie: wg_session={cookie}\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
        "Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n".encode()
    )
    await reader.readline()
    writer.transport.pause_reading()  # a browser that went to sleep
    streams = post.listener.app[PARTS].streams
    assert len(streams) == 1

    async with asyncio.timeout(20):
        while streams:
            post.site.feed.publish({"type": "event", "data": {"padding": "x" * 200_000}})
            await asyncio.sleep(0.02)

    writer.transport.abort()
    cut = post.listener.app[PARTS].metrics.text().decode()
    assert 'wardgate_streams_cut_total{cause="slow"} 1.0' in cut or 'cause="lagging"} 1.0' in cut
    assert "wardgate_streams 0.0" in cut


async def test_a_screen_that_talks_is_shown_out(post: GuardPost) -> None:
    guard = await post.signed_in("guard1", "guard")

    async with guard.ws_connect(PATH, origin=post.url) as socket:
        await next_of(socket, "snapshot")
        await socket.send_str('{"subscribe": "another-site"}')
        async with asyncio.timeout(2):
            while not socket.closed:
                await socket.receive()

    assert socket.close_code == live.POLICY_VIOLATION


async def test_one_user_cannot_take_every_stream(post: GuardPost, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(live, "MOST_STREAMS_EACH", 2)
    guard = await post.signed_in("guard1", "guard")
    held = [await guard.ws_connect(PATH, origin=post.url) for _ in range(2)]

    with pytest.raises(aiohttp.WSServerHandshakeError) as refused:
        await guard.ws_connect(PATH, origin=post.url)

    for socket in held:
        await socket.close()
    assert refused.value.status == 429


async def test_when_the_gateway_stops_screens_are_told(post: GuardPost) -> None:
    guard = await post.signed_in("guard1", "guard")

    async with guard.ws_connect(PATH, origin=post.url) as socket:
        await next_of(socket, "snapshot")
        stopping = asyncio.create_task(post.listener.stop())
        async with asyncio.timeout(3):
            while not socket.closed:
                await socket.receive()
        await stopping

    assert socket.close_code == live.GOING_AWAY


async def test_a_scripts_stream_ends_with_its_token(post: GuardPost) -> None:
    user = await post.add_user("script", "operator")
    client = post.client(Authorization=f"Bearer {await post.add_token(user)}")
    admin = await post.signed_in("boss", "admin")

    async with client.ws_connect(PATH) as socket:
        await next_of(socket, "snapshot")
        async with admin.patch("/api/v1/users/script", json={"disabled": True}):
            pass
        async with asyncio.timeout(2):
            while not socket.closed:
                await socket.receive()

    assert socket.close_code == live.SIGNED_OUT
