"""Recorders are asked in turn what they have recorded, every five minutes each unless the configuration says otherwise.

Promises: asking keeps nobody waiting: a recorder that hangs holds its own turn and one of `AT_ONCE` places; what it
tells of a camera goes the way that a `recording` event goes (`recorders`); that a recorder cannot be asked is on record
with its reason at the turn when that begins and when it is over, and is the finding `not_recording` at its cameras when
it lasts; what is the gateway's own fault is held against no recorder; that a recorder's clock was set makes nothing it
keeps too short. Leaves to others: the asking itself (`ask`: the eye), what an answer says (`core.recordings`).
"""

import asyncio
import random
from collections.abc import Awaitable, Callable

import structlog

from gateway.core import recordings
from gateway.core.cameras import Finding
from gateway.core.recordings import Answer, Recorder, Seen, Trouble, recording_of
from gateway.flows import camera_findings, recorders
from gateway.flows.cameras import CameraState, RecorderState
from gateway.flows.ports import Entry
from gateway.flows.site import Site

AT_ONCE = 8
FIRST_WITHIN_S = 30.0
"""After the start the first turns are spread over so long."""
JITTER = 0.1
"""Of the cadence, so that recorders do not come to be asked together."""
OURS_AGAIN_S = 15.0
"""What was our own fault is tried again soon."""
REFUSED_AGAIN_S = 900.0
"""A recorder that has refused the user twice in a row is not asked more often: many lock one out who goes on. Once may
be a slip, and asked so late again it would be missed for it."""

log = structlog.get_logger(__name__)
Ask = Callable[[Recorder, tuple[str, ...]], Awaitable[Answer]]


