"""P2: the effective level is never looser than the superior's; and E12: whoever races, the strictest order holds.

Real flows on a real SQLite; only the clock stands still until it is moved. What should hold is read from a model that
knows nothing of the gateway: a list of who ordered what for when. Each law is shown a gateway that breaks it.
"""

from __future__ import annotations

import asyncio
import random
import shutil
import tempfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule, run_state_machine_as_test
from sqlalchemy import event

from gateway.core.levels import effective_level, is_in_force
from gateway.core.order_wish import Wish
from gateway.core.orders import Refused
from gateway.core.papers import Authority, Order
from gateway.flows import level_changes, order_acts, orders
from gateway.flows.ports import Result, Unit
from gateway.flows.site import Site
from gateway.flows.site_rules import Rules
from gateway.settings import Settings
from gateway.store.archive import StoreArchive
from gateway.store.database import Database, open_database
from gateway.store.ledger import Ledger
from gateway.store.sealing import Sealer
from tests.flows.conftest import CourierInMemory, StoppedClock
from tests.flows.test_orders import LEADER, OFFICER, PRINCIPAL, who
from tests.parts.gateway_process import SiteFolder

ZONES = ("campus", "dorm-1", "dorm-2")
SECOND_PRINCIPAL = who("principal", 2)


@pytest.fixture(scope="module")
def campus_settings() -> Iterator[Settings]:
    """The example campus, made once: its certificates take longer than a thousand orders."""
    with tempfile.TemporaryDirectory(prefix="wardgate-orders-") as folder:
        made = SiteFolder(Path(folder, "site")).settings
        made.data.mkdir(exist_ok=True)
        open_database(made.database_url).close()
        yield made


def _do_not_wait_for_the_disk(connection: Any, _record: Any) -> None:
    connection.execute("PRAGMA synchronous=OFF")  # no law here is about a power failure


class NearDatabase(Database):
    """Read on the loop itself: the same answers, a hundred times as many races, and chance says where others go on."""

    chance: random.Random

    async def read(self, question: Callable[..., Any]) -> Any:
        await give_way(self.chance)
        answer = self.read_now(question)
        await give_way(self.chance)
        return answer


class NearLedger:
    """The same for writing: the real ledger without the writer's thread."""

    is_away = False

    def __init__(self, database: Database, chance: random.Random) -> None:
        self._ledger, self._chance = Ledger(database), chance

    async def commit(self, unit: Unit, within_s: float | None = None) -> Result:
        await give_way(self._chance)
        (result,) = self._ledger.write([unit])
        await give_way(self._chance)
        return result

    def hand_over(self, unit: Unit) -> asyncio.Future[Result]:
        return asyncio.ensure_future(self.commit(unit))

    def close(self) -> None:
        self._ledger.close()


async def give_way(chance: random.Random) -> None:
    for _ in range(chance.randrange(3)):
        await asyncio.sleep(0)


class Desk:
    """A gateway without people and devices: orders, levels and a ledger."""

    def __init__(self, settings: Settings, folder: Path, chance: random.Random) -> None:
        self.settings = settings
        self.chance = chance
        self.file = folder / "orders.db"
        self.clock = StoppedClock()
        self.site: Site
        self.ledger: NearLedger
        self.database: NearDatabase

    async def open(self) -> Desk:
        if not self.file.exists():
            shutil.copy(self.settings.data / "wardgate.db", self.file)
        self.database = NearDatabase(f"sqlite:///{self.file}")
        self.database.chance = self.chance
        event.listen(self.database.engine, "connect", _do_not_wait_for_the_disk)
        self.ledger = NearLedger(self.database, self.chance)
        archive = StoreArchive(self.database, Sealer(self.settings.store_key))
        self.site = Site(
            campus=self.settings.campus,
            rules=Rules(),
            directory=await archive.directory(None),
            presence={},
            ledger=self.ledger,
            archive=archive,
            courier=CourierInMemory(),
            clock=self.clock,
            instance="test",
        )
        await level_changes.begin(self.site)
        return self

    async def close(self) -> None:
        await self.site.finish()
        self.ledger.close()
        self.database.close()

    def wish(self, level: int, zone: str, start: float, end: float | None, document: str) -> Wish:
        now = self.clock.now()
        ends_at = None if end is None else now + timedelta(seconds=end)
        return Wish(level, (zone,), now + timedelta(seconds=start), "law", ends_at, Authority.OWN, document)

    def levels(self) -> dict[str, int]:
        """The levels as every decision reads them."""
        site = self.site
        return {
            zone: int(effective_level(site.campus, site.world.orders, zone, self.clock.now(), site.trusted_until))
            for zone in ZONES
        }


@dataclass
class Ordered:
    """What the model knows of one order."""

    id: str
    level: int
    zone: str
    start: datetime
    end: datetime | None
    unified: bool
    signed: bool = False
    over: bool = False
    first: str | None = None


