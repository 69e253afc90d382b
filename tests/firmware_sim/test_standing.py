"""Rule 8: versions only grow, equal versions say the same, and a list counts when all of it is there."""

from __future__ import annotations

from devices import codec
from devices.messages import Event, Refused, RefusedReason, Status
from devices.topics import Kind, device_topic
from firmware_sim.inputs import Received
from firmware_sim.outputs import KeepStanding, Output
from tests.firmware_sim.world import KEY, Bench, entry, page, posture, sent, token


def bench() -> Bench:
    device = Bench(Kind.READER)
    device.connect()
    return device


def refusals(out: list[Output]) -> list[tuple[str, int | None, RefusedReason]]:
    data = [event.data for event in sent(out, Event) if isinstance(event.data, Refused)]
    return [(refused.channel, refused.version, refused.reason) for refused in data]


def test_a_newer_posture_is_taken_kept_and_told() -> None:
    device = bench()

    out = device.posture(5, level=2)

    assert device.state.base.standing.posture == posture(5, level=2)
    assert [kept.name for kept in out if isinstance(kept, KeepStanding)] == ["posture"]
    assert [status.posture for status in sent(out, Status)] == [5]


def test_an_older_posture_is_refused_and_told() -> None:
    device = bench()
    device.posture(5, level=1)

    out = device.posture(4, level=3)

    assert refusals(out) == [("posture", 4, RefusedReason.OLDER)]
    assert device.state.base.standing.posture == posture(5, level=1)


def test_an_equal_version_with_other_bytes_is_a_conflict_and_with_the_same_bytes_nothing() -> None:
    device = bench()
    device.posture(5, level=1)

    assert refusals(device.posture(5, level=3)) == [("posture", 5, RefusedReason.CONFLICT)]
    assert device.posture(5, level=1) == []


def test_a_posture_with_a_wrong_mac_or_that_cannot_be_read_is_told_and_not_taken() -> None:
    device = bench()

    wrong = device.say("posture", posture(5), retained=True, key=bytes(32))
    rubbish = device.feed(Received("posture", b"{}", retained=True))
    deleted = device.feed(Received("posture", b"", retained=True))

    assert refusals(wrong) == [("posture", None, RefusedReason.MAC)]
    assert refusals(rubbish) == [("posture", None, RefusedReason.MAC)]
    assert deleted == []
    assert device.state.base.standing.posture is None


def test_a_signed_posture_that_is_malformed_is_told_as_that() -> None:
    from devices.signing import seal

    device = bench()
    topic = device_topic("main", Kind.READER, "d1", "posture")

    out = device.feed(Received("posture", seal(topic, b'{"v":1,"version":"five"}', KEY), retained=True))

    assert refusals(out) == [("posture", None, RefusedReason.MALFORMED)]


def test_a_list_counts_only_when_every_page_of_its_version_is_there() -> None:
    device = bench()
    device.list(entry("AA11"))

    device.say("credentials/0001", page(entry("BB22"), version=2, page=1, pages=2), retained=True)
    assert set(device.state.base.standing.entries) == {token("AA11")}

    out = device.say("credentials/0002", page(entry("CC33"), version=2, page=2, pages=2), retained=True)
    assert set(device.state.base.standing.entries) == {token("BB22"), token("CC33")}
    assert [status.credentials for status in sent(out, Status)] == [2]


def test_a_newer_list_that_arrives_half_replaces_one_that_arrived_half() -> None:
    device = bench()
    device.say("credentials/0001", page(entry("AA11"), version=1, page=1, pages=2), retained=True)
    device.say("credentials/0001", page(entry("BB22"), version=2, page=1, pages=2), retained=True)

    device.say("credentials/0002", page(entry("CC33"), version=1, page=2, pages=2), retained=True)
    assert device.state.base.standing.list_version is None

    device.say("credentials/0002", page(entry("CC33"), version=2, page=2, pages=2), retained=True)
    assert set(device.state.base.standing.entries) == {token("BB22"), token("CC33")}


def test_an_older_list_and_one_with_other_bytes_are_refused() -> None:
    device = bench()
    device.list(entry("AA11"), version=3)

    assert refusals(device.list(entry("BB22"), version=2)) == [("credentials/0001", 2, RefusedReason.OLDER)]
    assert refusals(device.list(entry("BB22"), version=3)) == [("credentials/0001", 3, RefusedReason.CONFLICT)]
    assert device.list(entry("AA11"), version=3) == []


def test_a_page_left_over_from_a_longer_list_is_ignored() -> None:
    device = bench()
    device.list(entry("AA11"), version=3)

    out = device.say("credentials/0004", page(entry("BB22"), version=2, page=4, pages=4), retained=True)

    assert out == []


def test_revoked_tokens_count_at_once_and_by_a_version_of_their_own() -> None:
    device = bench()
    device.list(entry("AA11"), version=9)

    out = device.revoke("AA11", version=1)
    older = device.revoke(version=0)

    assert device.state.base.standing.revoked == {token("AA11")}
    assert [status.revoked for status in sent(out, Status)] == [1]
    assert refusals(older) == [("credentials/revoked", 0, RefusedReason.OLDER)]


def test_the_same_posture_under_a_new_key_is_the_same_posture() -> None:
    from firmware_sim import standing

    topic = device_topic("main", Kind.READER, "d1", "posture")
    old, new = (codec.encode(posture(5), topic, key) for key in (KEY, bytes(32)))

    taken = standing.take_posture(bench().state.base.standing, posture(5), old).standing
    again = standing.take_posture(taken, posture(5), new)

    assert again.refused is None
    assert again.standing is taken
