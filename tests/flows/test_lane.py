"""A vehicle lane: the bollard goes down after the lane has carried its grant out, once, and not for anything else."""

from __future__ import annotations

import pytest

from devices.messages import Action, Frame, Impact
from gateway.core.kinds import Direction
from gateway.core.papers import EmergencyKind, OpeningKind
from gateway.flows import alarm_pictures, alarms, command, emergencies, openings, waiting
from gateway.flows.cameras import CameraBook, NewestPicture
from gateway.flows.frames import frame
from tests.flows.camera_house import a_camera
from tests.flows.conftest import Hand, House
from tests.flows.door_scene import level
from tests.flows.lane_scene import lane_and_bollard, told


async def test_the_bollard_goes_down_only_after_the_lane_has_said_executed(house: House) -> None:
    lane, bollard = await lane_and_bollard(house)
    tap, granted = await lane.tap("京A12345", "in", "plate")
    assert granted is not None and granted.action is Action.GRANT
    assert told(house) == []

    await lane.result(granted.id)

    (lower,) = house.courier.commands("bollard")
    assert (lower.action, lower.reason, lower.challenge) == (
        Action.LOWER, "authorised_vehicle", bollard.device.challenge,
    )  # fmt: skip
    (row,) = await house.rows("command")
    assert (row["device"], row["action"], row["by"]) == ("bollard", "lower", f"tap:lane:{tap}")


async def test_the_first_result_counts_and_a_second_one_lowers_nothing(house: House) -> None:
    lane, _ = await lane_and_bollard(house)
    _, granted = await lane.tap("京A12345", "in", "plate")
    assert granted is not None

    await lane.result(granted.id, "refused", "late")
    await lane.result(granted.id, "executed")

    assert told(house) == []
    _, again = await lane.tap("京A12345", "in", "plate")
    assert again is not None
    for _ in range(3):
        await lane.result(again.id, "executed")
    assert told(house) == [Action.LOWER]


@pytest.mark.parametrize("plate", ["京Z00000", "STAFF1"])
async def test_a_plate_that_nobody_has_waits_for_the_guard_and_lowers_nothing(house: House, plate: str) -> None:
    lane, _ = await lane_and_bollard(house)
    _, waits = await lane.tap(plate, "in", "plate")
    assert waits is not None and waits.action is Action.WAIT

    await lane.result(waits.id)

    assert told(house) == []


async def test_a_result_for_a_command_that_nobody_gave_lowers_nothing(house: House) -> None:
    lane, _ = await lane_and_bollard(house)

    await lane.result("made-up")

    assert told(house) == []


async def test_a_bollard_that_cannot_be_told_is_an_alarm_and_nothing_is_recorded_as_sent(house: House) -> None:
    lane = house.hand("lane")
    await lane.status()
    _, granted = await lane.tap("京A12345", "in", "plate")
    assert granted is not None

    await lane.result(granted.id)
    await house.settle()

    assert told(house) == []
    assert await house.rows("command") == []
    assert (alarms.COMMAND_FAILED, "bollard", "unacknowledged") in house.alarms


async def test_nothing_goes_down_because_of_a_restart(house: House) -> None:
    lane, bollard = await lane_and_bollard(house)
    _, granted = await lane.tap("京A12345", "in", "plate")
    assert granted is not None
    await house.restart()
    await lane.status()
    await bollard.status()
    await house.look()

    assert told(house) == []


async def test_a_grant_that_is_carried_out_after_a_restart_still_lowers_the_bollard_once(house: House) -> None:
    lane, bollard = await lane_and_bollard(house)
    tap, granted = await lane.tap("京A12345", "in", "plate")
    assert granted is not None
    await house.restart()
    await lane.status()
    await bollard.status()
    assert told(house) == []

    for _ in range(3):
        await lane.result(granted.id)

    assert told(house) == [Action.LOWER]
    (row,) = await house.rows("command")
    assert row["by"] == f"tap:lane:{tap}"
    await house.restart()
    await lane.status()
    await bollard.status()
    await lane.result(granted.id)
    assert told(house) == [Action.LOWER]


@pytest.mark.parametrize("how", ["waiting", "one touch"])
async def test_a_guards_word_lowers_the_bollard_as_a_plate_does(house: House, how: str) -> None:
    lane, _ = await lane_and_bollard(house)
    if how == "waiting":
        await level(house, 2)
        tap, waits = await lane.tap("京A12345", "in", "plate")
        assert waits is not None and waits.action is Action.WAIT
        given = await waiting.answer(house.site, f"lane:{tap}", "grant", "u-guard")
    else:
        given = await command.send(house.site, "lane", "grant", "fire engine", "u-guard")
    assert told(house) == []

    await lane.result(given)

    assert told(house) == [Action.LOWER]


