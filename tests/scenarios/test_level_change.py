"""A change of level reaches five hundred devices, and those that were cut off hear of it before anything else."""

from __future__ import annotations

import asyncio
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import aiohttp
import pytest

from devices.messages import Emergency, Level
from firmware_sim.fleet import Fleet
from firmware_sim.spec import parse
from gateway.cli.site_store import open_site_store
from gateway.core.kinds import Level as CoreLevel
from gateway.core.papers import Order
from gateway.flows.accounts import new_token, new_user, token_made, user_added
from gateway.flows.changes import PaperFiled
from gateway.flows.enrolment import Place
from gateway.flows.passwords import hash_now
from gateway.flows.ports import Entry, Unit
from gateway.store.accounts import add_token_change, add_user_change
from tests.parts.gateway_process import PEOPLE, GatewayProcess, SiteFolder
from tests.parts.mosquitto import Mosquitto

DEVICES = 500
CUT_OFF = 20
TRIES = 3
REACH_P99_S = 2.0
"""Request to acknowledgement; on a machine whose cores are shared, as much longer as they are."""
GATES = ("north-in", "north-out", "south-in", "south-out")


def many(number: int) -> list[tuple[str, str, Place]]:
    return [("reader", f"reader-{n:03d}", Place(GATES[n % len(GATES)], None)) for n in range(number)]


def enrol(site: SiteFolder, wanted: Sequence[tuple[str, str, Place]], **more: Any) -> list[Any]:
    """Enrol them; their specs for the simulator."""
    printed = site.enrol_all(wanted)
    places = {device: place for _, device, place in wanted}
    entries = [
        one | {"portal": places[one["device"]].portal, "zone": places[one["device"]].zone} | more.get(one["device"], {})
        for one in printed
    ]
    return parse({"devices": entries})


def token_for(site: SiteFolder, name: str, *roles: str) -> str:
    """A new user's bearer token, as `user add` and `user token` make it."""
    settings = site.settings
    now = datetime.now(UTC)
    user = new_user(name, hash_now("a long enough password"), roles, settings.roles, now)
    secret, token = new_token(user, "tests", now)
    with open_site_store(settings) as store:
        store.commit(Unit((user_added(user, None),), (add_user_change(user),)))
        store.commit(Unit((token_made(user, token, None),), (add_token_change(token),)))
    return secret


def file_order(site: SiteFolder, level: int) -> None:
    """An order comes into force now, as the command line files it."""
    now = datetime.now(UTC)
    order = Order(
        f"0{level}", CoreLevel(level), frozenset({"site"}), now, document="1", requested_by="o", signed_by="p"
    )
    with open_site_store(site.settings) as store:
        entry = Entry("order_signed", now, {"order": order.id, "by": "p"})
        store.commit(Unit((entry,), (PaperFiled(order),), directory=True))


async def ask(url: str, secret: str, method: str, path: str, **body: Any) -> Any:
    headers = {"Authorization": f"Bearer {secret}"}
    async with aiohttp.ClientSession(url, headers=headers) as client:
        more = {"json": body} if body else {}
        async with client.request(method, path, **more) as answer:
            said = await answer.json()
            assert answer.status < 300, said
            return said


async def all_in_step(url: str, secret: str, devices: int, within_s: float = 60.0) -> Any:
    """Until every device shows what it was given."""
    give_up_at = time.monotonic() + within_s
    while True:
        said = await ask(url, secret, "GET", "/api/v1/propagation")
        if said["counts"]["acknowledged"] >= devices:
            return said
        assert time.monotonic() < give_up_at, said["counts"]
        await asyncio.sleep(0.25)


async def watched(devices: Sequence[Any], is_there: Callable[[Any], bool], act: Callable[[], Any]) -> tuple[Any, Any]:
    """Do `act`; what it said, and after how many seconds each of `devices` was as asked."""
    took: list[float] = []

    async def watch(device: Any) -> None:
        await device.until(is_there, 60.0)
        took.append(time.monotonic() - began)

    watching = [asyncio.create_task(watch(device)) for device in devices]
    await asyncio.sleep(0)
    began = time.monotonic()
    said = await act()
    await asyncio.gather(*watching)
    return said, took


async def raise_level(url: str, officer: str, principal: str, devices: Sequence[Any], level: int) -> list[float]:
    """An order is requested and signed; how long each device took from the signature on."""
    now = datetime.now(UTC).isoformat()
    order = await ask(
        url, officer, "POST", "/api/v1/orders", level=level, starts_at=now, document=f"n{level}", reason="test"
    )
    _, took = await watched(
        devices,
        lambda state: state.base.standing.posture.level == Level(level),
        lambda: ask(url, principal, "POST", f"/api/v1/orders/{order['id']}/sign"),
    )
    return took


