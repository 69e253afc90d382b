"""Laws of the codec, each with a broken variant that it must catch."""

import json
from collections.abc import Callable
from typing import Any

import msgspec
import pytest
from hypothesis import Phase, given, settings
from hypothesis import strategies as st

from devices import messages as m
from devices.codec import BadMessage, BadReason, decode_down, decode_gateway_status, decode_up, encode
from devices.limits import MAX_DEPTH
from devices.signing import seal, signed_body
from devices.strict import read_object
from devices.topics import UP_CHANNELS, Kind, Topic, gateway_status_topic
from tests.devices.strategies import choice, down, gateway_status, ids, up

KEY = bytes(range(32))
Decode = Callable[[Topic, bytes], Any]

# A broken variant need only be caught; looking for its smallest example would take most of the time of this file.
USUAL = settings()
CAUGHT = settings(phases=[Phase.generate], report_multiple_bugs=False, database=None)

channels = st.sampled_from(
    [*(c for c in UP_CHANNELS if c != "frame"), "command", "posture", "ack", "credentials/0001", "credentials/revoked"]
)
topics = st.builds(Topic, st.just("main"), choice(Kind), st.just("north-in-1"), channels)
scalars = st.none() | st.booleans() | st.integers(-(2**70), 2**70) | st.floats() | st.text(max_size=30)
trees = st.recursive(
    scalars,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=8), inner, max_size=4),
    max_leaves=12,
)


def decode(topic: Topic, payload: bytes) -> Any:
    """What the side that hears this topic makes of a payload."""
    if topic.channel in UP_CHANNELS:
        return decode_up(topic, payload, [KEY])[0]
    return decode_down(topic, payload, KEY)


def resealed(topic: Topic, document: Any, **spelling: Any) -> bytes:
    """A payload with a right mac for any JSON that Python writes, NaN and lone surrogates too."""
    return seal(str(topic), json.dumps(document, **spelling).encode("utf-8", "surrogatepass"), KEY)


# Identity


def what_is_encoded_is_decoded(decode: Decode, effort: settings = USUAL) -> None:
    @given(up() | down())
    def law(drawn: tuple[Topic, Any]) -> None:
        topic, message = drawn
        read = decode(topic, encode(message, str(topic), KEY))
        assert read == message and type(read) is type(message)

    effort(law)()


def test_every_message_is_decoded_as_it_was_encoded() -> None:
    what_is_encoded_is_decoded(decode)


def test_the_law_of_identity_catches_a_codec_that_loses_milliseconds() -> None:
    def loses_milliseconds(topic: Topic, payload: bytes) -> Any:
        read = decode(topic, payload)
        at = getattr(read, "at", None)
        return read if at is None else msgspec.structs.replace(read, at=at.replace(microsecond=0))

    with pytest.raises(AssertionError):
        what_is_encoded_is_decoded(loses_milliseconds, CAUGHT)


@given(gateway_status)
def test_a_gateways_status_is_decoded_as_it_was_encoded(status: m.GatewayStatus) -> None:
    topic = gateway_status_topic("main")

    assert decode_gateway_status(topic, encode(status, topic, KEY), KEY) == status


@given(
    up() | down(),
    st.booleans(),
    st.sampled_from([None, 1, "\t"]),
    st.dictionaries(ids.map("x-".__add__), st.integers(0, 9), max_size=3),
)
def test_another_right_spelling_of_a_message_means_the_same(
    drawn: tuple[Topic, Any], ascii_only: bool, indent: Any, extra: dict[str, int]
) -> None:
    topic, message = drawn
    document = json.loads(signed_body(encode(message, str(topic), KEY)) or b"")
    first = {"v": document.pop("v")}

    payload = resealed(topic, first | extra | dict(reversed(document.items())), ensure_ascii=ascii_only, indent=indent)

    assert decode(topic, payload) == message


# Rubbish


def nothing_but_a_bad_message(decode: Decode, effort: settings = USUAL) -> None:
    def only_bad(topic: Topic, payload: bytes) -> None:
        try:
            decode(topic, payload)
        except BadMessage as bad:
            assert isinstance(bad.reason, BadReason) and bad.detail.isprintable() and len(bad.detail) <= 200
        except Exception as error:
            raise AssertionError(f"{type(error).__name__} instead of a BadMessage") from error

    @given(topics, st.binary(max_size=400))
    def random_bytes(topic: Topic, payload: bytes) -> None:
        only_bad(topic, payload)

    @given(topics, st.binary(min_size=1, max_size=200))
    def random_bytes_with_a_right_mac(topic: Topic, inside: bytes) -> None:
        only_bad(topic, seal(str(topic), b'{"v":1,' + inside + b"}", KEY))
        only_bad(topic, seal(str(topic), b"{" + inside + b"}", KEY))

    @given(topics, trees, st.booleans())
    def random_json_with_a_right_mac(topic: Topic, tree: Any, ascii_only: bool) -> None:
        document = {"v": 1} | tree if isinstance(tree, dict) else {"v": 1, "data": tree, "boot": tree, "seq": tree}
        only_bad(topic, resealed(topic, document, ensure_ascii=ascii_only))

    for law in (random_bytes, random_bytes_with_a_right_mac, random_json_with_a_right_mac):
        effort(law)()


