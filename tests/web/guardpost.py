"""A gateway as far as the web sees it: real database, writer, flows and listener; only the broker is not there.

Promises: everything is what production has, but for the courier, which keeps what it was given, and the clock, which
shows a Saturday morning at the campus. `close` ends it and leaves nothing running.
"""

import asyncio
import functools
import itertools
import tempfile
from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import aiohttp
import msgspec
from argon2 import PasswordHasher

from devices.messages import Ack, Command, Credential, CredentialKind, CredentialPage, Direction, Posture, Tap
from gateway.configuration_folder import Folder as ConfigFolder
from gateway.core import pass_values, pins
from gateway.core.kinds import Profile
from gateway.flows.accounts import Token, User, new_token, new_user, token_made, user_added
from gateway.flows.backups import BackupRules, Backups
from gateway.flows.card_tap import card_tap
from gateway.flows.configuration import Configuration
from gateway.flows.enrolling import Enrolling
from gateway.flows.enrolment import BrokerUser, Place, device_enrolled, new_enrolment
from gateway.flows.passwords import Passwords
from gateway.flows.people import import_csv
from gateway.flows.ports import FastClock, Unit
from gateway.flows.site import Site
from gateway.flows.site_rules import Rules
from gateway.mqtt.broker_config import taken_names
from gateway.mqtt.broker_files import BrokerFiles
from gateway.new_site import write_new_site
from gateway.policy_file import parse_policy
from gateway.reports.shelf import Shelf
from gateway.settings import Settings, load
from gateway.store.accounts import Accounts, add_token_change, add_user_change
from gateway.store.archive import StoreArchive
from gateway.store.backup_folder import Folder as BackupFolder
from gateway.store.database import Database, open_database
from gateway.store.device_book import StoredDevices
from gateway.store.enrolment import broker_users, enrol_change
from gateway.store.ledger import Ledger
from gateway.store.queries import Queries
from gateway.store.sealing import Sealer
from gateway.store.writer import Writer
from gateway.web.context import PARTS
from gateway.web.listener import Listener
from gateway.web.server import make_app
from tests.parts.made_once import fresh_database, fresh_site

SHOWN = datetime(2026, 11, 21, 2, 0, tzinfo=UTC)
"""Ten in the morning at the campus: lessons, no leaving window."""
PASSWORD = "a long enough password"
LEDGER_KEY = bytes(32)
"""Under which backups are sealed."""

PEOPLE = """id,name,kind,groups,card,plate,dormitory,valid_from,valid_to
S-1,Li Na,staff,staff,CARD-LI,,,,
S-2,张伟,staff,staff;security,CARD-ZHANG,,,,
P-1,Wang Lei,student,students,CARD-WANG,,,,
P-2,陈晨,student,boarders,CARD-CHEN,,dorm-1,,
P-3,Zhao Min,student,students,CARD-OLD,,,2025-01-01,2025-06-30
"""

DEVICES = (
    ("reader", "north-in-1", "north-in"),
    ("reader", "north-out-1", "north-out"),
    ("reader", "south-in-1", "south-in"),
    ("dorm", "dorm-1-door-1", "dorm-1-door"),
    ("bollard", "north-bollard", "north-vehicle"),
)

PASSES, MEMORY_KIB = 1, 64
"""Of a password's hash: next to nothing, because hundreds of tests sign in. What the gateway takes is the default."""
_HASH = PasswordHasher(time_cost=PASSES, memory_cost=MEMORY_KIB, parallelism=1).hash(PASSWORD)


@functools.cache
def _settings() -> Settings:
    """The example campus as `wardgate init` leaves it, read once: its certificates take a moment."""
    with tempfile.TemporaryDirectory(prefix="wardgate-tests-") as folder:
        write_new_site(Path(folder, "site"), Profile.SCHOOL, [], datetime.now(UTC))
        return load(Path(folder, "site"), {})


@dataclass
class KeepingCourier:
    """Stands where the broker would: keeps what was sent."""

    sent: list[tuple[str, Command | Ack]] = field(default_factory=list)

    def send(self, device: str, kind: str, key: bytes, message: Command | Ack) -> bool:
        self.sent.append((device, message))
        return True

    def spell(self, _device: str, _kind: str, _key: bytes, message: Posture | CredentialPage) -> bytes:
        return msgspec.json.encode(message)

    def keep(self, *_args: Any) -> bool:
        return True

    def keep_bytes(self, *_args: Any) -> bool:
        return True

    def clear(self, *_args: Any) -> bool:
        return True


