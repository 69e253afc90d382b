"""Simulated devices over a real Mosquitto: connections, buffers on disk, wires, and every fault on demand."""

from __future__ import annotations

import asyncio
import contextlib
import time
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from devices.messages import Clock, Event, ExitOffline, Gap, LockState, Passage
from firmware_sim import example, spec
from firmware_sim.fleet import Fleet
from firmware_sim.truth import read
from tests.firmware_sim.guardhouse import Guardhouse
from tests.firmware_sim.world import posture
from tests.parts.mosquitto import Mosquitto
from tests.parts.waiting import until

Site = tuple[Fleet, Guardhouse]


@contextlib.asynccontextmanager
async def site(mosquitto: Mosquitto, folder: Path, *names: str, **posture_: Any) -> AsyncIterator[Site]:
    """Some devices of the example campus with somebody on the other side; all connected, all with a posture."""
    entries = [example.with_secrets(entry) for entry in example.devices() if entry["device"] in names]
    specs = spec.parse({"devices": entries})
    async with (
        Guardhouse(mosquitto.url, specs) as guardhouse,
        Fleet(specs, mosquitto.url, folder / "devices", folder / "truth.jsonl") as fleet,
    ):
        for one in specs:
            guardhouse.say(one.device, "posture", posture(**{"exit": ExitOffline.LIST, **posture_}), retain=True)
        await fleet.wait_connected()
        for device in fleet:
            await device.until(lambda state: state.base.standing.posture is not None)
        # A command needs the challenge of a status, which may still be on its way to us.
        await until(lambda: guardhouse.challenges.keys() >= {one.device for one in specs})
        yield fleet, guardhouse


def moves(device: Any) -> list[tuple[str, str]]:
    return [(line["what"], line["cause"]["by"]) for line in device.truth() if line["what"] != "started"]


async def test_a_tap_is_granted_walked_through_and_its_events_are_acked(mosquitto: Mosquitto, tmp_path: Path) -> None:
    async with site(mosquitto, tmp_path, "north-in-1") as (fleet, guardhouse):
        reader = fleet["north-in-1"]

        answer = await reader.tap("AA11", person="p1")
        assert await reader.walk_through("in", person="p1")
        await fleet.quiet()

        assert (answer.outcome, answer.reason, answer.alone) == ("grant", "ok", False)
        assert moves(reader) == [("unlocked", "command"), ("passed", "command"), ("locked", "passage")]
        assert [event.data for _, event in guardhouse.events if event.type == "passage"] == [
            Passage(tap=answer.tap, direction="in")  # type: ignore[arg-type]
        ]
        assert {line["cause"]["command"] for line in reader.truth()} - {None} == {answer.command}
    assert [line["what"] for line in read(tmp_path / "truth.jsonl")] == ["started", "unlocked", "passed", "locked"]


async def test_nobody_walks_through_a_turnstile_that_denied(mosquitto: Mosquitto, tmp_path: Path) -> None:
    async with site(mosquitto, tmp_path, "north-in-1") as (fleet, guardhouse):
        guardhouse.answer = lambda device, tap: ("deny", "unknown_credential")

        answer = await fleet["north-in-1"].tap("AA11")

        assert (answer.outcome, answer.reason) == ("deny", "unknown_credential")
        assert not await fleet["north-in-1"].walk_through("in")
        assert moves(fleet["north-in-1"]) == []


async def test_a_guard_who_looks_first_answers_later(mosquitto: Mosquitto, tmp_path: Path) -> None:
    async with site(mosquitto, tmp_path, "north-in-1") as (fleet, guardhouse):
        reader = fleet["north-in-1"]
        guardhouse.answer = lambda device, tap: ("wait", "guard_confirms")

        first = await reader.tap("AA11", first_answer=True)
        guardhouse.command("north-in-1", "grant", for_=first.tap)
        final = await reader.final_answer(first.tap)

        assert (first.outcome, final.outcome) == ("wait", "grant")


