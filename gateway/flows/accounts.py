"""Users of the gateway: who there is, which roles they have, and what proves that a request is theirs.

Promises: every change of an account is in the ledger, naming users by reference only; a role that is taken or a user
that is disabled ends every session and token that rested on it, at once. Leaves to others: signing in (`sign_in`),
which role has which right (the configuration), and where accounts are kept (`AccountStore`, the store's side).
"""

import hashlib
import re
import secrets
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, Protocol

from gateway.flows.ports import Entry

USER_NAME = re.compile(r"[a-z0-9][a-z0-9._-]{0,63}")
LANGUAGES = ("en", "zh")
TOKEN_PREFIX = "wg_"
TOKEN_LIFE = timedelta(days=365)
MAX_LABEL = 64


class AccountsAway(Exception):
    """Nobody can be looked up just now."""


class WrongAccount(ValueError):
    """An account cannot be made or changed like this; `field` says what is wrong, the text why."""

    def __init__(self, field: str, message: str) -> None:
        super().__init__(message)
        self.field = field


@dataclass(frozen=True, slots=True)
class User:
    """Somebody who may sign in. `ref` is what the ledger calls them."""

    name: str
    ref: str
    password_hash: str = field(repr=False)
    roles: frozenset[str]
    language: str
    disabled: bool
    created_at: datetime
    holder: str | None = None
    """Which person of the directory this is, by reference: whose card signs on, whose visits and slips these are."""


@dataclass(frozen=True, slots=True)
class Session:
    """One sign-in; `hash` is the SHA-256 of the cookie, which itself is kept nowhere."""

    hash: str = field(repr=False)
    user: str
    created_at: datetime
    seen_at: datetime
    expires_at: datetime
    revoked_at: datetime | None = None
    kiosk: str | None = None
    """The gate at whose kiosk a guard signed on by card; such a session's records lock."""

    @property
    def id(self) -> str:
        """Names the session to people; opens nothing."""
        return self.hash[:16]


@dataclass(frozen=True, slots=True)
class Token:
    """A bearer token for scripts, kept like a session."""

    hash: str = field(repr=False)
    user: str
    label: str
    created_at: datetime
    expires_at: datetime | None = None
    revoked_at: datetime | None = None


class AccountStore(Protocol):
    """Where accounts are kept. What changes something commits its record in the same transaction.

    Reads raise `AccountsAway`, changes `LedgerUnavailable`.
    """

    async def user(self, name: str) -> User | None: ...
    async def user_of(self, holder: str) -> User | None: ...
    async def users(self) -> list[User]: ...
    async def session(self, hash: str) -> tuple[Session, User] | None: ...
    async def sessions(self, user: str, now: datetime) -> list[Session]: ...
    async def token(self, hash: str) -> tuple[Token, User] | None: ...
    async def add_user(self, user: User, record: Entry) -> bool: ...
    async def change_user(self, user: User, record: Entry, end_sessions: datetime | None) -> None: ...
    async def add_session(self, session: Session, record: Entry, better_hash: str | None) -> None: ...
    async def touch_session(self, hash: str, seen_at: datetime) -> None: ...
    async def end_sessions(self, user: str, hashes: frozenset[str] | None, at: datetime, record: Entry) -> None: ...
    async def note(self, record: Entry) -> None: ...


def hash_of(secret: str) -> str:
    """What is kept of a cookie or token: 32 random bytes need no slow hash."""
    return hashlib.sha256(secret.encode()).hexdigest()


def new_ref() -> str:
    """A random reference for the ledger."""
    return secrets.token_hex(16)


def new_user(
    name: str, password_hash: str, roles: Iterable[str], known_roles: Iterable[str], now: datetime, language: str = "zh"
) -> User:
    """A user to be; raises `WrongAccount`."""
    if not USER_NAME.fullmatch(name):
        raise WrongAccount("name", "1 to 64 of a-z, 0-9, dot, - and _, beginning with a letter or digit")
    return User(
        name=name,
        ref=new_ref(),
        password_hash=password_hash,
        roles=check_roles(roles, known_roles),
        language=check_language(language),
        disabled=False,
        created_at=now,
    )


def check_roles(roles: Iterable[str], known_roles: Iterable[str]) -> frozenset[str]:
    """`roles` if the table of roles has them all; raises `WrongAccount`."""
    wanted, known = frozenset(roles), frozenset(known_roles)
    if not wanted:
        raise WrongAccount("roles", f"at least one of: {', '.join(sorted(known))}")
    if not wanted <= known:
        raise WrongAccount("roles", f"only these: {', '.join(sorted(known))}")
    return wanted


def check_language(language: str) -> str:
    if language not in LANGUAGES:
        raise WrongAccount("language", f"one of: {', '.join(LANGUAGES)}")
    return language


def new_token(user: User, label: str, now: datetime, life: timedelta | None = TOKEN_LIFE) -> tuple[str, Token]:
    """A token's text, which is shown once, and what is kept of it."""
    if not label.strip() or len(label) > MAX_LABEL or not label.isprintable():
        raise WrongAccount("label", f"1 to {MAX_LABEL} printable characters")
    secret = TOKEN_PREFIX + secrets.token_urlsafe(32)
    return secret, Token(hash_of(secret), user.name, label, now, None if life is None else now + life)


# ---------------------------------------------------------------- what the ledger gets to know


def user_added(user: User, by: str | None) -> Entry:
    body = {"user": user.ref, "roles": sorted(user.roles), "by": by}
    return Entry("user_added", user.created_at, body)


def token_made(user: User, token: Token, by: str | None) -> Entry:
    expires = None if token.expires_at is None else token.expires_at.isoformat()
    return Entry("token_made", token.created_at, {"user": user.ref, "expires_at": expires, "by": by})


def user_changed(before: User, after: User, by: str | None, now: datetime) -> Entry:
    """Names what changed; of a password only that it did."""
    changes: dict[str, Any] = {}
    if before.roles != after.roles:
        changes["roles"] = {"before": sorted(before.roles), "after": sorted(after.roles)}
    if before.disabled != after.disabled:
        changes["disabled"] = after.disabled
    if before.password_hash != after.password_hash:
        changes["password"] = True
    if before.language != after.language:
        changes["language"] = after.language
    if before.holder != after.holder:
        changes["holder"] = after.holder
    return Entry("user_changed", now, {"user": before.ref, "changes": changes, "by": by})


def sessions_ended(user: User, count: int | None, by: str | None, now: datetime) -> Entry:
    return Entry("sessions_ended", now, {"user": user.ref, "count": count, "by": by})


def must_sign_in_again(before: User, after: User) -> bool:
    """A right that was taken, a password, another person or a disabling ends what rests on it; a language does not."""
    return (
        not before.roles <= after.roles
        or after.disabled
        or before.password_hash != after.password_hash
        or before.holder not in (None, after.holder)
    )
