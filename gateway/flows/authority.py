"""Two people act together some minutes apart: before the second word counts, the first one's right is asked again.

A word that was given on a right which has been taken since counts no more. And the other way round: who has a right, so
that they can be told that something waits for them.
"""

from collections.abc import Awaitable, Callable, Collection, Mapping

from gateway.core.rights import Right
from gateway.flows.accounts import AccountStore

StillMay = Callable[[str, frozenset[Right]], Awaitable[bool]]
"""True if the user of this reference still has one of these rights. Raises `AccountsAway`."""
PeopleWith = Callable[[frozenset[Right]], Awaitable[Collection[tuple[str, str]]]]
"""Who of the directory has one of these rights: references of user and person. Raises `AccountsAway`."""


async def nobody_was_asked(_user: str, _rights: frozenset[Right]) -> bool:
    """Where no accounts are kept, as in a simulation, a word counts."""
    return True


async def nobody_is_known(_rights: frozenset[Right]) -> Collection[tuple[str, str]]:
    """Where no accounts are kept."""
    return ()


def asked_of(accounts: AccountStore, roles: Mapping[str, frozenset[str]]) -> StillMay:
    """Asks the accounts, each time anew. `roles`: role → rights."""

    async def still_may(user: str, rights: frozenset[Right]) -> bool:
        for known in await accounts.users():
            if known.ref == user:
                return not known.disabled and any(not rights.isdisjoint(roles.get(role, ())) for role in known.roles)
        return False

    return still_may


def people_of(accounts: AccountStore, roles: Mapping[str, frozenset[str]]) -> PeopleWith:
    """Asks the accounts, each time anew. `roles`: role → rights."""

    async def people_with(rights: frozenset[Right]) -> Collection[tuple[str, str]]:
        return [
            (user.ref, user.holder)
            for user in await accounts.users()
            if not user.disabled
            and user.holder is not None
            and any(not rights.isdisjoint(roles.get(role, ())) for role in user.roles)
        ]

    return people_with
