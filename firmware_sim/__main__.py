"""The command line: `python -m firmware_sim run …`, `people …`, `fleet …`.

Exit status 0, 1 (the scenario ran, but devices still hold events nobody acked) or 2 (could not run).
"""

from __future__ import annotations

import argparse
import asyncio
import json
import resource
import signal
import sys
from collections.abc import Sequence
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING

from firmware_sim import clock, example, people, scenario, spec
from firmware_sim.campus import Campus
from firmware_sim.fleet import Fleet
from firmware_sim.shell import Broker

if TYPE_CHECKING:
    from firmware_sim.cameras.watched import Watched

SUMMARY_EVERY_S = 10.0


def main(arguments: Sequence[str] | None = None) -> int:
    """Carry one command out."""
    options = _parser().parse_args(arguments)
    try:
        return int(options.command(options))
    except (spec.BadFleet, scenario.BadScenario, OSError, ValueError) as error:
        print(error, file=sys.stderr)
        return 2


def _run(options: argparse.Namespace) -> int:
    specs = spec.read(options.fleet)
    plan = scenario.load(options.scenario)
    if options.passes is not None:
        plan = scenario.with_passes(plan, _passes(options.passes))
    with open(options.people, encoding="utf-8", newline="") as file:
        crowd = people.read(file)
    _allow_many_files(2 * len(specs) + 100)
    return asyncio.run(_live(options, specs, plan, crowd))


async def _live(
    options: argparse.Namespace, specs: list[spec.Spec], plan: scenario.Scenario, crowd: list[people.Person]
) -> int:
    broker = Broker(options.broker, ca_file=options.ca_file)
    wall, speed = clock.parse(options.clock) if options.clock else (clock.true_time, options.speed)
    fleet = Fleet(specs, broker, options.data, options.truth, wall=wall)
    watched = await _watch(options, fleet, wall, speed)
    campus = Campus(
        fleet,
        crowd,
        plan,
        speed=speed,
        seed=options.seed,
        start_s=_start_s(options.start, plan),
        say=_say if options.verbose else lambda line: None,
        cameras=watched.cameras if watched else None,
    )
    stopped = asyncio.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        asyncio.get_running_loop().add_signal_handler(number, stopped.set)
    _say(f"{len(specs)} devices, {len(crowd)} people, scenario {plan.name} at {speed:g} times the speed")
    await campus.fleet.start()
    working = asyncio.create_task(_work(campus, options, wall))
    telling = asyncio.create_task(_tell(campus))
    waiting = asyncio.create_task(stopped.wait())
    try:
        await asyncio.wait({working, waiting}, return_when=asyncio.FIRST_COMPLETED)
        return working.result() if working.done() else 0
    finally:
        for task in (working, telling, waiting):
            task.cancel()
        await asyncio.gather(working, telling, waiting, return_exceptions=True)
        _say(f"stopping: {campus.summary()}")
        await campus.stop()
        if watched is not None:
            await watched.stop()
        _say("stopped")


async def _watch(options: argparse.Namespace, fleet: Fleet, wall: clock.WallClock, speed: float) -> Watched | None:
    """The cameras on a port of this machine, if one was asked for."""
    if options.cameras is None:
        return None
    from firmware_sim.cameras.watched import watch

    described = spec.cameras(options.fleet) or example.cameras()
    watched = await watch(fleet, described, wall, options.cameras, options.camera_truth)
    _say(f"{len(watched.cameras)} cameras at http://127.0.0.1:{watched.port}/cameras")
    if options.camera_faults:
        watched.begin_mischief(options.seed, speed)
    return watched


async def _work(campus: Campus, options: argparse.Namespace, wall: clock.WallClock) -> int:
    # A broker that is not there yet is waited for: whoever starts both need not mind the order.
    while True:
        try:
            await campus.fleet.wait_connected(10.0)
            break
        except TimeoutError as error:
            _say(str(error))
    _say("every device is connected")
    if options.clock:
        campus.follow(wall)
    await campus.run(days=1 if options.until_done else None)
    try:
        await campus.fleet.quiet(30.0)
    except TimeoutError as error:
        _say(str(error))
        return 1
    return 0


async def _tell(campus: Campus) -> None:
    while True:
        await asyncio.sleep(SUMMARY_EVERY_S)
        away = sum(not device.connected for device in campus.fleet)
        _say(f"{campus.clock()} {campus.summary()}" + (f"; {away} devices not connected" if away else ""))


