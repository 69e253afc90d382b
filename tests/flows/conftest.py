"""A campus without a network: the flows over a real store, and a courier that keeps what it was given.

Promises: everything but the broker and the clock is the real thing; `House.restart` is a gateway that was started anew
over the same database. A test's devices speak in typed messages: bytes and topics are tested elsewhere.
"""

from __future__ import annotations

import asyncio
import functools
import itertools
import tempfile
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import msgspec
import pytest

from devices.codec import encode
from devices.limits import MAC_TAIL
from devices.messages import (
    Ack,
    BollardPosition,
    Clock,
    Command,
    Credential,
    CredentialKind,
    CredentialPage,
    Direction,
    Event,
    Heartbeat,
    LockState,
    Message,
    Outcome,
    Posture,
    PresenceReading,
    Previous,
    Result,
    RevokedList,
    Status,
    Tap,
)
from devices.topics import Kind, device_topic
from gateway.core import pass_values, pins
from gateway.flows import alarm_start, directory_watch, doors, waiting
from gateway.flows.card_tap import card_tap
from gateway.flows.command_result import command_result
from gateway.flows.device_events import device_event
from gateway.flows.device_status import device_status, heartbeat
from gateway.flows.devices import Device
from gateway.flows.enrolment import Place
from gateway.flows.site import Site
from gateway.flows.site_rules import Rules
from gateway.store.alarms import load_open_alarms
from gateway.store.archive import StoreArchive
from gateway.store.database import Database, open_database
from gateway.store.head_file import HeadFile
from gateway.store.ledger import Ledger
from gateway.store.sealing import Sealer
from gateway.store.writer import Writer
from tests.parts.gateway_process import PEOPLE, Row, SiteFolder
from tests.parts.made_once import Files, files_in, write_files

MORNING = datetime(2026, 11, 23, 8, 0, tzinfo=UTC) - timedelta(hours=8)
"""A Monday, 08:00 at the campus: lessons, no leaving window."""
PATIENT_S = 5.0
"""How long a record may take where nothing hangs on it: a disk that other tests keep busy stands still for a second."""


class StoppedClock:
    """Time stands still until a test moves it; both kinds of it move together."""

    def __init__(self, now: datetime = MORNING) -> None:
        self._now = now
        self._monotonic = 1_000.0

    def now(self) -> datetime:
        return self._now

    def monotonic(self) -> float:
        return self._monotonic

    def after(self, seconds: float) -> datetime:
        return self._now + timedelta(seconds=seconds)

    def elapsed_s(self, since: datetime) -> float:
        return (self._now - since).total_seconds()

    def lasted_s(self, shown: timedelta) -> float:
        return shown.total_seconds()

    def boot_s(self) -> float:
        return self._monotonic

    def source_agrees(self) -> bool | None:
        return None

    def go_on(self, seconds: float) -> None:
        self._now += timedelta(seconds=seconds)
        self._monotonic += seconds

    def set(self, hour: int, minute: int = 0) -> None:
        """This day at that time of the campus."""
        local = self._now.astimezone(UTC) + timedelta(hours=8)
        wanted = local.replace(hour=hour, minute=minute, second=0, microsecond=0)
        self.go_on((wanted - local).total_seconds())


@dataclass
class CourierInMemory:
    """What was sent, in order, and what a broker would keep. `connected` off: nothing gets through, as in life."""

    site: str = "main"
    connected: bool = True
    sent: list[tuple[str, Message]] = field(default_factory=list)
    kept: dict[tuple[str, str], bytes] = field(default_factory=dict)
    """The retained bodies, without their mac, by device and channel."""

    def spell(self, device: str, kind: str, key: bytes, message: Posture | CredentialPage) -> bytes:
        channel = f"credentials/{message.page:04d}" if isinstance(message, CredentialPage) else "posture"
        return encode(message, device_topic(self.site, Kind(kind), device, channel), key)[:-MAC_TAIL] + b"}"

    def send(self, device: str, kind: str, key: bytes, message: Command | Ack) -> bool:
        channel = "command" if isinstance(message, Command) else "ack"
        encode(
            message, device_topic(self.site, Kind(kind), device, channel), key
        )  # what cannot be spelled is no message
        if self.connected:
            self.sent.append((device, message))
        return self.connected

    def keep(self, device: str, kind: str, key: bytes, message: Posture | CredentialPage | RevokedList) -> bool:
        match message:
            case CredentialPage():
                channel = f"credentials/{message.page:04d}"
            case RevokedList():
                channel = "credentials/revoked"
            case _:
                channel = "posture"
        body = encode(message, device_topic(self.site, Kind(kind), device, channel), key)[:-MAC_TAIL] + b"}"
        return self.keep_bytes(device, kind, key, channel, body)

    def keep_bytes(self, device: str, kind: str, key: bytes, channel: str, body: bytes) -> bool:
        if self.connected:
            self.kept[device, channel] = body
        return self.connected

    def clear(self, device: str, kind: str, channel: str) -> bool:
        if self.connected:
            self.kept.pop((device, channel), None)
        return self.connected

    def commands(self, device: str | None = None) -> list[Command]:
        return [m for name, m in self.sent if isinstance(m, Command) and device in (None, name)]

    def acks(self, device: str) -> list[Ack]:
        return [m for name, m in self.sent if isinstance(m, Ack) and name == device]

    def posture(self, device: str) -> Posture:
        return msgspec.json.decode(self.kept[device, "posture"], type=Posture)

    def revoked(self, device: str) -> RevokedList:
        return msgspec.json.decode(self.kept[device, "credentials/revoked"], type=RevokedList)

    def page(self, device: str, number: int = 1) -> CredentialPage:
        return msgspec.json.decode(self.kept[device, f"credentials/{number:04d}"], type=CredentialPage)


