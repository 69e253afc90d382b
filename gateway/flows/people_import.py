"""What an import changes: the people of a file against the people there are, worked out before anything is written.

The file's line says all about a person: what it does not name is taken away (another card is revoked). One thing an
import never does: a card that was revoked or reported lost stays so, because the school's own system may not know yet.
"""

import secrets
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any

from gateway.core.kinds import CredentialKind, CredentialState, HolderKind
from gateway.flows.people_csv import BadLine, BadPeople, PeopleFile, Person
from gateway.flows.ports import Entry, timed_key

OWN = frozenset({HolderKind.STUDENT, HolderKind.STAFF, HolderKind.SERVICE, HolderKind.RESIDENT})
"""Whom a file of everybody names."""
MAY_LEAVE = 20
"""So few may be all there are; of more at most half leave at once, or it is another file."""
REACH = "cc:"
"""The keys of rows about how people are reached being changed, by time."""


@dataclass(frozen=True, slots=True)
class HolderRow:
    """A holder as kept."""

    ref: str
    id: str
    name: str = field(repr=False)
    kind: HolderKind
    groups: tuple[str, ...]
    dormitory: str | None
    has_left: bool = False
    """No longer of the school, and not erased yet."""


@dataclass(frozen=True, slots=True)
class CredentialRow:
    """A credential as kept."""

    ref: str
    holder: str
    kind: CredentialKind
    value: str = field(repr=False)
    state: CredentialState
    not_before: datetime | None
    not_after: datetime | None
    max_uses: int | None = None


@dataclass(frozen=True, slots=True)
class ContactRow:
    """A holder's telephone number and mail address as kept."""

    holder: str
    phone: str = field(repr=False)
    mail: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class Known:
    """What the database has, at one version of the directory."""

    version: int
    holders: Mapping[str, HolderRow]
    credentials: Mapping[str, tuple[CredentialRow, ...]]
    """By the holder's ref."""
    passes: frozenset[str] = frozenset()
    """Plates and tags that the security office manages: the school's own table neither gives nor takes them."""
    contacts: Mapping[str, ContactRow] = field(default_factory=dict)
    """By the holder's ref."""


@dataclass(slots=True)
class Plan:
    """What will be written, and how much of it is new."""

    based_on: int
    new_holders: list[HolderRow] = field(default_factory=list)
    changed_holders: list[HolderRow] = field(default_factory=list)
    new_credentials: list[CredentialRow] = field(default_factory=list)
    changed_credentials: list[CredentialRow] = field(default_factory=list)
    contacts: list[ContactRow] = field(default_factory=list)
    """New and changed ones."""
    left: list[str] = field(default_factory=list)
    """Who has left the school, by reference: a file of everybody does not name them."""
    returned: list[str] = field(default_factory=list)
    """Who is back."""
    added: int = 0
    updated: int = 0
    unchanged: int = 0
    blocked: list[BadLine] = field(default_factory=list)
    """Lines whose card stays revoked or lost: taken, but worth a look."""

    @property
    def is_empty(self) -> bool:
        return not (
            self.new_holders
            or self.changed_holders
            or self.new_credentials
            or self.changed_credentials
            or self.contacts
            or self.left
        )


def plan_import(file: PeopleFile, known: Known, is_complete: bool = False) -> Plan:
    """The changes that bring `known` to what `file` says; raises `BadPeople` where somebody else holds a card.

    `is_complete`: the file names everybody of the school, and whom it does not name has left.
    """
    _check_holders_of_the_same(file.people, known)
    plan = Plan(known.version)
    for person in file.people:
        before = known.holders.get(person.id)
        if before is None:
            _add(plan, person)
        else:
            _update(plan, person, before, known)
    if is_complete:
        _leave(plan, file.people, known)
    return plan