class GuardPost:
    """One gateway, started by `open`."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.courier = KeepingCourier()
        self._taps = itertools.count(1)
        self._clients: list[aiohttp.ClientSession] = []
        self.settings: Settings
        self.database: Database
        self.writer: Writer
        self.site: Site
        self.listener: Listener
        self.passwords: dict[str, str] = {}

    async def open(self, libraries: Iterable[Path] = (), database_url: str | None = None, **app: Any) -> "GuardPost":
        """Start it; `app`: parts of `make_app` that are to be others than usual."""
        self.folder.mkdir(parents=True)
        url = database_url or f"sqlite:///{self.folder / 'wardgate.db'}"
        self.settings = replace(_settings(), directory=self.folder, data=self.folder, database_url=url)
        if database_url is None:
            fresh_database(self.folder / "wardgate.db")
        self.database = open_database(self.settings.database_url)
        self.writer = Writer(Ledger(self.database))
        self.writer.start()
        sealer = Sealer(self.settings.store_key)
        archive = StoreArchive(self.database, sealer)
        self.site = Site(
            campus=self.settings.campus,
            rules=Rules(),
            directory=await archive.directory(None),
            presence={},
            ledger=self.writer,
            archive=archive,
            courier=self.courier,
            clock=FastClock(datetime.now(UTC), SHOWN, 1.0),
            instance="test",
            pin_key=pins.key_from(self.settings.store_key),
            pass_key=pass_values.key_from(self.settings.store_key, self.settings.campus.site),
        )
        self.site.catalogue = self.settings.catalogue
        self.site.broker_connected = True
        for kind, device, portal in DEVICES:
            enrolment = new_enrolment(kind, device, Place(portal, None), self.settings.campus)
            record = device_enrolled(enrolment, "test", self.site.clock.now())
            change = enrol_change(enrolment, sealer, self.site.clock.now())
            await self.writer.commit(Unit((record,), (change,), directory=True))
        self.site.devices.take_over(await archive.enrolled(), await archive.issued())
        for device in self.site.devices:
            device.online, device.boot, device.challenge = True, "b", "c" * 16
            device.challenge_at = self.site.clock.monotonic() + 3600
        await import_csv(self.site, PEOPLE.encode(), "test")
        fresh_site(self.folder / "configuration")
        values = {
            "accounts": Accounts(self.database, self.writer),
            "records": Queries(self.database),
            "roles": self.settings.roles,
            "read_policy": functools.partial(parse_policy, "policy"),
            "libraries": libraries,
            "passwords": Passwords(PASSES, MEMORY_KIB),
            "reports": Shelf(self.site),
            "configuration": Configuration(self.site, ConfigFolder(self.folder / "configuration", {})),
            "backups": Backups(
                self.site,
                BackupFolder(self.database, self.folder / "backups", self.settings.campus.site, LEDGER_KEY),
                BackupRules(nightly=True, at_min=150, keep=2),
            ),
            "device_records": (book := StoredDevices(self.database, sealer)),
            "enrolling": Enrolling(
                self.site,
                book,
                BrokerFiles(self.settings, self._broker_users),
                taken_names=taken_names(self.settings.mqtt_username),
            ),
        }
        self.listener = Listener(make_app(self.site, **(values | app)), "127.0.0.1", 0)
        await self.listener.start()
        return self

    def _broker_users(self) -> list[BrokerUser]:
        sealer = Sealer(self.settings.store_key)
        return self.database.read_now(lambda connection: broker_users(connection, sealer))

    @property
    def url(self) -> str:
        scheme = "http" if self.listener.app[PARTS].tls is None else "https"
        return f"{scheme}://127.0.0.1:{self.listener.port}"

    async def close(self) -> None:
        for client in self._clients:
            await client.close()
        await self.listener.stop()
        await self.site.finish()
        for waiting in list(self.site.waits.values()):
            if waiting.timer is not None:
                waiting.timer.cancel()
        await asyncio.to_thread(self.writer.stop)
        self.database.close()

    async def add_user(self, name: str, *roles: str, language: str = "en", person: str | None = None) -> User:
        """A user with the password of all tests; `person`: which one of the directory it is, by the school's id."""
        user = new_user(name, _HASH, roles, self.settings.roles, datetime.now(UTC), language)
        if person is not None:
            holders = self.site.directory.holders.values()
            user = replace(user, holder=next(holder.ref for holder in holders if holder.id == person))
        await self.writer.commit(Unit((user_added(user, None),), (add_user_change(user),)))
        return user

    async def add_token(self, user: User) -> str:
        secret, token = new_token(user, "tests", datetime.now(UTC))
        await self.keep_token(user, token)
        return secret

    async def keep_token(self, user: User, token: Token) -> None:
        await self.writer.commit(Unit((token_made(user, token, None),), (add_token_change(token),)))

    def client(self, **headers: str) -> aiohttp.ClientSession:
        """A program's own cookies and connection."""
        jar = aiohttp.CookieJar(unsafe=True)
        client = aiohttp.ClientSession(self.url, cookie_jar=jar, headers=headers)
        self._clients.append(client)
        return client

    async def signed_in(self, name: str, *roles: str, person: str | None = None) -> aiohttp.ClientSession:
        """A client with the session of a new user."""
        await self.add_user(name, *roles, person=person)
        client = self.client()
        async with client.post("/api/v1/session", json={"user": name, "password": PASSWORD}) as answer:
            assert answer.status == 201, await answer.text()
        return client

    async def tap(
        self,
        card: str,
        device: str = "north-in-1",
        direction: str = "in",
        id: str | None = None,
        kind: CredentialKind = CredentialKind.CARD,
    ) -> tuple[str, Command]:
        """Somebody taps, or holds a pass to the reader; returns the tap's id and the answer."""
        tap_id = id or f"tap-{next(self._taps)}"
        at = self.site.clock.now()
        tap = Tap(
            id=tap_id,
            boot="b",
            at=at.replace(microsecond=at.microsecond // 1000 * 1000),
            nonce=f"n-{tap_id}",
            direction=Direction(direction),
            credential=Credential(kind=kind, value=card),
        )
        found = self.site.devices.get(device)
        assert found is not None
        await card_tap(self.site, found, tap)
        answers = [m for d, m in self.courier.sent if d == device and isinstance(m, Command) and m.for_ == tap_id]
        return tap_id, answers[-1]

    async def records(self, kind: str) -> list[dict[str, Any]]:
        """The bodies of all ledger records of a kind."""
        rows = await Queries(self.database).rows(0, 10_000)
        return [row.body for row in rows if row.kind == kind]

    def rename(self, person: str, name: str) -> None:
        """Give somebody a hostile name, past every check of the import."""
        directory = self.site.directory
        ref = next(ref for ref, holder in directory.holders.items() if holder.id == person)
        holders = {**directory.holders, ref: replace(directory.holders[ref], name=name)}
        self.site.swap_directory(replace(directory, version=directory.version + 1, holders=holders))
