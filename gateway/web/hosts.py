"""Handlers: the host's word, by whichever way it comes. A link's secret comes in a body and goes out in nothing."""

from gateway.core.kinds import HolderKind
from gateway.core.levels import effective_level
from gateway.core.papers import DeclineReason, Visit
from gateway.core.reasons import Reason
from gateway.core.rights import Right
from gateway.flows import host_answers, hosts, judging, notices, reading, visit_times
from gateway.flows.host_answers import Answerer, LinkState, Opened, Word
from gateway.flows.permits import NotYours, find
from gateway.flows.site import Site
from gateway.web import host_shapes as shapes
from gateway.web import visit_shapes
from gateway.web.context import Call
from gateway.web.permit_words import in_words, person
from gateway.web.problems import FieldError, Kind, Problem, not_found
from gateway.web.visits import as_visit

# ---------------------------------------------------------------- with an account


async def confirm_visit(call: Call) -> visit_shapes.VisitInfo:
    return await _answer(call, Word(True))


async def decline_visit(call: Call) -> visit_shapes.VisitInfo:
    return await _answer(call, Word(False, DeclineReason(call.body.reason), call.body.words))


async def move_visit(call: Call) -> visit_shapes.VisitInfo:
    """Only the host named: whoever else moved it would move what the host has agreed to."""
    id, given = call.path("visit"), call.body
    async with in_words(call, id):
        _is_the_host(call, find(call.site.directory, Visit, id))
        return as_visit(call.site, await visit_times.move(call.site, id, given.starts_at, given.ends_at, call.by.ref))


async def _answer(call: Call, word: Word) -> visit_shapes.VisitInfo:
    id = call.path("visit")
    async with in_words(call, id):
        _is_the_host(call, find(call.site.directory, Visit, id))
        done = await host_answers.answer(call.site, id, word, Answerer(call.by.ref, call.by.holder))
    return as_visit(call.site, done)


def _is_the_host(call: Call, visit: Visit) -> None:
    """Raises `NotYours`."""
    if not call.may(word_for(visit.kind)) or visit.host is None or visit.host != call.by.holder:
        raise NotYours("only the host who is named answers")
    if not host_answers.has_a_host(call.site.campus, call.site.directory, visit):
        raise NotYours("who has left or is suspended is nobody's host any more")


def word_for(kind: HolderKind) -> Right:
    """The right to be somebody's host; for a guardian the class teacher's."""
    return Right.CONFIRM_GUARDIANS if kind is HolderKind.GUARDIAN else Right.HOST_VISITS


# ---------------------------------------------------------------- at the gate


async def ask_host(call: Call) -> visit_shapes.AskedInfo:
    id = call.path("visit")
    async with in_words(call, id):
        try:
            asked = await hosts.ask_again(call.site, id, call.by.ref)
        except hosts.AskedJustNow as error:
            raise Problem(Kind.TOO_MANY, "asked a moment ago", retry_after_s=max(1, round(error.wait_s))) from None
    return visit_shapes.AskedInfo(asked.state.value, asked.at, asked.times)


async def host_number(call: Call) -> shapes.HostNumber:
    id = call.path("visit")
    async with in_words(call, id):
        try:
            shown = await host_answers.show_number(call.site, id, call.by.ref)
        except host_answers.NoNumber:
            raise Problem(Kind.NOT_FOUND, "no_number: the directory has no number for this host") from None
    host = person(call.site, shown.host.ref)
    if host is None:
        raise not_found("host")
    await reading.note(call.site, call.by.ref, "host_number", 1, shown.host.ref)
    return shapes.HostNumber(host, shown.phone, shown.until)


async def answered_by_telephone(call: Call) -> visit_shapes.VisitInfo:
    given, id = call.body, call.path("visit")
    yes = given.answer == "confirm"
    word = Word(yes, None if yes else DeclineReason(given.reason))
    async with in_words(call, id):
        done = await host_answers.by_telephone(
            call.site, id, word, given.number_from_directory, given.answered_by, call.by.ref
        )
    return as_visit(call.site, done)


# ---------------------------------------------------------------- by a link, without an account


async def open_link(call: Call) -> shapes.HostLinkInfo:
    return _as_link(call.site, await _opened(call))


async def answer_link(call: Call) -> shapes.HostLinkInfo:
    given = call.body
    await _opened(call)
    if given.answer == "change" and (given.starts_at is None or given.ends_at is None):
        field = "starts_at" if given.starts_at is None else "ends_at"
        raise Problem(Kind.VALIDATION, errors=(FieldError(field, "say the other time"),))
    no = given.answer == "decline"
    times = (given.starts_at, given.ends_at) if given.answer == "change" else (None, None)
    word = Word(not no, DeclineReason(given.reason) if no else None, given.words, *times)
    async with in_words(call):
        return _as_link(call.site, await host_answers.answer_by_link(call.site, given.token, word))


async def _opened(call: Call) -> Opened:
    """What a link shows. Wrong ones cost their address a wait; one that is right costs nothing."""
    tries, now = call.site.link_tries, call.site.clock.monotonic()
    wait_s = tries.wait_s(call.address, now)
    if wait_s > 0:
        raise Problem(Kind.TOO_MANY, retry_after_s=max(1, round(wait_s)))
    tries.begin(call.address, now)
    try:
        opened = await host_answers.open_link(call.site, call.body.token)
    except host_answers.NoSuchLink:
        raise not_found("link") from None
    tries.forgive(call.address, 1)
    return opened


def _as_link(site: Site, opened: Opened) -> shapes.HostLinkInfo:
    visit, now = opened.visit, site.clock.now()
    needs: list[str] = []
    if opened.state in (LinkState.OPEN, LinkState.CONFIRMED):
        judged = judging.judge_visit(site, visit, now)
        needs = [reason.value for reason in judged.needs if reason is not Reason.HOST_NOT_CONFIRMED]
    who = site.directory.holders.get(visit.holder)
    gate = judging.gate_of(site.campus, visit.zones)
    place = None if gate is None else notices.place_of(site, gate.id)
    moment = max(now, visit.starts_at)
    level = (
        3
        if gate is None
        else int(effective_level(site.campus, site.world.orders, gate.zone, moment, site.trusted_until))
    )
    return shapes.HostLinkInfo(
        opened.state.value,
        shapes.LinkVisit(
            visitor=None if who is None else shapes.LinkVisitor(who.name, visit.organisation),
            kind=visit.kind.value,
            purpose=visit.purpose,
            starts_at=visit.starts_at,
            ends_at=visit.ends_at,
            registered_at=visit.registered_at,
            gate=None if place is None else shapes.Place(place.en, place.zh),
            level=level,
            needs=needs,
        ),
    )
