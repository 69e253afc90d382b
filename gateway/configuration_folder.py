"""The configuration's folder as a running gateway sees it: what changed since the start, and whether it is right."""

import hashlib
import os
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path

from gateway.config_faults import ConfigurationError
from gateway.flows.configuration import FILE, ConfigFault, ConfigFile
from gateway.settings import load

NAMES = ("wardgate.yaml", FILE, "policy.yaml", "roles.yaml", "cameras.yaml", "plan.yaml", "alarms.yaml")
KEPT = ".before"
"""The campus file before the last change lies beside it under this ending."""


class Folder:
    """`directory` with `environ` above it, as the gateway was started."""

    def __init__(self, directory: Path, environ: Mapping[str, str]) -> None:
        self._directory = directory
        self._environ = environ
        self._at_start = {name: _digest(directory / name) for name in NAMES}

    def files(self) -> Sequence[ConfigFile]:
        """Those that there are, or were at the start."""
        found = []
        for name in NAMES:
            path = self._directory / name
            now = _digest(path)
            if now is None and self._at_start[name] is None:
                continue
            modified = None if now is None else datetime.fromtimestamp(path.stat().st_mtime, UTC)
            found.append(ConfigFile(name, modified, now != self._at_start[name]))
        return found

    def text(self) -> str:
        """Of the campus file. Raises `OSError`."""
        return (self._directory / FILE).read_text("utf-8-sig")

    def faults(self, text: str | None) -> Sequence[ConfigFault]:
        """As `wardgate check-config` would say them; `text` in place of the campus file."""
        try:
            load(self._directory, self._environ, campus_text=text)
        except ConfigurationError as error:
            return [ConfigFault(fault.file, fault.line, fault.field, fault.message) for fault in error.faults]
        return []

    def write(self, text: str) -> None:
        """Replace the campus file whole; the one before stays beside it. Raises `OSError`."""
        path = self._directory / FILE
        _write(path.with_name(FILE + KEPT), path.read_bytes(), path)
        _write(path, text.encode(), path)


def _write(path: Path, data: bytes, like: Path) -> None:
    status = like.stat()
    fresh = path.with_name(path.name + ".new")
    with open(os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_CLOEXEC, 0o600), "wb") as file:
        os.fchmod(file.fileno(), status.st_mode & 0o777)
        file.write(data)
        file.flush()
        os.fsync(file.fileno())
    os.replace(fresh, path)


def _digest(path: Path) -> str | None:
    try:
        return hashlib.sha256(path.read_bytes()).hexdigest()
    except OSError:
        return None
