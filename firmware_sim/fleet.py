"""A set of simulated devices in one loop, with the wires between them.

    async with Fleet(specs, Broker(url), folder) as fleet:
        answer = await fleet["north-in-1"].tap("AA11")

The wires are the simulator's: fire at a panel pulls the fire input of every door that is wired to its zone, whatever
the broker, the gateway or the network do.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterator, Sequence
from pathlib import Path
from types import TracebackType

from devices.topics import Kind
from firmware_sim.clock import WallClock, true_time
from firmware_sim.device import Device
from firmware_sim.shell import Broker
from firmware_sim.spec import Spec
from firmware_sim.truth import Truth

START_APART_S = 0.002
"""Between two first connects: five hundred in a second."""


class Fleet:
    """The devices of one site."""

    def __init__(
        self,
        specs: Sequence[Spec],
        broker: Broker | str,
        folder: Path,
        truth: Truth | Path | None = None,
        *,
        durable: bool = False,
        wall: WallClock = true_time,
    ) -> None:
        self.broker = Broker(broker) if isinstance(broker, str) else broker
        self._own_truth = not isinstance(truth, Truth)
        self.log = truth if isinstance(truth, Truth) else Truth(truth)
        self.devices = {
            spec.device: Device(
                spec,
                self.broker,
                folder / spec.device,
                self.log,
                durable=durable,
                delay_s=number * START_APART_S,
                wall=wall,
            )
            for number, spec in enumerate(specs)
        }

    def __getitem__(self, device: str) -> Device:
        return self.devices[device]

    def __iter__(self) -> Iterator[Device]:
        return iter(self.devices.values())

    def __len__(self) -> int:
        return len(self.devices)

    async def __aenter__(self) -> Fleet:
        await self.start()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.stop()

    async def start(self) -> None:
        """Switch every device on; returns before they are connected."""
        for device in self:
            await device.start()

    async def wait_connected(self, timeout_s: float = 30.0) -> None:
        """Returns when every device has said its status; TimeoutError names some that have not."""
        try:
            await asyncio.gather(*(device.until(lambda state: state.base.connected, timeout_s) for device in self))
        except TimeoutError:
            away = [device.spec.device for device in self if not device.connected]
            raise TimeoutError(f"{len(away)} of {len(self)} devices are not connected: {', '.join(away[:5])}") from None

    async def stop(self) -> None:
        """Switch every device off in good order."""
        await asyncio.gather(*(device.stop() for device in self))
        if self._own_truth:
            self.log.close()

    def of_kind(self, kind: Kind) -> list[Device]:
        """All devices of a kind."""
        return [device for device in self if device.spec.kind is kind]

    def at_portal(self, portal: str) -> list[Device]:
        """The devices of one portal."""
        return [device for device in self if device.spec.portal == portal]

    def fire(self, zone: str, active: bool = True) -> None:
        """Fire in a zone, or its end: the panels say so on the network, the wires reach the doors by themselves."""
        for device in self:
            if zone in device.spec.fire_zones:
                device.fire_wire(active)
        for device in self:
            if zone in device.spec.zones and device.is_on:
                device.panel_fire(zone, active)

    def is_quiet(self) -> bool:
        """Whether no event waits for an `ack` and no tap for an answer."""
        return all(
            not device.is_on or (not device.state.base.buffer.events and not device.state.taps) for device in self
        )

    async def quiet(self, timeout_s: float = 30.0) -> None:
        """Returns when `is_quiet`; TimeoutError names who still holds events."""
        loop = asyncio.get_running_loop()
        until = loop.time() + timeout_s
        while not self.is_quiet():
            if loop.time() >= until:
                held = [f"{d.spec.device}: {len(d.state.base.buffer)}" for d in self if d.is_on and d.state.base.buffer]
                raise TimeoutError(f"events without ack: {', '.join(held[:5])}")
            await asyncio.sleep(0.02)
