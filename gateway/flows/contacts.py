"""How to reach people of the school: kept by those who manage people, shown to few, and each change on record.

Promises: a messenger's address is a secret and is sealed before it is kept; nobody is ever shown more of it than which
messenger it is. The ledger says whose entry was changed, by whom and which parts of it, never what stands in it. Who
registers a visit and has lately changed where the host is reached is known for it: no link is asked there.
Leaves to others: who may (`web`), telling people (`notices`).
"""

import secrets
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import timedelta

from gateway.core.papers import Visit
from gateway.flows import reading
from gateway.flows.changes import ContactKept
from gateway.flows.contact_words import messenger_address, plain_mail, plain_phone
from gateway.flows.notice_rules import messenger_of
from gateway.flows.people_import import REACH
from gateway.flows.permits import WrongField
from gateway.flows.ports import Contact, Entry, Unit, timed_key
from gateway.flows.site import Site

WITHIN_S = 5.0
LATELY = timedelta(days=1)
"""Before a visit is registered."""


@dataclass(frozen=True, slots=True)
class Shown:
    """An entry as somebody may see it."""

    phone: str = field(repr=False)
    mail: str = field(repr=False)
    messenger: str | None
    """Which messenger: the address itself is not shown."""


async def look_up(site: Site, person: str, by: str) -> Shown | None:
    """Somebody's entry, recorded; None if there is no such person. Raises `LedgerUnavailable`."""
    holder = site.directory.with_id(person)
    if holder is None:
        return None
    await reading.note(site, by, "contact", 1, holder.ref)
    return _shown(await site.archive.contact(holder.ref))


async def keep(site: Site, person: str, phone: str, mail: str, messenger: str | None, by: str) -> Shown | None:
    """Enter how to reach somebody; `messenger` None leaves that as it is, "" takes it away.

    None if there is no such person. Raises `WrongField`, `LedgerUnavailable`.
    """
    holder = site.directory.with_id(person)
    if holder is None:
        return None
    before = await site.archive.contact(holder.ref)
    after = _checked(phone, mail, messenger, before, site)
    parts = [name for name in ("phone", "mail", "messenger") if getattr(after, name) != getattr(before, name, "")]
    if not parts:
        return _shown(before)
    sealed = "" if not after.messenger else site.archive.seal(after.messenger)
    change = ContactKept(holder.ref, after.phone, after.mail, sealed, after.at)
    key = timed_key(REACH, after.at, f"{holder.ref}:{secrets.token_hex(4)}")
    entry = Entry("contact_changed", after.at, {"holder": holder.ref, "parts": parts, "by": by}, key)
    await site.ledger.commit(Unit((entry,), (change,)), WITHIN_S)
    return _shown(after)


async def is_the_registrars(site: Site, visit: Visit) -> bool:
    """True if who registered the visit has changed how its host is reached, since or shortly before: then what is sent
    there may reach that person instead of the host."""
    rows = await site.archive.timed(REACH, visit.registered_at - LATELY)
    return any(row["by"] == visit.registered_by and row.get("holder", visit.host) == visit.host for row in rows)


def _checked(phone: str, mail: str, messenger: str | None, before: Contact | None, site: Site) -> Contact:
    values: dict[str, str] = {}
    for name, text, check in (("phone", phone, plain_phone), ("mail", mail, plain_mail)):
        values[name] = _field(name, text, check)
    if messenger is None:
        values["messenger"] = "" if before is None else before.messenger
    else:
        values["messenger"] = _field("messenger", messenger, messenger_address)
    return Contact(values["phone"], values["mail"], values["messenger"], site.clock.now())


def _field(name: str, text: str, check: Callable[[str], str]) -> str:
    try:
        return check(text)
    except ValueError as error:
        raise WrongField(name, str(error)) from None


def _shown(contact: Contact | None) -> Shown:
    if contact is None:
        return Shown("", "", None)
    return Shown(contact.phone, contact.mail, messenger_of(contact.messenger))
