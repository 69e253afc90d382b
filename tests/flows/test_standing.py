"""What a device has to enforce when nobody answers: versions that only grow, equal ones with equal bytes."""

from __future__ import annotations

import asyncio

from devices.limits import PAGE_CHANGE_S
from devices.messages import ExitOffline
from devices.signing import token
from tests.flows.conftest import Hand, House

NA_CHEN = "t1,Na Chen,staff,staff,{card},京A12345,,,"


def mark(hand: Hand, card: str) -> str:
    return token(hand.device.token_key, "card", card)


async def in_step(house: House, name: str) -> Hand:
    """A device that has taken everything that it was given."""
    hand = house.hand(name)
    await hand.status()
    await house.look()
    await take_all(house, hand)
    return hand


async def take_all(house: House, hand: Hand) -> None:
    hand.posture = house.courier.posture(hand.name).version
    if (hand.name, "credentials/0001") in house.courier.kept:
        hand.credentials = house.courier.page(hand.name).version
    if (hand.name, "credentials/revoked") in house.courier.kept:
        hand.revoked = house.courier.revoked(hand.name).version
    await hand.status()


# Postures


async def test_a_new_device_gets_its_first_posture_with_its_first_word(house: House) -> None:
    await house.hand("gate").status()

    posture = house.courier.posture("gate")
    assert (posture.version, posture.level, posture.emergency) == (1, 3, None)
    assert [row["device"] for row in await house.rows("posture")] == ["gate"]


async def test_alone_a_schools_gate_looks_at_its_list_and_every_other_exit_is_free(house: House) -> None:
    for name in ("exit", "door", "lane"):
        await house.hand(name).status()

    assert house.courier.posture("exit").offline.exit is ExitOffline.LIST
    assert house.courier.posture("door").offline.exit is ExitOffline.FREE
    assert house.courier.posture("lane").offline.exit is ExitOffline.FREE


async def test_a_device_in_step_gets_nothing_again(house: House) -> None:
    gate = await in_step(house, "gate")
    house.courier.kept.clear()

    await gate.status()
    await house.look()

    assert house.courier.kept == {}


async def test_a_device_with_an_older_posture_gets_the_same_bytes_again(house: House) -> None:
    gate = await in_step(house, "gate")
    first = house.courier.kept.pop(("gate", "posture"))

    gate.posture = None
    await gate.status()
    await house.restart()
    house.clock.go_on(3600)
    again = house.courier.kept.pop(("gate", "posture"))
    await gate.status()

    assert again == first
    assert house.courier.kept["gate", "posture"] == first, "after a restart, an hour later, too"


async def test_a_device_that_is_ahead_gets_the_next_version_above_its_own(house: House) -> None:
    """The gateway was restored from a backup: it must not repeat a number that was given before."""
    gate = await in_step(house, "gate")

    gate.posture = 41
    await gate.status()

    assert house.courier.posture("gate").version == 42
    await house.restart()
    await gate.status()
    assert house.courier.posture("gate").version == 42


async def test_words_that_come_at_once_give_one_version_one_content(house: House) -> None:
    gate = house.hand("gate")
    await asyncio.gather(*(gate.status() for _ in range(5)))

    assert len(await house.rows("posture")) == 1
    gate.posture = 7
    await asyncio.gather(*(gate.status() for _ in range(5)))
    assert [row["version"] for row in await house.rows("posture")] == [1, 8]


async def test_a_will_and_an_old_boot_change_nothing_that_is_enforced(house: House) -> None:
    gate = await in_step(house, "gate")
    newer = house.hand("gate")
    newer.posture, newer.credentials, newer.revoked = gate.posture, gate.credentials, gate.revoked
    await newer.status()
    house.courier.kept.clear()

    await gate.status(posture=None)
    await newer.status(online=False, posture=None)

    assert house.courier.kept == {}


# Lists and revocations


