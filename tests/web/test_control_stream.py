"""The control room's stream: everything at first, then each event once, whatever is cut, and nothing for strangers."""

import asyncio
import json
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import Any

import aiohttp
import pytest

from gateway.core.kinds import PresenceState
from gateway.core.nouns import Presence
from gateway.flows import alarms, propagation
from gateway.web import control_stream, live, live_hub
from gateway.web.context import PARTS
from tests.web.guardpost import GuardPost

PATH = "/api/v1/stream?of=control"


class Screen:
    """A page of the control room as a script sees it: the events in order, lists taken apart."""

    def __init__(self, socket: aiohttp.ClientWebSocketResponse) -> None:
        self.socket = socket
        self.heard: list[dict[str, Any]] = []
        self.messages = 0

    async def hear(self) -> list[dict[str, Any]]:
        message = await self.socket.receive()
        assert message.type is aiohttp.WSMsgType.TEXT, message
        told = json.loads(message.data)
        new = told if isinstance(told, list) else [told]
        self.heard += new
        self.messages += 1
        return new

    async def until(self, wanted: Callable[[dict[str, Any]], bool]) -> dict[str, Any]:
        """The first event like that from now on."""
        async with asyncio.timeout(20):
            while True:
                for event in await self.hear():
                    if wanted(event):
                        return event

    async def first(self) -> dict[str, Any]:
        async with asyncio.timeout(20):
            return (await self.hear())[0]

    async def end(self) -> int | None:
        """The code with which the gateway ends it."""
        async with asyncio.timeout(20):
            while not self.socket.closed:
                await self.socket.receive()
        return self.socket.close_code


@asynccontextmanager
async def screen(post: GuardPost, client: aiohttp.ClientSession, after: str = "") -> AsyncIterator[Screen]:
    async with client.ws_connect(PATH + (f"&after={after}" if after else ""), origin=post.url) as socket:
        yield Screen(socket)


def number(n: int) -> Callable[[dict[str, Any]], bool]:
    return lambda event: event.get("n") == n


async def test_the_snapshot_tells_everything_that_the_control_room_shows(post: GuardPost) -> None:
    operator = await post.signed_in("operator1", "operator")
    person = next(ref for ref, holder in post.site.directory.holders.items() if holder.id == "P-1")
    post.site.presence[person] = Presence("campus", PresenceState.INSIDE, post.site.clock.now())
    post.site.inside["campus"] = post.site.inside["site"] = 1
    gone, *_ = post.site.devices
    gone.online = False
    propagation.begin(post.site, "level", None, list(post.site.devices), False, post.site.clock.now())
    await post.tap("CARD-LI")
    await alarms.raise_alarm(post.site, alarms.FORCED_DOOR, "dorm-1-door-1")

    async with screen(post, operator) as page:
        first = await page.first()
        tick = await page.until(lambda event: event["type"] == "tick")

    assert first["type"] == "snapshot" and first["event_id"].startswith("test.")
    assert [one["holder"]["name"] for one in first["decisions"]] == ["Li Na"]
    assert [one["condition"] for one in first["alarms"]] == ["forced_door"]
    assert len(first["devices"]) == 5 and first["waiting"] == []
    assert first["counts"] == {
        "inside": {zone: int(zone in ("campus", "site")) for zone in post.site.campus.zones},
        "visitors_inside": 0,
        "waiting": 0,
        "devices_down": 1,
        "cameras_unhealthy": 0,
    }
    assert {name: first["propagation"][name] for name in ("asked", "acknowledged", "late")} == {
        "asked": 5,
        "acknowledged": 0,
        "late": 0,
    }
    told_again = {"at", "level", "emergencies", "away", "counts", "propagation", "rooms"}
    assert told_again <= first.keys() and told_again <= tick.keys()
    assert {name: tick[name] for name in told_again - {"at"}} == {name: first[name] for name in told_again - {"at"}}


async def test_a_page_that_was_cut_off_goes_on_without_a_gap_or_a_double(post: GuardPost) -> None:
    operator = await post.signed_in("operator1", "operator")
    feed = post.site.feed
    async with screen(post, operator) as page:
        await page.first()
        feed.publish({"type": "count", "n": 1})
        last = (await page.until(number(1)))["event_id"]
    for n in range(2, 201):
        feed.publish({"type": "count", "n": n})

    async with screen(post, operator, last) as again:
        first = await again.first()
        for n in range(201, 211):
            feed.publish({"type": "count", "n": n})
        await again.until(number(210))

    assert first == {"type": "resumed", "after": last}
    assert [event["n"] for event in again.heard if event["type"] == "count"] == list(range(2, 211))
    assert again.messages < 30, "what comes together goes out together"


