"""A campus in motion: people of a scenario come and go at the simulated devices.

Theory. A scenario's plan says who wants to pass where and when. Here a person walks up to a device, stands in its
queue, taps, looks at the light, and goes through or not. Where everybody is, is known here and nowhere else; somebody
who did not get in does not go out later. `speed` compresses the schedule and the time people need; devices, networks
and clocks stay true.

Promises: the same people, scenario and seed want the same passages. Leaves to the gateway what becomes of them.
"""

from __future__ import annotations

import asyncio
import random
from collections import Counter
from collections.abc import Callable, Coroutine, Sequence
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

from devices.canonical import canonical
from devices.messages import LockState
from devices.topics import Kind
from firmware_sim import lane
from firmware_sim.clock import WallClock
from firmware_sim.device import Answer, Device
from firmware_sim.fleet import Fleet
from firmware_sim.people import Person, has_run_out
from firmware_sim.scenario import VEHICLE, Going, Incident, Scenario, drives, plan
from firmware_sim.state import State

if TYPE_CHECKING:
    from firmware_sim.cameras.site import Cameras

OUTSIDE, CAMPUS = "outside", "campus"
VEHICLE_PORTAL = "north-vehicle"
STEP_S = 1.2
"""From one person's tap to the next one's, at a turnstile, at speed 1."""
STEP_AT_LEAST_S = 0.3
"""Whatever the speed: a passage is four messages, and a device above 20 a second is taken for broken (rule 12)."""
PATIENCE_S = 60.0
"""Somebody who stood in a queue this long (real time) goes away."""
UNKNOWN_A_MINUTE = 5
"""Unknown cards at one device; ten in a minute would put it under quarantine."""
SHUT_WITHIN_S = 15.0
"""Longer than any hold time."""
LEFT_OPEN_S = 33.0
"""How long a door that was left open stays so: longer than it may."""


