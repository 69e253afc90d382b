"""`wardgate demo`: a whole simulated campus with its own broker, database and pages, from nothing to a living page.

Everything is real but the devices and the people: the embedded broker and the simulator are child processes, the
gateway runs in this one. Loopback only. What it makes lies in a temporary folder, or in `--data DIR`, where it stays.
"""

import asyncio
import contextlib
import ctypes
import io
import json
import secrets
import signal
import socket
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, time, timedelta
from pathlib import Path
from typing import Any

from firmware_sim import example, people, scenario
from gateway import app, logs
from gateway.cameras_file import FILE as CAMERAS_FILE
from gateway.core import pins
from gateway.core.kinds import Profile
from gateway.flows.accounts import new_user, user_added
from gateway.flows.changes import PinSet
from gateway.flows.enrolment import Enrolment, Place, device_enrolled, new_enrolment
from gateway.flows.passwords import hash_now
from gateway.flows.people_csv import read_people
from gateway.flows.people_import import people_imported, plan_import
from gateway.flows.pins import KEY as PIN_KEY
from gateway.flows.ports import Entry, FastClock, Unit, timed_key
from gateway.mqtt.access import lookout_access
from gateway.mqtt.embedded import BrokerNotStarted, EmbeddedBroker, EmbeddedUser, device_user, gateway_user
from gateway.new_site import CannotInit, write_new_site
from gateway.settings import Settings, environment, load
from gateway.store.accounts import add_user_change, ref_of_person
from gateway.store.archive import newest_record
from gateway.store.database import Database, open_database
from gateway.store.enrolment import broker_users, enrol_change
from gateway.store.head_file import HeadFile
from gateway.store.ledger import Ledger
from gateway.store.people import import_change, known_people
from gateway.store.sealing import Sealer

PEOPLE = 1_000
ACCOUNTS = (
    ("guard", ("guard",)),
    ("operator", ("operator",)),
    ("office", ("security_officer",)),
    ("leader", ("duty_leader",)),
    ("principal", ("principal",)),
    ("maintainer", ("maintenance",)),
    ("admin", ("admin", "auditor")),
)
SIMULATOR_STOPS_WITHIN_S = 8.0
PR_SET_PDEATHSIG = 1


def run(port: int, data: Path | None, seed: int, speed: float, scenario: str) -> int:
    """Run until Ctrl-C; returns the exit status."""
    try:
        with contextlib.ExitStack() as stack:
            if data is None:
                folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="wardgate-demo-")))
            else:
                folder = data.absolute()
            return _Demo(folder, port, seed, speed, scenario).run(stack)
    except (CannotInit, BrokerNotStarted, app.CannotStart, OSError, ValueError) as why:
        say(f"cannot run: {why}")
        return 2
    except KeyboardInterrupt:
        say("stopped before it began")
        return 130


def say(text: str) -> None:
    """One line of what is going on."""
    print(text, flush=True)


