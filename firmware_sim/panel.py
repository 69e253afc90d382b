"""A panel: fire alarms by zone and panic buttons by place. The wires to the doors are the campus's, not the panel's."""

from __future__ import annotations

from devices.messages import FireAlarm, FireClear, Panic
from firmware_sim import base, commands
from firmware_sim.inputs import Input, PanelFire, PanelPanic
from firmware_sim.state import State
from firmware_sim.turn import Turn


def act(turn: Turn, accepted: commands.Accepted) -> None:
    """A panel has nothing that a command could move."""
    base.common_command(turn, accepted.command)


def happened(turn: Turn, what: Input) -> None:
    """Detectors and buttons."""
    if isinstance(what, PanelFire):
        turn.record(FireAlarm(zone=what.zone) if what.active else FireClear(zone=what.zone))
    elif isinstance(what, PanelPanic):
        turn.record(Panic(location=what.location))


def tick(turn: Turn) -> None:
    """A panel has no timers."""


def next_ms(state: State) -> int | None:
    """A panel has no timers."""
    return None
