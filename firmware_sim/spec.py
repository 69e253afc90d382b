"""Who a simulated device is: one entry of a fleet file, checked.

A fleet file (YAML or JSON) is `{"devices": [entry, …]}`. An entry has what `wardgate device enrol` prints — device,
kind, site, key, username, password — and where the device stands: portal, zone, direction; a panel's zones and
locations; `fire_zones` (the wire from the panel to this door), `escape`, `bollard` (of a vehicle lane), `records`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from devices.limits import KEY_BYTES
from devices.topics import Kind, is_name
from firmware_sim.buffer import DEFAULT_CAPACITY


class BadFleet(ValueError):
    """A fleet file that cannot be used; says which entry and field, and what was expected."""


@dataclass(frozen=True, slots=True)
class Spec:
    """One device: who it is, how it signs in, and where it stands on campus."""

    device: str
    kind: Kind
    site: str
    key: bytes
    username: str
    password: str
    portal: str | None = None
    zone: str | None = None
    zones: tuple[str, ...] = ()
    """A panel's fire zones."""
    locations: tuple[str, ...] = ()
    """A panel's panic buttons."""
    direction: str | None = None
    """`in` or `out` where the portal has one way only."""
    escape: bool = False
    fire_zones: tuple[str, ...] = ()
    """The wire from the panel: fire in one of these zones releases this door."""
    bollard: str | None = None
    """The bollard of a vehicle lane; only the campus knows it, no wire goes there."""
    records: bool = False
    """A camera that records."""
    capacity: int = DEFAULT_CAPACITY
    """How many events the buffer takes."""


_TEXT = ("device", "kind", "site", "key", "username", "password")
_OPTIONAL_TEXT = ("portal", "zone", "direction", "bollard")
_LISTS = ("zones", "locations", "fire_zones")


def read(path: Path) -> list[Spec]:
    """The devices of a fleet file; BadFleet names every fault at once."""
    try:
        said = yaml.safe_load(path.read_text(encoding="utf-8"))
    except (OSError, yaml.YAMLError, UnicodeDecodeError) as error:
        raise BadFleet(f"{path.name}: {error}") from error
    return parse(said, path.name)


def cameras(path: Path) -> list[dict[str, Any]]:
    """The `cameras` of a fleet file: id, and if they are not as their name suggests: device, place, seed, size, fps."""
    said = yaml.safe_load(path.read_text(encoding="utf-8"))
    entries = said.get("cameras", []) if isinstance(said, Mapping) else []
    good = isinstance(entries, list) and all(isinstance(one, dict) and is_name(one.get("id", "")) for one in entries)
    if not isinstance(entries, list) or not good:
        raise BadFleet(f"{path.name}: cameras: expected a list of objects, each with an id like cam-north-gate")
    return entries


def parse(said: Any, name: str = "fleet") -> list[Spec]:
    """The same from a value already read."""
    entries = said.get("devices") if isinstance(said, Mapping) else None
    if not isinstance(entries, list) or not entries:
        raise BadFleet(f"{name}: expected devices: a list of entries")
    faults: list[str] = []
    specs: list[Spec] = []
    for number, entry in enumerate(entries, 1):
        where = f"{name}: device {number}"
        if not isinstance(entry, Mapping):
            faults.append(f"{where}: expected an object")
            continue
        wrong = _faults(entry)
        if wrong:
            faults.extend(f"{where} ({entry.get('device', '?')}): {fault}" for fault in wrong)
        else:
            specs.append(_spec(entry))
    names = [spec.device for spec in specs]
    faults.extend(f"{name}: {twice} is there twice" for twice in sorted({n for n in names if names.count(n) > 1}))
    known = set(names)
    faults.extend(
        f"{name}: {spec.device}: bollard {spec.bollard} is not in this fleet"
        for spec in specs
        if spec.bollard is not None and spec.bollard not in known
    )
    if faults:
        raise BadFleet("\n".join(faults))
    return specs


def _faults(entry: Mapping[str, Any]) -> list[str]:
    faults = [f"{name}: expected text" for name in _TEXT if not isinstance(entry.get(name), str)]
    faults += [f"{name}: expected text" for name in _OPTIONAL_TEXT if not isinstance(entry.get(name), str | None)]
    faults += [
        f"{name}: expected a list of text"
        for name in _LISTS
        if not (isinstance(entry.get(name, []), list) and all(isinstance(v, str) for v in entry.get(name, [])))
    ]
    faults += [
        f"{name}: expected true or false"
        for name in ("escape", "records")
        if not isinstance(entry.get(name, False), bool)
    ]
    if faults:
        return faults
    if entry["kind"] not in list(Kind):
        faults.append(f"kind: expected one of {', '.join(Kind)}")
    faults += [f"{name}: expected a name like north-in-1" for name in ("device", "site") if not is_name(entry[name])]
    if entry.get("direction") not in (None, "in", "out"):
        faults.append("direction: expected in or out")
    try:
        if len(bytes.fromhex(entry["key"])) != KEY_BYTES:
            raise ValueError
    except ValueError:
        faults.append(f"key: expected {2 * KEY_BYTES} hex digits")
    capacity = entry.get("capacity", DEFAULT_CAPACITY)
    if not isinstance(capacity, int) or isinstance(capacity, bool) or capacity < 10:
        faults.append("capacity: expected a number from 10 on")
    return faults


def _spec(entry: Mapping[str, Any]) -> Spec:
    kind = Kind(entry["kind"])
    return Spec(
        device=entry["device"],
        kind=kind,
        site=entry["site"],
        key=bytes.fromhex(entry["key"]),
        username=entry["username"],
        password=entry["password"],
        portal=entry.get("portal"),
        zone=entry.get("zone"),
        zones=tuple(entry.get("zones", ())),
        locations=tuple(entry.get("locations", ())),
        direction=entry.get("direction"),
        # Every exit from a dormitory is an escape route, whatever a file says.
        escape=kind is Kind.DORM or entry.get("escape", False),
        fire_zones=tuple(entry.get("fire_zones", ())),
        bollard=entry.get("bollard"),
        records=entry.get("records", False),
        capacity=entry.get("capacity", DEFAULT_CAPACITY),
    )
