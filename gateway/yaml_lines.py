"""YAML as it is written, with the line of every field.

Values are read the way a person reads them: `NO`, `0123` and `22:30` stay text, only `true`, `false`, `null` and plain
decimal numbers become anything else. (YAML 1.1 would make a country code false, an id 83 and a time of day 1350.)
What configuration files have no use for is refused by name: duplicate keys, tags, anchors, several documents. What the
values mean is for others.
"""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, cast

import yaml

MAX_FILE_BYTES = 4 * 1024 * 1024
MAX_DEPTH = 32

FieldPath = tuple[str | int, ...]

_INTEGER = re.compile(r"-?(0|[1-9][0-9]{0,17})")
_DECIMAL = re.compile(r"-?(0|[1-9][0-9]{0,17})\.[0-9]{1,17}")
_CONSTANTS: Mapping[str, bool | None] = {"true": True, "false": False, "null": None, "~": None, "": None}


@dataclass(frozen=True, slots=True)
class Slip:
    """Something in a file that is not right, before anybody asked what it means."""

    line: int
    field: str
    message: str


@dataclass(frozen=True, slots=True)
class Document:
    """A file's values, where each stands, and what could not be read."""

    data: Any
    lines: Mapping[FieldPath, int] = field(default_factory=dict)
    slips: tuple[Slip, ...] = ()

    def line(self, path: FieldPath) -> int:
        """The line of a field, or of the nearest thing around it that is written down."""
        for length in range(len(path), -1, -1):
            if (line := self.lines.get(path[:length])) is not None:
                return line
        return 1


def spell(path: FieldPath) -> str:
    """`("portals", 2, "zone")` as a person writes it: `portals[2].zone`."""
    text = ""
    for part in path:
        text += f"[{part}]" if isinstance(part, int) else f".{part}" if text else part
    return text


def read_file(path: Path) -> Document:
    """The document in a file; a file that cannot be read is a document with a slip and no values."""
    try:
        if path.stat().st_size > MAX_FILE_BYTES:
            return _unreadable(1, f"is larger than {MAX_FILE_BYTES} bytes")
        raw = path.read_bytes()
    except FileNotFoundError:
        return _unreadable(1, "is missing; `wardgate init DIR` writes a complete example")
    except OSError as error:
        return _unreadable(1, f"cannot be read: {error.strerror}")
    try:
        text = raw.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        return _unreadable(raw.count(b"\n", 0, error.start) + 1, "is not UTF-8 text")
    return read_text(text)


def read_text(text: str) -> Document:
    """The document in a text."""
    try:
        nodes = _nodes(text)
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        line = mark.line + 1 if mark is not None else 1
        return _unreadable(line, f"is not YAML: {error.problem or error.context or 'cannot be read'}")
    except yaml.reader.ReaderError as error:
        line = text.count("\n", 0, error.position) + 1
        return _unreadable(line, f"has a character that YAML does not allow: {error.reason}")
    except RecursionError:
        return _unreadable(1, "is nested too deeply")
    if len(nodes) > 1:
        return _unreadable(nodes[1].start_mark.line + 1, "holds a second document; one is expected")
    if not nodes:
        return Document(data=None, lines={(): 1})
    reading = _Reading()
    data = reading.value(nodes[0], ())
    return Document(data=data, lines=reading.lines, slips=tuple(reading.slips))


def _nodes(text: str) -> list[yaml.Node]:
    """By libyaml, which takes a tenth of the time, where it is there and reads the text; else by the parser in Python,
    which says better what is wrong and where."""
    if yaml.__with_libyaml__:
        try:
            if _is_deep(text):
                raise RecursionError
            return list(yaml.compose_all(text, Loader=yaml.CSafeLoader))
        except (yaml.YAMLError, UnicodeError):
            pass
    return list(yaml.compose_all(text, Loader=yaml.SafeLoader))


