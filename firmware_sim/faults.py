"""Faults on demand: what a device can be made to suffer, by name.

The shell asks here at each place where a fault could bite; a fault ends by itself after its seconds, or when cleared.
Clock, cut and power are carried out by the shell at once; the rest is only looked up.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

KNOWN = {
    "cut_network": "the link is cut and stays away",
    "stall": "the device does nothing; what comes in waits",
    "drop_acks": "`ack` messages are lost on the way in",
    "drop_commands": "`command` messages are lost on the way in",
    "drop_postures": "`posture` messages are lost on the way in: the device goes on by the old one",
    "wrong_clock": "the wall clock is off by offset_s, synced or not",
    "duplicate": "every message is sent `times` (2) times",
    "bad_mac": "messages (on `channels`, or all) carry a wrong mac",
    "frozen_presence": "the presence sensors' counter stands still",
    "silent_presence": "the presence sensors say nothing",
    "full_buffer": "the event buffer has `capacity` (default: what it holds now, at least 10)",
    "power_loss": "no power; a new boot afterwards",
}


@dataclass(slots=True)
class Fault:
    """One fault in force."""

    until_s: float | None
    how: dict[str, Any] = field(default_factory=dict)


class Faults:
    """The faults in force at one device."""

    def __init__(self, clock: Callable[[], float]) -> None:
        self._clock = clock
        self._active: dict[str, Fault] = {}

    def set(self, name: str, seconds: float | None, how: dict[str, Any]) -> None:
        """Begin a fault; without seconds it stays until cleared."""
        if name not in KNOWN:
            raise ValueError(f"no fault {name!r}; known: {', '.join(KNOWN)}")
        self._active[name] = Fault(None if seconds is None else self._clock() + seconds, how)

    def clear(self, name: str | None = None) -> None:
        """End one fault, or all."""
        if name is None:
            self._active.clear()
        else:
            self._active.pop(name, None)

    def how(self, name: str) -> dict[str, Any] | None:
        """The details of a fault in force, else None."""
        fault = self._active.get(name)
        if fault is None:
            return None
        if fault.until_s is not None and self._clock() >= fault.until_s:
            del self._active[name]
            return None
        return fault.how

    def on(self, name: str) -> bool:
        """Whether a fault is in force."""
        return self.how(name) is not None