@dataclass
class Model:
    """Who ordered what for when; read with nothing but comparisons."""

    orders: list[Ordered] = field(default_factory=list)

    def level(self, zone: str, now: datetime, superior_only: bool = False) -> int:
        around = {"campus": {"campus"}, "dorm-1": {"campus", "dorm-1"}, "dorm-2": {"campus", "dorm-2"}}[zone]
        in_force = [
            order.level
            for order in self.orders
            if order.signed and not order.over and order.zone in around
            and order.start <= now and (order.end is None or now < order.end)
            and (order.unified or not superior_only)
        ]  # fmt: skip
        return min(in_force, default=3)


class OrdersOverTime(RuleBasedStateMachine):
    """Everything that people do with orders, in any order, while time passes and the gateway is started anew."""

    campus: Settings
    read: Callable[[Desk], dict[str, int]] = Desk.levels

    def __init__(self) -> None:
        super().__init__()
        self.runner = asyncio.Runner()
        self.folder = tempfile.TemporaryDirectory(prefix="wardgate-law-")
        self.desk = self.runner.run(Desk(self.campus, Path(self.folder.name), random.Random(1)).open())
        self.model = Model()
        self.numbers = 0

    def teardown(self) -> None:
        self.runner.run(self.desk.close())
        self.runner.close()
        self.folder.cleanup()

    times = st.tuples(st.sampled_from([0, 5, 30]), st.sampled_from([None, 10, 40]))

    @rule(level=st.sampled_from([1, 2]), zone=st.sampled_from(ZONES), times=times, unified=st.booleans())
    def file(self, level: int, zone: str, times: tuple[int, int | None], unified: bool) -> None:
        start, length = times
        self.numbers += 1
        wish = self.desk.wish(level, zone, start, None if length is None else start + length, f"n-{self.numbers}")
        if unified:
            wish = replace(wish, authority=Authority.UNIFIED)
        made = self.runner.run(orders.file(self.desk.site, wish, OFFICER))
        self.model.orders.append(Ordered(made.id, level, zone, wish.starts_at, wish.ends_at, unified, signed=unified))

    @precondition(lambda self: any(not o.signed and not o.over for o in self.model.orders))
    @rule(data=st.data())
    def sign(self, data: Any) -> None:
        order = data.draw(st.sampled_from([o for o in self.model.orders if not o.signed and not o.over]))
        is_late = order.end is not None and order.end <= self.desk.clock.now()
        assert self.try_to(orders.sign(self.desk.site, order.id, PRINCIPAL)) is not is_late
        order.signed = not is_late

    @precondition(lambda self: any(o.signed and not o.over for o in self.model.orders))
    @rule(data=st.data(), by=st.sampled_from([PRINCIPAL, LEADER]))
    def revoke(self, data: Any, by: Any) -> None:
        """Any order that counts, whoever it is from: of a unified one it must not work."""
        order = data.draw(st.sampled_from([o for o in self.model.orders if o.signed and not o.over]))
        is_late = order.end is not None and order.end <= self.desk.clock.now()
        done = self.try_to(orders.end_early(self.desk.site, order.id, by, "law"))
        assert done is not (order.unified or is_late or (order.level == 1 and order.first == by.ref))
        if done and order.level == 1 and order.first is None:
            order.first = by.ref
        elif done:
            order.over = True

    @precondition(lambda self: any(o.unified and not o.over for o in self.model.orders))
    @rule(data=st.data())
    def cancel(self, data: Any) -> None:
        order = data.draw(st.sampled_from([o for o in self.model.orders if o.unified and not o.over]))
        is_late = order.end is not None and order.end <= self.desk.clock.now()
        done = self.try_to(orders.end_early(self.desk.site, order.id, OFFICER, "law", "cancelled-1"))
        assert done is not is_late
        order.over = done

    @rule(seconds=st.sampled_from([1, 5, 9, 10, 31]), looked_at=st.booleans())
    def time_passes(self, seconds: int, looked_at: bool) -> None:
        self.desk.clock.go_on(seconds)
        if looked_at:
            self.runner.run(level_changes.carry_out(self.desk.site))

    @rule()
    def restart(self) -> None:
        self.runner.run(self.desk.close())
        self.runner.run(self.desk.open())

    @invariant()
    def never_looser_than_the_superiors(self) -> None:
        now, read = self.desk.clock.now(), type(self).read(self.desk)
        for zone in ZONES:
            assert read[zone] <= self.model.level(zone, now, superior_only=True), f"looser than the superior's: {zone}"
            assert read[zone] == self.model.level(zone, now), f"not the strictest: {zone}"

    def try_to(self, doing: Any) -> bool:
        try:
            self.runner.run(doing)
        except Refused:
            return False
        return True


OFTEN = settings(
    max_examples=25, stateful_step_count=20, deadline=None, derandomize=True, database=None,
    suppress_health_check=list(HealthCheck),
)  # fmt: skip


def test_the_level_is_never_looser_than_the_superiors(campus_settings: Settings) -> None:
    run_state_machine_as_test(type("Orders", (OrdersOverTime,), {"campus": campus_settings}), settings=OFTEN)