def _is_deep(text: str) -> bool:
    """Nested so deeply that it is refused anyhow; libyaml would build it on the C stack, and end the process."""
    depth = 0
    for event in yaml.parse(text, Loader=yaml.CSafeLoader):
        if isinstance(event, yaml.CollectionStartEvent):
            depth += 1
            if depth > 2 * MAX_DEPTH:
                return True
        elif isinstance(event, yaml.CollectionEndEvent):
            depth -= 1
    return False


def read_scalar(text: str) -> Any:
    """One value from outside a file, such as an environment variable, by the same rules."""
    if text in _CONSTANTS:
        return _CONSTANTS[text]
    if _INTEGER.fullmatch(text):
        return int(text)
    if _DECIMAL.fullmatch(text):
        return float(text)
    return text


def _unreadable(line: int, message: str) -> Document:
    return Document(data=None, lines={(): line}, slips=(Slip(line, "", message),))


class _Reading:
    """One walk over a node tree: collects lines and slips on the way."""

    def __init__(self) -> None:
        self.lines: dict[FieldPath, int] = {}
        self.slips: list[Slip] = []
        self._open: set[int] = set()
        self._seen: set[int] = set()

    def value(self, node: yaml.Node, path: FieldPath) -> Any:
        self.lines.setdefault(path, node.start_mark.line + 1)
        # compose() hands out the same node for an alias; without this a few lines could unfold into millions.
        if id(node) in self._seen:
            self._slip(node, path, "repeats a part by an anchor; write it out, anchors are not used here")
            return None
        self._seen.add(id(node))
        if len(path) > MAX_DEPTH:
            self._slip(node, path, "is nested too deeply")
            return None
        if isinstance(node, yaml.ScalarNode):
            return self._scalar(node, path)
        if isinstance(node, yaml.SequenceNode):
            self._check_tag(node, path, "tag:yaml.org,2002:seq")
            return [self.value(item, (*path, index)) for index, item in enumerate(node.value)]
        self._check_tag(node, path, "tag:yaml.org,2002:map")
        return dict(self._members(cast(yaml.MappingNode, node), path))

    def _members(self, node: yaml.MappingNode, path: FieldPath) -> Iterator[tuple[str, Any]]:
        first: dict[str, int] = {}
        for key_node, value_node in node.value:
            line = key_node.start_mark.line + 1
            if not isinstance(key_node, yaml.ScalarNode):
                self._slip(key_node, path, "a field's name must be plain text")
                continue
            key: str = key_node.value
            if key == "<<":
                self._slip(key_node, path, "`<<` is not used here; write the fields out")
                continue
            if key in first:
                self._slip(key_node, (*path, key), f"is written twice; the first is in line {first[key]}")
                continue
            first[key] = line
            self.lines[(*path, key)] = line
            yield key, self.value(value_node, (*path, key))

    def _scalar(self, node: yaml.ScalarNode, path: FieldPath) -> Any:
        if node.style:  # quoted, or a block of text; plain is None or, by libyaml, empty
            self._check_tag(node, path, "tag:yaml.org,2002:str")
            return node.value
        # A plain scalar's tag is what YAML 1.1 makes of it, unless somebody wrote one: then it is not in the text.
        if not _is_implicit(node):
            self._slip(node, path, f"has the tag {node.tag!r}; tags are not used here")
            return None
        return read_scalar(node.value)

    def _check_tag(self, node: yaml.Node, path: FieldPath, expected: str) -> None:
        if node.tag != expected:
            self._slip(node, path, f"has the tag {node.tag!r}; tags are not used here")

    def _slip(self, node: yaml.Node, path: FieldPath, message: str) -> None:
        self.slips.append(Slip(node.start_mark.line + 1, spell(path), message))


_RESOLVER = yaml.resolver.Resolver()


def _is_implicit(node: yaml.ScalarNode) -> bool:
    return bool(node.tag == _RESOLVER.resolve(yaml.ScalarNode, node.value, (True, False)))