async def test_nothing_is_lost_over_a_restart_and_the_next_boot_tells_of_the_last(
    mosquitto: Mosquitto, tmp_path: Path
) -> None:
    async with site(mosquitto, tmp_path, "north-in-1") as (fleet, guardhouse):
        reader = fleet["north-in-1"]
        guardhouse.acks = False
        await reader.tap("AA11")
        await reader.walk_through("in")
        first_boot = reader.boot
        await until(lambda: guardhouse.heard == 3)

        await reader.restart()
        guardhouse.acks = True
        await reader.until(lambda state: state.base.connected)
        await fleet.quiet()

        status = [said for _, said in guardhouse.statuses if said.boot == reader.boot][-1]
        assert reader.boot != first_boot
        assert status.previous is not None
        assert (status.previous.boot, status.previous.last_seq) == (first_boot, 3)
        assert status.posture == 1
        assert [(event.boot, event.seq) for _, event in guardhouse.events] == [(first_boot, seq) for seq in (1, 2, 3)]


async def test_a_cut_network_is_bridged_by_the_buffer_and_the_will_tells_of_it(
    mosquitto: Mosquitto, tmp_path: Path
) -> None:
    async with site(mosquitto, tmp_path, "dorm-1-door-1") as (fleet, guardhouse):
        door = fleet["dorm-1-door-1"]

        door.fault("cut_network", 1.0)
        await until(lambda: not door.connected)
        door.press_exit_button("p1")
        assert await door.walk_through("out", person="p1")
        await until(lambda: any(not said.online for _, said in guardhouse.statuses))
        await door.until(lambda state: state.base.connected)
        await fleet.quiet()

        told = [event.type for _, event in guardhouse.events]
        assert told == [
            "exit_button", "lock_state", "door_opened", "passage", "door_closed", "lock_state",
        ]  # fmt: skip
        assert [said.connection for _, said in guardhouse.statuses if said.online][-1] == 2


async def test_fire_releases_the_doors_of_its_zone_within_200_ms_without_any_network(
    mosquitto: Mosquitto, tmp_path: Path
) -> None:
    async with site(mosquitto, tmp_path, "dorm-1-door-1", "dorm-2-door-1", "fire-panel") as (fleet, guardhouse):
        for device in fleet:
            device.fault("cut_network", 1.0)
        await until(lambda: not any(device.connected for device in fleet))

        began = time.process_time()
        fleet.fire("dorm-1")

        assert fleet["dorm-1-door-1"].state.lock is not None
        assert fleet["dorm-1-door-1"].state.lock.state is LockState.RELEASED
        assert moves(fleet["dorm-1-door-1"]) == [("released", "fire")]
        assert time.process_time() - began < 0.2
        assert moves(fleet["dorm-2-door-1"]) == []

        await fleet["dorm-1-door-1"].restart()
        assert fleet["dorm-1-door-1"].state.lock.state is LockState.RELEASED

        await fleet.quiet()
        assert {(device, event.type) for device, event in guardhouse.events} >= {
            ("fire-panel", "fire_alarm"),
            ("dorm-1-door-1", "fire_input"),
        }


async def test_a_vehicle_passes_the_lane_and_the_bollard_closes_behind_it(mosquitto: Mosquitto, tmp_path: Path) -> None:
    from firmware_sim import lane

    async with site(mosquitto, tmp_path, "north-vehicle-in", "north-vehicle-out", "north-bollard") as (fleet, _):
        camera, bollard = fleet["north-vehicle-in"], fleet["north-bollard"]

        answer = await camera.tap("京A12345", "in", kind="plate", person="p1")
        assert answer.granted
        assert await lane.drive(camera, bollard, "in", "p1")

        assert moves(bollard) == [
            ("lowering", "command"), ("lowered", "command"), ("raising", "cycle"), ("raised", "cycle"),
        ]  # fmt: skip
        assert moves(camera) == [("passed", "command")]


async def test_presence_while_rising_stops_the_bollard_within_200_ms(mosquitto: Mosquitto, tmp_path: Path) -> None:
    async with site(mosquitto, tmp_path, "north-vehicle-in", "north-vehicle-out", "north-bollard") as (fleet, guards):
        bollard = fleet["north-bollard"]
        guards.command("north-bollard", "lower")
        await until(lambda: ("lowered", "command") in moves(bollard))
        bollard.presence(vehicle="present")
        await asyncio.sleep(0.2)
        bollard.presence(vehicle="clear")
        await until(lambda: ("raising", "cycle") in moves(bollard))

        began = time.process_time()
        bollard.presence(pedestrian="present")

        assert moves(bollard)[-1] == ("stopped", "cycle")
        assert time.process_time() - began < 0.2


