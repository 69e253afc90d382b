"""A page whose connection is cut goes on where it was: nothing is missing on it, and nothing stands there twice."""

import pytest
from playwright.async_api import expect

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
