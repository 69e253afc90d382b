"""Each night everything that the database holds goes into one file, and whoever asks sees how that stands.

Promises: once a night, by the ledger's word; a gateway that was away at the hour makes it when it is back; the newest
so many files stay, the older go; one that failed is an alarm until one succeeds. One backup at a time, in a thread, so
that no tap waits. Leaves to others: what is in a file (the store's `backup`), taking one back (`wardgate restore`).
"""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Protocol

from gateway.flows import alarms, rounds
from gateway.flows.ports import Entry, LedgerUnavailable, Unit
from gateway.flows.site import Site

ROUND = "backup"
WITHIN_S = 10.0
AGAIN_AFTER_S = 600.0
PLACE = "backup"


@dataclass(frozen=True, slots=True)
class BackupFile:
    """One file in the folder: when it was made, by its name, and how large it is."""

    name: str
    made_at: datetime
    size: int


@dataclass(frozen=True, slots=True)
class Made:
    """A backup that was just made and read again to its end; `records`: of the ledger."""

    file: BackupFile
    records: int
    rows: int
    sha256: str


class BackupFailed(Exception):
    """Why there is none, in words for whoever runs the gateway; it names no path but the folder's own."""


class BackupFolder(Protocol):
    """Where backups lie. Both take their time: for a thread. `make` raises `BackupFailed`."""

    def files(self) -> Sequence[BackupFile]: ...

    def make(self, keep: int) -> Made: ...


@dataclass(frozen=True, slots=True)
class BackupRules:
    """Whether and when each night, and how many files stay."""

    nightly: bool
    at_min: int
    keep: int


class Underway(Exception):
    """One is being made already."""


class Backups:
    """The backups of one gateway."""

    def __init__(self, site: Site, folder: BackupFolder, rules: BackupRules) -> None:
        self._site = site
        self._folder = folder
        self.rules = rules
        self._making = asyncio.Lock()
        self._not_before = -1e9
        self.failed: str | None = None
        """Why the last one was not made."""

    @property
    def is_underway(self) -> bool:
        return self._making.locked()

    async def files(self) -> list[BackupFile]:
        """What is there, the newest first. Raises `BackupFailed` where the folder cannot be read."""
        found = await asyncio.to_thread(self._folder.files)
        return sorted(found, key=lambda file: file.made_at, reverse=True)

    async def look(self) -> None:
        """The night's backup if it is due; after a failure again some minutes later."""
        site = self._site
        if not self.rules.nightly or site.clock.monotonic() < self._not_before:
            return
        moment = rounds.moment_due(site, ROUND, self.rules.at_min)
        if moment is None:
            return
        key = rounds.round_key(ROUND, moment)
        try:
            if not await site.archive.told([key]):
                await self.make("gateway", key)
        except (BackupFailed, LedgerUnavailable):
            self._not_before = site.clock.monotonic() + AGAIN_AFTER_S
            return
        rounds.made(site, ROUND, moment)

    async def make(self, by: str, key: str | None = None) -> Made:
        """One, now. Raises `Underway`, `BackupFailed`, `LedgerUnavailable` (then the file is there, and no record)."""
        if self._making.locked():
            raise Underway
        site = self._site
        async with self._making:
            try:
                made = await asyncio.to_thread(self._folder.make, self.rules.keep)
            except BackupFailed as error:
                self.failed = str(error)
                await alarms.raise_alarm(site, alarms.BACKUP_FAILED, PLACE, str(error))
                raise
            self.failed = None
            body: dict[str, Any] = {
                "file": made.file.name,
                "bytes": made.file.size,
                "records": made.records,
                "sha256": made.sha256,
                "by": by,
            }
            await site.ledger.commit(Unit((Entry("backup_made", site.clock.now(), body, key),)), WITHIN_S)
            await alarms.clear_alarm(site, alarms.BACKUP_FAILED, PLACE)
            return made
