"""What waits for a signature tells those who may give it: once, whoever can be reached, and nobody by name."""

from __future__ import annotations

from dataclasses import replace

from gateway.core.order_wish import Wish
from gateway.core.papers import EmergencyKind, Order
from gateway.flows import emergencies, order_notices, orders
from gateway.flows.accounts import new_user
from gateway.flows.authority import people_of
from gateway.flows.outbox import Outbox
from gateway.flows.ports import Entry
from gateway.store.accounts import Accounts
from tests.flows.asking_scene import BASE, MAIL, RULES
from tests.flows.conftest import House
from tests.flows.permits_house import contact, ref
from tests.flows.postman import Postman
from tests.flows.test_orders import OFFICER, PRINCIPAL


class Office:
    """A gateway with users: two principals and a guard who are people of the directory, and one who is nobody."""

    def __init__(self, house: House) -> None:
        self.house = house
        self.postman = Postman()

    async def open(self) -> None:
        accounts = Accounts(self.house._database, self.house.writer)
        for name, role, person in (
            ("head", "principal", "t1"),
            ("other", "principal", "s1"),
            ("guard", "guard", "s2"),
            ("machine", "principal", None),
        ):
            holder = None if person is None else ref(self.house, person)
            user = new_user(name, "x", [role], self.house.folder.settings.roles, self.house.clock.now())
            await accounts.add_user(replace(user, holder=holder), Entry("note", self.house.clock.now(), {}))
        self.begin()

    def begin(self) -> None:
        site, settings = self.house.site, self.house.folder.settings
        site.notices = RULES
        site.people_with = people_of(Accounts(self.house._database, self.house.writer), settings.roles)
        self.outbox = Outbox(site, self.postman)

    async def look(self) -> None:
        await self.outbox.look()
        await self.outbox.settle()

    async def request(self, level: int = 2, draft: bool = False) -> Order:
        wish = Wish(
            level=level, starts_at=self.house.clock.after(60), ends_at=None, zones=("dorm-1",), reason="Wang came",
            document="2026-17",
        )  # fmt: skip
        return await orders.file(self.house.site, wish, OFFICER, draft=draft)

    async def told(self, order: Order) -> dict[str, int]:
        return await order_notices.told(self.house.site, [order.id])


async def test_who_may_sign_and_can_be_reached_is_told_once_also_after_a_crash(house: House) -> None:
    office = Office(house)
    await office.open()
    await contact(house, "t1", mail=MAIL)
    await contact(house, "s2", mail="guard@school.example")
    order = await office.request()
    assert await office.request() == order
    await house.restart()
    office.begin()

    await office.look()
    await office.look()

    ((to, message),) = office.postman.sent
    assert (to.person, to.mail) == ("t1", MAIL)
    assert f"{BASE}/sign?order={order.id}" in message.body
    assert all(part in message.body for part in ("L2", "二级加强", "Please look at it", "请查看后签发"))
    assert not any(part in message.title + message.body for part in ("Wang", "2026-17", OFFICER.name))
    assert await office.told(order) == {order.id: 1}
    (queued,) = await house.rows("notice_queued")
    assert (queued["of"], queued["about"], queued["recipient"]) == ("order", order.id, ref(house, "t1"))
    assert [row["of"] for row in await house.rows("notice_sent")] == ["order"]


async def test_a_draft_tells_nobody_and_what_was_signed_meanwhile_is_no_news(house: House) -> None:
    office = Office(house)
    await office.open()
    await contact(house, "t1", mail=MAIL)
    order = await office.request(draft=True)
    await office.look()
    assert office.postman.sent == [] and await office.told(order) == {order.id: 0}

    await orders.request(house.site, order.id, OFFICER)
    await orders.sign(house.site, order.id, PRINCIPAL)
    await office.look()

    assert office.postman.sent == [] and len(await house.rows("notice_queued")) == 1


async def test_nobody_is_told_where_nobody_can_be_reached_and_the_order_waits_all_the_same(house: House) -> None:
    office = Office(house)
    await office.open()

    order = await office.request()

    assert await office.told(order) == {order.id: 0}
    assert order.id in {one.id for one in await orders.every(house.site)}


async def test_who_may_sign_a_lockdown_is_told_that_it_is_in_force_and_not_once_it_is_signed(house: House) -> None:
    office = Office(house)
    await office.open()
    await contact(house, "t1", mail=MAIL)
    called = await emergencies.start(house.site, EmergencyKind.LOCKDOWN, ("dorm-1",), "Wang came", "guard-1")
    other = await emergencies.start(house.site, EmergencyKind.EVACUATE, (), "smoke", "guard-1")
    await house.site.finish()
    await emergencies.sign(house.site, other.id, "principal-1")

    await office.look()
    await office.look()

    ((to, message),) = office.postman.sent
    assert to.person == "t1" and message.title == "封控已启动 · Lockdown is in force"
    assert f"{BASE}/control#level" in message.body and "Wang" not in message.body
    assert {row["about"] for row in await house.rows("notice_queued")} == {called.id, other.id}
