"""What a device decides alone when no answer comes (rules 6 and 7).

Promise (P1): alone, a device grants entry only where its last posture and list grant it at that moment, and every
doubt — no posture, an old proof, an expired list, a clock that may be wrong — only takes away. Leaving by an escape
route is never refused. Pure: everything it looks at is an argument.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime

from devices.messages import CredentialEntry, Emergency, EntryOffline, ExitOffline
from firmware_sim.state import Now, Standing

MINUTES_A_WEEK = 7 * 24 * 60


@dataclass(frozen=True, slots=True)
class Alone:
    """A decision made without the gateway; `reason` is one of the protocol's `access` reasons."""

    granted: bool
    reason: str


@dataclass(frozen=True, slots=True)
class Asked:
    """Who asks, as the device can tell."""

    token: str
    direction: str


def decide(standing: Standing, asked: Asked, now: Now, age_s: float | None, escape: bool, fire: bool) -> Alone:
    """The decision of rule 6. `age_s`: since the last proof that the gateway was there; None: there never was one."""
    if asked.direction == "out":
        return leaving(standing, asked, now, escape, fire)
    return entering(standing, asked, now, age_s)


def entering(standing: Standing, asked: Asked, now: Now, age_s: float | None) -> Alone:
    """Alone on entry: the posture allows the list, the proof is young, and an entry matches in everything."""
    posture = standing.posture
    if posture is None:
        return Alone(False, "offline_denied")
    if asked.token in standing.revoked:
        return Alone(False, "credential_revoked")
    if posture.offline.entry is not EntryOffline.LIST:
        return Alone(False, "lockdown" if posture.emergency is Emergency.LOCKDOWN else "offline_denied")
    if age_s is None or age_s > posture.offline.max_age_s:
        return Alone(False, "offline_denied")
    expires_at = standing.list_expires_at
    if now.synced and expires_at is not None and now.wall >= expires_at:
        return Alone(False, "offline_denied")
    entries = [e for e in standing.entries.get(asked.token, ()) if asked.direction in e.directions]
    if not entries:
        return Alone(False, "not_listed")
    entries = [e for e in entries if posture.level in e.levels]
    if not entries:
        return Alone(False, "level_refuses")
    if not any(holds_at(e, now) for e in entries):
        return Alone(False, "outside_hours")
    return Alone(True, "ok")


def leaving(standing: Standing, asked: Asked, now: Now, escape: bool, fire: bool) -> Alone:
    """Alone on the way out."""
    posture = standing.posture
    if fire or (posture is not None and posture.emergency is Emergency.EVACUATE):
        return Alone(True, "ok_evacuate")
    if is_free(standing, escape, fire):
        return Alone(True, "ok_exit")
    assert posture is not None
    if posture.offline.exit is ExitOffline.DENY:
        return Alone(False, "offline_denied")
    if asked.token in standing.revoked:
        return Alone(False, "credential_revoked")
    # `list` on the way out looks at neither level, emergency, age nor the list's end: only at the entry itself.
    entries = [e for e in standing.entries.get(asked.token, ()) if asked.direction in e.directions]
    if not entries:
        return Alone(False, "not_listed")
    if not any(holds_at(e, now) for e in entries):
        return Alone(False, "outside_hours")
    return Alone(True, "ok_exit")


def is_free(standing: Standing, escape: bool, fire: bool) -> bool:
    """Whether the way out opens at once and without asking (rule 7)."""
    posture = standing.posture
    return (
        escape
        or fire
        or posture is None
        or posture.emergency is Emergency.EVACUATE
        or posture.offline.exit is ExitOffline.FREE
    )


def holds_at(entry: CredentialEntry, now: Now) -> bool:
    """Whether the entry's window and bounds hold; a device that does not trust its clock uses only entries without."""
    bounded = entry.windows is not None or entry.not_before is not None or entry.not_after is not None
    if not bounded:
        return True
    if not now.synced:
        return False
    if entry.not_before is not None and now.wall < entry.not_before:
        return False
    if entry.not_after is not None and now.wall >= entry.not_after:
        return False
    return entry.windows is None or in_windows(entry.windows, now.wall)


def in_windows(windows: tuple[tuple[int, int], ...], at: datetime) -> bool:
    """Whether the moment lies in one of the windows [from, to), in minutes since Monday 00:00 UTC."""
    utc = at.astimezone(UTC)
    minute = utc.weekday() * 1440 + utc.hour * 60 + utc.minute
    return any(start <= minute < stop for start, stop in windows)
