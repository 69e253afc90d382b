"""The pass of a visit: found again for whoever prints it, given anew when it was lost, void in the same moment.

Promises: a visit has one pass that opens; a new one takes the place of the old one in the same commit, so that the old
code is refused on the very next tap. A pass for n uses stays one for n uses, whoever tapped meanwhile: the old pass is
closed in the line of its uses, and the new one has what was left. Leaves to others: what a code is (`pass_watch`), who
may (`web`), whether it opens anything (`decide`).
"""

import secrets
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any

from gateway.core.kinds import CredentialKind, CredentialState
from gateway.core.nouns import Credential, Directory
from gateway.core.papers import Visit
from gateway.flows import pass_uses, pass_watch
from gateway.flows.changes import CredentialStateSet, PeopleChanged
from gateway.flows.people_import import CredentialRow, Plan
from gateway.flows.permits import TRIES, NotPossible, Step, ToldAlready, carry_out, find
from gateway.flows.ports import Entry, LedgerUnavailable
from gateway.flows.site import Site


@dataclass(frozen=True, slots=True)
class Pass:
    """What a visitor shows: the code, how often it opens and has opened, and from when until when."""

    visit: Visit
    value: str = field(repr=False)
    max_uses: int | None
    used: int
    not_before: datetime | None
    not_after: datetime | None


def pass_of(site: Site, id: str) -> Pass:
    """The pass of a visit that is not over. Raises `NoSuchPermit`, `NotPossible`."""
    visit = find(site.directory, Visit, id)
    if not visit.is_live:
        raise NotPossible("over", "this visit is over: its pass is void")
    held = code_of(site.directory, visit)
    if held is None:
        raise NotPossible("no_pass", "this visit has no pass")
    return _as_pass(site, visit, held)


async def give_anew(site: Site, id: str, by: str) -> Pass:
    """Another code for the same visit; the old one is void. Raises `NoSuchPermit`, `NotPossible`,
    `LedgerUnavailable`."""
    ref, value = secrets.token_hex(16), pass_watch.new_value(site)

    def work_out(directory: Directory, now: datetime) -> Step:
        visit = find(directory, Visit, id)
        if not visit.is_live:
            raise NotPossible("over", "this visit is over: register the visitor anew")
        old = code_of(directory, visit)
        left = None if old is None else _uses_left(site, old)
        if left == 0:
            raise NotPossible("used_up", "this pass has been used as often as it may: register the visitor anew")
        starts_at = visit.starts_at if old is None or old.not_before is None else old.not_before
        plan = Plan(directory.version)
        plan.new_credentials.append(
            CredentialRow(
                ref,
                visit.holder,
                CredentialKind.QR,
                value,
                CredentialState.ACTIVE,
                starts_at,
                visit.ends_at,
                left,
            )
        )
        void = () if old is None else (CredentialStateSet(old.ref, CredentialState.REVOKED.value),)
        moved = replace(visit, passes=(*visit.passes, ref))
        more = {"pass": ref, "instead_of": None if old is None else old.ref}
        return Step(moved, "pass_given_anew", by, (), (PeopleChanged(plan), *void), _closed(site, old, now), more)

    for _ in range(TRIES):
        try:
            step = await carry_out(site, work_out)
        except ToldAlready as told:
            # Somebody went in with the old one at this very moment: there is one use less.
            await pass_uses.look_again(site, str(told).split(":")[1])
            continue
        paper: Any = step.paper
        held = site.directory.credential(ref)
        assert held is not None, "carried out, so the directory in use has it"
        return _as_pass(site, paper, held)
    raise LedgerUnavailable("the pass is being used at the same time")


def code_of(directory: Directory, visit: Visit) -> Credential | None:
    """The newest code of a visit that is not void: the one that opens now."""
    for held in directory.credentials_of(reversed(visit.passes)):
        if held.kind is CredentialKind.QR and held.state is CredentialState.ACTIVE:
            return held
    return None


def _as_pass(site: Site, visit: Visit, held: Credential) -> Pass:
    return Pass(visit, held.value, held.max_uses, site.used.get(held.ref, 0), held.not_before, held.not_after)


def _uses_left(site: Site, held: Credential) -> int | None:
    return None if held.max_uses is None else max(0, held.max_uses - site.used.get(held.ref, 0))


def _closed(site: Site, old: Credential | None, now: datetime) -> tuple[Entry, ...]:
    """The row that ends the line of an old pass's uses: a use that comes at the same time finds its place taken."""
    use = None if old is None else pass_uses.use_of(site, old, "", None, "", "")
    return () if use is None else (replace(use.entry, at=now, body=use.entry.body | {"closed": True}),)
