"""Card and PIN: compared, counted, set and cleared, locked and unlocked; and the PIN that calls for help.

Promises: what is kept is a keyed digest (`core/pins.py`); no PIN is in a log, a row or an answer. Comparing and
counting are one step without a pause in between, so that however many tries come at once, no more than five are looked
at. After a restart the count is what the ledger tells of. A duress PIN opens as the other one does; its alarm is
silent: only the control room sees it. Leaves to others: where a PIN is needed (the policy), what its word settles
(`decide`).
"""

import hmac
import secrets
from collections.abc import Callable
from dataclasses import replace
from datetime import datetime

from devices.messages import Tap
from gateway.core import pins
from gateway.core.kinds import CredentialKind, PinWord
from gateway.core.nouns import Holder, Request
from gateway.flows import alarms, directory_watch
from gateway.flows.changes import PinSet
from gateway.flows.devices import Device
from gateway.flows.ports import Entry, LedgerUnavailable, Outdated, PinDigests, Unit, timed_key
from gateway.flows.site import Site

TRIES = 5
"""How often a change of a PIN is tried anew because somebody else changed the directory meanwhile."""
KEY = "w:"
"""What the ledger keys of all rows begin with from which the count of wrong PINs follows, in the order of time."""
NOBODYS = PinDigests("0" * 64, "0" * 64)
"""Stands in where a holder has no PIN: the comparison takes as long, and never fits."""


class BadPin(ValueError):
    """Not a PIN that can be set; `field` says which."""

    def __init__(self, field: str, message: str) -> None:
        super().__init__(message)
        self.field = field


class NoKey(RuntimeError):
    """This gateway was started without a key for PINs: none can be set, and none is right."""


async def load(site: Site) -> None:
    """At start: the digests, and what the ledger tells of the last hours' tries."""
    site.pins = await site.archive.pins()
    for row in await site.archive.timed(KEY, site.clock.now() - pins.REMEMBERED):
        _tell_again(site, row)


def _tell_again(site: Site, row: dict[str, object]) -> None:
    cards = row.get("cards")
    if isinstance(cards, list):
        site.pin_tries.forget(cards)
        return
    card, device, at = row.get("credential"), row.get("device"), row["at"]
    assert isinstance(at, datetime)
    if isinstance(card, str) and isinstance(device, str):
        if row.get("pin") == PinWord.WRONG:
            site.pin_tries.wrong(card, device, at)
        elif row.get("pin") == PinWord.RIGHT:
            site.pin_tries.right(card, device)


def word(site: Site, device: Device, kind: CredentialKind, value: str, pin: str | None) -> PinWord:
    """What came of the PIN that was given with a card at a device; a wrong one is counted here and now. The lock is the
    card's: it holds without a PIN too."""
    held = site.directory.credentials.get((kind, value))
    if held is None:
        return PinWord.WRONG if pin else PinWord.ABSENT  # nobody's card: it is refused for that
    at = surely(site)
    if site.pin_tries.is_locked(held.ref, device.id, at):
        return PinWord.LOCKED
    if not pin:
        return PinWord.ABSENT
    found = compare(site, held.holder, pin)
    if found is PinWord.WRONG:
        site.pin_tries.wrong(held.ref, device.id, at)
    else:
        site.pin_tries.right(held.ref, device.id)
    return found


async def tell_if_locked(site: Site, device: Device, request: Request) -> None:
    """A wrong PIN was answered: if it was the last that is looked at, that is worth a person's look."""
    held = site.directory.credentials.get((request.credential, request.value))
    at = surely(site)
    if request.pin is PinWord.WRONG and held is not None and site.pin_tries.is_locked(held.ref, device.id, at):
        everywhere = site.pin_tries.locked_devices(held.ref, at) >= pins.DEVICES_AT_MOST
        detail = "five wrong PINs with one card: it is locked " + ("everywhere" if everywhere else "here")
        await alarms.raise_alarm(site, alarms.WRONG_TRIES, device.id, detail)


def take_back(site: Site, device: Device, request: Request) -> None:
    """This tap had been told before: its wrong PIN is in the count already."""
    held = site.directory.credentials.get((request.credential, request.value))
    if request.pin is PinWord.WRONG and held is not None:
        site.pin_tries.take_back(held.ref, device.id)


def look_again(site: Site, device: Device, tap: Tap, request: Request) -> Request:
    """The directory has moved on between the tap and its record: its PIN is looked at once more, and counts once."""
    if not tap.pin or request.pin is PinWord.ABSENT:
        return request
    take_back(site, device, request)
    return replace(request, pin=word(site, device, request.credential, request.value, tap.pin))


def compare(site: Site, holder: str, pin: str) -> PinWord:
    """What a PIN is of this holder's: right, wrong, or the one that calls for help. Counts nothing."""
    kept = site.pins.get(holder)
    given = pins.digest_of(site.pin_key or b"", holder, pin)
    against = NOBODYS if kept is None or site.pin_key is None else kept
    right = hmac.compare_digest(given, against.digest)
    duress = hmac.compare_digest(given, against.duress or NOBODYS.digest)
    if duress:
        return PinWord.DURESS
    return PinWord.RIGHT if right else PinWord.WRONG


