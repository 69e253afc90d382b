"""The round: looks at every camera when the plan says so, and sees to it that each check is on record.

Promises: one task drives the plan and one writes; a camera costs at most its own checks, however it behaves; what could
not be done is told by its true reason. On suspicion it looks again at once, a few times. This process decodes nothing:
the looking is the eye's. Leaves to others: the plan (`core.check_plan`), what a look means (`flows.camera_spells`), the
record (`flows.camera_checks`), references (`flows.camera_looks`).

Time in the plan is seconds of the boot clock, set at the start to what the site's clock shows: nobody can set it, and a
machine that slept knows it. What people read is what the site's clock shows.
"""

import asyncio
import contextlib
from collections.abc import Awaitable, Callable
from dataclasses import replace
from datetime import UTC, datetime
from typing import Protocol

import structlog

from gateway.core.cameras import Miss
from gateway.core.check_plan import TOO_SOON, CheckPlan, Due, cadence_of
from gateway.core.kinds import Level
from gateway.core.levels import effective_level
from gateway.flows import camera_gaps, camera_looks
from gateway.flows.camera_checks import CheckRecord
from gateway.flows.camera_spells import follow, judged, standing
from gateway.flows.cameras import CameraState, Check, LookOf, NewestPicture
from gateway.flows.checks_text import in_short
from gateway.flows.ports import LedgerUnavailable
from gateway.flows.site import Site
from gateway.video.asking import Asking
from gateway.video.jobs import Failure, Job, Outcome

log = structlog.get_logger(__name__)

SLOTS = 64
"""Checks under way at once. A camera that hangs takes a place for its time-out and no processor: 50 dead of 500 take 7
of them."""
TURN_S = 0.2
FLUSH_S = 1.0
ASLEEP_S = 10.0
"""Longer than this between two turns, and the gateway did not run: what was planned meanwhile is its own miss."""
BURST = 15
"""Looks at most that a suspicion gets beside the plan: the longest hold is some seconds."""
BURST_PAUSE_S = 1.0
BURST_S = 25.0
SLOW_S = 5.0
"""A check that takes longer counts as slow: the next one of this camera waits for those that answer."""
END_WITHIN_S = 3.0
LEVELS_S = 1.0


class Sight(Protocol):
    """What looks at cameras: `gateway.video.eye.Eye`."""

    async def check(self, job: Job) -> Outcome: ...


