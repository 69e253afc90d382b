"""Numbered badges, written by hand where no pass could be printed: who has which, until the visit is over.

Promises: a number is out once at a time. Leaves to others: the visit's end, with which its badge is back (`visits`).
"""

import re
from dataclasses import replace
from datetime import datetime
from typing import Any

from gateway.core.nouns import Directory
from gateway.core.papers import Visit
from gateway.flows.permits import NotPossible, Step, WrongField, carry_out, find
from gateway.flows.site import Site

NUMBER = re.compile(r"[A-Z]{0,2}[0-9]{1,4}")
"""What can be painted on a badge: up to two letters and four digits."""


async def give(site: Site, id: str, number: str, by: str) -> Visit:
    """The visitor has this badge; an empty number: it is back. Raises `WrongField`, `NoSuchPermit`, `NotPossible`,
    `LedgerUnavailable`."""
    number = number.strip().upper()
    if number and not NUMBER.fullmatch(number):
        raise WrongField("number", "a badge has up to two letters and four digits, such as 17 or B17")

    def work_out(directory: Directory, now: datetime) -> Step:
        visit = find(directory, Visit, id)
        if not visit.is_live:
            raise NotPossible("over", "this visit is over")
        if number and any(other.badge == number and other.id != id for other in _live(directory)):
            raise NotPossible("badge_out", f"badge {number} is with another visitor: take another one")
        return Step(replace(visit, badge=number), "badge_given" if number else "badge_back", by)

    done: Any = (await carry_out(site, work_out)).paper
    assert isinstance(done, Visit)
    return done


def _live(directory: Directory) -> list[Visit]:
    return [visit for some in directory.papers.visits.values() for visit in some if visit.is_live]
