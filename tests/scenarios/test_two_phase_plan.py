"""An order's two phases, entered ahead and carried out by a campus whose clock runs fast, with restarts in between.

L2 from one moment, L1 from a later one until an event ends, then normal again: every kind of holder taps at every kind
of portal in every phase, and is told what the table below says. The table is written by hand from the policy's words.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import aiohttp
import pytest

from gateway.cli.site_store import open_site_store
from gateway.core.kinds import HolderKind
from gateway.core.papers import Visit, VisitState
from gateway.flows.accounts import new_user, user_added
from gateway.flows.changes import PaperFiled
from gateway.flows.enrolment import Place
from gateway.flows.passwords import hash_now
from gateway.flows.ports import Entry, Unit
from gateway.store.accounts import add_user_change
from gateway.store.directory import load_directory
from tests.parts.gateway_process import GatewayProcess, SiteFolder
from tests.parts.lone_client import LoneClient
from tests.parts.mosquitto import Mosquitto

SHANGHAI = ZoneInfo("Asia/Shanghai")
FACTOR = 6
"""A minute takes ten seconds."""
FIRST = datetime(2036, 10, 31, 8, 0, tzinfo=SHANGHAI)
"""A Friday morning, later than the set-up, at L3; the phases begin at nine and ten and end at eleven."""
HOUR, MINUTE = timedelta(hours=1), timedelta(minutes=1)
PASSWORD = "a long enough password"

PEOPLE = {
    HolderKind.STUDENT: ("boarders", "dorm-1"),
    HolderKind.STAFF: ("staff", ""),
    HolderKind.SERVICE: ("security", ""),
    HolderKind.RESIDENT: ("staff", ""),
    HolderKind.CONTRACTOR: ("staff", ""),
    HolderKind.SUPPLIER: ("staff", ""),
    HolderKind.VISITOR: ("", ""),
    HolderKind.GUARDIAN: ("", ""),
    HolderKind.OFFICIAL: ("", ""),
    HolderKind.MEDIA: ("", ""),
    HolderKind.DELIVERY: ("", ""),
    HolderKind.RESPONDER: ("", ""),
}
VISITING = (HolderKind.VISITOR, HolderKind.GUARDIAN, HolderKind.OFFICIAL, HolderKind.MEDIA)

OK, LEVEL = "grant ok", "deny level_refuses"
GUARD, SECOND = "wait guard_confirms", "wait second_person"
NO, HOURS, PIN = "deny no_permission", "deny visiting_hours", "deny pin_required"
NO_CAR, SHELF = "deny vehicle_not_permitted", "deny handover_at_gate"

# kind: at L3, at L2, at L1
GATE = {
    "student": (OK, OK, OK),
    "staff": (OK, OK, OK),
    "service": (OK, OK, OK),
    "resident": (OK, OK, OK),
    "contractor": (OK, GUARD, LEVEL),
    "supplier": (OK, GUARD, LEVEL),
    "visitor": (OK, OK, LEVEL),
    "guardian": (OK, OK, LEVEL),
    "official": (OK, OK, "deny authorisation_required"),
    "media": (OK, OK, LEVEL),
    "delivery": (SHELF, SHELF, SHELF),
    "responder": (GUARD,) * 3,
}
DORMITORY = {
    "student": (OK, OK, OK),
    "staff": (NO, NO, NO),
    "service": (OK, OK, OK),
    "resident": (NO, NO, NO),
    "contractor": (SECOND, SECOND, SECOND),
    "supplier": (NO, NO, NO),
    "visitor": (HOURS, HOURS, HOURS),
    "guardian": (HOURS, HOURS, HOURS),
    "official": (HOURS, HOURS, HOURS),
    "media": (HOURS, HOURS, HOURS),
    "delivery": (NO, NO, NO),
    "responder": (OK, OK, OK),
}
CONTROL_ROOM = {
    **{kind.value: (NO, PIN, PIN) for kind in PEOPLE},
    "service": (OK, PIN, PIN),
    "responder": (GUARD, GUARD, GUARD),
}
LANE = {
    "student": (NO, NO, NO),
    "staff": (OK, GUARD, LEVEL),
    "service": (OK, GUARD, LEVEL),
    "resident": (OK, GUARD, LEVEL),
    "contractor": (OK, GUARD, LEVEL),
    "supplier": (OK, GUARD, LEVEL),
    **{kind.value: (NO_CAR, NO_CAR, NO_CAR) for kind in VISITING},
    "delivery": (SHELF, SHELF, LEVEL),
    "responder": (GUARD, GUARD, GUARD),
}
WAY_OUT = {
    **{kind.value: (OK, OK, OK) for kind in PEOPLE},
    "student": ("deny leave_slip_required",) * 3,
    "nobody": (GUARD, GUARD, GUARD),
}
EXPECTED = {
    ("north-in", "in"): GATE,
    ("dorm-1-door", "in"): DORMITORY,
    ("control-room-door", "in"): CONTROL_ROOM,
    ("north-vehicle", "in"): LANE,
    ("north-out", "out"): WAY_OUT,
}
DEVICES = {portal: ("dorm" if portal.startswith("dorm") else "reader") for portal, _ in EXPECTED}


def test_a_plan_of_two_phases_is_carried_out_to_the_second_over_restarts(
    make_gateway: Callable[..., GatewayProcess], campus: Campus
) -> None:
    gateway = make_gateway(campus.site)
    campus.start(gateway, FIRST)
    assert campus.verdicts() == expected(0)
    second = campus.order(gateway, level=2, starts_at=FIRST + HOUR, ends_at=FIRST + 2 * HOUR)
    first = campus.order(gateway, level=1, starts_at=FIRST + 2 * HOUR, ends_at=FIRST + 3 * HOUR)
    assert [entry["level"] for entry in campus.timeline(gateway)] == [2, 1, 3], "the plan is seen ahead"

    gateway.kill9()
    campus.start(gateway, FIRST + HOUR - MINUTE)
    campus.site.wait_for("order_started", lambda row: row.body["order"] == second, 60)
    assert campus.verdicts() == expected(1)

    gateway.kill9()  # and it is down when the next phase begins
    campus.start(gateway, FIRST + 2 * HOUR + MINUTE)
    assert campus.verdicts() == expected(2)

    assert gateway.stop() == 0
    campus.start(gateway, FIRST + 3 * HOUR - MINUTE)
    campus.site.wait_for("order_ended", lambda row: row.body["order"] == first, 60)
    assert campus.verdicts() == expected(0)
    started = [row.body["order"] for row in campus.site.rows("order_started")]
    ended = [row.body["order"] for row in campus.site.rows("order_ended")]
    assert (started, ended) == ([second, first], [second, first]), "each once, in order"
    assert campus.site.verify().holds


def expected(phase: int) -> dict[str, str]:
    """What everybody is told in a phase: 0 at L3, 1 at L2, 2 at L1."""
    return {
        f"{who} {way} {portal}": told[phase] for (portal, way), table in EXPECTED.items() for who, told in table.items()
    }


class Campus:
    """A broker, a site with one person of each kind, a device at each portal, and one clock for all."""

    def __init__(self, folder: Path) -> None:
        self.broker = Mosquitto(folder)
        self.broker.start()
        extra = {"WARDGATE_DEVICES_WAIT_MS": "5000", "WARDGATE_LIMITS_UNKNOWN_CREDENTIALS_PER_MIN": "1000"}
        self.site = SiteFolder(folder / "site", None, self.broker.url, extra)
        self.site.import_people(
            *(f"{kind},{kind},{kind},{groups},CARD-{kind},,{home},," for kind, (groups, home) in PEOPLE.items())
        )
        places = [(kind, f"{portal}-1", Place(portal, None)) for portal, kind in DEVICES.items()]
        self.clients = {
            enrolled["device"].removesuffix("-1"): LoneClient(enrolled, self.broker.port)
            for enrolled in self.site.enrol_all(places)
        }
        self._prepare()

    def _prepare(self) -> None:
        """Visits with everything that a visit may need, and two users."""
        settings = self.site.settings
        with open_site_store(settings) as store:
            now = datetime.now(UTC)
            for holder in store.read(load_directory).holders.values():
                if holder.kind in VISITING:
                    visit = _visit(holder.ref, holder.kind)
                    entry = Entry("visit_registered", now, {"visit": visit.id})
                    store.commit(Unit((entry,), (PaperFiled(visit),), directory=True))
            for name, role in (("officer", "security_officer"), ("principal", "principal")):
                user = new_user(name, hash_now(PASSWORD), [role], settings.roles, now, "en")
                store.commit(Unit((user_added(user, None),), (add_user_change(user),)))

    def start(self, gateway: GatewayProcess, shown: datetime) -> None:
        """The gateway on a clock that shows `shown` now and runs fast, and every device connected."""
        moments = (datetime.now(UTC).isoformat(), shown.astimezone(UTC).isoformat(), str(FACTOR))
        gateway.command = ("-m", "tests.scenarios.fast_gateway", str(self.site.folder), *moments)
        gateway.start()
        for client in self.clients.values():
            if not client.connected:
                client.start()

    def verdicts(self) -> dict[str, str]:
        """Everybody taps at every portal; what they are told first."""
        taps = {
            (where, who): self.clients[where[0]].tap("NOBODY" if who == "nobody" else f"CARD-{who.upper()}", where[1])
            for where, table in EXPECTED.items()
            for who in table
        }
        told: dict[str, str] = {}
        for ((portal, way), who), tap in taps.items():
            answer = self.clients[portal].answer(tap, 10)
            told[f"{who} {way} {portal}"] = f"{answer['action']} {answer['reason']}"
        return told

    def order(self, gateway: GatewayProcess, level: int, starts_at: datetime, ends_at: datetime) -> str:
        """Requested by the officer and signed by the principal; its id."""

        async def ask() -> str:
            async with _signed_in(gateway, "officer") as officer, _signed_in(gateway, "principal") as principal:
                body = {
                    "level": level,
                    "zones": ["campus"],
                    "starts_at": starts_at.isoformat(),
                    "ends_at": ends_at.isoformat(),
                    "authority": "own",
                    "document": f"2026-{level}",
                    "reason": "major event",
                }
                async with officer.post("/api/v1/orders", json=body) as answer:
                    assert answer.status == 201, await answer.text()
                    order = str((await answer.json())["id"])
                async with principal.post(f"/api/v1/orders/{order}/sign") as answer:
                    assert answer.status == 200, await answer.text()
                return order

        return asyncio.run(ask())

    def timeline(self, gateway: GatewayProcess) -> list[dict]:
        """What is coming for the campus."""

        async def ask() -> list[dict]:
            async with _signed_in(gateway, "officer") as officer, officer.get("/api/v1/level") as answer:
                zones = (await answer.json())["zones"]
                return next(zone["timeline"] for zone in zones if zone["zone"] == "campus")

        return asyncio.run(ask())

    def close(self) -> None:
        for client in self.clients.values():
            client.stop()
        self.broker.stop()


def _visit(holder: str, kind: HolderKind) -> Visit:
    return Visit(
        id=f"visit-{kind}",
        holder=holder,
        kind=kind,
        host=None,
        zones=frozenset({"teaching"}),
        starts_at=FIRST - HOUR,
        ends_at=FIRST + 12 * HOUR,
        registered_by="u",
        registered_at=FIRST - 24 * HOUR,
        state=VisitState.CHECKED_IN,
        document_seen=True,
        appointment=True,
        confirmed=True,
        consent_by="u",
    )


class _signed_in:
    """A session of a user, for a moment."""

    def __init__(self, gateway: GatewayProcess, name: str) -> None:
        self._gateway, self._name = gateway, name

    async def __aenter__(self) -> aiohttp.ClientSession:
        self._client = aiohttp.ClientSession(
            self._gateway.address.rstrip("/"), cookie_jar=aiohttp.CookieJar(unsafe=True)
        )
        async with self._client.post("/api/v1/session", json={"user": self._name, "password": PASSWORD}) as answer:
            assert answer.status == 201, await answer.text()
        return self._client

    async def __aexit__(self, *_: object) -> None:
        await self._client.close()


@pytest.fixture
def campus(tmp_path: Path) -> Iterator[Campus]:
    made = Campus(tmp_path)
    yield made
    made.close()
