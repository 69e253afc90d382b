"""The real gateway as a process of its own, on a configuration folder that a test has prepared.

Promises: `SiteFolder` is what `wardgate init`, `device enrol` and `import people` make, with the same functions but in
this process, because a test has no time for a dozen of them; `GatewayProcess.start` returns when the gateway says that
it runs, and every process is gone at the end of its test. A traceback in its log fails the test.
Leaves to others: the broker and the database.
"""

from __future__ import annotations

import io
import itertools
import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa

from gateway.cli.site_store import open_site_store
from gateway.flows.enrolment import Place, device_enrolled, device_retired, new_enrolment
from gateway.flows.people_csv import read_people
from gateway.flows.people_import import people_imported, plan_import
from gateway.flows.ports import Outdated, Unit
from gateway.settings import Settings
from gateway.store.database import Database
from gateway.store.enrolment import enrol_change, retire_change
from gateway.store.head_file import HeadFile
from gateway.store.people import import_change, known_people
from gateway.store.tables import ledger
from gateway.store.verification import Verdict
from gateway.store.verification import verify as verify_ledger
from tests.parts.lone_client import LoneClient
from tests.parts.made_once import fresh_database, fresh_site, settings_of
from tests.parts.mosquitto import Mosquitto

ROOT = Path(__file__).resolve().parents[2]
READY_WITHIN_S = 60.0
"""A loaded machine of two cores takes ten; an idle one two."""
STOP_WITHIN_S = 20.0
HEADER = "id,name,kind,groups,card,plate,dormitory,valid_from,valid_to"

PEOPLE = (
    "s1,Ming Li,student,students,STUDENT1,,,,",
    "s2,Hong Wang,student,students;boarders,STUDENT2,,dorm-1,,",
    "t1,Na Chen,staff,staff,STAFF1,京A12345,,,",
    "t2,Wei Zhao,staff,staff,STAFF2,,,,",
    "g1,Jun Sun,service,staff;security,GUARD1,,,,",
    "x1,Old Card,staff,staff,EXPIRED1,,,2020-01-01,2020-12-31",
)
"""Enough for most tests: staff pass the gates at any hour."""


@dataclass(frozen=True, slots=True)
class Row:
    """One record of the ledger."""

    seq: int
    at: datetime
    kind: str
    key: str | None
    body: dict[str, Any]


def every_alarm(rows: Iterable[Row]) -> list[Row]:
    """The rows of alarms, with one row made for each that became a member of another (condition and place only)."""
    found = []
    for row in rows:
        if row.kind == "alarm":
            found.append(row)
        elif row.kind == "alarm_members":
            found += [Row(row.seq, row.at, "alarm", row.key, member) for member in row.body["joined"]]
    return found


