"""Devices come, get a new key, are replaced and go, while the gateway runs: recorded, and in force when this returns.

Promises: a bundle of secrets is answered once and stands in no record, log or later answer; after `replace` and
`retire` nothing is taken under the old key, and the broker's files no longer know the old password; what could not be
done at the broker is said in the answer (`InStep`), because the enrolment itself is done by then. Leaves to others:
which name and place fit (`enrolment`), SQL (`DeviceBook`, the store's side), the broker's files (`Broker`).
"""

import asyncio
from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any, Protocol

from devices.signing import new_key
from gateway.core.lanes import NOTHING_HEARD
from gateway.flows import device_status, directory_watch
from gateway.flows.devices import Device
from gateway.flows.enrolment import (
    AlreadyEnrolled,
    Bundle,
    Enrolment,
    NotEnrolled,
    Place,
    device_enrolled,
    device_key_changed,
    device_replaced,
    device_retired,
    new_enrolment,
    new_password,
)
from gateway.flows.notes import note
from gateway.flows.ports import Entry, Unit
from gateway.flows.site import Site

RECORD_WITHIN_S = 10.0


class Step(StrEnum):
    """How far the broker has followed."""

    TOLD = "told"
    """Its files are written, and the running broker has read them."""
    WRITTEN = "written"
    """Its files are written; no broker runs from them here, so it reads them when it starts."""
    NO_FILES = "no_files"
    """Nobody has said where its files lie: somebody has to tell it by hand."""
    FAILED = "failed"


@dataclass(frozen=True, slots=True)
class InStep:
    """What became of the broker's files; `trouble`: words for what did not work."""

    step: Step
    trouble: str | None = None


@dataclass(frozen=True, slots=True)
class Handed:
    """A device's secrets, this one time, and how far the broker has followed."""

    bundle: Bundle
    broker: InStep


@dataclass(frozen=True, slots=True)
class Consequences:
    """What goes with a device, in numbers."""

    others: int
    """Devices of the same kind that stay at its portal, or in its zone."""
    waiting: int
    """People who wait for a guard's word at it just now."""
    untold: int
    """Events that it keeps and has not told; they are lost with it."""
    alarms: int
    """Open alarms that name it."""


class DeviceBook(Protocol):
    """The store's side; the changes belong into a `Unit` that changes the directory."""

    def enrol(self, enrolment: Enrolment, now: datetime) -> Any: ...

    def rotate(self, device: str, key: bytes) -> Any: ...

    def replace(self, device: str, key: bytes, password: str, now: datetime) -> Any: ...

    def retire(self, device: str, now: datetime) -> Any: ...


class Broker(Protocol):
    """Lets in who is enrolled, and nobody else."""

    async def keep_in_step(self) -> InStep: ...


class Enrolling:
    """The acts on enrolled devices. Each raises `LedgerUnavailable`: then nothing was done."""

    def __init__(
        self,
        site: Site,
        book: DeviceBook,
        broker: Broker,
        private_zones: Collection[str] = (),
        taken_names: Collection[str] = (),
    ) -> None:
        self._site = site
        self._book = book
        self._broker = broker
        self.private_zones = frozenset(private_zones)
        self._taken_names = taken_names

    async def enrol(self, kind: str, device: str, place: Place, by: str) -> Handed:
        """One more device. Raises `WrongEnrolment`, `AlreadyEnrolled`."""
        site, now = self._site, self._site.clock.now()
        if site.devices.get(device) is not None:
            raise AlreadyEnrolled(device)
        enrolment = new_enrolment(kind, device, place, site.campus, self.private_zones, self._taken_names)
        await self._commit(device_enrolled(enrolment, by, now), self._book.enrol(enrolment, now))
        return await self._hand_over(device, enrolment.kind.value, enrolment.key, enrolment.password)

    async def rotate_key(self, device: str, by: str) -> Handed:
        """A new key for the same box; the old one is taken until the new one is used. Its password stays, and is not
        said again: who may give keys learns nothing that was handed out before. Raises `NotEnrolled`."""
        found, now, key = self._known(device), self._site.clock.now(), new_key()
        await self._commit(device_key_changed(device, by, now), self._book.rotate(device, key))
        return await self._hand_over(device, found.kind, key, None)

    async def replace(self, device: str, reason: str, by: str) -> Handed:
        """Another box in the same place; the old one is nobody's from now on. Raises `NotEnrolled`."""
        found, now = self._known(device), self._site.clock.now()
        key, password, said = new_key(), new_password(), note(reason, self._site.clock.now())
        change = self._book.replace(device, key, password, now)
        await self._commit(device_replaced(device, said.ref, by, now), change, *said.changes)
        forget_the_box(found)
        self._site.feed.publish(device_status.as_event(self._site, found))
        return await self._hand_over(device, found.kind, key, password)

    async def retire(self, device: str, reason: str, by: str) -> InStep:
        """It is none of ours any more. Raises `NotEnrolled`."""
        self._known(device)
        now, said = self._site.clock.now(), note(reason, self._site.clock.now())
        await self._commit(device_retired(device, by, now, said.ref), self._book.retire(device, now), *said.changes)
        self._site.feed.publish({"type": "device_retired", "device": device, "at": now})
        return await self._broker.keep_in_step()

    def consequences(self, device: str) -> Consequences:
        """What goes with it, for the second look before `replace` and `retire`. Raises `NotEnrolled`."""
        return consequences(self._site, self._known(device))

    def _known(self, device: str) -> Device:
        found = self._site.devices.get(device)
        if found is None:
            raise NotEnrolled(device)
        return found

    async def _commit(self, entry: Entry, *changes: Any) -> None:
        await self._site.ledger.commit(Unit((entry,), changes, directory=True), RECORD_WITHIN_S)
        # It is on disk. Whatever fails from here on is made good by the look of the next second, and must not keep the
        # new secrets from the person: a task of its own reports what it cannot do, and nothing is raised here.
        await asyncio.wait({self._site.spawn(directory_watch.watch(self._site))})

    async def _hand_over(self, device: str, kind: str, key: bytes, password: str | None) -> Handed:
        bundle = Bundle(device, kind, self._site.campus.site, key, password)
        return Handed(bundle, await self._broker.keep_in_step())


def consequences(site: Site, device: Device) -> Consequences:
    """What goes with `device`."""
    same = [one for one in site.devices if one.kind == device.kind and one.id != device.id]
    return Consequences(
        others=sum((one.portal, one.zone) == (device.portal, device.zone) for one in same),
        waiting=sum(one.device == device.id and not one.answered for one in site.waits.values()),
        untold=device.buffered,
        alarms=sum(one.place == device.id for one in site.alarms.by_id.values()),
    )


def forget_the_box(device: Device) -> None:
    """What was heard of the old box says nothing of the new one; a latch stays, because only a reset ends it."""
    device.challenge, device.has_said_status = None, False
    device.firmware = device.clock = device.drift_ms = None
    device.posture = device.list_version = device.revoked = None
    device.lock_state = device.position = device.presence = None
    device.sensors, device.buffered, device.previous_boot = NOTHING_HEARD, 0, None
