"""The courier of these tests keeps and spells as the real link does."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from devices.messages import (
    Ack,
    BollardMode,
    CredentialPage,
    EntryOffline,
    ExitOffline,
    Level,
    Offline,
    Posture,
    PostureSettings,
    RevokedList,
)
from gateway.mqtt.link import Link
from tests.flows.conftest import CourierInMemory

KEY = b"\1" * 32
POSTURE = Posture(
    version=3,
    level=Level.L3,
    order=None,
    emergency=None,
    drill=False,
    at=datetime(2026, 11, 21, tzinfo=UTC),
    offline=Offline(answer_timeout_ms=1500, entry=EntryOffline.LIST, exit=ExitOffline.FREE, max_age_s=60),
    settings=PostureSettings(hold_ms=5000, held_open_after_s=30, pin_required=False, bollard=BollardMode.CYCLE),
)


@pytest.fixture
def link() -> Link:
    return Link(
        site="main", site_key=KEY, instance="i", started_at=datetime(2026, 1, 1, tzinfo=UTC), pid=1,
        url="mqtt://127.0.0.1:1", username="u", password="p", ca_file=None, now=lambda: datetime.now(UTC),
        on_change=lambda connected: None, on_other_gateway=lambda status, retained: None,
    )  # fmt: skip


def test_it_spells_a_posture_as_the_link_does(link: Link) -> None:
    assert CourierInMemory().spell("r1", "reader", KEY, POSTURE) == link.spell("r1", "reader", KEY, POSTURE)


def test_it_spells_a_page_as_the_link_does(link: Link) -> None:
    page = CredentialPage(version=1, page=2, pages=2, expires_at=datetime(2026, 11, 30, tzinfo=UTC), entries=())

    assert CourierInMemory().spell("r1", "reader", KEY, page) == link.spell("r1", "reader", KEY, page)


def test_it_keeps_the_newest_of_each_channel_until_it_is_cleared() -> None:
    courier = CourierInMemory()
    for version in (1, 2):
        assert courier.keep("r1", "reader", KEY, RevokedList(version=version, tokens=()))

    assert courier.revoked("r1").version == 2
    assert courier.clear("r1", "reader", "credentials/revoked")
    assert courier.kept == {}


def test_without_a_connection_nothing_is_sent_or_kept(link: Link) -> None:
    courier = CourierInMemory(connected=False)
    ack = Ack(boot="b", seq=1, challenge="c")

    assert courier.send("r1", "reader", KEY, ack) is link.send("r1", "reader", KEY, ack) is False
    assert courier.keep("r1", "reader", KEY, POSTURE) is link.keep("r1", "reader", KEY, POSTURE) is False
    assert courier.sent == [] and courier.kept == {}