class Hand:
    """One device as the flows hear of it: what it says, in typed messages."""

    _numbers = itertools.count(1)

    def __init__(self, house: House, name: str) -> None:
        self.house = house
        self.name = name
        self.boot = f"boot-{next(self._numbers)}"
        self.connection = 1
        self.seq = 0
        self.posture: int | None = None
        self.credentials: int | None = None
        self.revoked: int | None = None
        self.buffered = 0
        self.previous: Previous | None = None
        self._started = house.clock.monotonic()

    @property
    def device(self) -> Device:
        found = self.house.site.devices.get(self.name)
        assert found is not None, f"{self.name} is not enrolled"
        return found

    async def status(self, online: bool = True, **how: Any) -> None:
        kind = self.device.kind
        parts: dict[str, Any] = {
            "online": online,
            "boot": self.boot,
            "connection": self.connection,
            "previous": self.previous,
            "firmware": "test",
            "at": self.house.clock.now(),
            "challenge": f"challenge-{next(self._numbers)}",
            "posture": self.posture,
            "credentials": self.credentials,
            "revoked": self.revoked,
            "buffered": self.buffered,
            "clock": Clock.SYNCED,
        }
        if kind in ("reader", "dorm"):
            parts["lock_state"] = LockState.LOCKED
        if kind == "bollard":
            parts["position"] = BollardPosition.RAISED
        await device_status(self.house.site, self.device, Status(**(parts | how)))

    async def heartbeat(self, presence: PresenceReading | None = None, **how: Any) -> None:
        parts: dict[str, Any] = {
            "boot": self.boot,
            "challenge": f"challenge-{next(self._numbers)}",
            "at": self.house.clock.now(),
            "uptime_ms": int((self.house.clock.monotonic() - self._started) * 1000) + next(self._numbers),
            "buffered": self.buffered,
            "clock": Clock.SYNCED,
            "presence": presence,
        }
        await heartbeat(self.house.site, self.device, Heartbeat(**(parts | how)))

    def a_tap(
        self, value: str, direction: str = "in", kind: str = "card", id: str | None = None, pin: str | None = None
    ) -> Tap:
        number = next(self._numbers)
        return Tap(
            id=id or f"tap-{number}",
            boot=self.boot,
            at=self.house.clock.now(),
            nonce=f"nonce-{number}",
            direction=Direction(direction),
            credential=Credential(kind=CredentialKind(kind), value=value),
            pin=pin,
            attempt=1,
        )

    async def tap(
        self, value: str, direction: str = "in", kind: str = "card", pin: str | None = None
    ) -> tuple[str, Command | None]:
        """Somebody shows a card; the tap's id, and the command that answered it at once, if one did."""
        tap = self.a_tap(value, direction, kind, pin=pin)
        await card_tap(self.house.site, self.device, tap)
        answers = [c for c in self.house.courier.commands(self.name) if c.for_ == tap.id]
        return tap.id, answers[0] if answers else None

    async def event(self, type_: str, data: Any, seq: int | None = None, boot: str | None = None) -> int:
        if seq is None:
            self.seq += 1
            seq = self.seq
        event = Event(
            id=f"event-{next(self._numbers)}",
            boot=boot or self.boot,
            seq=seq,
            at=self.house.clock.now(),
            type=type_,
            data=data,
        )
        await device_event(self.house.site, self.device, event)
        return seq

    async def result(self, command: str, outcome: str = "executed", reason: str = "ok") -> None:
        said = Result(command=command, boot=self.boot, outcome=Outcome(outcome), reason=reason)
        await command_result(self.house.site, self.device, said)


