"""policy.yaml made into a `Policy`: what `policy_checks` knows and the shape of each field, then the matrix.

Faults are collected over the whole file, each with its line, its field and what was expected.
"""

from collections.abc import Mapping
from pathlib import Path
from types import MappingProxyType
from typing import Annotated, Any

from pydantic import Field, ValidationError

from gateway.config_faults import Fault, FaultList
from gateway.config_values import Group, Part, TimeOfDay, listed
from gateway.core.kinds import HolderKind, Level, Profile
from gateway.core.papers import VehicleKind
from gateway.core.policy import (
    Cadence,
    DormitoryRole,
    Need,
    Place,
    Policy,
    RestrictedRole,
    Row,
)
from gateway.policy_checks import check_cadences, check_sections, check_tables
from gateway.yaml_lines import Document, read_file, read_text

Words = list[Annotated[Need, listed(Need)]]


class RowPart(Part):
    """One row: a cell for each level."""

    l3: Words = Field(alias="L3")
    l2: Words = Field(alias="L2")
    l1: Words = Field(alias="L1")


class CadencePart(Part):
    camera_check_s: Annotated[int, Field(ge=1, le=3_600)]
    patrol_rounds: Annotated[int, Field(ge=0, le=96)]
    posts_manned: bool = True
    leader_on_duty: bool = False


class CadencesPart(Part):
    l3: CadencePart = Field(alias="L3")
    l2: CadencePart = Field(alias="L2")
    l1: CadencePart = Field(alias="L1")


class PolicyFile(Part):
    """policy.yaml"""

    profile: Annotated[Profile, listed(Profile)]
    gate: dict[Annotated[HolderKind, listed(HolderKind)], RowPart]
    vehicle: dict[Annotated[VehicleKind, listed(VehicleKind)], RowPart]
    dormitory: dict[Annotated[DormitoryRole, listed(DormitoryRole)], RowPart]
    restricted: dict[Annotated[RestrictedRole, listed(RestrictedRole)], RowPart]
    gate_exit: dict[Annotated[HolderKind, listed(HolderKind)], RowPart]
    cadences: CadencesPart
    large_gathering: Annotated[int, Field(ge=1, le=1_000_000)]
    security_groups: list[Group]
    not_returned_at: TimeOfDay = 23 * 60
    forgive_at: TimeOfDay = 4 * 60


def load_policy(path: Path) -> tuple[Policy | None, list[Fault]]:
    """The policy in a file, or every fault that keeps it from being one."""
    return _as_policy(path.name, read_file(path))


def parse_policy(name: str, text: str) -> tuple[Policy | None, list[Fault]]:
    """The policy in a text that is called `name` in its faults."""
    return _as_policy(name, read_text(text))


def _as_policy(name: str, document: Document) -> tuple[Policy | None, list[Fault]]:
    faults = FaultList(name, document)
    if document.data is None and document.slips:
        return None, faults.faults
    raw: Mapping[str, Any] = document.data if isinstance(document.data, dict) else {}
    profile = Profile.UNIVERSITY if raw.get("profile") == Profile.UNIVERSITY else Profile.SCHOOL
    told = check_sections(raw, PolicyFile.model_fields, faults)
    told |= check_tables(raw, profile, faults)
    check_cadences(raw, CadencePart, faults)
    parts: PolicyFile | None = None
    try:
        parts = PolicyFile.model_validate(document.data)
    except ValidationError as error:
        faults.add_all(error, PolicyFile, told=told)
    groups = [] if parts is None else parts.security_groups
    for index, group in enumerate(groups):
        if group in groups[:index]:
            faults.add(("security_groups", index), f"{group!r} is written twice")
    if parts is None or faults.faults:
        return None, faults.faults
    return _build(parts), []


def _build(parts: PolicyFile) -> Policy:
    tables: dict[Place, Mapping[str, Row]] = {
        Place.GATE: _rows(parts.gate),
        Place.VEHICLE: _rows(parts.vehicle),
        Place.DORMITORY: _rows(parts.dormitory),
        Place.RESTRICTED: _rows(parts.restricted),
        Place.GATE_EXIT: _rows(parts.gate_exit),
    }
    return Policy(
        profile=parts.profile,
        tables=MappingProxyType(tables),
        cadences=MappingProxyType(
            {
                Level.L3: _cadence(parts.cadences.l3),
                Level.L2: _cadence(parts.cadences.l2),
                Level.L1: _cadence(parts.cadences.l1),
            }
        ),
        large_gathering=parts.large_gathering,
        security_groups=frozenset(parts.security_groups),
        not_returned_at_min=parts.not_returned_at,
        forgive_at_min=parts.forgive_at,
    )


def _rows(parts: Mapping[Any, RowPart]) -> Mapping[str, Row]:
    return MappingProxyType(
        {name: Row(frozenset(part.l3), frozenset(part.l2), frozenset(part.l1)) for name, part in parts.items()}
    )


def _cadence(part: CadencePart) -> Cadence:
    return Cadence(part.camera_check_s, part.patrol_rounds, part.posts_manned, part.leader_on_duty)