class Watcher:
    """The round of one gateway. `begin`, then `run` until it is cancelled, then `end`; or `turn` and `write`."""

    def __init__(
        self, site: Site, sight: Sight, slots: int = SLOTS, pause: Callable[[float], Awaitable[None]] = asyncio.sleep
    ) -> None:
        """`pause` waits between two looks of a burst; a simulated day has another one."""
        self._site = site
        self._sight = sight
        self._pause = pause
        self._plan = CheckPlan(slots)
        self._asking = Asking(site)
        self.record = CheckRecord(site)
        self._tasks: set[asyncio.Task[None]] = set()
        self._beside_count = 0
        self._wake = asyncio.Event()
        self._boot_s = 0.0
        self._shown_s = 0.0
        self._turned_s = 0.0
        self._levels_s = 0.0
        self._zones: frozenset[str] = frozenset()
        self._levels: dict[str, Level] = {}
        self._is_held = False

    @property
    def under_way(self) -> int:
        """How many planned checks are under way."""
        return self._plan.under_way

    async def begin(self) -> None:
        """Load what was left, write what was planned while nobody looked, and plan from here on. Raises
        `LedgerUnavailable`."""
        site = self._site
        self.record = CheckRecord(site)  # anew, if the database went away in the middle of the last try
        await camera_gaps.begin(site, self.record)
        now = site.clock.now()
        self._boot_s, self._shown_s = site.clock.boot_s(), now.timestamp()
        self._turned_s = self._levels_s = self._now_s()
        self._zones = frozenset(state.camera.zone for state in site.cameras)
        self._levels = {zone: self._level(zone, now) for zone in self._zones}
        for state in site.cameras:
            cadence_s = self._cadence(state)
            ago_s = TOO_SOON * cadence_s  # a new one is due from now on
            if state.checked_at is not None:
                ago_s = max(0.0, site.clock.lasted_s(now - state.checked_at))
            self._plan.add(state.camera.id, cadence_s, self._turned_s - ago_s)
            self._show_due(state)
        self.record.per_minute = self._plan.per_minute
        site.cameras.looker = self

    async def run(self) -> None:
        """Until it is cancelled."""
        writing = asyncio.create_task(self._write_on(), name="camera record")
        try:
            while True:
                try:
                    await self.turn()
                except LedgerUnavailable:
                    pass  # the database is away: what is due waits, and is told by its reason when it is back
                except Exception as error:
                    log.error("round_failed", error=repr(error)[:300], exc_info=True)
                    await asyncio.sleep(FLUSH_S)
                with contextlib.suppress(TimeoutError):
                    async with asyncio.timeout(TURN_S):
                        await self._wake.wait()
                self._wake.clear()
        finally:
            writing.cancel()
            await asyncio.gather(writing, return_exceptions=True)

    async def end(self) -> None:
        """Checks that are under way are missed for the gateway; what can be written is written."""
        self._site.cameras.looker = None
        for task in list(self._tasks):
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        for camera in self._plan.waiting_now():
            if (due := self._plan.give_up(camera)) is not None:
                self._missed(due, Miss.GATEWAY)
        with contextlib.suppress(LedgerUnavailable, TimeoutError):
            async with asyncio.timeout(END_WITHIN_S):
                await self.record.flush()
                await self.record.keep_states()
                await self.record.seal()

    async def turn(self) -> None:
        """One look at the plan: begin what is due, and tell what could not begin. Raises `LedgerUnavailable`."""
        now_s = self._now_s()
        if self._is_held or now_s - self._turned_s > ASLEEP_S:
            if self.record.is_full:
                return
            await self._slept(now_s)
            now_s = self._now_s()
        self._turned_s = now_s
        self._follow_levels(now_s)
        for camera in self._plan.waiting_now():
            self._keep_out(camera)
        begun, missed = self._plan.turn(now_s)
        for due in missed:
            self._missed(due, Miss.OVERLOAD)
        for due in begun:
            self._begin_check(due)
        self._is_held = self.record.is_full

    async def write(self) -> None:
        """Write what waits. Raises `LedgerUnavailable`."""
        await self.record.flush()

    async def look(self, camera: str) -> NewestPicture | None:
        """What a camera shows now, for an alarm; beside the plan."""
        state = self._site.cameras.get(camera)
        if state is None or state.window(self._site.clock.now()) is not None:
            return None
        try:
            async with asyncio.timeout(10.0):
                outcome = await self._ask(state, hurry=True)
        except (TimeoutError, LedgerUnavailable):
            return None
        if outcome.picture is None or not outcome.seen:
            return None
        return NewestPicture(_moment(outcome.seen[-1].at_s), outcome.picture)

    # ------------------------------------------------------------ one check

    def _begin_check(self, due: Due) -> None:
        state = self._site.cameras.get(due.camera)
        assert state is not None
        if state.window(self._site.clock.now()) is not None:
            self._missed(due, Miss.MAINTENANCE)
            self._plan.ended(due.camera, was_slow=False)
            return
        task = asyncio.get_running_loop().create_task(self._check(state, due), name=f"camera {due.camera}")
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _check(self, state: CameraState, due: Due) -> None:
        began_s = self._now_s()
        told, failed = False, True
        try:
            outcome = await self._ask(state)
            failed = not outcome.seen
            await self._judge(state, outcome)
            self._done(state, due, outcome)
            told = True
            await self._beside(state, outcome)
        except LedgerUnavailable:
            pass
        except asyncio.CancelledError:
            raise
        except Exception as error:
            log.error("check_failed", camera=due.camera, error=repr(error)[:300], exc_info=True)
        finally:
            if not told:
                self._missed(due, Miss.GATEWAY)
            took_s = self._now_s() - began_s
            self._plan.ended(due.camera, was_slow=failed or took_s > self._slow_s(state))
            self._show_due(state)
            self._wake.set()

    async def _ask(
        self, state: CameraState, learn: bool = False, beside: LookOf | None = None, hurry: bool = False
    ) -> Outcome:
        job = await self._asking.job(state, self._cadence(state), learn=learn, beside=beside, hurry=hurry)
        if isinstance(job, Outcome):
            return job
        outcome = await self._sight.check(job)
        if job.fresh and outcome.seen:
            state.is_fresh = False
        return outcome

    async def _judge(self, state: CameraState, outcome: Outcome) -> None:
        """What the look means."""
        failure = outcome.failure
        is_lost = failure is not None and failure.miss is Miss.CAMERA and not outcome.seen
        self._tell_trouble(state, None if outcome.seen else failure)
        lost_at_s = outcome.started_s + outcome.took_s if is_lost else None
        seen = [(one.at_s, one.measures) for one in outcome.seen]
        # A camera's own clock is held against the site's, on which everything in an outcome is told.
        timing = None if outcome.timing is None else replace(outcome.timing, offset_s=0.0)
        changes = judged(state, seen, timing, lost_at_s)
        if outcome.seen:
            newest = outcome.seen[-1]
            state.size = (newest.width, newest.height)
            if outcome.picture is not None:
                at = _moment(newest.at_s)
                self._site.cameras.keep_picture(state.camera.id, at, outcome.picture)
        against = outcome.seen[-1].reference if outcome.seen else None
        await follow(self._site, state, changes, outcome.picture, against)

    def _tell_trouble(self, state: CameraState, failure: Failure | None) -> None:
        """Why no picture came, each time that it is for another reason: the record says only whose fault it was."""
        before, state.trouble = state.trouble, "" if failure is None else failure.reason.value
        if failure is not None and state.trouble != before:
            log.warning("camera_not_seen", camera=state.camera.id, reason=state.trouble, detail=failure.detail)
        elif before and failure is None:
            log.info("camera_seen_again", camera=state.camera.id)

    def _done(self, state: CameraState, due: Due, outcome: Outcome) -> None:
        if not outcome.seen:
            failure = outcome.failure
            self._missed(due, Miss.GATEWAY if failure is None else failure.miss)
            return
        findings = standing(state)
        measures = in_short(outcome.seen[-1].measures.as_dict(), bool(findings or state.health.suspects))
        self._add(Check(due.camera, self._shown(due.due_s), self._site.clock.now(), None, findings, measures))

    def _missed(self, due: Due, miss: Miss) -> None:
        self._add(Check(due.camera, self._shown(due.due_s), self._site.clock.now(), miss))

    def _add(self, check: Check) -> None:
        state = self._site.cameras.get(check.camera)
        before = None if state is None else (state.miss, state.standing(check.at))
        self.record.add(check)
        if state is not None and (state.miss, state.standing(check.at)) != before:
            self._site.feed.publish(
                {
                    "type": "camera",
                    "camera": check.camera,
                    "standing": state.standing(check.at).value,
                    "miss": None if check.miss is None else check.miss.value,
                    "at": check.at,
                }
            )

    # ------------------------------------------------------------ beside the plan

    async def _beside(self, state: CameraState, outcome: Outcome) -> None:
        """What one look is not enough for; not while others would wait for the place."""
        if self._beside_count >= max(1, self._plan.slots // 2):
            return
        self._beside_count += 1
        try:
            if state.health.suspects:
                await self._burst(state)
            else:
                await self._learn(state, outcome)
        finally:
            self._beside_count -= 1

    async def _burst(self, state: CameraState) -> None:
        """Look again at once, until what is suspected holds or is gone."""
        until = self._site.clock.monotonic() + BURST_S
        for _ in range(BURST):
            if not state.health.suspects or self._site.clock.monotonic() >= until:
                return
            await self._pause(BURST_PAUSE_S)
            outcome = await self._ask(state, hurry=True)
            if outcome.failure is not None and outcome.failure.miss is not Miss.CAMERA:
                return
            await self._judge(state, outcome)
            self._done_beside(state, outcome)

    def _done_beside(self, state: CameraState, outcome: Outcome) -> None:
        """A planned check that became due meanwhile is done by this look."""
        due = self._plan.give_up(state.camera.id)
        if due is not None:
            self._done(state, due, outcome)

    async def _learn(self, state: CameraState, outcome: Outcome) -> None:
        """If little is known of how the camera looks now, and nothing is wrong, look for some seconds and learn it."""
        if not outcome.seen:
            return
        first = camera_looks.first_for_another(self._site, state, outcome.seen[-1].measures)
        if first is not None:
            state.calm_since_s = None  # if it is not learnt now, not again before long
        elif not self._may_learn(state, outcome):
            return
        longer = await self._ask(state, learn=True, beside=first)
        if longer.seen:
            await self._judge(state, longer)
            self._done_beside(state, longer)
        seen = [(one.at_s, one.measures) for one in longer.seen]
        if longer.learnt is None or longer.failure is not None or not camera_looks.may_be_learnt(seen):
            return
        newest = longer.seen[-1].measures
        mode = camera_looks.mode_of(newest)
        if first is None:
            is_wanted = camera_looks.is_wanted(state, newest)
        else:
            is_wanted = camera_looks.may_join(self._site, state, first, seen)
        if is_wanted:
            look = await camera_looks.learnt(self._site, state, mode, longer.learnt, longer.picture)
            self._asking.knows(look, longer.learnt)

    def _may_learn(self, state: CameraState, outcome: Outcome) -> bool:
        measures = outcome.seen[-1].measures
        if not camera_looks.is_wanted(state, measures) or not camera_looks.shows_a_place(measures):
            return False
        # Of a camera that was learnt before, only what nothing speaks against.
        return not state.looks or not (state.health.raised or state.health.suspects)

    # ------------------------------------------------------------ the plan

    async def _slept(self, now_s: float) -> None:
        """The gateway did not run, or could not write: what was planned meanwhile is missed, and by its own fault."""
        count = 0
        for due in self._plan.skip(now_s):
            self._missed(due, Miss.GATEWAY)
            count += 1
            if count % 1_000 == 0:
                await self.record.flush()
        if count:
            log.warning("checks_missed_asleep", checks=count, seconds=round(now_s - self._turned_s, 1))
        self._is_held = False

    def _keep_out(self, camera: str) -> None:
        """Somebody works on it: its planned check is missed for that, and takes no place."""
        state = self._site.cameras.get(camera)
        if state is not None and state.window(self._site.clock.now()) is not None:
            due = self._plan.give_up(camera)
            if due is not None:
                self._missed(due, Miss.MAINTENANCE)

    def _follow_levels(self, now_s: float) -> None:
        if now_s - self._levels_s < LEVELS_S:
            return
        self._levels_s = now_s
        now = self._site.clock.now()
        levels = {zone: self._level(zone, now) for zone in self._zones}
        if levels == self._levels:
            return
        self._levels = levels
        for state in self._site.cameras:
            cadence_s = cadence_of(state.camera, self._site.cameras.rules, levels[state.camera.zone])
            self._plan.set_cadence(state.camera.id, cadence_s, now_s)
            self._show_due(state)
        self.record.per_minute = self._plan.per_minute

    def _level(self, zone: str, now: datetime) -> Level:
        site = self._site
        return effective_level(site.campus, site.directory.papers.orders, zone, now, site.trusted_until)

    def _cadence(self, state: CameraState) -> float:
        return cadence_of(state.camera, self._site.cameras.rules, self._levels[state.camera.zone])

    def _slow_s(self, state: CameraState) -> float:
        return SLOW_S + self._site.cameras.rules.look_s

    def _show_due(self, state: CameraState) -> None:
        state.due_at = self._shown(self._plan.next_of(state.camera.id))

    def _now_s(self) -> float:
        return self._shown_s + self._site.clock.boot_s() - self._boot_s

    def _shown(self, plan_s: float) -> datetime:
        """What the site's clock showed, or will show, at that moment of the plan."""
        return self._site.clock.after(plan_s - self._now_s())

    async def _write_on(self) -> None:
        while True:
            await asyncio.sleep(FLUSH_S)
            try:
                await self.record.flush()
            except LedgerUnavailable:
                continue
            except asyncio.CancelledError:
                raise
            except Exception as error:
                log.error("checks_not_written", error=repr(error)[:300], exc_info=True)


def _moment(at_s: float) -> datetime:
    return datetime.fromtimestamp(at_s, UTC)
