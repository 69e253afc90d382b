"""What a recorder answers when it is asked for its recordings, and what that says of one camera.

Promises: times count only where they can be believed (a recorder without a date says 1970); a recorder's clock that is
wrong makes no recording older or newer than it is; what a recorder claims of itself counts for less than that its
newest recording goes on. Leaves to others: asking (`gateway.video.capture.web_recorder`), when, and what follows
(`gateway.flows.recorder_round`, `gateway.flows.recorders`).
"""

from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from enum import StrEnum

NO_EARLIER = datetime(2000, 1, 1, tzinfo=UTC)
"""Older than digital recorders: a clock that was never set."""
AHEAD = timedelta(minutes=5)
"""A newest recording may lie so far ahead: a piece is written until its end."""
CLOCK_OFF_S = 60.0
"""A clock that is off by more is said."""
CLAIM_S = 2 * 3_600.0
"""A recorder that says that it records, and whose newest recording has been watched standing still for so long, does
not. Some tell of a piece only when it is complete; pieces last an hour at most."""


class Trouble(StrEnum):
    """Why a recorder told nothing of a recording."""

    BAD_ADDRESS = "bad_address"
    OUTSIDE = "outside"
    """Its address is outside of the camera networks; nothing was sent."""
    UNREACHABLE = "unreachable"
    SILENT = "silent"
    CREDENTIALS = "credentials"
    TLS = "tls"
    REDIRECT = "redirect"
    NOT_ONVIF = "not_onvif"
    NO_SEARCH = "no_search"
    """It speaks ONVIF, and offers no search for recordings (Profile G)."""
    FAULT = "fault"
    """It answered with a fault of its own."""
    TOO_LARGE = "too_large"
    NOT_LISTED = "not_listed"
    """It knows no recording with the camera's token."""
    NOT_SEEN = "not_seen"
    """The camera's recording is not among those that were looked at, and it has more."""
    OURS = "ours"
    """It was not asked: a part of the gateway was away."""


class Status(StrEnum):
    """What a recorder says of a recording; what is none of these is unknown."""

    INITIATED = "Initiated"
    RECORDING = "Recording"
    STOPPED = "Stopped"
    REMOVING = "Removing"
    REMOVED = "Removed"
    UNKNOWN = "Unknown"


@dataclass(frozen=True, slots=True)
class Recorder:
    """A recorder that is asked, as it is configured."""

    id: str
    url: str
    """Of its ONVIF device service, without credentials."""
    user: str = ""
    password: str = field(default="", repr=False)
    every_s: float = 300.0


@dataclass(frozen=True, slots=True)
class RecorderOf:
    """Who records a camera."""

    recorder: str
    token: str | None = None
    """Of the recording, or of its source; None: the recorder records this camera alone."""
    quiet_s: float = 900.0
    """So long nothing new may come: more where only movement is recorded."""


@dataclass(frozen=True, slots=True)
class Held:
    """One recording as its recorder tells of it; times by the recorder's own clock."""

    token: str
    source: str = ""
    source_token: str = ""
    name: str = ""
    status: Status = Status.UNKNOWN
    earliest: datetime | None = None
    latest: datetime | None = None

    @property
    def tokens(self) -> tuple[str, ...]:
        """By what a camera may name it, the most exact first."""
        return tuple(token for token in (self.token, self.source_token, self.source) if token)


@dataclass(frozen=True, slots=True)
class Answer:
    """What came of asking one recorder once."""

    told_at: datetime
    """The recorder's own clock when it answered; ours, where it does not tell."""
    held: tuple[Held, ...] = ()
    is_cut: bool = False
    """There were more recordings than are looked at."""
    clock_ahead_s: float | None = None
    """Its clock against ours; None: it does not tell."""
    trouble: Trouble | None = None
    detail: str = ""
    """For people: short, in English, without addresses, names and passwords."""


@dataclass(frozen=True, slots=True)
class Seen:
    """A camera's newest recording as it was seen before, on the monotonic clock."""

    latest: datetime | None
    since_s: float
    """When it was first seen as new as it is."""
    moved: bool = False
    """It has been seen to go on."""


@dataclass(frozen=True, slots=True)
class Verdict:
    """What an answer says of one camera's recording."""

    is_recording: bool | None
    """None: this cannot be said yet."""
    oldest_at: datetime | None
    """By our clock; None: not known."""
    detail: str = ""


