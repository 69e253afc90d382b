"""Orders: what puts a defence level in force for a time."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import ClassVar

from gateway.core.kinds import Level
from gateway.core.papers.kinds import PaperKind


class Authority(StrEnum):
    """Who issues an order: the school itself, or the superior authority."""

    OWN = "own"
    UNIFIED = "unified"


class OrderState(StrEnum):
    """Where an order is in its life. Whether it is in force follows from the time as well."""

    DRAFTED = "drafted"
    REQUESTED = "requested"
    SIGNED = "signed"
    """In force between `starts_at` and `ends_at`; a unified one from its record on."""
    REFUSED = "refused"
    REVOKED = "revoked"
    EXPIRED = "expired"
    """Its end has come, and the gateway has carried that out."""


class Lack(StrEnum):
    """What an order that holds already still needs within a day."""

    COUNTERSIGNATURE = "countersignature"
    """A principal's, on a unified order."""
    CONFIRMATION = "confirmation"
    """The leader's own, of what was raised by word."""
    NUMBER = "number"
    """Of the document, where the order came by word."""


@dataclass(frozen=True, slots=True)
class Oral:
    """An order that was given by word: from whom, who took it down and when, and the number to call back."""

    from_: str
    received_by: str
    received_at: datetime
    call_back: str = ""


@dataclass(frozen=True, slots=True)
class Order:
    """What puts a level in force in `zones` for [starts_at, ends_at); open if `ends_at` is None.

    Users are named by reference. `document` is the number of the paper order; with `oral` it may follow later.
    """

    paper: ClassVar[PaperKind] = PaperKind.ORDER
    id: str
    level: Level
    zones: frozenset[str]
    starts_at: datetime
    ends_at: datetime | None = None
    drill: bool = False
    authority: Authority = Authority.OWN
    state: OrderState = OrderState.SIGNED
    document: str | None = None
    oral: Oral | None = None
    reason: str = ""
    requested_by: str = ""
    requested_at: datetime | None = None
    signed_by: str | None = None
    signed_at: datetime | None = None
    countersigned_by: str | None = None
    countersigned_at: datetime | None = None
    confirmed_by: str | None = None
    """The leader of an oral raise, by their own sign-in."""
    revoking_by: str | None = None
    """The first of the two who revoke an L1 order early."""
    revoked_by: str | None = None
    revoked_at: datetime | None = None
    revoke_reason: str = ""
    revoking_at: datetime | None = None
    refused_by: str | None = None
    refused_at: datetime | None = None
    refuse_reason: str = ""
    cancelled_by_document: str | None = None
    """The number of the superior's own cancellation of a unified order."""
    in_force_since: datetime | None = None
    """When the gateway put it in force; None before its start has been carried out. Decisions go by the time alone."""

    @property
    def counts(self) -> bool:
        """True if it puts its level in force when its time comes."""
        return self.state is OrderState.SIGNED

    @property
    def is_live(self) -> bool:
        """True while it can still matter: to a decision, or to somebody who has to sign it."""
        return self.state in (OrderState.DRAFTED, OrderState.REQUESTED, OrderState.SIGNED) or bool(self.lacks)

    @property
    def lacks(self) -> tuple["Lack", ...]:
        """What has to follow once it is in force, also when it is over by then."""
        if self.state in (OrderState.DRAFTED, OrderState.REQUESTED, OrderState.REFUSED) or self.signed_at is None:
            return ()
        unified = self.authority is Authority.UNIFIED
        found = (
            (Lack.COUNTERSIGNATURE, unified and self.countersigned_at is None),
            (Lack.CONFIRMATION, self.oral is not None and not unified and self.confirmed_by is None),
            (Lack.NUMBER, self.oral is not None and self.document is None),
        )
        return tuple(lack for lack, is_so in found if is_so)
