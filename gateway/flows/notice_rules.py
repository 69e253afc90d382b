"""What the configuration says about notices, and what the gateway remembers of hosts who were asked. Values only."""

import hmac
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum

MAIL = "mail"
RELAY = "relay"
MESSENGERS = ("wecom", "dingtalk", "feishu")
SCHEMES = {"wecombot": "wecom", "dingtalk": "dingtalk", "feishu": "feishu"}
"""How the address of a person's own robot begins, and which messenger that is. Nothing else is an address: others
would reach into this machine and the network behind it."""
ROBOT = "robot:"


class NoticeKind(StrEnum):
    """Of what somebody is told."""

    HOST = "host"
    """A visitor is there, or wants to come: is that right?"""
    LEFT = "left"
    """A student left without a slip in a closed period; for the counsellor."""
    CARD = "card"
    """Somebody comes without the card again and again; for the unit."""
    INCIDENT = "incident"
    """The report of an incident is due and not sent; for the duty leader."""
    ALARM = "alarm"
    """Nobody has acknowledged an alarm in time; for the duty leader."""
    SILENT = "silent"
    """An operator who is alone gave no sign of life; for the duty leader."""
    REPORT = "report"
    """The report of an incident itself; for the superior authority."""
    ORDER = "order"
    """An order waits for somebody's hand; for those who may sign, countersign or confirm it."""
    EMERGENCY = "emergency"
    """Somebody called a lockdown or an evacuation, and it waits for a signature; for those who may sign it."""


@dataclass(frozen=True, slots=True)
class NoticeRules:
    """By which channels people are told; with none nobody is told, and the guard telephones.

    `counsellors`: dormitory or group → person by the school's id, or `robot:NAME`; `units`: group → the same;
    `duty_leader`: such a contact, empty for none; `reports`: to whom reports of incidents go, by name → the same.
    """

    channels: frozenset[str] = frozenset()
    base_url: str = ""
    robots: frozenset[str] = frozenset()
    counsellors: Mapping[str, str] = field(default_factory=dict)
    units: Mapping[str, str] = field(default_factory=dict)
    duty_leader: str = ""
    reports: Mapping[str, str] = field(default_factory=dict)
    link_key: bytes = field(default=b"", repr=False)

    def reaches(self, mail: str, messenger: str) -> bool:
        """True if somebody with these addresses can be told."""
        return (
            RELAY in self.channels
            or (MAIL in self.channels and bool(mail))
            or (messenger_of(messenger) in self.channels)
        )


def link_key_from(store_key: bytes) -> bytes:
    """The key from which the secrets of host links follow: the database alone makes none."""
    return hmac.digest(store_key, b"host links", "sha256")


def messenger_of(address: str) -> str | None:
    """Which messenger an address is for; None for one that is none."""
    return SCHEMES.get(address.partition("://")[0].lower())


class AskedState(StrEnum):
    """How it stands with a host whose word is needed."""

    ASKED = "asked"
    UNANSWERED = "unanswered"
    """HostAsked twice, and three minutes later still no word."""
    TELEPHONE = "telephone"
    """No notice reaches this host: the guard telephones."""


@dataclass(frozen=True, slots=True)
class HostAsked:
    """One visit's host: how often asked, when last, and how it stands."""

    state: AskedState
    at: datetime
    times: int