async def test_a_frozen_presence_counter_keeps_the_bollard_down(mosquitto: Mosquitto, tmp_path: Path) -> None:
    async with site(mosquitto, tmp_path, "north-vehicle-in", "north-vehicle-out", "north-bollard") as (fleet, guards):
        bollard = fleet["north-bollard"]
        guards.command("north-bollard", "lower")
        await until(lambda: ("lowered", "command") in moves(bollard))
        bollard.fault("frozen_presence")
        await asyncio.sleep(0.7)

        command = guards.command("north-bollard", "raise")
        await until(lambda: any(result.command == command for _, result in guards.results))

        assert [str(r.reason) for _, r in guards.results if r.command == command] == ["interlock"]
        assert moves(bollard)[-1] == ("lowered", "command")


async def test_a_snapshot_arrives_as_a_picture(mosquitto: Mosquitto, tmp_path: Path) -> None:
    async with site(mosquitto, tmp_path, "cam-square") as (_, guardhouse):
        await until(lambda: "cam-square" in guardhouse.challenges)
        guardhouse.command("cam-square", "snapshot")
        await until(lambda: bool(guardhouse.frames))

        assert guardhouse.frames[0][1].startswith(b"\xff\xd8\xff")
        assert guardhouse.bad == []


# Faults on demand


async def test_fault_bad_mac_makes_messages_that_nobody_believes(mosquitto: Mosquitto, tmp_path: Path) -> None:
    async with site(mosquitto, tmp_path, "north-in-1") as (fleet, guardhouse):
        fleet["north-in-1"].fault("bad_mac", channels=("tap",))
        answer = await fleet["north-in-1"].tap("AA11")

        assert answer.alone
        assert {reason for _, reason in guardhouse.bad} == {"mac"}
        assert guardhouse.taps == []


async def test_fault_duplicate_sends_everything_twice_and_moves_nothing_twice(
    mosquitto: Mosquitto, tmp_path: Path
) -> None:
    async with site(mosquitto, tmp_path, "north-in-1") as (fleet, guardhouse):
        fleet["north-in-1"].fault("duplicate")
        await fleet["north-in-1"].tap("AA11")
        await until(lambda: len(guardhouse.results) >= 4)

        assert len(guardhouse.taps) == 2
        assert moves(fleet["north-in-1"]) == [("unlocked", "command")]


async def test_fault_drop_acks_keeps_every_event_until_it_is_over(mosquitto: Mosquitto, tmp_path: Path) -> None:
    async with site(mosquitto, tmp_path, "north-in-1") as (fleet, _):
        reader = fleet["north-in-1"]
        reader.fault("drop_acks")
        await reader.tap("AA11")
        await reader.walk_through("in")
        await asyncio.sleep(0.3)
        assert len(reader.state.base.buffer) == 3

        reader.clear_fault()
        reader.fault("cut_network", 0.1)  # else it would wait its 10 s before it sends them again
        await fleet.quiet()


async def test_fault_wrong_clock_is_told_and_used(mosquitto: Mosquitto, tmp_path: Path) -> None:
    async with site(mosquitto, tmp_path, "north-in-1") as (fleet, guardhouse):
        fleet["north-in-1"].fault("wrong_clock", offset_s=-86_400, synced=False)
        await until(lambda: guardhouse.statuses[-1][1].clock is Clock.UNSYNCED)

        right = time.time()
        assert -86_410 < guardhouse.statuses[-1][1].at.timestamp() - right < -86_390


async def test_fault_stall_does_nothing_and_catches_up(mosquitto: Mosquitto, tmp_path: Path) -> None:
    async with site(mosquitto, tmp_path, "dorm-1-door-1") as (fleet, _):
        door = fleet["dorm-1-door-1"]
        door.fault("stall", 0.5)
        door.press_exit_button()
        assert moves(door) == []

        await until(lambda: moves(door) == [("unlocked", "exit_button")])


async def test_fault_power_loss_is_a_new_boot_and_moves_nothing(mosquitto: Mosquitto, tmp_path: Path) -> None:
    async with site(mosquitto, tmp_path, "dorm-1-door-1") as (fleet, _):
        door = fleet["dorm-1-door-1"]
        boot = door.boot
        door.fault("power_loss", 0.3)
        await until(lambda: not door.is_on)
        await until(lambda: door.is_on and door.connected)

        assert door.boot != boot
        assert moves(door) == []


