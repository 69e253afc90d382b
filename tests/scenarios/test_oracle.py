"""The oracle itself: it holds its peace over a sound day, and every single lie in it is found."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest

from tests.parts.gateway_process import Row
from tests.parts.oracle import Line, Oracle

AT = datetime(2026, 11, 21, 8, 0, tzinfo=UTC)


def motion(device: str, what: str, by: str, command: str | None = None, tap: str | None = None) -> Line:
    kind = device.partition("-")[0]
    return {
        "at": "2026-11-21T08:00:00.000Z", "device": device, "kind": kind, "boot": "b1", "what": what,
        "cause": {"by": by, "command": command, "tap": tap}, "direction": "in", "person": None,
    }  # fmt: skip


def decision(device: str, tap: str, outcome: str, command: str) -> dict[str, Any]:
    return {"kind": "decision", "key": f"t:{device}:{tap}", "device": device, "tap": tap, "outcome": outcome,
            "command": command}  # fmt: skip


def event(device: str, seq: int, type_: str, **data: Any) -> dict[str, Any]:
    return {"kind": "event", "key": f"e:{device}:b1:{seq}", "device": device, "boot": "b1", "seq": seq, "type": type_,
            "data": data}  # fmt: skip


def result(device: str, command: str, outcome: str = "executed") -> dict[str, Any]:
    return {"kind": "result", "key": f"r:{device}:{command}", "device": device, "command": command, "outcome": outcome}


TRUTH: list[Line] = [
    motion("reader-1", "started", "power"),
    # a card is granted, its holder goes in
    motion("reader-1", "unlocked", "command", "c1", "t1"),
    motion("reader-1", "passed", "command", "c1", "t1"),
    motion("reader-1", "locked", "passage", "c1", "t1"),
    # somebody behind somebody else's back; a guard's touch; a lone decision
    motion("reader-1", "passed", "tailgate"),
    motion("reader-1", "unlocked", "command", "c9"),
    motion("reader-1", "locked", "hold_over", "c9"),
    motion("reader-1", "unlocked", "alone", tap="t4"),
    motion("reader-1", "locked", "hold_over", tap="t4"),
    # a dormitory: out freely, by the button, fire
    motion("dorm-1", "unlocked", "free_exit", tap="t5"),
    motion("dorm-1", "opened", "person"),
    motion("dorm-1", "closed", "person"),
    motion("dorm-1", "locked", "passage", tap="t5"),
    motion("dorm-1", "unlocked", "exit_button"),
    motion("dorm-1", "released", "fire"),
    # a guard lets in somebody who waited
    motion("reader-2", "unlocked", "command", "c6", "t6"),
    motion("reader-2", "locked", "hold_over", "c6", "t6"),
    # a car
    motion("bollard-1", "lowering", "command", "c7", None),
    motion("bollard-1", "lowered", "command", "c7", None),
    motion("bollard-1", "raising", "cycle", "c7", None),
    motion("bollard-1", "raised", "cycle", "c7", None),
]
LEDGER: list[dict[str, Any]] = [
    decision("reader-1", "t1", "grant", "c1"),
    result("reader-1", "c1"),
    event("reader-1", 1, "passage", tap="t1"),
    event("reader-1", 2, "passage", tap=None),
    decision("reader-1", "t2", "deny", "c2"),
    result("reader-1", "c2"),
    decision("reader-1", "t3", "grant", "c3"),  # came too late: the device never did it
    result("reader-1", "c3", "refused"),
    {"kind": "command", "key": "c:reader-1:c9", "device": "reader-1", "command": "c9", "action": "unlock", "by": "u1"},
    result("reader-1", "c9"),
    event("reader-1", 3, "access", tap="t4", outcome="grant"),
    decision("reader-1", "t4", "grant", ""),
    decision("dorm-1", "t5", "grant", "c5"),
    result("dorm-1", "c5"),
    event("dorm-1", 1, "exit_button"),
    event("dorm-1", 2, "fire_input", active=True),
    decision("reader-2", "t6", "wait", "w6"),
    {"kind": "answer", "key": "a:reader-2:t6", "device": "reader-2", "tap": "t6", "outcome": "grant", "command": "c6"},
    result("reader-2", "w6"),
    result("reader-2", "c6"),
    decision("camera-1", "t7", "grant", "g7"),
    result("camera-1", "g7"),
    {"kind": "command", "key": "c:bollard-1:c7", "device": "bollard-1", "command": "c7", "action": "lower",
     "by": "tap:camera-1:t7"},
    result("bollard-1", "c7"),
]  # fmt: skip


def rows(bodies: list[dict[str, Any]]) -> list[Row]:
    return [Row(seq, AT, body["kind"], body["key"], body) for seq, body in enumerate(bodies, 1)]


def without(index: int) -> list[dict[str, Any]]:
    return [*LEDGER[:index], *LEDGER[index + 1 :]]


def test_a_sound_day_has_no_faults() -> None:
    assert Oracle(TRUTH, rows(LEDGER)).faults() == []


NOT_MISSED = {"t2", "t3", "c2", "c3", "c5", "w6", "c9"}
"""Records without which no motion is left unexplained: refusals, and the results of what needs none."""


@pytest.mark.parametrize("index", range(len(LEDGER)))
def test_every_record_that_is_missing_is_missed(index: int) -> None:
    body = LEDGER[index]
    optional = (body["kind"] == "decision" and body["tap"] in NOT_MISSED) or (
        body["kind"] == "result" and body["device"] != "bollard-1"
    )

    faults = Oracle(TRUTH, rows(without(index))).faults()

    assert bool(faults) is not optional, body


@pytest.mark.parametrize("index", range(1, len(TRUTH)))
def test_every_motion_that_happens_twice_is_found(index: int) -> None:
    truth = [*TRUTH[: index + 1], TRUTH[index], *TRUTH[index + 1 :]]

    is_harmless = TRUTH[index]["what"] == "released"  # a second fire at a door that stands open already

    assert bool(Oracle(truth, rows(LEDGER)).faults()) is not is_harmless


@pytest.mark.parametrize("what", ["unlocked", "lowering", "released", "raising", "impact"])
@pytest.mark.parametrize("by", ["command", "alone", "free_exit", "cycle", "exit_button", "fire", "person", "ghost"])
def test_a_motion_out_of_nowhere_is_found(what: str, by: str) -> None:
    device = "bollard-9" if what in ("lowering", "raising", "impact") else "reader-9"

    assert Oracle([*TRUTH, motion(device, what, by, "c0", "t0")], rows(LEDGER)).faults()


def test_a_refused_card_that_opens_is_found() -> None:
    opened = motion("reader-1", "unlocked", "command", "c2", "t2")

    assert Oracle([*TRUTH, opened], rows(LEDGER)).faults()


def test_a_granted_and_executed_tap_that_opened_nothing_is_found() -> None:
    truth = [line for line in TRUTH if line["cause"]["tap"] != "t6"]

    assert Oracle(truth, rows(LEDGER)).faults() == ["reader-2: the granted and executed tap t6 opened 0 times"]


def test_a_plate_that_lowered_the_bollard_twice_is_found() -> None:
    again = [
        {**LEDGER[-2], "key": "c:bollard-1:c8", "command": "c8"},
        result("bollard-1", "c8"),
    ]

    assert Oracle(TRUTH, rows([*LEDGER, *again])).faults()


def test_a_hole_in_a_boots_numbers_is_found_unless_a_record_tells_of_it() -> None:
    late = event("reader-2", 4, "tamper")
    gap = {"kind": "events_gap", "key": "g:1", "device": "reader-2", "boot": "b1", "from_seq": 1, "to_seq": 3}

    assert Oracle(TRUTH, rows([*LEDGER, late])).faults()
    assert Oracle(TRUTH, rows([*LEDGER, late, gap])).faults() == []


def test_a_fact_told_twice_is_found() -> None:
    twice = [*rows(LEDGER), replace(rows(LEDGER)[0], seq=99)]

    assert len(Oracle(TRUTH, twice).faults()) >= 2
