"""Who is there: only the newest word of the newest boot counts, and who falls silent is missed."""

from __future__ import annotations

import asyncio
from datetime import timedelta

from gateway.flows import alarms
from gateway.flows.device_status import look_for_the_lost
from tests.flows.conftest import House

LOST = alarms.DEVICE_LOST


async def test_a_device_comes_once_however_often_it_says_so(house: House) -> None:
    gate = house.hand("gate")
    for _ in range(4):
        await gate.status()
    await gate.heartbeat()

    rows = await house.rows("device_online")
    assert [(row["device"], row["boot"]) for row in rows] == [("gate", gate.boot)]


async def test_words_at_once_make_one_coming(house: House) -> None:

    gate = house.hand("gate")
    await asyncio.gather(*(gate.status() for _ in range(4)))

    assert len(await house.rows("device_online")) == 1


async def test_a_will_is_missed_and_a_return_is_said_with_how_long_it_took(house: House) -> None:
    gate = house.hand("gate")
    await gate.status()
    await gate.status(online=False)
    assert (LOST, "gate", "unacknowledged") in house.alarms
    house.clock.go_on(42)
    gate.connection += 1

    await gate.status()
    await house.settle()

    assert (LOST, "gate", "returned") in house.alarms
    assert [row["away_s"] for row in await house.rows("device_online")] == [None, 42.0]


async def test_a_device_lost_again_is_an_alarm_again(house: House) -> None:
    gate = house.hand("gate")
    await gate.status()
    for _ in range(2):
        await gate.status(online=False)
        gate.connection += 1
        await gate.status()
    await gate.status(online=False)
    await house.settle()

    assert (LOST, "gate", "unacknowledged") in house.alarms


async def test_the_will_of_a_connection_before_is_no_news(house: House) -> None:
    """A half-open connection dies minutes after the device has come back by another one."""
    gate = house.hand("gate")
    await gate.status()
    gate.connection = 2
    await gate.status()

    await gate.status(online=False, connection=1)

    assert gate.device.online
    assert house.alarms == set()


async def test_a_status_of_a_boot_that_another_has_replaced_is_a_replay(house: House) -> None:
    old = house.hand("gate")
    await old.status()
    newer = house.hand("gate")
    await newer.status()

    await old.status(online=False)
    await old.status()

    assert newer.device.boot == newer.boot
    assert newer.device.online


async def test_a_heartbeat_whose_uptime_does_not_grow_is_a_replay(house: House) -> None:
    gate = house.hand("gate")
    await gate.status()
    await gate.heartbeat(uptime_ms=5_000)
    challenge = gate.device.challenge

    await gate.heartbeat(uptime_ms=5_000)
    await gate.heartbeat(uptime_ms=4_000)

    assert gate.device.challenge == challenge


async def test_a_heartbeat_of_another_boot_gives_no_challenge(house: House) -> None:
    gate, other = house.hand("gate"), house.hand("gate")
    await gate.status()
    challenge = gate.device.challenge

    await other.heartbeat()

    assert gate.device.challenge == challenge


async def test_who_is_silent_for_five_heartbeats_is_lost_though_the_broker_says_nothing(house: House) -> None:
    gate = house.hand("gate")
    await gate.status()
    house.clock.go_on(24)
    await look_for_the_lost(house.site)
    assert gate.device.online

    house.clock.go_on(2)
    await look_for_the_lost(house.site)
    assert not gate.device.online
    assert [row["why"] for row in await house.rows("device_lost")] == ["no sign of life"]

    await gate.heartbeat()
    assert gate.device.online


async def test_an_ack_comes_with_the_status_and_at_least_every_half_minute(house: House) -> None:
    gate = house.hand("gate")
    await gate.status()
    await house.settle()
    assert [ack.seq for ack in house.courier.acks("gate")] == [0]

    for _ in range(13):
        house.clock.go_on(5)
        await gate.heartbeat()
        await house.settle()

    assert len(house.courier.acks("gate")) >= 3
    assert house.courier.acks("gate")[-1].challenge == gate.device.challenge


async def test_a_device_whose_status_the_broker_lost_is_met_by_its_heartbeat_and_told_everything(house: House) -> None:
    gate = house.hand("gate")
    await house.look()
    house.courier.kept.clear()

    await gate.heartbeat()
    await house.settle()

    assert gate.device.online and gate.device.boot == gate.boot
    assert house.courier.posture("gate").version == gate.device.issued.version


async def test_a_heartbeat_of_another_boot_counts_no_more_once_a_status_has_come(house: House) -> None:
    gate = house.hand("gate")
    await gate.status()

    await gate.heartbeat(boot="another-boot")

    assert gate.device.boot == gate.boot


async def test_a_clock_that_is_off_is_an_alarm_until_it_is_right_again(house: House) -> None:
    gate = house.hand("gate")
    await gate.status()

    await gate.heartbeat(at=house.clock.now() + timedelta(seconds=60))
    assert (alarms.DEVICE_CLOCK, "gate", "unacknowledged") in house.alarms
    await gate.heartbeat()
    await house.settle()

    assert (alarms.DEVICE_CLOCK, "gate", "returned") in house.alarms