async def test_fault_full_buffer_overwrites_and_says_what(mosquitto: Mosquitto, tmp_path: Path) -> None:
    async with site(mosquitto, tmp_path, "dorm-1-door-1") as (fleet, guardhouse):
        door = fleet["dorm-1-door-1"]
        door.fault("cut_network", 2.0)
        await until(lambda: not door.connected)
        door.fault("full_buffer", capacity=10)
        for _ in range(12):
            door.press_exit_button()
            await door.walk_through("out")
        door.open_casing()
        await until(lambda: door.connected)
        await fleet.quiet()

        heard = [event for _, event in guardhouse.events]
        lost = {n for e in heard if isinstance(e.data, Gap) for n in range(e.data.from_seq, e.data.to_seq + 1)}
        told = {event.seq for event in heard}
        assert lost
        assert "tamper" in {event.type for event in heard}
        assert told | lost == set(range(1, max(told) + 1))


async def test_fault_drop_commands_leaves_the_device_to_decide_alone(mosquitto: Mosquitto, tmp_path: Path) -> None:
    async with site(mosquitto, tmp_path, "north-in-1") as (fleet, guardhouse):
        fleet["north-in-1"].fault("drop_commands")

        answer = await fleet["north-in-1"].tap("AA11")
        await until(lambda: any(event.type == "access" for _, event in guardhouse.events))

        assert (answer.alone, answer.outcome) == (True, "deny")
        assert len(guardhouse.taps) >= 2


async def test_fault_drop_postures_leaves_the_device_by_its_old_one(mosquitto: Mosquitto, tmp_path: Path) -> None:
    async with site(mosquitto, tmp_path, "north-in-1", "south-in-1") as (fleet, guardhouse):
        fleet["north-in-1"].fault("drop_postures")
        for name in ("north-in-1", "south-in-1"):
            guardhouse.say(name, "posture", posture(2), retain=True)
        await until(lambda: ("south-in-1", 2) in [(name, said.posture) for name, said in guardhouse.statuses])
        fleet["north-in-1"].clear_fault("drop_postures")
        guardhouse.say("north-in-1", "posture", posture(3), retain=True)
        await until(lambda: ("north-in-1", 3) in [(name, said.posture) for name, said in guardhouse.statuses])

        assert ("north-in-1", 2) not in [(name, said.posture) for name, said in guardhouse.statuses]


async def test_an_unknown_fault_is_refused_by_name(mosquitto: Mosquitto, tmp_path: Path) -> None:
    async with site(mosquitto, tmp_path, "north-in-1") as (fleet, _):
        with pytest.raises(ValueError, match="gremlins"):
            fleet["north-in-1"].fault("gremlins")


async def test_a_hundred_devices_live_in_one_process(mosquitto: Mosquitto, tmp_path: Path) -> None:
    entries = [
        example.with_secrets({"device": f"reader-{number}", "kind": "reader", "portal": "north-in"})
        for number in range(100)
    ]
    specs = spec.parse({"devices": entries})
    async with Guardhouse(mosquitto.url, specs), Fleet(specs, mosquitto.url, tmp_path / "devices") as fleet:
        await fleet.wait_connected(20)

        answers = await asyncio.gather(*(device.tap("AA11") for device in fleet))
        passed = await asyncio.gather(*(device.walk_through("in") for device in fleet))
        await fleet.quiet()

        assert all(answer.granted and not answer.alone for answer in answers)
        assert all(passed)
        assert sum(line["what"] == "unlocked" for line in fleet.log.of()) == 100


def test_an_event_is_on_disk_before_it_is_sent(tmp_path: Path) -> None:
    """What a kill can lose is what nobody was told: the journal line comes before the message in every step."""
    from devices.topics import Kind
    from firmware_sim.inputs import PressExitButton
    from firmware_sim.outputs import KeepEvent, Send
    from tests.firmware_sim.world import Bench

    bench = Bench(Kind.DORM)
    bench.connect()
    out = bench.feed(PressExitButton())

    kept = [index for index, output in enumerate(out) if isinstance(output, KeepEvent)]
    sent = [i for i, output in enumerate(out) if isinstance(output, Send) and isinstance(output.message, Event)]
    assert kept
    assert sent
    assert max(kept) < min(sent)