@dataclass
class SiteFolder:
    """One site: its configuration folder, and the database that it uses (SQLite in the folder if none is given)."""

    folder: Path
    database_url: str | None = None
    mqtt_url: str = "mqtt://127.0.0.1:1"
    extra: dict[str, str] = field(default_factory=dict)
    """More environment variables for the gateway."""
    is_there: bool = False
    """The folder has been written before."""

    def __post_init__(self) -> None:
        if not self.is_there:
            fresh_site(self.folder)

    @property
    def environment(self) -> dict[str, str]:
        given = {"WARDGATE_MQTT_URL": self.mqtt_url, "WARDGATE_HTTP": "127.0.0.1:0", **self.extra}
        if self.database_url is not None:
            given["WARDGATE_DATABASE_URL"] = self.database_url
        return given

    @property
    def settings(self) -> Settings:
        return settings_of(self.folder, self.environment)

    @property
    def sqlite_file(self) -> Path:
        assert self.database_url is None, "this site has no SQLite file"
        return self.settings.data / "wardgate.db"

    def _with_a_database(self) -> Settings:
        """What the first command or start makes takes longer than most tests."""
        settings = self.settings
        if self.database_url is None and not self.sqlite_file.exists():
            fresh_database(self.sqlite_file)
        return settings

    # What the command line does

    def enrol(
        self,
        kind: str,
        device: str,
        *,
        portal: str | None = None,
        zone: str | None = None,
        locations: Sequence[str] = (),
    ) -> dict[str, Any]:
        """As `wardgate device enrol`: the object that it prints."""
        return self.enrol_all([(kind, device, Place(portal, zone, tuple(locations)))])[0]

    def enrol_all(self, wanted: Sequence[tuple[str, str, Place]]) -> list[dict[str, Any]]:
        """Many devices, one commit each."""
        settings = self._with_a_database()
        printed: list[dict[str, Any]] = []
        with open_site_store(settings) as store:
            for kind, device, place in wanted:
                enrolment = new_enrolment(kind, device, place, settings.campus, settings.private_zones)
                now = datetime.now(UTC)
                change = enrol_change(enrolment, store.sealer, now)
                store.commit(Unit((device_enrolled(enrolment, "cli", now),), (change,), directory=True))
                printed.append(
                    {
                        "device": device,
                        "kind": kind,
                        "site": settings.campus.site,
                        "key": enrolment.key.hex(),
                        "username": device,
                        "password": enrolment.password,
                    }
                )
        return printed

    def retire(self, device: str) -> None:
        """As `wardgate device retire`."""
        with open_site_store(self.settings) as store:
            now = datetime.now(UTC)
            store.commit(Unit((device_retired(device, "cli", now),), (retire_change(device, now),), directory=True))

    def import_people(self, *lines: str) -> None:
        """As `wardgate import people`; the header is put before the lines."""
        settings = self._with_a_database()
        people = read_people("\n".join([HEADER, *lines, ""]).encode(), settings.campus)
        with open_site_store(settings) as store:
            for _ in range(10):
                plan = plan_import(people, store.read(known_people))
                changes = () if plan.is_empty else (import_change(plan),)
                entry = people_imported(people, plan, "cli", datetime.now(UTC))
                unit = Unit((entry,), changes, directory=not plan.is_empty, based_on=plan.based_on)
                if not isinstance(store.commit(unit), Outdated):
                    return
        raise AssertionError("the directory would not stand still")

    def cli(self, *words: str, given: str | None = None) -> subprocess.CompletedProcess[str]:
        """The real command line, in a process of its own."""
        return subprocess.run(
            [sys.executable, "-m", "gateway", *words, "--config", str(self.folder)],
            cwd=ROOT,
            env={**os.environ, **self.environment},
            input=given,
            capture_output=True,
            text=True,
            timeout=120,
        )

    # What tests look at

    def rows(self, kind: str | None = None) -> list[Row]:
        """The ledger's records, in order; of one kind if it is given."""
        wanted = sa.select(ledger).order_by(ledger.c.seq)
        if kind is not None:
            wanted = wanted.where(ledger.c.kind == kind)
        database = Database(self.settings.database_url)
        try:
            found = database.read_now(lambda connection: connection.execute(wanted).all())
        finally:
            database.close()
        return [
            Row(row.seq, datetime.fromtimestamp(row.at / 1000, UTC), row.kind, row.key, json.loads(row.body))
            for row in found
        ]

    def verify(self) -> Verdict:
        """As `wardgate ledger verify`."""
        settings = self.settings
        database = Database(settings.database_url)
        try:
            head_file = HeadFile(settings.head_file, settings.ledger_key)
            on_file = head_file.newest()
            head_file.close()
            return verify_ledger(database, on_file, settings.head_copy, settings.ledger_key)
        finally:
            database.close()

    def wait_for(self, kind: str, is_wanted: Callable[[Row], bool], timeout_s: float = 10.0) -> Row:
        """The first record of a kind that is as asked; AssertionError if it does not come."""
        return self._wait(lambda: self.rows(kind), is_wanted, kind, timeout_s)

    def alarms(self) -> list[Row]:
        """What was raised. Where many come at once some are members of one entry, each with its condition and place."""
        return every_alarm(self.rows())

    def wait_for_alarm(self, is_wanted: Callable[[Row], bool], timeout_s: float = 10.0) -> Row:
        """The first alarm that is as asked, an entry of its own or a member of one."""
        return self._wait(self.alarms, is_wanted, "alarm", timeout_s)

    @staticmethod
    def _wait(read: Callable[[], list[Row]], is_wanted: Callable[[Row], bool], what: str, timeout_s: float) -> Row:
        give_up_at = time.monotonic() + timeout_s
        while True:
            rows = read()
            found = next((row for row in rows if is_wanted(row)), None)
            if found is not None:
                return found
            if time.monotonic() > give_up_at:
                raise AssertionError(f"no {what} record as asked within {timeout_s} s; there are {rows[-5:]}")
            time.sleep(0.05)


