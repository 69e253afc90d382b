"""Neutral by construction: nothing that this gateway keeps, takes, shows or reads in has room for who somebody is."""

from __future__ import annotations

import json
import re
from dataclasses import fields
from enum import Enum
from typing import Any

import pytest
import sqlalchemy as sa

from gateway.core.kinds import HolderKind
from gateway.core.nouns import Holder
from gateway.core.papers import PAPERS, BanAct, RefusalReason, SlipReason, incidents
from gateway.flows import alarms, people_csv
from gateway.store import tables
from gateway.store.tables import metadata
from gateway.web.openapi import document
from gateway.web.routes import ROUTES
from tests.web.guardpost import GuardPost
from tests.web.test_words import catalogue

STEMS = re.compile(
    r"religio|ethnic|nationalit|politic|party_member|origin|birthplace|native_place|hukou|health|disease|diagnos|disab|"
    r"petition|opinion|belief|suspici|blacklist|key_person|biometric|fingerprint|loyal"
)
WHOLE = frozenset({"race", "sex", "gender", "face", "score", "risk", "faith", "creed", "credit"})
"""What somebody is, believes or is thought to be. `medical` is one of three words of a slip, shown to nobody else."""
FORBIDDEN_ZH = re.compile(
    r"宗教|信仰|民族|政治面貌|党员|籍贯|户籍|出身|疾病|病史|上访|信访|重点人员|黑名单|风险人|评分|人脸|指纹|残疾"
)
ABOUT_OTHER_THINGS = {"disabled", "Origin"}
"""A user who may no longer sign in; the header of a browser."""

OF_CAMERAS = {("camera_states", "health"), ("camera_hours", "healthy")}
"""Columns that say how a camera is."""

ABOUT_A_PERSON = {"id", "name", "kind", "groups", "dormitory", "suspended", "ref"}
"""All that is known of a holder."""
FREE_WORDS = {
    "Visit": {"purpose", "belongings", "organisation", "phone", "answered_by", "badge"},
    "Authorisation": {"reason"},
    "Gathering": {"title", "safety_measures", "emergency_plan"},
    "Opening": {"disposal"},
    "StandingPass": {"organisation", "unit"},
    "Order": {"reason", "revoke_reason", "refuse_reason", "document", "cancelled_by_document"},
    "Emergency": {"reason", "end_reason", "remarks"},
    "Hold": {"reason"},
    "Export": {"reason"},
    "Vehicle": {"route"},
    "MaintenanceWindow": {"reason"},  # kept as a note
    "IncidentNote": {"text"},
    "ByWord": {"to"},  # an office
    "Draft": {"time", "place", "source", "nature", "scope", "trend", "measures"},
    "Verdict": {"remark"},
    "Sent": {"to", "unreviewed"},
    "FollowUp": {"text", "to"},
    "Closing": {"cause", "measures", "lesson"},
    "Reopened": {"reason"},
}
"""Text that somebody types into a paper: about the matter. Slips and bans have none, and no holder has."""

OF_INCIDENTS = (
    incidents.IncidentNote, incidents.ByWord, incidents.Draft, incidents.Verdict, incidents.Sent, incidents.FollowUp,
    incidents.Closing, incidents.Reopened, incidents.MergedAlarm,
)  # fmt: skip
"""What an incident is made of: its words stand in these."""


def telling(words: set[str]) -> list[str]:
    """Those that name what somebody is."""
    found = []
    for word in sorted(words - ABOUT_OTHER_THINGS):
        plain = re.sub(r"(?<=[a-z])(?=[A-Z])|[\s-]", "_", word).lower()
        if STEMS.search(plain) or not WHOLE.isdisjoint(plain.split("_")) or FORBIDDEN_ZH.search(word):
            found.append(word)
    return found


def names_of(schema: Any) -> set[str]:
    """Every property, parameter and word of a closed list in the document."""
    found: set[str] = set()
    if isinstance(schema, dict):
        found |= set(schema.get("properties", {}))
        found |= {str(word) for word in schema.get("enum", ())}
        if "in" in schema and "name" in schema:
            found.add(schema["name"])
        for part in schema.values():
            found |= names_of(part)
    elif isinstance(schema, list):
        for part in schema:
            found |= names_of(part)
    return found


def test_no_table_has_a_column_for_it() -> None:
    named = {(table.name, column.name) for table in metadata.tables.values() for column in table.columns}
    columns = {column for _, column in named - OF_CAMERAS}

    assert len(columns) > 50 and named >= OF_CAMERAS
    assert telling(columns | set(metadata.tables)) == []


def test_no_paper_has_a_field_for_it() -> None:
    names = {field.name for paper in (*PAPERS, *OF_INCIDENTS) for field in fields(paper)}

    assert telling(names) == []
    assert {field.name for field in fields(Holder)} == ABOUT_A_PERSON


