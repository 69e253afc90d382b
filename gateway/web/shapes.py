"""The shapes of the API: what a request may hold and what an answer does hold. The OpenAPI document is made from these.

Every request shape forbids unknown fields, so that nobody gives themselves a role by sending one more field.
"""

from datetime import datetime
from typing import Annotated, Any, Literal

import msgspec
from msgspec import Meta, Struct

Name = Annotated[str, Meta(min_length=1, max_length=64)]
Text = Annotated[str, Meta(min_length=1, max_length=200)]
Secret = Annotated[str, Meta(min_length=1, max_length=1000)]
Limit = Annotated[int, Meta(ge=1, le=200)]
Number = Annotated[int, Meta(ge=0, le=2**63 - 1)]
Time = Annotated[datetime, Meta(tz=True)]
Language = Literal["en", "zh"]


class Given(Struct, frozen=True, forbid_unknown_fields=True):
    """What somebody sends."""


class Answer(Struct, frozen=True):
    """What the gateway says."""


# ---------------------------------------------------------------- sessions and users


class SignIn(Given, frozen=True):
    user: Annotated[str, Meta(min_length=1, max_length=200)]
    password: Secret


class SessionInfo(Answer, frozen=True):
    id: str
    created_at: datetime
    seen_at: datetime
    expires_at: datetime
    current: bool = False


class Me(Answer, frozen=True):
    user: str
    roles: list[str]
    rights: list[str]
    language: str
    session: SessionInfo | None
    person: str | None
    """Which person of the directory I am, by the school's id."""


class MeChange(Given, frozen=True):
    language: Language


class Sessions(Answer, frozen=True):
    sessions: list[SessionInfo]


class UserInfo(Answer, frozen=True):
    name: str
    roles: list[str]
    language: str
    disabled: bool
    created_at: datetime
    person: str | None


class Users(Answer, frozen=True):
    users: list[UserInfo]


class NewUser(Given, frozen=True):
    name: Name
    password: Secret
    roles: Annotated[list[Name], Meta(min_length=1, max_length=20)]
    language: Language = "zh"
    person: Name | None = None
    """Which person of the directory it is, by the school's id."""


class UserChange(Given, frozen=True):
    roles: Annotated[list[Name], Meta(min_length=1, max_length=20)] | None = None
    disabled: bool | None = None
    password: Secret | None = None
    language: Language | None = None
    person: Name | None = None


# ---------------------------------------------------------------- people


class PeopleQuery(Given, frozen=True):
    """No search: what people type stands in no address. See `POST people/search`."""

    kind: Name | None = None
    after: Annotated[str, Meta(max_length=64)] = ""
    limit: Limit = 50


class Person(Answer, frozen=True):
    id: str
    name: str
    kind: str
    groups: list[str]
    dormitory: str | None
    suspended: bool


class People(Answer, frozen=True):
    people: list[Person]
    next: str | None


class CredentialInfo(Answer, frozen=True):
    ref: str
    kind: str
    ending: str
    state: str
    not_before: datetime | None
    not_after: datetime | None


class PersonWithCredentials(Answer, frozen=True):
    person: Person
    credentials: list[CredentialInfo]


class Revoke(Given, frozen=True):
    reason: Literal["lost", "revoked"]


class Revoked(Answer, frozen=True):
    ref: str
    state: str


class Imported(Answer, frozen=True):
    """What the import did; nothing of it if one line was wrong."""

    lines: int
    added: int
    updated: int


# ---------------------------------------------------------------- decisions, ledger, level


class HolderInfo(Answer, frozen=True):
    id: str
    name: str
    kind: str


class TraceLine(Answer, frozen=True):
    rule: str
    verdict: str
    reason: str | None


class SecondAnswer(Answer, frozen=True):
    outcome: str
    reason: str


class DecisionInfo(Answer, frozen=True):
    """A decision as it happened; `seq` is its number in the ledger.

    `answer` is what became of one that waited, once somebody has answered or time was up.
    """

    id: str
    at: datetime
    portal: str
    direction: str
    device: str
    outcome: str
    reason: str
    holder: HolderInfo | None
    credential: str | None
    level: int
    trace: list[TraceLine]
    notices: list[str]
    seq: int
    answer: SecondAnswer | None