class GatewayProcess:
    """`wardgate run` as a process of its own."""

    def __init__(self, site: SiteFolder, log: Path, environment: Mapping[str, str] | None = None) -> None:
        self.site = site
        self.log = log
        self.more = dict(environment or {})
        self.process: subprocess.Popen[bytes] | None = None
        self.address = ""
        self.starts: list[float] = []
        """How long each start took."""
        self.command: Sequence[str] = ("-m", "gateway", "run", "--config", str(site.folder))
        self._read_from = 0
        self.may_say: list[str] = []
        """Parts of tracebacks that a test asks for."""

    @property
    def pid(self) -> int:
        assert self.process is not None, "not started"
        return self.process.pid

    @property
    def is_running(self) -> bool:
        return self.process is not None and self.process.poll() is None

    def spawn(self) -> GatewayProcess:
        """Begin to start it."""
        assert not self.is_running, "already running"
        self._read_from = self.log.stat().st_size if self.log.exists() else 0
        with self.log.open("ab") as words:
            self.process = subprocess.Popen(
                [sys.executable, *self.command],
                cwd=ROOT,
                env={**os.environ, "PYTHONFAULTHANDLER": "1", **self.site.environment, **self.more},
                stdin=subprocess.DEVNULL,
                stdout=words,
                stderr=words,
            )
        return self

    def start(self, with_broker: bool = True) -> GatewayProcess:
        """Start it and wait until it runs and, unless there is no broker to hear them by, until it hears devices."""
        began = time.monotonic()
        self.spawn().wait_ready()
        if with_broker:
            self.wait_for_event("broker_connected")
        self.starts.append(time.monotonic() - began)
        return self

    def wait_ready(self, within_s: float = READY_WITHIN_S) -> None:
        """Until this start has said that the gateway runs."""
        self.address = self.wait_for_event("gateway_runs", within_s)["address"]

    def wait_for_event(self, event: str, within_s: float = 20.0) -> dict[str, Any]:
        """The first line of this start's log that tells of `event`."""
        give_up_at = time.monotonic() + within_s
        while True:
            found = next((line for line in self.events() if line.get("event") == event), None)
            if found is not None:
                return found
            if self.process is None or self.process.poll() is not None:
                raise AssertionError(f"the gateway ended before {event}:\n{self.words()[-4000:]}")
            if time.monotonic() > give_up_at:
                self._say_where_it_is()
                raise AssertionError(f"no {event} within {within_s} s:\n{self.words()[-8000:]}")
            time.sleep(0.01)

    def wait_end(self, within_s: float = READY_WITHIN_S) -> int:
        """Its exit status, once it has ended by itself."""
        assert self.process is not None, "not started"
        return self.process.wait(within_s)

    def _say_where_it_is(self) -> None:
        """It ends, and leaves in its log what each thread was at."""
        assert self.process is not None
        self.process.send_signal(signal.SIGABRT)
        self.process.wait(10)

    def stop(self) -> int:
        """End it as an operator would; its exit status."""
        assert self.process is not None, "not started"
        if self.is_running:
            self.process.send_signal(signal.SIGCONT)
            self.process.terminate()
        try:
            return self.process.wait(STOP_WITHIN_S)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
            raise AssertionError(
                f"the gateway did not stop within {STOP_WITHIN_S} s:\n{self.words()[-4000:]}"
            ) from None

    def kill9(self) -> None:
        """End it as a power failure would."""
        assert self.process is not None, "not started"
        self.process.kill()
        self.process.wait(10)

    def freeze(self) -> None:
        os.kill(self.pid, signal.SIGSTOP)

    def thaw(self) -> None:
        os.kill(self.pid, signal.SIGCONT)

    def resident_mib(self) -> float:
        """How much memory it holds."""
        for line in Path(f"/proc/{self.pid}/status").read_text().splitlines():
            if line.startswith("VmRSS:"):
                return int(line.split()[1]) / 1024
        raise AssertionError("the kernel does not say")

    def words(self) -> str:
        """What this start has logged so far."""
        with self.log.open("rb") as log:
            log.seek(self._read_from)
            return log.read().decode(errors="replace")

    def events(self) -> list[dict[str, Any]]:
        """The same, line by line, where a line is an event."""
        found = []
        for line in io.StringIO(self.words()):
            try:
                read = json.loads(line)
            except ValueError:
                continue
            if isinstance(read, dict):
                found.append(read)
        return found

    def check_log(self) -> None:
        """AssertionError if any start has logged a traceback or a lost error."""
        for line in self.log.read_text(errors="replace").splitlines():
            bad = "Traceback" in line or "never retrieved" in line or "never awaited" in line or "a flow failed" in line
            if bad and not any(part in line for part in self.may_say):
                raise AssertionError(f"the gateway's log:\n{_readable(line)}")


