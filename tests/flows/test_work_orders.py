"""Somebody has to mend it, in time, and a look has to show that it is mended."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path

import pytest

from gateway.core.cameras import Finding
from gateway.core.papers import WorkOrder, WorkOrderState
from gateway.flows import alarms, work_orders
from gateway.flows.permits import NoSuchPermit, NotPossible, WrongField
from tests.flows.camera_house import CameraHouse, a_camera, camera_house

OVERDUE = alarms.WORK_ORDER_OVERDUE


@pytest.fixture
async def scene(tmp_path_factory: pytest.TempPathFactory, tmp_path: Path) -> AsyncIterator[CameraHouse]:
    async with camera_house(tmp_path_factory, tmp_path) as made:
        yield made


def order_of(scene: CameraHouse, subject: str) -> WorkOrder:
    found = work_orders.of(scene.house.site, subject)
    assert found is not None
    return found


async def standing(scene: CameraHouse, camera: str = "yard", finding: Finding = Finding.OCCLUSION) -> WorkOrder:
    """Something stands for long enough to be an order."""
    await scene.find(camera, finding)
    await scene.go_on(150, 10)
    return order_of(scene, camera)


async def test_what_stands_becomes_an_order_and_what_passes_does_not(scene: CameraHouse) -> None:
    await scene.find("hall", Finding.BLUR)
    await scene.go_on(60, 10)
    await scene.clear("hall", Finding.BLUR)

    order = await standing(scene)

    assert work_orders.of(scene.house.site, "hall") is None
    assert (order.findings, order.by, order.state) == (("occlusion",), "gateway", WorkOrderState.OPEN)
    assert (order.priority, order.due_at - order.opened_at) == ("medium", timedelta(hours=24))


async def test_a_camera_has_one_order_and_what_is_found_later_joins_it(scene: CameraHouse) -> None:
    order = await standing(scene, "gate", Finding.BLUR)
    await scene.find("gate", Finding.MOVED)
    await scene.go_on(20, 5)

    joined = order_of(scene, "gate")

    assert (joined.id, joined.findings) == (order.id, ("blur", "moved"))
    assert (order.priority, joined.priority) == ("medium", "high")
    assert joined.due_at < order.due_at
    with pytest.raises(NotPossible):
        await work_orders.make(scene.house.site, subject="gate", by="operator-1")


async def test_done_is_verified_by_the_next_healthy_check_and_by_no_earlier_one(scene: CameraHouse) -> None:
    order = await standing(scene)
    await scene.go_on(10, 5, check=("yard",))
    await work_orders.change(scene.house.site, order.id, by="m-1", assignee="m-1")
    await scene.clear("yard", Finding.OCCLUSION)
    await work_orders.done(scene.house.site, order.id, "took the bag off", "m-1")
    await scene.go_on(60, 10)
    unseen = order_of(scene, "yard").state

    scene.check("yard")
    await scene.go_on(6, 6)

    assert unseen is WorkOrderState.DONE
    assert work_orders.of(scene.house.site, "yard") is None
    (over,) = await work_orders.history(scene.house.site)
    assert (over.state, over.done_by, over.assignee) == (WorkOrderState.VERIFIED, "m-1", "m-1")
    assert over.verified_at > over.done_at
    assert await scene.house.site.archive.note(over.done_note) == "took the bag off"
    rows = [row for row in await scene.house.rows("permit") if row["paper"] == "work_order"]
    assert [row["step"] for row in rows] == ["opened", "changed", "done", "verified"]
    assert "took the bag off" not in str(rows)


async def test_a_fault_that_still_stands_opens_the_order_again(scene: CameraHouse) -> None:
    order = await standing(scene)
    await work_orders.done(scene.house.site, order.id, "cleaned it", "m-1")

    await scene.go_on(120, 10, check=("yard",))
    settling = order_of(scene, "yard").state
    await scene.go_on(90, 10, check=("yard",))
    again = order_of(scene, "yard")

    assert settling is WorkOrderState.DONE
    assert (again.state, again.reopened, again.id) == (WorkOrderState.OPEN, 1, order.id)


async def test_an_overdue_order_is_an_alarm_until_it_is_done(scene: CameraHouse) -> None:
    order = await standing(scene)
    await scene.go_on(24 * 3_600 - 600, 600)
    before = scene.alarm(OVERDUE, "yard")
    await scene.go_on(1_200, 600)
    late = scene.alarm(OVERDUE, "yard")

    await work_orders.done(scene.house.site, order.id, "new cable", "m-1")
    await scene.house.settle()

    assert before is None
    assert (late.state, late.priority, order.id in late.detail) == ("unacknowledged", "low", True)
    assert scene.alarm(OVERDUE, "yard").state == "returned"
    scene.check("yard")
    await scene.go_on(400, 100, check=("yard",))
    assert order_of(scene, "yard").reopened == 1
    await scene.go_on(24 * 3_600, 3_600)
    assert scene.alarm(OVERDUE, "yard").state == "unacknowledged", "late once more"


async def test_an_order_that_nobody_took_ends_by_itself_when_nothing_has_stood_for_half_an_hour(
    scene: CameraHouse,
) -> None:
    await standing(scene)
    taken = await standing(scene, "hall", Finding.BLACK)
    await work_orders.change(scene.house.site, taken.id, by="m-1", assignee="m-1")
    for camera, finding in (("yard", Finding.OCCLUSION), ("hall", Finding.BLACK)):
        await scene.clear(camera, finding)

    await scene.go_on(29 * 60, 60, check=("yard", "hall"))
    waits = order_of(scene, "yard").state
    await scene.go_on(3 * 60, 30, check=("yard", "hall"))

    assert waits is WorkOrderState.OPEN
    assert work_orders.of(scene.house.site, "yard") is None
    assert order_of(scene, "hall").id == taken.id, "somebody is on the way: that one is theirs to end"


async def test_orders_survive_a_restart_and_their_check_comes_after_it(scene: CameraHouse) -> None:
    order = await standing(scene)
    await scene.clear("yard", Finding.OCCLUSION)
    await work_orders.done(scene.house.site, order.id, "new lens", "m-1")

    await scene.restart()
    await scene.go_on(10, 5)
    kept = order_of(scene, "yard").state
    await scene.go_on(10, 5, check=("yard",))

    assert kept is WorkOrderState.DONE
    assert work_orders.of(scene.house.site, "yard") is None


async def test_an_order_of_a_device_is_verified_when_it_is_there_and_nothing_is_wrong_at_it(
    scene: CameraHouse,
) -> None:
    site = scene.house.site
    with pytest.raises(WrongField):
        await work_orders.make(site, subject="door", by="operator-1")
    order = await work_orders.make(site, subject="door", by="operator-1", note="bad contact")
    await work_orders.done(site, order.id, "new contact", "m-1")
    await scene.go_on(10, 5)
    away = order_of(scene, "door").state

    await scene.house.hand("door").status()
    await scene.go_on(10, 5)

    assert (order.priority, away) == ("medium", WorkOrderState.DONE)
    assert work_orders.of(site, "door") is None


async def test_wrong_orders_are_refused_in_words(scene: CameraHouse) -> None:
    site, now = scene.house.site, scene.house.clock.now()
    order = await standing(scene)

    with pytest.raises(WrongField, match="no such camera"):
        await work_orders.make(site, subject="nowhere", by="m-1")
    with pytest.raises(WrongField, match="what is to be done"):
        await work_orders.make(site, subject="hall", by="m-1")
    with pytest.raises(WrongField, match="past"):
        await work_orders.change(site, order.id, by="m-1", due_at=now - timedelta(hours=1))
    with pytest.raises(WrongField):
        await work_orders.done(site, order.id, "  ", "m-1")
    with pytest.raises(NotPossible, match="still wrong"):
        await work_orders.cancel(site, order.id, "no", "m-1")
    with pytest.raises(NoSuchPermit):
        await work_orders.done(site, "0" * 16, "nothing", "m-1")
    await work_orders.done(site, order.id, "it", "m-1")
    with pytest.raises(NotPossible):
        await work_orders.done(site, order.id, "again", "m-1")


async def test_many_cameras_at_once_are_orders_in_one_unit(scene: CameraHouse) -> None:
    before = scene.house.site.directory.version

    for camera in ("yard", "gate", "hall"):
        await scene.find(camera, Finding.SIGNAL_LOSS)
    await scene.go_on(130, 130)
    await scene.go_on(5, 5)

    assert {order.subject for order in work_orders.open_orders(scene.house.site)} == {"yard", "gate", "hall"}
    assert work_orders.open_orders(scene.house.site)[0].subject == "gate", "what presses most comes first"
    assert scene.house.site.directory.version == before + 1


async def test_an_order_by_hand_while_many_are_made_by_themselves_is_the_only_one_of_its_camera(
    tmp_path_factory: pytest.TempPathFactory, tmp_path: Path
) -> None:
    cameras = tuple(a_camera(f"c{number:02d}") for number in range(3 * work_orders.IN_ONE_GO))
    async with camera_house(tmp_path_factory, tmp_path, cameras) as scene:
        site = scene.house.site
        for camera in cameras:
            await scene.find(camera.id, Finding.SIGNAL_LOSS, settle=False)
        await scene.house.settle()
        scene.house.clock.go_on(130)

        looking = asyncio.create_task(scene.watch.look())
        await asyncio.sleep(0)  # some are worked out, and nothing is written
        by_hand = await work_orders.make(site, subject="c00", by="operator-1")
        await looking
        await scene.go_on(10, 5)

        assert {order.subject for order in work_orders.open_orders(site)} == {camera.id for camera in cameras}
        opened = [row for row in await scene.house.rows("permit") if row["step"] == "opened"]
        assert len(opened) == len(cameras)
        assert order_of(scene, "c00").id == by_hand.id
