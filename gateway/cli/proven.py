"""Who acts on the command line: a user, proven by their password or a token of theirs, with the rights of this moment.

Being able to run commands on the machine proves nothing about that: what people sign is signed by people.
"""

import asyncio
import getpass
import sys

from gateway.cli.site_store import SiteStore, now
from gateway.cli.speaking import COULD_NOT_RUN, FOUND_WRONG, fail
from gateway.flows.accounts import TOKEN_PREFIX, User, hash_of
from gateway.flows.passwords import Passwords
from gateway.flows.ports import Entry, Unit
from gateway.flows.sign_in import Who, rights_of
from gateway.settings import Settings
from gateway.store.accounts import token_of, user_named

MOST_TYPED = 4096


def proven(store: SiteStore, name: str) -> Who:
    """The user of that name, proven by their password or token on standard input; else the command ends."""
    user = store.read(lambda connection: user_named(connection, name.strip().lower()))
    secret = _secret(name)
    if secret.startswith(TOKEN_PREFIX):
        token = store.read(lambda connection: token_of(connection, hash_of(secret)))
        is_right = (
            user is not None
            and token is not None
            and token.user == user.name
            and token.revoked_at is None
            and (token.expires_at is None or token.expires_at > now())
        )
    else:
        is_right = _is_password(user, secret)
    if user is None or user.disabled or not is_right:
        ref = None if user is None else user.ref
        store.commit(Unit((Entry("sign_in_refused", now(), {"user": ref}),)))
        fail("user and password (or token) do not fit", FOUND_WRONG)
    return with_rights(user, store.settings)


def _is_password(user: User | None, secret: str) -> bool:
    passwords = Passwords()
    try:
        return asyncio.run(passwords.compare(None if user is None else user.password_hash, secret)).right
    finally:
        passwords.close()


def with_rights(user: User, settings: Settings) -> Who:
    """A user with the rights of their roles."""
    return Who(user.name, user.ref, user.roles, rights_of(user.roles, settings.roles), user.language)


def _secret(name: str) -> str:
    """One line of standard input; unseen where somebody sits at a terminal."""
    if sys.stdin.isatty():
        return getpass.getpass(f"Password or token of {name}: ")
    try:
        typed = sys.stdin.buffer.read(MOST_TYPED).decode("utf-8").removesuffix("\n").removesuffix("\r")
    except UnicodeDecodeError:
        fail("what came from standard input is not UTF-8", COULD_NOT_RUN)
    if not typed or "\n" in typed:
        fail("give the password or token as one line of standard input", COULD_NOT_RUN)
    return typed