class Campus:
    """Fleet, people and scenario together. `start`, `run`, `stop`."""

    def __init__(
        self,
        fleet: Fleet,
        people: Sequence[Person],
        scenario: Scenario,
        *,
        speed: float = 1.0,
        seed: int = 0,
        start_s: float | None = None,
        say: Callable[[str], None] = lambda line: None,
        cameras: Cameras | None = None,
    ) -> None:
        """`start_s`: second of the local day to begin at (default: the scenario's own); `say` hears what happens;
        `cameras`: what the incidents of kind `camera` happen to, by the device's name."""
        if speed <= 0:
            raise ValueError("speed: expected a number above 0")
        self.fleet, self.people, self.scenario = fleet, people, scenario
        self.speed, self.seed, self.say = speed, seed, say
        self.cameras = cameras
        self.counts: Counter[str] = Counter()
        self.where = {person.id: home_of(person) for person in people}
        self._start_s = scenario.starts_s if start_s is None else start_s
        self._chance = random.Random(f"campus {seed}")
        self._expired = [person.card for person in people if has_run_out(person, datetime.now(UTC).date())]
        self._queues = {device.spec.device: asyncio.Lock() for device in fleet}
        self._unknown: dict[str, list[float]] = {}
        self._tasks: set[asyncio.Task[None]] = set()
        self._began_s = 0.0
        self._wall: WallClock | None = None
        self._midnight = datetime.min.replace(tzinfo=UTC)
        self._busy: set[str] = set()

    def follow(self, wall: WallClock) -> None:
        """Keep to a clock that runs `speed` times as fast instead of counting from the scenario's start; before `run`.

        The next day then begins when that clock says so, and not at once: the nights are as long as they are.
        """
        local = wall().astimezone(self.scenario.timezone)
        self._midnight = local.replace(hour=0, minute=0, second=0, microsecond=0).astimezone(UTC)
        self._wall = wall
        self._start_s = self.now_s()

    async def start(self, timeout_s: float = 30.0) -> None:
        """Switch every device on and wait until all are connected."""
        await self.fleet.start()
        await self.fleet.wait_connected(timeout_s)

    async def run(self, days: int | None = None) -> None:
        """Carry the scenario out; with `days` that many times, and then until everybody has got home; else for ever."""
        day = 0
        while days is None or day < days:
            await self._run_day(day)
            day += 1
        if self._tasks:
            await asyncio.gather(*self._tasks, return_exceptions=True)

    async def stop(self) -> None:
        """Everybody stops where they are; every device is switched off in good order."""
        tasks = list(self._tasks)
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        await self.fleet.stop()

    def now_s(self) -> float:
        """The campus's second of the day; goes on over midnight until the day's scenario is over."""
        if self._wall is not None:
            return (self._wall() - self._midnight).total_seconds()
        return self._start_s + (asyncio.get_running_loop().time() - self._began_s) * self.speed

    def clock(self) -> str:
        """The same for a person."""
        second = int(self.now_s()) % 86_400
        return f"{second // 3600:02d}:{second // 60 % 60:02d}:{second % 60:02d}"

    def summary(self) -> str:
        """How many did what, so far."""
        return ", ".join(f"{count} {what}" for what, count in sorted(self.counts.items())) or "nothing yet"

    # The day

    async def _run_day(self, day: int) -> None:
        self._began_s = asyncio.get_running_loop().time()
        if day:
            self._start_s = self.scenario.starts_s
            self._midnight += timedelta(days=1)
        goings = plan(self.scenario, self.people, f"{self.seed} {day}")
        away = sum(not (one.code or one.plate) for one in self.scenario.guests)
        if away:
            self.counts["guests without a pass"] += away
        happenings: list[tuple[float, Going | Incident]] = [(going.at_s, going) for going in goings]
        happenings += [(incident.at_s, incident) for incident in self.scenario.incidents]
        happenings.sort(key=lambda happening: happening[0])
        if not day:
            happenings = self._skip_what_was(happenings)
        self.say(f"{self.clock()} day {day + 1} of {self.scenario.name}: {len(happenings)} things will happen")
        for at_s, what in happenings:
            await asyncio.sleep(max(0.0, (at_s - self.now_s()) / self.speed))
            if isinstance(what, Going):
                self._spawn(self._go(what))
            else:
                self._spawn(self._happen(what))
        await asyncio.sleep(max(0.0, (self.scenario.ends_s - self.now_s()) / self.speed))

    def _skip_what_was(self, happenings: list[tuple[float, Going | Incident]]) -> list[tuple[float, Going | Incident]]:
        """Begun in the middle of the day: who would have passed by now has."""
        for at_s, what in happenings:
            if at_s < self._start_s and isinstance(what, Going) and self._wants(what):
                self.where[what.person.id] = sides(what.portal)[1 if what.direction == "in" else 0]
        return [happening for happening in happenings if happening[0] >= self._start_s]

    def _wants(self, going: Going) -> bool:
        """Whether the person stands on the side from which this passage starts."""
        outer, inner = sides(going.portal)
        return self.where.get(going.person.id, OUTSIDE) == (outer if going.direction == "in" else inner)

    # One person

    async def _go(self, going: Going) -> None:
        if not self._wants(going) or going.person.id in self._busy:
            self.counts["not there"] += 1
            return
        device = self._device_for(going)
        if device is None:
            self.counts["no device there"] += 1
            return
        self._busy.add(going.person.id)
        try:
            passed = await self._at_lane(device, going) if going.portal == VEHICLE else await self._at(device, going)
        finally:
            self._busy.discard(going.person.id)
        if passed:
            self.where[going.person.id] = sides(going.portal)[1 if going.direction == "in" else 0]
            self.counts["passed"] += 1

    def _device_for(self, going: Going) -> Device | None:
        portal = VEHICLE_PORTAL if going.portal == VEHICLE else going.portal
        found = [
            device
            for device in self.fleet.at_portal(portal)
            if device.spec.kind is not Kind.BOLLARD and device.spec.direction in (None, going.direction)
        ]
        return self._chance.choice(found) if found else None

    async def _at(self, device: Device, going: Going) -> bool:
        """In the queue of one reader, tap, and through."""
        name, person = device.spec.device, going.person
        queue = self._queues[name]
        try:
            await asyncio.wait_for(queue.acquire(), PATIENCE_S)
        except TimeoutError:
            self.counts["gave up waiting"] += 1
            return False
        try:
            await self._odd_card(device, going)
            if going.oddity == "exit_button" and device.spec.kind is Kind.DORM and going.direction == "out":
                device.press_exit_button(person.id)
                self.counts["exit buttons"] += 1
                return await self._through(device, going)
            answer = await device.tap(
                person.card, going.direction, kind=going.shows, person=person.id, first_answer=True, timeout_s=20.0
            )
            self._told(device, going, answer)
            if answer.outcome != "wait":
                return answer.granted and await self._through(device, going)
        except TimeoutError:
            self.counts["no light"] += 1
            return False
        finally:
            await asyncio.sleep(max(STEP_AT_LEAST_S, STEP_S / self.speed))
            queue.release()
        # A guard looks: the person steps aside, the others go on.
        answer = await device.final_answer(answer.tap, timeout_s=120.0)
        self._told(device, going, answer)
        return answer.granted and await self._through(device, going)

    async def _odd_card(self, device: Device, going: Going) -> None:
        """First the wrong card, then the right one."""
        card = ""
        if going.oddity == "unknown_card" and self._may_be_unknown(device):
            card = f"{self._chance.getrandbits(56):014X}"
        elif going.oddity == "expired_card" and self._expired:
            card = self._chance.choice(self._expired)
        if card:
            answer = await device.tap(card, going.direction, first_answer=True, timeout_s=20.0)
            self._told(device, going, answer)
            await asyncio.sleep(STEP_AT_LEAST_S)

    async def _through(self, device: Device, going: Going) -> bool:
        await asyncio.sleep(0.4 / self.speed)
        if going.oddity == "walk_away":
            self.counts["walked away"] += 1
            await self._until_shut(device)
            return False
        tailgated = going.oddity == "tailgate"
        leave_open = device.spec.kind is Kind.DORM and (tailgated or going.oddity == "left_open")
        passed = await device.walk_through(going.direction, person=going.person.id, leave_open=leave_open)
        if tailgated and passed and await device.walk_through(going.direction, behind=True):
            self.counts["tailgated"] += 1
        elif leave_open:
            self._spawn(self._close_later(device))
        if going.oddity == "twice":
            self.counts["tapped twice"] += 1
            answer = await device.tap(going.person.card, going.direction, person=going.person.id, timeout_s=20.0)
            self._told(device, going, answer)
            await self._until_shut(device)
        return passed

    async def _until_shut(self, device: Device) -> None:
        """Whoever comes next waits until the light is off: else they would go through on another person's grant."""
        try:
            await device.until(lambda state: state.lock is None or not state.lock.expected, timeout_s=SHUT_WITHIN_S)
        except TimeoutError:
            self.counts["lights that stayed on"] += 1

    async def _close_later(self, device: Device) -> None:
        self.counts["doors left open"] += 1
        await asyncio.sleep(LEFT_OPEN_S)
        device.close_door()

    async def _at_lane(self, device: Device, going: Going) -> bool:
        """A car at the vehicle lane: plate, bollard, through."""
        bollard = self.fleet[device.spec.bollard] if device.spec.bollard else None
        queue = self._queues[bollard.spec.device if bollard else device.spec.device]
        try:
            await asyncio.wait_for(queue.acquire(), PATIENCE_S)
        except TimeoutError:
            self.counts["cars gave up waiting"] += 1
            return False
        try:
            plate = canonical("plate", going.person.plate)
            answer = await device.tap(
                plate, going.direction, kind="plate", person=going.person.id, first_answer=True, timeout_s=20.0
            )
            self._told(device, going, answer)
            if answer.outcome == "wait" and going.person.kind == "visitor":
                self.counts["cars turned back"] += 1  # nobody has registered it: no guard's word would help
                return False
            if answer.outcome == "wait":
                answer = await device.final_answer(answer.tap, timeout_s=120.0)
                self._told(device, going, answer)
            if not answer.granted:
                return False
            return await lane.drive(device, bollard, going.direction, going.person.id)
        except TimeoutError:
            self.counts["no light"] += 1
            return False
        finally:
            queue.release()

    # Incidents

    async def _happen(self, incident: Incident) -> None:
        at = incident.device or incident.zone or incident.location
        self.say(f"{self.clock()} {incident.what} {incident.fault or ''} at {at}")
        self.counts["incidents"] += 1
        if incident.zone is not None:
            self.fleet.fire(incident.zone, active=incident.what == "fire")
        elif incident.location is not None:
            for panel in self.fleet.of_kind(Kind.PANEL):
                if incident.location in panel.spec.locations:
                    panel.panic(incident.location)
        elif incident.device is not None and incident.device in self.fleet.devices:
            await self._at_device(self.fleet[incident.device], incident)

    async def _at_device(self, device: Device, incident: Incident) -> None:
        if incident.what == "fault" and incident.fault is not None:
            device.fault(incident.fault, incident.seconds, **incident.how)
        elif incident.what == "tamper":
            device.open_casing()
        elif incident.what == "forced":
            await self._force(device)
        elif incident.what == "camera":
            self._at_camera(device.spec.device, incident)
        elif incident.what == "efo":
            device.press_efo()
        elif incident.what == "impact":
            device.hit(float(incident.how.get("g", 5.0)))

    def _at_camera(self, device: str, incident: Incident) -> None:
        """Something goes wrong with what a camera sees; `seconds` are the schedule's."""
        if self.cameras is None or device not in self.cameras or incident.fault is None:
            self.counts["no such camera"] += 1
            return
        seconds = incident.seconds
        if seconds is not None and self._wall is None:
            seconds /= self.speed  # the cameras live by a true clock then
        self.cameras.fault(device, incident.fault, seconds=seconds, **incident.how)

    async def _force(self, device: Device) -> None:
        """Somebody breaks what is locked; while others are on their way through there is nothing to break."""
        async with self._queues[device.spec.device]:
            try:
                await device.until(_is_shut, timeout_s=PATIENCE_S)
            except TimeoutError:
                self.counts["nothing to force"] += 1
                return
            await device.walk_through("in", forced=True)

    # Keeping count

    def _told(self, device: Device, going: Going, answer: Answer) -> None:
        self.counts[f"{answer.outcome} {answer.reason}"] += 1
        if answer.alone:
            self.counts["decided alone"] += 1
        alone = " (alone)" if answer.alone else ""
        who, light = going.person.id, f"{answer.outcome} {answer.reason}"
        self.say(f"{self.clock()} {device.spec.device} {going.direction} {who}: {light}{alone}")

    def _may_be_unknown(self, device: Device) -> bool:
        now = asyncio.get_running_loop().time()
        recent = [at for at in self._unknown.get(device.spec.device, []) if now - at < 60]
        if len(recent) < UNKNOWN_A_MINUTE:
            self._unknown[device.spec.device] = [*recent, now]
            return True
        return False

    def _spawn(self, work: Coroutine[Any, Any, None]) -> None:
        task = asyncio.get_running_loop().create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)


def _is_shut(state: State) -> bool:
    """Locked, with the leaf in it, if it has one."""
    return state.lock is not None and state.lock.state is LockState.LOCKED and not (state.door and state.door.open)


def sides(portal: str) -> tuple[str, str]:
    """(outer, inner) of a portal: doors lead from the campus into what they are named after, gates from outside."""
    if portal.endswith("-door"):
        return CAMPUS, portal.removesuffix("-door")
    return OUTSIDE, CAMPUS


def home_of(person: Person) -> str:
    """Where a person is before the day begins."""
    if person.dormitory:
        return person.dormitory
    return CAMPUS if person.kind == "resident" and not drives(person) else OUTSIDE
