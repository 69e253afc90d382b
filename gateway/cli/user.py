"""`wardgate user`: who may sign in. Passwords come from standard input only, and are never shown."""

import getpass
import sys
from dataclasses import replace
from datetime import timedelta
from typing import Annotated

import typer

from gateway.cli.options import HERE, ConfigOption, JsonOption
from gateway.cli.site_store import BY, SiteStore, now, open_site_store
from gateway.cli.speaking import COULD_NOT_RUN, fail, result, result_json, say
from gateway.flows.accounts import (
    User,
    WrongAccount,
    check_roles,
    must_sign_in_again,
    new_token,
    new_user,
    token_made,
    user_added,
    user_changed,
)
from gateway.flows.passwords import WeakPassword, check_new, hash_now
from gateway.flows.ports import Unit
from gateway.settings import environment, load
from gateway.store.accounts import (
    add_token_change,
    add_user_change,
    all_users,
    change_user_change,
    end_sessions_change,
    end_tokens_change,
    ref_of_person,
    user_named,
    user_of,
)

MOST_TYPED = 4096

NameArgument = Annotated[str, typer.Argument(metavar="NAME")]
RolesOption = Annotated[str, typer.Option("--roles", metavar="R[,R]", help="Roles of roles.yaml, parted by commas.")]


def add(
    name: NameArgument,
    roles: RolesOption,
    config: ConfigOption = HERE,
    language: Annotated[str, typer.Option(help="en or zh: the language of the pages.")] = "zh",
    person: Annotated[str, typer.Option(metavar="ID", help="Which person of the school it is, by their id.")] = "",
) -> None:
    """Add a user; the password is read from standard input."""
    settings = load(config, environment())
    wanted = _parted(roles)
    try:
        # Everything but the password first: nobody types one for nothing.
        new_user(name, "", wanted, settings.roles, now(), language)
        password = _password(name)
        user = new_user(name, hash_now(password), wanted, settings.roles, now(), language)
    except WrongAccount as error:
        fail(f"{error.field}: {error}")
    with open_site_store(settings) as store:
        if store.read(lambda conn: user_named(conn, name)) is not None:
            fail(f"there is a user {name} already; `wardgate user password {name}` sets a new password")
        if person:
            user = replace(user, holder=_person(store, person))
        store.commit(Unit((user_added(user, BY),), (add_user_change(user),)))
    say(f"{name} may sign in as {', '.join(sorted(user.roles))}")


def set_roles(name: NameArgument, roles: RolesOption, config: ConfigOption = HERE) -> None:
    """Give a user other roles; one that is taken away ends their sessions."""
    settings = load(config, environment())
    with open_site_store(settings) as store:
        before = _known(store, name)
        try:
            after = replace(before, roles=check_roles(_parted(roles), settings.roles))
        except WrongAccount as error:
            fail(f"{error.field}: {error}")
        _change(store, before, after)
    say(f"{name} has the roles {', '.join(sorted(after.roles))}")


def set_person(
    name: NameArgument,
    person: Annotated[str, typer.Argument(metavar="ID", help="The school's id of the person.")],
    config: ConfigOption = HERE,
) -> None:
    """Say which person of the school a user is: their card and PIN then sign on at a kiosk, their visitors are
    theirs."""
    settings = load(config, environment())
    with open_site_store(settings) as store:
        before = _known(store, name)
        _change(store, before, replace(before, holder=_person(store, person)))
    say(f"{name} is {person}")


def set_password(name: NameArgument, config: ConfigOption = HERE) -> None:
    """Set a user's password, read from standard input; ends their sessions."""
    settings = load(config, environment())
    with open_site_store(settings) as store:
        before = _known(store, name)
        _change(store, before, replace(before, password_hash=hash_now(_password(name))))
    say(f"{name} has a new password")


def disable(
    name: NameArgument,
    config: ConfigOption = HERE,
    undo: Annotated[bool, typer.Option("--undo", help="Let a disabled user sign in again.")] = False,
) -> None:
    """Keep a user from signing in; ends their sessions and tokens at once."""
    settings = load(config, environment())
    with open_site_store(settings) as store:
        before = _known(store, name)
        _change(store, before, replace(before, disabled=not undo))
    say(f"{name} may sign in again" if undo else f"{name} is disabled")


def token(
    name: NameArgument,
    config: ConfigOption = HERE,
    label: Annotated[str, typer.Option(help="What the token is for.")] = "script",
    days: Annotated[int, typer.Option(min=1, max=3650, help="How long it is good.")] = 365,
) -> None:
    """Make a bearer token for scripts and print it, once."""
    settings = load(config, environment())
    with open_site_store(settings) as store:
        user = _known(store, name)
        if user.disabled:
            fail(f"{name} is disabled")
        try:
            secret, kept = new_token(user, label, now(), timedelta(days=days))
        except WrongAccount as error:
            fail(f"{error.field}: {error}")
        store.commit(Unit((token_made(user, kept, BY),), (add_token_change(kept),)))
    result(secret)


def list_users(config: ConfigOption = HERE, as_json: JsonOption = False) -> None:
    """List the users and their roles."""
    settings = load(config, environment())
    with open_site_store(settings) as store:
        users = store.read(all_users)
    if as_json:
        result_json(
            [
                {
                    "name": user.name,
                    "roles": sorted(user.roles),
                    "language": user.language,
                    "disabled": user.disabled,
                    "created_at": user.created_at.isoformat(),
                }
                for user in users
            ]
        )
        return
    for user in users:
        result(f"{user.name}: {', '.join(sorted(user.roles))}{' (disabled)' if user.disabled else ''}")
    if not users:
        say("there is no user yet; `wardgate user add` adds one")


def _known(store: SiteStore, name: str) -> User:
    user = store.read(lambda conn: user_named(conn, name))
    if user is None:
        fail(f"there is no user {name!r}")
    return user


def _person(store: SiteStore, id: str) -> str:
    ref = store.read(lambda conn: ref_of_person(conn, id))
    if ref is None:
        fail(f"nobody of the school has the id {id!r}; `wardgate import people` brings people in")
    other = store.read(lambda conn: user_of(conn, ref))
    if other is not None:
        fail(f"the user {other.name} is this person already")
    return ref


def _change(store: SiteStore, before: User, after: User) -> None:
    at = now()
    changes = [change_user_change(after)]
    if must_sign_in_again(before, after):
        changes.append(end_sessions_change(after.name, None, at))
        if after.disabled or not before.roles <= after.roles:
            changes.append(end_tokens_change(after.name, at))
    store.commit(Unit((user_changed(before, after, BY, at),), tuple(changes)))


def _parted(roles: str) -> list[str]:
    return [role.strip() for role in roles.split(",") if role.strip()]


def _password(name: str) -> str:
    """One line from standard input; typed twice and unseen where somebody sits at a terminal."""
    if sys.stdin.isatty():
        password = getpass.getpass(f"Password for {name}: ")
        if getpass.getpass("The same again: ") != password:
            fail("the two passwords differ: nothing was changed")
    else:
        raw = sys.stdin.buffer.read(MOST_TYPED)
        try:
            password = raw.decode("utf-8").removesuffix("\n").removesuffix("\r")
        except UnicodeDecodeError:
            fail("the password is not UTF-8", COULD_NOT_RUN)
        if "\n" in password:
            fail("a password is one line of standard input")
    try:
        check_new(password, name)
    except WeakPassword as error:
        fail(str(error))
    return password
