"""A gateway that asks hosts, and a host who has an address."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

from gateway.campus_file import load_campus
from gateway.core.kinds import DayKind, Profile
from gateway.flows import hosts, visits
from gateway.flows.notice_rules import AskedState, NoticeRules, link_key_from
from gateway.flows.outbox import Outbox
from gateway.flows.ports import Message
from gateway.policy_file import load_policy
from gateway.settings import shipped
from tests.flows.conftest import House
from tests.flows.permits_house import GUARD, contact, level, wanted
from tests.flows.postman import Postman

BASE = "https://gate.school.example"
MAIL = "na.chen@school.example"
RULES = NoticeRules(channels=frozenset({"mail"}), base_url=BASE, link_key=link_key_from(b"k" * 32))


class Desk:
    """A gateway that asks hosts: its watch, its outbox, and a postman."""

    def __init__(self, house: House) -> None:
        self.house = house
        self.postman = Postman()
        self.begin()

    def begin(self) -> None:
        """As a gateway that was started begins."""
        self.house.site.notices = RULES
        self.watch = hosts.HostWatch(self.house.site)
        self.outbox = Outbox(self.house.site, self.postman)

    async def restart(self) -> None:
        await self.house.restart()
        self.begin()

    async def look(self) -> list[Message]:
        """One second of the gateway; what was sent in it."""
        before = len(self.postman.sent)
        await self.watch.look()
        await self.outbox.look()
        await self.outbox.settle()
        return [message for _, message in self.postman.sent[before:]]

    async def asked(self) -> str:
        """The secret of the one link that goes out now."""
        (message,) = await self.look()
        return message.body.split("/h#")[1].split()[0]

    def state(self, visit: str) -> tuple[AskedState, int]:
        found = self.house.site.hosts_asked[visit]
        return found.state, found.times


async def asking(house: House) -> Desk:
    """At L2, where a visitor's host is asked; the host has a mail address."""
    await contact(house, "t1", phone="555-0101", mail=MAIL)
    await level(house, 2)
    return Desk(house)


async def registered(house: House, **how: Any) -> str:
    return (await visits.register(house.site, wanted(house, **how), GUARD)).visit.id


def university(house: House) -> None:
    """The same house as a university's, in a closed period."""
    policy, _ = load_policy(shipped("policy.university.yaml"))
    parts, faults = load_campus(Path(shipped("campus.university.yaml")), policy)
    assert parts is not None, faults
    today = house.clock.now().astimezone(parts.campus.timezone).date()
    house.site.campus = replace(parts.campus, calendar={today: DayKind.CLOSED})
    assert house.site.campus.profile is Profile.UNIVERSITY
    house.site.renew_world()
