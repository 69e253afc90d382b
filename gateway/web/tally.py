"""How much goes on: taps per portal in the last minute and the last quarter of an hour.

Promises: costs the decisions nothing, because it only looks at the gateway's counters once a second; remembers no
person. Leaves to others: showing it.
"""

import itertools
from collections import deque

from gateway.flows.site import Site

Totals = dict[tuple[str, str], int]
"""Decisions since the start, by portal and outcome."""

SECONDS = 60
MINUTES = 15


class Tally:
    """Ask `look` once a second; `counts` says what it saw."""

    def __init__(self, site: Site) -> None:
        self._site = site
        self._seconds: deque[Totals] = deque([self._totals()], maxlen=SECONDS + 1)
        self._minutes: deque[Totals] = deque([self._totals()], maxlen=MINUTES + 1)
        self._looks = 0

    def look(self) -> None:
        """One second has passed."""
        now = self._totals()
        self._seconds.append(now)
        self._looks += 1
        if self._looks % SECONDS == 0:
            self._minutes.append(now)

    def counts(self) -> dict[str, dict[str, int | list[int]]]:
        """By portal: outcomes of the last minute, and all taps of each of the last minutes, the oldest first."""
        now, minute_ago = self._totals(), self._seconds[0]
        marks = [*self._minutes, now]
        found: dict[str, dict[str, int | list[int]]] = {}
        for portal in self._site.campus.portals:
            row: dict[str, int | list[int]] = {
                outcome: now.get((portal, outcome), 0) - minute_ago.get((portal, outcome), 0)
                for outcome in ("grant", "deny", "wait")
            }
            all_of = [sum(count for (place, _), count in mark.items() if place == portal) for mark in marks]
            row["minutes"] = [after - before for before, after in itertools.pairwise(all_of)]
            found[portal] = row
        return found

    def _totals(self) -> Totals:
        totals: Totals = {}
        for (portal, outcome, _reason), count in self._site.counters.decisions.items():
            totals[portal, outcome] = totals.get((portal, outcome), 0) + count
        return totals
