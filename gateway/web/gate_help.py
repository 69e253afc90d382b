"""Handlers: the call list, a silent call for help, a wish for relief."""

from typing import Any

import msgspec

from gateway.core.nouns import Label
from gateway.flows import calls, gate_help
from gateway.flows.gate_books import NOBODY, About, Calling
from gateway.web import shift_shapes as shapes
from gateway.web.context import Call
from gateway.web.kiosk_shapes import Both
from gateway.web.permit_words import in_words
from gateway.web.problems import FieldError, Kind, Problem


async def list_calls(call: Call) -> shapes.Calls:
    """The list as it is for this matter, and the round of calls that is under way."""
    query, gate = call.query, known_gate(call, call.query.gate, "gate")
    if (query.about is None) != (query.of is None):
        raise Problem(Kind.VALIDATION, errors=(FieldError("of", "about and of go together"),))
    about = None if query.about is None else About(query.about, query.of)
    running = await calls.running(call.site, gate, about)
    return _calls(call, gate, about or (NOBODY if running is None else running.about), running)


async def record_call(call: Call) -> shapes.Calls:
    """What came of a call; the next of the list stands in the answer."""
    given, gate = call.body, known_gate(call, call.body.gate, "gate")
    about = NOBODY if given.about is None else About(given.about.kind, given.about.id)
    async with in_words(call):
        calling = await calls.record(
            call.site, gate, given.to, given.result, call.by.ref, about, given.who_answered, given.touch or ""
        )
    return _calls(call, gate, about, calling)


async def panic(call: Call) -> None:
    """Nothing in the answer tells whether it was the first time."""
    await gate_help.panic(call.site, known_gate(call, call.body.gate, "gate"), call.by.ref)


async def list_reliefs(call: Call) -> shapes.Reliefs:
    found = await gate_help.open_reliefs(call.site)
    return shapes.Reliefs([_relief(gate_help.as_told(one)) for one in found])


async def ask_relief(call: Call) -> shapes.ReliefInfo:
    gate = known_gate(call, call.body.gate, "gate")
    return _relief(gate_help.as_told(await gate_help.ask_relief(call.site, gate, call.body.minutes, call.by.ref)))


async def answer_relief(call: Call) -> shapes.ReliefInfo:
    async with in_words(call):
        return _relief(gate_help.as_told(await gate_help.coming(call.site, call.path("relief"), call.by.ref)))


async def end_relief(call: Call) -> shapes.ReliefInfo:
    async with in_words(call):
        return _relief(gate_help.as_told(await gate_help.relieved(call.site, call.path("relief"), call.by.ref)))


def known_gate(call: Call, gate: str, field: str) -> str:
    """A gate of this campus. Raises the problem that names the field."""
    if gate not in call.site.campus.gates:
        raise Problem(Kind.VALIDATION, errors=(FieldError(field, "no such gate"),))
    return gate


def both(label: Label) -> Both:
    return Both(label.en, label.zh)


def _calls(call: Call, gate: str, about: About, running: Calling | None) -> shapes.Calls:
    lines = calls.lines_for(call.site, about)
    listed = [
        shapes.CallLineInfo(line.id, both(line.name), line.number_at(gate), order)
        for order, line in enumerate(lines, 1)
    ]
    told = None if running is None else msgspec.convert(calls.as_told(call.site, running), shapes.CallRound)
    return shapes.Calls(gate, listed, told)


def _relief(told: dict[str, Any]) -> shapes.ReliefInfo:
    return msgspec.convert(told, shapes.ReliefInfo)
