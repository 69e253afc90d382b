"""The forecast of what a device decides alone: entry only where everything grants it, an escape route never refuses."""

from __future__ import annotations

import itertools
from datetime import UTC, datetime, timedelta

import pytest

from gateway.core.alone import Standing, entering, leaving
from gateway.core.kinds import CredentialKind, CredentialState, Direction, Level
from gateway.core.lone_list import LoneEntry
from gateway.core.nouns import Credential
from gateway.core.windows import Window

NOON = datetime(2026, 11, 23, 12, 0, tzinfo=UTC)


def entry(*levels: Level, windows=None, direction: Direction = Direction.IN, **bounds) -> LoneEntry:
    card = Credential("ref", "holder", CredentialKind.CARD, "CARD", CredentialState.ACTIVE, **bounds)
    return LoneEntry(card, (direction,), levels or tuple(Level), windows)


def standing(**changes) -> Standing:
    return Standing(**({"level": Level.L3, "emergency": None, "entry": "list", "exit": "list"} | changes))


MORNING = (Window(8 * 60, 9 * 60),)


@pytest.mark.parametrize(
    ("stands", "entries", "revoked", "reason"),
    [
        (standing(), [entry()], False, "ok"),
        (standing(), [entry()], True, "credential_revoked"),
        (standing(entry="deny"), [entry()], False, "offline_denied"),
        (standing(entry="deny", emergency="lockdown"), [entry()], False, "lockdown"),
        (standing(proof_is_young=False), [entry()], False, "offline_denied"),
        (standing(list_holds=False), [entry()], False, "offline_denied"),
        (standing(), [], False, "not_listed"),
        (standing(), [entry(direction=Direction.OUT)], False, "not_listed"),
        (standing(level=Level.L1), [entry(Level.L2, Level.L3)], False, "level_refuses"),
        (standing(), [entry(windows=MORNING)], False, "outside_hours"),
        (standing(), [entry(windows=MORNING), entry()], False, "ok"),
        (standing(), [entry(not_after=NOON)], False, "outside_hours"),
        (standing(), [entry(not_before=NOON + timedelta(seconds=1))], False, "outside_hours"),
    ],
)
def test_entry_alone_names_the_first_thing_that_refuses(stands, entries, revoked, reason) -> None:
    answer = entering(stands, entries, revoked, NOON)

    assert (answer.granted, answer.reason.value) == (reason == "ok", reason)


def test_an_escape_route_is_free_whatever_stands_against_it() -> None:
    for exit, emergency, revoked, young in itertools.product(
        ("free", "list", "deny"), (None, "lockdown", "evacuate"), (True, False), (True, False)
    ):
        stands = standing(exit=exit, emergency=emergency, proof_is_young=young)
        assert leaving(stands, [], revoked, True, NOON).granted
        if emergency == "evacuate" or exit == "free":
            assert leaving(stands, [], revoked, False, NOON).granted


@pytest.mark.parametrize(
    ("stands", "entries", "revoked", "reason"),
    [
        (standing(exit="deny"), [entry(direction=Direction.OUT)], False, "offline_denied"),
        (standing(), [], False, "not_listed"),
        (standing(), [entry(direction=Direction.OUT)], True, "credential_revoked"),
        (standing(), [entry(direction=Direction.OUT, windows=MORNING)], False, "outside_hours"),
        (standing(level=Level.L1, proof_is_young=False), [entry(direction=Direction.OUT)], False, "ok_exit"),
    ],
)
def test_a_watched_exit_asks_its_list_and_neither_level_nor_age(stands, entries, revoked, reason) -> None:
    answer = leaving(stands, entries, revoked, False, NOON)

    assert (answer.granted, answer.reason.value) == (reason == "ok_exit", reason)