async def test_nobody_goes_on_with_other_rights_or_before_another_screen(post: GuardPost) -> None:
    """What a page without these rights was never told it would never learn."""
    guard = await post.signed_in("guard1", "guard")
    operator = await post.signed_in("operator1", "operator")
    async with screen(post, guard) as page:
        after = (await page.first())["event_id"]
        firsts = []
        for client, path in ((operator, PATH), (guard, "/api/v1/stream?"), (guard, PATH)):
            async with client.ws_connect(f"{path}&after={after}", origin=post.url) as socket:
                firsts.append(json.loads((await socket.receive()).data)["type"])

    assert firsts == ["snapshot", "snapshot", "resumed"]


@pytest.mark.parametrize("after", ["another-7", "test-999999", "nonsense"])
async def test_a_page_that_cannot_go_on_begins_anew(post: GuardPost, after: str) -> None:
    operator = await post.signed_in("operator1", "operator")

    async with screen(post, operator, after) as page:
        assert (await page.first())["type"] == "snapshot"


async def test_what_happens_while_the_snapshot_is_made_is_in_it_or_comes_after_it_and_never_both(
    post: GuardPost,
) -> None:
    operator = await post.signed_in("operator1", "operator")
    tapping = asyncio.create_task(many_taps(post, 40))

    seen: list[str] = []
    async with screen(post, operator) as page:
        first = await page.first()
        seen += [one["id"] for one in first["decisions"]]
        taps = {f"north-in-1:{id}" for id in await tapping}
        while not taps <= set(seen):
            seen += [event["id"] for event in await page.hear() if event["type"] == "decision"]

    assert set(seen) == taps and len(seen) == len(taps)


async def many_taps(post: GuardPost, count: int) -> list[str]:
    return [(await post.tap("CARD-LI"))[0] for _ in range(count)]


async def test_a_decision_that_is_recorded_before_and_told_after_the_snapshot_comes_once(post: GuardPost) -> None:
    """The writer's thread is ahead of the loop: the record can be read before its event is published."""
    operator = await post.signed_in("operator1", "operator")
    publish, held = post.site.feed.publish, []
    post.site.feed.subscribe()
    post.site.feed.publish = held.append  # type: ignore[method-assign]
    tap, _ = await post.tap("CARD-LI")
    del post.site.feed.publish

    async with screen(post, operator) as page:
        first = await page.first()
        for event in held:
            publish(event)
        publish({"type": "count", "n": 1})
        await page.until(number(1))

    id = f"north-in-1:{tap}"
    assert [one["id"] for one in first["decisions"]] == [id] and [event["id"] for event in held] == [id]
    assert [event for event in page.heard if event.get("id") == id] == []


async def test_each_class_of_rights_hears_what_it_may_and_nothing_more(post: GuardPost) -> None:
    guard = await post.signed_in("guard1", "guard")
    operator = await post.signed_in("operator1", "operator")
    leader = await post.signed_in("leader1", "duty_leader")
    feed = post.site.feed

    async with screen(post, guard) as at_gate, screen(post, operator) as in_room, screen(post, leader) as away:
        pages = (at_gate, in_room, away)
        for page in pages:
            await page.first()
        await alarms.raise_alarm(post.site, alarms.DURESS, "north-in-1")
        feed.publish({"type": "not_for_all", "only": frozenset({"close_alarms"})})
        feed.publish({"type": "waiting", "id": "w", "plate": "京A12345", "proposals": [1]})
        feed.publish({"type": "count", "n": 1})
        for page in pages:
            await page.until(number(1))

    def heard(page: Screen) -> list[tuple[str, Any]]:
        return [
            (event["type"], event.get("plate")) for event in page.heard if event["type"] not in ("tick", "snapshot")
        ]

    assert heard(in_room) == [("alarm", None), ("not_for_all", None), ("waiting", "京A12345"), ("count", None)]
    assert heard(at_gate) == [("waiting", "京A12345"), ("count", None)]
    assert heard(away) == [("waiting", None), ("count", None)]
    assert not any("only" in event for page in pages for event in page.heard)


