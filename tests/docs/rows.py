"""Which kinds of ledger rows the gateway's code writes, and with which fields: read from the code itself.

Promises: every call `Entry(kind, …)` in the sources is accounted for; one whose kind cannot be told from the code is a
finding of its own (kind ""). Fields are those that stand as literal keys where the body is made; a body that is handed
in from elsewhere has none here.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path


@dataclass(slots=True)
class Written:
    """One kind of row: where it is written and which fields are seen."""

    kind: str
    places: list[str] = field(default_factory=list)
    fields: set[str] = field(default_factory=set)


Function = ast.FunctionDef | ast.AsyncFunctionDef


def written_rows(root: Path, folder: str = "gateway") -> dict[str, Written]:
    """Every kind under `root/folder`; the kind "" stands for calls whose kind cannot be told."""
    found: dict[str, Written] = {}
    for path in sorted((root / folder).rglob("*.py")):
        place = path.relative_to(root).as_posix()
        for kind, line, fields in rows_of(path.read_text("utf-8")):
            row = found.setdefault(kind, Written(kind))
            row.places.append(f"{place}:{line}")
            row.fields |= fields
    return found


def rows_of(source: str) -> Iterator[tuple[str, int, set[str]]]:
    """(kind, line, fields) of each `Entry(…)` in one module's source."""
    tree = ast.parse(source)
    functions = [node for node in ast.walk(tree) if isinstance(node, Function)]
    for function in functions:
        for call in _entries(function):
            body = call.args[2] if len(call.args) > 2 else None
            for kind, fields in _kinds(call.args[0], function, functions, tree, body):
                yield kind, call.lineno, fields


def _entries(function: Function) -> Iterator[ast.Call]:
    """Calls of `Entry` with a kind, a time and a body, in this function and not in one within it."""
    todo: list[ast.AST] = list(function.body)
    while todo:
        node = todo.pop()
        if isinstance(node, Function):
            continue
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "Entry":
            yield node
        todo.extend(ast.iter_child_nodes(node))


def _kinds(
    kind: ast.expr, function: Function, functions: list[Function], tree: ast.Module, body: ast.expr | None
) -> Iterator[tuple[str, set[str]]]:
    fields = _fields(body, function, functions)
    if isinstance(kind, ast.Name):
        parameters = [parameter.arg for parameter in function.args.args]
        if kind.id in parameters:
            yield from _handed_in(function, parameters.index(kind.id), fields, tree)
            return
        values = [value for name, value in _assigned(function) if name == kind.id]
    else:
        values = [kind]
    texts = [text for value in values for text in _texts(value)]
    yield from ((text, fields) for text in texts or [""])


def _handed_in(function: Function, position: int, fields: set[str], tree: ast.Module) -> Iterator[tuple[str, set[str]]]:
    """The kind is a parameter: what the module's own calls hand over, with the keys that stand in the same call."""
    calls = [
        node
        for node in ast.walk(tree)
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == function.name
    ]
    if not calls:
        yield "", set()
    for call in calls:
        handed = call.args[position] if len(call.args) > position else ast.Constant("")
        more = {key for argument in call.args if isinstance(argument, ast.Dict) for key in _keys(argument)}
        for text in list(_texts(handed)) or [""]:
            yield text, fields | more


def _fields(body: ast.expr | None, function: Function, functions: list[Function]) -> set[str]:
    """The literal keys of a body: a dict, a name that one was given to, `a | b`, or a function that returns one."""
    match body:
        case ast.Dict():
            return set(_keys(body))
        case ast.BinOp(left=left, op=ast.BitOr(), right=right):
            return _fields(left, function, functions) | _fields(right, function, functions)
        case ast.Name(id=name):
            return {key for known, value in _assigned(function) if known == name for key in _value_keys(value)}
        case ast.Call(func=ast.Name(id=name)):
            called = [other for other in functions if other.name == name]
            returned = [node for other in called for node in ast.walk(other) if isinstance(node, ast.Return)]
            return {key for node in returned if isinstance(node.value, ast.Dict) for key in _keys(node.value)}
        case _:
            return set()


def _assigned(function: Function) -> Iterator[tuple[str, ast.expr]]:
    """(name, value) of `name = value`, `name: T = value`, `name |= value`; of `name["key"] = …` the key."""
    for node in ast.walk(function):
        match node:
            case ast.Assign(targets=[ast.Name(id=name)], value=value):
                yield name, value
            case ast.AnnAssign(target=ast.Name(id=name), value=ast.expr() as value):
                yield name, value
            case ast.AugAssign(target=ast.Name(id=name), value=value):
                yield name, value
            case ast.Assign(targets=[ast.Subscript(value=ast.Name(id=name), slice=ast.Constant(value=str(key)))]):
                yield name, ast.Dict(keys=[ast.Constant(key)], values=[ast.Constant(None)])


def _value_keys(value: ast.expr) -> Iterator[str]:
    if isinstance(value, ast.Dict):
        yield from _keys(value)
    elif isinstance(value, ast.BinOp):
        yield from _value_keys(value.left)
        yield from _value_keys(value.right)


def _keys(value: ast.Dict) -> Iterator[str]:
    yield from (key.value for key in value.keys if isinstance(key, ast.Constant) and isinstance(key.value, str))


def _texts(value: ast.expr) -> Iterator[str]:
    if isinstance(value, ast.Constant) and isinstance(value.value, str) and value.value:
        yield value.value
    elif isinstance(value, ast.IfExp):
        yield from _texts(value.body)
        yield from _texts(value.orelse)
