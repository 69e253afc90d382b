"""Somebody signs in, is known for a while, and signs out.

Promises: what proves a sign-in is a random cookie of which only the hash is kept; every check asks the accounts again
after half a second, so that what the command line ends is over within a second for any act, and within five seconds for
a stream, whose pages share one look; what this process ends is over at once;
roles are read again with it. A wrong password costs the same time whether or not there is such a user, and too many
cost a wait, for that user from that address only: whoever is signed in already never notices. A session that began at a
kiosk has no right beyond `AT_A_KIOSK`, whatever its user's roles give. Leaves to others: cookies
and headers (`web`), the hash of a password (`passwords`).
"""

import asyncio
import secrets
from collections import OrderedDict
from collections.abc import Awaitable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from gateway.core.rights import AT_A_KIOSK, Right
from gateway.flows.accounts import (
    AccountsAway,
    AccountStore,
    Session,
    Token,
    User,
    hash_of,
    sessions_ended,
)
from gateway.flows.passwords import Passwords
from gateway.flows.ports import Clock, Entry, LedgerUnavailable
from gateway.flows.throttle import Throttle

IDLE = timedelta(hours=1)
"""A page that is open counts as use, so this ends only what was left behind."""
ABSOLUTE = timedelta(hours=24)
RECHECK_S = 0.5
GRACE_S = 5.0
"""No act on authority older than this: with the accounts away for longer, acts are refused."""
TOUCH_EVERY = timedelta(minutes=1)
MOST_KNOWN = 10_000
MOST_WAITING = 20
"""Sign-ins that may wait for one of the two hashing threads; more than that is an attack or an accident."""
MOST_WAITING_PER_ADDRESS = 4
_RIGHTS = {right.value: right for right in Right}


class WrongPassword(Exception):
    """User and password do not fit, or the user may not sign in: nobody is told which."""


class TooManyTries(Exception):
    """Not now; `wait_s` says when to come back."""

    def __init__(self, wait_s: float) -> None:
        super().__init__(f"wait {wait_s:.0f} s")
        self.wait_s = wait_s


@dataclass(frozen=True, slots=True)
class Who:
    """Somebody who proved who they are, with what they may do right now."""

    name: str
    ref: str
    roles: frozenset[str]
    rights: frozenset[Right]
    language: str
    session: Session | None = None
    token: Token | None = None
    holder: str | None = None
    """Which person of the directory it is, by reference; None for accounts that are nobody's."""

    def may(self, wanted: frozenset[Right]) -> bool:
        """True if they have one of the rights; nobody has one of none."""
        return not self.rights.isdisjoint(wanted)


@dataclass(slots=True)
class _Known:
    proof: Session | Token
    user: User
    checked: float
    touched: datetime


