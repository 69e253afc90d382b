"""Users, sessions and tokens in the database: the SQL behind `gateway.flows.accounts`.

The functions that end in `_change` give the writer something to do inside a transaction, so that the command line can
use them with a ledger of its own; `Accounts` is the gateway's side, with the reads in a thread.
"""

from collections.abc import Callable, Sequence
from datetime import datetime
from typing import TypeVar

import sqlalchemy as sa
from sqlalchemy.engine import Connection, Row

from gateway.flows.accounts import AccountsAway, Session, Token, User
from gateway.flows.ports import Entry, LedgerPort, Unit
from gateway.store.database import Database, DatabaseAway
from gateway.store.tables import holders, sessions, tokens, users

T = TypeVar("T")

Change = Callable[[Connection, int], None]

COMMIT_WITHIN_S = 5.0
"""How long somebody at a page waits for a busy database before hearing that it is away."""


class Accounts:
    """Keeps accounts; every change is committed together with its record."""

    def __init__(self, database: Database, ledger: LedgerPort) -> None:
        self._database = database
        self._ledger = ledger

    async def user(self, name: str) -> User | None:
        return await self._read(lambda connection: user_named(connection, name))

    async def user_of(self, holder: str) -> User | None:
        """The user who is this person of the directory."""
        return await self._read(lambda connection: user_of(connection, holder))

    async def users(self) -> list[User]:
        return await self._read(all_users)

    async def session(self, hash: str) -> tuple[Session, User] | None:
        return await self._read(lambda connection: _session(connection, hash))

    async def sessions(self, user: str, now: datetime) -> list[Session]:
        return await self._read(lambda connection: _open_sessions(connection, user, now))

    async def token(self, hash: str) -> tuple[Token, User] | None:
        return await self._read(lambda connection: _token(connection, hash))

    async def add_user(self, user: User, record: Entry) -> bool:
        """False if there is one of that name; then nothing was written."""
        if await self.user(user.name) is not None:
            return False
        try:
            await self._write(record, add_user_change(user))
        except sa.exc.IntegrityError:
            return False
        return True

    async def change_user(self, user: User, record: Entry, end_sessions: datetime | None) -> None:
        """Write roles, password, language and state of `user`; with `end_sessions` also end what rests on them."""
        changes = [change_user_change(user)]
        if end_sessions is not None:
            changes += [end_sessions_change(user.name, None, end_sessions)]
            if user.disabled:
                changes += [end_tokens_change(user.name, end_sessions)]
        await self._write(record, *changes)

    async def add_session(self, session: Session, record: Entry, better_hash: str | None) -> None:
        changes = [_execute(sessions.insert().values(**_session_columns(session)))]
        if better_hash is not None:
            newer = sa.update(users).where(users.c.name == session.user).values(password_hash=better_hash)
            changes += [_execute(newer)]
        await self._write(record, *changes)

    async def touch_session(self, hash: str, seen_at: datetime) -> None:
        touch = sa.update(sessions).where(sessions.c.hash == hash, sessions.c.seen_at < seen_at).values(seen_at=seen_at)
        await self._ledger.commit(Unit((), (_execute(touch),)), COMMIT_WITHIN_S)

    async def end_sessions(self, user: str, hashes: frozenset[str] | None, at: datetime, record: Entry) -> None:
        await self._write(record, end_sessions_change(user, hashes, at))

    async def note(self, record: Entry) -> None:
        await self._write(record)

    async def _read(self, question: Callable[[Connection], T]) -> T:
        try:
            return await self._database.read(question)
        except DatabaseAway as error:
            raise AccountsAway(str(error)) from error

    async def _write(self, record: Entry, *changes: Change) -> None:
        await self._ledger.commit(Unit((record,), tuple(changes)), COMMIT_WITHIN_S)


# ---------------------------------------------------------------- changes, also for the command line


def add_user_change(user: User) -> Change:
    return _execute(
        users.insert().values(
            name=user.name,
            ref=user.ref,
            password_hash=user.password_hash,
            roles=",".join(sorted(user.roles)),
            language=user.language,
            disabled=user.disabled,
            created_at=user.created_at,
            holder=user.holder,
        )
    )


