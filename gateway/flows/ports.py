"""What the flows ask of the outside: a ledger that keeps, a courier that carries, a clock.

The outside (`store`, `mqtt`) implements these; tests may too. Changes of state are plain facts here (`changes.py`) and
become SQL only in the store.
"""

import asyncio
import ctypes
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from typing import TYPE_CHECKING, Any, Protocol
from zoneinfo import ZoneInfo

from devices.messages import Ack, Command, CredentialPage, Posture, RevokedList
from gateway.core.nouns import Directory, Presence
from gateway.core.papers import ExportWhat, Paper, PaperKind
from gateway.flows.cameras import CameraReads
from gateway.flows.retention_rules import Kept, Retention

if TYPE_CHECKING:
    from gateway.flows.people_import import Known as KnownPeople


NUMBER_DIGITS = 15
"""Keys that end in a number are padded to this, so that they lie in order in any database."""


class LedgerUnavailable(Exception):
    """The record could not be written in time; what depends on it must not happen."""


@dataclass(frozen=True, slots=True)
class Entry:
    """One ledger row to be. `body` is JSON-able and names people by reference only. `key` says which fact it is, where
    the same fact may be told more than once."""

    kind: str
    at: datetime
    body: dict[str, Any]
    key: str | None = None


@dataclass(frozen=True, slots=True)
class Unit:
    """What is written together or not at all.

    `changes`: facts of `changes.py`, or callables that get the store's connection and the directory's new version.
    `directory`: it changes people, credentials, devices or rules, so the directory gets its next version.
    `based_on`: the directory version on which it was decided, None if that does not matter.
    """

    entries: tuple[Entry, ...]
    changes: tuple[Any, ...] = ()
    directory: bool = False
    based_on: int | None = None


@dataclass(frozen=True, slots=True)
class Written:
    """On disk: the number of the unit's last row, and the directory's version."""

    seq: int
    directory_version: int


@dataclass(frozen=True, slots=True)
class Known:
    """Nothing was written: this fact is in the ledger already, told like this."""

    key: str
    body: dict[str, Any]


@dataclass(frozen=True, slots=True)
class Outdated:
    """Nothing was written: the directory has moved on to this version since the decision."""

    directory_version: int


Result = Written | Known | Outdated


@dataclass(frozen=True, slots=True)
class EnrolledDevice:
    """A device as enrolled: where it stands, and its keys, the newest first."""

    id: str
    kind: str
    portal: str | None
    zone: str | None
    locations: tuple[str, ...]
    keys: tuple[bytes, ...]
    version: int

    def __repr__(self) -> str:
        return f"EnrolledDevice({self.id!r}, {self.kind!r})"


@dataclass(frozen=True, slots=True)
class Issued:
    """What a device was last told to enforce; versions only ever grow."""

    version: int = 0
    body: bytes = b""
    list_version: int = 0
    list_digest: str = ""
    list_expires_at: datetime | None = None
    revoked_version: int = 0
    revoked_tokens: tuple[str, ...] = ()
    list_directory: int = 0
    """The version of the directory from which the list was made."""


class LedgerPort(Protocol):
    """Keeps records, in the order in which they came; `commit` returns when one is on disk, `hand_over` at once."""

    @property
    def is_away(self) -> bool: ...

    async def commit(self, unit: Unit, within_s: float | None = None) -> Result: ...

    def hand_over(self, unit: Unit) -> asyncio.Future[Result]: ...


