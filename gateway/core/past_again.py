"""Past taps decided again, without an order and with it: how many would have been answered differently, and to whom.

Promises: both sides are decided anew with the people, cards and rules of today, so that only the order makes a
difference; only numbers by kind of holder come out. Leaves to others: where past taps come from, and how many.
"""

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from typing import NamedTuple

from gateway.core.decide import decide
from gateway.core.kinds import HolderKind, Outcome
from gateway.core.nouns import Request
from gateway.core.order_preview import Worlds
from gateway.core.papers import Paper
from gateway.core.reasons import Reason
from gateway.core.what_if import NOT_THE_LEVELS, PastTap, as_it_was, without_presence


class Turn(NamedTuple):
    """One way in which taps of one kind of holder would be answered differently."""

    before: Outcome
    after: Outcome
    reason: Reason
    kind: HolderKind


@dataclass(slots=True)
class Again:
    """What came of deciding past taps again: how many were looked at, and how many differently."""

    taps: int = 0
    compared: int = 0
    unknown: int = 0
    turns: Counter[Turn] = field(default_factory=Counter)
    holders: set[str] = field(default_factory=set)


class PastAgain:
    """Decides past taps in the two worlds; taps may come in portions. `past`: visits that are over by now."""

    def __init__(self, seen: Worlds, past: Iterable[Paper] = ()) -> None:
        then = without_presence(as_it_was(seen.before, past))
        self._before = then
        self._after = replace(then, orders=seen.after.orders)
        self._touches = seen.touches
        self._values = {held.ref: (held.kind, held.value) for held in seen.before.directory.credentials.values()}
        self.result = Again()

    def take(self, taps: Iterable[PastTap]) -> None:
        """Count what would have been different. A tap where no level differs is none; it is not decided again."""
        result, holders = self.result, self._before.directory.holders
        for tap in taps:
            result.taps += 1
            held, who = self._values.get(tap.credential or ""), holders.get(tap.holder or "")
            if held is None or who is None:
                result.unknown += 1
                continue
            result.compared += 1
            if not self._touches(tap.portal) or tap.card_at_fault:
                continue
            if tap.outcome is Outcome.DENY and tap.reason in NOT_THE_LEVELS:
                continue
            request = Request(tap.portal, tap.direction, *held)
            before = decide(request, self._before, tap.at)
            after = decide(request, self._after, tap.at)
            if before.outcome is not after.outcome:
                result.turns[Turn(before.outcome, after.outcome, after.reason, who.kind)] += 1
                result.holders.add(who.ref)
