"""Every planned check leaves a record: done with its measures and what stood, or missed with its true reason.

Promises: checks are written in batches, at most one commit a second, and each ten minutes a row of the ledger covers
them: how many, of what outcome, from when to when, and the SHA-256 over them (`core.camera_digest`). What a gateway
that died had written and not covered yet is covered at the next start; what was planned while it was away is written
then as missed `gateway` (`camera_gaps`). Nothing is counted twice. Leaves to others: when a camera is due
(`core.check_plan`), looking (`gateway.video`), and what follows from a finding (`camera_findings`).
"""

import asyncio
from collections import OrderedDict, deque
from collections.abc import Mapping, Sequence
from datetime import UTC, date, datetime, time, timedelta

from gateway.core.camera_digest import BatchDigest
from gateway.core.cameras import Miss
from gateway.flows import alarms
from gateway.flows.cameras import CameraHour, CameraState, Check, KeptState, Tally
from gateway.flows.changes import CameraChecksKept, CameraStateKept
from gateway.flows.checks_text import add_to
from gateway.flows.ports import NUMBER_DIGITS, Entry, Unit
from gateway.flows.site import Site

KEY = "cb:"
BATCH_S = 600.0
"""How long a batch is open: so much of the record may be bent unnoticed if somebody gets at the disk at once."""
AT_ONCE = 500
"""Checks in one commit: some milliseconds, for which a tap may have to wait."""
PAUSE_S = 0.05
"""Between two commits where there is much to write: whoever taps meanwhile goes first."""
FULL = 20_000
"""Checks that may wait for a database that is away; then no camera is looked at until it is back. Half an hour of 500
cameras and 15 MB."""
STATES_S = 300.0
"""So often the state of each camera's judge is written, beside each change."""
HOURS = 25
SPLIT_MS = 16
"""Due times are whole multiples of this, so that a second run over the same hour of a clock that was set back finds
moments of its own."""
GAP_SHARE = 0.05
"""More than this share of the plan missed by the gateway itself, within one batch, is an alarm."""
GAP_FEWEST = 3


class CheckRecord:
    """Writes checks; one for a gateway. `add` takes them, `flush` is called about once a second by one task."""

    def __init__(self, site: Site) -> None:
        self._site = site
        self._waiting: deque[Check] = deque()
        self._writing = asyncio.Lock()
        self._batch = 1
        self._digest = BatchDigest()
        self._tally = Tally()
        self._first: datetime | None = None
        self._last: datetime | None = None
        self._cameras: set[str] = set()
        self._sealed_at = site.clock.monotonic()
        self._states_at = site.clock.monotonic()
        self._stale: deque[str] = deque()
        self.per_minute = 0.0
        """How many checks are planned a minute; from it follows how many missed ones are an alarm."""

    @property
    def is_full(self) -> bool:
        """True while so much waits for the database that nothing more may be added."""
        return len(self._waiting) >= FULL

    @property
    def waiting(self) -> int:
        """How many checks are not on disk yet."""
        return len(self._waiting)

    async def begin(self) -> None:
        """Go on after the newest record; cover what the last run had not. Raises `LedgerUnavailable`."""
        newest = await self._site.archive.newest_told(KEY)
        self._batch = 1 if newest is None else int(newest[0].removeprefix(KEY)) + 1
        left = await self._site.archive.cameras.batch(self._batch)
        for check in left:
            self._note(check)
        await self.seal()

    def add(self, check: Check) -> Check:
        """A planned check was done or missed. Returned as it will be on record: a moment that the record has already
        (the clock was set back) is moved by milliseconds."""
        state = self._site.cameras.get(check.camera)
        if state is not None:
            check = self._with_own_moment(state, check)
            take_note(state, check)
            if not check.is_healthy or state.health.suspects:
                state.calm_since_s = None
            elif state.calm_since_s is None:
                state.calm_since_s = self._site.clock.monotonic()
        self._waiting.append(check)
        return check

    async def flush(self) -> None:
        """Write what waits, and what is due of the cameras' states; cover a batch whose time is over.

        Raises `LedgerUnavailable`; what was not written then waits for the next time.
        """
        async with self._writing:
            await self._flush()

    async def _flush(self) -> None:
        while self._waiting:
            some = tuple(self._waiting[n] for n in range(min(AT_ONCE, len(self._waiting))))
            await self._site.ledger.commit(Unit((), (CameraChecksKept(self._batch, some), *self._due_states())))
            for check in some:
                self._waiting.popleft()
                self._note(check)
            if self._waiting:
                await asyncio.sleep(PAUSE_S)
        if self._site.clock.monotonic() - self._sealed_at >= BATCH_S:
            await self._seal()

    async def seal(self) -> None:
        """Cover what was written since the last time with a record of the ledger. Raises `LedgerUnavailable`."""
        async with self._writing:
            await self._seal()

    async def _seal(self) -> None:
        self._sealed_at = self._site.clock.monotonic()
        if self._first is None:
            return
        digest = await asyncio.to_thread(self._digest.hexdigest)
        body = {
            "batch": self._batch,
            "from": self._first,
            "to": self._last,
            "cameras": len(self._cameras),
            "planned": self._tally.planned,
            "done": self._tally.done,
            "healthy": self._tally.healthy,
            "missed": {miss.value: count for miss, count in self._tally.missed.items() if count},
            "sha256": digest,
        }
        key = f"{KEY}{self._batch:0{NUMBER_DIGITS}d}"
        await self._site.ledger.commit(Unit((Entry("camera_checks", self._site.clock.now(), body, key),)))
        await self._look_for_gap()
        self._batch += 1
        self._digest, self._tally, self._cameras = BatchDigest(), Tally(), set()
        self._first = self._last = None

    async def keep_states(self) -> None:
        """Write the state of every camera now. Raises `LedgerUnavailable`."""
        await self._site.ledger.commit(Unit((), tuple(kept_state(state) for state in self._site.cameras)), 5.0)

    def _note(self, check: Check) -> None:
        add_to(self._digest, check)
        self._tally.add(check)
        self._cameras.add(check.camera)
        self._first = check.due_at if self._first is None else min(self._first, check.due_at)
        self._last = check.due_at if self._last is None else max(self._last, check.due_at)

    def _with_own_moment(self, state: CameraState, check: Check) -> Check:
        moment = split_moment(check.due_at)
        if state.checked_at is None or moment > state.checked_at:
            state.fold = 0
        elif state.planned_at is None or moment <= state.planned_at:
            state.fold = state.fold % (SPLIT_MS - 1) + 1
        state.planned_at = moment
        due_at = moment + timedelta(milliseconds=state.fold)
        return Check(check.camera, due_at, check.at, check.miss, check.findings, check.measures)

    def _due_states(self) -> tuple[CameraStateKept, ...]:
        """A few at a time, so that a large site's states do not come all at once."""
        book = self._site.cameras
        if not self._stale:
            self._stale.extend(state.camera.id for state in book)
        now = self._site.clock.monotonic()
        count = min(len(self._stale), int(len(book) * (now - self._states_at) / STATES_S))
        if count:
            self._states_at = now
        due = {self._stale.popleft() for _ in range(count)} | book.stale
        book.stale.clear()
        return tuple(kept_state(state) for state in map(book.get, due) if state is not None)

    async def _look_for_gap(self) -> None:
        """Checks that the gateway itself missed are a finding of the round."""
        missed = self._tally.missed
        lost = missed[Miss.GATEWAY] + missed[Miss.OVERLOAD]
        limit = max(GAP_FEWEST, GAP_SHARE * self.per_minute * BATCH_S / 60.0)
        if lost > limit:
            said = ", ".join(f"{miss.value} {missed[miss]}" for miss in (Miss.GATEWAY, Miss.OVERLOAD) if missed[miss])
            await alarms.raise_alarm(self._site, alarms.ROUND_GAP, "cameras", f"planned checks missed: {said}")
        else:
            await alarms.clear_alarm(self._site, alarms.ROUND_GAP, "cameras")


