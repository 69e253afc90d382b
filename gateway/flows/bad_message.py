"""Something came that is no message of ours: counted by device and reason, recorded, dropped; a rate of it is an alarm.

The first of a kind is written at once, the rest as a count every ten seconds, so that rubbish cannot fill the ledger.
"""

from gateway.flows import alarms
from gateway.flows.ports import Entry, LedgerUnavailable, Unit
from gateway.flows.site import BadCount, Site

WRITE_EVERY_S = 10.0
RATE_ALARM = 10
RATE_WINDOW_S = 60.0
KINDS_AT_MOST = 2_000
"""Device and reason pairs that are counted apart; beyond it they are counted together, as devices nobody knows."""

AT_ONCE = frozenset({"mac", "unknown_device", "place", "kind"})
"""Reasons that are an attack or a wrong enrolment: the first one is an alarm."""


async def bad_message(site: Site, device: str, reason: str, detail: str) -> None:
    """Count one bad message. `device` is its topic's word, which nobody has proven; `detail` is for a log, trimmed."""
    key = (device, reason)
    if key not in site.bad_messages and len(site.bad_messages) >= KINDS_AT_MOST:
        key = ("others", reason)
    count = site.bad_messages.setdefault(key, BadCount())
    count.waiting += 1
    count.total += 1
    site.counters.bad_messages[reason] = site.counters.bad_messages.get(reason, 0) + 1
    known = site.devices.get(device)
    if known is not None:
        known.bad_messages += 1
    now = site.clock.monotonic()
    count.recent.append(now)
    while count.recent and (now - count.recent[0] > RATE_WINDOW_S or len(count.recent) > RATE_ALARM):
        count.recent.popleft()
    due = count.total == 1 or now - count.written_at > WRITE_EVERY_S
    if due:
        await write(site, key, count, detail)
    too_many = len(count.recent) >= RATE_ALARM and now - count.alarmed_at > WRITE_EVERY_S
    if too_many or (due and reason in AT_ONCE):
        count.alarmed_at = now
        condition = alarms.UNKNOWN_DEVICE if reason == "unknown_device" else alarms.BAD_MESSAGES
        await alarms.raise_alarm(site, condition, key[0][:63], f"{reason}: {detail}"[:200])


async def write_the_rest(site: Site) -> None:
    """Called each second: counts that have waited long enough become rows."""
    now = site.clock.monotonic()
    for key, count in list(site.bad_messages.items()):
        if count.waiting and now - count.written_at > WRITE_EVERY_S:
            await write(site, key, count, "")


async def write(site: Site, key: tuple[str, str], count: BadCount, detail: str) -> None:
    """One row for what has come since the last one."""
    number, count.waiting = count.waiting, 0
    count.written_at = site.clock.monotonic()
    body = {"device": key[0], "reason": key[1], "count": number, "detail": detail[:200]}
    try:
        await site.ledger.commit(Unit((Entry("bad_message", site.clock.now(), body),)), 5.0)
    except LedgerUnavailable:
        count.waiting += number
