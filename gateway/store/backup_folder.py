"""The folder in which backups lie: makes one, reads it again to its end, and lets the oldest go.

What has another name than a backup's is nobody's business here and is never removed.
"""

import contextlib
import hashlib
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path

from gateway.flows.backups import BackupFailed, BackupFile, Made
from gateway.store.backup import NAMED, BadBackup, check, file_name, write_backup
from gateway.store.database import Database, DatabaseAway


class Folder:
    """Backups of `site`, sealed under `key`."""

    def __init__(self, database: Database, path: Path, site: str, key: bytes) -> None:
        self._database = database
        self._path = path
        self._site = site
        self._key = key

    def files(self) -> Sequence[BackupFile]:
        """This site's, in no order. Raises `BackupFailed` where the folder cannot be read."""
        try:
            found = [self._as_file(path) for path in self._path.iterdir() if path.is_file()]
        except FileNotFoundError:
            return []
        except OSError as error:
            raise BackupFailed(f"the folder for backups cannot be read: {error.strerror}") from error
        return [file for file in found if file is not None]

    def make(self, keep: int) -> Made:
        """One more, and only the newest `keep` stay; for a thread."""
        path = self._path / file_name(self._site, datetime.now(UTC))
        try:
            write_backup(self._database, path, self._site, self._key)
            manifest = check(path, self._key)
            with open(path, "rb") as file:
                digest = hashlib.file_digest(file, "sha256").hexdigest()
            made = self._as_file(path)
            assert made is not None, "it has the name of a backup"
        except BadBackup as error:
            path.unlink(missing_ok=True)
            raise BackupFailed(f"what was written cannot be read again: {error}") from error
        except DatabaseAway as error:
            raise BackupFailed(f"the database cannot be read: {error}") from error
        except OSError as error:
            raise BackupFailed(f"the folder for backups cannot be written: {error.strerror}") from error
        with contextlib.suppress(OSError, BackupFailed):  # the next one tidies up
            self._tidy(keep, made)
        return Made(made, manifest.head.count, sum(kept.rows for kept in manifest.tables.values()), digest)

    def _tidy(self, keep: int, made: BackupFile) -> None:
        """Never the one that was just made: names carry a clock, and clocks are wrong at times."""
        others = [file for file in self.files() if file.name != made.name]
        for file in sorted(others, key=lambda file: file.made_at, reverse=True)[keep - 1 :]:
            (self._path / file.name).unlink(missing_ok=True)

    def _as_file(self, path: Path) -> BackupFile | None:
        named = NAMED.fullmatch(path.name)
        if named is None or named[1] != self._site:
            return None
        try:
            made_at = datetime.strptime(named[2], "%Y%m%dT%H%M%SZ").replace(tzinfo=UTC)
            return BackupFile(path.name, made_at, path.stat().st_size)
        except (ValueError, FileNotFoundError):
            return None