async def lane_in_an_emergency(house: House) -> Hand:
    """Both devices there, with the posture of an evacuation."""
    await lane_and_bollard(house)
    await emergencies.start(house.site, EmergencyKind.EVACUATE, (), "gas", "leader-1")
    return await lane_followed(house)


async def lane_followed(house: House) -> Hand:
    for name in ("lane", "bollard"):
        hand = house.hand(name)
        hand.posture = house.courier.posture(name).version
        await hand.status()
    return house.hand("lane")


async def by_hand(house: House, kind: OpeningKind) -> str:
    done, _ = await openings.open_for(
        house.site, portal="north-vehicle", direction=Direction.IN, kind=kind, by="guard-1"
    )
    assert done.command is not None
    return done.command


@pytest.mark.parametrize("restarted", [False, True])
async def test_in_an_emergency_one_touch_for_the_fire_engine_lowers_the_bollard_over_a_restart_too(
    house: House, restarted: bool
) -> None:
    lane = await lane_in_an_emergency(house)
    given = await by_hand(house, OpeningKind.RESPONDER)
    if restarted:
        await house.restart()
        lane = await lane_followed(house)

    await lane.result(given)

    assert told(house) == [Action.LOWER]
    assert (alarms.COMMAND_FAILED, "bollard") not in house.site.alarms.by_cause


@pytest.mark.parametrize("restarted", [False, True])
async def test_in_an_emergency_a_shelter_for_people_on_foot_leaves_the_bollard_up(
    house: House, restarted: bool
) -> None:
    await lane_and_bollard(house)
    await emergencies.start(house.site, EmergencyKind.LOCKDOWN, (), "a stranger", "leader-1")
    lane = await lane_followed(house)
    given = await by_hand(house, OpeningKind.SHELTER)
    if restarted:
        await house.restart()
        lane = await lane_followed(house)

    await lane.result(given)

    assert told(house) == []
    assert (alarms.COMMAND_FAILED, "bollard") in house.site.alarms.by_cause


@pytest.mark.parametrize("restarted", [False, True])
async def test_an_emergency_that_comes_after_a_plates_grant_holds_the_bollard(house: House, restarted: bool) -> None:
    lane, _ = await lane_and_bollard(house)
    _, granted = await lane.tap("京A12345", "in", "plate")
    assert granted is not None and granted.action is Action.GRANT
    await emergencies.start(house.site, EmergencyKind.EVACUATE, (), "gas", "leader-1")
    if restarted:
        await house.restart()
    lane = await lane_followed(house)

    await lane.result(granted.id)

    assert told(house) == []


async def test_an_impact_gets_the_nearest_cameras_picture(house: House) -> None:
    lane, bollard = await lane_and_bollard(house)
    await bollard.event("impact", Impact(g=6.5))
    await house.settle()
    (snapshot,) = house.courier.commands("lane")
    assert (snapshot.action, snapshot.reason) == (Action.SNAPSHOT, "impact")

    picture = Frame(id="f-1", boot=lane.boot, at=house.clock.now(), command=snapshot.id, sha256="0" * 64)
    await frame(house.site, lane.device, picture, b"jpeg")
    await house.settle()

    (alarm,) = [a for a in house.site.alarms.by_id.values() if a.condition == "impact"]
    assert alarm.count == 1
    (shown,) = alarm.pictures
    kept = await house.site.archive.cameras.picture(shown.id)
    assert (kept.camera, kept.why, kept.of, kept.jpeg) == ("lane", "after", alarm.id, b"jpeg")
    (row,) = await house.rows("alarm_pictures")
    assert (row["alarm"], row["pictures"]) == (alarm.id, {"lane": shown.id})


async def test_where_the_nearest_camera_is_a_configured_one_its_own_small_picture_is_kept(house: House) -> None:
    _, bollard = await lane_and_bollard(house)
    book = CameraBook({"road": a_camera("road", zone="dorm-1", device="lane")})
    house.site.cameras = book
    small = NewestPicture(house.clock.now(), b"small, and blurred where it has to be")

    class Looks:
        async def look(self, camera: str) -> NewestPicture | None:
            return small if camera == "road" else None

    book.looker = Looks()
    assert alarm_pictures.cameras_at(house.site, "bollard") == [], "else it needs no nearest one"
    await bollard.event("impact", Impact(g=6.5))
    await house.settle()

    (alarm,) = [a for a in house.site.alarms.by_id.values() if a.condition == "impact"]
    (shown,) = alarm.pictures
    kept = await house.site.archive.cameras.picture(shown.id)
    assert (kept.camera, kept.jpeg) == ("road", small.jpeg)
    assert house.courier.commands("lane") == []
