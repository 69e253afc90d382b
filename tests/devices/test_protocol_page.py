"""docs/protocol/README.md names all that exists: somebody must be able to write a device from it alone."""

import base64
import hashlib
import hmac
import json
import re
from enum import StrEnum
from pathlib import Path
from typing import Any

import msgspec
import pytest

from devices import fields, messages, vectors
from devices.codec import BadReason
from devices.layout import DOWN_CLASSES, UP_CLASSES
from devices.messages import ALARM_EVENTS, EVENT_TYPES
from devices.topics import DOWN_CHANNELS, UP_CHANNELS, Kind

PAGE = (Path(__file__).parents[2] / "docs" / "protocol" / "README.md").read_text()
WORDS = set(re.findall(r"`([^`\n]+)`", PAGE))
WORD_LISTS = [
    found
    for found in vars(fields).values()
    if isinstance(found, type) and issubclass(found, StrEnum) and found.__members__
]
PARTS = [
    messages.Previous,
    messages.Credential,
    messages.PresenceReading,
    messages.Text,
    messages.Offline,
    messages.PostureSettings,
    messages.CredentialEntry,
    messages.CredentialToken,
]


def wire_names(cls: Any) -> set[str]:
    return {field.encode_name for field in msgspec.structs.fields(cls)}


@pytest.mark.parametrize(
    ("what", "words"),
    [
        ("channels", {*UP_CHANNELS, *DOWN_CHANNELS}),
        ("kinds", set(Kind)),
        ("bad reasons", set(BadReason)),
        ("events", set(EVENT_TYPES)),
        *((cls.__name__, wire_names(cls)) for cls in (*UP_CLASSES.values(), *DOWN_CLASSES.values())),
        ("GatewayStatus", wire_names(messages.GatewayStatus)),
        *((cls.__name__, wire_names(cls)) for cls in PARTS),
        *((name, wire_names(data)) for name, (data, _) in EVENT_TYPES.items()),
        *((enum.__name__, {str(word) for word in enum}) for enum in WORD_LISTS),
    ],
)
def test_the_page_names_every_word_of_the_protocol(what: str, words: set[str]) -> None:
    assert words or what in EVENT_TYPES  # some events say nothing but their type
    assert {str(word) for word in words} - WORDS == set()


def test_the_page_names_the_alarms_and_no_others() -> None:
    [paragraph] = [part for part in PAGE.split("\n\n") if part.startswith("Alarms")]

    assert set(re.findall(r"`([a-z_]+)`", paragraph)) == ALARM_EVENTS


def test_the_page_has_twelve_rules() -> None:
    rules = PAGE.split("## The twelve rules")[1].split("\n## ")[0]

    assert re.findall(r"^(\d+)\. ", rules, re.MULTILINE) == [str(number) for number in range(1, 13)]


def test_the_code_on_the_page_makes_and_checks_real_signatures() -> None:
    [code] = re.findall(r"```python\n(.*?)```", PAGE, re.DOTALL)
    said: dict[str, Any] = {"hashlib": hashlib, "hmac": hmac, "json": json}
    exec(code, said)

    for vector in vectors.vectors():
        if "is" in vector and vector["what"] == "message" and not vector["topic"].endswith("frame"):
            payload, key = base64.b64decode(vector["payload_base64"]), bytes.fromhex(vector["key"])
            assert said["is_right"](vector["topic"], payload, key)
            assert not said["is_right"](vector["topic"] + "x", payload, key)
    tap = {name: value for name, value in vectors.TAP.items() if name != "v"}
    [right] = [vector for vector in vectors.vectors() if vector["name"] == "tap"]
    assert said["seal"](right["topic"], tap, bytes.fromhex(right["key"])).decode() == right["payload"]


def test_every_link_on_the_page_leads_somewhere() -> None:
    headings = {
        re.sub(r"[^a-z -]", "", title.lower()).replace(" ", "-") for title in re.findall(r"^#+ (.+)$", PAGE, re.M)
    }

    for target in re.findall(r"\]\(([^)]+)\)", PAGE):
        if target.startswith("#"):
            assert target[1:] in headings, target
        else:
            assert (Path(__file__).parents[2] / "docs" / "protocol" / target).exists(), target
