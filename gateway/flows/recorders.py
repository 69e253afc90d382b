"""What a camera or recorder says of its recording: whether it records, how much room is left, how far back it reaches.

Promises: `not_recording` at the word that it does not, or when a recorder that used to tell, or is asked, has been
silent for `SILENT_AFTER_S`; `disk_low` below the configured room; `retention_short` when recordings are removed before
they are as old as they have to be. What a recorder does not tell is not judged. A recorder that has removed nothing yet
is *growing*: its days are few because it is new. None of these is silenced by maintenance. Where a recorder is asked,
its word counts and not the camera's own. Leaves to others: asking (`recorder_round`); telling people
(`camera_findings`); keeping what was said over a restart (`camera_checks` writes it with the camera's state).
"""

import secrets
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from devices.messages import Recording as Said
from gateway.core.cameras import Finding
from gateway.core.health import Change
from gateway.core.recordings import Trouble
from gateway.flows import camera_findings
from gateway.flows.cameras import CameraState, Evidence, RecorderState, Spell
from gateway.flows.changes import CameraSpellMoved
from gateway.flows.devices import Device
from gateway.flows.site import Site

SILENT_AFTER_S = 15 * 60.0
"""A recorder tells every five minutes, and is asked so often; two words may be lost."""
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
    free_bytes: int | None
    """None: it does not tell; recorders that are asked never do."""
    oldest_at: datetime | None
    """None: it tells no date that can be believed."""
    days_kept: float | None
    days_wanted: int
    growing: bool
    """It has removed nothing since it is known: its days become more."""

    @property
    def is_short(self) -> bool:
        return self.days_kept is not None and self.days_kept < self.days_wanted and not self.growing


async def heard(site: Site, device: Device, said: Said) -> None:
    """A recorder's word; only in the ledger where its device is no camera's, or a recorder is asked for the camera."""
    state = site.cameras.of_device(device.id)
    if state is not None and state.camera.recorder is None:
        await told(site, state, said.ok, said.oldest_at, said.free_bytes)


async def told(
    site: Site,
    state: CameraState,
    ok: bool,
    oldest_at: datetime | None,
    free_bytes: int | None = None,
    detail: str = "",
) -> None:
    """What is known of a camera's recording now. `detail` is for people, and goes with what it finds."""
    now = site.clock.now()
    site.findings.recorder_heard[state.camera.id] = site.clock.monotonic()
    if not site.findings.is_loaded:
        return  # it may stand already; the recorder's next word comes in five minutes
    begun = state.recording.get("first_oldest_at")
    known = [at for at in (None if begun is None else datetime.fromisoformat(begun), oldest_at) if at is not None]
    state.recording = {
        "at": now.isoformat(),
        "ok": ok,
        "free_bytes": free_bytes,
        "oldest_at": None if oldest_at is None else oldest_at.isoformat(),
    }
    if known:
        state.recording["first_oldest_at"] = min(known).isoformat()
    site.cameras.stale.add(state.camera.id)
    await _judge(site, state, detail)


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
        camera, why, after_s = known.camera.id, "no word from it", SILENT_AFTER_S
        if known.camera.recorder is not None:
            recorder = site.cameras.recorders.get(known.camera.recorder.recorder)
            if recorder is None:
                continue
            why, after_s = _why(recorder, camera), max(after_s, 3 * recorder.recorder.every_s)
        elif known.camera.device is None or "at" not in known.recording:
            continue
        elif not site.broker_connected:
            heard_at[camera] = mono
        since = heard_at.setdefault(camera, mono)  # the gateway's own start counts as a word
        if mono - since >= after_s and Finding.NOT_RECORDING not in known.spells:
            await _raise(site, known, Finding.NOT_RECORDING, (mono - since) / 60, after_s / 60, why)


def _why(recorder: RecorderState, camera: str) -> str:
    if recorder.trouble_of(camera) is Trouble.NOT_LISTED:
        return "its recorder knows no recording of it"
    return f"its recorder cannot be asked: {recorder.detail}" if recorder.detail else "its recorder cannot be asked"


async def _judge(site: Site, known: CameraState, detail: str) -> None:
    """Raise and clear what the newest word says."""
    said, rules = _as_recording(site, known), site.cameras.rules
    limit = rules.disk_low_gb
    wrong: dict[Finding, tuple[bool, float, float, str]] = {
        Finding.NOT_RECORDING: (not said.ok, float(said.ok), 1.0, detail),
        # A recorder that does not tell its room takes the place of one that did.
        Finding.DISK_LOW: (False, limit, limit, ""),
    }
    if said.free_bytes is not None:
        room = said.free_bytes / GB
        enough = limit * ROOM_AGAIN if Finding.DISK_LOW in known.spells else limit
        wrong[Finding.DISK_LOW] = (room < enough, room, limit, f"{room:.1f} GB")
    if said.days_kept is not None:
        kept = f"{said.days_kept:.1f}/{said.days_wanted} d"
        wrong[Finding.RETENTION_SHORT] = (
            said.is_short,
            said.days_kept,
            float(said.days_wanted),
            f"{kept}; {detail}" if detail else kept,
        )
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
    at, ok, wanted = datetime.fromisoformat(kept["at"]), bool(kept["ok"]), known.camera.keep_days
    room = None if kept["free_bytes"] is None else int(kept["free_bytes"])
    if kept["oldest_at"] is None:
        return Recording(at, ok, room, None, None, wanted, growing=False)
    oldest, first = datetime.fromisoformat(kept["oldest_at"]), kept.get("first_oldest_at")
    days = max(0.0, (site.clock.now() - oldest).total_seconds() / DAY_S)
    growing = first is None or oldest <= datetime.fromisoformat(first) + MAY_MOVE
    return Recording(at, ok, room, oldest, days, wanted, growing)
