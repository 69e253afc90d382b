"""Shapes of the API: exports, open cases, what is kept how long."""

from datetime import datetime
from typing import Annotated, Literal

import msgspec
from msgspec import Meta

from gateway.web.shapes import Answer, Given, HolderInfo, Name, Text, Time


class NewExport(Given, frozen=True):
    """What happened in [from, to)."""

    what: Literal["visits", "passages", "decisions", "alarms"]
    since: Time = msgspec.field(name="from")
    until: Time = msgspec.field(name="to")
    reason: Text
    format: Literal["csv", "xlsx"] = "csv"


class ExportInfo(Answer, frozen=True):
    """`state`: `ready` (its file can be fetched), `waiting` (for the second person), `refused`, `over`."""

    id: str
    what: str
    format: str
    since: datetime = msgspec.field(name="from")
    until: datetime = msgspec.field(name="to")
    reason: str
    rows: int
    state: str
    requested_at: datetime
    ends_at: datetime
    mine: bool


class Exports(Answer, frozen=True):
    exports: list[ExportInfo]


class NewHold(Given, frozen=True):
    """`person`: by the school's id; left out: nothing at all is erased."""

    reason: Annotated[str, Meta(min_length=5, max_length=200)]
    person: Name | None = None


class HoldInfo(Answer, frozen=True):
    id: str
    person: HolderInfo | None
    everybody: bool
    reason: str
    placed_at: datetime
    released_at: datetime | None


class Holds(Answer, frozen=True):
    holds: list[HoldInfo]


class KeptFor(Answer, frozen=True):
    what: str
    days: int
    usual_days: int
    due: int


class RetentionRun(Answer, frozen=True):
    at: datetime
    erased: dict[str, int]
    files: int
    days_counted: int
    paused: bool


class RetentionInfo(Answer, frozen=True):
    """What is kept how long, what is due (1,000 means that or more), and the last runs, the newest first."""

    kept: list[KeptFor]
    pictures_days: int
    passages_days: int
    reason: str
    paused: bool
    cases: int
    runs: list[RetentionRun]


class PersonLeft(Answer, frozen=True):
    id: str
    erased_after_days: int