def _passes(path: Path) -> dict[str, str]:
    said = json.loads(path.read_text(encoding="utf-8"))
    if not isinstance(said, dict) or not all(isinstance(code, str) for code in said.values()):
        raise ValueError(f"{path}: expected an object of names and codes")
    return said


def _second_of_day(local: datetime) -> float:
    return float(local.hour * 3600 + local.minute * 60 + local.second)


def _start_s(said: str | None, plan: scenario.Scenario) -> float | None:
    if said is None:
        return None
    if said == "now":
        return _second_of_day(datetime.now(plan.timezone))
    hours, _, minutes = said.partition(":")
    if not (hours.isdigit() and minutes.isdigit() and int(hours) < 24 and int(minutes) < 60):
        raise ValueError("--start: expected now or a time like 07:30")
    return float(int(hours) * 3600 + int(minutes) * 60)


def _people(options: argparse.Namespace) -> int:
    people.write(people.make(options.count, options.seed), sys.stdout)
    return 0


def _fleet(options: argparse.Namespace) -> int:
    entries = example.devices()
    if options.secrets:
        entries = [example.with_secrets(entry, options.site) for entry in entries]
    json.dump({"devices": entries}, sys.stdout, indent=1)
    print()
    return 0


def _scenarios(options: argparse.Namespace) -> int:
    print("\n".join(scenario.names()))
    return 0


def _allow_many_files(wanted: int) -> None:
    """A socket per device: a soft limit of 1,024 is not enough for five hundred and their files."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if soft < wanted:
        resource.setrlimit(resource.RLIMIT_NOFILE, (min(wanted, hard), hard))


def _say(line: str) -> None:
    print(line, flush=True)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m firmware_sim", description="A simulated campus.")
    commands = parser.add_subparsers(required=True, metavar="COMMAND")

    run = commands.add_parser(
        "run",
        help="devices and people in motion",
        epilog="example: python -m firmware_sim run --broker mqtt://127.0.0.1:1883 --fleet fleet.json"
        " --people people.csv --data sim --truth truth.jsonl --scenario school_day --speed 60 --seed 7",
    )
    run.add_argument("--broker", required=True, help="mqtt://host:port or mqtts://host:port")
    run.add_argument("--ca-file", help="who signed the broker's certificate")
    run.add_argument("--fleet", required=True, type=Path, help="the devices, YAML or JSON")
    run.add_argument("--people", required=True, type=Path, help="the people, CSV as `wardgate import people` takes it")
    run.add_argument("--data", required=True, type=Path, help="folder for what the devices keep")
    run.add_argument("--truth", type=Path, help="where to write what physically moved, JSON lines")
    run.add_argument("--scenario", default="school_day", help="a name (see `scenarios`) or a path to a YAML file")
    run.add_argument("--passes", type=Path, help="the codes of the scenario's visitors by name, a JSON object")
    run.add_argument("--speed", type=float, default=1.0, help="how much faster the schedule runs")
    run.add_argument("--seed", type=int, default=7)
    run.add_argument("--start", metavar="TIME", help="local time to begin at, like 07:30, or now")
    run.add_argument(
        "--clock",
        metavar="REAL=SHOWN@FACTOR",
        help="the devices' wall clock, and with it where the day begins and how"
        " fast it passes; for a gateway that is run on the same clock",
    )
    run.add_argument("--until-done", action="store_true", help="end after one day, else begin again")
    run.add_argument("--cameras", type=int, metavar="PORT", help="serve the fleet's cameras on this port of loopback")
    run.add_argument("--camera-faults", action="store_true", help="now and then something goes wrong with a camera")
    run.add_argument("--camera-truth", type=Path, help="where to write what was wrong with which camera, JSON lines")
    run.add_argument("--verbose", action="store_true", help="a line for every tap")
    run.set_defaults(command=_run)

    crowd = commands.add_parser(
        "people", help="print synthetic people as CSV", epilog="example: python -m firmware_sim people > people.csv"
    )
    crowd.add_argument("--count", type=int, default=1000)
    crowd.add_argument("--seed", type=int, default=7)
    crowd.set_defaults(command=_people)

    fleet = commands.add_parser(
        "fleet", help="print the example campus's devices", epilog="example: python -m firmware_sim fleet --secrets"
    )
    fleet.add_argument("--secrets", action="store_true", help="with keys and passwords as if enrolled")
    fleet.add_argument("--site", default="main")
    fleet.set_defaults(command=_fleet)

    listing = commands.add_parser("scenarios", help="print the names of the scenarios")
    listing.set_defaults(command=_scenarios)
    return parser


if __name__ == "__main__":
    sys.exit(main())
