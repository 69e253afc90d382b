"""Who follows: asked, verified by the device's own word, late with an alarm, away, and first told when it returns."""

from __future__ import annotations

from typing import Any

from devices.messages import (
    Access,
    AccessOutcome,
    CredentialKind,
    CredentialToken,
    Direction,
    Emergency,
    LockState,
    LockStateChanged,
)
from gateway.core.papers import EmergencyKind
from gateway.flows import alarms, emergencies, postures, propagation
from gateway.flows.propagation import State
from tests.flows.conftest import House
from tests.flows.test_emergencies import follow, on_duty

LOCKDOWN = EmergencyKind.LOCKDOWN


def states(house: House) -> dict[str, State]:
    return {one.device: one.state for one in propagation.board(house.site)}


async def lock_down(house: House, *zones: str, drill: bool = False) -> Any:
    return await emergencies.start(house.site, LOCKDOWN, zones, "test", "guard", drill)


async def test_only_a_devices_own_word_counts_as_following(house: House) -> None:
    hands = await on_duty(house, "gate", "door")
    assert states(house)["gate"] is State.ACKNOWLEDGED

    await lock_down(house)
    assert states(house)["gate"] is State.ASKED
    await hands["gate"].heartbeat()
    assert states(house)["gate"] is State.ASKED, "it lives, but it has not said what it enforces"
    await follow(house, hands["gate"])

    assert states(house)["gate"] is State.ACKNOWLEDGED
    assert states(house)["door"] is State.ASKED


async def test_a_device_is_verified_when_it_is_heard_again_after_it_has_acknowledged(house: House) -> None:
    hands = await on_duty(house, "gate", "door", "exit")
    gate, door, way_out = hands["gate"], hands["door"], hands["exit"]
    await lock_down(house)
    house.clock.go_on(0.5)
    for hand in hands.values():
        await follow(house, hand)
    assert {states(house)[name] for name in hands} == {State.ACKNOWLEDGED}

    await gate.status()  # the broker tells what it has kept once more: nothing new
    assert states(house)["gate"] is State.ACKNOWLEDGED
    house.clock.go_on(2)
    await gate.heartbeat()
    await door.status()
    access = Access(
        tap="t-1", credential=CredentialToken(kind=CredentialKind.CARD, token="0" * 32), direction=Direction.IN,
        outcome=AccessOutcome.DENY, reason="lockdown", posture=way_out.posture,
    )  # fmt: skip
    await way_out.event("access", access)

    board = {one.device: one for one in propagation.board(house.site)}
    assert [(board[name].state, board[name].verified_by) for name in hands] == [
        (State.VERIFIED, "heartbeat"),
        (State.VERIFIED, "status"),
        (State.VERIFIED, "decision"),
    ]
    gate_took = board["gate"].acknowledged_after_s, board["gate"].verified_after_s, board["gate"].since_s
    assert gate_took == (0.5, 2.5, None)
    counts = propagation.counts(house.site)
    assert (counts.acknowledged, counts.verified, counts.away) == (3, 3, counts.devices - 3)


async def test_a_heartbeat_that_was_on_its_way_proves_nothing_and_the_next_one_does(house: House) -> None:
    hands = await on_duty(house, "gate")
    await lock_down(house)
    before = house.clock.now()
    house.clock.go_on(0.2)
    await follow(house, hands["gate"])

    await hands["gate"].heartbeat(at=before)
    assert states(house)["gate"] is State.ACKNOWLEDGED
    await hands["gate"].heartbeat(at=before)  # its clock was set back: it beats all the same
    assert states(house)["gate"] is State.VERIFIED


async def test_a_new_start_has_to_acknowledge_and_be_heard_again(house: House) -> None:
    hands = await on_duty(house, "gate")
    house.clock.go_on(5)
    await hands["gate"].heartbeat()
    assert states(house)["gate"] is State.VERIFIED

    hands["gate"].boot = "another"
    await hands["gate"].status()
    assert states(house)["gate"] is State.ACKNOWLEDGED
    await hands["gate"].status(online=False)
    assert {one.device: one.why for one in propagation.board(house.site)}["gate"] == "lost"


async def test_an_escape_door_that_says_evacuate_and_stays_locked_does_not_follow(house: House) -> None:
    hands = await on_duty(house, "door")
    door = hands["door"]
    await emergencies.start(house.site, EmergencyKind.EVACUATE, ("dorm-1",), "test", "guard")
    door.posture = house.courier.posture("door").version
    await door.status(lock_state=LockState.LOCKED)
    house.clock.go_on(5.1)
    await door.heartbeat()
    await postures.look(house.site)

    (shown,) = [one for one in propagation.board(house.site) if one.device == "door"]
    assert (shown.state, shown.why) == (State.LATE, "not_released")
    assert (alarms.POSTURE_LATE, "door", "unacknowledged") in house.alarms
    await door.event("lock_state", LockStateChanged(state=LockState.RELEASED))
    await postures.look(house.site)

    assert states(house)["door"] is State.VERIFIED
    assert (alarms.POSTURE_LATE, "door", "returned") in house.alarms


async def test_a_device_that_does_not_follow_within_five_seconds_is_an_alarm_until_it_does(house: House) -> None:
    hands = await on_duty(house, "gate", "door")
    await lock_down(house)
    await follow(house, hands["door"])
    house.clock.go_on(5)
    await postures.look(house.site)
    assert house.alarms == set()

    house.clock.go_on(0.1)
    for _ in range(3):
        await postures.look(house.site)
    assert {a for a in house.alarms if a[0] == alarms.POSTURE_LATE} == {(alarms.POSTURE_LATE, "gate", "unacknowledged")}
    assert [a.count for a in house.site.alarms.by_id.values()] == [1]
    await follow(house, hands["gate"])
    await house.settle()

    assert (alarms.POSTURE_LATE, "gate", "returned") in house.alarms