class _Demo:
    """One run of the demo, step by step."""

    def __init__(self, folder: Path, port: int, seed: int, speed: float, scenario_name: str) -> None:
        self._folder = folder
        self._port = port
        self._seed = seed
        self._speed = speed
        self._scenario = scenario_name
        self._password = ""

    def run(self, stack: contextlib.ExitStack) -> int:
        day = scenario.load(self._scenario)
        fresh = not (self._folder / "config").exists()
        say(
            "1/5  writing a school's configuration, with secrets of its own"
            if fresh
            else f"1/5  going on with the campus in {self._folder}"
        )
        if fresh:
            write_new_site(self._folder / "config", Profile.SCHOOL, [], datetime.now(UTC))
        settings = self._settings("mqtt://127.0.0.1:1")
        fleet, newest = self._prepare(settings, fresh)
        say("3/5  starting the embedded broker")
        broker = EmbeddedBroker(self._folder / "broker", _broker_users(settings))
        broker.start()
        stack.callback(broker.stop)
        cameras_port = self._write_cameras(fleet)
        settings = self._settings(broker.url)
        fleet_file = self._folder / "fleet.json"
        fleet_file.write_text(json.dumps({"devices": fleet, "cameras": example.cameras()}, indent=1))
        fleet_file.chmod(0o600)
        real = datetime.now(UTC)
        shown = _start_of_day(day, settings, newest)
        say(
            f"4/5  starting {len(fleet)} simulated devices and {PEOPLE:,} people: {day.name} from {shown:%H:%M}, "
            f"{self._speed:g} times as fast as life"
        )
        simulator = stack.enter_context(self._simulator(broker.url, fleet_file, real, shown, cameras_port))
        say("5/5  starting the gateway")
        clock = FastClock(real, shown.astimezone(UTC), self._speed)
        logs.set_up("warning", as_json=False)
        asyncio.run(app.serve(settings, self._announce(simulator), clock))
        say("\nstopping: the gateway is down, now the campus and the broker")
        return 0

    def _settings(self, broker: str) -> Settings:
        environ = {
            "WARDGATE_MQTT_URL": broker,
            "WARDGATE_HTTP": f"127.0.0.1:{self._port}",
            "WARDGATE_VIDEO_NETWORKS": "[127.0.0.1/32]",
        }
        return replace(load(self._folder / "config", environ), mqtt_ca=None)

    def _write_cameras(self, fleet: Sequence[dict[str, Any]]) -> int:
        """cameras.yaml, with the simulator's address of this run; a campus of an earlier version has fewer cameras.
        Returns the port on which the simulator has to serve them."""
        port = _free_port()
        known = {entry["device"] for entry in fleet}
        file = example.cameras_file(f"http://127.0.0.1:{port}")
        file["cameras"] = [camera for camera in file["cameras"] if camera["device"] in known]
        (self._folder / "config" / CAMERAS_FILE).write_text(json.dumps(file, indent=1, ensure_ascii=False), "utf-8")
        return port

    def _prepare(self, settings: Settings, fresh: bool) -> tuple[list[dict[str, Any]], datetime]:
        """The database with devices, people and accounts; returns the simulator's fleet and when the newest record is
        from."""
        database = open_database(settings.database_url)
        head_file = HeadFile(settings.head_file, settings.ledger_key, settings.head_copy)
        ledger = Ledger(database, head_file)
        try:
            crowd_file = self._folder / "people.csv"
            self._password = (
                secrets.token_urlsafe(9) if fresh else (self._folder / "password").read_text("utf-8").strip()
            )
            if not fresh:
                return _fleet_again(self._folder), database.read_now(newest_record) or datetime.now(UTC)
            say(f"2/5  enrolling devices and importing {PEOPLE:,} people")
            now = datetime.now(UTC)
            entries = example.devices()
            enrolled = [_enrol(ledger, settings, entry, now) for entry in entries]
            crowd = people.make(PEOPLE, self._seed)
            with crowd_file.open("w", encoding="utf-8", newline="") as file:
                people.write(crowd, file)
            _import(ledger, settings, database.read_now(known_people), crowd_file.read_bytes(), now)
            guard = _kiosk_guard(ledger, settings, database, crowd, now)
            kiosk = self._folder / "kiosk.json"
            kiosk.touch(0o600)
            kiosk.write_text(json.dumps({"card": guard.card, "pin": guard.pin}))
            for name, roles in ACCOUNTS:
                user = new_user(name, hash_now(self._password), roles, settings.roles, now, "en")
                if name == "guard":
                    user = replace(user, holder=guard.holder)
                ledger.write([Unit((user_added(user, "demo"),), (add_user_change(user),))])
            secret = self._folder / "password"
            secret.touch(0o600)
            secret.write_text(self._password)
            return [_for_simulator(entry, one, settings) for entry, one in zip(entries, enrolled, strict=True)], now
        finally:
            ledger.close()
            head_file.close()
            database.close()

    @contextlib.contextmanager
    def _simulator(
        self, broker: str, fleet: Path, real: datetime, shown: datetime, cameras_port: int
    ) -> Iterator["subprocess.Popen[bytes]"]:
        command = [
            sys.executable,
            "-m",
            "firmware_sim",
            "run",
            "--broker",
            broker,
            "--fleet",
            str(fleet),
            "--people",
            str(self._folder / "people.csv"),
            "--data",
            str(self._folder / "devices"),
            "--truth",
            str(self._folder / "truth.jsonl"),
            "--scenario",
            self._scenario,
            "--speed",
            str(self._speed),
            "--seed",
            str(self._seed),
            "--start",
            f"{shown:%H:%M}",
            "--cameras",
            str(cameras_port),
            "--camera-faults",
            "--camera-truth",
            str(self._folder / "camera-truth.jsonl"),
            "--clock",
            f"{real.isoformat()}={shown.isoformat()}@{self._speed:g}",
        ]
        log = (self._folder / "simulator.log").open("ab")
        # A session of its own: Ctrl-C is ours to pass on, in the right order; if we are killed, it dies with us.
        process = subprocess.Popen(
            command,
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
            start_new_session=True,
            preexec_fn=_die_with_parent,
            env=_environment(),
        )
        try:
            yield process
        finally:
            process.send_signal(signal.SIGTERM)
            try:
                process.wait(SIMULATOR_STOPS_WITHIN_S)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()
            log.close()

    def _announce(self, simulator: "subprocess.Popen[bytes]") -> Callable[[str], None]:
        def announce(url: str) -> None:
            out = io.StringIO()
            print("\nWardgate runs. Open one of these in a browser:", file=out)
            print(f"  {url}/            sign in, then the live page", file=out)
            print(f"  {url}/control            the control room (operator); ?wall=1 for a big screen", file=out)
            print(f"  {url}/kiosk?gate=north   the guard's kiosk: sign on by card and PIN", file=out)
            print(f"  {url}/healthz     {url}/readyz     {url}/metrics", file=out)
            print(f"  {url}/api/v1/openapi.json", file=out)
            print("\nAccounts (all with the password below):", file=out)
            for name, roles in ACCOUNTS:
                print(f"  {name:<10} {', '.join(roles)}", file=out)
            print(f"  password:  {self._password}", file=out)
            card, pin = _kiosk_card(self._folder)
            if card:
                print(f"  kiosk:     card {card} and Enter, PIN {pin} (the guard's; a card reader types it)", file=out)
            print(f"\nFiles: {self._folder} (what really moved: truth.jsonl, which camera was", file=out)
            print("really wrong: camera-truth.jsonl; the gateway does not see them)", file=out)
            print("Ctrl-C ends it and leaves nothing running.", file=out)
            say(out.getvalue().rstrip())
            if simulator.poll() is not None:
                say(f"the simulator has ended; see {self._folder / 'simulator.log'}")

        return announce


