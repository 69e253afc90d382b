"""The cameras as they stand now: each one's newest look, its health, what is planned and what today's checks came to.

Promises: one `CameraBook` for a gateway, in memory, `site.cameras`; empty where no camera is configured. It holds state
and decides nothing: checks come in by `camera_checks`, references by `camera_looks`, recordings and maintenance by the
flows that own those. What is asked about earlier days is asked of `site.archive.cameras` (`CameraReads`).
"""

from collections import OrderedDict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from enum import StrEnum
from typing import Any, Protocol

from gateway.core.cameras import BLIND, Camera, Finding, Miss, VideoRules
from gateway.core.health import Health, HealthSettings
from gateway.core.recordings import Recorder, Trouble

LONG_AGO = datetime(1970, 1, 1, tzinfo=UTC)
RECENT_PICTURES = 600
"""Newest small pictures in memory, for the screens: one of each camera, 10 KB each."""


class Standing(StrEnum):
    """How a camera stands, in one word."""

    HEALTHY = "healthy"
    FAULTY = "faulty"
    """Something is found, and it still shows most of what it is there for."""
    BLIND = "blind"
    """It does not show, or nobody keeps, what it is there for (`core.cameras.BLIND`)."""
    MAINTENANCE = "maintenance"
    """Somebody works on it: it is not looked at."""
    UNSEEN = "unseen"
    """Not looked at since it was configured, or nothing was learnt of it yet."""


@dataclass(frozen=True, slots=True)
class Check:
    """One planned check as it is on record."""

    camera: str
    due_at: datetime
    at: datetime
    miss: Miss | None = None
    """Why it was not done; None: it was."""
    findings: tuple[Finding, ...] = ()
    """What stood when it was done, in the order of `Finding`."""
    measures: Mapping[str, float] = field(default_factory=dict)
    """Numbers of the newest picture, three digits each: all where something is found or suspected, else the main
    ones."""

    @property
    def is_done(self) -> bool:
        return self.miss is None

    @property
    def is_healthy(self) -> bool:
        return self.miss is None and not self.findings


@dataclass(slots=True)
class Tally:
    """What some checks came to. `planned` is always `done` and all that were missed."""

    done: int = 0
    healthy: int = 0
    missed: dict[Miss, int] = field(default_factory=lambda: dict.fromkeys(Miss, 0))

    @property
    def planned(self) -> int:
        return self.done + sum(self.missed.values())

    def add(self, check: Check) -> None:
        """One more check."""
        if check.miss is not None:
            self.missed[check.miss] += 1
            return
        self.done += 1
        self.healthy += not check.findings

    def plus(self, other: "Tally") -> "Tally":
        """Both together."""
        missed = {miss: self.missed[miss] + other.missed[miss] for miss in Miss}
        return Tally(self.done + other.done, self.healthy + other.healthy, missed)


@dataclass(frozen=True, slots=True)
class CameraHour:
    """What the checks of one camera came to in one hour."""

    camera: str
    hour: datetime
    tally: Tally


@dataclass(frozen=True, slots=True)
class Spell:
    """One time that something was wrong with a camera, from when to when."""

    id: str
    camera: str
    finding: Finding
    began_at: datetime
    """The first look that showed it."""
    raised_at: datetime
    cleared_at: datetime | None = None
    value: float | None = None
    threshold: float | None = None


@dataclass(frozen=True, slots=True)
class Evidence:
    """What belongs to a change of a camera's health: ids of small pictures that `site.archive.cameras` has."""

    spell: str
    picture: str | None = None
    """What the camera showed at the change; None if it showed nothing."""
    reference: str | None = None
    """What it looks like when all is well."""


@dataclass(frozen=True, slots=True)
class SmallPicture:
    """A small picture with blurred areas."""

    id: str
    camera: str
    at: datetime
    why: str
    """finding, cleared, reference, before, after."""
    of: str | None
    """The spell, reference or alarm that it belongs to."""
    jpeg: bytes = field(repr=False)


@dataclass(frozen=True, slots=True)
class LookOf:
    """One reference: what a camera looks like when all is well."""

    id: str
    camera: str
    mode: str
    """day or infrared."""
    state: str
    """learnt, confirmed, retired."""
    made_at: datetime
    confirmed_at: datetime | None = None
    confirmed_by: str | None = None
    """A user's reference."""
    retired_at: datetime | None = None
    picture: str | None = None
    """The id of its small picture."""
    part: int = 0
    """Of the day, in which it was learnt: 0 to 5, four hours each, by the site's clock."""


