"""What the gateway does once a day at a set minute: when it is due, and that it is done once.

Promises: a round is due from its minute on for six hours; a gateway that was down or slept through the minute makes it
when it is back within that time, and else leaves that day out. While the clock is suspect nothing is due. Whether it
was made already is the ledger's word: a round writes a row whose key has its name and its day.
"""

from datetime import datetime, timedelta

from gateway.flows.site import Site

LATE_AT_MOST = timedelta(hours=6)


def moment_due(site: Site, name: str, at_min: int) -> datetime | None:
    """The moment for which the round `name` has to be made now; None if it is made, not due, or too late."""
    if site.trusted_until is not None:
        return None
    now = site.clock.now()
    local = now.astimezone(site.campus.timezone)
    moment = local.replace(hour=at_min // 60, minute=at_min % 60, second=0, microsecond=0)
    if moment > local:
        moment = (moment.replace(tzinfo=None) - timedelta(days=1)).replace(tzinfo=site.campus.timezone)
    if now - moment > LATE_AT_MOST or site.done_at.get(name) == moment:
        return None
    return moment


def made(site: Site, name: str, moment: datetime) -> None:
    """It is made for this moment, here or before a restart."""
    site.done_at[name] = moment


def round_key(name: str, moment: datetime) -> str:
    """The ledger key of one round; the moment's day is the campus's own."""
    return f"d:{name}:{moment:%Y-%m-%d}"