@dataclass(frozen=True, slots=True)
class _KioskGuard:
    """Somebody of the crowd who signs on at the kiosk."""

    holder: str
    card: str
    pin: str


def _kiosk_guard(
    ledger: Ledger, settings: Settings, database: Database, crowd: Sequence[people.Person], now: datetime
) -> _KioskGuard:
    """The first of the staff whose card is good gets a PIN of their own."""
    today = now.date().isoformat()
    person = next(p for p in crowd if p.kind == "staff" and p.card and not (p.valid_to and str(p.valid_to) <= today))
    holder = database.read_now(lambda connection: ref_of_person(connection, person.id))
    assert holder is not None
    pin = next(pin for pin in iter(lambda: f"{secrets.randbelow(10_000):04d}", "") if not pins.is_too_simple(pin))
    digest = pins.digest_of(pins.key_from(settings.store_key), holder, pin)
    body = {"holder": holder, "pin": True, "duress": False, "cards": [], "by": "demo"}
    entry = Entry("pin_set", now, body, timed_key(PIN_KEY, now, "set:demo"))
    ledger.write([Unit((entry,), (PinSet(holder, digest, None, now),), directory=True)])
    return _KioskGuard(holder, person.card, pin)


def _kiosk_card(folder: Path) -> tuple[str, str]:
    """Card and PIN of the kiosk's guard; empty on a campus of before there was one."""
    try:
        known = json.loads((folder / "kiosk.json").read_text("utf-8"))
    except FileNotFoundError:
        return "", ""
    return known["card"], known["pin"]


def _enrol(ledger: Ledger, settings: Settings, entry: dict[str, Any], now: datetime) -> Enrolment:
    place = Place(entry.get("portal"), entry.get("zone"), tuple(entry.get("locations", ())))
    enrolment = new_enrolment(entry["kind"], entry["device"], place, settings.campus, settings.private_zones)
    change = enrol_change(enrolment, Sealer(settings.store_key), now)
    ledger.write([Unit((device_enrolled(enrolment, "demo", now),), (change,), directory=True)])
    return enrolment


def _import(ledger: Ledger, settings: Settings, known: Any, data: bytes, now: datetime) -> None:
    file = read_people(data, settings.campus)
    plan = plan_import(file, known)
    ledger.write([Unit((people_imported(file, plan, "demo", now),), (import_change(plan),), directory=True)])


def _for_simulator(entry: dict[str, Any], enrolment: Enrolment, settings: Settings) -> dict[str, Any]:
    return {
        **entry,
        "site": settings.campus.site,
        "key": enrolment.key.hex(),
        "username": entry["device"],
        "password": enrolment.password,
    }


def _fleet_again(folder: Path) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = json.loads((folder / "fleet.json").read_text("utf-8"))["devices"]
    return found


def _broker_users(settings: Settings) -> list[EmbeddedUser]:
    site = settings.campus.site
    database = open_database(settings.database_url)
    try:
        devices = database.read_now(lambda connection: broker_users(connection, Sealer(settings.store_key)))
    finally:
        database.close()
    return [
        gateway_user(site, settings.mqtt_username, settings.mqtt_password),
        EmbeddedUser(f"{settings.mqtt_username}-lookout", settings.mqtt_password, lookout_access(site)),
        *(device_user(site, device) for device in devices),
    ]


def _start_of_day(day: scenario.Scenario, settings: Settings, after: datetime) -> datetime:
    """When the scenario begins next after the newest record: a clock that lay behind that would be suspect."""
    local = after.astimezone(settings.campus.timezone)
    begin = datetime.combine(local.date(), time(0), settings.campus.timezone) + timedelta(seconds=day.starts_s)
    return begin if begin > local + timedelta(minutes=1) else begin + timedelta(days=1)


def _free_port() -> int:
    """A port of loopback that nobody uses now; the simulator takes it a moment later."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def _die_with_parent() -> None:
    ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGKILL)


def _environment() -> dict[str, str]:
    root = str(Path(__file__).parent.parent)
    return {**environment(), "PYTHONPATH": root}
