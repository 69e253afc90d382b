"""What would be decided under another level or another policy: the same `decide`, in a world that is made up.

Promises: nothing is looked at but what is given; a world that was made up differs from the one given only in what was
asked for. Leaves to others: where past taps come from, who may ask, and recording that they did.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from typing import NamedTuple

from gateway.core.decide import decide
from gateway.core.kinds import CredentialKind, CredentialState, Direction, Level, Outcome, PortalKind
from gateway.core.nouns import Credential, Decision, Holder, Request, World
from gateway.core.papers import Order, Paper, Visit, VisitState, arrange, key_of
from gateway.core.policy import Policy
from gateway.core.reasons import ABOUT_THE_CREDENTIAL, Reason

BEGINNING = datetime(1970, 1, 1, tzinfo=UTC)
MADE_UP = "made-up"
"""The id and value of what exists only in the question."""


def at_level(world: World, level: Level) -> World:
    """The same world with `level` in force everywhere, and no emergency."""
    everywhere = frozenset(zone.id for zone in world.campus.zones.values() if zone.parent is None)
    order = Order(MADE_UP, level, everywhere, BEGINNING)
    return replace(world, orders=(order,), emergencies=(), fires=frozenset())


def under_policy(world: World, policy: Policy) -> World:
    """The same world under another policy."""
    return replace(world, campus=replace(world.campus, policy=policy))


def without_presence(world: World) -> World:
    """The same world at another time: nobody knows who is where then."""
    return replace(world, presence={}, inside={}, used={})


class Shown(NamedTuple):
    """What a holder would show at a portal; `is_made_up`: they hold nothing, so a good card is thought up."""

    kind: CredentialKind
    value: str
    world: World
    is_made_up: bool


def shown_by(world: World, holder: Holder, portal: str) -> Shown:
    """What `holder` would show: in a vehicle lane an active plate, else an active card or pass, else a card made up."""
    place = world.campus.portals.get(portal)
    lane = place is not None and place.kind is PortalKind.VEHICLE_GATE
    liked = (CredentialKind.PLATE, CredentialKind.CARD, CredentialKind.QR) if lane else (
        CredentialKind.CARD,
        CredentialKind.QR,
    )  # fmt: skip
    held = [
        c
        for c in world.directory.credentials.values()
        if c.holder == holder.ref and c.kind in liked and c.state is CredentialState.ACTIVE
    ]
    if held:
        best = min(held, key=lambda c: (liked.index(c.kind), c.ref))
        return Shown(best.kind, best.value, world, False)
    card = Credential(MADE_UP, holder.ref, CredentialKind.CARD, MADE_UP)
    credentials = {**world.directory.credentials, (card.kind, card.value): card}
    directory = replace(world.directory, credentials=credentials)
    return Shown(card.kind, card.value, replace(world, directory=directory), True)


# ---------------------------------------------------------------- replay


def as_it_was(world: World, past: Iterable[Paper]) -> World:
    """The world in which past taps happened, as far as it is known: a credential that was accepted then is good, and
    visits that are over count again. Why somebody was refused for their card is in the record itself."""
    credentials = dict(world.directory.credentials)
    for key, held in world.directory.credentials.items():
        if held.state is not CredentialState.ACTIVE or held.max_uses or held.not_before or held.not_after:
            credentials[key] = Credential(held.ref, held.holder, held.kind, held.value)
    papers = dict(world.directory.papers.by_id)
    for paper in past:
        if isinstance(paper, Visit) and paper.state is VisitState.CHECKED_OUT:
            papers[key_of(paper)] = replace(paper, state=VisitState.CHECKED_IN)
    directory = replace(world.directory, credentials=credentials, papers=arrange(papers))
    return replace(world, directory=directory)


class PastTap(NamedTuple):
    """A recorded tap: what was asked, by whom, at which level, and what was answered in the end."""

    at: datetime
    portal: str
    direction: Direction
    kind: CredentialKind
    holder: str | None
    credential: str | None
    level: Level
    outcome: Outcome
    reason: str
    card_at_fault: bool = False
    """Something was wrong with the credential, whatever came of it."""
    cut_off: bool = False
    """Decided by the device alone, or without a ledger: that, and no rule, may have settled it."""


class Verdict(NamedTuple):
    """An outcome and the reason that settles it."""

    outcome: Outcome
    reason: Reason


class Change(NamedTuple):
    """One way in which somebody would be treated differently."""

    portal: str
    direction: Direction
    before: Verdict
    after: Verdict


@dataclass(slots=True)
class Difference:
    """One holder and one change: how often, and when first and last."""

    holder: str
    change: Change
    count: int = 0
    first_at: datetime = BEGINNING
    last_at: datetime = BEGINNING


@dataclass(slots=True)
class Replayed:
    """What came of a replay.

    Both sides of the comparison are decided anew with the people, cards and rules of today, so that only the level or
    the policy makes a difference. `changed_since`: taps on which that already differs from what was recorded then.
    """

    taps: int = 0
    compared: int = 0
    unknown: int = 0
    """Taps of credentials that nobody knows, then or now."""
    changed_since: int = 0
    changes: dict[Change, int] = field(default_factory=dict)
    people: dict[tuple[str, Change], Difference] = field(default_factory=dict)

    @property
    def different(self) -> int:
        """How many taps would have been treated differently."""
        return sum(self.changes.values())

    @property
    def holders(self) -> int:
        """How many people that concerns."""
        return len({holder for holder, _ in self.people})


NOT_THE_LEVELS = frozenset(
    {
        Reason.BAD_REQUEST,
        Reason.DEVICE_QUARANTINED,
        Reason.LOCKDOWN,
        Reason.HOLDER_SUSPENDED,
        Reason.ENTRY_BANNED,
        *ABOUT_THE_CREDENTIAL,
    }
) - {Reason.PIN_REQUIRED}
"""Reasons for a refusal that another level or policy would not have changed."""


class Replay:
    """Runs past taps through another level or policy; taps may come in portions.

    `past` are the papers of the time that are over by now: a visit that was checked out since was good then.
    """

    def __init__(self, world: World, *, level: Level | None, policy: Policy | None, past: Iterable[Paper] = ()) -> None:
        quiet = without_presence(as_it_was(world, past))
        self._then = {some: at_level(quiet, some) for some in Level}
        other = quiet if policy is None else under_policy(quiet, policy)
        self._instead = {some: at_level(other, some if level is None else level) for some in Level}
        self._values = {c.ref: (c.kind, c.value) for c in world.directory.credentials.values()}
        self._holders: Mapping[str, Holder] = world.directory.holders
        self.result = Replayed()

    def take(self, taps: Iterable[PastTap]) -> None:
        """Decide each tap twice and note where that differs."""
        result = self.result
        for tap in taps:
            result.taps += 1
            held = self._values.get(tap.credential or "")
            if held is None or tap.holder not in self._holders:
                result.unknown += 1
                continue
            result.compared += 1
            if tap.card_at_fault or (tap.outcome is Outcome.DENY and tap.reason in NOT_THE_LEVELS):
                continue
            request = Request(tap.portal, tap.direction, *held)
            before = _verdict(decide(request, self._then[tap.level], tap.at))
            after = _verdict(decide(request, self._instead[tap.level], tap.at))
            if before.outcome is not tap.outcome and not tap.cut_off:
                result.changed_since += 1
            if before.outcome is not after.outcome:
                self._note(tap, Change(tap.portal, tap.direction, before, after))

    def _note(self, tap: PastTap, change: Change) -> None:
        result = self.result
        result.changes[change] = result.changes.get(change, 0) + 1
        holder = tap.holder or ""
        found = result.people.get((holder, change))
        if found is None:
            found = result.people[holder, change] = Difference(holder, change, first_at=tap.at)
        found.count += 1
        found.first_at = min(found.first_at, tap.at)
        found.last_at = max(found.last_at, tap.at)


def _verdict(decision: Decision) -> Verdict:
    return Verdict(decision.outcome, decision.reason)