def change_user_change(user: User) -> Change:
    return _execute(
        sa.update(users)
        .where(users.c.name == user.name)
        .values(
            password_hash=user.password_hash,
            roles=",".join(sorted(user.roles)),
            language=user.language,
            disabled=user.disabled,
            holder=user.holder,
        )
    )


def add_token_change(token: Token) -> Change:
    return _execute(
        tokens.insert().values(
            hash=token.hash,
            user=token.user,
            label=token.label,
            created_at=token.created_at,
            expires_at=token.expires_at,
            revoked_at=token.revoked_at,
        )
    )


def end_sessions_change(user: str, hashes: frozenset[str] | None, at: datetime) -> Change:
    """End these sessions of `user`, or all."""
    end = sa.update(sessions).where(sessions.c.user == user, sessions.c.revoked_at.is_(None)).values(revoked_at=at)
    return _execute(end if hashes is None else end.where(sessions.c.hash.in_(sorted(hashes))))


def end_tokens_change(user: str, at: datetime) -> Change:
    return _execute(sa.update(tokens).where(tokens.c.user == user, tokens.c.revoked_at.is_(None)).values(revoked_at=at))


def forget_dead_sessions_change(before: datetime) -> Change:
    """Sessions that ended before that moment go away: the ledger has what matters of them."""
    return _execute(sa.delete(sessions).where(sessions.c.expires_at < before))


def _execute(statement: sa.sql.dml.UpdateBase) -> Change:
    def change(connection: Connection, _version: int) -> None:
        connection.execute(statement)

    return change


# ---------------------------------------------------------------- reads


def user_named(connection: Connection, name: str) -> User | None:
    row = connection.execute(sa.select(users).where(users.c.name == name)).first()
    return None if row is None else _user(row)


def user_of(connection: Connection, holder: str) -> User | None:
    """The user who is this person; of two, which no API makes, the elder account."""
    row = connection.execute(sa.select(users).where(users.c.holder == holder).order_by(users.c.created_at)).first()
    return None if row is None else _user(row)


def ref_of_person(connection: Connection, id: str) -> str | None:
    """The reference of the person with the school's own id."""
    ref: str | None = connection.execute(sa.select(holders.c.ref).where(holders.c.id == id)).scalar()
    return ref


def all_users(connection: Connection) -> list[User]:
    return [_user(row) for row in connection.execute(sa.select(users).order_by(users.c.name))]


def _session(connection: Connection, hash: str) -> tuple[Session, User] | None:
    row = connection.execute(sa.select(sessions).where(sessions.c.hash == hash)).first()
    user = None if row is None else user_named(connection, row.user)
    return None if row is None or user is None else (_as_session(row), user)


def _open_sessions(connection: Connection, user: str, now: datetime) -> list[Session]:
    found = sa.select(sessions).where(
        sessions.c.user == user, sessions.c.revoked_at.is_(None), sessions.c.expires_at > now
    )
    return [_as_session(row) for row in connection.execute(found.order_by(sessions.c.created_at))]


def token_of(connection: Connection, hash: str) -> Token | None:
    """The token of that hash, whatever has become of it."""
    found = _token(connection, hash)
    return None if found is None else found[0]


def _token(connection: Connection, hash: str) -> tuple[Token, User] | None:
    row = connection.execute(sa.select(tokens).where(tokens.c.hash == hash)).first()
    user = None if row is None else user_named(connection, row.user)
    if row is None or user is None:
        return None
    return Token(row.hash, row.user, row.label, row.created_at, row.expires_at, row.revoked_at), user


def _user(row: Row[tuple[object, ...]]) -> User:
    return User(
        name=row.name,
        ref=row.ref,
        password_hash=row.password_hash,
        roles=frozenset(role for role in row.roles.split(",") if role),
        language=row.language,
        disabled=row.disabled,
        created_at=row.created_at,
        holder=row.holder,
    )


def _as_session(row: Row[tuple[object, ...]]) -> Session:
    return Session(row.hash, row.user, row.created_at, row.seen_at, row.expires_at, row.revoked_at, row.kiosk)


def _session_columns(session: Session) -> dict[str, object]:
    names: Sequence[str] = ("hash", "user", "created_at", "seen_at", "expires_at", "revoked_at", "kiosk")
    return {name: getattr(session, name) for name in names}
