"""Shapes of the API: what a school's everyday work changes — people one by one, windows, configuration, backups."""

from datetime import datetime
from typing import Annotated

from msgspec import UNSET, Meta, UnsetType, field

from gateway.flows.configuration import LARGEST
from gateway.web.shapes import Answer, Given

Cell = Annotated[str, Meta(max_length=200)]
GroupList = Annotated[list[Annotated[str, Meta(max_length=63)]], Meta(max_length=50)]
PersonId = Annotated[str, Meta(max_length=64)]


class PersonChange(Given, frozen=True):
    """What is not given stays; an empty text takes away. `card` and `plate`: another one blocks the one before."""

    name: Cell | UnsetType = UNSET
    kind: Cell | UnsetType = UNSET
    groups: GroupList | UnsetType = UNSET
    dormitory: Cell | UnsetType = UNSET
    card: Cell | UnsetType = UNSET
    plate: Cell | UnsetType = UNSET
    valid_from: Cell | UnsetType = UNSET
    valid_to: Cell | UnsetType = UNSET


class NewPerson(Given, frozen=True):
    """`valid_from`, `valid_to`: a day or a moment, as in the file of people; empty: without end."""

    id: PersonId
    name: Cell
    kind: Cell
    groups: GroupList = field(default_factory=list)
    dormitory: Cell = ""
    card: Cell = ""
    plate: Cell = ""
    valid_from: Cell = ""
    valid_to: Cell = ""


class HoursInfo(Answer, frozen=True):
    """Minutes since local midnight; 0 is Monday."""

    from_min: int
    to_min: int
    days: list[int]


class PermissionInfo(Answer, frozen=True):
    """`windows` null: at any hour. `own_dormitory`: the door of the building in which somebody lives."""

    name: str
    groups: list[str]
    portals: list[str]
    windows: list[HoursInfo] | None
    own_dormitory: bool
    late_return: bool


class PermissionGroup(Answer, frozen=True):
    group: str
    people: int
    permissions: list[str]


class DayInfo(Answer, frozen=True):
    day: str
    kind: str


class LaneWindows(Answer, frozen=True):
    portal: str
    on: list[str]
    window: HoursInfo


class Rights(Answer, frozen=True):
    """Who may pass where and when, as the campus file has it."""

    groups: list[PermissionGroup]
    dormitories: list[str]
    permissions: list[PermissionInfo]
    leaving: list[HoursInfo]
    visiting: list[HoursInfo]
    curfew: HoursInfo | None
    lanes: list[LaneWindows]
    calendar: list[DayInfo]


class RoleInfo(Answer, frozen=True):
    """One role of the closed table: its rights, and its name in both languages."""

    role: str
    rights: list[str]


class Roles(Answer, frozen=True):
    roles: list[RoleInfo]


class FileInfo(Answer, frozen=True):
    """`changed`: another file than that with which the gateway started; it holds from the next start."""

    name: str
    modified_at: datetime | None
    changed: bool


class FaultInfo(Answer, frozen=True):
    file: str
    line: int
    field: str
    message: str


class ProposalInfo(Answer, frozen=True):
    """`lines`: the difference. `mine`: it needs another person's word."""

    digest: str
    by: str
    at: datetime
    mine: bool
    lines: list[str]


class ConfigurationInfo(Answer, frozen=True):
    files: list[FileInfo]
    faults: list[FaultInfo]
    proposal: ProposalInfo | None
    may_restart: bool


class ConfigurationText(Answer, frozen=True):
    text: str
    digest: str


CampusText = Annotated[str, Meta(max_length=LARGEST)]


class CheckConfiguration(Given, frozen=True):
    text: CampusText


class Faults(Answer, frozen=True):
    faults: list[FaultInfo]


Digest = Annotated[str, Meta(pattern="^[0-9a-f]{64}$")]


class ProposeConfiguration(Given, frozen=True):
    """`based_on`: the digest of the text that was changed."""

    text: CampusText
    based_on: Digest


class ThisProposal(Given, frozen=True):
    digest: Digest


class BackupInfo(Answer, frozen=True):
    name: str
    made_at: datetime
    size: int


class BackupsInfo(Answer, frozen=True):
    """`failed`: why the last one was not made. `at_min`: minutes after midnight."""

    backups: list[BackupInfo]
    nightly: bool
    at_min: int
    keep: int
    underway: bool
    failed: str | None
