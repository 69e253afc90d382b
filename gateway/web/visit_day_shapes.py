"""The shapes of the lists of a day, and of who is on the campus now."""

from datetime import datetime

from msgspec import field

from gateway.web.shapes import Answer, HolderInfo


class VisitLine(Answer, frozen=True, omit_defaults=True):
    """One visit or group in a list; what is not so is left out.

    `place`: expected, inside, overstay, left_inside, over. `document`: four characters at most. `needs`: codes of what
    the rules still ask, and `host_gone`. `count`: how many of a group of `members` are inside.
    """

    id: str
    place: str
    state: str
    kind: str
    name: str
    person: str
    host: str
    starts_at: datetime
    ends_at: datetime
    find: str = ""
    """What the name answers to beside itself: its words, pinyin and their first letters."""
    document: str = ""
    organisation: str = ""
    since: datetime | None = None
    needs: list[str] = field(default_factory=list)
    refused_now: bool = False
    unanswered: bool = False
    uncertain: bool = False
    plate: str | None = None
    badge: str = ""
    declared: bool = False
    count: int | None = None
    members: int | None = None


class DayCounts(Answer, frozen=True):
    expected: int
    inside: int
    overstays: int
    unanswered: int
    left_inside: int
    refused_now: int


class GateDay(Answer, frozen=True):
    """`unanswered` holds visits that are in `expected` too."""

    at: datetime
    expected: list[VisitLine]
    inside: list[VisitLine]
    overstays: list[VisitLine]
    unanswered: list[VisitLine]
    left_inside: list[VisitLine]
    counts: DayCounts


class MusterZone(Answer, frozen=True):
    """Who is surely or perhaps in a zone and no deeper. `counts` by kind of holder: surely inside; `uncertain`: who may
    have left unread."""

    zone: str
    counts: dict[str, int]
    uncertain: dict[str, int]
    people: int


class MusterPerson(Answer, frozen=True):
    """Somebody who is not of the school, and who answers for them."""

    name: str
    kind: str
    zone: str | None
    since: datetime | None
    uncertain: bool
    host: HolderInfo | None
    organisation: str
    visit: str | None
    count: int
    members: list[str]
    """The others of a group."""
    plate: str | None


class Muster(Answer, frozen=True):
    """`uncertain` in a person: nobody saw for sure whether they are still inside."""

    at: datetime
    total: int
    uncertain: int
    zones: list[MusterZone]
    visitors: list[MusterPerson]