def test_rubbish_only_ever_makes_a_bad_message() -> None:
    nothing_but_a_bad_message(decode)


def test_the_law_of_rubbish_catches_a_decoder_that_trusts_its_json() -> None:
    def trusting(topic: Topic, payload: bytes) -> Any:
        return json.loads(payload)["id"]

    with pytest.raises(AssertionError):
        nothing_but_a_bad_message(trusting, CAUGHT)


@given(up() | down(), st.data())
def test_a_message_with_one_value_put_wrong_is_bad_or_still_within_the_protocol(
    drawn: tuple[Topic, Any], data: st.DataObject
) -> None:
    topic, message = drawn
    document = json.loads(signed_body(encode(message, str(topic), KEY)) or b"")
    document[data.draw(st.sampled_from(sorted(document)))] = data.draw(trees)

    try:
        read = decode(topic, resealed(topic, document))
    except BadMessage:
        return

    if not isinstance(read, m.UnreadableEvent):
        assert decode(topic, encode(read, str(topic), KEY)) == read


@given(up() | down(), st.data())
def test_a_message_without_one_of_its_fields_is_bad(drawn: tuple[Topic, Any], data: st.DataObject) -> None:
    topic, message = drawn
    document = json.loads(signed_body(encode(message, str(topic), KEY)) or b"")
    kind_fields = {"lock_state", "position", "presence"}
    needed = [
        f.encode_name
        for f in msgspec.structs.fields(message)
        if f.required or (f.name in kind_fields and getattr(message, f.name) is not None)
    ]
    del document[data.draw(st.sampled_from(needed))]

    try:
        read = decode(topic, resealed(topic, document))
    except BadMessage as bad:
        assert bad.reason is BadReason.FIELD
    else:
        assert isinstance(read, m.UnreadableEvent) and read.why == "field"


# Structure, at any depth and inside fields that nobody knows


@st.composite
def nested(draw: st.DrawFn, core: str, deepest: int = MAX_DEPTH - 3) -> str:
    """JSON text with `core` somewhere inside, at most `deepest` levels down."""
    text = core
    for _ in range(draw(st.integers(0, deepest))):
        text = draw(st.sampled_from([f'{{"a":{text}}}', f"[{text}]", f'{{"b":1,"a":{text},"c":[]}}', f"[[0], {text}]"]))
    return text


def bad_structure_is_found(
    reason: BadReason, cores: list[str], read: Callable[[bytes], Any], effort: settings = USUAL
) -> None:
    @given(st.sampled_from(cores).flatmap(nested))
    def law(inside: str) -> None:
        with pytest.raises(BadMessage) as caught:
            read(f'{{"v":1,"unknown":{inside}}}'.encode())
        assert caught.value.reason is reason

    effort(law)()


STRUCTURES = {
    BadReason.DUPLICATE_KEY: ['{"a":1,"a":1}', '{"a":1,"\\u0061":2}', '{"":0,"b":{},"":0}'],
    BadReason.NUMBER: [
        "NaN",
        "Infinity",
        "-Infinity",
        "9223372036854775808",
        "-9223372036854775809",
        "1e999",
        "-1e999",
        "1" * 5_000,
    ],
    BadReason.NUL: ['"a\\u0000"', '{"\\u0000":1}'],
    BadReason.SURROGATE: ['"\\ud800"', '"\\udc00\\ud800"', '{"\\udfff":1}'],
    BadReason.JSON: ["01", "1.", ".5", "+1", "0x10", "'a'", "nul", "[1,]", '{"a":1,}', '"\\q"', '"\t"', "/**/1"],
}


@pytest.mark.parametrize("reason", STRUCTURES)
def test_bad_structure_is_found_wherever_it_hides(reason: BadReason) -> None:
    bad_structure_is_found(reason, STRUCTURES[reason], read_object)


def _tolerant(payload: bytes) -> Any:
    try:
        return json.loads(payload)
    except (ValueError, RecursionError):
        raise BadMessage(BadReason.JSON, "not JSON") from None


@pytest.mark.parametrize("reason", [r for r in STRUCTURES if r is not BadReason.JSON])
def test_the_law_of_structure_catches_pythons_own_json(reason: BadReason) -> None:
    with pytest.raises((AssertionError, pytest.fail.Exception)):
        bad_structure_is_found(reason, STRUCTURES[reason], _tolerant, CAUGHT)


@settings(max_examples=30)
@given(st.integers(1, 40), st.sampled_from(["{", "["]), st.sampled_from(["]]]]]{{{{", '\\"[[[[[[[[[', ""]))
def test_nesting_up_to_eight_passes_and_beyond_is_refused(depth: int, opening: str, decoy: str) -> None:
    inner = '{"a":' * depth + "1" + "}" * depth if opening == "{" else "[" * depth + "]" * depth
    payload = f'{{"v":1,"text":"{decoy}","x":{inner}}}'.encode()

    if depth + 1 <= MAX_DEPTH:
        assert read_object(payload)["v"] == 1
    else:
        with pytest.raises(BadMessage) as caught:
            read_object(payload)
        assert caught.value.reason is BadReason.DEPTH
