"""The shapes of what hosts are asked and what they answer. A link's shapes have no document, no plate, no telephone."""

from datetime import datetime
from typing import Annotated, Literal

from msgspec import Meta

from gateway.web.permit_shapes import PersonName
from gateway.web.shapes import Answer, Given, HolderInfo, Time
from gateway.web.visit_shapes import DeclineReason

Words = Annotated[str, Meta(max_length=200, pattern=r"^[^\x00-\x1f\x7f-\x9f]*$")]
Secret = Annotated[str, Meta(min_length=20, max_length=100, pattern=r"^[A-Za-z0-9_-]+$")]
LinkState = Literal["open", "confirmed", "declined", "inside", "over"]


class Decline(Given, frozen=True):
    """`words` are kept as a note beside the record, and erased with the visit."""

    reason: DeclineReason = "other"
    words: Words = ""


class Move(Given, frozen=True):
    starts_at: Time
    ends_at: Time


class TelephoneAnswer(Given, frozen=True):
    """`number_from_directory`: the call went to the number that `host-number` showed."""

    number_from_directory: bool
    answered_by: PersonName
    answer: Literal["confirm", "decline"] = "confirm"
    reason: DeclineReason = "other"


class HostNumber(Answer, frozen=True):
    """A call to `phone` counts until `until`."""

    host: HolderInfo
    phone: str
    until: datetime


class LinkSecret(Given, frozen=True):
    """What stands behind the # of a link."""

    token: Secret


class LinkAnswer(Given, frozen=True):
    """`change` is a yes for another time."""

    token: Secret
    answer: Literal["confirm", "decline", "change"]
    reason: DeclineReason = "other"
    words: Words = ""
    starts_at: Time | None = None
    ends_at: Time | None = None


class Place(Answer, frozen=True):
    en: str
    zh: str


class LinkVisitor(Answer, frozen=True):
    name: str
    organisation: str


class LinkVisit(Answer, frozen=True):
    """What a host needs to judge."""

    visitor: LinkVisitor | None
    kind: str
    purpose: str
    starts_at: datetime
    ends_at: datetime
    registered_at: datetime
    gate: Place | None
    level: int
    needs: list[str]
    """What the rules ask besides the host's word."""


class HostLinkInfo(Answer, frozen=True):
    """A visit by its link: `open` asks, every other state says how it stands."""

    state: LinkState
    visit: LinkVisit
