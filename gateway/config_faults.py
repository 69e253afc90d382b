"""What is wrong with a configuration: each fault with its file, line, field and what was expected, all at once.

Also translates pydantic's errors into those words. It decides nothing about what is right.
"""

import difflib
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from typing import Any, get_args

from pydantic import BaseModel, ValidationError

from gateway.yaml_lines import Document, FieldPath, spell

ENVIRONMENT = "environment"


@dataclass(frozen=True, slots=True, order=True)
class Fault:
    """One fault. `line` is 0 where there is no file, such as for an environment variable."""

    file: str
    line: int
    field: str
    message: str

    def __str__(self) -> str:
        place = f"{self.file}:{self.line}" if self.line else self.file
        return f"{place}: {self.field}: {self.message}" if self.field else f"{place}: {self.message}"


class ConfigurationError(Exception):
    """A configuration that cannot be used; `faults` holds every one that was found."""

    def __init__(self, faults: Iterable[Fault]) -> None:
        self.faults = tuple(sorted(set(faults)))
        super().__init__("\n".join(str(fault) for fault in self.faults))


class FaultList:
    """The faults of one file. `origins` names the environment variable where a value came from one."""

    def __init__(self, file: str, document: Document, origins: Mapping[FieldPath, str] | None = None) -> None:
        self._file = file
        self._document = document
        self._origins = origins or {}
        self.faults: list[Fault] = [Fault(file, slip.line, slip.field, slip.message) for slip in document.slips]

    def line(self, path: FieldPath) -> int:
        """The line in which a field stands."""
        return self._document.line(path)

    def add(self, path: FieldPath, message: str) -> None:
        for length in range(len(path), 0, -1):
            if (variable := self._origins.get(path[:length])) is not None:
                self.faults.append(Fault(ENVIRONMENT, 0, variable, message))
                return
        self.faults.append(Fault(self._file, self._document.line(path), spell(path), message))

    def add_all(
        self,
        error: ValidationError,
        model: type[BaseModel],
        at: FieldPath = (),
        told: Collection[FieldPath] = (),
    ) -> None:
        """Every fault that pydantic found in the part that stands at `at`, but for what lies in parts told already."""
        for one in error.errors(include_url=False):
            path = at + tuple(part for part in one["loc"] if part != "[key]")
            if any(path[: len(part)] == part for part in told):
                continue
            if any(slip.field == spell(path) for slip in self._document.slips):
                continue  # the reader said already why there is no value
            self.add(path, _words(one, model, path[len(at) :]))


def nearest(name: str, known: Iterable[str], cutoff: float = 0.6) -> str:
    """`; did you mean …?` where a known name is near, else nothing."""
    close = difflib.get_close_matches(name, sorted(known), n=1, cutoff=cutoff)
    return f"; did you mean {close[0]!r}?" if close else ""


def found(value: Any) -> str:
    """A value as the person who wrote it knows it, cut short."""
    if value is None:
        return "nothing"
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, dict):
        return "fields"
    if isinstance(value, list):
        return "a list"
    if isinstance(value, int | float):
        return f"the number {value}"
    text = repr(str(value))
    return text if len(text) <= 60 else text[:57] + "…'"


def _words(error: Any, model: type[BaseModel], path: FieldPath) -> str:
    kind, context, value = error["type"], error.get("ctx", {}), error.get("input")
    match kind:
        case "missing":
            return "is missing"
        case "extra_forbidden":
            known = _fields_at(model, path[:-1])
            return f"is not a field here{nearest(str(path[-1]), known) or f'; known are {chr(44).join(known)}'}"
        case "string_type":
            return f"expected text, found {found(value)}{_in_quotes(value)}"
        case "int_type" | "int_from_float" | "int_parsing":
            return f"expected a whole number, found {found(value)}"
        case "bool_type" | "bool_parsing":
            return f"expected true or false, found {found(value)}"
        case "list_type":
            return f"expected a list, found {found(value)}"
        case "dict_type" | "model_type" | "model_attributes_type":
            return f"expected fields, found {found(value)}"
        case "too_short":
            return "expected at least one entry"
        case "too_long":
            return f"expected at most {context['max_length']} entries, found {context['actual_length']}"
        case "greater_than_equal":
            return f"expected at least {context['ge']}, found {value}"
        case "less_than_equal":
            return f"expected at most {context['le']}, found {value}"
        case "literal_error":
            expected = context["expected"].replace("'", "").replace(" or ", ", ")
            return f"expected one of {expected}, found {found(value)}{nearest(str(value), expected.split(', '))}"
        case "value_error":
            words = str(context["error"])
            if "://" in words:
                return words  # an address may hold a password: it is not repeated
            known = words.removeprefix("expected one of ").split(", ") if words.startswith("expected one of") else []
            return f"{words}, found {found(value)}{nearest(str(value), known)}"
        case _:
            return f"{error['msg']}, found {found(value)}"


def _in_quotes(value: Any) -> str:
    if isinstance(value, bool | int | float):
        return f'; if that is a name, put it in quotes: "{found(value).removeprefix("the number ")}"'
    return ""


def _fields_at(model: type[BaseModel], path: FieldPath) -> list[str]:
    """The fields that the part at `path` may have, as they are written in the file."""
    at: Any = model
    for part in path:
        if isinstance(part, int):
            continue
        found_models = [] if at is None else _models_in(_field(at, part))
        at = found_models[0] if found_models else at if _field(at, part) is None else None
    if at is None:
        return []
    return [field.alias or name for name, field in at.model_fields.items()]


def _field(model: type[BaseModel], name: str) -> Any:
    for key, field in model.model_fields.items():
        if name in (key, field.alias):
            return field.annotation
    return None


def _models_in(annotation: Any) -> list[type[BaseModel]]:
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return [annotation]
    return [model for inner in get_args(annotation) for model in _models_in(inner)]