async def test_an_event_is_encoded_once_however_many_pages_look(
    post: GuardPost, monkeypatch: pytest.MonkeyPatch
) -> None:
    operator = await post.signed_in("operator1", "operator")
    made: list[int] = []
    encode = control_stream._for_these

    def counted(site: Any, told: Any, rights: Any) -> bytes | None:
        made.append(told.seq)
        return encode(site, told, rights)

    monkeypatch.setattr(control_stream, "_for_these", counted)
    pages = [await operator.ws_connect(PATH, origin=post.url) for _ in range(8)]
    for page in pages:
        await Screen(page).first()

    post.site.feed.publish({"type": "count", "n": 1})

    for page in pages:
        await Screen(page).until(number(1))
        await page.close()
    assert len(made) == len(set(made))


async def test_many_pages_get_it_packed_and_hear_the_same_as_the_one_that_cannot_unpack(post: GuardPost) -> None:
    operator = await post.signed_in("operator1", "operator")
    sockets = [await operator.ws_connect(PATH, origin=post.url, compress=15) for _ in range(live_hub.MANY)]
    sockets.append(await operator.ws_connect(PATH, origin=post.url))
    pages = [Screen(socket) for socket in sockets]
    for page in pages:
        await page.first()
    hub = post.listener.app[PARTS].control_hub
    wires = [page._wire for page in hub.pages]

    for n in range(30):
        post.site.feed.publish({"type": "count", "n": n, "padding": "陈晨" * 500})
    for page in pages:
        await page.until(number(29))
        await page.socket.close()

    sent = sorted(wire._written for wire in wires)
    heard = [[(one["n"], one["padding"]) for one in page.heard if one["type"] == "count"] for page in pages]
    assert heard == [[(n, "陈晨" * 500) for n in range(30)]] * len(pages)
    assert [page.socket.compress for page in pages] == [15] * live_hub.MANY + [0]
    assert sent[-2] + 80_000 < sent[-1], "90 kB went packed to all but one"


