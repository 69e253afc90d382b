"""A guard signs on at a shared kiosk with their own card and PIN, and unlocks its records with them.

Theory. A card's number can be read off the card, so the PIN is the secret, and it has four digits. Whoever tries is
therefore held by two counts: five wrong PINs lock the card at this kiosk (`core/pins.py`, as at a reader), and tries of
whatever card, known or not, are slowed by card and by address as passwords are. A card locked at three places is locked
everywhere, so one address locks it at one kiosk at most: after that its tries with this card are looked at nowhere
else. What is told is always the same: card and PIN do not fit. The guard who is signed on is never locked out of their
own post by somebody else's tries: for unlocking with the card that is signed on already wrong PINs cost time, and no
lock.

Promises: comparing and counting are one step without a pause in between; the ledger has a row of each try that counts,
and of a right PIN that ends a count, so that a restart counts no more and no less; a revoked, lost or expired card
signs on nobody. The PIN that calls for help signs on as the other one does; its silent alarm goes out with the
comparison, whatever comes of the sign-on: also with a card that is blocked, and with the accounts away. Leaves to
others: the session itself and its rights (`sign_in`), when a kiosk locks (`kiosk_locks`), cookies (`web`).
"""

import secrets
from collections import OrderedDict
from dataclasses import dataclass

from gateway.core import pins as pin_rules
from gateway.core.kinds import CredentialKind, CredentialState, PinWord
from gateway.core.nouns import Credential
from gateway.core.rights import AT_A_KIOSK, Right
from gateway.flows import alarms, pins
from gateway.flows.accounts import AccountStore, User
from gateway.flows.kiosk_locks import KioskLocks
from gateway.flows.ports import Entry, Unit, timed_key
from gateway.flows.sign_in import SignIn, TooManyTries, Who, WrongPassword, rights_of
from gateway.flows.site import Site
from gateway.flows.throttle import MOST_KEYS, Throttle

MAY_SIGN_ON = frozenset({Right.WATCH})
NOBODY = "nobody"
WITHIN_S = 5.0


class NoKiosk(Exception):
    """This session did not begin at a kiosk: there is nothing to unlock."""


def place_of(gate: str) -> str:
    """How a gate's kiosk is named where a device would be: in the count of wrong PINs, and in alarms."""
    return f"kiosk:{gate}"


@dataclass(frozen=True, slots=True)
class _Proof:
    """What came of a card and a PIN."""

    card: Credential | None
    word: PinWord
    count: PinWord | None = None
    """What changed the count of wrong PINs and has to be in the ledger: a wrong one, or the right one after some."""


