"""The operator who is alone at night is asked for a sign of life; whoever gives none is looked after.

Promises: a question that was missed is an alarm in every room and a notice to the duty leader, again and again until
somebody answers; any act of the operator is an answer; a restart asks anew. The ledger says that a room's question was
answered, and by whom, and that one was missed, and by nobody: nothing counts how often. Leaves to others: when to ask
(`core/vigilance`, pure), who sits where (`control_rooms`), the page's button.
"""

import contextlib
from typing import Any

from gateway.core.control_rooms import rooms_of
from gateway.core.nouns import ControlRoom
from gateway.core.vigilance import Said, Sight, State, Vigil, is_night, step
from gateway.flows import alarms, control_rooms, notices
from gateway.flows.notice_rules import NoticeKind
from gateway.flows.ports import Entry, LedgerUnavailable, Unit
from gateway.flows.site import Site


async def look(site: Site) -> None:
    """Called each second."""
    rules, now = site.campus.vigilance, site.clock.now()
    night = is_night(rules, now.astimezone(site.campus.timezone))
    for room in rooms_of(site.campus):
        await _step(site, room, night)


async def present(site: Site, room: str, by: str) -> None:
    """Somebody who sits there says so. Raises `NoSuchRoom`; `NotNow` for somebody who has no desk page there."""
    found = control_rooms.find(site, room)
    desks = site.rooms.of(room)
    if by not in desks.pages:
        raise control_rooms.NotNow("this is for whoever sits there: open the room's page first")
    site.rooms.acted(by, site.clock.now())
    rules, now = site.campus.vigilance, site.clock.now()
    await _step(site, found, is_night(rules, now.astimezone(site.campus.timezone)), by)


def as_event(site: Site, room: str, vigil: Vigil, said: Said) -> dict[str, Any]:
    """A question as the pages hear of it."""
    return {
        "type": "vigilance",
        "room": room,
        "asked_at": vigil.asked_at,
        "until": vigil.until,
        "state": said.value,
        "at": site.clock.now(),
    }


def standing(site: Site) -> list[dict[str, Any]]:
    """The questions that stand now, for a page that has just come."""
    said = {State.ASKED: Said.ASKED, State.MISSED: Said.MISSED}
    return [
        as_event(site, room, vigil, said[vigil.state])
        for room, vigil in site.rooms.vigils.items()
        if vigil.state in said and not (vigil.left and vigil.state is State.ASKED)
    ]


async def _step(site: Site, room: ControlRoom, night: bool, by: str | None = None) -> None:
    book, now = site.rooms, site.clock.now()
    desks, before = book.of(room.id), book.vigils.get(room.id)
    sight = Sight(desks.manning, desks.seen_at, control_rooms.is_heard_elsewhere(site, room.id))
    vigil, said = step(before, sight, night, site.campus.vigilance, now)
    if vigil is None:
        book.vigils.pop(room.id, None)
    else:
        book.vigils[room.id] = vigil
    if said is None:
        return
    asked = before if vigil is None or vigil.state is State.RESTING else vigil
    if asked is not None:
        site.feed.publish(as_event(site, room.id, asked, said))
    match said:
        case Said.MISSED if vigil is not None:
            await _missed(site, room, vigil)
        case Said.ANSWERED if before is not None:
            who = by or next(iter(desks.pages), None)
            body = {"room": room.id, "asked_at": before.asked_at, "by": who}
            await _write(site, Unit((Entry("vigilance_answered", now, body),)))
            await alarms.clear_alarm(site, alarms.OPERATOR_SILENT, room.id)
        case Said.OVER if desks.pages:
            await alarms.clear_alarm(site, alarms.OPERATOR_SILENT, room.id)
        case _:
            pass  # asked; or it is day, and still nobody has answered: the alarm stays for a person


async def _missed(site: Site, room: ControlRoom, vigil: Vigil) -> None:
    now = site.clock.now()
    raised = alarms.show(site, alarms.OPERATOR_SILENT, room.id, anew=True)
    queued = _to_the_duty_leader(site, room.id)
    body = {"room": room.id, "asked_at": vigil.asked_at}
    entries = (Entry("vigilance_missed", now, body), *raised.rows, *queued.entries)
    await alarms.write(site, Unit(entries, (*raised.changes, *queued.changes)))


def _to_the_duty_leader(site: Site, room: str) -> notices.Queued:
    rules = site.notices
    if not rules.duty_leader or not rules.channels | rules.robots:
        return notices.NOBODY
    recipient = notices.recipient_named(site, rules.duty_leader)
    if recipient is None:
        return notices.NOBODY
    return notices.queue(NoticeKind.SILENT, room, recipient, site.clock.now(), "gateway")


async def _write(site: Site, unit: Unit) -> None:
    # With the ledger away the question and the alarm go on all the same: they are about somebody's life.
    with contextlib.suppress(LedgerUnavailable):
        await site.ledger.commit(unit, site.rules.record_within_s)
