"""A whole simulated campus for tests: its broker, its gateway, its devices and people, for one compressed day.

Promises: gateway and campus live on the same fast clock; everything is gone at the end; what moved and what was
recorded is handed back to be compared. Tests take the fixture `live_a_day`.
Leaves to others: whether it was right.
"""

from __future__ import annotations

import asyncio
import contextlib
import subprocess
import sys
from collections import Counter
from collections.abc import Awaitable, Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, time, timedelta
from pathlib import Path
from time import monotonic
from typing import Any

import pytest

from firmware_sim import clock as sim_clock
from firmware_sim import example, people, scenario, spec
from firmware_sim.campus import Campus
from firmware_sim.fleet import Fleet
from gateway.flows.enrolment import BrokerUser, Place
from gateway.mqtt.access import lookout_access
from gateway.mqtt.embedded import EmbeddedBroker, EmbeddedUser, device_user, gateway_user
from tests.parts.gateway_process import ROOT, GatewayProcess, Row, SiteFolder
from tests.parts.mosquitto import Mosquitto

STARTED_WITHIN_S = 6.0
"""The day begins so long after the gateway was told to start: by then both are up."""
STARTS_IN_IMPORTS = 5
"""So many times as long as importing its modules the gateway and the devices take to be up, at most: what a day's
beginning has missed is skipped, so a busy machine has to begin it later."""
QUIET_WITHIN_S = 75.0
"""A device whose events were not acked tries again after ten, twenty, forty seconds."""

Meanwhile = Callable[[GatewayProcess], Awaitable[None]]
LiveADay = Callable[..., "Ran"]
"""`run_a_day` without what every test gives it alike."""


@contextlib.contextmanager
def real_mosquitto(folder: Path, _site: SiteFolder, _devices: list[dict[str, Any]]) -> Iterator[str]:
    broker = Mosquitto(folder)
    broker.start()
    try:
        yield broker.url
    finally:
        broker.stop()


@contextlib.contextmanager
def embedded(folder: Path, site: SiteFolder, devices: list[dict[str, Any]]) -> Iterator[str]:
    settings = site.settings
    name, password = settings.mqtt_username, settings.mqtt_password
    users = [
        gateway_user("main", name, password),
        EmbeddedUser(f"{name}-lookout", password, lookout_access("main")),
        *(device_user("main", BrokerUser(one["device"], one["kind"], one["password"])) for one in devices),
    ]
    broker = EmbeddedBroker(folder / "broker", users)
    broker.start()
    try:
        yield broker.url
    finally:
        broker.stop()


BROKERS = {"mosquitto": real_mosquitto, "embedded": embedded}


def shipped(name: str) -> scenario.Scenario:
    """A scenario as it is shipped; but a door left open stays so for 33 s whatever the speed, which no test has."""
    day = scenario.load(name)
    return replace(day, oddities=replace(day.oddities, left_open=0.0))


@dataclass
class Lived:
    """How the day went on the campus's side."""

    counts: Counter[str]
    last_seqs: dict[tuple[str, str], int]
    """The number of each device's last event, by device and boot."""


async def live(
    day: scenario.Scenario,
    crowd: list[people.Person],
    fleet: Fleet,
    wall: Callable[[], datetime],
    midnight: datetime,
    factor: float,
    seed: int,
    meanwhile: Callable[[], Awaitable[None]],
) -> Lived:
    """`midnight`: when by `wall` the day to be lived begins; until then that clock shows the day before."""
    campus = Campus(fleet, crowd, day, speed=factor, seed=seed)
    try:
        await campus.start()
        await asyncio.sleep(max(0.0, (midnight - wall()).total_seconds() / factor + 0.01))
        campus.follow(wall)
        await asyncio.gather(campus.run(days=1), meanwhile())
        await fleet.quiet(QUIET_WITHIN_S)
        buffers = {device.spec.device: device.state.base.buffer for device in fleet}
        lasts = {(name, kept.boot): kept.last_seq for name, kept in buffers.items() if kept.last_seq}
        return Lived(campus.counts, lasts)
    finally:
        await campus.stop()


