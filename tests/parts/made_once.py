"""What takes long to make and is always the same, made once in a process and copied for each test.

Promises: `fresh_database` is the empty database that `open_database` makes, `fresh_site` the folder of `wardgate init`,
and `settings_of` is what `load` reads; a copy is a test's own, whatever it does to it. A folder that a test has
changed is read anew.
Leaves to others: whether making and reading are right; the tests of the schema, of `init` and of the settings do both
for themselves.
"""

from __future__ import annotations

import functools
import os
import tempfile
from collections.abc import Mapping
from dataclasses import fields, is_dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from gateway.core.kinds import Profile
from gateway.new_site import write_new_site
from gateway.settings import Settings, load
from gateway.store.database import open_database

Files = Mapping[str, tuple[bytes, int]]
"""By their paths in the folder: what they hold and who may read them."""


def files_in(folder: Path) -> Files:
    """All files of a folder, to be written elsewhere."""
    found = sorted(path for path in folder.rglob("*") if path.is_file())
    return {str(path.relative_to(folder)): (path.read_bytes(), path.stat().st_mode & 0o777) for path in found}


def write_files(files: Files, folder: Path) -> None:
    """A copy of them, in folders that only we can read."""
    for name, (content, mode) in files.items():
        path = folder / name
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        with open(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, mode), "wb") as file:
            file.write(content)


def fresh_database(path: Path) -> None:
    """An empty database of the newest schema."""
    write_files({path.name: _fresh_database()}, path.parent)


@functools.cache
def _fresh_database() -> tuple[bytes, int]:
    with tempfile.TemporaryDirectory(prefix="wardgate-tests-") as folder:
        open_database(f"sqlite:///{folder}/new.db").close()
        return files_in(Path(folder))["new.db"]


def fresh_site(folder: Path) -> None:
    """What `wardgate init` leaves, in a folder that is not there yet."""
    write_files(_fresh_site(), folder)


@functools.cache
def _fresh_site() -> Files:
    with tempfile.TemporaryDirectory(prefix="wardgate-tests-") as folder:
        write_new_site(Path(folder, "site"), Profile.SCHOOL, [], datetime.now(UTC))
        return files_in(Path(folder, "site"))


_READ: dict[Any, Settings] = {}


def settings_of(folder: Path, environment: Mapping[str, str]) -> Settings:
    """As `load`; what was read of the same files under the same environment is not read again."""
    folder = folder.absolute()
    written = [path for one in folder.iterdir() if one.name != "data" for path in (one, *one.rglob("*"))]
    files = [(str(path.relative_to(folder)), path.read_bytes()) for path in sorted(written) if path.is_file()]
    key = (tuple(files), tuple(sorted(environment.items())))
    known = _READ.get(key)
    if known is None:
        known = _READ[key] = load(folder, environment)
    return _moved(known, str(known.directory), str(folder))


def _moved(value: Any, before: str, after: str) -> Any:
    """The same with every path below another folder."""
    if isinstance(value, Path):
        return Path(str(value).replace(before, after, 1))
    if isinstance(value, str):
        return value.replace(before, after, 1)
    if isinstance(value, Settings) or (is_dataclass(value) and type(value).__name__.endswith("Settings")):
        return replace(value, **{one.name: _moved(getattr(value, one.name), before, after) for one in fields(value)})
    return value