async def lock_down(url: str, guard: str, devices: Sequence[Any]) -> tuple[Any, list[float]]:
    """Lock down; the emergency, and after how many seconds it was in force in each of `devices`."""
    return await watched(
        devices,
        in_lockdown,
        lambda: ask(url, guard, "POST", "/api/v1/emergencies", kind="lockdown", reason="test"),
    )


def has_its_list(state: Any) -> bool:
    return state.base.standing.list_version is not None


def in_lockdown(state: Any) -> bool:
    posture = state.base.standing.posture
    return posture is not None and posture.emergency is Emergency.LOCKDOWN


async def settled_record(url: str, guard: str, id: str, behind: int = 0) -> dict[str, int | None]:
    """How long each device took, once all but `behind` have shown it."""
    while True:
        said = await ask(url, guard, "GET", f"/api/v1/emergencies/{id}")
        if len(said["record"]["not_followed"]) <= behind:
            return {one["device"]: one["took_ms"] for one in said["record"]["devices"]}
        await asyncio.sleep(0.25)


async def end(url: str, leaders: Sequence[str], id: str) -> None:
    for leader in leaders:
        await ask(url, leader, "POST", f"/api/v1/emergencies/{id}/end", reason="over")


async def all_gone(url: str, guard: str, number: int) -> None:
    while (await ask(url, guard, "GET", "/api/v1/propagation"))["counts"]["away"] < number:  # noqa: ASYNC110
        await asyncio.sleep(0.1)


def shared() -> float:
    """How much longer a busy loop takes here than its own work: 1 on an idle machine."""
    began, worked = time.perf_counter(), time.process_time()
    while time.process_time() - worked < 0.3:
        pass
    return max(1.0, (time.perf_counter() - began) / 0.3)


