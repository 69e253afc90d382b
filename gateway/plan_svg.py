"""An SVG drawing written anew with nothing in it but shapes, text and colours.

Promises: `cleaned` either raises `UnsafeSvg` with the line and what to do, or returns a new document: only elements and
attributes of the lists below, no script, no event, no link, nothing loaded from anywhere, no entity, bounded in size,
depth and in what `<use>` unfolds. What drawing programs leave behind for themselves (metadata, their own namespaces)
is left out without a word; what would do something is a fault, because a drawing that needs it would look wrong.
The parser is expat, fed once; a DOCTYPE is refused before any entity could be declared.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from xml.parsers import expat
from xml.sax.saxutils import escape, quoteattr

SVG = "http://www.w3.org/2000/svg"
XLINK = "http://www.w3.org/1999/xlink"
ELEMENTS_AT_MOST = 20_000
UNFOLDED_AT_MOST = 60_000
"""Elements once every `<use>` is drawn."""
DEEP_AT_MOST = 48
UNFOLDED_DEEP_AT_MOST = 200

ELEMENTS = frozenset(
    {"svg", "g", "defs", "symbol", "use", "title", "desc", "style"}
    | {"path", "rect", "circle", "ellipse", "line", "polyline", "polygon", "text", "tspan"}
    | {"linearGradient", "radialGradient", "stop", "clipPath"}
)
SILENT = frozenset({"metadata"})
"""Elements that nobody misses."""
ATTRIBUTES = frozenset(
    {"id", "class", "style", "transform", "viewBox", "preserveAspectRatio", "version", "d", "points", "x", "y", "x1"}
    | {"y1", "x2", "y2", "cx", "cy", "r", "rx", "ry", "fx", "fy", "width", "height", "dx", "dy", "offset", "pathLength"}
    | {"fill", "fill-opacity", "fill-rule", "stroke", "stroke-width", "stroke-opacity", "stroke-linecap"}
    | {"stroke-linejoin", "stroke-miterlimit", "stroke-dasharray", "stroke-dashoffset", "opacity", "color", "display"}
    | {"visibility", "clip-path", "clip-rule", "clipPathUnits", "gradientUnits", "gradientTransform", "spreadMethod"}
    | {"stop-color", "stop-opacity", "font-family", "font-size", "font-weight", "font-style", "text-anchor"}
    | {"dominant-baseline", "letter-spacing", "textLength", "lengthAdjust", "vector-effect", "paint-order", "href"}
)

_WITHIN = re.compile(r"#[A-Za-z_][\w.:-]{0,200}")
_URL = re.compile(r"url\(\s*(['\"]?)([^)'\"]*)\1\s*\)", re.IGNORECASE)
_NOT_IN_CSS = re.compile(r"\\|@|<|javascript:|expression\s*\(|image-set|behavior\s*:|-moz-binding", re.IGNORECASE)


class UnsafeSvg(ValueError):
    """The drawing holds something that a plan has no use for; the message names the line."""


@dataclass(slots=True)
class _Element:
    name: str
    attributes: Mapping[str, str]
    parts: "list[_Element | str]" = field(default_factory=list)
    line: int = 0


def cleaned(raw: bytes) -> bytes:
    """The same drawing, of allowed parts only. Raises `UnsafeSvg`."""
    root = _Reader().read(raw)
    _bound(root)
    text: list[str] = []
    _write(root, text)
    return f'<?xml version="1.0" encoding="UTF-8"?>\n{"".join(text)}\n'.encode()


class _Reader:
    """One walk through a document by expat; builds the tree of what is allowed."""

    def __init__(self) -> None:
        self._parser = expat.ParserCreate(namespace_separator=" ")
        self._parser.buffer_text = True
        self._parser.SetParamEntityParsing(expat.XML_PARAM_ENTITY_PARSING_NEVER)
        self._parser.StartDoctypeDeclHandler = self._doctype
        self._parser.EntityDeclHandler = self._entity
        self._parser.ExternalEntityRefHandler = self._entity
        self._parser.SkippedEntityHandler = self._entity
        self._parser.ProcessingInstructionHandler = self._instruction
        self._parser.StartElementHandler = self._start
        self._parser.EndElementHandler = self._end
        self._parser.CharacterDataHandler = self._text
        self._root: _Element | None = None
        self._open: list[_Element] = []
        self._left_out = 0
        """How deep in a part that is left out."""
        self._count = 0

    def read(self, raw: bytes) -> _Element:
        try:
            self._parser.Parse(raw, True)
        except expat.ExpatError as error:
            raise UnsafeSvg(f"is no SVG: line {error.lineno}: {expat.ErrorString(error.code)}") from None
        except (LookupError, ValueError) as error:  # an encoding that nobody knows
            if isinstance(error, UnsafeSvg):
                raise
            raise UnsafeSvg("is no SVG: save it as UTF-8") from None
        if self._root is None:
            raise UnsafeSvg("is no SVG: there is no drawing in it")
        return self._root

    def _no(self, what: str) -> UnsafeSvg:
        return UnsafeSvg(f"line {self._parser.CurrentLineNumber}: {what}")

    def _doctype(self, *_: object) -> None:
        raise self._no("has a DOCTYPE, and entities with it: remove the line that begins with <!DOCTYPE")

    def _entity(self, *_: object) -> int:
        raise self._no("uses entities: save the drawing without them")

    def _instruction(self, *_: object) -> None:
        raise self._no("has a processing instruction (<?…?>), such as a style sheet elsewhere: remove it")

    def _start(self, full: str, given: Mapping[str, str]) -> None:
        self._count += 1
        if self._count > ELEMENTS_AT_MOST:
            raise self._no(f"has more than {ELEMENTS_AT_MOST} parts: simplify the drawing, or export a PNG")
        space, _, name = full.rpartition(" ")
        if self._left_out or (space != SVG and self._root is not None) or name in SILENT:
            self._left_out += 1
            return
        if space != SVG or (self._root is None and name != "svg"):
            raise self._no(f'is no SVG: it begins with <{name}>, expected <svg xmlns="{SVG}">')
        if name not in ELEMENTS:
            raise self._no(f"<{name}> is not allowed in a plan: turn it into plain shapes, or remove it")
        if len(self._open) >= DEEP_AT_MOST:
            raise self._no(f"is nested more than {DEEP_AT_MOST} deep: ungroup some of it")
        element = _Element(name, self._attributes(name, given), line=self._parser.CurrentLineNumber)
        if self._open:
            self._open[-1].parts.append(element)
        else:
            self._root = element
        self._open.append(element)

    def _end(self, _full: str) -> None:
        if self._left_out:
            self._left_out -= 1
            return
        done = self._open.pop()
        if done.name == "style":
            sheet = "".join(part for part in done.parts if isinstance(part, str))
            done.parts = [self._css(sheet)]

    def _text(self, text: str) -> None:
        if not self._left_out and self._open and self._open[-1].name in ("text", "tspan", "title", "desc", "style"):
            self._open[-1].parts.append(text)

    def _attributes(self, element: str, given: Mapping[str, str]) -> dict[str, str]:
        kept: dict[str, str] = {}
        for full, value in given.items():
            space, _, name = full.rpartition(" ")
            if space not in ("", XLINK):
                continue  # of a drawing program's own
            if name.lower().startswith("on"):
                raise self._no(f"{name}= runs something when the drawing is touched: remove it")
            if name == "href":
                kept["href"] = self._link(element, value)
            elif not space and name in ATTRIBUTES:
                kept[name] = self._css(value)
        return kept

    def _link(self, element: str, value: str) -> str:
        if element not in ("use", "linearGradient", "radialGradient") or not _WITHIN.fullmatch(value.strip()):
            raise self._no("links to something outside of the drawing: draw it in, or remove it")
        return value.strip()

    def _css(self, value: str) -> str:
        """An attribute's value or a style sheet. Both may hold `url(#…)` of this drawing, and no other."""
        for match in _URL.finditer(value):
            if not _WITHIN.fullmatch(match[2].strip()):
                raise self._no("loads something from elsewhere by url(…): draw it in, or remove it")
        rest = _URL.sub("", value)
        if "url" in rest.lower() or _NOT_IN_CSS.search(rest):
            raise self._no("has a style that could load or run something (url, @, \\): remove it")
        return value


