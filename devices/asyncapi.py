"""The protocol as an AsyncAPI 3.0 document, made from the same types that the codec reads with.

Promises that what the document says about a payload is what the codec demands, as far as JSON Schema can say it. The
rules between the messages are in docs/protocol/README.md. `python -m devices.asyncapi` prints the document.
"""

import json
import sys
from typing import Any

import msgspec

from devices.fields import END
from devices.layout import AS_NULL_REFUSED, DOWN_CLASSES, EVENT_READERS, KIND_FIELDS, KINDS_OF_CHANNEL, UP_CLASSES
from devices.messages import EVENT_TYPES, Event, GatewayStatus, Message
from devices.topics import Kind, is_retained, qos_of

_SCHEMA = "#/components/schemas/{name}"
_MAC = {"type": "string", "pattern": "^[0-9a-f]{64}$", "description": "HMAC-SHA256, always the last member"}
_ALL = frozenset(Kind)
_CLASSES: list[type[Message]] = [*UP_CLASSES.values(), *DOWN_CLASSES.values(), GatewayStatus]

_ABOUT = """\
What a Wardgate device says to its gateway and hears from it. The operations are those of the device.

Every payload is one JSON object: first member `"v":1`, last member `mac` (HMAC-SHA256 with the device's key over the
topic, a line feed and the bytes as sent without the last 74, closed with `}`). Times are UTC with milliseconds. Unknown
fields are ignored; a wrong or missing one makes the whole message bad. docs/protocol/README.md has the rules."""


def document() -> dict[str, Any]:
    """The whole document."""
    channels: dict[str, Any] = {}
    operations: dict[str, Any] = {}
    for direction, classes in (("send", UP_CLASSES), ("receive", DOWN_CLASSES)):
        for channel, cls in classes.items():
            name = cls.__name__
            channels[name] = _channel(channel, name)
            operations[f"{direction}{name}"] = _operation(direction, channel, name)
    channels["GatewayStatus"] = {
        "address": "campus/{site}/gateway/status",
        "description": "Which gateway serves the site; sent again every second. For gateways, not for devices.",
        "parameters": {"site": _parameters("status")["site"]},
        "messages": {"GatewayStatus": {"$ref": "#/components/messages/GatewayStatus"}},
    }
    return {
        "asyncapi": "3.0.0",
        "info": {"title": "Wardgate device protocol", "version": "1.0.0", "description": _ABOUT},
        "defaultContentType": "application/json",
        "channels": channels,
        "operations": operations,
        "components": {"messages": {cls.__name__: _message(cls) for cls in _CLASSES}, "schemas": _schemas()},
    }


def _channel(channel: str, name: str) -> dict[str, Any]:
    return {
        "address": f"campus/{{site}}/{{kind}}/{{device}}/{channel}",
        "description": f"{name}: {'retained, ' if is_retained(channel) else 'never retained, '}QoS {qos_of(channel)}",
        "parameters": _parameters(channel),
        "messages": {name: {"$ref": f"#/components/messages/{name}"}},
    }


def _parameters(channel: str) -> dict[str, Any]:
    kinds = sorted(kind.value for kind in KINDS_OF_CHANNEL.get(channel, _ALL))
    found: dict[str, Any] = {
        "site": {"description": "[a-z0-9][a-z0-9-]{0,62}", "examples": ["main"]},
        "kind": {"description": "what kind of device", "enum": kinds},
        "device": {"description": "[a-z0-9][a-z0-9-]{0,62}", "examples": ["north-in-1"]},
    }
    if "{page}" in channel:
        found["page"] = {"description": "four digits, from 0001", "examples": ["0001"]}
    return found


def _operation(direction: str, channel: str, name: str) -> dict[str, Any]:
    mqtt = {"qos": qos_of(channel), "retain": is_retained(channel), "bindingVersion": "0.2.0"}
    return {
        "action": direction,
        "channel": {"$ref": f"#/channels/{name}"},
        "messages": [{"$ref": f"#/channels/{name}/messages/{name}"}],
        "bindings": {"mqtt": mqtt if direction == "send" else {"qos": 1, "bindingVersion": "0.2.0"}},
    }


def _message(cls: type[Message]) -> dict[str, Any]:
    name = cls.__name__
    described = {"name": name, "title": name, "summary": cls.__doc__, "payload": {"$ref": _SCHEMA.format(name=name)}}
    if name == "Frame":
        described["contentType"] = "application/octet-stream"
        described["description"] = "The payload schema is that of the line; a line feed and the JPEG follow it."
    if cls in KIND_FIELDS:
        described["description"] = "; ".join(
            f"`{field}`: {', '.join(sorted(kinds))}, always and only there" for field, kinds in KIND_FIELDS[cls].items()
        )
    return described


def _schemas() -> dict[str, Any]:
    plain = [cls for cls in _CLASSES if cls is not Event]
    _, schemas = msgspec.json.schema_components([*plain, *EVENT_READERS.values()], ref_template=_SCHEMA)
    found: dict[str, Any] = _as_draft_7(schemas)
    for cls in plain:
        for field in AS_NULL_REFUSED[cls]:
            _without_null(found[cls.__name__]["properties"], field)
        _with_mac(found[cls.__name__])
    for name, reader in EVENT_READERS.items():
        schema = found[reader.__name__]
        kinds = ", ".join(sorted(EVENT_TYPES[name][1]))
        schema["description"] = f"{EVENT_TYPES[name][0].__doc__} From: {kinds}."
        schema["properties"]["type"] = {"const": name}
        _with_mac(schema)
    events = [{"$ref": _SCHEMA.format(name=reader.__name__)} for reader in EVENT_READERS.values()]
    found["Event"] = {"title": "Event", "description": Event.__doc__, "oneOf": events}
    return dict(sorted(found.items()))


def _with_mac(schema: dict[str, Any]) -> None:
    schema["properties"]["mac"] = _MAC
    schema["required"] = [*schema["required"], "mac"]


def _without_null(properties: dict[str, Any], field: str) -> None:
    [kept] = [option for option in properties[field]["anyOf"] if option != {"type": "null"}]
    properties[field] = kept


def _as_draft_7(schema: Any) -> Any:
    """AsyncAPI's own schema language is a superset of JSON Schema draft 7; msgspec writes 2020-12."""
    if isinstance(schema, list):
        return [_as_draft_7(one) for one in schema]
    if not isinstance(schema, dict):
        return schema
    found = {name: _as_draft_7(value) for name, value in schema.items()}
    if "prefixItems" in found:
        found["items"] = found.pop("prefixItems")
    if "pattern" in found:
        found["pattern"] = found["pattern"].replace(END, "$")  # ECMA's `$` has no exception for a line feed
    if found.get("format") == "date-time":
        found["pattern"] = "Z$"
    return found


def main() -> None:
    """Prints the document as it stands in docs/protocol/asyncapi.json."""
    json.dump(document(), sys.stdout, ensure_ascii=False, indent=2)
    sys.stdout.write("\n")


if __name__ == "__main__":
    main()