def p99(took: Sequence[float]) -> float:
    return sorted(took)[len(took) * 99 // 100]


@pytest.fixture
def flash(tmp_path: Path) -> Iterator[Path]:
    """Where the devices keep what they are told: five hundred of them have a disk each, and not this machine's one."""
    memory = Path("/dev/shm")
    if not memory.is_dir():
        yield tmp_path / "devices"
        return
    with tempfile.TemporaryDirectory(prefix="wardgate-tests-", dir=memory) as folder:
        yield Path(folder)


@pytest.mark.timeout(300)
async def test_five_hundred_devices_follow_and_those_cut_off_hear_it_first(
    tmp_path: Path, flash: Path, mosquitto: Mosquitto, make_gateway: Callable[..., GatewayProcess]
) -> None:
    site = SiteFolder(tmp_path / "site", mqtt_url=mosquitto.url)
    site.import_people(*PEOPLE)
    specs = await asyncio.to_thread(enrol, site, many(DEVICES))
    guard = await asyncio.to_thread(token_for, site, "guard-1", "guard")
    leaders = [await asyncio.to_thread(token_for, site, f"leader-{n}", "duty_leader") for n in (1, 2)]
    gateway = make_gateway(site)
    await asyncio.to_thread(gateway.start)
    async with Fleet(specs, mosquitto.url, flash) as fleet:
        await fleet.wait_connected(60.0)
        await all_in_step(gateway.address, guard, DEVICES)
        # A list for each comes after its posture, and takes the gateway a while for so many at once.
        await asyncio.gather(*(device.until(has_its_list, 90.0) for device in fleet))
        cut = [device for device in fleet][-CUT_OFF:]
        there = [device for device in fleet][:-CUT_OFF]

        officer = await asyncio.to_thread(token_for, site, "officer-1", "security_officer")
        principal = await asyncio.to_thread(token_for, site, "principal-1", "principal")
        best = float("inf")
        for level in (2, 1):
            took = await raise_level(gateway.address, officer, principal, list(fleet), level)
            said = await all_in_step(gateway.address, guard, DEVICES)
            change = next(one for one in said["changes"] if one["cause"] == "level")
            all_ms = change["slowest_ms"]
            print(f"{DEVICES} devices at L{level}: in force p99 {p99(took):.3f} s, all acknowledged {all_ms} ms")
            assert (change["asked"], change["shown"], change["late"]) == (DEVICES, DEVICES, [])
            best = min(best, max(p99(took), all_ms / 1000))
        assert best <= REACH_P99_S * shared()

        # Tried a few times: the simulator and whatever else runs on the machine are measured along.
        best = float("inf")
        for _ in range(TRIES):
            called, in_force = await lock_down(gateway.address, guard, there)
            record = await settled_record(gateway.address, guard, called["id"])
            acknowledged = [ms for ms in record.values() if ms is not None]
            print(f"{DEVICES} devices: in force p99 {p99(in_force):.3f} s, acknowledged p99 {p99(acknowledged)} ms")
            assert len(record) == len(acknowledged) == DEVICES
            best = min(best, max(p99(in_force), p99(acknowledged) / 1000))
            await end(gateway.address, leaders, called["id"])
            await all_in_step(gateway.address, guard, DEVICES)
            if best <= REACH_P99_S:
                break
        assert best <= REACH_P99_S * shared()

        for device in cut:
            device.fault("cut_network", 3_600)
        await all_gone(gateway.address, guard, CUT_OFF)
        called, _ = await lock_down(gateway.address, guard, there)
        record = await settled_record(gateway.address, guard, called["id"], CUT_OFF)
        assert {name for name, ms in record.items() if ms is None} == {device.spec.device for device in cut}

        # Cut off, they decide alone by what they had, and by nothing looser: who was listed at L1 passes, nobody else.
        before = [device.state.base.standing for device in cut]
        at_the_gate = [device for device in cut if device.spec.portal == "north-in"]
        alone = await asyncio.gather(
            *(
                device.tap(card, timeout_s=20.0)
                for device, card in zip(at_the_gate, ("STAFF1", *["UNKNOWN1"] * 9), strict=False)
            )
        )
        assert all(answer.alone for answer in alone)
        assert [answer.granted for answer in alone] == [True, *[False] * (len(alone) - 1)]
        moved = [line for device in cut for line in fleet.log.of(device.spec.device) if line["what"] == "unlocked"]
        assert [line["device"] for line in moved] == [at_the_gate[0].spec.device]
        assert all(device.state.base.standing.posture == kept.posture for device, kept in zip(cut, before, strict=True))
        assert all(kept.posture is not None and kept.posture.level == Level(1) for kept in before)

        heard: dict[str, list[str]] = {device.spec.device: [] for device in cut}
        for device in cut:
            _listen(device, heard[device.spec.device])
            device.clear_fault("cut_network")
        await asyncio.gather(*(device.until(in_lockdown, 30.0) for device in cut))
        said = await all_in_step(gateway.address, guard, DEVICES)
        assert {tuple(channels[:1]) for channels in heard.values()} == {("posture",)}
        answers = await asyncio.gather(*(device.tap("STAFF1", timeout_s=20.0) for device in at_the_gate))
        assert answers and all(answer.reason in ("lockdown", "offline_denied") for answer in answers)
        del said["counts"]["verified"]  # they have acknowledged; their next heartbeats verify it
        assert said["counts"] == {"devices": DEVICES, "acknowledged": DEVICES, "asked": 0, "late": 0, "away": 0}


def _listen(device: Any, heard: list[str]) -> None:
    """Note on which channels the device is told something, in order; what it knows already is no news."""
    feed = device.feed

    def note(what: Any) -> None:
        channel = getattr(what, "channel", None)
        if channel is not None:
            heard.append(channel)
        feed(what)

    device.feed = note


@pytest.mark.timeout(180)
async def test_a_level_that_was_filed_on_the_command_line_reaches_the_devices_too(
    tmp_path: Path, mosquitto: Mosquitto, make_gateway: Callable[..., GatewayProcess]
) -> None:
    site = SiteFolder(tmp_path / "site", mqtt_url=mosquitto.url)
    site.import_people(*PEOPLE)
    specs = await asyncio.to_thread(enrol, site, many(8))
    gateway = make_gateway(site)
    await asyncio.to_thread(gateway.start)
    async with Fleet(specs, mosquitto.url, tmp_path / "devices") as fleet:
        await fleet.wait_connected(60.0)
        await asyncio.to_thread(file_order, site, 1)
        await asyncio.gather(
            *(
                device.until(
                    lambda state: (
                        state.base.standing.posture is not None and state.base.standing.posture.level == Level(1)
                    ),
                    20.0,
                )
                for device in fleet
            )
        )
    told = [row.body for row in site.rows("propagation") if row.body["cause"] == "level"]
    assert told == [] or told[-1]["asked"] == 8
