"""The report of an incident: by word first, then a draft, a principal's review, on its way, followed up.

Promises: the steps follow the table of `core.incident_course`; a principal reviews the version that they have seen, and
never one that they wrote; of two people who write at once the second sees what the first one wrote; a report goes out
without its review only with a reason, which is kept; what was sent is never changed. Where a channel is configured for
an addressee (`notices.reports`) the gateway sends it; every other way is recorded by who sent it.
Leaves to others: the words of the notice (`incident_words`), sending it (`outbox`), who may (`web`).
"""

from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime, timedelta

from gateway.core import incident_course as course
from gateway.core.incident_course import Act
from gateway.core.papers.incidents import ByWord, Incident, SentBy
from gateway.flows import notices
from gateway.flows.incidents import move, said, step_of
from gateway.flows.notice_rules import NoticeKind
from gateway.flows.permits import NotPossible, NotYours, Step, WrongField
from gateway.flows.site import Site

WORDS_AT_MOST = 50
"""Of each: reports by word, ways on which it went out, follow-ups."""


async def by_word(site: Site, id: str, to: str, at: datetime | None, by: str, recorded_by: str) -> Incident:
    """Somebody has told an office by word. Raises `NoSuchPermit`, `WrongField`, `NotPossible`, `LedgerUnavailable`."""
    office = said(to, "to")

    def work_out(incident: Incident, now: datetime) -> Step:
        when = _between(incident.starts_at, at, now)
        _bounded(incident.by_word)
        told = ByWord(office, when, by, recorded_by)
        moved = replace(incident, by_word=(*incident.by_word, told))
        return step_of(moved, "told_by_word", recorded_by, told_at=when, told_by=by)

    return await move(site, id, work_out)


async def draft(site: Site, id: str, fields: Mapping[str, str], based_on: int, by: str) -> Incident:
    """The seven fields, whole. `based_on`: the version that was changed, 0 for none.

    Raises `NoSuchPermit`, `NotPossible` (`changed`: somebody else was faster; `not_in_order`), `LedgerUnavailable`.
    """

    def work_out(incident: Incident, now: datetime) -> Step:
        newest = 0 if incident.draft is None else incident.draft.version
        if based_on != newest:
            raise NotPossible("changed", f"somebody has written version {newest} meanwhile")
        moved = course.drafted(incident, fields, by, now)
        return step_of(moved, "drafted", by, version=newest + 1)

    return await move(site, id, work_out)


async def ask_review(site: Site, id: str, by: str) -> Incident:
    """Put it before a principal. Raises `NoSuchPermit`, `WrongField`, `NotPossible`, `LedgerUnavailable`."""

    def work_out(incident: Incident, now: datetime) -> Step:
        moved = course.asked(incident, by, now)
        _complete(incident)
        return step_of(moved, "review_asked", by, version=_version(incident))

    return await move(site, id, work_out)


async def review(site: Site, id: str, version: int, by: str) -> Incident:
    """A principal says that it can go. Raises `NoSuchPermit`, `NotYours`, `NotPossible`, `LedgerUnavailable`."""
    return await _judge(site, id, Act.REVIEW, version, by, "")


async def give_back(site: Site, id: str, version: int, remark: str, by: str) -> Incident:
    """A principal wants it otherwise. Raises as `review`, and `WrongField`."""
    return await _judge(site, id, Act.RETURN, version, by, said(remark, "remark"))


async def _judge(site: Site, id: str, act: Act, version: int, by: str, remark: str) -> Incident:
    def work_out(incident: Incident, now: datetime) -> Step:
        if incident.draft is not None and incident.draft.version != version:
            raise NotPossible("changed", f"version {incident.draft.version} has been written meanwhile")
        moved = course.judged(incident, act, by, now, remark)
        if incident.draft is not None and incident.draft.by == by:
            raise NotYours("somebody else than its writer reviews a report")
        return step_of(moved, "reviewed" if act is Act.REVIEW else "returned", by, version=version)

    return await move(site, id, work_out)


async def send(
    site: Site, id: str, *, to: str, how: SentBy, by: str, unreviewed: str = "", at: datetime | None = None
) -> Incident:
    """It goes out: by a channel to an addressee of `notices.reports` (`how` is `notice`, `to` its name there), or it
    has gone another way at `at`. `unreviewed`: why it goes without a principal's review.

    Raises `NoSuchPermit`, `WrongField`, `NotPossible` (`not_in_order`, `not_reviewed`, `no_channel`),
    `LedgerUnavailable`.
    """
    addressee, why = said(to, "to"), unreviewed.strip()
    recipient = recipient_of(site, addressee) if how is SentBy.NOTICE else None
    if how is SentBy.NOTICE and recipient is None:
        raise NotPossible("no_channel", "no channel reaches this addressee: send it another way and record that")

    def work_out(incident: Incident, now: datetime) -> Step:
        _complete(incident)
        if not why and (incident.report, Act.SEND) not in course.COURSE:
            raise NotPossible("not_reviewed", "no principal has reviewed it: say why it goes without that")
        written_at = incident.starts_at if incident.draft is None else incident.draft.at
        when = _between(written_at, None if how is SentBy.NOTICE else at, now)
        _bounded(incident.sent)
        queued = notices.NOBODY
        if recipient is not None:
            queued = notices.queue(NoticeKind.REPORT, incident.id, recipient, now, by)
        notice = queued.changes[0].id if queued.changes else None
        moved = course.sent(incident, addressee, how, by, when, why, notice)
        return step_of(
            moved,
            "sent",
            by,
            changes=queued.changes,
            entries=queued.entries,
            how=how.value,
            version=moved.sent[-1].version,
            reviewed=not moved.sent[-1].unreviewed,
            sent_at=when,
        )

    return await move(site, id, work_out)


async def follow_up(site: Site, id: str, text: str, to: str, by: str) -> Incident:
    """More is known. Raises `NoSuchPermit`, `WrongField`, `NotPossible`, `LedgerUnavailable`."""
    words = said(text, "text")

    def work_out(incident: Incident, now: datetime) -> Step:
        _bounded(incident.follow_ups)
        return step_of(course.followed_up(incident, words, to.strip(), by, now), "followed_up", by)

    return await move(site, id, work_out)


def recipient_of(site: Site, addressee: str) -> str | None:
    """Whom a channel reaches under this name of `notices.reports`; None: nobody."""
    wanted = site.notices.reports.get(addressee)
    if wanted is None or not site.notices.channels | site.notices.robots:
        return None
    return notices.recipient_named(site, wanted)


def addressees(site: Site) -> list[str]:
    """Those whom a channel reaches, by their names in the configuration."""
    return [name for name in site.notices.reports if recipient_of(site, name) is not None]


def _complete(incident: Incident) -> None:
    lacks = course.missing(incident.draft)
    if lacks:
        raise WrongField(lacks[0], "the report has nothing here yet")


def _between(first: datetime, at: datetime | None, now: datetime) -> datetime:
    """When somebody says that it was: now unless said. A page's field knows minutes and no seconds."""
    if at is None:
        return now
    if at > now + timedelta(seconds=1) or at + timedelta(minutes=1) <= first:
        raise WrongField("at", f"must lie between {first:%Y-%m-%d %H:%M} UTC and now")
    return max(first, at)


def _version(incident: Incident) -> int:
    return 0 if incident.draft is None else incident.draft.version


def _bounded(some: tuple[object, ...]) -> None:
    if len(some) >= WORDS_AT_MOST:
        raise NotPossible("too_many", f"there are {WORDS_AT_MOST} already")