async def test_a_list_names_who_needs_nobody_and_nobody_else(house: House) -> None:
    gate = await in_step(house, "gate")

    entries = {entry.token: entry for entry in house.courier.page("gate").entries}

    assert mark(gate, "STAFF1") in entries
    assert mark(gate, "STUDENT1") in entries and entries[mark(gate, "STUDENT1")].windows is not None
    assert entries[mark(gate, "STAFF1")].windows is None
    assert mark(gate, "京A12345") not in entries


async def test_a_card_taken_away_is_in_the_revoked_list_with_the_next_look(house: House) -> None:
    """The look comes each second: well within the five that are promised."""
    gate = await in_step(house, "gate")
    house.folder.import_people(NA_CHEN.format(card="OTHER1"))

    await house.look()

    revoked = house.courier.revoked("gate")
    assert revoked.tokens == (mark(gate, "STAFF1"),)
    assert revoked.version > (gate.revoked or 0)
    assert mark(gate, "STAFF1") in {e.token for e in house.courier.page("gate").entries}, "pages change rarely"


async def test_a_revoked_card_leaves_the_revoked_list_only_after_the_device_has_shown_a_list_without_it(
    house: House,
) -> None:
    gate = await in_step(house, "gate")
    house.folder.import_people(NA_CHEN.format(card="OTHER1"))
    await house.look()
    old_list = gate.credentials
    await take_all(house, gate)
    assert house.courier.revoked("gate").tokens

    house.clock.go_on(PAGE_CHANGE_S + 1)
    await house.look()
    page = house.courier.page("gate")
    assert page.version == (old_list or 0) + 1
    assert mark(gate, "STAFF1") not in {e.token for e in page.entries}
    assert mark(gate, "OTHER1") in {e.token for e in page.entries}
    gate.credentials = old_list
    await gate.status()
    assert house.courier.revoked("gate").tokens, "the device has the old list still"

    gate.credentials = page.version
    await gate.status()

    assert house.courier.revoked("gate").tokens == ()


async def test_a_revocation_outlives_a_restart(house: House) -> None:
    gate = await in_step(house, "gate")
    house.folder.import_people(NA_CHEN.format(card="OTHER1"))
    await house.look()
    await house.restart()
    house.courier.kept.clear()

    await gate.status()

    assert house.courier.revoked("gate").tokens == (mark(gate, "STAFF1"),)


async def test_a_card_taken_away_while_the_gateway_was_down_is_in_no_list_that_it_sends(house: House) -> None:
    gate = await in_step(house, "gate")
    await house.stop()
    house.folder.import_people(NA_CHEN.format(card="OTHER1"))
    await house.start()
    house.courier.kept.clear()

    await gate.status()
    await house.look()

    kept = house.courier.kept
    listed = {e.token for e in house.courier.page("gate").entries} if ("gate", "credentials/0001") in kept else None
    revoked = house.courier.revoked("gate").tokens if ("gate", "credentials/revoked") in kept else ()
    assert mark(gate, "STAFF1") in revoked or (listed is not None and mark(gate, "STAFF1") not in listed), (
        "the device would let the card pass alone until its list changes"
    )


async def test_a_revocation_and_a_list_that_are_issued_at_once_do_not_undo_each_other(house: House) -> None:
    """Both are kept in one row of the database."""
    gate = await in_step(house, "gate")
    house.clock.go_on(PAGE_CHANGE_S + 1)
    house.folder.import_people(NA_CHEN.format(card="OTHER1"), "n1,New Person,staff,staff,NEW1,,,,")
    gate.posture = 5

    await asyncio.gather(house.look(), gate.status())
    before = house.site.devices.get("gate")
    assert before is not None
    issued = before.issued
    await house.restart()

    assert gate.device.issued == issued
    assert gate.device.issued.version == 6
    assert mark(gate, "STAFF1") in gate.device.issued.revoked_tokens


async def test_a_list_that_the_device_lost_is_sent_again(house: House) -> None:
    gate = await in_step(house, "gate")
    house.courier.kept.clear()

    gate.credentials, gate.revoked = None, None
    await gate.status()
    await house.look()

    assert house.courier.page("gate").entries