def _bound(root: _Element) -> None:
    """A few `<use>` of each other can unfold into millions of shapes. Raises `UnsafeSvg`."""
    by_id: dict[str, _Element] = {}
    _collect(root, by_id)
    sizes: dict[int, int] = {}
    under_way: set[int] = set()

    def size(element: _Element, deep: int = 0) -> int:
        known = sizes.get(id(element))
        if known is not None:
            return known
        if id(element) in under_way:
            raise UnsafeSvg(f"line {element.line}: a <use> shows itself")
        if deep > UNFOLDED_DEEP_AT_MOST:
            raise UnsafeSvg(f"line {element.line}: too many <use> lead on to each other")
        under_way.add(id(element))
        total = 1 + sum(size(part, deep + 1) for part in element.parts if isinstance(part, _Element))
        if element.name == "use":
            shown = by_id.get(element.attributes.get("href", "")[1:])
            total += 0 if shown is None else size(shown, deep + 1)
        if total > UNFOLDED_AT_MOST:
            raise UnsafeSvg(f"line {element.line}: its <use> unfold into more than {UNFOLDED_AT_MOST} parts")
        under_way.discard(id(element))
        sizes[id(element)] = total
        return total

    size(root)


def _collect(element: _Element, by_id: dict[str, _Element]) -> None:
    if "id" in element.attributes:
        by_id.setdefault(element.attributes["id"], element)
    for part in element.parts:
        if isinstance(part, _Element):
            _collect(part, by_id)


def _write(element: _Element, text: list[str]) -> None:
    text.append(f"<{element.name}")
    if element.name == "svg":
        text.append(f' xmlns="{SVG}"')
    text.extend(f" {name}={quoteattr(value)}" for name, value in element.attributes.items())
    text.append(">")
    for part in element.parts:
        if isinstance(part, _Element):
            _write(part, text)
        else:
            text.append(escape(part))
    text.append(f"</{element.name}>")
