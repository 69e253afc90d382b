"""From bytes to flows: what is no message of ours is counted and dropped, and a key changes without a gap."""

from __future__ import annotations

import sqlite3
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from devices.codec import encode
from devices.messages import Credential, CredentialKind, Direction, Tap
from devices.signing import new_key
from gateway.cli.site_store import open_site_store
from gateway.flows import alarms
from gateway.flows.ports import Entry, Unit
from gateway.flows.site_rules import Rules
from gateway.mqtt.router import Router
from gateway.store.enrolment import rotate_key_change
from tests.flows.conftest import DEVICES, House
from tests.parts.gateway_process import PEOPLE, SiteFolder

TOPIC = "campus/main/reader/gate/tap"


class Wire:
    """The router with its house; remembers which messages were acknowledged."""

    def __init__(self, house: House) -> None:
        self.house = house
        self.router = Router(house.site, 100)
        self.acked = 0

    async def send(self, payload: bytes, topic: str = TOPIC) -> None:
        self.router.take(topic, payload, self._ack)
        await self.house.settle()

    async def tap(self, key: bytes, id: str = "t1", topic: str = TOPIC) -> None:
        tap = Tap(
            id=id,
            boot="b1",
            at=datetime.now(UTC),
            nonce=f"n-{id}",
            direction=Direction.IN,
            credential=Credential(kind=CredentialKind.CARD, value="STAFF1"),
            attempt=1,
        )
        await self.send(encode(tap, topic, key), topic)

    async def decided(self) -> list[str]:
        return [row["tap"] for row in await self.house.rows("decision")]

    async def bad(self) -> list[tuple[str, str]]:
        return [(row["device"], row["reason"]) for row in await self.house.rows("bad_message")]

    def _ack(self) -> None:
        self.acked += 1


@pytest.fixture
async def wire(tmp_path: Path) -> AsyncIterator[Wire]:
    folder = SiteFolder(tmp_path / "site")
    folder.import_people(*PEOPLE)
    folder.enrol_all(DEVICES)
    house = House(folder, Rules())
    await house.start()
    await house.look()
    yield Wire(house)
    await house.stop()


def key_of(wire: Wire, device: str = "gate") -> bytes:
    found = wire.house.site.devices.get(device)
    assert found is not None
    return found.key


async def test_a_sound_message_reaches_its_flow_and_is_acknowledged(wire: Wire) -> None:
    await wire.tap(key_of(wire))

    assert await wire.decided() == ["t1"]
    assert wire.acked == 1
    assert wire.router.under_way == 0


@pytest.mark.parametrize(
    ("topic", "device", "reason"),
    [
        ("campus/main/reader/gate/command", "gate", "topic"),
        ("campus/main/reader/nobody/tap", "nobody", "unknown_device"),
        ("campus/elsewhere/reader/gate/tap", "gate", "unknown_device"),
        ("campus/main/dorm/gate/tap", "gate", "kind"),
        ("campus/main/reader/exit/tap", "exit", "mac"),
        ("campus/main/reader/../tap", "others", "topic"),
        ("campus/main/reader/GATE/tap", "others", "topic"),
        ("$SYS/broker", "others", "topic"),
    ],
)
async def test_a_message_that_is_not_the_devices_own_is_counted_and_dropped(
    wire: Wire, topic: str, device: str, reason: str
) -> None:
    signed_for_gate = encode(
        Tap(
            id="t1", boot="b1", at=datetime.now(UTC), nonce="n1", direction=Direction.IN,
            credential=Credential(kind=CredentialKind.CARD, value="STAFF1"), attempt=1,
        ),
        TOPIC,
        key_of(wire),
    )  # fmt: skip

    await wire.send(signed_for_gate, topic)

    assert await wire.decided() == []
    assert await wire.bad() == [(device, reason)]
    assert wire.acked == 1


async def test_an_empty_payload_is_nothing(wire: Wire) -> None:
    await wire.send(b"")

    assert await wire.bad() == []
    assert wire.acked == 1


async def test_somebody_elses_rubbish_puts_no_device_under_quarantine(wire: Wire) -> None:
    """Without the device's key nobody can have it shut for entry."""
    for _ in range(300):
        wire.router.take(TOPIC, b'{"v":1}', lambda: None)
        wire.router.take("campus/main/reader/gate/heartbeat", b"x" * 100, lambda: None)
        await wire.house.settle()

    await wire.tap(key_of(wire))

    (command,) = wire.house.courier.commands("gate")
    assert command.reason == "ok"
    assert (alarms.BAD_MESSAGES, "gate", "unacknowledged") in wire.house.alarms


async def test_a_full_inbox_drops_what_the_device_will_say_again(wire: Wire) -> None:
    small = Router(wire.house.site, 5)
    acked: list[int] = []
    for number in range(20):
        small.take(TOPIC, b"rubbish", lambda number=number: acked.append(number))
    await wire.house.settle()

    assert wire.house.site.counters.dropped_inbox == 15
    assert len(acked) == 20
    assert small.under_way == 0


async def rotate(wire: Wire) -> bytes:
    """As `wardgate device enrol --rotate-key`, and the gateway's next look."""
    key = new_key()
    with open_site_store(wire.house.folder.settings) as store:
        now = datetime.now(UTC)
        change = rotate_key_change("gate", key, store.sealer, now)
        store.commit(Unit((Entry("device_key_changed", now, {"device": "gate"}),), (change,), directory=True))
    await wire.house.look()
    return key


async def test_the_old_key_is_taken_until_the_first_message_under_the_new_one(wire: Wire) -> None:
    old = key_of(wire)
    new = await rotate(wire)

    await wire.tap(old, "under-old")
    await wire.tap(new, "under-new")
    await wire.tap(old, "old-again")

    assert await wire.decided() == ["under-old", "under-new"]
    assert await wire.bad() == [("gate", "mac")]


async def test_an_old_key_that_was_dropped_stays_so_after_a_restart(wire: Wire) -> None:
    old = key_of(wire)
    new = await rotate(wire)
    await wire.tap(new, "under-new")
    await wire.house.restart()
    again = Wire(wire.house)

    await again.tap(old, "old-again")
    await again.tap(new, "new-again")

    assert await again.decided() == ["under-new", "new-again"]


async def test_the_gateway_speaks_under_the_new_key_at_once(wire: Wire) -> None:
    new = await rotate(wire)

    assert key_of(wire) == new


async def test_an_old_key_is_void_after_a_day_though_nothing_came_under_the_new_one(wire: Wire) -> None:
    old = key_of(wire)
    await rotate(wire)
    yesterday = datetime.now(UTC) - timedelta(minutes=1)
    outside = sqlite3.connect(wire.house.folder.sqlite_file)
    outside.execute("UPDATE devices SET previous_key_until = ?", (round(yesterday.timestamp() * 1000),))
    outside.commit()
    outside.close()
    await wire.house.restart()
    again = Wire(wire.house)

    await again.tap(old, "too-late")

    assert await again.decided() == []


async def test_a_retired_device_is_nobody_from_the_next_look_on(wire: Wire) -> None:
    key = key_of(wire)
    wire.house.folder.retire("gate")
    await wire.house.look()

    await wire.tap(key)

    assert await wire.decided() == []
    assert await wire.bad() == [("gate", "unknown_device")]