class House:
    """One gateway's flows over one database."""

    def __init__(self, folder: SiteFolder, rules: Rules) -> None:
        self.folder = folder
        self.rules = rules
        self.clock = StoppedClock()
        self.courier = CourierInMemory()
        self.site: Site
        self._database: Database
        self._head_file: HeadFile
        self.writer: Writer

    async def start(self) -> None:
        settings = self.folder.settings
        self._database = open_database(settings.database_url)
        self._head_file = HeadFile(settings.head_file, settings.ledger_key)
        self.writer = Writer(Ledger(self._database, self._head_file))
        self.writer.start()
        archive = StoreArchive(self._database, Sealer(settings.store_key))
        self.site = Site(
            campus=settings.campus,
            rules=self.rules,
            directory=await archive.directory(None),
            presence=await archive.presence(),
            ledger=self.writer,
            archive=archive,
            courier=self.courier,
            clock=self.clock,
            instance="test",
            pin_key=pins.key_from(settings.store_key),
            pass_key=pass_values.key_from(settings.store_key, settings.campus.site),
        )
        self.site.devices.take_over(await archive.enrolled(), await archive.issued())
        self.site.catalogue = settings.catalogue
        self.site.alarms.load(await self._database.read(load_open_alarms))
        await alarm_start.restore(self.site)
        await doors.load(self.site)
        await waiting.restore(self.site)

    async def stop(self) -> None:
        for one in list(self.site.waits.values()):
            if one.timer is not None:
                one.timer.cancel()
        await self.site.finish(0.5)
        await asyncio.to_thread(self.writer.stop)
        self._head_file.close()
        self._database.close()

    async def restart(self) -> None:
        """Down and up again: what was only in memory is gone."""
        await self.stop()
        await self.start()

    def give_up_soon(self) -> None:
        """For what happens while nothing can be recorded: a gateway knows that after as long as it does in life."""
        self.site.rules = replace(self.site.rules, record_within_s=Rules().record_within_s)

    async def look(self) -> None:
        """What the gateway does each second."""
        await directory_watch.follow_changes(self.site)
        await directory_watch.build_lists(self.site)
        await doors.look(self.site)

    async def settle(self) -> None:
        """Until what was begun beside is done."""
        for _ in range(200):
            await asyncio.sleep(0.005)
            if not [task for task in self.site._tasks if not task.done()]:
                return
        raise AssertionError("something goes on and on")

    async def rows(self, kind: str) -> list[dict[str, Any]]:
        await self.settle()
        return [row.body for row in self.folder.rows(kind)]

    async def all_rows(self) -> list[Row]:
        await self.settle()
        return self.folder.rows()

    def hand(self, name: str) -> Hand:
        return Hand(self, name)

    @property
    def alarms(self) -> set[tuple[str, str, str]]:
        """Condition, place and state of every open alarm."""
        return {(a.condition, a.place, a.state) for a in self.site.alarms.by_id.values()}


DEVICES = (
    ("reader", "gate", Place("north-in", None)),
    ("reader", "exit", Place("north-out", None)),
    ("dorm", "door", Place("dorm-1-door", None)),
    ("reader", "control", Place("control-room-door", None)),
    ("camera", "lane", Place("north-vehicle", None)),
    ("bollard", "bollard", Place("north-vehicle", None)),
    ("panel", "panel", Place(None, "dorm-1", ("desk",))),
)


@functools.cache
def _campus_of_people() -> Files:
    """The folder of a site with `PEOPLE` and `DEVICES`; each test has a copy."""
    with tempfile.TemporaryDirectory(prefix="wardgate-tests-") as folder:
        site = SiteFolder(Path(folder, "site"))
        site.import_people(*PEOPLE)
        site.enrol_all(DEVICES)
        return files_in(site.folder)


@pytest.fixture
async def make_house(tmp_path: Path) -> AsyncIterator[Callable[..., Any]]:
    made: list[House] = []

    async def make(**rules: Any) -> House:
        write_files(_campus_of_people(), tmp_path / "site")
        house = House(SiteFolder(tmp_path / "site", is_there=True), Rules(**{"record_within_s": PATIENT_S} | rules))
        await house.start()
        made.append(house)
        return house

    yield make
    for house in made:
        await house.stop()


@pytest.fixture
async def house(make_house: Callable[..., Any]) -> House:
    made: House = await make_house()
    return made