class CardSignIn:
    """Signs guards on by card. One for the process."""

    def __init__(self, site: Site, accounts: AccountStore, sign_in: SignIn, locks: KioskLocks) -> None:
        self._site = site
        self._accounts = accounts
        self._sign_in = sign_in
        self._locks = locks
        self._by_card = Throttle(free=5, longest_s=300, forget_s=900)
        self._by_address = Throttle(free=10, longest_s=60, forget_s=900)
        self._on_duty = Throttle(free=5, longest_s=30, forget_s=900)
        self._locked_from: OrderedDict[tuple[str, str], str] = OrderedDict()
        """At which gate wrong PINs from an address have locked a card: (address, card) → gate."""

    async def sign_on(self, gate: str, card: str, pin: str, address: str) -> tuple[str, Who]:
        """The new cookie, and who it is.

        Raises `WrongPassword`, `TooManyTries`, `AccountsAway`, `LedgerUnavailable`.
        """
        return await self._begin(gate, await self._prove(gate, card.strip(), pin.strip(), address))

    async def prove(self, gate: str, card: str, pin: str, address: str) -> Who:
        """Whose card and PIN these are, for one signature: no session begins. Raises as `sign_on`."""
        user = await self._prove(gate, card.strip(), pin.strip(), address)
        rights = rights_of(user.roles, self._sign_in.roles) & AT_A_KIOSK
        return Who(user.name, user.ref, user.roles, rights, user.language, holder=user.holder)

    async def unlock(self, who: Who, card: str, pin: str, address: str) -> tuple[str | None, Who]:
        """Show the records again. Another guard's card hands the kiosk over: then there is a new cookie.

        Raises `NoKiosk`, and as `sign_on`.
        """
        if who.session is None or who.session.kiosk is None:
            raise NoKiosk
        gate, card, pin = who.session.kiosk, card.strip(), pin.strip()
        held = self._card(card)
        own = held is not None and held.holder == who.holder
        if own:
            user = await self._prove_again(who, gate, card, pin)
        else:
            user = await self._prove(gate, card, pin, address)
        if user.name != who.name:
            cookie, other = await self._begin(gate, user)
            await self._sign_in.sign_out(who)
            self._locks.lock(who.session.hash)
            return cookie, other
        now = self._sign_in.now()
        body = {"user": who.ref, "session": who.session.id, "kiosk": gate}
        await self._accounts.note(Entry("kiosk_unlocked", now, body))
        self._locks.open(who.session.hash, self._site.clock.monotonic())
        return None, who

    async def _begin(self, gate: str, user: User) -> tuple[str, Who]:
        cookie, who = await self._sign_in.begin_session(user, kiosk=gate)
        assert who.session is not None
        self._locks.open(who.session.hash, self._site.clock.monotonic())
        return cookie, who

    async def _prove(self, gate: str, value: str, pin: str, address: str) -> User:
        now = self._site.clock.monotonic()
        wait_s = max(self._by_card.wait_s(value, now), self._by_address.wait_s(address, now))
        if wait_s > 0:
            raise TooManyTries(wait_s)
        self._by_card.begin(value, now)
        self._by_address.begin(address, now)
        user = await self._settle(gate, self._compare(gate, value, pin, address))
        self._by_card.forgive(value)
        self._by_address.forgive(address, 1)
        return user

    async def _prove_again(self, who: Who, gate: str, value: str, pin: str) -> User:
        """The guard on duty: wrong PINs cost time, and lock nothing."""
        now = self._site.clock.monotonic()
        wait_s = self._on_duty.wait_s(who.name, now)
        if wait_s > 0:
            raise TooManyTries(wait_s)
        self._on_duty.begin(who.name, now)
        user = await self._settle(gate, self._compare(gate, value, pin, None))
        self._on_duty.forgive(who.name)
        return user

    async def _settle(self, gate: str, proof: _Proof) -> User:
        """Whose they are, with what the ledger has to tell of the try. Raises `WrongPassword`."""
        user = await self._user(proof)
        if user is None:
            await self._refused(gate, proof)
            raise WrongPassword
        row = self._count_row(gate, proof)
        if row is not None:
            await self._site.ledger.commit(Unit((row,)), WITHIN_S)
        return user

    def _card(self, value: str) -> Credential | None:
        return self._site.directory.credentials.get((CredentialKind.CARD, value))

    def _compare(self, gate: str, value: str, pin: str, address: str | None) -> _Proof:
        """The same work for a card that nobody has: the comparison runs, and never fits. `address`: from where a try
        comes that counts; None for one that does not."""
        site, place = self._site, place_of(gate)
        held = self._card(value)
        at = pins.surely(site)
        word = pins.compare(site, NOBODY if held is None else held.holder, pin)
        if held is None:
            return _Proof(None, PinWord.WRONG)
        if word is PinWord.DURESS:
            # First of all: nothing that may fail or take its time comes before it. It goes beside, so that signing on
            # takes as long as ever.
            site.spawn(_call_for_help(site, gate, held.holder))
        if address is not None:
            if site.pin_tries.is_locked(held.ref, place, at) or self._locked_elsewhere(address, held.ref, gate):
                return _Proof(held, PinWord.LOCKED)
            if word is PinWord.WRONG:
                if site.pin_tries.wrong(held.ref, place, at):
                    self._remember_lock(address, held.ref, gate)
                return _Proof(held, word, word)
        if word is PinWord.WRONG:
            return _Proof(held, word)
        ends_a_count = site.pin_tries.has_open(held.ref, place)
        site.pin_tries.right(held.ref, place)
        return _Proof(held, word, PinWord.RIGHT if ends_a_count else None)

    def _locked_elsewhere(self, address: str, card: str, gate: str) -> bool:
        """True while a card is locked at another gate by wrong PINs from this address."""
        other, site = self._locked_from.get((address, card)), self._site
        if other is None or other == gate:
            return False
        return site.pin_tries.is_locked(card, place_of(other), pins.surely(site))

    def _remember_lock(self, address: str, card: str, gate: str) -> None:
        self._locked_from[address, card] = gate
        self._locked_from.move_to_end((address, card))
        while len(self._locked_from) > MOST_KEYS:
            self._locked_from.popitem(last=False)

    async def _user(self, proof: _Proof) -> User | None:
        """Who signs on with it; the accounts are asked whatever came before."""
        held, now = proof.card, self._site.clock.now()
        user = await self._accounts.user_of(NOBODY if held is None else held.holder)
        if held is None or user is None or proof.word not in (PinWord.RIGHT, PinWord.DURESS):
            return None
        holder = self._site.directory.holders.get(held.holder)
        in_time = (held.not_before is None or held.not_before <= now) and (
            held.not_after is None or now < held.not_after
        )
        if held.state is not CredentialState.ACTIVE or not in_time or holder is None or holder.suspended:
            return None
        may = not MAY_SIGN_ON.isdisjoint(rights_of(user.roles, self._sign_in.roles))
        return None if user.disabled or not may else user

    async def _refused(self, gate: str, proof: _Proof) -> None:
        """On record, with the row from which the count is made again after a restart."""
        site, held, place = self._site, proof.card, place_of(gate)
        refused = Entry("sign_in_refused", self._sign_in.now(), {"user": None, "kiosk": gate})
        row = self._count_row(gate, proof)
        await site.ledger.commit(Unit((refused,) if row is None else (refused, row)), WITHIN_S)
        if held is not None and site.pin_tries.is_locked(held.ref, place, pins.surely(site)):
            detail = f"{pin_rules.WRONG_AT_MOST} wrong PINs with one card at a kiosk: it is locked there"
            await alarms.raise_alarm(site, alarms.WRONG_TRIES, place, detail)

    def _count_row(self, gate: str, proof: _Proof) -> Entry | None:
        """What a restart has to hear of this try; None where the count stays as it was."""
        if proof.card is None or proof.count is None:
            return None
        at, id, place = self._site.clock.now(), f"on-{secrets.token_hex(6)}", place_of(gate)
        body = {"credential": proof.card.ref, "device": place, "tap": id, "pin": proof.count.value}
        return Entry("pin_tried", at, body, timed_key(pins.KEY, at, f"{place}:{id}"))


async def _call_for_help(site: Site, gate: str, holder: str) -> None:
    place = place_of(gate)
    body = {"device": place, "portal": None, "tap": None, "holder": holder}
    await alarms.raise_alarm(site, alarms.DURESS, place, "duress PIN at a kiosk's sign-on")
    await site.ledger.commit(Unit((Entry("duress", site.clock.now(), body),)))
