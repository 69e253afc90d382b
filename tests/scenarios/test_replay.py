"""A simulated school day, run through again at the exceptional level: who would have been refused?"""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from firmware_sim.people import Person
from firmware_sim.scenario import Flow, Who
from gateway.cli.site_store import open_site_store
from gateway.core.kinds import HolderKind
from gateway.core.papers import Visit, VisitState
from gateway.flows.changes import PaperFiled
from gateway.flows.ports import Entry, Unit
from gateway.store.directory import load_directory
from tests.parts.day import LiveADay, shipped
from tests.parts.gateway_process import SiteFolder

BUILDERS = [Person(f"c{n}", f"Builder {n}", "contractor", ("staff",), f"C0FFEE{n:02d}") for n in range(3)]
GUESTS = [Person(f"v{n}", f"Guest {n}", "visitor", (), f"BEEF{n:02d}") for n in range(3)]
GATES = ("north-in", "south-in")


def with_guests(site: SiteFolder) -> None:
    """Each guest is registered for the day, whichever it will be, with document and host."""
    now = datetime.now(UTC)
    with open_site_store(site.settings) as store:
        for holder in store.read(load_directory).holders.values():
            if holder.kind is HolderKind.VISITOR:
                visit = Visit(
                    id=f"visit-{holder.id}",
                    holder=holder.ref,
                    kind=HolderKind.VISITOR,
                    host=None,
                    zones=frozenset({"campus"}),
                    starts_at=now - timedelta(days=2),
                    ends_at=now + timedelta(days=9),
                    registered_by="u",
                    registered_at=now - timedelta(days=3),
                    state=VisitState.CHECKED_IN,
                    document_seen=True,
                    confirmed=True,
                )
                entry = Entry("visit_registered", now, {"visit": visit.id})
                store.commit(Unit((entry,), (PaperFiled(visit),), directory=True))


@pytest.mark.xdist_group("deadlines")
def test_a_school_day_at_the_exceptional_level_names_who_would_have_been_refused(live_a_day: LiveADay) -> None:
    day = shipped("school_day")
    hours = 3600
    builders = Flow("builders", 8 * hours, 9 * hours, "in", GATES, Who(kinds=("contractor",)))
    guests = Flow("guests", 9 * hours, 10 * hours, "in", GATES, Who(kinds=("visitor",)))
    day = replace(day, flows=(*day.flows, builders, guests), ends_s=12 * hours)
    ran = live_a_day(day, people_count=60, real_s=10.0, also=[*BUILDERS, *GUESTS], prepare=with_guests)
    tapped = [row.at for row in ran.rows if row.kind == "decision"]
    span = ("--from", min(tapped).isoformat(), "--to", (max(tapped) + timedelta(seconds=1)).isoformat())

    at_l1 = ran.site.cli("replay", *span, "--level", "1", "--json")
    at_l3 = ran.site.cli("replay", *span, "--level", "3", "--json")

    assert at_l1.returncode == 0, at_l1.stderr
    told, same = json.loads(at_l1.stdout), json.loads(at_l3.stdout)
    assert told["taps"] == same["taps"] == len(tapped)
    assert (same["different"], same["changed_since"]) == (0, 0), at_l3.stdout
    refused = {(line["holder"]["id"], line["portal"]) for line in told["people"] if line["after"]["outcome"] == "deny"}
    passed = {
        (row.body["holder"], row.body["portal"])
        for row in ran.rows
        if row.kind == "decision" and row.body["outcome"] == "grant" and row.body["direction"] == "in"
    }
    with open_site_store(ran.site.settings) as store:
        people = store.read(load_directory).holders
    expected = {
        (people[ref].id, portal)
        for ref, portal in passed
        if portal in ("north-vehicle", "control-room-door")  # the essential list; a PIN
        or people[ref].kind in (HolderKind.CONTRACTOR, HolderKind.VISITOR)
    }
    assert refused == expected
    assert {id for id, _ in refused} >= {person.id for person in (*BUILDERS, *GUESTS)}
    assert sum(line["count"] for line in told["changes"]) == told["different"] > 0