def in_the_record(request: Request) -> str:
    """The PIN's word for the decision's row: a call for help stands in a row of its own, and here as the right one."""
    return PinWord.RIGHT.value if request.pin is PinWord.DURESS else request.pin.value


def tried(site: Site, device: Device, tap: Tap, request: Request) -> Entry | None:
    """The row from which the count is made again after a restart; None where no PIN was compared."""
    held = site.directory.credentials.get((request.credential, request.value))
    if held is None or request.pin in (PinWord.ABSENT, PinWord.LOCKED):
        return None
    now = site.clock.now()
    body = {"credential": held.ref, "device": device.id, "tap": tap.id, "pin": in_the_record(request)}
    return Entry("pin_tried", now, body, timed_key(KEY, now, f"{device.id}:{tap.id}"))


def cry_for_help(site: Site, device: Device, tap: Tap, holder: str | None) -> Entry:
    """The row of a duress PIN, written with the decision."""
    body = {"device": device.id, "portal": device.portal, "tap": tap.id, "holder": holder}
    return Entry("duress", site.clock.now(), body)


async def call_for_help(site: Site, device: Device, tap: str) -> None:
    """The silent alarm; the tap leads the control room to who and where."""
    await alarms.raise_alarm(site, alarms.DURESS, device.id, f"duress PIN, tap {tap}")


async def set_pin(site: Site, person: str, pin: str, duress: str | None, by: str) -> None:
    """Give somebody a PIN, and one that calls for help; their cards are unlocked.

    Raises `BadPin`, `NoKey`, `LookupError`, `LedgerUnavailable`.
    """
    for field, one in (("pin", pin), ("duress", duress)):
        if one is not None and not pins.is_one(one):
            raise BadPin(field, f"{pins.SHORTEST} to {pins.LONGEST} digits")
        if one is not None and pins.is_too_simple(one):
            raise BadPin(field, "too simple: all digits alike, or in a row")
    if duress is not None and pins.are_too_alike(pin, duress):
        raise BadPin("duress", "too much like the PIN: at least two digits must differ, and not just change places")
    if site.pin_key is None:
        raise NoKey("there is no key for PINs")
    key = site.pin_key

    def digests(holder: str) -> PinDigests:
        return PinDigests(
            pins.digest_of(key, holder, pin), None if duress is None else pins.digest_of(key, holder, duress)
        )

    await _file(site, person, by, lambda holder: digests(holder.ref))


async def clear_pin(site: Site, person: str, by: str) -> None:
    """Take somebody's PIN away: where one is needed they do not pass. Raises `LookupError`, `LedgerUnavailable`."""
    await _file(site, person, by, lambda _holder: None)


async def unlock(site: Site, person: str, by: str) -> int:
    """Unlock all cards of somebody; how many were. Raises `LookupError`, `LedgerUnavailable`."""
    holder = holder_of(site, person)
    cards = _cards_of(site, holder)
    body = {"holder": holder.ref, "cards": cards, "by": by}
    now = site.clock.now()
    entry = Entry("pin_unlocked", now, body, timed_key(KEY, now, f"unlocked:{secrets.token_hex(4)}"))
    await site.ledger.commit(Unit((entry,)), site.rules.record_within_s)
    at = surely(site)
    locked = sum(1 for card in cards if site.pin_tries.locked_devices(card, at))
    site.pin_tries.forget(cards)
    return locked


def holder_of(site: Site, person: str) -> Holder:
    """Whom people know by this id. Raises `LookupError`."""
    found = site.directory.with_id(person)
    if found is None:
        raise LookupError(person)
    return found


async def _file(site: Site, person: str, by: str, digests_of: Callable[[Holder], PinDigests | None]) -> None:
    for _ in range(TRIES):
        holder = holder_of(site, person)
        digests = digests_of(holder)
        cards = _cards_of(site, holder)
        now = site.clock.now()
        has_duress = digests is not None and digests.duress is not None
        body = {"holder": holder.ref, "pin": digests is not None, "duress": has_duress, "cards": cards, "by": by}
        change = PinSet(
            holder.ref, None if digests is None else digests.digest, None if digests is None else digests.duress, now
        )
        entry = Entry("pin_set", now, body, timed_key(KEY, now, f"set:{secrets.token_hex(4)}"))
        unit = Unit((entry,), (change,), directory=True, based_on=site.directory.version)
        result = await site.ledger.commit(unit, site.rules.record_within_s)
        if isinstance(result, Outdated):
            await site.refresh_directory()
            continue
        if digests is None:
            site.pins.pop(holder.ref, None)
        else:
            site.pins[holder.ref] = digests
        site.pin_tries.forget(cards)
        await directory_watch.take_over(site)
        return
    raise LedgerUnavailable("others change the directory at the same time")


def _cards_of(site: Site, holder: Holder) -> list[str]:
    return sorted(c.ref for c in site.directory.credentials.values() if c.holder == holder.ref)


def surely(site: Site) -> datetime:
    """Now; while the clock is in doubt the last moment beyond it, so that no jump of the clock ends a lock."""
    now = site.clock.now()
    return now if site.trusted_until is None else min(now, site.trusted_until)