@dataclass(frozen=True, slots=True)
class KeptState:
    """Where the round stood with a camera when its state was last written."""

    camera: str
    checked_until: datetime
    health: Mapping[str, Any]
    """As `Health.dump` gives it."""
    recording: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Window:
    """Announced work: from `starts_at` until `ends_at` the cameras are not looked at. `id` is the paper's."""

    id: str
    starts_at: datetime
    ends_at: datetime

    def is_open(self, now: datetime) -> bool:
        return self.starts_at <= now < self.ends_at


@dataclass(slots=True)
class CameraState:
    """One camera as it stands now."""

    camera: Camera
    health: Health = field(default_factory=Health)
    due_at: datetime | None = None
    """When its next check is planned."""
    checked_at: datetime | None = None
    """Its newest planned check on record, done or missed."""
    done_at: datetime | None = None
    """The newest check that was done."""
    miss: Miss | None = None
    """Why the newest one was missed."""
    trouble: str = ""
    """What the camera, or the gateway, answered instead of a picture: a reason code of `gateway.video.jobs`."""
    measures: Mapping[str, float] = field(default_factory=dict)
    size: tuple[int, int] | None = None
    """Of the newest picture."""
    spells: dict[Finding, Spell] = field(default_factory=dict)
    """What is wrong with it now."""
    looks: tuple[LookOf, ...] = ()
    """Its references in use, the confirmed ones first."""
    hours: "OrderedDict[datetime, Tally]" = field(default_factory=OrderedDict)
    """The newest 25 hours, by their beginning in UTC, the oldest first."""
    recording: dict[str, Any] = field(default_factory=dict)
    """What its recorder said last, as the flow of the recording keeps it; survives a restart."""
    windows: tuple[Window, ...] = ()
    """Announced work on it that is not over; the flow of the maintenance keeps them."""
    suspected: dict[Finding, float] = field(default_factory=dict)
    """What its judge suspects and does not find yet, and since when."""
    calm_since_s: float | None = None
    """Since when, on the monotonic clock, each planned check was done and neither found nor suspected anything."""
    is_fresh: bool = False
    """The eye is to forget what it remembers of its last look."""
    since: datetime = LONG_AGO
    """When it came into the plan."""
    planned_at: datetime | None = None
    fold: int = 0
    """Where in its hours a clock that was set back stands; `camera_checks` keeps both."""

    def window(self, now: datetime) -> Window | None:
        """The work that is under way."""
        return next((window for window in self.windows if window.is_open(now)), None)

    def standing(self, now: datetime) -> Standing:
        """How it stands, in one word: what is found says more than that somebody works on it."""
        if not BLIND.isdisjoint(self.spells):
            return Standing.BLIND
        if self.spells:
            return Standing.FAULTY
        if self.window(now) is not None:
            return Standing.MAINTENANCE
        return Standing.UNSEEN if self.done_at is None or not self.looks else Standing.HEALTHY

    @property
    def is_confirmed(self) -> bool:
        """True once a person has said of at least one of its references that this is how it should look."""
        return any(look.state == "confirmed" for look in self.looks)


@dataclass(slots=True)
class RecorderState:
    """A recorder that is asked, as it stands now; in memory only."""

    recorder: Recorder
    asked_at: datetime | None = None
    """When it was last asked and the answer, or none, was there."""
    answered_at: datetime | None = None
    trouble: Trouble | None = None
    """Why it told nothing when it was last asked; None: it answered, or was not asked yet."""
    detail: str = ""
    clock_ahead_s: float | None = None
    not_listed: frozenset[str] = frozenset()
    """Cameras of whose recordings it knew nothing."""
    not_seen: frozenset[str] = frozenset()
    """Cameras whose recordings were not among those that were looked at, of one that has more."""

    def trouble_of(self, camera: str) -> Trouble | None:
        """Why nothing is known of a camera's recording."""
        if self.trouble is None and camera in self.not_seen:
            return Trouble.NOT_SEEN
        return Trouble.NOT_LISTED if self.trouble is None and camera in self.not_listed else self.trouble


