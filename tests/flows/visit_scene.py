"""Acts of a visit: its pass is shown at a reader, its host answers or is called; and what it still needs."""

from __future__ import annotations

from gateway.core.papers import Visit
from gateway.flows import host_answers, visits
from gateway.flows.host_answers import Answerer, Word
from tests.flows.conftest import House
from tests.flows.permits_house import contact, ref

HOST = visits.Registrar("teacher-1", is_host=True)


async def tap(house: House, value: str, device: str = "gate", way: str = "in", kind: str = "qr") -> tuple[str, str]:
    _, command = await house.hand(device).tap(value, way, kind)
    assert command is not None
    return command.action.value, command.reason


def needs(house: House, id: str) -> list[str]:
    visit = house.site.directory.papers.by_id[f"visit:{id}"]
    assert isinstance(visit, Visit)
    return [reason.value for reason in visits.needs_of(house.site, visit)]


async def telephone(house: House, id: str) -> Visit:
    await contact(house, "t1", phone="555-0101")
    await host_answers.show_number(house.site, id, "guard-1")
    return await host_answers.by_telephone(house.site, id, Word(True), True, "Na Chen", "guard-1")


async def answer(house: House, id: str, confirmed: bool, by: str = "teacher-1", host: str = "t1") -> Visit:
    return await host_answers.answer(house.site, id, Word(confirmed), Answerer(by, ref(house, host)))