def _leave(plan: Plan, people: Iterable[Person], known: Known) -> None:
    named = {person.id for person in people}
    own = [holder for holder in known.holders.values() if holder.kind in OWN and not holder.has_left]
    plan.left = [holder.ref for holder in own if holder.id not in named]
    if len(plan.left) > max(MAY_LEAVE, len(own) // 2):
        said = f"{len(plan.left)} of {len(own)} people would have left: this is not a file of everybody"
        raise BadPeople([BadLine(1, "", said)])


def people_imported(file: PeopleFile, plan: Plan, by: str | None, now: datetime) -> Entry:
    """What the ledger gets to know: how many, and which file; no names."""
    body: dict[str, Any] = {
        "added": plan.added,
        "updated": plan.updated,
        "unchanged": plan.unchanged,
        "left": len(plan.left),
        "sha256": file.sha256,
        "by": by,
    }
    key = timed_key(REACH, now, f"import:{secrets.token_hex(4)}") if plan.contacts else None
    return Entry("people_imported", now, body, key)


def _check_holders_of_the_same(people: Iterable[Person], known: Known) -> None:
    """A card or plate belongs to one person: its active holder must be this one, or give it up in the same file."""
    by_ref = {holder.ref: holder.id for holder in known.holders.values()}
    active = {
        (credential.kind, credential.value): by_ref[credential.holder]
        for held in known.credentials.values()
        for credential in held
        if credential.state is CredentialState.ACTIVE
    }
    wanted = {person.id: person for person in people}
    bad: list[BadLine] = []
    for person in wanted.values():
        for kind, value in _wants(person):
            holder = active.get((kind, value))
            # Whoever stands in the file keeps only what the file gives them, and it gives this to `person`.
            if holder is not None and holder != person.id and holder not in wanted:
                bad.append(BadLine(person.line, kind.value, f"is held by the person with the id {holder}"))
    if bad:
        raise BadPeople(bad)


def _wants(person: Person) -> list[tuple[CredentialKind, str]]:
    return [
        (kind, value)
        for kind, value in ((CredentialKind.CARD, person.card), (CredentialKind.PLATE, person.plate))
        if value is not None
    ]


def _add(plan: Plan, person: Person) -> None:
    ref = _new_ref()
    plan.new_holders.append(HolderRow(ref, person.id, person.name, person.kind, person.groups, person.dormitory))
    plan.new_credentials.extend(_new_credential(ref, person, kind, value) for kind, value in _wants(person))
    _reach(plan, person, ref, None)
    plan.added += 1


def _update(plan: Plan, person: Person, before: HolderRow, known: Known) -> None:
    held, passes = known.credentials.get(before.ref, ()), known.passes
    after = HolderRow(before.ref, person.id, person.name, person.kind, person.groups, person.dormitory)
    changed = after != before
    if changed:
        plan.changed_holders.append(after)
    if before.has_left:
        plan.returned.append(before.ref)
    wants = dict(_wants(person))
    for kind in (CredentialKind.CARD, CredentialKind.PLATE):
        value = wants.get(kind)
        own = [credential for credential in held if credential.kind is kind]
        for credential in own:
            taken_away = credential.value != value and credential.ref not in passes
            if taken_away and credential.state is CredentialState.ACTIVE:
                plan.changed_credentials.append(replace(credential, state=CredentialState.REVOKED))
                changed = True
        if value is not None:
            changed = _give(plan, person, before.ref, kind, value, own) or changed
    if _reach(plan, person, before.ref, known.contacts.get(before.ref)) or changed:
        plan.updated += 1
    else:
        plan.unchanged += 1


def _reach(plan: Plan, person: Person, ref: str, before: ContactRow | None) -> bool:
    """Bring the person's numbers up to date, if the file has any; True if anything changes."""
    if person.phone is None or person.mail is None:
        return False
    after = ContactRow(ref, person.phone, person.mail)
    if after == (before or ContactRow(ref, "", "")):
        return False
    plan.contacts.append(after)
    return True


def _give(plan: Plan, person: Person, ref: str, kind: CredentialKind, value: str, own: list[CredentialRow]) -> bool:
    """Bring the person's credential of that value up to date, or make it; True if anything changes."""
    same = [credential for credential in own if credential.value == value]
    if not same:
        plan.new_credentials.append(_new_credential(ref, person, kind, value))
        return True
    newest = next((one for one in same if one.state is CredentialState.ACTIVE), same[-1])
    if newest.state is not CredentialState.ACTIVE:
        word = "reported lost" if newest.state is CredentialState.LOST else "revoked"
        plan.blocked.append(BadLine(person.line, kind.value, f"was {word} and stays so; give another one"))
        return False
    after = replace(newest, not_before=person.not_before, not_after=person.not_after)
    if after == newest:
        return False
    plan.changed_credentials.append(after)
    return True


def _new_credential(ref: str, person: Person, kind: CredentialKind, value: str) -> CredentialRow:
    return CredentialRow(_new_ref(), ref, kind, value, CredentialState.ACTIVE, person.not_before, person.not_after)


def _new_ref() -> str:
    """A random reference: all that the ledger will ever name."""
    return secrets.token_hex(16)
