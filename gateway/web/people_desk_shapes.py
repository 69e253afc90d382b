"""Shapes of the API: looking one person up, with a reason; the roll call of an emergency; who looked."""

from datetime import datetime
from typing import Annotated, Literal

from msgspec import Meta, field

from gateway.web.people_shapes import Few
from gateway.web.shapes import Answer, CredentialInfo, DecisionInfo, Given, HolderInfo, Limit, Number, Person, Time

WhyCode = Literal["safety", "incident", "lost_credential", "fault", "own_request", "authority"]
Words = Annotated[str, Meta(min_length=3, max_length=200)]
"""Which case it is. Kept as a note that retention erases; never in the ledger."""


class Enquiry(Given, frozen=True):
    """Why somebody looks: recorded before anything is answered."""

    why: WhyCode
    words: Words


class Find(Given, frozen=True):
    """`q`: a name or a part of it, an id, pinyin or its first letters; it is kept nowhere."""

    q: Annotated[str, Meta(min_length=1, max_length=100)]
    why: WhyCode
    words: Words
    limit: Few = 20


class MovementsWanted(Given, frozen=True):
    """Of [from, to), 31 days at most, no older than passages are kept by name; left out: the last 24 hours. To go on,
    ask again with the answer's `next` as `to`."""

    why: WhyCode
    words: Words
    since: Time | None = field(default=None, name="from")
    until: Time | None = field(default=None, name="to")


class WithinWanted(Given, frozen=True):
    """To go on, ask again with the answer's `next` as `after`."""

    why: WhyCode
    words: Words
    after: Annotated[str, Meta(max_length=64)] = ""
    limit: Limit = 100


class Seen(Answer, frozen=True):
    """Where somebody was last seen: `state` is inside, outside, or uncertain (they may have left unread)."""

    zone: str
    state: str
    since: datetime


class Whereabouts(Answer, frozen=True):
    """`seen` is null if no reader has seen this person, or that is erased. `movements`: who asks may see them."""

    person: Person
    credentials: list[CredentialInfo]
    seen: Seen | None
    movements: bool


class Movement(Answer, frozen=True):
    """What a door answered (`decision`), or that somebody went through (`zone` and `state`: where they were then)."""

    seq: int
    at: datetime
    portal: str | None
    decision: DecisionInfo | None
    zone: str | None
    state: str | None


class Movements(Answer, frozen=True):
    """The newest first. A page may be short and still have a `next` one: rows are looked through a week at a time."""

    person: HolderInfo
    since: datetime = field(name="from")
    until: datetime = field(name="to")
    movements: list[Movement]
    next: datetime | None


class PersonWithin(Answer, frozen=True):
    person: Person
    seen: Seen


class PeopleWithin(Answer, frozen=True):
    """Who is in a zone or deeper; `uncertain` of them may have left unread."""

    zone: str
    at: datetime
    inside: int
    uncertain: int
    people: list[PersonWithin]
    next: str | None


class ReadsQuery(Given, frozen=True):
    """`enquiries`: only those for which a reason was given."""

    enquiries: bool = False
    before: Number | None = None
    limit: Limit = 50


class Read(Answer, frozen=True):
    """One look: `why` and `words` where a reason was asked for; `words` null: nothing typed, or erased."""

    seq: int
    at: datetime
    by: str
    what: str
    count: int
    about: HolderInfo | None
    why: str | None
    words: str | None


class Reads(Answer, frozen=True):
    reads: list[Read]
    next: int | None


# ---------------------------------------------------------------- the roll call


class Accounted(Answer, frozen=True):
    at: datetime
    by: str


class RollCallPerson(Answer, frozen=True):
    """`count`: how many come with a guest. `groups`: a pupil's class is one of them."""

    id: str
    name: str
    kind: str
    groups: list[str]
    since: datetime | None
    uncertain: bool
    host: HolderInfo | None
    count: int
    accounted: Accounted | None


class RollCallZone(Answer, frozen=True):
    """`zone` null: nobody knows where. A mark moves nobody to another place in the list."""

    zone: str | None
    missing: int
    accounted: int
    people: list[RollCallPerson]


class RollCall(Answer, frozen=True):
    """`left`: were inside at the start and were seen leaving; null in a lockdown, where nobody should leave."""

    emergency: str
    kind: str
    drill: bool
    started_at: datetime
    at: datetime
    inside_at_start: int
    left: int | None
    accounted: int
    missing: int
    zones: list[RollCallZone]


class AccountFor(Given, frozen=True):
    """`here` false takes a mistake back."""

    people: Annotated[list[Annotated[str, Meta(min_length=1, max_length=64)]], Meta(min_length=1, max_length=200)]
    here: bool = True


class AccountedFor(Answer, frozen=True):
    """Those for whom it is new."""

    people: list[str]
