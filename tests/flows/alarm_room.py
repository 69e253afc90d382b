"""A house with the beat of its alarms, and what a test asks of them."""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa

from gateway.flows import alarm_watch, alarms
from gateway.flows.open_alarms import Alarm
from gateway.store import tables
from tests.flows.conftest import House


class Room:
    """The house, with the beat of the alarms."""

    def __init__(self, house: House) -> None:
        self.house = house

    @property
    def site(self) -> Any:
        return self.house.site

    async def go_on(self, seconds: float, step: float = 1.0) -> None:
        end = self.house.clock.monotonic() + seconds
        while self.house.clock.monotonic() < end:
            self.house.clock.go_on(min(step, end - self.house.clock.monotonic()))
            await alarm_watch.look(self.site)
        await self.house.settle()

    async def raised(self, condition: str, place: str) -> Alarm:
        await alarms.raise_alarm(self.site, condition, place)
        await self.house.settle()
        return self.of(condition, place)

    def of(self, condition: str, place: str) -> Alarm:
        found: Alarm | None = self.site.alarms.of(condition, place)
        assert found is not None, f"no alarm {condition} at {place}"
        return found

    def state(self, alarm: Alarm) -> str | None:
        known = self.site.alarms.by_id.get(alarm.id)
        return None if known is None else known.state

    async def stored(self) -> list[Any]:
        await self.house.settle()
        with self.house._database.engine.connect() as connection:
            return list(connection.execute(sa.select(tables.alarms)))
