"""Handlers: users, for those who may manage them."""

from dataclasses import replace

from gateway.flows import accounts
from gateway.flows.passwords import WeakPassword, check_new
from gateway.flows.site import Site
from gateway.web import shapes
from gateway.web.context import Call
from gateway.web.problems import FieldError, Kind, Problem, not_found
from gateway.web.sessions import end_session, list_sessions


async def list_users(call: Call) -> shapes.Users:
    return shapes.Users([_info(call.site, user) for user in await call.parts.accounts.users()])


async def add_user(call: Call) -> shapes.UserInfo:
    given, parts = call.body, call.parts
    errors = _password_errors(given.password, given.name)
    try:
        draft = accounts.new_user(
            given.name, "", given.roles, parts.roles, call.parts.sign_in.now(), language=given.language
        )
    except accounts.WrongAccount as error:
        errors = (FieldError(error.field, str(error)), *errors)
    if errors:
        raise Problem(Kind.VALIDATION, errors=errors)
    holder = None if given.person is None else await _person(call, given.person)
    user = replace(draft, password_hash=await parts.passwords.hash(given.password), holder=holder)
    if not await parts.accounts.add_user(user, accounts.user_added(user, call.by.ref)):
        raise Problem(Kind.CONFLICT, "there is a user of that name")
    return _info(call.site, user)


async def change_user(call: Call) -> shapes.UserInfo:
    """Roles, password, language, disabled. What rested on something taken away is over when this answers."""
    given, parts = call.body, call.parts
    before = await _user(call)
    errors = () if given.password is None else _password_errors(given.password, before.name)
    after = before
    try:
        if given.roles is not None:
            after = replace(after, roles=accounts.check_roles(given.roles, parts.roles))
    except accounts.WrongAccount as error:
        errors = (FieldError(error.field, str(error)), *errors)
    if errors:
        raise Problem(Kind.VALIDATION, errors=errors)
    if before.name == call.by.name and (given.disabled or (given.roles is not None and before.roles != after.roles)):
        raise Problem(Kind.CONFLICT, "nobody disables themselves or changes their own roles")
    if given.disabled is not None:
        after = replace(after, disabled=given.disabled)
    if given.language is not None:
        after = replace(after, language=given.language)
    if given.person is not None:
        after = replace(after, holder=await _person(call, given.person, before))
    if given.password is not None:
        after = replace(after, password_hash=await parts.passwords.hash(given.password))
    if after != before:
        now = call.parts.sign_in.now()
        record = accounts.user_changed(before, after, call.by.ref, now)
        await parts.accounts.change_user(after, record, now if accounts.must_sign_in_again(before, after) else None)
        parts.sign_in.forget(before.name)
    return _info(call.site, after)


async def get_user(call: Call) -> shapes.UserInfo:
    return _info(call.site, await _user(call))


async def user_sessions(call: Call) -> shapes.Sessions:
    user = await _user(call)
    return shapes.Sessions(await list_sessions(call, user.name))


async def end_user_sessions(call: Call) -> None:
    user = await _user(call)
    await call.parts.sign_in.end_sessions(user, None, call.by.ref)


async def end_user_session(call: Call) -> None:
    await end_session(call, await _user(call), call.path("session"))


async def _user(call: Call) -> accounts.User:
    user = await call.parts.accounts.user(call.path("user"))
    if user is None:
        raise not_found("user")
    return user


def _password_errors(password: str, name: str) -> tuple[FieldError, ...]:
    try:
        check_new(password, name)
    except WeakPassword as error:
        return (FieldError("password", str(error)),)
    return ()


async def _person(call: Call, id: str, before: accounts.User | None = None) -> str:
    """The reference of the person that a user is to be; nobody is two users, or their card would sign on as either."""
    holder = call.site.directory.with_id(id)
    if holder is None:
        raise Problem(Kind.VALIDATION, errors=(FieldError("person", "nobody has this id"),))
    other = await call.parts.accounts.user_of(holder.ref)
    if other is not None and (before is None or other.name != before.name):
        raise Problem(Kind.CONFLICT, "another user is this person already")
    return holder.ref


def _info(site: Site, user: accounts.User) -> shapes.UserInfo:
    holder = None if user.holder is None else site.directory.holders.get(user.holder)
    person = None if holder is None else holder.id
    return shapes.UserInfo(user.name, sorted(user.roles), user.language, user.disabled, user.created_at, person)