async def test_in_a_flood_decisions_wait_for_each_other_and_nothing_else_waits(
    post: GuardPost, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(live_hub, "FLOOD_S", 3_600.0)
    monkeypatch.setattr(live_hub, "CALM_PER_S", 0.01)
    monkeypatch.setattr(live_hub, "TICK_S", 0.2)
    operator = await post.signed_in("operator1", "operator")
    feed = post.site.feed

    async with screen(post, operator) as page:
        await page.first()
        for n in (1, 2):
            feed.publish({"type": "decision", "id": str(n), "n": n})
        await page.until(number(2))
        feed.publish({"type": "decision", "id": "3", "n": 3})
        for _ in range(2):
            await page.until(lambda event: event["type"] == "tick")
        waited = [event["n"] for event in page.heard if "n" in event]
        feed.publish({"type": "alarm_like", "n": 4})
        await page.until(number(4))

    assert waited == [1, 2]
    assert [event["n"] for event in page.heard if "n" in event] == [1, 2, 3, 4]


async def test_a_page_that_takes_nothing_is_cut_off_and_counted_and_the_others_hear_everything(
    post: GuardPost, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(live_hub, "MOST_UNSENT_BYTES", 300_000)
    guard = await post.signed_in("guard1", "guard")
    cookie = next(c.value for c in guard.cookie_jar)
    streams = post.listener.app[PARTS].streams
    reader, writer = await asyncio.open_connection("127.0.0.1", post.listener.port, limit=1024)
    writer.write(
        f"GET {PATH} HTTP/1.1\r\nHost: 127.0.0.1:{post.listener.port}\r\nOrigin: {post.url}\r\n"
        f"Cookie: wg_session={cookie}\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
        "Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n".encode()
    )
    await reader.readline()
    writer.transport.pause_reading()  # a browser that went to sleep

    async with screen(post, guard) as page:
        await page.first()
        n = 0
        async with asyncio.timeout(60):
            while len(streams) > 1:
                n += 1
                post.site.feed.publish({"type": "count", "n": n, "padding": "x" * 100_000})
                await page.until(number(n))
    writer.transport.abort()

    assert [event["n"] for event in page.heard if event["type"] == "count"] == list(range(1, n + 1))
    cut = post.listener.app[PARTS].metrics.text().decode()
    assert 'wardgate_streams_cut_total{cause="lagging"} 1.0' in cut


async def test_a_page_that_missed_more_than_may_be_on_its_way_begins_with_a_snapshot(post: GuardPost) -> None:
    operator = await post.signed_in("operator1", "operator")
    async with screen(post, operator) as page:
        after = (await page.first())["event_id"]
    for n in range(30):
        post.site.feed.publish({"type": "count", "n": n, "padding": "x" * 100_000})

    async with screen(post, operator, after) as again:
        first = await again.first()
        post.site.feed.publish({"type": "count", "n": 30})
        await again.until(number(30))

    assert first["type"] == "snapshot"


async def test_an_event_that_cannot_be_told_is_left_out_and_counted_and_the_next_ones_come(post: GuardPost) -> None:
    operator = await post.signed_in("operator1", "operator")
    async with screen(post, operator) as page, screen(post, operator) as other:
        await page.first()
        await other.first()
        post.site.feed.publish({"type": "count", "n": 1, "what": object()})
        post.site.feed.publish({"type": "count", "n": 2})
        await page.until(number(2))
        await other.until(number(2))

    assert [event["n"] for event in page.heard if event["type"] == "count"] == [2]
    assert "wardgate_feed_unfit_total 1.0" in post.listener.app[PARTS].metrics.text().decode()


@pytest.mark.parametrize("part", ["_hand_out", "look"])
async def test_when_the_telling_fails_every_page_is_cut_off_and_begins_anew(
    post: GuardPost, monkeypatch: pytest.MonkeyPatch, part: str
) -> None:
    monkeypatch.setattr(live_hub, "TICK_S", 0.1)
    operator = await post.signed_in("operator1", "operator")
    hub = post.listener.app[PARTS].control_hub

    def fails(*_: Any) -> None:
        raise ZeroDivisionError

    async with screen(post, operator) as page, screen(post, operator) as other:
        await page.first()
        await other.first()
        with monkeypatch.context() as broken:
            broken.setattr(hub if part == "_hand_out" else hub._view, part, fails)
            post.site.feed.publish({"type": "count", "n": 1})
            assert [await one.end() for one in (page, other)] == [live.TRY_AGAIN_LATER] * 2
    async with screen(post, operator) as again:
        await again.first()
        post.site.feed.publish({"type": "count", "n": 2})
        await again.until(number(2))
        await again.until(lambda event: event["type"] == "tick")


@pytest.mark.parametrize("origin", ["https://evil.example", "null", None, "http://127.0.0.1:1"])
async def test_a_strangers_page_gets_no_stream(post: GuardPost, origin: str | None) -> None:
    operator = await post.signed_in("operator1", "operator")

    with pytest.raises(aiohttp.WSServerHandshakeError) as refused:
        await operator.ws_connect(PATH, origin=origin)

    assert refused.value.status == 403


@pytest.mark.parametrize("role", ["maintenance", "teacher", "office"])
async def test_who_may_not_watch_gets_no_stream(post: GuardPost, role: str) -> None:
    other = await post.signed_in("other", role)

    with pytest.raises(aiohttp.WSServerHandshakeError) as refused:
        await other.ws_connect(PATH, origin=post.url)

    assert refused.value.status == 403


@pytest.mark.parametrize("change", [{"roles": ["teacher"]}, {"disabled": True}, None])
async def test_a_stream_ends_when_the_role_is_withdrawn_or_the_person_signs_out(
    post: GuardPost, change: dict[str, Any] | None
) -> None:
    operator = await post.signed_in("operator1", "operator")
    admin = await post.signed_in("boss", "admin")

    async with screen(post, operator) as page:
        await page.first()
        if change is None:
            async with operator.delete("/api/v1/session") as answer:
                assert answer.status == 204
        else:
            async with admin.patch("/api/v1/users/operator1", json=change) as answer:
                assert answer.status == 200
        async with asyncio.timeout(5):  # the promise itself; it takes half a second
            code = await page.end()

    assert code == live.SIGNED_OUT


async def test_with_the_last_page_gone_nothing_goes_on_working(post: GuardPost) -> None:
    operator = await post.signed_in("operator1", "operator")
    hub = post.listener.app[PARTS].control_hub
    async with screen(post, operator) as page:
        await page.first()
        assert len(hub.pages) == 1

    for _ in range(2_000):
        if not hub.pages and not post.site.feed.watchers:
            return
        await asyncio.sleep(0.01)
    raise AssertionError("it goes on without a page")
