"""The cameras of a fleet: each gives its device pictures, recorders follow the faults, and a log keeps the truth.

Leaves to others: the protocol (`firmware_sim.camera`, `shell.py`), the pictures (`camera.py`), who asks (`server.py`).
"""

from __future__ import annotations

import json
import math
import os
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from firmware_sim.cameras.of_device import camera_of
from firmware_sim.cameras.site import Cameras, Clock
from firmware_sim.cameras.spells import RECORDER_FAULTS, Spell
from firmware_sim.fleet import Fleet

LITTLE_ROOM = 4 * 2**30
MUCH_ROOM = 2**39
LONG_DAYS, SHORT_DAYS = 120.0, 3.0


def cameras_of(fleet: Fleet, described: Sequence[Mapping[str, Any]], clock: Clock) -> Cameras:
    """The described cameras (id, place, seed, size, fps, device), each handed to its device if the fleet has it. Faults
    of a recorder are carried out by the device."""
    cameras = Cameras([camera_of(str(said["id"]), said) for said in described], clock)
    devices = {str(said["id"]): str(said.get("device") or said["id"]) for said in described}
    for camera in cameras:
        if devices[camera.id] in fleet.devices:
            fleet[devices[camera.id]].camera = camera

    def follow(spell: Spell, begins: bool) -> None:
        device = fleet.devices.get(devices[spell.camera])
        if spell.finding in RECORDER_FAULTS and device is not None and device.is_on:
            wrong = spell.finding if begins else ""
            device.recorder(
                ok=wrong != "not_recording",
                free_bytes=LITTLE_ROOM if wrong == "disk_low" else MUCH_ROOM,
                kept_days=SHORT_DAYS if wrong == "retention_short" else LONG_DAYS,
            )

    cameras.listeners.append(follow)
    return cameras


class CameraTruth:
    """The log of what was wrong with which camera: a JSON line at each begin and each end, written at once.

    `what` is `begins` or `ends`; `from` and `to` are the site's time; `to` is null where nobody knows it yet.
    """

    def __init__(self, path: Path) -> None:
        path.parent.mkdir(parents=True, exist_ok=True)
        self._descriptor = os.open(path, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600)

    def __call__(self, spell: Spell, begins: bool) -> None:
        line = {
            "what": "begins" if begins else "ends", "camera": spell.camera, "class": spell.finding,
            "is_fault": spell.is_fault, "severity": spell.severity, "look": spell.appearance,
            "from": _text(spell.from_s), "to": _text(spell.to_s),
        }  # fmt: skip
        os.write(self._descriptor, json.dumps(line).encode() + b"\n")

    def close(self) -> None:
        """No more lines."""
        os.close(self._descriptor)


def _text(t: float) -> str | None:
    if not math.isfinite(t):
        return None
    return datetime.fromtimestamp(t, UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
