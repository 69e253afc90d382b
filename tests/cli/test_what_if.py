"""`wardgate simulate` and `wardgate replay` at a terminal: words for people, JSON for scripts, a record."""

from datetime import UTC, datetime

import pytest

from gateway.core.kinds import Direction
from gateway.flows.ports import Entry, Unit
from gateway.store.database import open_database
from gateway.store.directory import load_directory
from gateway.store.ledger import Ledger

PEOPLE = """id,name,kind,groups,card,plate,dormitory,valid_from,valid_to
S-1,Li Na,staff,staff,CARD-LI,京A12345,,,
C-1,Bau Meister,contractor,staff,CARD-BAU,,,,
"""
MORNING = datetime(2026, 11, 23, 0, 30, tzinfo=UTC)


@pytest.fixture
def site(wardgate):
    """A site with two people."""
    assert wardgate("import", "people", "-", stdin=PEOPLE.encode()).status == 0
    return wardgate


@pytest.fixture
def tapped(site):
    """Records of taps at the north gate: who, how often."""

    def record(*ids: str) -> None:
        database = open_database(site.settings.database_url)
        ledger = Ledger(database)
        try:
            directory = database.read_now(load_directory)
            for number, id in enumerate(ids):
                who = next(h for h in directory.holders.values() if h.id == id)
                card = next(c for c in directory.credentials.values() if c.holder == who.ref and c.kind == "card")
                body = {
                    "device": "r", "portal": "north-in", "direction": Direction.IN, "tap": f"t{number}", "boot": "b",
                    "device_at": MORNING, "credential_kind": "card", "outcome": "grant", "reason": "ok",
                    "holder": who.ref, "credential": card.ref, "level": 3, "trace": [], "command": "c",
                    "hold_ms": None, "wait_ms": None,
                }  # fmt: skip
                ledger.write([Unit((Entry("decision", MORNING, body, f"t:r:t{number}"),))])
        finally:
            ledger.close()
            database.close()

    return record


def test_simulate_tells_the_answer_and_the_trace_in_both_languages(site):
    answer = site("simulate", "--holder", "C-1", "--portal", "north-in", "--at", "2026-11-23T08:30", "--level", "1")

    assert answer.status == 0
    assert "Bau Meister (contractor) is refused at north-in" in answer.out
    assert "Mon 2026-11-23 08:30, L1" in answer.out
    assert "level_refuses" in answer.out and "防控等级" in answer.out
    assert any(line.split() == ["permission", "passes"] for line in answer.out.splitlines())


def test_simulate_answers_scripts_in_json(site):
    answer = site("simulate", "--plate", "京a·12345", "--portal", "north-vehicle", "--level", "2", "--json")

    assert (answer.json["outcome"], answer.json["reason"]) == ("wait", "guard_confirms")
    assert answer.json["holder"]["id"] == "S-1"


@pytest.mark.parametrize(
    ("arguments", "status", "word"),
    [
        (["--portal", "nowhere", "--holder", "S-1"], 1, "north-in"),
        (["--portal", "north-in", "--holder", "X-9"], 1, "X-9"),
        (["--portal", "north-in"], 2, "say who"),
        (["--portal", "north-in", "--holder", "S-1", "--card", "C"], 2, "say who"),
        (["--portal", "north-in", "--holder", "S-1", "--at", "soon"], 2, "no time"),
        (["--portal", "north-in", "--holder", "S-1", "--direction", "up"], 2, "in or out"),
        (["--portal", "north-in", "--holder", "S-1", "--policy", "nothing.yaml"], 2, "nothing.yaml"),
    ],
)
def test_simulate_says_what_is_wrong_with_a_question(site, arguments, status, word):
    answer = site("simulate", *arguments)

    assert answer.status == status
    assert word in answer.err


def test_replay_counts_by_portal_and_reason_and_names_who(site, tapped):
    tapped("S-1", "C-1", "C-1")

    answer = site("replay", "--from", "2026-11-23", "--to", "2026-11-24", "--level", "1")

    assert answer.status == 0
    assert answer.out.splitlines()[0] == "3 taps; 2 of them, by 1 people, would have been treated differently under L1"
    assert "2  north-in in: grant (ok) → deny (level_refuses)" in answer.out
    assert "Bau Meister (C-1, contractor)" in answer.out and "Li Na" not in answer.out


def test_replay_answers_scripts_in_json_and_leaves_a_record(site, tapped):
    tapped("C-1")

    answer = site("replay", "--from", "2026-11-23", "--to", "2026-11-24", "--level", "2", "--json")

    assert (answer.json["different"], answer.json["people"][0]["holder"]["id"]) == (1, "C-1")
    assert answer.json["people"][0]["after"] == {"outcome": "wait", "reason": "guard_confirms"}
    assert site("ledger", "verify").status == 0


def test_replay_tries_a_policy_file_and_says_its_faults(site, tapped, tmp_path):
    tapped("S-1")
    policy = tmp_path / "mine.yaml"
    text = (site.site / "policy.yaml").read_text()
    policy.write_text(text.replace("staff:      {L3: [permission],", "staff:      {L3: [permission, shown, guard],", 1))
    wrong = site("replay", "--from", "2026-11-23", "--to", "2026-11-24", "--policy", str(policy))
    staff = "staff:      {{L3: [permission{0}], L2: [permission, shown{0}], L1: [permission, shown{0}]}}"
    policy.write_text(text.replace(staff.format(""), staff.format(", guard"), 1))

    answer = site("replay", "--from", "2026-11-23", "--to", "2026-11-24", "--policy", str(policy))

    assert wrong.status == 2 and "mine.yaml:" in wrong.err
    assert "1 of them" in answer.out and "guard_confirms" in answer.out


def test_replay_wants_a_span_and_one_comparison(site):
    turned = site("replay", "--from", "2026-11-24", "--to", "2026-11-23", "--level", "1")
    nothing = site("replay", "--from", "2026-11-23", "--to", "2026-11-24")

    assert (turned.status, nothing.status) == (2, 2)
    assert "before" in turned.err and "a level or a policy" in nothing.err