@dataclass
class Ran:
    """One day, from both sides."""

    site: SiteFolder
    truth: Sequence[Mapping[str, Any]]
    rows: Sequence[Row]
    lived: Lived

    @property
    def seen(self) -> Counter[str]:
        """What people saw at the devices, but for a guard's time-out: `outcome reason`, how often."""
        told = {what: n for what, n in self.lived.counts.items() if what.split()[0] in ("grant", "deny", "wait")}
        return Counter({what: n for what, n in told.items() if not what.endswith("guard_timeout")})

    @property
    def last_events(self) -> dict[tuple[str, str], int]:
        """The highest number that the ledger has of each boot."""
        events = ((row.body["device"], row.body["boot"], row.body["seq"]) for row in self.rows if row.kind == "event")
        return {(device, boot): seq for device, boot, seq in sorted(events)}


def run_a_day(
    folder: Path,
    day: scenario.Scenario,
    make_gateway: Callable[..., GatewayProcess],
    *,
    broker: str = "mosquitto",
    database_url: str | None = None,
    people_count: int,
    real_s: float,
    seed: int,
    meanwhile: Meanwhile | None = None,
    also: Sequence[people.Person] = (),
    prepare: Callable[[SiteFolder], None] | None = None,
) -> Ran:
    """Live `day` through in about `real_s` seconds; `meanwhile` is what else happens to the gateway.

    `also`: people besides the usual crowd. `prepare`: what else is done to the site before its gateway starts.
    """
    site = SiteFolder(folder / "site", database_url, extra={"WARDGATE_DEVICES_WAIT_MS": "5000"})
    crowd = [*people.make(people_count, seed), *also]
    entries = example.devices()
    enrolled = site.enrol_all([(entry["kind"], entry["device"], _place(entry)) for entry in entries])
    specs = spec.parse({"devices": [entry | one for entry, one in zip(entries, enrolled, strict=True)]})
    site.import_people(*(",".join(person.row().values()) for person in crowd))
    if prepare is not None:
        prepare(site)
    gateway = make_gateway(site)
    began = monotonic()
    subprocess.run([sys.executable, "-c", "import gateway.app"], cwd=ROOT, check=True)
    import_takes_s = monotonic() - began

    async def nothing_else() -> None:
        if meanwhile is not None:
            await meanwhile(gateway)

    with BROKERS[broker](folder, site, enrolled) as url:
        site.mqtt_url = url
        factor = (day.ends_s - day.starts_s) / real_s
        now, start_takes_s = datetime.now(UTC), max(STARTED_WITHIN_S, STARTS_IN_IMPORTS * import_takes_s)
        real = now + timedelta(seconds=start_takes_s)
        # At this speed a start takes hours, and a clock that shows less than the ledger's newest row is suspect.
        first_shown = (now + timedelta(seconds=start_takes_s * factor)).astimezone(day.timezone)
        midnight = datetime.combine(first_shown.date() + timedelta(days=1), time(0), day.timezone)
        shown = midnight + timedelta(seconds=day.starts_s)
        moments = (real.isoformat(), shown.isoformat(), str(factor))
        gateway.command = ("-m", "tests.scenarios.fast_gateway", str(site.folder), *moments)
        gateway.start()
        wall, _ = sim_clock.parse(f"{moments[0]}={moments[1]}@{moments[2]}")
        fleet = Fleet(specs, url, folder / "devices", folder / "truth.jsonl", wall=wall)
        lived = asyncio.run(live(day, crowd, fleet, wall, midnight, factor, seed, nothing_else))
        assert gateway.stop() == 0
    return Ran(site, fleet.log.of(), site.rows(), lived)


@pytest.fixture
def live_a_day(tmp_path: Path, make_gateway: Callable[..., GatewayProcess], seed: int) -> LiveADay:
    """Lives a day through: `live_a_day(shipped("storm"), people_count=60, real_s=20.0)`."""

    def live_it(day: scenario.Scenario, **how: Any) -> Ran:
        return run_a_day(tmp_path, day, make_gateway, seed=seed, **how)

    return live_it


def _place(entry: Mapping[str, Any]) -> Place:
    return Place(entry.get("portal"), entry.get("zone"), tuple(entry.get("locations", ())))
