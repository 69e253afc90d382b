"""A page whose connection is cut goes on where it was: nothing is missing on it, and nothing stands there twice."""

import pytest
from playwright.async_api import expect

from gateway.web import live_hub
from gateway.web.context import PARTS

pytestmark = [pytest.mark.browser, pytest.mark.asyncio(loop_scope="session")]


async def test_a_page_that_was_cut_off_shows_what_came_meanwhile_once(post, open_screen) -> None:
    screen = await open_screen()
    asked: list[str] = []
    screen.page.on("websocket", lambda socket: asked.append(socket.url))
    await screen.sign_in()
    await screen.connected()
    await post.tap("CARD-LI")
    rows = screen.page.locator("wg-taps li.tap")
    await expect(rows).to_have_count(1)

    streams = post.listener.app[PARTS].streams
    for socket in list(streams):
        await socket.close(code=1001)
    for card in ("CARD-WANG", "NOBODY", "CARD-OLD"):
        await post.tap(card)
    await expect(rows).to_have_count(4)
    await post.tap("CARD-LI")

    await expect(rows).to_have_count(5)
    assert len(asked) == 2 and "after=test." in asked[1], asked
    heard = await screen.page.evaluate("""async () => {
      const { Heard } = await import('/static/stream.js');
      const heard = new Heard();
      const ids = ['a.x-1', 'a.x-2', 'a.x-2', 'a.x-1', 'a.x-10', 'a.x-9', 'b.x-1', undefined];
      return ids.map((event_id) => heard.isNew({ type: 'event', event_id }));
    }""")
    assert heard == [True, True, False, False, True, False, True, True]
    assert screen.troubles == [] and screen.outside == []


async def test_a_browser_unpacks_what_many_pages_are_told(post, open_screen, monkeypatch) -> None:
    monkeypatch.setattr(live_hub, "MANY", 1)
    screen = await open_screen()
    await screen.sign_in()

    agreed = await screen.page.evaluate("""() => new Promise((resolve) => {
      window.heard = [];
      const socket = new WebSocket(`ws://${location.host}/api/v1/stream?of=control`);
      socket.onmessage = (message) => {
        window.heard.push(...[JSON.parse(message.data)].flat());
        resolve(socket.extensions);
      };
    })""")
    for n in range(3):
        post.site.feed.publish({"type": "count", "n": n, "padding": "陈晨" * 500})
    await screen.page.wait_for_function("() => window.heard.some((event) => event.n === 2)")

    heard = await screen.page.evaluate("() => window.heard.filter((event) => event.type === 'count')")
    assert [(event["n"], event["padding"]) for event in heard] == [(n, "陈晨" * 500) for n in range(3)]
    assert agreed.startswith("permessage-deflate")
    assert screen.troubles == []
