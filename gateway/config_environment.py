"""Environment variables above wardgate.yaml: which there are, and their values as the kind that each field holds.

Reads no environment itself: `settings` hands it over.
"""

from collections.abc import Mapping
from types import NoneType
from typing import Any, get_args, get_origin

from pydantic import BaseModel

from gateway.config_faults import ENVIRONMENT, Fault, nearest
from gateway.config_schema import GatewayFile
from gateway.yaml_lines import FieldPath, read_scalar, read_text

_SHORT_NAMES: dict[str, FieldPath] = {
    "WARDGATE_HTTP": ("http", "listen"),
    "WARDGATE_TLS_CERT": ("http", "tls_cert"),
    "WARDGATE_TLS_KEY": ("http", "tls_key"),
    "WARDGATE_DATA": ("data",),
    "WARDGATE_COMMIT_GROUP": ("ledger", "commit_group"),
}
_TESTS_OWN = "WARDGATE_TEST_"


def variables() -> Mapping[str, FieldPath]:
    """Every environment variable that is a setting, and the field of wardgate.yaml that it stands for."""
    named: dict[str, FieldPath] = {}
    for section, info in GatewayFile.model_fields.items():
        part = info.annotation
        if isinstance(part, type) and issubclass(part, BaseModel):
            for name in part.model_fields:
                named[f"WARDGATE_{section}_{name}".upper()] = (section, name)
    return {**named, **_SHORT_NAMES}


SECTIONS = frozenset(path[0] for path in variables().values() if len(path) == 2)


def lay_environment_over(
    data: dict[str, Any], environ: Mapping[str, str], origins: dict[FieldPath, str]
) -> list[Fault]:
    """Put the variables' values into `data`; a variable that means nothing but nearly a setting is a fault."""
    known = variables()
    faults: list[Fault] = []
    for variable in sorted(name for name in environ if name.startswith("WARDGATE_")):
        place = known.get(variable)
        if place is None:
            # Others use WARDGATE_ names too: only what begins with a section or is nearly a setting is ours.
            if variable.startswith(_TESTS_OWN):
                continue
            hint = nearest(variable, known, cutoff=0.85)
            if hint or variable.split("_")[1].lower() in SECTIONS:
                faults.append(Fault(ENVIRONMENT, 0, variable, f"is not a setting{hint}"))
            continue
        if environ[variable] == "":
            continue  # set to nothing: not set
        if place in origins:
            faults.append(Fault(ENVIRONMENT, 0, variable, f"says the same as {origins[place]}; set one of them"))
            continue
        origins[place] = variable
        value = _environment_value(place, environ[variable])
        if len(place) == 1:
            data[str(place[0])] = value
            continue
        section = data.setdefault(str(place[0]), {})
        if isinstance(section, dict):
            section[place[1]] = value
    return faults


def _environment_value(place: FieldPath, text: str) -> Any:
    """A variable's text as the kind of value that its field holds."""
    annotation: Any = GatewayFile
    for name in place:
        annotation = annotation.model_fields[name].annotation
    kinds = _kinds(annotation)
    if list in kinds or dict in kinds:
        return read_text(text).data
    return text if str in kinds else read_scalar(text)


def _kinds(annotation: Any) -> set[Any]:
    origin = get_origin(annotation)
    if origin in (list, dict):
        return {origin}
    if origin is None:
        return set() if annotation is NoneType else {annotation}
    return {
        kind for inner in get_args(annotation) if isinstance(inner, type) or get_args(inner) for kind in _kinds(inner)
    } or {str}
