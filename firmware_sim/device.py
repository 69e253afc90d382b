"""What people, wires and faults do to a simulated device; the hands of tests and of the campus."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field
from typing import Any

from devices.messages import Presence
from devices.topics import Kind
from firmware_sim import inputs
from firmware_sim.outputs import TapAnswered
from firmware_sim.shell import Shell

SENSOR_EVERY_S = 0.1
"""How often a bollard's sensors speak: five words within the 500 ms for which S4 believes them."""


@dataclass(frozen=True, slots=True)
class Answer:
    """What a person saw after a tap."""

    tap: str
    outcome: str
    """grant, deny or wait; `none` where the device did not take the tap or lost its power"""
    reason: str
    alone: bool = False
    command: str | None = None
    after_s: float = 0.0

    @property
    def granted(self) -> bool:
        """Whether the person may go."""
        return self.outcome == "grant"


@dataclass(slots=True)
class _Asked:
    since_s: float
    first_answer: bool
    future: asyncio.Future[Answer] = field(default_factory=lambda: asyncio.get_running_loop().create_future())


class Device(Shell):
    """A simulated device with everything that can be done to it."""

    def __init__(self, *arguments: Any, **options: Any) -> None:
        super().__init__(*arguments, **options)
        self._asked: dict[str, _Asked] = {}
        self._presence = [Presence.CLEAR, Presence.CLEAR]
        self._counter = 0
        self._sensor: asyncio.TimerHandle | None = None

    async def start(self) -> None:
        """Switch on."""
        await super().start()
        if self.spec.kind is Kind.BOLLARD:
            self._sense_again()

    async def stop(self) -> None:
        """Switch off in good order."""
        if self._sensor is not None:
            self._sensor.cancel()
            self._sensor = None
        await super().stop()
        self._nobody_answers()

    # People

    async def tap(
        self,
        value: str,
        direction: str = "in",
        *,
        kind: str = "card",
        pin: str | None = None,
        confidence: float | None = None,
        duress: bool = False,
        person: str | None = None,
        first_answer: bool = False,
        timeout_s: float = 90.0,
    ) -> Answer:
        """Show a credential and wait for the light. With `first_answer` a `wait` counts as an answer too."""
        if self._state is None:
            return Answer("", "none", "no_power")
        before = {tap.tap.id for tap in self.state.taps}
        if kind == "plate" and confidence is None:
            confidence = 0.97
        since = self.seconds()
        self.feed(inputs.TapCard(value, direction, kind, pin, confidence, duress, person))
        taken = next((tap.tap.id for tap in self.state.taps if tap.tap.id not in before), None)
        if taken is None:
            return Answer("", "none", "stalled" if self.faults.on("stall") else "busy")
        return await self._answer(taken, _Asked(since, first_answer), timeout_s)

    async def final_answer(self, tap: str, timeout_s: float = 90.0) -> Answer:
        """The answer that ends a tap which a guard is looking at."""
        if self._state is None or all(tap != open_.tap.id for open_ in self.state.taps):
            return Answer(tap, "none", "closed")
        return await self._answer(tap, _Asked(self.seconds(), first_answer=False), timeout_s)

    async def walk_through(
        self,
        direction: str = "in",
        *,
        person: str | None = None,
        forced: bool = False,
        leave_open: bool = False,
        behind: bool = False,
    ) -> bool:
        """Go through; False if what is locked let nobody through. `leave_open`: a dormitory door's leaf stays open;
        `behind`: slip through a turnstile together with the one before."""
        self._moves = []
        self.feed(inputs.WalkThrough(direction, person, forced, leave_open, behind))
        return any(moved.what == "passed" for moved in self._moves)

    def close_door(self) -> None:
        """Close the leaf that was left open."""
        self.feed(inputs.CloseDoor())

    def press_exit_button(self, person: str | None = None) -> None:
        """The button on the inner side."""
        self.feed(inputs.PressExitButton(person))

    def open_casing(self) -> None:
        """Tamper."""
        self.feed(inputs.OpenCasing())

    def read_plate(self, plate: str, direction: str = "in", confidence: float = 0.97) -> None:
        """A camera sees a plate that asks for nothing."""
        self.feed(inputs.PlateRead(plate, confidence, direction))

    def recorder(self, ok: bool, free_bytes: int = 2**39, kept_days: float = 120.0) -> None:
        """The camera's recorder fails or recovers."""
        self.feed(inputs.RecorderChanged(ok, free_bytes, kept_days * 86_400))

    # Wires, sensors, bollard

    def fire_wire(self, active: bool) -> None:
        """The wire from the panel; `Fleet.fire` pulls it for every door of a zone."""
        self.feed(inputs.FireWire(active))

    def panel_fire(self, zone: str, active: bool) -> None:
        """A detector at this panel; the doors hear it by `Fleet.fire` only."""
        self.feed(inputs.PanelFire(zone, active))

    def panic(self, location: str) -> None:
        """A panic button of this panel."""
        self.feed(inputs.PanelPanic(location))

    def presence(self, vehicle: str | None = None, pedestrian: str | None = None) -> None:
        """Who stands at the bollard; told at once, then every 100 ms."""
        if vehicle is not None:
            self._presence[0] = Presence(vehicle)
        if pedestrian is not None:
            self._presence[1] = Presence(pedestrian)
        self._sense()

    def press_efo(self) -> None:
        """The emergency button at the bollard."""
        self.feed(inputs.PressEfo())

    def move_by_hand(self) -> None:
        """Pump the bollard down."""
        self.feed(inputs.MoveByHand())

    def hit(self, g: float) -> None:
        """Drive into the bollard."""
        self.feed(inputs.Hit(g))

    # Faults

    def fault(self, name: str, seconds: float | None = None, **how: Any) -> None:
        """Begin a fault (`faults.KNOWN`); it ends after its seconds or with `clear_fault`."""
        if name == "full_buffer":
            how.setdefault("capacity", max(10, len(self.state.base.buffer)))
        self.faults.set(name, seconds, how)
        if name == "cut_network":
            self._spawn(self._cut())
        elif name == "power_loss":
            self._spawn(self.restart(seconds or 0.0))
        elif name == "full_buffer":
            self.resize_buffer(how["capacity"])
        if seconds is not None:
            asyncio.get_running_loop().call_later(seconds + 0.01, self._fault_over)
        self.feed(inputs.Tick())

    def clear_fault(self, name: str | None = None) -> None:
        """End one fault, or all."""
        self.faults.clear(name)
        self._fault_over()

    def _fault_over(self) -> None:
        if not self.faults.on("full_buffer"):
            self.resize_buffer(self.spec.capacity)
        if self._state is not None:
            self._open()
        self.feed(inputs.Tick())

    # Inside

    async def _answer(self, tap: str, asked: _Asked, timeout_s: float) -> Answer:
        self._asked[tap] = asked
        try:
            return await asyncio.wait_for(asked.future, timeout_s)
        finally:
            self._asked.pop(tap, None)

    def tap_answered(self, answered: TapAnswered) -> None:
        """The light changed: tell the person who waits for it."""
        asked = self._asked.get(answered.tap)
        if asked is None or asked.future.done() or (answered.outcome == "wait" and not asked.first_answer):
            return
        asked.future.set_result(
            Answer(
                answered.tap,
                answered.outcome,
                answered.reason,
                answered.alone,
                answered.command,
                self.seconds() - asked.since_s,
            )
        )

    def _power_off(self) -> None:
        super()._power_off()
        self._nobody_answers()

    def _nobody_answers(self) -> None:
        for tap, asked in self._asked.items():
            if not asked.future.done():
                asked.future.set_result(Answer(tap, "none", "no_power"))

    def _sense(self) -> None:
        if self.faults.on("silent_presence"):
            return
        if not self.faults.on("frozen_presence"):
            self._counter += 1
        self.feed(inputs.Sensed(self._presence[0], self._presence[1], self._counter))

    def _sense_again(self) -> None:
        self._sense()
        self._sensor = asyncio.get_running_loop().call_later(SENSOR_EVERY_S, self._sense_again)
