"""alarms.yaml made into a `Catalogue`: the one that comes with the program, and above it a school's own.

A school writes only what is to be different: a condition that it names has the fields that it wrote, and those of the
shipped catalogue for the rest; what is new in a later version is there without anybody writing it. Faults are collected
over the whole file, each with its line, its field and what was expected.
"""

from collections.abc import Collection, Mapping
from pathlib import Path
from types import MappingProxyType
from typing import Annotated, Any, Literal

from pydantic import Field, ValidationError

from gateway.config_faults import Fault, FaultList, nearest
from gateway.config_values import LabelText, Name, Part, listed
from gateway.core.alarm_catalogue import (
    LIFE_SAFETY,
    Catalogue,
    Disposal,
    ExplainedBy,
    FirstCommand,
    Kind,
    Near,
    Priority,
    Step,
)
from gateway.core.nouns import Label
from gateway.yaml_lines import FieldPath, read_file

FILE = "alarms.yaml"
MOST_STEPS = 12
Seconds = Annotated[int, Field(ge=30, le=7 * 86_400)]


class StepPart(Part):
    id: Name
    en: LabelText
    zh: LabelText


class ConsequencePart(Part):
    en: LabelText
    zh: LabelText


class CommandPart(Part):
    action: Literal["unlock", "lock", "release", "raise", "lower", "snapshot", "identify", "announce"]
    device_kind: Literal["reader", "dorm", "camera", "bollard", "panel"]


class ExplainedPart(Part):
    condition: str
    near: Annotated[Near, listed(Near)]


class KindPart(Part):
    """One condition; what is not written is as in the catalogue below this one."""

    priority: Annotated[Priority, listed(Priority)] | None = None
    consequence: ConsequencePart | None = None
    what_to_do: Annotated[list[StepPart], Field(min_length=1, max_length=MOST_STEPS)] | None = None
    call: list[Name] | None = None
    camera: bool | None = None
    command: CommandPart | None = None
    again_after_s: Seconds | None = None
    escalate_after_s: Seconds | None = None
    explained_by: list[ExplainedPart] | None = None
    together_in_zone: bool | None = None
    lower_in_evacuation: bool | None = None
    always_heard: bool | None = None
    disposals: Annotated[list[Annotated[Disposal, listed(Disposal)]], Field(min_length=1)] | None = None


class AlarmsFile(Part):
    """alarms.yaml"""

    shelf_at_most_h: Annotated[int, Field(ge=1, le=24)] | None = None
    conditions: dict[str, KindPart] = Field(default_factory=dict)


def load_alarms(own: Path, shipped: Path, calls: Collection[str]) -> tuple[Catalogue | None, list[Fault]]:
    """The catalogue, or every fault of the school's own file. `calls`: the ids of the call list."""
    parts, faults = _read(shipped)
    if parts is None or faults.faults:
        return None, faults.faults
    base = _catalogue(parts, Catalogue(), frozenset(calls))
    if not own.exists():
        return base, []
    parts, faults = _read(own)
    if parts is None:
        return None, faults.faults
    for id, part in parts.conditions.items():
        _check(id, part, ("conditions", id), base, calls, faults)
    return (None, faults.faults) if faults.faults else (_catalogue(parts, base, frozenset(calls)), [])


def _read(path: Path) -> tuple[AlarmsFile | None, FaultList]:
    document = read_file(path)
    faults = FaultList(path.name, document)
    if document.data is None and document.slips:
        return None, faults
    try:
        return AlarmsFile.model_validate(document.data or {}), faults
    except ValidationError as error:
        faults.add_all(error, AlarmsFile)
        return None, faults


def _check(id: str, part: KindPart, at: FieldPath, base: Catalogue, calls: Collection[str], faults: FaultList) -> None:
    if id not in base.kinds:
        faults.add(at, f"is no condition that can be raised{nearest(id, base.kinds)}")
    if id in LIFE_SAFETY and part.priority is not None and part.priority is not Priority.HIGH:
        faults.add((*at, "priority"), "is about somebody's life, and stays high")
    if id in LIFE_SAFETY and part.explained_by:
        faults.add((*at, "explained_by"), "is about somebody's life, and is never a part of another alarm")
    if part.always_heard is False and base.of(id).always_heard:
        faults.add((*at, "always_heard"), "stays true: a time limit runs whether anybody listens or not")
    for number, call in enumerate(part.call or ()):
        if call not in calls:
            faults.add((*at, "call", number), f"there is no call {call!r} in campus.yaml{nearest(call, calls)}")
    for number, rule in enumerate(part.explained_by or ()):
        if rule.condition not in base.kinds or rule.condition == id:
            said = f"is no other condition{nearest(rule.condition, base.kinds)}"
            faults.add((*at, "explained_by", number, "condition"), said)
    steps = [step.id for step in part.what_to_do or ()]
    for number, step in enumerate(steps):
        if step in steps[:number]:
            faults.add((*at, "what_to_do", number, "id"), f"{step!r} is there twice")


def _catalogue(parts: AlarmsFile, base: Catalogue, calls: frozenset[str]) -> Catalogue:
    kinds = {id: _kind(id, part, base, calls) for id, part in parts.conditions.items()}
    hours = parts.shelf_at_most_h
    at_most_s = base.shelf_at_most_s if hours is None else hours * 3_600
    return Catalogue(MappingProxyType({**base.kinds, **kinds}), at_most_s)


def _kind(id: str, part: KindPart, base: Catalogue, calls: frozenset[str]) -> Kind:
    """Fields that are written, above those of `base`. A call that this campus does not have is left out."""
    below = base.of(id)
    wrote: Mapping[str, Any] = {name: getattr(part, name) for name in part.model_fields_set}

    def either(name: str, value: Any) -> Any:
        return value if wrote.get(name) is not None else getattr(below, name)

    # `null` takes away what may be missing: `again_after_s: null` is told once.
    command = None if part.command is None else FirstCommand(part.command.action, part.command.device_kind)
    said = part.consequence
    return Kind(
        id=id,
        priority=part.priority or below.priority,
        what_to_do=either("what_to_do", tuple(Step(one.id, Label(one.en, one.zh)) for one in part.what_to_do or ())),
        call=tuple(one for one in either("call", tuple(part.call or ())) if one in calls),
        camera=either("camera", part.camera),
        command=command if "command" in wrote else below.command,
        consequence=below.consequence if said is None else Label(said.en, said.zh),
        again_after_s=part.again_after_s if "again_after_s" in wrote else below.again_after_s,
        escalate_after_s=part.escalate_after_s if "escalate_after_s" in wrote else below.escalate_after_s,
        explained_by=either(
            "explained_by", tuple(ExplainedBy(one.condition, one.near) for one in part.explained_by or ())
        ),
        together_in_zone=either("together_in_zone", part.together_in_zone),
        lower_in_evacuation=either("lower_in_evacuation", part.lower_in_evacuation),
        always_heard=either("always_heard", part.always_heard),
        disposals=either("disposals", tuple(part.disposals or ())),
    )
