"""A campus in motion over a real Mosquitto, by its command line as `wardgate demo` starts it."""

from __future__ import annotations

import asyncio
import json
import signal
import sys
from collections import Counter
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from firmware_sim import clock, example, people, spec
from firmware_sim.__main__ import main
from firmware_sim.truth import read
from tests.firmware_sim.guardhouse import Guardhouse
from tests.firmware_sim.world import posture
from tests.parts.mosquitto import Mosquitto
from tests.parts.waiting import until

ROOT = Path(__file__).resolve().parents[2]
SCENARIO = """
name: rush
starts_at: "07:00"
ends_at: "07:10"
flows:
  - {name: in, from: "07:00", to: "07:08", who: {without_groups: [boarders], drives: false}, share: 0.5, direction: in,
     portals: [north-in, south-in]}
  - {name: up, from: "07:00", to: "07:08", who: {groups: [boarders]}, share: 0.6, direction: out,
     portals: [own-dormitory]}
oddities: {unknown_card: 0.1, twice: 0.03, walk_away: 0.03, tailgate: 0.1, exit_button: 0.3}
incidents:
  - {at: "07:02", what: fault, device: north-in-1, fault: duplicate, seconds: 1}
  - {at: "07:04", what: fire, zone: dorm-3}
"""


def prepare(folder: Path) -> list[spec.Spec]:
    entries = [example.with_secrets(entry) for entry in example.devices()]
    (folder / "fleet.json").write_text(json.dumps({"devices": entries}))
    (folder / "rush.yaml").write_text(SCENARIO)
    with open(folder / "people.csv", "w", encoding="utf-8", newline="") as file:
        people.write(people.make(100, 7), file)
    return spec.read(folder / "fleet.json")


def command(folder: Path, broker: str, *more: str) -> list[str]:
    files = ["--fleet", "fleet.json", "--people", "people.csv", "--data", "devices", "--truth", "truth.jsonl"]
    paths = [part if part.startswith("--") else str(folder / part) for part in files]
    run = [sys.executable, "-m", "firmware_sim", "run", "--broker", broker, *paths]
    return [*run, "--scenario", str(folder / "rush.yaml"), "--seed", "7", *more]


async def start(arguments: list[str]) -> asyncio.subprocess.Process:
    return await asyncio.create_subprocess_exec(*arguments, cwd=ROOT, stdout=asyncio.subprocess.PIPE)


async def finish(process: asyncio.subprocess.Process, timeout_s: float) -> tuple[int, str]:
    out, _ = await asyncio.wait_for(process.communicate(), timeout_s)
    assert process.returncode is not None
    return process.returncode, out.decode()


async def test_a_scenario_runs_to_its_end_and_every_motion_has_its_cause(mosquitto: Mosquitto, tmp_path: Path) -> None:
    specs = prepare(tmp_path)
    cards = {person.card for person in people.make(100, 7)}

    def judge(device: str, tap: Any) -> tuple[str, str]:
        return ("grant", "ok") if tap.credential.value in cards else ("deny", "unknown_credential")

    async with Guardhouse(mosquitto.url, specs, judge) as guardhouse:
        for one in specs:
            guardhouse.say(one.device, "posture", posture(), retain=True)
        process = await start(command(tmp_path, mosquitto.url, "--speed", "60", "--until-done", "--verbose"))
        status, out = await finish(process, 60)

    assert status == 0, out
    assert "every device is connected" in out
    assert out.rstrip().endswith("stopped")
    assert guardhouse.bad == []
    lines = read(tmp_path / "truth.jsonl")
    granted = {tap.id for _, tap in guardhouse.taps if judge("", tap)[0] == "grant"}
    executed = {result.command for _, result in guardhouse.results if str(result.outcome) == "executed"}
    moved = Counter(line["what"] for line in lines)
    assert moved["unlocked"] > 20
    assert moved["released"] == 1
    for line in lines:
        if line["what"] != "unlocked":
            continue
        by, tap = line["cause"]["by"], line["cause"]["tap"]
        assert by in ("command", "free_exit", "exit_button", "alone"), line
        if by == "command":
            assert tap in granted
            assert line["cause"]["command"] in executed
    unlocked_for = Counter(
        line["cause"]["tap"] for line in lines if line["what"] == "unlocked" and line["cause"]["tap"]
    )
    assert set(unlocked_for.values()) == {1}, "a tap unlocked twice"


