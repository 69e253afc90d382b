"""Words for the tests of permits: people by their ids, orders that were signed, what the ledger and the lists say."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

from devices.signing import token
from gateway.core.kinds import HolderKind, Level
from gateway.core.papers import Emergency, EmergencyKind, Order
from gateway.flows import directory_watch, visits
from gateway.flows.changes import ContactKept, PaperFiled, PeopleChanged
from gateway.flows.documents import DocumentKind, read_document
from gateway.flows.people_import import HolderRow, Plan
from gateway.flows.permits import holder_of
from gateway.flows.ports import Entry, Unit
from gateway.store.sealing import Sealer
from tests.flows.conftest import House

RESIDENT_ID = "11010519491231002X"
PASSPORTS = ("E12345678", "G87654321", "P55512345")


def ref(house: House, id: str) -> str:
    return holder_of(house.site.directory, id, "id").ref


def now(house: House, **later: float) -> datetime:
    return house.clock.now() + timedelta(**later)


async def level(house: House, level: int, **bounds: Any) -> Order:
    """A signed order for the site, in force from now on."""
    order = Order(
        f"order-{level}", Level(level), frozenset({"site"}), **({"starts_at": now(house, seconds=-1)} | bounds)
    )
    await file(house, order)
    return order


async def normal(house: House, order: Order) -> None:
    """That order ends now."""
    await file(house, replace(order, ends_at=house.clock.now()))


async def file(house: House, paper: Any) -> None:
    entry = Entry("note", house.clock.now(), {})
    await house.site.ledger.commit(Unit((entry,), (PaperFiled(paper),), directory=True))
    await directory_watch.take_over(house.site)


async def somebody(house: House, id: str, kind: HolderKind, *groups: str) -> str:
    """One more holder."""
    row = HolderRow(f"ref-{id}".ljust(32, "0")[:32], id, f"Name of {id}", kind, groups, None)
    change = PeopleChanged(Plan(house.site.directory.version, new_holders=[row]))
    await house.site.ledger.commit(Unit((Entry("note", house.clock.now(), {}),), (change,), directory=True))
    await directory_watch.take_over(house.site)
    return row.ref


def lock_down(house: House) -> None:
    emergency = Emergency("e1", EmergencyKind.LOCKDOWN, frozenset({"site"}), house.clock.now(), "guard-1")
    house.site.emergencies[emergency.id] = emergency
    house.site.renew_world()


def wanted(house: House, **how: Any) -> visits.Wanted:
    """A private visitor of Na Chen for the next two hours, unless said otherwise."""
    number = how.pop("number", PASSPORTS[0])
    name = how.pop("name", "Anna Berg")
    plate = how.pop("plate", None)
    document = read_document(house.site, DocumentKind(how.pop("document", "passport")), number)
    visitor = visits.Visitor(name, document, "555-0100", "", plate)
    fields: dict[str, Any] = {
        "visitor": visitor,
        "kind": HolderKind.VISITOR,
        "host": "t1",
        "purpose": "looks at the library",
        "zones": frozenset(),
        "starts_at": now(house),
        "ends_at": now(house, hours=2),
    }
    return visits.Wanted(**(fields | how))


GUARD = visits.Registrar("guard-1")


def marks_of(house: House, device: str, card: str) -> str:
    """The token by which a device knows a card."""
    found = house.site.devices.get(device)
    assert found is not None
    return token(found.token_key, "card", card)


async def contact(house: House, id: str, phone: str = "", mail: str = "", messenger: str = "") -> None:
    """What the directory says of how to reach somebody."""
    sealed = Sealer(house.folder.settings.store_key).seal(messenger.encode()) if messenger else ""
    kept = ContactKept(ref(house, id), phone, mail, sealed, house.clock.now())
    await house.site.ledger.commit(Unit((Entry("note", house.clock.now(), {}),), (kept,)))
