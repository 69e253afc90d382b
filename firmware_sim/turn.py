"""One step in the making: the state so far, and what goes out.

Every `step` is pure from outside (state, input, now) -> (state, outputs). Inside, the parts of a device hand one
`Turn` along and each does its share; nothing of it outlives the step.
"""

from __future__ import annotations

import hashlib
import hmac
from dataclasses import replace
from typing import Any

from devices.limits import CHALLENGE_LIFE_S
from devices.messages import Event, EventData, Outcome, Result, event_type_of
from firmware_sim import buffer as buffers
from firmware_sim.outputs import ForgetEvents, KeepEvent, Moved, Output, Send
from firmware_sim.state import Base, Cause, Now, State

CHALLENGE_LIFE_MS = CHALLENGE_LIFE_S * 1000


class Turn:
    """State and outputs of one step."""

    def __init__(self, state: State, now: Now) -> None:
        self.state = state
        self.now = now
        self.out: list[Output] = []

    @property
    def base(self) -> Base:
        return self.state.base

    def change(self, **parts: Any) -> None:
        """Replace parts of the device."""
        self.state = replace(self.state, **parts)

    def change_base(self, **parts: Any) -> None:
        """Replace parts of what every kind has."""
        self.state = replace(self.state, base=replace(self.state.base, **parts))

    def fresh_id(self, what: str) -> str:
        """A new id, nonce or challenge: unguessable, never used twice, and a function of the state alone."""
        number = self.base.ids_made + 1
        self.change_base(ids_made=number)
        return hmac.new(self.base.secret, f"{what}\n{number}".encode(), hashlib.sha256).hexdigest()[:32]

    def fresh_challenge(self) -> str:
        """A new challenge, remembered for as long as it is worth something."""
        value = self.fresh_id("challenge")
        alive = tuple(c for c in self.base.challenges if self.now.ms - c[1] <= CHALLENGE_LIFE_MS)
        self.change_base(challenges=(*alive, (value, self.now.ms)))
        return value

    def record(self, data: EventData) -> None:
        """Something happened: into the buffer, to be sent until it is acked."""
        recorded = buffers.record(self.base.buffer, data, self._event)
        self.change_base(buffer=recorded.buffer)
        self.out.extend(ForgetEvents(*gone) for gone in recorded.forgotten)
        self.out.extend(KeepEvent(event) for event in recorded.written)

    def _event(self, seq: int, data: EventData) -> Event:
        return Event(
            id=self.fresh_id("event"),
            boot=self.base.boot,
            seq=seq,
            at=self.now.wall,
            type=event_type_of(data),
            data=data,
        )

    def moved(self, what: str, cause: Cause, direction: str | None = None, person: str | None = None) -> None:
        """Something physical happened."""
        self.out.append(Moved(what, cause, direction, person))

    def result(self, command: str, outcome: str, reason: str) -> None:
        """Answer a command."""
        answer = Result(command=command, boot=self.base.boot, outcome=Outcome(outcome), reason=reason)
        self.out.append(Send("result", answer))
