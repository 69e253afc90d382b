"""Papers on both databases: each kind comes back as it was filed, live ones with the directory, others by their id."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from gateway.core.kinds import HolderKind, Level
from gateway.core.papers import (
    PAPERS,
    Authorisation,
    BanAct,
    Counted,
    Emergency,
    EmergencyKind,
    EntryBan,
    Essential,
    Export,
    ExportFormat,
    ExportWhat,
    Gathering,
    Hold,
    Identification,
    IdentificationReason,
    Incident,
    LeaveSlip,
    MaintenanceWindow,
    Open,
    Opening,
    OpeningKind,
    Oral,
    Order,
    Paper,
    Shift,
    ShiftState,
    Side,
    Signature,
    SlipReason,
    StandingPass,
    Vehicle,
    VehicleKind,
    Visit,
    VisitState,
    WorkOrder,
    WorkOrderState,
    key_of,
)
from gateway.core.papers.incidents import (
    ByWord,
    Called,
    Draft,
    FollowUp,
    IncidentKind,
    Noticed,
    ReportState,
    Verdict,
)
from gateway.core.windows import Window
from gateway.flows.changes import PaperFiled
from gateway.flows.ports import Entry, Unit
from gateway.store.archive import StoreArchive
from gateway.store.sealing import Sealer
from tests.store.conftest import AT, Book

LATER = AT + timedelta(hours=2)
HERE, BY = frozenset({"north-in"}), "user-1"

SAMPLES: tuple[Paper, ...] = (
    Order("1", Level.L1, frozenset({"site"}), AT, LATER, oral=Oral("office", "officer", AT, "555")),
    Emergency("2", EmergencyKind.LOCKDOWN, frozenset({"site"}), AT, BY),
    Authorisation("3", "h1", HERE, AT, LATER, "a repair", BY, AT, Oral("leader", BY, AT)),
    LeaveSlip("4", "h1", AT, LATER, SlipReason.FAMILY, BY, AT, "h2"),
    EntryBan("5", "h1", BanAct.THREAT, AT, LATER, BY, AT, ("a", "b")),
    Gathering("6", "运动会", "h1", 900, "stewards", "two ways out", frozenset({"campus"}), AT, LATER, BY, AT),
    Visit("7", "h1", HolderKind.MEDIA, None, frozenset({"campus"}), AT, LATER, BY, AT, belongings=("two crates",)),
    Vehicle("8", VehicleKind.BUS, LATER, (Window(420, 540, frozenset({0, 4})),), HERE, "h1", "h2", "h1"),
    Essential("9", BY, AT),
    Identification("10", "h1", "north-in", IdentificationReason.LOST, BY, AT),
    Opening("11", "north-in", OpeningKind.RESPONDER, BY, AT, LATER, 3),
    Hold("13", "h1", "a damaged car", BY, AT),
    Export("14", ExportWhat.VISITS, ExportFormat.CSV, AT, LATER, "yearly report", 7, BY, AT, True, LATER, "user-2", AT),
    Shift(
        "12",
        "north-gate",
        AT,
        BY,
        ShiftState.RUNNING,
        "11",
        "user-2",
        True,
        (Counted("keys", 12, 11, "n1"),),
        Open(inside=3, level_since=AT),
        "n2",
        {Side.INCOMING: Signature(BY, AT, True)},
        AT,
    ),
    WorkOrder("15", "yard", AT, LATER, "high", "gateway", ("black",), WorkOrderState.DONE, BY, "n3", LATER, BY, "n4"),
    MaintenanceWindow("16", ("yard", "gate"), AT, LATER, BY, "n5", True),
    Incident(
        "17",
        IncidentKind.OTHER,
        "yard",
        AT,
        Noticed.PATROL,
        BY,
        AT,
        BY,
        ("campus",),
        AT,
        True,
        notes=(),
        by_word=(ByWord("the office", AT, BY, BY),),
        report=ReportState.DRAFTED,
        draft=Draft(2, AT, BY, "eight", "yard"),
        verdict=Verdict(AT, BY, 2, "say where"),
        follow_ups=(FollowUp(LATER, BY, "all is well", "the office"),),
        calls=(Called(20, AT),),
    ),
    StandingPass("12", "h1", HERE, AT, LATER, BY, AT, (Window(420, 540),), "Fresh Foods", "canteen", "h2", ("c1",)),
)


def file(book: Book, *papers: Paper) -> None:
    changes = tuple(PaperFiled(paper) for paper in papers)
    book.ledger().write([Unit((Entry("note", AT, {}),), changes, directory=True)])


@pytest.fixture
def archive(book: Book) -> StoreArchive:
    return StoreArchive(book.database, Sealer(b"\1" * 32))


async def test_every_kind_of_paper_comes_back_as_it_was_filed(book: Book, archive: StoreArchive) -> None:
    assert {type(paper) for paper in SAMPLES} == set(PAPERS)
    file(book, *SAMPLES)

    for paper in SAMPLES:
        assert await archive.paper(paper.paper, paper.id) == paper
    directory = await archive.directory(None)
    assert directory.papers.by_id == {key_of(paper): paper for paper in SAMPLES if paper.is_live}
    assert set(directory.papers.bans) == set(directory.papers.slips) == set(directory.papers.visits) == {"h1"}


async def test_what_is_over_leaves_the_directory_and_stays_on_file(book: Book, archive: StoreArchive) -> None:
    file(book, *SAMPLES)
    before = await archive.directory(None)
    visit = next(paper for paper in SAMPLES if isinstance(paper, Visit))
    ban = next(paper for paper in SAMPLES if isinstance(paper, EntryBan))
    gone = (replace(visit, state=VisitState.CHECKED_OUT), replace(ban, over=True))

    file(book, *gone)

    for directory in (await archive.directory(before), await archive.directory(None)):
        assert directory.papers.bans == {} == directory.papers.visits
        assert key_of(visit) not in directory.papers.by_id
    assert await archive.papers(Visit.paper, live=False) == [gone[0]]
    assert await archive.papers(Visit.paper, live=False, subject="somebody else") == []
    assert await archive.papers(EntryBan.paper, subject="h1") == [gone[1]]


def test_a_document_has_one_hash_under_one_key_and_another_under_another() -> None:
    one, other = Sealer(b"\1" * 32), Sealer(b"\2" * 32)

    assert one.document_hash("passport", "E1") == one.document_hash("passport", "E1")
    assert (
        len(
            {
                one.document_hash("passport", "E1"),
                one.document_hash("passport", "E2"),
                one.document_hash("taiwan_permit", "E1"),
                other.document_hash("passport", "E1"),
            }
        )
        == 4
    )