def take_note(state: CameraState, check: Check) -> None:
    """What one more check means for the camera as it stands."""
    state.checked_at = check.due_at if state.checked_at is None else max(state.checked_at, check.due_at)
    state.miss = check.miss
    if check.miss is None:
        state.done_at = check.at
        state.measures = check.measures
    elif check.miss is Miss.MAINTENANCE:
        state.is_fresh = True
    hour = check.due_at.astimezone(UTC).replace(minute=0, second=0, microsecond=0)
    state.hours.setdefault(hour, Tally()).add(check)
    while len(state.hours) > HOURS:
        state.hours.popitem(last=False)


def kept_state(state: CameraState) -> CameraStateKept:
    """Where the round stands with a camera, as it is written."""
    until = state.checked_at or state.since
    return CameraStateKept(KeptState(state.camera.id, until, state.health.dump(), dict(state.recording)))


def split_moment(moment: datetime) -> datetime:
    """The moment, down to a multiple of `SPLIT_MS`."""
    ms = round(moment.timestamp() * 1000)
    return datetime.fromtimestamp((ms - ms % SPLIT_MS) / 1000, UTC)


# ---------------------------------------------------------------- coverage


async def day(site: Site, on: date) -> Mapping[str, Tally]:
    """What the checks of each camera came to on one day of the campus's calendar, cameras of today's file and others
    alike; up to about a second ago. Raises `LedgerUnavailable`."""
    begin = datetime.combine(on, time(0), site.campus.timezone)
    until = datetime.combine(on + timedelta(days=1), time(0), site.campus.timezone)
    sums: dict[str, Tally] = {}
    for one in await site.archive.cameras.hours(begin.astimezone(UTC), until.astimezone(UTC)):
        sums[one.camera] = sums.get(one.camera, Tally()).plus(one.tally)
    return sums


async def hours(site: Site, since: datetime, until: datetime, camera: str | None = None) -> Sequence[CameraHour]:
    """The hours that begin in [since, until), up to about a second ago. Raises `LedgerUnavailable`."""
    return await site.archive.cameras.hours(since, until, camera)


def strip(site: Site, camera: str, count: int = 24) -> Sequence[CameraHour]:
    """The newest hours of a camera up to this one, from memory, the oldest first; without a plan the tally is empty."""
    state = site.cameras.get(camera)
    now = site.clock.now().astimezone(UTC).replace(minute=0, second=0, microsecond=0)
    known: Mapping[datetime, Tally] = OrderedDict() if state is None else state.hours
    begins = (now - timedelta(hours=ago) for ago in range(count - 1, -1, -1))
    return [CameraHour(camera, hour, known.get(hour, Tally())) for hour in begins]


async def checks(site: Site, camera: str, since: datetime, until: datetime, limit: int = 2_000) -> Sequence[Check]:
    """Single checks with `due_at` in [since, until), the newest first. Raises `LedgerUnavailable`."""
    return await site.archive.cameras.checks(camera, since, until, limit)
