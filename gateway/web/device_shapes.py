"""The shapes of the devices' desk: one device in full, its records and commands, enrolments, bollards."""

from datetime import datetime
from typing import Annotated, Any, Literal

from msgspec import Meta, field

from gateway.web.shapes import Answer, DeviceInfo, Given, HolderInfo, Limit, Number, Text, Time

Id = Annotated[str, Meta(min_length=1, max_length=64)]
Ref = Annotated[str, Meta(min_length=1, max_length=32)]
Typed = Annotated[str, Meta(max_length=400)]
"""Longer than any name may be: what is wrong with it is said in words, not by its length."""


class PostureState(Answer, frozen=True):
    """`state`: verified, acknowledged, asked, late or away. `shown`: the version that its own status names."""

    asked: int
    shown: int | None
    state: str
    at: datetime | None
    level: int | None
    order: str | None
    emergency: str | None
    drill: bool
    bollard: str | None


class ListState(Answer, frozen=True):
    """`made_at` and `entries` where the record of this version is not too long ago."""

    asked: int
    shown: int | None
    follows: bool
    entries: int | None
    made_at: datetime | None
    expires_at: datetime | None
    revoked_asked: int
    revoked_shown: int | None
    revoked_tokens: int


class ClockState(Answer, frozen=True):
    """`drift_ms`: its clock less the gateway's; beyond `alarm_over_ms` it is an alarm."""

    state: str | None
    drift_ms: int | None
    alarm_over_ms: int
    is_off: bool


class LostEvents(Answer, frozen=True):
    at: datetime
    boot: str
    from_seq: int
    to_seq: int
    told: bool


class BadMessages(Answer, frozen=True):
    """`count`: since the gateway started."""

    reason: str
    count: int
    newest_at: datetime | None


class InputState(Answer, frozen=True):
    name: str
    value: str
    at: datetime | None


class DeviceState(Answer, frozen=True):
    """One device in full. `null` where nobody has said it; `not_now`: why no command would reach it just now."""

    device: DeviceInfo
    at: datetime
    online: bool
    online_since: datetime | None
    lost_since: datetime | None
    last_seen: datetime | None
    boot: str | None
    uptime_s: int | None
    firmware: str | None
    protocol: int
    key_change_pending: bool
    posture: PostureState
    lone_list: ListState | None
    clock: ClockState
    untold: int
    lost: list[LostEvents]
    bad: list[BadMessages]
    quarantined_until: datetime | None
    inputs: list[InputState]
    locations: list[str]
    actions: list[str]
    not_now: str | None


class EventsQuery(Given, frozen=True):
    """Without `after` the newest come first, `before` going on from where an answer ended; with it the oldest."""

    before: Number | None = None
    after: Number | None = None
    limit: Limit = 50


class DeviceEvent(Answer, frozen=True):
    """One record of the ledger about a device: `kind` as in the ledger, `type` of what the device told itself."""

    seq: int
    at: datetime
    kind: str
    type: str | None
    body: dict[str, Any]


class DeviceEvents(Answer, frozen=True):
    """`next`: the number to go on with (`before`, or `after` if that was asked); `null` at the end."""

    events: list[DeviceEvent]
    next: int | None


class CommandsQuery(Given, frozen=True):
    limit: Limit = 20


class CommandLife(Answer, frozen=True):
    """`state`: issued, executed, refused, failed, expired or no_answer. `by`: a user's name; `null` for a cause."""

    command: str
    device: str
    action: str
    reason: str
    state: str
    issued_at: datetime
    result_reason: str | None
    settled_at: datetime | None
    by: str | None
    elapsed_s: float


class Commands(Answer, frozen=True):
    commands: list[CommandLife]


# ---------------------------------------------------------------- what it would decide alone


class AloneRules(Answer, frozen=True):
    """By what it decides while nobody answers it; `entry`: list or deny, `exit`: free, list or deny."""

    level: int
    emergency: str | None
    entry: str
    exit: str
    escape_route: bool
    max_age_s: int
    trusted_until: datetime | None
    list_expires_at: datetime | None
    follows: bool


