"""What a page that registers visitors has to know at its start, and that only the configuration says."""

from typing import Any

from gateway.core.kinds import Level
from gateway.core.nouns import Campus
from gateway.core.policy import Need, Place
from gateway.flows.visit_registration import VISITING

DAY_ENDS_MIN = 18 * 60
"""Where no leaving window says when a school day ends."""


def facts(campus: Campus) -> dict[str, Any]:
    """What a registration page has to know: where visitors can go, who needs a host, when the school day ends."""
    asked = {
        kind.value
        for kind in VISITING
        for level in Level
        if not campus.policy.needs(Place.GATE, kind, level).isdisjoint({Need.HOST, Need.TEACHER})
    }
    ends = max((window.to_min for window in campus.leaving_windows), default=DAY_ENDS_MIN)
    return {
        "zones": list(campus.zones),
        "hosted": sorted(asked),
        "day_ends": f"{ends // 60:02}:{ends % 60:02}" if ends < 24 * 60 else "23:59",
    }
