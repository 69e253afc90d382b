"""The AsyncAPI document: valid by the specification's own schema, made from our types, and true of our payloads."""

import json
import os
from pathlib import Path
from typing import Any

import jsonschema
import pytest
from hypothesis import given, settings

from devices.asyncapi import document
from devices.codec import encode
from devices.fields import END
from devices.signing import seal
from devices.topics import DOWN_CHANNELS, UP_CHANNELS, Topic
from tests.devices.strategies import down, up

ROOT = Path(__file__).parents[2]
FILE = ROOT / "docs" / "protocol" / "asyncapi.json"
# The npm package of the AsyncAPI initiative; `npm ci --ignore-scripts` brings it.
SPECIFICATION = ROOT / "node_modules" / "@asyncapi" / "specs" / "schemas" / "3.0.0-without-$id.json"
KEY = bytes(32)


def of_the_specification() -> dict[str, Any]:
    if not SPECIFICATION.exists():
        if os.environ.get("CI") == "true":
            pytest.fail("@asyncapi/specs is not installed: npm ci --ignore-scripts")
        pytest.skip("@asyncapi/specs is not installed: npm ci --ignore-scripts")
    schema: dict[str, Any] = json.loads(SPECIFICATION.read_text())
    return schema


def validator(name: str) -> jsonschema.Draft7Validator:
    made = document()
    return jsonschema.Draft7Validator({"$ref": f"#/components/schemas/{name}", "components": made["components"]})


def test_the_file_is_what_the_code_makes() -> None:
    assert document() == json.loads(FILE.read_text()), "python -m devices.asyncapi > docs/protocol/asyncapi.json"


def test_the_document_is_valid_by_the_schema_of_the_specification() -> None:
    schema = of_the_specification()

    assert list(jsonschema.Draft7Validator(schema).iter_errors(document())) == []


def test_a_broken_document_is_not_valid_by_it() -> None:
    broken = document()
    broken["operations"]["sendTap"]["action"] = "shout"

    assert list(jsonschema.Draft7Validator(of_the_specification()).iter_errors(broken)) != []


def test_every_reference_leads_somewhere() -> None:
    made = document()

    def follow(reference: str) -> Any:
        found: Any = made
        for part in reference.removeprefix("#/").split("/"):
            found = found[part]
        return found

    def references(part: Any) -> list[str]:
        if isinstance(part, dict):
            return [v for k, v in part.items() if k == "$ref"] + [r for v in part.values() for r in references(v)]
        return [r for v in part for r in references(v)] if isinstance(part, list) else []

    assert len(references(made)) > 100
    for reference in references(made):
        assert isinstance(follow(reference), dict)
    assert END not in json.dumps(made) and "(?!" not in json.dumps(made)


def test_every_channel_is_there_once() -> None:
    addresses = [channel["address"] for channel in document()["channels"].values()]

    assert sorted(addresses) == sorted(
        ["campus/{site}/gateway/status"]
        + [f"campus/{{site}}/{{kind}}/{{device}}/{channel}" for channel in (*UP_CHANNELS, *DOWN_CHANNELS)]
    )


@settings(max_examples=50)
@given(up() | down())
def test_what_we_send_is_what_the_document_says(drawn: tuple[Topic, Any]) -> None:
    topic, message = drawn
    sent = json.loads(encode(message, str(topic), KEY))

    assert list(validator(type(message).__name__).iter_errors(sent)) == []


@pytest.mark.parametrize(
    "change",
    [
        {"nonce": None},
        {"pin": None},
        {"id": "a b"},
        {"at": "2026-11-21T08:00:00+08:00"},
        {"v": 2},
        {"mac": "A" * 64},
    ],
)
def test_what_the_codec_refuses_the_document_refuses_too(change: dict[str, Any]) -> None:
    tap = {
        "id": "t",
        "boot": "b",
        "at": "2026-11-21T08:00:00.123Z",
        "nonce": "n",
        "direction": "in",
        "credential": {"kind": "card", "value": "04A1"},
    }
    right = json.loads(seal("campus/main/reader/a/tap", json.dumps({"v": 1} | tap).encode(), KEY))

    assert list(validator("Tap").iter_errors(right)) == []
    assert list(validator("Tap").iter_errors(right | change)) != []
