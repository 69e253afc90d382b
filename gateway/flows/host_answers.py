"""The host's word on a visit: with an account, by the link of a notice, or on the telephone through the guard.

Promises: only the host named answers, and never who registered the visit at the gate; who has left, is suspended or is
no host for this kind of visit answers over no channel. A link answers once and shows afterwards what was answered; a
visit that is over, moved or called off says so and takes no word, nor does a link whose address was lately changed by
who registered the visit. On the telephone only a number that this gateway has shown for this visit in the last quarter
of an hour counts, and the record has which entry of the directory it was. Of two words at once the second hears the
first. Leaves to others: asking (`hosts`), what the word brings about (the rules).
"""

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from enum import StrEnum

from gateway.core.nouns import Campus, Directory, Holder
from gateway.core.papers import DeclineReason, PaperKind, Visit, VisitState
from gateway.flows import contacts, notices, visit_over, visit_times
from gateway.flows.changes import HostLinkUsed
from gateway.flows.finding import may_host
from gateway.flows.notes import note
from gateway.flows.permits import NoSuchPermit, NotPossible, NotYours, Step, carry_out, find
from gateway.flows.ports import Entry, HostLink, Unit, timed_key
from gateway.flows.site import Site

NUMBER_LASTS = timedelta(minutes=15)
SHOWN = "hn:"
"""The keys of rows about numbers that were shown, by time."""
WITHIN_S = 2.0


@dataclass(frozen=True, slots=True)
class Word:
    """Yes or no. `reason` and `words` belong to a no; with new times a yes is for those."""

    confirmed: bool
    reason: DeclineReason | None = None
    words: str = ""
    starts_at: datetime | None = None
    ends_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Answerer:
    """Whose word it is: `host` is the person of the directory, `by` the reference that the record names."""

    by: str
    host: str | None
    link: str | None = None
    """The hash of the link by which it came."""
    telephone: str | None = None
    """Who answered the telephone."""


async def answer(site: Site, id: str, word: Word, who: Answerer) -> Visit:
    """Give the host's word. Raises `NoSuchPermit`, `NotYours`, `NotPossible`, `WrongField`, `LedgerUnavailable`."""
    if word.confirmed and word.starts_at is not None and word.ends_at is not None:
        _may(site.campus, site.directory, find(site.directory, Visit, id), word, who)
        await visit_times.move(site, id, word.starts_at, word.ends_at, who.by)

    def work_out(directory: Directory, now: datetime) -> Step:
        visit = find(directory, Visit, id)
        _may(site.campus, directory, visit, word, who)
        kept = note("" if word.confirmed else word.words, now)
        moved = replace(
            visit,
            confirmed=word.confirmed,
            confirmed_by=who.by,
            confirmed_at=now,
            state=visit.state if word.confirmed else VisitState.DECLINED,
            by_telephone=who.telephone is not None,
            answered_by=who.telephone or "",
            decline_reason=None if word.confirmed else word.reason,
            decline_note=kept.ref,
        )
        used = () if who.link is None else (HostLinkUsed(who.link, now),)
        said = "confirmed" if word.confirmed else "declined"
        step = f"{said}_by_telephone" if who.telephone is not None else said
        more = {"by_link": who.link is not None} | ({"reason": word.reason.value} if word.reason else {})
        if kept.ref is not None:
            more["note"] = kept.ref
        if word.confirmed:
            return Step(moved, step, who.by, changes=(*used, *kept.changes), more=more)
        over = visit_over.ended(directory, moved, step, who.by, now, more)
        return replace(over, changes=(*over.changes, *used, *kept.changes))

    return await _done(site, work_out)


def has_a_host(campus: Campus, directory: Directory, visit: Visit) -> bool:
    """True if whom the visit names is still one whose word counts for it."""
    host = directory.holders.get(visit.host or "")
    return host is not None and may_host(campus, host, visit.kind)


def _check_host(campus: Campus, directory: Directory, visit: Visit) -> None:
    """Raises `NotPossible`."""
    if not has_a_host(campus, directory, visit):
        said = "this person has left, is suspended or is no host for this kind of visit: register it with another host"
        raise NotPossible("host_gone", said)


def _may(campus: Campus, directory: Directory, visit: Visit, word: Word, who: Answerer) -> None:
    if who.telephone is None:
        if visit.host is None or visit.host != who.host:
            raise NotYours("only the host who is named answers")
        # A host who invited has said yes by that, and may take it back.
        if visit.registered_by == who.by and not visit.confirmed:
            raise NotYours("who registered a visit never answers as its host")
    _check_host(campus, directory, visit)
    if who.link is not None and visit.confirmed is not None:
        raise NotPossible("answered", "this was answered already")
    if visit.state is VisitState.CHECKED_IN and not word.confirmed:
        raise NotPossible("inside", "the visitor is inside: check the visit out")