async def test_who_is_late_is_sent_it_again(house: House) -> None:
    await on_duty(house, "gate")
    house.courier.connected = False
    await lock_down(house)
    house.courier.connected = True
    assert house.courier.posture("gate").emergency is None

    house.clock.go_on(6)
    await postures.look(house.site)

    assert house.courier.posture("gate").emergency is Emergency.LOCKDOWN


async def test_a_broker_that_comes_back_is_told_what_it_missed(house: House) -> None:
    await on_duty(house, "gate")
    house.courier.connected = False
    await lock_down(house)
    house.courier.connected = True

    postures.publish_to_those_behind(house.site)

    assert house.courier.posture("gate").emergency is Emergency.LOCKDOWN


async def test_a_device_that_is_away_is_listed_and_its_time_begins_with_its_return(house: House) -> None:
    hands = await on_duty(house, "gate", "door")
    await hands["gate"].status(online=False)
    await lock_down(house)
    house.clock.go_on(60)
    await postures.look(house.site)
    assert states(house)["gate"] is State.AWAY
    assert (alarms.POSTURE_LATE, "gate", "unacknowledged") not in house.alarms

    hands["gate"].connection += 1
    await hands["gate"].status()
    await postures.look(house.site)
    assert states(house)["gate"] is State.ASKED
    house.clock.go_on(5.1)
    await postures.look(house.site)

    assert (alarms.POSTURE_LATE, "gate", "unacknowledged") in house.alarms


async def test_a_device_that_returns_gets_its_posture_before_lists_acks_and_answers(house: House) -> None:
    hands = await on_duty(house, "gate")
    await hands["gate"].status(online=False)
    await lock_down(house)
    told: list[str] = []
    courier = house.courier
    keep_bytes, send = courier.keep_bytes, courier.send

    def kept(device: str, kind: str, key: bytes, channel: str, body: bytes) -> bool:
        told.append(channel)
        return keep_bytes(device, kind, key, channel, body)

    def sent(*message: Any) -> bool:
        told.append(type(message[-1]).__name__)
        return send(*message)

    courier.keep_bytes, courier.send = kept, sent  # type: ignore[method-assign]
    hands["gate"].connection += 1
    hands["gate"].credentials = hands["gate"].revoked = None
    await hands["gate"].status()
    await house.look()
    await hands["gate"].tap("STAFF1")
    await house.settle()

    assert told[0] == "posture"
    assert {"Ack", "Command", "credentials/0001"} <= set(told)


async def test_each_change_has_its_record_of_who_followed_and_how_long_it_took(house: House) -> None:
    hands = await on_duty(house, "gate", "door", "exit")
    await hands["exit"].status(online=False)
    called = await lock_down(house)
    house.clock.go_on(0.4)
    await follow(house, hands["gate"])
    house.clock.go_on(5)
    await postures.look(house.site)

    (told,) = [row for row in await house.rows("propagation") if row["of"] == called.id]
    assert (told["cause"], told["drill"], told["shown"], told["slowest_ms"]) == ("emergency", False, 1, 400)
    assert told["late"] == ["door"]
    assert "exit" in told["away"]
    house.clock.go_on(5)
    await emergencies.look(house.site)
    await house.settle()
    await house.restart()
    noted = {one.device: one.shown_at is not None for one in house.site.emergencies[called.id].followed}
    assert noted["gate"] and not noted["door"] and not noted["exit"], "the paper keeps it over a restart"


async def test_counts_go_by_zone_and_those_within(house: House) -> None:
    await on_duty(house)
    await lock_down(house, "dorm-1")

    whole, dormitory = propagation.counts(house.site), propagation.counts(house.site, "dorm-1")

    assert whole.devices == 7 and whole.acknowledged + whole.asked == 7
    assert (dormitory.devices, dormitory.acknowledged, dormitory.asked) == (2, 0, 2), "the door and the panel"


async def test_a_drill_is_marked_in_every_word_about_it(house: House) -> None:
    hands = await on_duty(house, "gate")
    await lock_down(house, drill=True)

    assert house.courier.posture("gate").drill
    _, entry = await hands["gate"].tap("STAFF1")
    assert entry is not None and entry.text.en.startswith("DRILL. ") and entry.text.zh.startswith("演练：")
    house.clock.go_on(5.1)
    await postures.look(house.site)
    (alarm,) = house.site.alarms.by_id.values()
    assert alarm.detail.startswith("DRILL 演练")
    assert all(row["drill"] for row in await house.rows("propagation"))


async def test_a_drill_beside_something_real_is_no_drill_to_the_devices(house: House) -> None:
    await on_duty(house, "gate", "door")
    await lock_down(house, drill=True)
    assert house.courier.posture("door").drill

    await lock_down(house, "dorm-1")

    assert not house.courier.posture("door").drill
    assert house.courier.posture("gate").emergency is None, "and it has ended the drill"


async def test_restarts_and_looks_send_no_command(house: House) -> None:
    """F08, as far as the gateway goes: nothing moves because it starts, reconnects or looks."""
    hands = await on_duty(house, "gate", "door", "bollard")
    await lock_down(house)
    for _ in range(5):
        await house.restart()
        for hand in hands.values():
            hand.connection += 1
            await follow(house, hand)
        postures.publish_to_those_behind(house.site)
        await house.look()
        await postures.look(house.site)
        await emergencies.look(house.site)

    assert house.courier.commands() == []
    versions = {name: house.courier.posture(name).version for name in hands}
    await house.restart()
    await house.look()
    assert {name: house.courier.posture(name).version for name in hands} == versions
