"""What a camera or recorder says of its recording: whether it records, how much room is left, how far back it reaches.

Promises: `not_recording` at the word that it does not, or when a recorder that used to tell has been silent for
`SILENT_AFTER_S`; `disk_low` below the configured room; `retention_short` when recordings are removed before they are
as old as they have to be. A recorder that has removed nothing yet is *growing*: its days are few because it is new.
None of these is silenced by maintenance. Leaves to others: telling people (`camera_findings`); keeping what was said
over a restart (`camera_checks` writes it with the camera's state).
"""

import secrets
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from devices.messages import Recording as Said
from gateway.core.cameras import Finding
from gateway.core.health import Change
from gateway.flows import camera_findings
from gateway.flows.cameras import CameraState, Evidence, Spell
from gateway.flows.changes import CameraSpellMoved
from gateway.flows.devices import Device
from gateway.flows.site import Site

SILENT_AFTER_S = 15 * 60.0
"""A recorder tells every five minutes; two words may be lost."""
MAY_MOVE = timedelta(hours=2)
"""A recorder removes a piece at a time; that its oldest one is younger by this says that it removes."""
ROOM_AGAIN = 1.1
"""So much more than the limit there has to be until a full disk is over, so that it does not come and go."""
DAY_S = 86_400.0
GB = 1e9


@dataclass(frozen=True, slots=True)
class Recording:
    """What a recorder said last."""

    at: datetime
    ok: bool
    free_bytes: int
    oldest_at: datetime
    days_kept: float
    days_wanted: int
    growing: bool
    """It has removed nothing since it is known: its days become more."""

    @property
    def is_short(self) -> bool:
        return self.days_kept < self.days_wanted and not self.growing


async def heard(site: Site, device: Device, said: Said) -> None:
    """A recorder's word. One of a device that is no configured camera's is only in the ledger."""
    state = site.cameras.of_device(device.id)
    if state is None:
        return
    now = site.clock.now()
    site.findings.recorder_heard[state.camera.id] = site.clock.monotonic()
    if not site.findings.is_loaded:
        return  # it may stand already; the recorder's next word comes in five minutes
    known = state.recording
    begun = known.get("first_oldest_at")
    first = said.oldest_at if begun is None else min(datetime.fromisoformat(begun), said.oldest_at)
    state.recording = {
        "at": now.isoformat(),
        "ok": said.ok,
        "free_bytes": said.free_bytes,
        "oldest_at": said.oldest_at.isoformat(),
        "first_oldest_at": first.isoformat(),
    }
    await _judge(site, state)


def state(site: Site, camera: str) -> Recording | None:
    """What the recorder of a camera said last; None if it never told of one."""
    known = site.cameras.get(camera)
    return None if known is None or "at" not in known.recording else _as_recording(site, known)


def begin_anew(site: Site, camera: str) -> None:
    """The recorder or its disk is a new one: what it has counts from its next word on."""
    known = site.cameras.get(camera)
    if known is not None and known.recording:
        known.recording = {name: value for name, value in known.recording.items() if name != "first_oldest_at"}


async def look(site: Site) -> None:
    """Recorders that are silent. For each second; while the broker is away nobody can be heard."""
    mono = site.clock.monotonic()
    heard_at = site.findings.recorder_heard
    for known in site.cameras:
        camera = known.camera.id
        if known.camera.device is None or "at" not in known.recording:
            continue
        if not site.broker_connected:
            heard_at[camera] = mono
        since = heard_at.setdefault(camera, mono)  # the gateway's own start counts as a word
        if mono - since >= SILENT_AFTER_S and Finding.NOT_RECORDING not in known.spells:
            minutes = (mono - since) / 60
            await _raise(site, known, Finding.NOT_RECORDING, minutes, SILENT_AFTER_S / 60, "no word from it")


async def _judge(site: Site, known: CameraState) -> None:
    """Raise and clear what the newest word says."""
    said, rules = _as_recording(site, known), site.cameras.rules
    limit = rules.disk_low_gb
    room = said.free_bytes / GB
    enough = limit * ROOM_AGAIN if Finding.DISK_LOW in known.spells else limit
    wrong: dict[Finding, tuple[bool, float, float, str]] = {
        Finding.NOT_RECORDING: (not said.ok, 0.0, 1.0, ""),
        Finding.DISK_LOW: (room < enough, room, limit, f"{room:.1f} GB"),
        Finding.RETENTION_SHORT: (
            said.is_short,
            said.days_kept,
            float(said.days_wanted),
            f"{said.days_kept:.1f}/{said.days_wanted} d",
        ),
    }
    for finding, (is_wrong, value, threshold, detail) in wrong.items():
        if is_wrong and finding not in known.spells:
            await _raise(site, known, finding, value, threshold, detail)
        elif not is_wrong and finding in known.spells:
            await _clear(site, known, finding, value, threshold)


async def _raise(site: Site, known: CameraState, finding: Finding, value: float, threshold: float, detail: str) -> None:
    now = site.clock.now()
    spell = Spell(secrets.token_hex(8), known.camera.id, finding, now, now, None, value, threshold)
    known.spells[finding] = spell
    change = Change(now.timestamp(), finding, True, value, threshold)
    evidence = Evidence(spell.id)
    await camera_findings.found(site, known.camera, change, evidence, detail, (CameraSpellMoved(spell),))


async def _clear(site: Site, known: CameraState, finding: Finding, value: float, threshold: float) -> None:
    now = site.clock.now()
    before = known.spells.pop(finding)
    over = Spell(
        before.id, before.camera, finding, before.began_at, before.raised_at, now, before.value, before.threshold
    )
    change = Change(now.timestamp(), finding, False, value, threshold)
    await camera_findings.found(site, known.camera, change, Evidence(before.id), "", (CameraSpellMoved(over),))


def _as_recording(site: Site, known: CameraState) -> Recording:
    kept: dict[str, Any] = known.recording
    at, oldest = (datetime.fromisoformat(kept[name]) for name in ("at", "oldest_at"))
    first = kept.get("first_oldest_at")
    days = max(0.0, (site.clock.now() - oldest).total_seconds() / DAY_S)
    growing = first is None or oldest <= datetime.fromisoformat(first) + MAY_MOVE
    return Recording(at, bool(kept["ok"]), int(kept["free_bytes"]), oldest, days, known.camera.keep_days, growing)