class DecisionsQuery(Given, frozen=True):
    portal: Name | None = None
    device: Name | None = None
    direction: Literal["in", "out"] | None = None
    outcome: Literal["grant", "deny", "wait"] | None = None
    reason: Name | None = None
    since: Time | None = None
    until: Time | None = None
    before: Number | None = None
    limit: Limit = 50


class Decisions(Answer, frozen=True):
    """`next` goes into `before` of the next question; a page may be short and still have a next one."""

    decisions: list[DecisionInfo]
    next: str | None


class LedgerQuery(Given, frozen=True):
    after: Number = 0
    limit: Annotated[int, Meta(ge=1, le=1000)] = 100


class LedgerRecord(Answer, frozen=True):
    seq: int
    at: datetime
    kind: str
    key: str | None
    body: dict[str, Any]
    hash: str


class LedgerPage(Answer, frozen=True):
    records: list[LedgerRecord]
    next: str | None


# ---------------------------------------------------------------- devices, waiting


class DeviceInfo(Answer, frozen=True):
    """A device as last heard of; `null` where it has not said anything yet.

    It follows what it was told when `posture`, `credentials` and `revoked` equal the versions issued.
    """

    id: str
    kind: str
    portal: str | None
    zone: str | None
    online: bool
    lost_since: datetime | None
    last_seen: datetime | None
    firmware: str | None
    clock: str | None
    drift_ms: int | None
    buffered: int
    posture: int | None
    posture_issued: int
    credentials: int | None
    credentials_issued: int
    revoked: int | None
    revoked_issued: int
    lock_state: str | None
    position: str | None
    quarantined: bool
    bad_messages: int


class Devices(Answer, frozen=True):
    devices: list[DeviceInfo]


class SendCommand(Given, frozen=True):
    action: Literal[
        "grant", "unlock", "lock", "release", "raise", "lower", "efo", "snapshot", "identify", "reboot", "announce"
    ]
    reason: Text
    confirm: Text | None = None


class EndQuarantine(Given, frozen=True):
    reason: Text


class CommandInfo(Answer, frozen=True):
    """`state`: issued, executed, refused, failed, expired or no_answer; `result_reason` is the device's own word.

    An `efo` without `confirm` is `armed`: nothing is sent until it comes again with this `confirm`, in ten seconds.
    """

    command: str
    device: str
    action: str
    reason: str
    state: str
    issued_at: datetime
    result_reason: str | None
    confirm: str | None = None


class PlateProposal(Answer, frozen=True):
    """A registered plate that the camera may have meant; whose it is helps to compare, and admits nobody."""

    plate: str
    holder: HolderInfo | None
    kind: str | None


class WaitingInfo(Answer, frozen=True):
    """Somebody who waits for a person's word at `portal`, until `until`; `id` goes into the path of the answer."""

    id: str
    at: datetime
    until: datetime
    portal: str
    direction: str
    device: str
    reason: str
    holder: HolderInfo | None
    credential: str
    plate: str | None = None
    """What a lane's camera read; only for those who may answer."""
    proposals: list[PlateProposal] = msgspec.field(default_factory=list)
    picture: bool = False
    """There is one, under `picture` below the path of the answer."""


class WaitingList(Answer, frozen=True):
    waiting: list[WaitingInfo]


class AnswerWaiting(Given, frozen=True):
    """`plate`: which one a plate that waits really is, compared with its picture; judged as if that had been read."""

    outcome: Literal["grant", "refuse"]
    reason: Text | None = None
    plate: Annotated[str, Meta(min_length=1, max_length=32)] | None = None


class Answered(Answer, frozen=True):
    id: str
    outcome: str


# ---------------------------------------------------------------- the gateway itself


class Alive(Answer, frozen=True):
    alive: bool


class Part(Answer, frozen=True):
    ok: bool
    detail: str = ""


class Ready(Answer, frozen=True):
    ready: bool
    parts: dict[str, Part]


def to_builtins(value: Any) -> Any:
    """JSON-able parts of any answer, times as text."""
    return msgspec.to_builtins(value)
