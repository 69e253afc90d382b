"""Devices that come and go over the API, in front of a real Mosquitto: who is let in, and who is cut off."""

from __future__ import annotations

import asyncio
import json
import queue
import time
from pathlib import Path

import paho.mqtt.client as mqtt
import pytest

from gateway.mqtt.broker_config import write_users
from tests.parts.mosquitto import Mosquitto
from tests.web.guardpost import GuardPost

PATIENCE_S = 10
API = "/api/v1"


class Connection:
    """One device's connection: whether the broker let it in, and whether it is still there."""

    def __init__(self, port: int, user: str, password: str) -> None:
        self.answered: queue.Queue[str] = queue.Queue()
        self.gone: queue.Queue[None] = queue.Queue()
        self._paho = mqtt.Client(mqtt.CallbackAPIVersion.VERSION2, client_id=user, reconnect_on_failure=False)
        self._paho.username_pw_set(user, password)
        self._paho.on_connect = lambda *given: self.answered.put(str(given[3]))
        self._paho.on_disconnect = lambda *_given: self.gone.put(None)
        self._paho.connect("127.0.0.1", port, keepalive=15)
        self._paho.loop_start()

    async def came_in(self) -> bool:
        return await asyncio.to_thread(self.answered.get, timeout=PATIENCE_S) == "Success"

    async def was_cut_off(self) -> bool:
        try:
            await asyncio.to_thread(self.gone.get, timeout=PATIENCE_S)
        except queue.Empty:
            return False
        return True

    def close(self) -> None:
        self._paho.disconnect()
        self._paho.loop_stop()


async def comes_in(port: int, user: str, password: str, within_s: float = PATIENCE_S) -> bool:
    """Whether the broker lets it in, once it has read its files again."""
    until = time.monotonic() + within_s
    while True:
        one = Connection(port, user, password)
        try:
            if await one.came_in():
                return True
        finally:
            one.close()
        if time.monotonic() > until:
            return False
        await asyncio.sleep(0.1)


@pytest.fixture
async def broker(post: GuardPost, tmp_path: Path):
    """A Mosquitto with the gateway's files, of which the gateway knows where they lie."""
    out = tmp_path / "broker"
    (out / "run").mkdir(parents=True)
    write_users(post.settings, out, post._broker_users())
    lines = ["allow_anonymous false", f"password_file {out}/passwords", f"acl_file {out}/acl", "persistence false"]
    mosquitto = Mosquitto(tmp_path, [*lines, f"pid_file {out}/run/mosquitto.pid"])
    mosquitto.start()
    (post.settings.data / "broker.json").write_text(json.dumps({"out": str(out)}))
    yield mosquitto
    mosquitto.stop()


async def ask(client, path: str, body, status: int):
    more = {} if body is None else {"json": body}
    async with client.post(f"{API}/{path}", **more) as answer:
        assert answer.status == status, await answer.text()
        return await answer.json()


async def test_a_device_of_the_page_connects_at_once_and_a_replaced_or_retired_one_is_cut_off(
    post: GuardPost, broker: Mosquitto
) -> None:
    admin = await post.signed_in("adm1", "admin")

    first = await ask(admin, "devices", {"id": "south-in-2", "kind": "reader", "portal": "south-in"}, 201)
    assert first["broker"]["step"] == "told"
    assert await comes_in(broker.port, "south-in-2", first["password"])

    old = Connection(broker.port, "south-in-2", first["password"])
    try:
        assert await old.came_in()
        second = await ask(admin, "devices/south-in-2/replace", {"reason": "stolen"}, 201)
        assert await old.was_cut_off()
    finally:
        old.close()
    assert await comes_in(broker.port, "south-in-2", second["password"])
    assert not await comes_in(broker.port, "south-in-2", first["password"], 0)

    new = Connection(broker.port, "south-in-2", second["password"])
    try:
        assert await new.came_in()
        gone = await ask(admin, "devices/south-in-2/retire", {"reason": "walled up"}, 200)
        assert gone["broker"]["step"] == "told" and await new.was_cut_off()
    finally:
        new.close()
    assert not await comes_in(broker.port, "south-in-2", second["password"], 0)


async def test_files_that_cannot_be_written_are_said_and_the_enrolment_holds(
    post: GuardPost, broker: Mosquitto, tmp_path: Path
) -> None:
    admin = await post.signed_in("adm1", "admin")
    acl = tmp_path / "broker" / "acl"
    acl.unlink()
    acl.mkdir()

    told = await ask(admin, "devices", {"id": "south-in-2", "kind": "reader", "portal": "south-in"}, 201)

    assert told["broker"]["step"] == "failed" and "could not be written" in told["broker"]["trouble"]
    assert post.site.devices.get("south-in-2") is not None
