"""The numbers of a site that its configuration may change, and what they are otherwise."""

from dataclasses import dataclass, field

from gateway.core.quarantine import DEFAULT, Limits
from gateway.flows.retention_rules import Retention


@dataclass(frozen=True, slots=True)
class VisitRules:
    """When somebody looks after visits that nobody looks after."""

    end_of_day_min: int = 22 * 60 + 30
    """When visits are checked out or listed as left inside, minutes since local midnight."""
    overstay_grace_min: int = 15
    """So long after its end a visit whose visitor is inside is an overstay."""
    unanswered_min: int = 5
    """So long a host is given to answer before the gate sees that nobody did."""


@dataclass(frozen=True, slots=True)
class Rules:
    """Numbers that the configuration may change."""

    answer_timeout_ms: int = 1_500
    wait_ms: int = 60_000
    offline_max_age_s: int = 24 * 3_600
    list_life_s: int = 7 * 24 * 3_600
    record_within_s: float = 1.0
    device_lost_after_s: float = 25.0
    limits: Limits = DEFAULT
    retention: Retention = field(default_factory=Retention)
    visits: VisitRules = VisitRules()
