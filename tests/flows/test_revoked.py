"""P4: a revoked credential is refused on the very next tap, and every device that is there hears of it at once."""

from __future__ import annotations

from typing import Any

import pytest

from devices.signing import token
from gateway.cli.site_store import open_site_store
from gateway.flows import card_tap as flow
from gateway.flows import people
from gateway.flows.changes import CredentialStateSet
from gateway.flows.ports import Entry, Unit
from tests.flows.conftest import House
from tests.flows.door_scene import said


def ref_of(house: House, value: str) -> str:
    return next(c.ref for c in house.site.directory.credentials.values() if c.value == value)


def revoked_beside(house: House, value: str) -> None:
    """By the command line, in another process: this gateway has not looked yet."""
    with open_site_store(house.folder.settings) as store:
        entry = Entry("tests", house.clock.now(), {})
        store.commit(Unit((entry,), (CredentialStateSet(ref_of(house, value), "revoked"),), directory=True))


async def answers_after(house: House) -> list[tuple[str, str]]:
    gate, control = house.hand("gate"), house.hand("control")
    assert said((await gate.tap("GUARD1"))[1]) == ("grant", "ok")
    revoked_beside(house, "GUARD1")
    return [said((await hand.tap("GUARD1"))[1]) for hand in (control, gate)]


async def test_the_very_next_tap_anywhere_is_refused(house: House) -> None:
    assert await answers_after(house) == [("deny", "credential_revoked")] * 2


async def test_a_gateway_that_decides_on_what_it_knew_is_found_out(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Broken: the commit does not ask whether the directory has moved on."""

    def blind(entries: Any, changes: Any = (), **_: Any) -> Unit:
        return Unit(entries, changes)

    monkeypatch.setattr(flow, "Unit", blind)

    assert ("deny", "credential_revoked") not in await answers_after(house)


async def test_every_device_is_told_before_the_act_returns(house: House) -> None:
    for name in ("gate", "exit", "door", "control"):
        await house.hand(name).status()

    await people.revoke_credential(house.site, ref_of(house, "STAFF1"), "revoked", "u-1")

    for name in ("gate", "exit", "door", "control", "lane"):
        device = house.hand(name).device
        assert token(device.token_key, "card", "STAFF1") in house.courier.revoked(name).tokens
