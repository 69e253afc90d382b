"""What is to be told to whom: a host whose word is needed, a counsellor, a unit. Queued with what it comes from.

Promises: what is queued is an id and a reference, written in the same commit as what it comes from, so that a crash
loses nothing and retention erases by erasing what the ids point at; the words are made when a notice is sent, and one
that has nothing to say any more (answered, called off, erased) says nothing. Nothing is queued for whom no channel
reaches. Leaves to others: when a host is asked (`hosts`), sending and trying again (`outbox`), channels (the edge).
"""

import base64
import hashlib
import hmac
import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import structlog

from gateway.core.control_rooms import rooms_of
from gateway.core.incident_course import is_waiting
from gateway.core.kinds import Direction
from gateway.core.nouns import Decision, Holder, Label
from gateway.core.papers import Identification, Incident, PaperKind, Visit, VisitState
from gateway.core.reasons import Reason
from gateway.core.vigilance import State as VigilState
from gateway.flows import alarm_words, emergency_words, incident_words, order_words
from gateway.flows import notice_words as words
from gateway.flows.changes import NoticeQueued
from gateway.flows.judging import gate_of
from gateway.flows.notice_rules import ROBOT, NoticeKind
from gateway.flows.permits import WrongField, holder_of
from gateway.flows.ports import Entry, Message, Notice, Recipient
from gateway.flows.site import Site
from gateway.flows.told import as_time

log = structlog.get_logger(__name__)

CARD_WITHIN = timedelta(days=30)
"""The time in which coming without the card is counted."""


@dataclass(frozen=True, slots=True)
class Queued:
    """What is written when somebody is to be told; nothing of both if nobody is."""

    entries: tuple[Entry, ...] = ()
    changes: tuple[NoticeQueued, ...] = ()


NOBODY = Queued()


def queue(kind: NoticeKind, about: str, recipient: str, now: datetime, by: str, **more: Any) -> Queued:
    """A notice to be. `recipient`: a holder's reference, or `robot:NAME`."""
    id = secrets.token_hex(16)
    body = {"notice": id, "of": kind.value, "about": about, "recipient": recipient, "by": by} | more
    entry = Entry("notice_queued", now, body)
    return Queued((entry,), (NoticeQueued(id, kind.value, about, recipient, now, now),))


def student_left(site: Site, direction: Direction, decision: Decision, about: str, now: datetime) -> Queued:
    """A student left in a closed period without a slip; `about` is the decision's key. Else nobody is told."""
    if direction is not Direction.OUT or decision.holder is None or Reason.LEAVE_SLIP_REQUIRED not in decision.notices:
        return NOBODY
    person = site.directory.holders.get(decision.holder)
    if person is None:
        return NOBODY
    names = (*((person.dormitory,) if person.dormitory else ()), *sorted(person.groups))
    return _to_one_of(site, NoticeKind.LEFT, site.notices.counsellors, names, about, now)


def often_without_card(site: Site, holder: str, identification: str, now: datetime) -> Queued:
    """Somebody came without the card again; the unit has a contact, or nobody is told."""
    person = site.directory.holders.get(holder)
    if person is None:
        return NOBODY
    return _to_one_of(site, NoticeKind.CARD, site.notices.units, tuple(sorted(person.groups)), identification, now)


def _to_one_of(
    site: Site, kind: NoticeKind, contacts: Mapping[str, str], names: tuple[str, ...], about: str, now: datetime
) -> Queued:
    wanted = next((contacts[name] for name in names if name in contacts), None)
    if wanted is None or not site.notices.channels | site.notices.robots:
        return NOBODY
    recipient = recipient_named(site, wanted)
    return NOBODY if recipient is None else queue(kind, about, recipient, now, "gateway")


def to_duty_leader(site: Site, kind: NoticeKind, about: str, now: datetime) -> Queued:
    """A notice for the duty leader; nothing where the configuration names none, or no channel reaches them."""
    contact = site.notices.duty_leader
    if not contact or not site.notices.channels | site.notices.robots:
        return NOBODY
    recipient = recipient_named(site, contact)
    return NOBODY if recipient is None else queue(kind, about, recipient, now, "gateway")


def recipient_named(site: Site, wanted: str) -> str | None:
    """A contact of the configuration as a notice names it; None if there is no such robot or person."""
    if wanted.startswith(ROBOT):
        return wanted if wanted.removeprefix(ROBOT) in site.notices.robots else None
    try:
        return holder_of(site.directory, wanted, "recipient").ref
    except WrongField:
        log.warning("notice_for_nobody", note="a person named under notices in wardgate.yaml is not in the directory")
        return None


# ---------------------------------------------------------------- when it is sent


async def recipient(site: Site, notice: Notice) -> Recipient | None:
    """Where it goes as of now; None for whom nothing reaches any more."""
    if notice.recipient.startswith(ROBOT):
        return Recipient(robot=notice.recipient.removeprefix(ROBOT))
    person = site.directory.holders.get(notice.recipient)
    if person is None or person.suspended:
        return None
    return await address_of(site, person)


async def address_of(site: Site, person: Holder) -> Recipient | None:
    """The addresses of a person, None if no channel takes any of them."""
    contact = await site.archive.contact(person.ref)
    mail, messenger = ("", "") if contact is None else (contact.mail, contact.messenger)
    if not site.notices.reaches(mail, messenger):
        return None
    return Recipient(person.id, mail, messenger)


