"""Handlers and shapes: what would be decided, for one person or for all taps of some days."""

from datetime import datetime
from typing import Annotated, Any, Literal

from msgspec import Meta

from devices.canonical import canonical
from gateway.core.kinds import CredentialKind, Direction, Level
from gateway.core.policy import Policy
from gateway.core.sentences import SENTENCES
from gateway.flows import what_if as flow
from gateway.web import shapes
from gateway.web.context import Call
from gateway.web.problems import FieldError, Kind, Problem
from gateway.web.shapes import Answer, Given, Name, Time

MAX_POLICY = 256 * 1024
PEOPLE_AT_MOST = 1_000
PolicyText = Annotated[str, Meta(max_length=MAX_POLICY)]
LevelNumber = Annotated[int, Meta(ge=1, le=3)]


class ShownCredential(Given, frozen=True):
    kind: Literal["card", "qr", "pin", "plate"]
    value: Annotated[str, Meta(min_length=1, max_length=512)]


class Question(Given, frozen=True):
    """One of `holder` (an id) and `credential`. `policy`: the text of a policy file to try instead."""

    portal: Name
    direction: Literal["in", "out"] = "in"
    holder: Name | None = None
    credential: ShownCredential | None = None
    at: Time | None = None
    level: LevelNumber | None = None
    policy: PolicyText | None = None


class Sentence(Answer, frozen=True):
    en: str
    zh: str


class Simulated(Answer, frozen=True):
    """`made_up_card`: the person holds nothing to show, so a good card was assumed."""

    at: datetime
    portal: str
    direction: str
    outcome: str
    reason: str
    sentence: Sentence
    hint: Sentence
    level: int
    holder: shapes.HolderInfo | None
    trace: list[shapes.TraceLine]
    notices: list[str]
    made_up_card: bool


class ReplayQuestion(Given, frozen=True, rename={"from_": "from"}):
    """One of `level` and `policy` (the text of a policy file) says what to compare with."""

    from_: Time
    to: Time
    level: LevelNumber | None = None
    policy: PolicyText | None = None


class VerdictInfo(Answer, frozen=True):
    outcome: str
    reason: str


class ChangeInfo(Answer, frozen=True):
    portal: str
    direction: str
    before: VerdictInfo
    after: VerdictInfo
    count: int


class Affected(Answer, frozen=True):
    holder: shapes.HolderInfo
    portal: str
    direction: str
    before: VerdictInfo
    after: VerdictInfo
    count: int
    first_at: datetime
    last_at: datetime


class Replayed(Answer, frozen=True, rename={"from_": "from"}):
    """`people` is cut at a thousand lines; `holders` counts them all."""

    from_: datetime
    to: datetime
    taps: int
    compared: int
    different: int
    unknown: int
    changed_since: int
    holders: int
    changes: list[ChangeInfo]
    people: list[Affected]


async def simulate(call: Call) -> Simulated:
    body: Question = call.body
    credential = None
    if body.credential is not None:
        kind = CredentialKind(body.credential.kind)
        credential = kind, _canonical(kind, body.credential.value)
    question = flow.Question(
        portal=body.portal,
        direction=Direction(body.direction),
        holder=body.holder,
        credential=credential,
        at=body.at,
        level=None if body.level is None else Level(body.level),
        policy=_policy(call, body.policy),
    )
    if (question.holder is None) == (question.credential is None):
        raise Problem(
            Kind.VALIDATION, errors=(FieldError("holder", "say who: a holder or a credential, one of the two"),)
        )
    try:
        found = await flow.asked(call.site, question, call.by.ref)
    except flow.BadQuestion as bad:
        raise _problem(bad) from None
    decision, who = found.decision, found.holder
    words = SENTENCES[decision.reason]
    return Simulated(
        at=found.at,
        portal=body.portal,
        direction=body.direction,
        outcome=decision.outcome.value,
        reason=decision.reason.value,
        sentence=Sentence(words.guard.en, words.guard.zh),
        hint=Sentence(words.hint.en, words.hint.zh),
        level=int(decision.level),
        holder=None if who is None else shapes.HolderInfo(who.id, who.name, who.kind.value),
        trace=[
            shapes.TraceLine(f.rule, f.verdict.value, None if f.reason is None else f.reason.value)
            for f in decision.trace
        ],
        notices=[reason.value for reason in decision.notices],
        made_up_card=found.made_up_card,
    )


async def replay(call: Call) -> Replayed:
    body: ReplayQuestion = call.body
    level = None if body.level is None else Level(body.level)
    try:
        result = await flow.replay(
            call.site, call.parts.records, call.by.ref, body.from_, body.to, level, _policy(call, body.policy)
        )
    except flow.BadQuestion as bad:
        raise _problem(bad) from None
    holders = call.site.directory.holders
    return Replayed(
        from_=body.from_,
        to=body.to,
        taps=result.taps,
        compared=result.compared,
        different=result.different,
        unknown=result.unknown,
        changed_since=result.changed_since,
        holders=result.holders,
        changes=[ChangeInfo(**_verdicts(line)) for line in flow.told_changes(result)],
        people=[
            Affected(**_verdicts(line) | {"holder": shapes.HolderInfo(**line["holder"])})
            for line in flow.told_people(result, holders, PEOPLE_AT_MOST)
        ],
    )


def _verdicts(line: dict[str, Any]) -> dict[str, Any]:
    return line | {"before": VerdictInfo(**line["before"]), "after": VerdictInfo(**line["after"])}


def _canonical(kind: CredentialKind, value: str) -> str:
    try:
        return canonical(kind.value, value)
    except ValueError:
        return value  # nobody has one like that, and the decision will say so


def _policy(call: Call, text: str | None) -> Policy | None:
    if text is None:
        return None
    policy, faults = call.parts.read_policy(text)
    if policy is None:
        errors = tuple(FieldError(f"policy:{f.line} {f.field}", f.message) for f in faults[:200])
        raise Problem(Kind.VALIDATION, "the policy has faults", errors)
    return policy


def _problem(bad: flow.BadQuestion) -> Problem:
    return Problem(Kind.VALIDATION, errors=(FieldError(bad.field, str(bad)),))