class RecorderRound:
    """One for a gateway; `look` each second, `stop` at its end."""

    def __init__(self, site: Site, ask: Ask) -> None:
        self._site = site
        self._ask = ask
        self._due_s: dict[str, float] = {}
        self._under_way: dict[str, asyncio.Task[None]] = {}
        self._seen: dict[str, Seen] = {}
        self._told: dict[str, Trouble | None] = {}
        """By recorder: how it stood when that was last put on record."""
        self._refused: dict[str, int] = {}
        """By recorder: how often in a row it has refused the user."""
        self._ahead_s: dict[str, float | None] = {}
        """By recorder: its clock against ours when it last told it; None: it answered, and never told."""
        self._cameras: dict[str, list[CameraState]] = {id: [] for id in site.cameras.recorders}
        for state in site.cameras:
            if state.camera.recorder is not None:
                self._cameras.get(state.camera.recorder.recorder, []).append(state)

    async def look(self) -> None:
        """Begin the turns that are due; returns at once."""
        mono = self._site.clock.monotonic()
        for id, cameras in self._cameras.items():
            if cameras and id not in self._due_s:
                self._due_s[id] = mono + random.uniform(0, FIRST_WITHIN_S)
        # Whoever waits longest comes first: many that hang take each other's places, and not those of the rest.
        for id, due in sorted(self._due_s.items(), key=lambda one: one[1]):
            if mono < due or len(self._under_way) >= AT_ONCE:
                break
            if id not in self._under_way:
                task = asyncio.create_task(self._turn(self._site.cameras.recorders[id]), name=f"recorder {id}")
                self._under_way[id] = task

    async def stop(self) -> None:
        """Nothing is asked any more."""
        tasks = list(self._under_way.values())
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    async def _turn(self, state: RecorderState) -> None:
        id, every_s = state.recorder.id, state.recorder.every_s
        try:
            wanted = [one.camera.recorder.token for one in self._cameras[id] if one.camera.recorder is not None]
            answer = await self._ask(state.recorder, tuple(token for token in wanted if token is not None))
            await self._heard(state, answer)
            if answer.trouble is Trouble.OURS:
                every_s = OURS_AGAIN_S
            elif self._refused.get(id, 0) > 1:
                every_s = max(every_s, REFUSED_AGAIN_S)
        except Exception as error:
            log.error("recorder_turn_failed", recorder=id, error=type(error).__name__, exc_info=error)
        finally:
            self._due_s[id] = self._site.clock.monotonic() + every_s * random.uniform(1 - JITTER, 1 + JITTER)
            self._under_way.pop(id, None)

    async def _heard(self, state: RecorderState, answer: Answer) -> None:
        site, mono = self._site, self._site.clock.monotonic()
        if answer.trouble is Trouble.OURS:
            for one in self._cameras[state.recorder.id]:
                site.findings.recorder_heard[one.camera.id] = mono
            return
        refused = self._refused.get(state.recorder.id, 0) + 1
        self._refused[state.recorder.id] = refused if answer.trouble is Trouble.CREDENTIALS else 0
        state.asked_at = site.clock.now()
        state.trouble, state.detail = answer.trouble, answer.detail
        if answer.trouble is None:
            state.answered_at, state.clock_ahead_s = state.asked_at, answer.clock_ahead_s
            await self._take(state, answer, mono)
        self._note(state, answer)

    async def _take(self, state: RecorderState, answer: Answer, mono: float) -> None:
        site, missing = self._site, set()
        is_datable = self._clock_of(state, answer)
        for one in self._cameras[state.recorder.id]:
            asked, camera = one.camera.recorder, one.camera.id
            held = None if asked is None else recording_of(answer, asked.token)
            if asked is None or held is None:
                missing.add(camera)
                if answer.is_cut:
                    site.findings.recorder_heard[camera] = mono  # it may be among those that were not looked at
                continue
            seen = self._seen[camera] = recordings.watch(held, self._seen.get(camera), mono)
            verdict = recordings.judge(answer, held, seen, asked.quiet_s, site.clock.now(), mono)
            if verdict.is_recording is None:
                site.findings.recorder_heard[camera] = mono
            else:
                oldest_at = verdict.oldest_at if is_datable else None
                await recorders.told(site, one, verdict.is_recording, oldest_at, detail=verdict.detail)
        state.not_seen, state.not_listed = (
            (frozenset(missing), frozenset[str]()) if answer.is_cut else (frozenset[str](), frozenset(missing))
        )

    def _clock_of(self, state: RecorderState, answer: Answer) -> bool:
        """Whether its dates can be held against those before. A clock that was set moves what was recorded by another:
        that its oldest recording is younger says nothing then, and counts from now on."""
        id, ahead_s = state.recorder.id, answer.clock_ahead_s
        if id not in self._ahead_s:
            self._ahead_s[id] = ahead_s
            return True
        before = self._ahead_s[id]
        if ahead_s is None:
            return before is None
        self._ahead_s[id] = ahead_s
        if before is None or abs(ahead_s - before) > recordings.CLOCK_OFF_S:
            for one in self._cameras[id]:
                if Finding.RETENTION_SHORT not in one.spells:  # setting a clock mends nothing that stands already
                    recorders.begin_anew(self._site, one.camera.id)
        return True

    def _note(self, state: RecorderState, answer: Answer) -> None:
        """On record when it begins or ends to answer, or fails in another way."""
        site, id = self._site, state.recorder.id
        if id in self._told and self._told[id] is answer.trouble:
            return
        self._told[id] = answer.trouble
        body = {
            "recorder": id,
            "state": "answers" if answer.trouble is None else answer.trouble.value,
            "recordings": len(answer.held),
            "cameras": len(self._cameras[id]),
            "not_listed": sorted(state.not_listed),
            "clock_ahead_s": None if answer.clock_ahead_s is None else round(answer.clock_ahead_s),
        }
        camera_findings.note(site, Entry("recorder_asked", site.clock.now(), body))
        log.info("recorder_answers" if answer.trouble is None else "recorder_silent", recorder=id, why=answer.detail)