# ---------------------------------------------------------------- by the link of a notice


class LinkState(StrEnum):
    """What a link shows."""

    OPEN = "open"
    CONFIRMED = "confirmed"
    DECLINED = "declined"
    INSIDE = "inside"
    OVER = "over"
    """Sent away, called off, past, another host's now, or nobody's; or not surely in the host's hands."""


class NoSuchLink(LookupError):
    """No link, or its time is past: nobody is told which."""


@dataclass(frozen=True, slots=True)
class Opened:
    """A link's visit, and how it stands. Whoever has the link sees it while the link lasts."""

    link: HostLink
    visit: Visit
    state: LinkState


async def open_link(site: Site, secret: str) -> Opened:
    """What a host sees by a link. Raises `NoSuchLink`."""
    link = await site.archive.host_link(notices.hash_of(secret))
    if link is None or link.expires_at <= site.clock.now():
        raise NoSuchLink
    visit = await site.archive.paper(PaperKind.VISIT, link.visit)
    if not isinstance(visit, Visit):
        raise NoSuchLink
    state = _state_of(site, visit, link.holder, site.clock.now())
    if state is LinkState.OPEN and await contacts.is_the_registrars(site, visit):
        state = LinkState.OVER
    return Opened(link, visit, state)


async def answer_by_link(site: Site, secret: str, word: Word) -> Opened:
    """The host's word by a link, once. Raises `NoSuchLink`, `NotPossible`, `WrongField`, `LedgerUnavailable`."""
    opened = await open_link(site, secret)
    if opened.state is not LinkState.OPEN:
        raise NotPossible("answered", "this was answered already, or is over")
    who = Answerer(opened.link.holder, opened.link.holder, link=notices.hash_of(secret))
    try:
        await answer(site, opened.link.visit, word, who)
    except (NoSuchPermit, NotYours) as error:
        raise NotPossible("over", "the visit is over") from error
    return await open_link(site, secret)


def _state_of(site: Site, visit: Visit, host: str, now: datetime) -> LinkState:
    if visit.state is VisitState.CHECKED_IN:
        return LinkState.INSIDE
    if visit.state is VisitState.DECLINED:
        return LinkState.DECLINED
    if visit.state is not VisitState.EXPECTED or visit.host != host or visit.ends_at <= now:
        return LinkState.OVER
    if not has_a_host(site.campus, site.directory, visit):
        return LinkState.OVER
    return LinkState.CONFIRMED if visit.confirmed else LinkState.OPEN


# ---------------------------------------------------------------- on the telephone


@dataclass(frozen=True, slots=True)
class HostNumber:
    """The number that the directory has for a host, and until when a call to it counts."""

    host: Holder
    phone: str
    until: datetime


class NoNumber(LookupError):
    """The directory has no number for this host."""


async def show_number(site: Site, id: str, by: str) -> HostNumber:
    """The number to call; that it was shown is on record first.

    Raises `NoSuchPermit`, `NotPossible`, `NoNumber`, `LedgerUnavailable`.
    """
    visit, now = find(site.directory, Visit, id), site.clock.now()
    host = None if visit.host is None else site.directory.holders.get(visit.host)
    if host is None:
        raise NotPossible("no_host", "this visit names no host")
    _check_host(site.campus, site.directory, visit)
    contact = await site.archive.contact(host.ref)
    if contact is None or not contact.phone:
        raise NoNumber
    body = {"visit": id, "holder": host.ref, "user": by, "entry_of": contact.at}
    key = timed_key(SHOWN, now, f"{id}:{by}")
    await site.ledger.commit(Unit((Entry("host_number_shown", now, body, key),)), WITHIN_S)
    return HostNumber(host, contact.phone, now + NUMBER_LASTS)


async def by_telephone(
    site: Site, id: str, word: Word, number_from_directory: bool, answered_by: str, by: str
) -> Visit:
    """What the host said on the telephone; the security office sees these listed.

    Raises `NoSuchPermit`, `NotPossible`, `LedgerUnavailable`.
    """
    visit, now = find(site.directory, Visit, id), site.clock.now()
    if visit.host is None:
        raise NotPossible("no_host", "this visit names no host")
    if not number_from_directory:
        raise NotPossible("directory_number", "only a call to the number in the directory counts")
    shown = await site.archive.timed(SHOWN, now - NUMBER_LASTS)
    if not any(row["visit"] == id and row["holder"] == visit.host for row in shown):
        raise NotPossible("number_not_shown", "have the number shown and call it; it counts for fifteen minutes")
    return await answer(
        site, id, replace(word, starts_at=None, ends_at=None), Answerer(by, None, telephone=answered_by)
    )


async def _done(site: Site, work_out: Callable[[Directory, datetime], Step]) -> Visit:
    done = (await carry_out(site, work_out)).paper
    assert isinstance(done, Visit)
    return done
