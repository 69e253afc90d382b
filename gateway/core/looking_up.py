"""Why somebody looks one person up: a closed list, and in what time one may look.

The codes are a contract: the ledger and the translations hang on them. There is no *other*: whoever finds nothing that
fits has no reason to look. The words beside it say which case it is.
"""

from datetime import datetime, timedelta
from enum import StrEnum

LONGEST = timedelta(days=31)
"""So much of somebody's past is looked at in one go."""
USUAL = timedelta(hours=24)


class Why(StrEnum):
    """What somebody needs to know it for."""

    SAFETY = "safety"
    """Somebody is missing, ill or in danger, now."""
    INCIDENT = "incident"
    """What happened is being cleared up."""
    LOST_CREDENTIAL = "lost_credential"
    """A card or pass is lost, stolen or used by somebody else."""
    FAULT = "fault"
    """A door or a record did something that it should not have done to this person."""
    OWN_REQUEST = "own_request"
    """The person, or whoever has custody of a minor, asks what is known."""
    AUTHORITY = "authority"
    """The police or another authority asks in writing."""


class BadSpan(ValueError):
    """A time in which nobody may look, or that is none; `field` says which end is wrong."""

    def __init__(self, field: str, said: str) -> None:
        super().__init__(said)
        self.field = field


def span(
    since: datetime | None, until: datetime | None, now: datetime, named_for: timedelta
) -> tuple[datetime, datetime]:
    """The time to look at, [since, until). `named_for`: so long what happened has a name; nothing older is looked for.
    Raises `BadSpan`."""
    oldest = now - named_for
    end = now if until is None else min(until, now)
    if end <= oldest:
        raise BadSpan("to", f"nobody is named in what happened more than {named_for.days} days ago")
    begin = max(end - USUAL, oldest) if since is None else since
    if begin >= end:
        raise BadSpan("from", "expected a time before `to`, not in the future")
    if begin < oldest:
        raise BadSpan("from", f"nobody is named in what happened more than {named_for.days} days ago")
    if end - begin > LONGEST:
        raise BadSpan("to", f"expected {LONGEST.days} days after `from` at most")
    return begin, end