def _readable(line: str) -> str:
    try:
        read = json.loads(line)
    except ValueError:
        return line[-4000:]
    return f"{read.get('event')}\n{read.get('exception', '')}"[-6000:]


@pytest.fixture
def make_gateway(tmp_path: Path) -> Iterator[Callable[..., GatewayProcess]]:
    """Makes gateways that are stopped, and whose logs are looked at, when the test ends."""
    made: list[GatewayProcess] = []

    def make(site: SiteFolder, environment: Mapping[str, str] | None = None) -> GatewayProcess:
        gateway = GatewayProcess(site, tmp_path / f"gateway-{len(made)}.log", environment)
        made.append(gateway)
        return gateway

    yield make
    for gateway in made:
        if gateway.is_running:
            gateway.thaw()
            gateway.stop()
    for gateway in made:
        if gateway.log.exists():
            gateway.check_log()


class RunningSite:
    """A broker, a site and its gateway that several tests share, with devices enrolled ahead.

    Starting a gateway takes longer than most tests; each test takes devices of its own and looks at their records only.
    """

    def __init__(self, folder: Path, database_url: str | None = None, **extra: str) -> None:
        self.broker = Mosquitto(folder)
        self.broker.start()
        self.site = SiteFolder(folder / "site", database_url, self.broker.url, extra)
        self.site.import_people(*PEOPLE)
        self.gateway = GatewayProcess(self.site, folder / "gateway.log")
        self._ahead: dict[tuple[str, Place], list[dict[str, Any]]] = {}
        self._made: list[LoneClient] = []
        self._numbers = itertools.count(1)

    def enrol_ahead(self, count: int, kind: str, place: Place) -> None:
        """Devices that the gateway will know from its start on."""
        names = [f"{kind}-{next(self._numbers)}" for _ in range(count)]
        self._ahead.setdefault((kind, place), []).extend(self.site.enrol_all([(kind, name, place) for name in names]))

    def enrolment(self, kind: str, place: Place) -> dict[str, Any]:
        """One that was enrolled ahead and that nobody has used."""
        return self._ahead[kind, place].pop(0)

    def device(self, kind: str, place: Place, **how: Any) -> LoneClient:
        """Such a device, switched off; it is stopped with the test."""
        made = LoneClient(self.enrolment(kind, place), self.broker.port, **how)
        self._made.append(made)
        return made

    def rows(self, kind: str, device: str) -> list[Row]:
        """What the ledger tells of one device."""
        return [row for row in self.site.rows(kind) if row.body.get("device", row.body.get("place")) == device]

    def wait_for(self, kind: str, device: str, timeout_s: float = 10.0, **wanted: Any) -> Row:
        """The first record of a kind that tells of this device, with these values."""

        def is_wanted(row: Row) -> bool:
            return row.body.get("device", row.body.get("place")) == device and wanted.items() <= row.body.items()

        return self.site.wait_for(kind, is_wanted, timeout_s)

    def wait_for_alarm(self, place: str, condition: str) -> Row:
        """The first alarm of a condition there; the campus is shared, so it may be a member of an entry."""
        return self.site.wait_for_alarm(lambda row: (row.body["place"], row.body["condition"]) == (place, condition))

    def alarms(self, place: str) -> list[Row]:
        return [row for row in self.site.alarms() if row.body["place"] == place]

    def stop_devices(self) -> None:
        for client in self._made:
            client.stop()
        self._made.clear()

    def close(self) -> None:
        self.stop_devices()
        if self.gateway.is_running:
            self.gateway.stop()
        self.broker.stop()
        self.gateway.check_log()


@pytest.fixture(params=["sqlite", pytest.param("postgresql", marks=pytest.mark.postgres)])
def database_url(request: pytest.FixtureRequest) -> str | None:
    """Each test that asks for this runs on both databases; None is the SQLite file of the site's folder."""
    return None if request.param == "sqlite" else str(request.getfixturevalue("postgres_url"))
