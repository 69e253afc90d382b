"""PINs: what is kept of one, and when a card is locked.

Theory. A PIN has four to eight digits, so a plain hash of it is broken in a second: what is kept is an HMAC under a key
that is not in the database, over the holder and the PIN. Five wrong PINs with one card at one device lock that card
there; locked at three devices, it is locked everywhere. A right PIN forgets the wrong ones of that card at that device,
but never a lock: a lock ends by an operator's word, by a new PIN, or after twelve hours.

Promises: pure; `Tries` compares no PIN and keeps none, only counts. It is rebuilt from the ledger after a restart by
telling it the same again, with the same times.
"""

import hashlib
import hmac
from collections.abc import Iterable
from datetime import datetime, timedelta
from itertools import pairwise

WRONG_AT_MOST = 5
"""Wrong PINs with one card at one device; PROTOCOL rule 12."""
DEVICES_AT_MOST = 3
"""Locked at so many devices is locked everywhere; PROTOCOL rule 12."""
REMEMBERED = timedelta(hours=12)
"""How long a wrong PIN and a lock last. Five tries at three devices twice a day: four digits hold for about a year."""
SHORTEST, LONGEST = 4, 8


def key_from(store_key: bytes) -> bytes:
    """The key for PINs, made from the store key so that neither opens the other's secrets."""
    return hmac.digest(store_key, b"wardgate pins", "sha256")


def digest_of(key: bytes, holder: str, pin: str) -> str:
    """What is kept of a holder's PIN, 64 hex digits."""
    return hmac.new(key, f"{holder}\n{pin}".encode(), hashlib.sha256).hexdigest()


def is_one(pin: str) -> bool:
    """Four to eight of the digits 0 to 9."""
    return SHORTEST <= len(pin) <= LONGEST and pin.isascii() and pin.isdigit()


def is_too_simple(pin: str) -> bool:
    """All digits alike, or one run up or down: the first that anybody tries."""
    steps = {ord(b) - ord(a) for a, b in pairwise(pin)}
    return steps in ({0}, {1}, {-1})


def are_too_alike(pin: str, duress: str) -> bool:
    """One slip of the finger, or two digits swapped, would make one into the other: a false cry for help."""
    if len(pin) != len(duress):
        longer, shorter = (pin, duress) if len(pin) > len(duress) else (duress, pin)
        return any(longer[:i] + longer[i + 1 :] == shorter for i in range(len(longer)))
    differ = [i for i, (a, b) in enumerate(zip(pin, duress, strict=True)) if a != b]
    if len(differ) < 2:
        return True
    i, j = differ[0], differ[-1]
    return len(differ) == 2 and j == i + 1 and pin[i] == duress[j] and pin[j] == duress[i]


class Tries:
    """Wrong PINs by card and device, and what follows from them."""

    def __init__(self) -> None:
        self._wrong: dict[str, dict[str, list[datetime]]] = {}
        self._locked: dict[str, dict[str, datetime]] = {}

    def wrong(self, card: str, device: str, at: datetime) -> bool:
        """One more wrong PIN; True if it locked the card at this device."""
        if self._is_locked_at(card, device, at):
            return False
        tries = self._wrong.setdefault(card, {}).setdefault(device, [])
        tries[:] = [one for one in tries if _lasts(one, at)] + [at]
        if len(tries) < WRONG_AT_MOST:
            return False
        self._locked.setdefault(card, {})[device] = at
        return True

    def right(self, card: str, device: str) -> None:
        """The right one: the wrong ones before it at this device are forgotten."""
        self._take(card, device)

    def has_open(self, card: str, device: str) -> bool:
        """True if a right PIN would forget something here."""
        return bool(self._wrong.get(card, {}).get(device))

    def take_back(self, card: str, device: str) -> None:
        """The newest wrong one was no new one: it had been counted when its tap came first. Nor did it lock then."""
        tries = self._wrong.get(card, {}).get(device)
        if tries:
            tries.pop()
            if len(tries) < WRONG_AT_MOST:
                self._locked.get(card, {}).pop(device, None)

    @property
    def has_locks(self) -> bool:
        """False while nothing is locked, which is nearly always: then no tap has to ask further."""
        return bool(self._locked)

    def is_locked(self, card: str, device: str, at: datetime) -> bool:
        """True if no PIN with this card is looked at here."""
        locks = self._locked.get(card)
        if not locks:
            return False
        return self._is_locked_at(card, device, at) or self.locked_devices(card, at) >= DEVICES_AT_MOST

    def locked_devices(self, card: str, at: datetime) -> int:
        """At how many devices this card is locked."""
        return sum(1 for since in self._locked.get(card, {}).values() if _lasts(since, at))

    def forget(self, cards: Iterable[str]) -> None:
        """A person unlocks these cards, or their holder gets a new PIN."""
        for card in cards:
            self._wrong.pop(card, None)
            self._locked.pop(card, None)

    def _is_locked_at(self, card: str, device: str, at: datetime) -> bool:
        since = self._locked.get(card, {}).get(device)
        return since is not None and _lasts(since, at)

    def _take(self, card: str, device: str) -> None:
        devices = self._wrong.get(card)
        if devices is not None:
            devices.pop(device, None)
            if not devices:
                del self._wrong[card]


def _lasts(since: datetime, at: datetime) -> bool:
    return at - since < REMEMBERED