@dataclass(frozen=True, slots=True)
class NewestPicture:
    """What a camera showed last, small, areas blurred; in memory only."""

    at: datetime
    jpeg: bytes = field(repr=False)


class Looker(Protocol):
    """Looks at a camera beside the plan."""

    async def look(self, camera: str) -> NewestPicture | None:
        """What it shows now; None if no picture came, or if there is no time for it. Ends within 10 s."""
        ...


class CameraBook:
    """Every configured camera by id, in the order of the file."""

    def __init__(
        self,
        cameras: Mapping[str, Camera] | None = None,
        rules: VideoRules | None = None,
        recorders: Mapping[str, Recorder] | None = None,
    ) -> None:
        self.rules = rules or VideoRules()
        self.recorders = {id: RecorderState(recorder) for id, recorder in (recorders or {}).items()}
        """Those that are asked, by id; `recorder_round` keeps them."""
        self.looker: Looker | None = None
        """The watcher, once it runs: pictures for an alarm are asked of it."""
        self._states = {id: new_state(camera) for id, camera in (cameras or {}).items()}
        self.pictures: OrderedDict[str, NewestPicture] = OrderedDict()
        self.stale: set[str] = set()
        """Whose state is to be written with the next commit: whoever changes `recording` puts the camera here."""

    def __len__(self) -> int:
        return len(self._states)

    def __iter__(self) -> Iterator[CameraState]:
        return iter(self._states.values())

    def __contains__(self, camera: str) -> bool:
        return camera in self._states

    def get(self, camera: str) -> CameraState | None:
        """The state of one camera; None if there is none of that id."""
        return self._states.get(camera)

    def of_device(self, device: str) -> CameraState | None:
        """The camera that this enrolled device sends for."""
        return next((state for state in self if state.camera.device == device), None)

    def that_see(self, place: str) -> list[CameraState]:
        """Those that see a portal or zone, in the order of the file."""
        return [state for state in self if place in state.camera.sees]

    def keep_picture(self, camera: str, at: datetime, jpeg: bytes) -> None:
        """The newest picture of a camera, for the screens."""
        self.pictures[camera] = NewestPicture(at, jpeg)
        self.pictures.move_to_end(camera)
        if len(self.pictures) > RECENT_PICTURES:
            self.pictures.popitem(last=False)


def new_state(camera: Camera) -> CameraState:
    """A camera of which nothing is known yet."""
    return CameraState(camera, Health(health_settings(camera)))


def health_settings(camera: Camera) -> HealthSettings:
    """How a camera is judged: what its configuration says of its size and its pictures a second."""
    return HealthSettings(size=camera.size, fps=camera.fps)


class CameraReads(Protocol):
    """What the store answers about cameras; `site.archive.cameras`. All raise `LedgerUnavailable`."""

    async def checks(self, camera: str, since: datetime, until: datetime, limit: int = 2_000) -> Sequence[Check]:
        """Planned checks of one camera with `due_at` in [since, until), the newest first."""
        ...

    async def hours(self, since: datetime, until: datetime, camera: str | None = None) -> Sequence[CameraHour]:
        """Sums of each hour that begins in [since, until), by camera and hour. Hours without a plan are not there."""
        ...

    async def spells(
        self, since: datetime, until: datetime, camera: str | None = None, limit: int = 5_000
    ) -> Sequence[Spell]:
        """Spells that stood at some moment in [since, until), the oldest first."""
        ...

    async def spell(self, id: str) -> Spell | None: ...

    async def open_spells(self) -> Sequence[Spell]: ...

    async def looks(self, camera: str) -> Sequence[LookOf]:
        """All references of a camera, the newest first, with those that are retired."""
        ...

    async def looks_in_use(self) -> Sequence[LookOf]: ...

    async def look_body(self, id: str) -> bytes | None:
        """The numbers of a reference, for the eye."""
        ...

    async def picture(self, id: str) -> SmallPicture | None: ...

    async def pictures_of(self, of: str) -> Sequence[SmallPicture]:
        """The pictures of a spell, reference or alarm, the oldest first."""
        ...

    async def states(self) -> Mapping[str, KeptState]:
        """By camera; `checked_until` is the newest planned check on record, if that is later."""
        ...

    async def batch(self, number: int) -> Sequence[Check]:
        """The checks that one record of the ledger covers, by camera and `due_at`."""
        ...
