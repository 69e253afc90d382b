"""What a device refuses of a command, and what it decides alone, as the protocol's page has it, without code of ours.

Rules 1, 6 and 7 as far as the tests of a lone device need them: an entry of the list opens, and everything else stays
shut on the way in.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime

from tests.parts.lone_wire import Fields, as_text

CHALLENGE_LIFE_S = 12.0
NONCE_LIFE_S = 5.0


@dataclass(slots=True)
class OpenTap:
    """Somebody stands at the device."""

    id: str
    nonce: str
    fields: Fields
    asked_at: float
    decided: str | None = None
    """`gateway` or `alone`, once it is."""
    waits_until: float | None = None
    answers: list[Fields] = field(default_factory=list)
    outcome: str | None = None
    answered_at: float | None = None


def refusal(
    fields: Fields,
    tap: OpenTap | None,
    used: Collection[str],
    challenges: Mapping[str, float],
    retained: bool,
    now: float,
) -> str | None:
    """Rule 1, in its order; `mac` was asked before, `interlock` is asked by who would move."""
    if retained:
        return "retained"
    if fields["id"] in used:
        return "replayed"
    if fields.get("for") is not None and (tap is None or tap.decided is not None):
        free = tap is not None and tap.decided == "alone" and tap.outcome == "grant"
        return "posture" if free and fields["action"] == "deny" else "late"
    made = challenges.get(fields["challenge"])
    if made is not None and now - made <= CHALLENGE_LIFE_S:
        return None
    if tap is not None and fields["challenge"] == tap.nonce and now - tap.asked_at <= NONCE_LIFE_S:
        return None
    return "stale"


def exit_is_free(posture: Fields | None) -> bool:
    """True if the way out opens before anybody has answered."""
    return posture is None or posture["offline"]["exit"] == "free"


def alone(
    posture: Fields | None,
    entries: Iterable[Fields],
    revoked: Collection[str],
    token: str,
    direction: str,
    at: datetime,
) -> tuple[str, str]:
    """Outcome and reason for a credential of this name on the list."""
    if direction == "out" and exit_is_free(posture):
        return "grant", "ok_exit"
    if token in revoked:
        return "deny", "credential_revoked"
    if posture is None:
        return "deny", "offline_denied"
    if _is_listed(posture, entries, token, direction, at):
        return "grant", "ok"
    return "deny", "not_listed"


def _is_listed(posture: Fields, entries: Iterable[Fields], token: str, direction: str, at: datetime) -> bool:
    if direction == "in" and posture["offline"]["entry"] != "list":
        return False
    return any(
        entry["token"] == token
        and direction in entry["directions"]
        and posture["level"] in entry["levels"]
        and _is_open(entry["windows"], at)
        and (entry["not_before"] is None or entry["not_before"] <= as_text(at))
        and (entry["not_after"] is None or as_text(at) < entry["not_after"])
        for entry in entries
    )


def _is_open(windows: list[list[int]] | None, at: datetime) -> bool:
    minute = at.weekday() * 1440 + at.hour * 60 + at.minute
    return windows is None or any(
        first <= minute < last or first <= minute + 7 * 1440 < last for first, last in windows
    )