class Archive(Protocol):
    """Answers questions about what was kept."""

    @property
    def cameras(self) -> CameraReads: ...

    async def directory(self, known: Directory | None) -> Directory: ...

    async def directory_version(self) -> int: ...

    async def enrolled(self) -> Mapping[str, EnrolledDevice]: ...

    async def issued(self) -> Mapping[str, Issued]: ...

    async def presence(self) -> dict[str, Presence]: ...

    async def told(self, keys: Sequence[str]) -> Mapping[str, dict[str, Any]]: ...

    async def event_mark(self, device: str, boot: str) -> "EventMark": ...

    async def paper(self, kind: PaperKind, id: str) -> Paper | None: ...

    async def papers(
        self,
        kind: PaperKind,
        *,
        live: bool | None = None,
        subject: str | None = None,
        starts_from: datetime | None = None,
        limit: int = 200,
    ) -> Sequence[Paper]: ...

    async def note(self, ref: str) -> str | None: ...

    async def notices_due(self, now: datetime, limit: int) -> "Sequence[Notice]": ...

    async def notices_of(self, kind: str, about: Sequence[str]) -> "Sequence[Notice]": ...

    async def host_link(self, hash: str) -> "HostLink | None": ...

    async def plate(self, ref: str) -> str | None: ...

    async def contact(self, ref: str) -> "Contact | None": ...

    async def portrait(self, ref: str) -> bytes | None: ...

    def seal(self, secret: str) -> str: ...

    async def due(self, kept: Kept, rules: Retention, now: datetime, limit: int | None = None) -> Sequence[str]: ...

    async def uncounted_days(self, zone: ZoneInfo, now: datetime) -> Sequence[date]: ...

    async def passages_of(self, day: date, zone: ZoneInfo) -> Mapping[tuple[str, str], int]: ...

    async def clean_files(self) -> bool: ...

    async def count_exported(self, what: ExportWhat, since: datetime, until: datetime, at_most: int) -> int: ...

    async def exported(
        self, what: ExportWhat, since: datetime, until: datetime, at_most: int
    ) -> Sequence[Mapping[str, Any]]: ...

    async def used(self) -> dict[str, int]: ...

    async def pins(self) -> "dict[str, PinDigests]": ...

    def document_hash(self, kind: str, number: str) -> str: ...

    async def known_people(self) -> "KnownPeople": ...

    async def known_about(self, id: str, values: Sequence[str]) -> "KnownPeople": ...

    async def open_waits(self, since: datetime) -> Sequence[dict[str, Any]]: ...

    async def timed(self, prefix: str, since: datetime) -> Sequence[dict[str, Any]]: ...

    async def rows_since(self, kinds: Mapping[str, str], since: datetime) -> Sequence[dict[str, Any]]: ...

    async def numbered(self, prefix: str) -> Sequence[dict[str, Any]]: ...

    async def newest_record(self) -> datetime | None: ...

    async def newest_told(self, prefix: str) -> tuple[str, dict[str, Any]] | None: ...


@dataclass(frozen=True, slots=True)
class EventMark:
    """What the ledger has of one boot: everything up to `seq`, the numbers beyond it, and the gaps that were told."""

    seq: int
    beyond: frozenset[int] = frozenset()
    gaps: tuple[tuple[int, int], ...] = ()


@dataclass(frozen=True, slots=True)
class PinDigests:
    """What is kept of a holder's PINs: keyed digests, of which the second opens as well and calls for help."""

    digest: str
    duress: str | None


def timed_key(prefix: str, at: datetime, rest: str) -> str:
    """The ledger key of a fact that is looked up by its time: all since a moment lie beside each other."""
    return f"{prefix}{round(at.timestamp() * 1000):013d}:{rest}"


class Courier(Protocol):
    """Carries messages to devices; what cannot be sent now is dropped, because its time will have passed."""

    def spell(self, device: str, kind: str, key: bytes, message: Posture | CredentialPage) -> bytes: ...

    def send(self, device: str, kind: str, key: bytes, message: Command | Ack) -> bool: ...

    def keep(self, device: str, kind: str, key: bytes, message: Posture | CredentialPage | RevokedList) -> bool: ...

    def keep_bytes(self, device: str, kind: str, key: bytes, channel: str, body: bytes) -> bool: ...

    def clear(self, device: str, kind: str, channel: str) -> bool: ...


@dataclass(frozen=True, slots=True)
class Contact:
    """How to reach a person of the school. `messenger` is an address of apprise and a secret: it is never shown."""

    phone: str = field(repr=False)
    mail: str = field(repr=False)
    messenger: str = field(repr=False)
    at: datetime
    """When the entry was last changed."""


@dataclass(frozen=True, slots=True)
class Message:
    """A notice as somebody reads it."""

    title: str
    body: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class Recipient:
    """Where a notice goes: a person's own addresses, or a group's robot by its name in the configuration."""

    person: str = ""
    mail: str = field(default="", repr=False)
    messenger: str = field(default="", repr=False)
    robot: str = ""