def newest_wins(desk: Desk) -> dict[str, int]:
    """A broken gateway: of two orders the later one counts, as with many a setting."""
    site, now = desk.site, desk.clock.now()
    found = {}
    for zone in ZONES:
        around = site.campus.around(zone)
        here = [o for o in site.world.orders if is_in_force(o, now) and not o.zones.isdisjoint(around)]
        newest = max(here, key=lambda o: (o.signed_at, o.requested_at), default=None)
        found[zone] = 3 if newest is None else int(newest.level)
    return found


def test_the_law_catches_a_gateway_in_which_the_newest_order_wins(campus_settings: Settings) -> None:
    broken = type("Broken", (OrdersOverTime,), {"campus": campus_settings, "read": newest_wins})

    with pytest.raises(AssertionError, match=r"looser|strictest"):
        run_state_machine_as_test(broken, settings=settings(OFTEN, phases=[Phase.generate]))


# ---------------------------------------------------------------- E12


INTERLEAVINGS = 100
"""Each run; the campaign has a thousand: some forty commits each take a tenth of a second on a busy machine."""


async def race(desk: Desk, chance: random.Random) -> None:
    """Two leaders, the office and the superior at once; afterwards the strictest of what was told them holds."""
    site = desk.site
    own, raise_ = [
        await orders.file(site, desk.wish(level, "campus", 0, 3_600, f"{level}-{chance.random()}"), OFFICER)
        for level in (2, 1)
    ]
    standing = await orders.file(site, desk.wish(1, "campus", 0, 3_600, f"s-{chance.random()}"), OFFICER)
    await orders.sign(site, standing.id, PRINCIPAL)
    superior = replace(
        desk.wish(chance.choice((1, 2)), "campus", 0, 3_600, f"u-{chance.random()}"), authority=Authority.UNIFIED
    )

    async def after_a_while(act: str, order: Order | None, doing: Any) -> tuple[str, str, Order]:
        for _ in range(chance.randrange(40)):
            await asyncio.sleep(0)
        made = await doing
        return act, made.id if order is None else order.id, made

    done = await asyncio.gather(
        after_a_while("sign", own, orders.sign(site, own.id, PRINCIPAL)),
        after_a_while("withdraw", own, orders.end_early(site, own.id, OFFICER, "race")),
        after_a_while("sign", raise_, orders.sign(site, raise_.id, SECOND_PRINCIPAL)),
        after_a_while("refuse", raise_, orders.refuse(site, raise_.id, PRINCIPAL, "race")),
        after_a_while("revoke", standing, orders.end_early(site, standing.id, PRINCIPAL, "race")),
        after_a_while("revoke", standing, orders.end_early(site, standing.id, SECOND_PRINCIPAL, "race")),
        after_a_while("record", None, orders.file(site, superior, OFFICER)),
        return_exceptions=True,
    )

    told = [one for one in done if not isinstance(one, BaseException)]
    assert all(isinstance(one, Refused) for one in done if isinstance(one, BaseException)), done
    acts = {(act, id) for act, id, _ in told}
    for order, against in ((own, "withdraw"), (raise_, "refuse")):
        assert (("sign", order.id) in acts) is not ((against, order.id) in acts), "two people were both told yes"
    assert sum(act == "revoke" for act, _, _ in told) == 2, "the second of two ends it"
    in_force = [order.level for order, act in ((own, "sign"), (raise_, "sign")) if (act, order.id) in acts]
    strictest = min([*in_force, superior.level])
    assert desk.levels()["dorm-1"] == strictest
    kept = await site.archive.directory(None)
    assert min(o.level for o in kept.papers.orders if is_in_force(o, desk.clock.now())) == strictest
    (recorded,) = [id for act, id, _ in told if act == "record"]
    await orders.countersign(site, recorded, PRINCIPAL)
    desk.clock.go_on(7_200)
    await level_changes.carry_out(site)
    assert desk.levels()["dorm-1"] == 3


async def races(campus: Settings, folder: Path, chance: random.Random, count: int) -> None:
    desk = await Desk(campus, folder, chance).open()
    try:
        for _ in range(count):
            await race(desk, chance)
    finally:
        await desk.close()


@pytest.mark.timeout(400)
@pytest.mark.parametrize("count", [INTERLEAVINGS, pytest.param(1_000, marks=pytest.mark.campaign)])
async def test_whoever_races_the_strictest_order_holds(
    campus_settings: Settings, tmp_path: Path, rng: random.Random, count: int
) -> None:
    await races(campus_settings, tmp_path, rng, count)


async def test_the_race_catches_a_gateway_that_decides_on_what_was(
    campus_settings: Settings, tmp_path: Path, rng: random.Random, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Broken: what was decided is written, whatever has happened meanwhile."""
    right = order_acts._filed

    def stale(*parts: Any) -> order_acts.Filed:
        filed = right(*parts)
        return replace(filed, unit=None if filed.unit is None else replace(filed.unit, based_on=None))

    monkeypatch.setattr(order_acts, "_filed", stale)

    with pytest.raises(AssertionError):
        await races(campus_settings, tmp_path, rng, 50)