class SignIn:
    """Who is who. One for the process; `close` when it ends."""

    def __init__(
        self, accounts: AccountStore, passwords: Passwords, clock: Clock, roles: Mapping[str, frozenset[str]]
    ) -> None:
        self._accounts = accounts
        self._passwords = passwords
        self._clock = clock
        self.roles = roles
        self._known: OrderedDict[str, _Known] = OrderedDict()
        self._by_user = Throttle(free=5, longest_s=300, forget_s=900)
        self._by_address = Throttle(free=30, longest_s=60, forget_s=900)
        self._waiting: dict[str, int] = {}
        self._tasks: set[asyncio.Task[None]] = set()

    def now(self) -> datetime:
        """The time by which sessions live: the real one, also where the campus's day is simulated."""
        return self._clock.now()

    async def sign_in(self, name: str, password: str, address: str) -> tuple[str, Who]:
        """The new cookie, and who it is.

        Raises `WrongPassword`, `TooManyTries`, `AccountsAway`, `LedgerUnavailable`.
        """
        name = name.strip().lower()[:64]
        self._begin_try(name, address)
        self._waiting[address] = self._waiting.get(address, 0) + 1
        try:
            user = await self._accounts.user(name)
            compared = await self._passwords.compare(None if user is None else user.password_hash, password)
        finally:
            self._waiting[address] -= 1
            if not self._waiting[address]:
                del self._waiting[address]
        if user is None or user.disabled or not compared.right:
            now = self._clock.now()
            ref = None if user is None else user.ref
            await self._accounts.note(Entry("sign_in_refused", now, {"user": ref}))
            raise WrongPassword
        self._by_user.forgive(_pair(name, address))
        self._by_address.forgive(address, 1)
        return await self.begin_session(user, compared.better_hash)

    async def begin_session(
        self, user: User, better_hash: str | None = None, kiosk: str | None = None
    ) -> tuple[str, Who]:
        """A session for somebody who has proved who they are, at a kiosk or anywhere; the new cookie, and who it is."""
        now = self._clock.now()
        cookie = secrets.token_urlsafe(32)
        session = Session(hash_of(cookie), user.name, now, now, now + ABSOLUTE, kiosk=kiosk)
        body = {"user": user.ref, "session": session.id} | ({} if kiosk is None else {"kiosk": kiosk})
        await self._accounts.add_session(session, Entry("signed_in", now, body), better_hash)
        self._remember(session.hash, session, user)
        return cookie, self._who(user, session)

    async def who_has_cookie(self, cookie: str) -> Who | None:
        """Whose cookie it is, if it is still good. Raises `AccountsAway`."""
        if not 20 <= len(cookie) <= 100:
            return None
        return await self._who_has_session(hash_of(cookie))

    async def still(self, who: Who, recheck_s: float = RECHECK_S) -> Who | None:
        """Who it is by now, None if what proved it has ended: for a stream that stays open. `recheck_s`: so old may be
        what the accounts said; what this process ended counts at once. Raises `AccountsAway`."""
        if who.session is not None:
            return await self._who_has_session(who.session.hash, recheck_s)
        return None if who.token is None else await self._who_has_token(who.token.hash, recheck_s)

    async def _who_has_session(self, hash: str, recheck_s: float = RECHECK_S) -> Who | None:
        known = self._fresh(hash, recheck_s)
        if known is None:
            known = await self._look(hash, self._accounts.session(hash))
        if known is None or not isinstance(known.proof, Session):
            return None
        session, now = known.proof, self._clock.now()
        if now >= session.expires_at or now >= max(session.seen_at, known.touched) + IDLE:
            self._known.pop(hash, None)
            return None
        self._touch(known, session, now)
        return self._who(known.user, session)

    async def who_has_token(self, token: str) -> Who | None:
        """Whose bearer token it is, if it is still good. Raises `AccountsAway`."""
        if not 20 <= len(token) <= 100:
            return None
        return await self._who_has_token(hash_of(token))

    async def _who_has_token(self, hash: str, recheck_s: float = RECHECK_S) -> Who | None:
        known = self._fresh(hash, recheck_s)
        if known is None:
            known = await self._look(hash, self._accounts.token(hash))
        if known is None or not isinstance(known.proof, Token):
            return None
        if known.proof.expires_at is not None and self._clock.now() >= known.proof.expires_at:
            return None
        return self._who(known.user, known.proof)

    async def sign_out(self, who: Who) -> None:
        """End this session; the cookie is dead when this returns."""
        if who.session is not None:
            self._known.pop(who.session.hash, None)
            now = self._clock.now()
            record = Entry("signed_out", now, {"user": who.ref, "session": who.session.id})
            await self._accounts.end_sessions(who.name, frozenset({who.session.hash}), now, record)
            # A check that ran meanwhile may have put it back.
            self._known.pop(who.session.hash, None)

    async def end_sessions(self, user: User, hashes: frozenset[str] | None, by: str) -> None:
        """End these sessions of `user`, or all of them, on behalf of `by`."""
        now = self._clock.now()
        record = sessions_ended(user, None if hashes is None else len(hashes), by, now)
        await self._accounts.end_sessions(user.name, hashes, now, record)
        self.forget(user.name)

    def forget(self, user: str) -> None:
        """Something about `user` has changed: ask the accounts again before anything else."""
        for hash in [hash for hash, known in self._known.items() if known.user.name == user]:
            del self._known[hash]

    async def close(self) -> None:
        """Let what is being written come to its end."""
        if self._tasks:
            await asyncio.wait(self._tasks, timeout=5)
        for task in self._tasks:
            task.cancel()
        self._passwords.close()

    def _begin_try(self, name: str, address: str) -> None:
        now = self._clock.monotonic()
        pair = _pair(name, address)
        wait_s = max(self._by_user.wait_s(pair, now), self._by_address.wait_s(address, now))
        if wait_s > 0:
            raise TooManyTries(wait_s)
        here = self._waiting.get(address, 0)
        if here >= MOST_WAITING_PER_ADDRESS or sum(self._waiting.values()) >= MOST_WAITING:
            raise TooManyTries(1)
        self._by_user.begin(pair, now)
        self._by_address.begin(address, now)

    def _fresh(self, hash: str, recheck_s: float) -> _Known | None:
        known = self._known.get(hash)
        if known is None or self._clock.monotonic() - known.checked > recheck_s:
            return None
        return known

    async def _look(self, hash: str, asked: Awaitable[tuple[Session | Token, User] | None]) -> _Known | None:
        """Ask the accounts; what was known a moment ago has to do while they are away."""
        started = self._clock.monotonic()
        before = self._known.get(hash)
        try:
            found = await asked
        except AccountsAway:
            if before is not None and self._clock.monotonic() - before.checked <= GRACE_S:
                return before
            raise
        if found is None or found[0].revoked_at is not None or found[1].disabled:
            self._known.pop(hash, None)
            return None
        if before is not None and hash not in self._known:
            return None  # ended by this process while we were asking
        return self._remember(hash, *found, checked=started)

    def _remember(self, hash: str, proof: Session | Token, user: User, checked: float | None = None) -> _Known:
        before = self._known.get(hash)
        touched = proof.seen_at if isinstance(proof, Session) else proof.created_at
        if before is not None:
            touched = max(touched, before.touched)
        known = _Known(proof, user, self._clock.monotonic() if checked is None else checked, touched)
        self._known[hash] = known
        self._known.move_to_end(hash)
        while len(self._known) > MOST_KNOWN:
            self._known.popitem(last=False)
        return known

    def _touch(self, known: _Known, session: Session, now: datetime) -> None:
        if now - known.touched < TOUCH_EVERY:
            return
        known.touched = now
        known.proof = replace(session, seen_at=now)
        task = asyncio.create_task(self._write_touch(session.hash, now))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _write_touch(self, hash: str, now: datetime) -> None:
        try:
            await self._accounts.touch_session(hash, now)
        except (LedgerUnavailable, AccountsAway):
            pass  # the next minute's touch says the same

    def _who(self, user: User, proof: Session | Token) -> Who:
        session = proof if isinstance(proof, Session) else None
        rights = rights_of(user.roles, self.roles)
        if session is not None and session.kiosk is not None:
            rights &= AT_A_KIOSK
        token = proof if isinstance(proof, Token) else None
        return Who(user.name, user.ref, user.roles, rights, user.language, session, token, user.holder)


def rights_of(roles: frozenset[str], table: Mapping[str, frozenset[str]]) -> frozenset[Right]:
    """All rights that `roles` have together by `table`; an unknown role or right gives nothing."""
    return frozenset(_RIGHTS[name] for role in roles for name in table.get(role, frozenset()) if name in _RIGHTS)


def _pair(name: str, address: str) -> str:
    return f"{address} {name}"