async def message(site: Site, notice: Notice) -> Message | None:
    """The words, from what is known now; None if there is nothing to say any more."""
    match NoticeKind(notice.kind):
        case NoticeKind.HOST:
            return await _visitor_waits(site, notice)
        case NoticeKind.LEFT:
            return await _student_left(site, notice)
        case NoticeKind.CARD:
            return await _often(site, notice)
        case NoticeKind.INCIDENT | NoticeKind.REPORT:
            return await _of_incident(site, notice)
        case NoticeKind.ALARM:
            return alarm_words.unseen(site, notice.about)
        case NoticeKind.SILENT:
            return _operator_silent(site, notice)
        case NoticeKind.ORDER:
            return order_words.order_waits(site, notice.about)
        case NoticeKind.EMERGENCY:
            return emergency_words.emergency_called(site, notice.about)


async def _visitor_waits(site: Site, notice: Notice) -> Message | None:
    visit = site.directory.papers.by_id.get(f"{PaperKind.VISIT.value}:{notice.about}")
    if not isinstance(visit, Visit) or not is_open(visit, notice.recipient, site.clock.now()):
        return None
    visitor = site.directory.holders.get(visit.holder)
    if visitor is None:
        return None
    zone = site.campus.timezone
    return words.visitor_waits(
        name=visitor.name,
        organisation=visit.organisation,
        kind=visit.kind,
        purpose=visit.purpose,
        starts_at=visit.starts_at.astimezone(zone),
        ends_at=visit.ends_at.astimezone(zone),
        gate=None if (gate := gate_of(site.campus, visit.zones)) is None else place_of(site, gate.id),
        link=link_of(site, notice.id),
    )


async def _student_left(site: Site, notice: Notice) -> Message | None:
    row = (await site.archive.told([notice.about])).get(notice.about)
    if row is None:
        return None
    return _about_somebody(site, row["holder"], as_time(row["device_at"]), row["portal"])


def _about_somebody(site: Site, holder: str | None, at: datetime, portal: str) -> Message | None:
    person = None if holder is None else site.directory.holders.get(holder)
    if person is None:
        return None
    return words.left_without_slip(person.name, at.astimezone(site.campus.timezone), place_of(site, portal))


async def _often(site: Site, notice: Notice) -> Message | None:
    paper = await site.archive.paper(PaperKind.IDENTIFICATION, notice.about)
    person = site.directory.holders.get(paper.holder) if isinstance(paper, Identification) else None
    if not isinstance(paper, Identification) or person is None:
        return None
    at = paper.started_at.astimezone(site.campus.timezone)
    times = await times_without_card(site, paper)
    return words.often_without_card(person.name, times, at, place_of(site, paper.portal))


async def _of_incident(site: Site, notice: Notice) -> Message | None:
    """The report itself, or that it is due: once it is sent, that is no news any more."""
    paper = await site.archive.paper(PaperKind.INCIDENT, notice.about)
    if not isinstance(paper, Incident):
        return None
    if notice.kind == NoticeKind.REPORT:
        return incident_words.report(site, paper)
    return incident_words.report_due(site, paper) if is_waiting(paper) else None


def _operator_silent(site: Site, notice: Notice) -> Message | None:
    """Nothing once the operator has answered."""
    vigil = site.rooms.vigils.get(notice.about)
    room = next((room for room in rooms_of(site.campus) if room.id == notice.about), None)
    if vigil is None or room is None or vigil.state is not VigilState.MISSED:
        return None
    return words.operator_silent(room.name, vigil.asked_at.astimezone(site.campus.timezone))


async def times_without_card(site: Site, paper: Identification) -> int:
    """How often within the 30 days before it, itself among them."""
    before = await site.archive.papers(PaperKind.IDENTIFICATION, subject=paper.holder)
    return sum(
        1
        for one in before
        if isinstance(one, Identification)
        and one.granted
        and one.started_at <= paper.started_at < one.started_at + CARD_WITHIN
    )


def place_of(site: Site, portal: str) -> Label:
    """The gate as people call it, not which of its ways in or out."""
    found = site.campus.portals.get(portal)
    if found is None:
        return Label(portal, portal)
    return site.campus.gates.get(found.gate or "", found.name)


# ---------------------------------------------------------------- the links of hosts


def is_open(visit: Visit, host: str, now: datetime) -> bool:
    """True while this host is asked about this visit."""
    return visit.state is VisitState.EXPECTED and visit.confirmed is None and visit.host == host and visit.ends_at > now


def secret_of(site: Site, notice: str) -> str:
    """The secret of the link that a notice carries. It follows from the notice's id under a key of the configuration,
    so that it is kept nowhere and a notice that is sent again has the same link."""
    made = hmac.digest(site.notices.link_key, f"host link {notice}".encode(), "sha256")
    return base64.urlsafe_b64encode(made).decode().rstrip("=")


def link_of(site: Site, notice: str) -> str:
    """The secret stands behind the #: no browser sends that, so no log has it."""
    return f"{site.notices.base_url}/h#{secret_of(site, notice)}"


def hash_of(secret: str) -> str:
    """What is kept of a link's secret."""
    return hashlib.sha256(secret.encode()).hexdigest()
