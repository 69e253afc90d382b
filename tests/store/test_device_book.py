"""What the ledger has of one device: its own words by their keys, what others say of it, and nothing of another."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from gateway.flows.ports import Entry, Unit
from gateway.store.device_book import StoredDevices
from gateway.store.sealing import Sealer
from tests.store.conftest import Book

NOW = datetime(2026, 11, 21, 2, 0, tzinfo=UTC)


def told(kind: str, key: str | None = None, **body: Any) -> Unit:
    return Unit((Entry(kind, NOW, body, key),))


def event(device: str, boot: str, seq: int) -> Unit:
    return told("event", f"e:{device}:{boot}:{seq:020d}", device=device, boot=boot, seq=seq, type="tamper", data={})


async def test_both_boots_of_a_device_are_found_in_the_ledgers_order_and_no_other_device(book: Book) -> None:
    ledger = book.ledger()
    ledger.write([told("device_online", device="gate-1", boot="old")])
    ledger.write([event("gate-1", "old", 1)])
    ledger.write([told("device_online", device="gate-1", boot="new")])
    ledger.write([event("gate-1", "new", seq) for seq in (2, 1, 3)])
    ledger.write([event("gate-10", "new", 1), event("gate", "1:new", 1)])
    ledger.write([told("device_lost", device="gate-1", boot="new", why="x"), told("device_lost", device="gate-10")])
    devices = StoredDevices(book.database, Sealer(bytes(32)))

    whole = await devices.about("gate-1", ["new"], None, 50)
    first = await devices.about("gate-1", ["new"], None, 3)
    rest = await devices.about("gate-1", ["new"], first[-1].seq, 50)
    later = await devices.after("gate-1", ["new"], whole[3].seq, 50)

    assert [(row.kind, row.body.get("seq")) for row in whole] == [
        ("device_lost", None), ("event", 3), ("event", 1), ("event", 2),
        ("device_online", None), ("event", 1), ("device_online", None),
    ]  # fmt: skip
    assert [*first, *rest] == list(whole)
    assert list(later) == list(reversed(whole[:3]))
    assert [row.body["seq"] for row in await devices.events_of("gate-1", "new", 2)] == [3, 2]


async def test_commands_come_newest_first_and_the_newest_of_each_kind_in_one_look(book: Book) -> None:
    ledger = book.ledger()
    for number, id in enumerate(("f" * 32, "0" * 32, "5" * 32)):
        ledger.write([told("command", f"c:gate-1:{id}", device="gate-1", command=id, number=number)])
    ledger.write([told("command", f"c:gate-10:{'7' * 32}", device="gate-10", command="7" * 32)])
    for version in (1, 2):
        ledger.write([told("credential_list", device="gate-1", version=version)])
    ledger.write([told("credential_list", device="gate-10", version=9)])
    devices = StoredDevices(book.database, Sealer(bytes(32)))

    assert [row.body["number"] for row in await devices.commands("gate-1", 2)] == [2, 1]
    newest = await devices.newest(("credential_list", "events_lost"), "gate-1")
    assert {kind: row.body["version"] for kind, row in newest.items()} == {"credential_list": 2}