def test_the_api_neither_takes_nor_gives_it() -> None:
    api = json.loads(json.dumps(document(ROUTES), default=str))
    names = names_of(api)

    assert len(names) > 200 and {"purpose", "document_ending", "theft"} <= names
    assert telling(names) == []


def test_no_text_on_a_page_speaks_of_it() -> None:
    texts = catalogue()

    assert telling({word for text in texts for word in re.findall(r"[A-Za-z]+", text)}) == []
    assert [zh for zh in texts.values() if FORBIDDEN_ZH.search(zh)] == []


def test_no_table_of_people_brings_it_in() -> None:
    columns = set(people_csv.HEADER)

    assert {"id", "name", "kind"} <= columns
    assert telling(columns) == []


def test_the_closed_lists_are_acts_and_matters_never_people() -> None:
    lists: tuple[type[Enum], ...] = (BanAct, SlipReason, RefusalReason, HolderKind, incidents.IncidentKind)
    words = {member.value for one in lists for member in one}

    assert telling(words) == []
    assert {act.value for act in BanAct} == {"violence", "threat", "theft", "trespass", "court_order"}
    assert {reason.value for reason in SlipReason} == {"family", "medical", "other"}


def test_words_that_somebody_types_are_about_matters_and_every_one_is_known() -> None:
    """A new text field of a paper has to be put on the list here, and thought about."""
    references = re.compile(
        r"(_by|_from)$|^(id|holder|host|subject|organiser|collector|driver|attendant|act|kind|order)$"
    )
    for paper in (*PAPERS, *OF_INCIDENTS):
        typed = {
            field.name
            for field in fields(paper)
            if field.type in (str, str | None, tuple[str, ...]) and not references.search(field.name)
        }
        kept = FREE_WORDS.get(paper.__name__, set())
        closed = {"portal", "plate", "gathering", "passes", "document_kind", "document_ending", "document_hash", "by"}
        closed |= {"request_hash", "badge", "decline_note"}  # the latter a reference
        closed |= {
            "post",
            "before",
            "outgoing",
            "note",
            "end_note",
            "end_witness",
        }  # of a shift: all of them references
        closed |= {"approvers", "ended_by", "signed_by", "mustered", "oral"}
        closed |= {"findings", "priority", "assignee", "done_note", "cameras"}  # words of lists, and references
        closed |= {"place", "zones", "condition", "pictures", "notice", "responsible"}  # of an incident: the same
        assert typed - closed <= kept, (paper.__name__, typed - closed - kept)


@pytest.mark.parametrize(
    "word",
    [
        "religion",
        "ethnicGroup",
        "political_status",
        "place of origin",
        "health_code",
        "risk_level",
        "民族",
        "重点人员名单",
    ],
)
def test_a_field_for_it_would_be_found(word: str) -> None:
    assert telling({word}) == [word]


def test_harmless_words_are_not() -> None:
    assert telling({"interface", "trace", "purpose", "disabled", "surface", "asterisk", "embrace"}) == []


async def test_what_people_type_stands_in_no_row_and_can_be_erased(post: GuardPost) -> None:
    """A row is for ever, and whoever types may type a name."""
    operator = await post.signed_in("operator1", "operator")
    typed = "Wang Lei asked for it"
    alarm = await alarms.raise_alarm(post.site, alarms.TAMPER, "north-in-1")
    await post.site.finish()
    asked = {
        "/api/v1/devices/north-in-1/commands": {"action": "unlock", "reason": typed},
        "/api/v1/devices/north-in-1/quarantine/end": {"reason": typed},
        f"/api/v1/alarms/{alarm.id}/close": {"disposal": "handled", "words": typed},
    }
    answers = {}
    for path, body in asked.items():
        async with operator.post(path, json=body) as answer:
            assert answer.status < 300, await answer.text()
            answers[path] = await answer.json()
    command = answers["/api/v1/devices/north-in-1/commands"]["command"]

    async with operator.get(f"/api/v1/devices/north-in-1/commands/{command}") as answer:
        shown = (await answer.json())["reason"]
    with post.database.engine.connect() as connection:
        bodies = [str(body) for body in connection.execute(sa.select(tables.ledger.c.body)).scalars()]
        kept = list(connection.execute(sa.select(tables.notes.c.text)).scalars())

    assert [body for body in bodies if "Wang" in body] == []
    assert kept == [typed, typed] and shown == typed
    with post.database.engine.begin() as connection:
        connection.execute(sa.delete(tables.notes))
    async with operator.get(f"/api/v1/devices/north-in-1/commands/{command}") as answer:
        assert (await answer.json())["reason"] == ""