@dataclass(frozen=True, slots=True)
class Delivered:
    """Which channels took a notice, and which did not."""

    by: tuple[str, ...] = ()
    failed: tuple[str, ...] = ()


class Messenger(Protocol):
    """Carries notices to people. Answers within its own time limit, and raises nothing."""

    async def send(self, to: Recipient, message: Message) -> Delivered: ...


@dataclass(frozen=True, slots=True)
class Notice:
    """One row of the outbox: whom to tell of what; the words are looked up when it is sent."""

    id: str
    kind: str
    about: str
    recipient: str
    made_at: datetime
    tries: int
    state: str = "waiting"
    """waiting, sent, failed, dropped."""
    sent_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class HostLink:
    """For which visit a link is, and until when; its secret is kept nowhere."""

    visit: str
    holder: str
    made_at: datetime
    expires_at: datetime
    used_at: datetime | None


class Clock(Protocol):
    """The gateway's own time: `now` for people and records, `monotonic` for how long.

    The others join the two: on a simulated campus the day passes faster than the seconds of a time-out.
    """

    def now(self) -> datetime: ...

    def monotonic(self) -> float: ...

    def after(self, seconds: float) -> datetime: ...

    def elapsed_s(self, since: datetime) -> float: ...

    def lasted_s(self, shown: timedelta) -> float: ...

    def boot_s(self) -> float:
        """Seconds since the machine was started, its sleep included; no setting of the clock moves it."""
        ...

    def source_agrees(self) -> bool | None:
        """The time source's word on what `now` shows; None if there is none to ask."""
        ...


class SystemClock:
    """The machine's clock."""

    def now(self) -> datetime:
        return datetime.now(UTC)

    def monotonic(self) -> float:
        return time.monotonic()

    def after(self, seconds: float) -> datetime:
        """What this clock will show in so many seconds."""
        return self.now() + timedelta(seconds=seconds)

    def elapsed_s(self, since: datetime) -> float:
        """How many seconds ago this clock showed `since`."""
        return (self.now() - since).total_seconds()

    def lasted_s(self, shown: timedelta) -> float:
        """How many seconds pass while a clock like this one moves on by `shown`."""
        return shown.total_seconds()

    def boot_s(self) -> float:
        return _since_boot_s()

    def source_agrees(self) -> bool | None:
        return _kernel_is_synchronised()


class FastClock:
    """A clock for simulated campuses: it showed `shown` at the real time `real`, and runs `factor` times as fast."""

    def __init__(self, real: datetime, shown: datetime, factor: float) -> None:
        self._real, self._shown, self._factor = real, shown, factor

    def now(self) -> datetime:
        return self._shown + (datetime.now(UTC) - self._real) * self._factor

    def monotonic(self) -> float:
        return time.monotonic()

    def after(self, seconds: float) -> datetime:
        """What this clock will show in so many real seconds."""
        return self.now() + timedelta(seconds=seconds) * self._factor

    def elapsed_s(self, since: datetime) -> float:
        """How many real seconds ago this clock showed `since`."""
        return (self.now() - since).total_seconds() / self._factor

    def lasted_s(self, shown: timedelta) -> float:
        """How many real seconds pass while a clock like this one moves on by `shown`."""
        return shown.total_seconds() / self._factor

    def boot_s(self) -> float:
        return _since_boot_s()

    def source_agrees(self) -> bool | None:
        return _kernel_is_synchronised()


def _since_boot_s() -> float:
    """Sleep included where the system counts it: a lid that was closed for an hour is no leap of the clock."""
    return time.clock_gettime(time.CLOCK_BOOTTIME) if hasattr(time, "CLOCK_BOOTTIME") else time.monotonic()


TIME_ERROR = 5
"""What Linux says of a clock that no time source disciplines; setting the clock by hand brings that about."""


def _kernel_is_synchronised() -> bool | None:
    """The kernel's own word, asked without changing anything; None where it cannot be asked."""
    try:
        state = int(ctypes.CDLL(None).adjtimex((ctypes.c_byte * 512)()))
    except (OSError, AttributeError):
        return None
    return None if state < 0 else state != TIME_ERROR