async def test_a_killed_simulator_loses_no_event_and_tells_the_rest_after_its_restart(
    mosquitto: Mosquitto, tmp_path: Path
) -> None:
    specs = prepare(tmp_path)
    async with Guardhouse(mosquitto.url, specs) as guardhouse:
        for one in specs:
            guardhouse.say(one.device, "posture", posture(), retain=True)
        guardhouse.acks = False
        killed = await start(command(tmp_path, mosquitto.url, "--speed", "60"))
        await until(lambda: guardhouse.heard > 40, 40)
        killed.kill()
        await killed.wait()

        before = read(tmp_path / "truth.jsonl")
        await asyncio.sleep(0.2)  # what it had sent is not to be taken for sent again
        guardhouse.acks = True
        status, out = await finish(await start(command(tmp_path, mosquitto.url, "--speed", "600", "--until-done")), 90)

    assert status == 0, out
    boots = {line["boot"] for line in before}
    told = [(device, event) for device, event in guardhouse.events if event.boot in boots]
    for device in {device for device, _ in told}:
        assert sorted(event.seq for d, event in told if d == device) == list(
            range(1, 1 + sum(d == device for d, _ in told))
        )
    passed = Counter(line["device"] for line in before if line["what"] == "passed")
    assert sum(passed.values()) > 3
    assert Counter(device for device, event in told if event.type == "passage") == passed


async def test_an_interrupted_campus_says_goodbye_and_stops_soon(mosquitto: Mosquitto, tmp_path: Path) -> None:
    specs = prepare(tmp_path)
    async with Guardhouse(mosquitto.url, specs) as guardhouse:
        process = await start(command(tmp_path, mosquitto.url, "--speed", "1"))
        await until(lambda: len(guardhouse.challenges) == len(specs))

        process.send_signal(signal.SIGTERM)
        status, out = await finish(process, 10)

    assert status == 0
    assert out.rstrip().endswith("stopped")


async def test_devices_show_the_clock_that_they_were_given(mosquitto: Mosquitto, tmp_path: Path) -> None:
    specs = prepare(tmp_path)
    now = datetime.now(UTC).isoformat()
    async with Guardhouse(mosquitto.url, specs) as guardhouse:
        arguments = command(tmp_path, mosquitto.url, "--clock", f"{now}=2030-01-01T06:59:00+08:00@60")
        process = await start(arguments)
        await until(lambda: bool(guardhouse.taps))
        process.send_signal(signal.SIGINT)
        await finish(process, 10)

    assert {tap.at.date().isoformat() for _, tap in guardhouse.taps} == {"2029-12-31"}


def test_a_clock_that_is_none_is_refused_and_a_right_one_runs_at_its_speed() -> None:
    for said in ("", "now", "2026-11-23T01:00:00=2026-11-23T06:20:00+08:00@60", "a=b@c"):
        with pytest.raises(ValueError, match="--clock"):
            clock.parse(said)
    real = datetime.now(UTC).isoformat()

    wall, speed = clock.parse(f"{real}=2030-01-01T00:00:00+00:00@3600")

    assert speed == 3600
    assert abs(wall() - datetime(2030, 1, 1, tzinfo=UTC)).total_seconds() < 3600


def test_a_command_that_cannot_run_says_why_and_exits_with_2(tmp_path: Path, capsys: Any) -> None:
    prepare(tmp_path)
    (tmp_path / "fleet.json").write_text("{}")

    assert main(command(tmp_path, "mqtt://127.0.0.1:1")[3:]) == 2
    assert "expected devices" in capsys.readouterr().err


def test_people_and_fleet_are_printed_for_files(capsys: Any) -> None:
    assert main(["people", "--count", "3", "--seed", "7"]) == 0
    assert len(capsys.readouterr().out.splitlines()) == 4

    assert main(["fleet", "--secrets"]) == 0
    assert len(spec.parse(json.loads(capsys.readouterr().out))) == len(example.devices())
