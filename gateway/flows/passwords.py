"""Passwords: what is accepted as one, how it is hashed, and a comparison that takes the same time for everybody.

Promises: argon2id in a thread, at most two at once (each takes 32 MiB, and the gateway has to decide taps meanwhile);
for a user that does not exist the same work is done against a hash of nobody's password, so that the time tells
nothing. Leaves to others: who asks how often (`sign_in`), and where hashes are kept (the store).
"""

import asyncio
import functools
import secrets
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError

SHORTEST = 10
"""Characters. Length is the only demand: rules about digits and capitals make people write passwords down."""
LONGEST = 200
"""Characters; argon2 takes more, but nobody types them and each costs memory before it is refused."""
AT_ONCE = 2
MEMORY_KIB = 32 * 1024
"""OWASP's least for argon2id is 19 MiB with two passes; this machine guards gates, so a little more."""
PASSES = 3


class WeakPassword(ValueError):
    """What somebody wants as a password is none; the text says why, in words for that person."""


@dataclass(frozen=True, slots=True)
class Comparison:
    """Whether the password was right, and the new hash to keep if the stored one was made with older settings."""

    right: bool
    better_hash: str | None = None


def check_new(password: str, user: str) -> None:
    """Raise `WeakPassword` if nobody should have `password`."""
    if len(password) < SHORTEST:
        raise WeakPassword(f"a password has at least {SHORTEST} characters")
    if len(password) > LONGEST:
        raise WeakPassword(f"a password has at most {LONGEST} characters")
    if user.casefold() in password.casefold() or len(set(password)) < 4:
        raise WeakPassword("a password is neither built on the user's name nor on a few repeated characters")


def hash_now(password: str) -> str:
    """The hash to keep, made on the calling thread: for the command line."""
    return _hasher(PASSES, MEMORY_KIB).hash(password)


class Passwords:
    """Hashes and compares beside the event loop. `close` ends its threads."""

    def __init__(self, passes: int = PASSES, memory_kib: int = MEMORY_KIB) -> None:
        """Less than the defaults is for tests, whose accounts guard nothing."""
        self._hasher = _hasher(passes, memory_kib)
        self._threads = ThreadPoolExecutor(AT_ONCE, thread_name_prefix="passwords")
        self._nobodys = _nobodys_hash(passes, memory_kib)

    async def hash(self, password: str) -> str:
        """The hash to keep."""
        return await asyncio.get_running_loop().run_in_executor(self._threads, self._hasher.hash, password)

    async def compare(self, stored: str | None, password: str) -> Comparison:
        """Is it the password behind `stored`? With None (no such user) it never is, and takes as long."""
        return await asyncio.get_running_loop().run_in_executor(self._threads, self._compare, stored, password)

    def close(self) -> None:
        """No more comparisons; those under way come to their end."""
        self._threads.shutdown(wait=True, cancel_futures=True)

    def _compare(self, stored: str | None, password: str) -> Comparison:
        try:
            self._hasher.verify(self._nobodys if stored is None else stored, password[:LONGEST])
        except (VerificationError, InvalidHashError):
            return Comparison(False)
        if stored is None:
            return Comparison(False)
        better = self._hasher.hash(password) if self._hasher.check_needs_rehash(stored) else None
        return Comparison(len(password) <= LONGEST, better)


@functools.cache
def _nobodys_hash(passes: int, memory_kib: int) -> str:
    """The hash of a password that nobody knows; one for the process."""
    return _hasher(passes, memory_kib).hash(secrets.token_urlsafe(24))


def _hasher(passes: int, memory_kib: int) -> PasswordHasher:
    return PasswordHasher(time_cost=passes, memory_cost=memory_kib, parallelism=1)
