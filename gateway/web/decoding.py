"""Bytes from strangers to typed values: strict JSON, and every wrong field named in one go.

Promises: duplicate keys, NaN, lone surrogates, NUL characters, depth and unknown fields are refused before any handler
runs. Leaves to others: what the values mean.
"""

import json
import types
import typing
from collections.abc import Mapping
from typing import Any, TypeVar, get_args, get_origin

import msgspec

from gateway.web.problems import FieldError, Kind, Problem

T = TypeVar("T")

MAX_DEPTH = 8


def parse_json(raw: bytes) -> Any:
    """The one JSON value in `raw`; raises a MALFORMED `Problem`."""
    try:
        value = json.loads(raw.decode("utf-8"), object_pairs_hook=_object, parse_constant=_constant)
        _check(value, 0)
    except RecursionError:
        raise Problem(Kind.MALFORMED, "nested too deeply") from None
    except ValueError as error:
        raise Problem(Kind.MALFORMED, str(error)[:200]) from None
    return value


def decode_body(raw: bytes, shape: type[T]) -> T:
    """`raw` as a `shape`; raises a MALFORMED or VALIDATION `Problem`."""
    value = parse_json(raw)
    if not isinstance(value, dict):
        raise Problem(Kind.MALFORMED, "expected a JSON object")
    return to_shape(value, shape, strict=True)


def decode_query(pairs: list[tuple[str, str]], shape: type[T]) -> T:
    """A query string's parameters as a `shape`; each at most once."""
    doubled = {name for name, _ in pairs if sum(other == name for other, _ in pairs) > 1}
    errors = tuple(FieldError(name[:64], "given more than once") for name in sorted(doubled))
    if errors:
        raise Problem(Kind.VALIDATION, errors=errors)
    try:
        _check([part for pair in pairs for part in pair], 0)
    except ValueError as error:
        raise Problem(Kind.MALFORMED, str(error)[:200]) from None
    return to_shape(dict(pairs), shape, strict=False)


def to_shape(value: Mapping[str, Any], shape: type[T], *, strict: bool) -> T:
    """`value` as a `shape` (a Struct); raises a VALIDATION `Problem` with all errors."""
    errors = tuple(_errors(value, shape, "", strict))
    if errors:
        raise Problem(Kind.VALIDATION, errors=errors)
    try:
        return msgspec.convert(value, shape, strict=strict)
    except msgspec.ValidationError as error:
        raise Problem(Kind.VALIDATION, errors=(_field_error("", error),)) from None


def _errors(value: Mapping[str, Any], shape: Any, at: str, strict: bool) -> list[FieldError]:
    found: list[FieldError] = []
    fields = {field.encode_name: field for field in msgspec.structs.fields(shape)}
    for name in value:
        if name not in fields:
            found.append(FieldError(_path(at, str(name)[:64]), "unknown field"))
    for name, field in fields.items():
        where = _path(at, name)
        if name not in value:
            if field.required:
                found.append(FieldError(where, "is missing"))
            continue
        inner = _struct_in(field.type)
        if inner is not None and isinstance(value[name], dict):
            found.extend(_errors(value[name], inner, where, strict))
            continue
        try:
            msgspec.convert(value[name], field.type, strict=strict)
        except msgspec.ValidationError as error:
            found.append(_field_error(where, error))
    return found


def _struct_in(kind: Any) -> Any:
    """The Struct that `kind` is, or that it may be besides None."""
    if get_origin(kind) is typing.Annotated:
        kind = get_args(kind)[0]
    if isinstance(kind, type) and issubclass(kind, msgspec.Struct):
        return kind
    if get_origin(kind) in (typing.Union, types.UnionType):
        structs = [found for part in get_args(kind) if (found := _struct_in(part)) is not None]
        return structs[0] if len(structs) == 1 else None
    return None


def _field_error(where: str, error: msgspec.ValidationError) -> FieldError:
    """msgspec writes "Expected `int`, got `str` - at `$.a[0]`": its path is put behind ours."""
    message, _, path = str(error).partition(" - at `$")
    inner = path.rstrip("`")
    return FieldError((where + inner).lstrip(".") or "body", message.replace("`", "").replace("Expected", "expected"))


def _path(at: str, name: str) -> str:
    return f"{at}.{name}" if at else name


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) != len(pairs):
        raise ValueError("a key stands twice in one object")
    return found


def _constant(_name: str) -> Any:
    raise ValueError("NaN and Infinity are no JSON")


def _check(value: Any, depth: int) -> None:
    if depth > MAX_DEPTH:
        raise ValueError("nested too deeply")
    if isinstance(value, str):
        if "\0" in value:
            raise ValueError("text with a NUL character")
        if not value.isascii() and any("\ud800" <= letter <= "\udfff" for letter in value):
            raise ValueError("text with a lone surrogate")
    elif isinstance(value, dict):
        for key, part in value.items():
            _check(key, depth)
            _check(part, depth + 1)
    elif isinstance(value, list):
        for part in value:
            _check(part, depth + 1)
    elif isinstance(value, int | float) and not -(2**63) <= value < 2**63:
        raise ValueError("a number beyond 64 bit")