def recording_of(answer: Answer, token: str | None) -> Held | None:
    """The camera's recording; several of one source are one. None: the recorder knows none."""
    if token is None:
        return _together(answer.held)
    for exact in (0, 1, 2):
        found = [held for held in answer.held if token == (held.token, held.source_token, held.source)[exact]]
        if found:
            return _together(found)
    return None


def judge(answer: Answer, held: Held, seen: Seen | None, quiet_s: float, now: datetime, mono_s: float) -> Verdict:
    """Whether the camera is recorded and since when, `now` by the clock that the rest of the site goes by.

    `seen` is what `watch` made of this answer and those before.
    """
    shift = now - answer.told_at
    earliest, latest = (_believed(at, shift, now) for at in (held.earliest, held.latest))
    oldest = None if answer.is_cut else earliest
    told = _clock(answer.clock_ahead_s)
    if latest is not None and (now - latest).total_seconds() <= quiet_s:
        return Verdict(True, oldest, told)
    still_s = 0.0 if seen is None else mono_s - seen.since_s
    if seen is not None and seen.moved and still_s <= quiet_s:
        return Verdict(True, oldest, told)
    if held.status is Status.RECORDING:
        claim_s = max(CLAIM_S, quiet_s)
        if held.latest is None or still_s < claim_s:
            # After a start nothing has been watched yet: an old recording proves no standstill, and clears none either.
            is_old = latest is not None and (now - latest).total_seconds() > claim_s
            return Verdict(None if is_old else True, oldest, told)
        why = "it says that it records, and its newest recording stands still"
        return Verdict(False, oldest, _joined(why, told))
    is_ahead = held.latest is not None and held.latest >= NO_EARLIER and latest is None
    if answer.is_cut or (held.latest is not None and still_s == 0) or (is_ahead and still_s <= quiet_s):
        # What was looked at may not be the newest. Hours that are written by the local time lie behind, or ahead, of a
        # clock that is right: it has to be seen twice whether its newest recording goes on.
        return Verdict(None, oldest, told)
    if latest is None:
        why = f"it says {held.status.value}, and tells of no newest recording"
    else:
        why = f"it says {held.status.value}, its newest recording is {_age(now - latest)} old"
    return Verdict(False, oldest, _joined(why, told))


def watch(held: Held, seen: Seen | None, mono_s: float) -> Seen:
    """What is to be remembered of a camera's newest recording."""
    if seen is None:
        return Seen(held.latest, mono_s)
    if held.latest == seen.latest:
        return seen
    is_newer = held.latest is not None and seen.latest is not None and held.latest > seen.latest
    return Seen(held.latest, mono_s, moved=is_newer)


def _together(held: Iterable[Held]) -> Held | None:
    many = list(held)
    if not many:
        return None
    earliest = [one.earliest for one in many if one.earliest is not None and one.earliest >= NO_EARLIER]
    latest = [one.latest for one in many if one.latest is not None]
    records = any(one.status is Status.RECORDING for one in many)
    return replace(
        many[0],
        status=Status.RECORDING if records else many[0].status,
        earliest=min(earliest, default=None),
        latest=max(latest, default=None),
    )


def _believed(at: datetime | None, shift: timedelta, now: datetime) -> datetime | None:
    if at is None or at < NO_EARLIER:
        return None
    try:
        ours = at + shift
    except OverflowError:
        return None
    return ours if ours <= now + AHEAD else None


def _clock(ahead_s: float | None) -> str:
    if ahead_s is None or abs(ahead_s) <= CLOCK_OFF_S:
        return ""
    return f"its clock is {_age(timedelta(seconds=abs(ahead_s)))} {'ahead' if ahead_s > 0 else 'behind'}"


def _joined(*parts: str) -> str:
    return "; ".join(part for part in parts if part)


def _age(long: timedelta) -> str:
    seconds = long.total_seconds()
    if seconds < 120:
        return f"{seconds:.0f} s"
    if seconds < 2 * 3_600:
        return f"{seconds / 60:.0f} min"
    return f"{seconds / 3_600:.0f} h" if seconds < 2 * 86_400 else f"{seconds / 86_400:.0f} days"