class AloneCounts(Answer, frozen=True):
    """Entries of its list by what they open; `by_level`: those that hold on the way in at that level."""

    entries: int
    people: int
    entry_always: int
    entry_in_windows: int
    exit_always: int
    exit_in_windows: int
    by_level: dict[str, int]
    revoked: int


class AloneNow(Answer, frozen=True):
    rules: AloneRules
    counts: AloneCounts


class AskAlone(Given, frozen=True):
    """Of whom: a person by the school's id, or one credential by its reference; at another moment if that is given."""

    holder: Id | None = None
    credential: Ref | None = None
    at: Time | None = None


class AloneAnswer(Answer, frozen=True):
    """One card in one direction. `levels`: those at which its entries hold; `always`: without hours."""

    credential: str
    direction: str
    granted: bool
    reason: str
    levels: list[int]
    always: bool


class AloneAsked(Answer, frozen=True):
    """`other_credentials`: passes, plates and PINs, on which no device decides alone."""

    holder: HolderInfo | None
    at: datetime
    rules: AloneRules
    answers: list[AloneAnswer]
    other_credentials: int


# ---------------------------------------------------------------- enrolments


class NewDevice(Given, frozen=True):
    """`portal` for what stands at one, else `zone`; `locations`: the names of a panel's panic buttons."""

    id: Typed
    kind: Typed
    portal: Typed | None = None
    zone: Typed | None = None
    locations: Annotated[list[Typed], Meta(max_length=200)] = field(default_factory=list)


class Because(Given, frozen=True):
    reason: Text


class BrokerStep(Answer, frozen=True):
    """`step`: told, written, no_files or failed; `trouble`: what did not work, in English."""

    step: Literal["told", "written", "no_files", "failed"]
    trouble: str | None


class DeviceBundle(Answer, frozen=True):
    """What the device has to know. This is the only time that it is shown. `password`: null with a new key, for that
    stays."""

    device: str
    kind: str
    site: str
    key: str
    username: str
    password: str | None
    topic: str
    portal: str | None
    zone: str | None
    broker: BrokerStep


class Retired(Answer, frozen=True):
    device: str
    broker: BrokerStep


class Consequences(Answer, frozen=True):
    """What goes with a device: how many like it stay at its place, who waits at it, events that it has not told."""

    others: int
    waiting: int
    untold: int
    alarms: int


class DevicePlaces(Answer, frozen=True):
    """Where a device of each kind may stand."""

    portals: dict[str, list[str]]
    zones: dict[str, list[str]]


# ---------------------------------------------------------------- bollards


class InterlockState(Answer, frozen=True):
    """`interlock`: sensors_speak, pedestrian_clear, vehicle_clear, not_latched or latched."""

    interlock: str
    met: bool
    for_s: float | None


class ActState(Answer, frozen=True):
    """`act`: raise, lower, efo or efo_reset (a `lower` with that reason)."""

    act: str
    needs: list[str]
    unmet: list[str]


class BollardState(Answer, frozen=True):
    """`vehicle`, `pedestrian`: clear, present or unknown, the last word of a loop; unknown and old count as present.

    `armed_for_s`: so long the second step of an `efo` may follow, by whom it was begun.
    """

    device: str
    online: bool
    position: str | None
    vehicle: str | None
    pedestrian: str | None
    heard_s: float | None
    counter: int | None
    latched: bool
    armed_for_s: float | None
    armed_by_me: bool
    not_now: str | None
    conditions: list[InterlockState]
    acts: list[ActState]


class BollardLane(Answer, frozen=True):
    portal: str
    at: datetime
    held: bool
    opens_at: datetime | None
    closes_at: datetime | None
    bollards: list[BollardState]


class Bollards(Answer, frozen=True):
    lanes: list[BollardLane]
